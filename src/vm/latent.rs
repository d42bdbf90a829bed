//! Classes of the library that nobody has named yet: each is made when its name is first looked up. And methods of
//! the library in whose class nobody has looked yet: those of a class, or class side, are listed at the first look.
//!
//! Owns the moments at which that happens. How a class is made is the loader's business, which provides the
//! classes; whoever names one, or asks for all there are, never notices that it was not there.

use super::Vm;
use super::classes::MethodId;
use super::symbols::SymbolId;
use crate::memory::{ClassIndex, Value};

/// What can still be made.
pub trait Latent: Send + Sync {
    /// Whether a class of this name waits to be made.
    fn includes(&self, name: &str) -> bool;

    /// The names of all that wait.
    fn names(&self) -> Vec<String>;

    /// Makes the class of this name, and its superclasses before it.
    fn make(&mut self, vm: &mut Vm, name: &str);

    /// Lists the methods of a class or class side, whose dictionary waited for `number`.
    fn list(&mut self, vm: &mut Vm, class: ClassIndex, number: u32);

    /// The same for another machine, in which as much is made.
    fn copied(&self) -> Box<dyn Latent>;
}

impl Vm {
    /// Whether `name` is a class that is not made yet.
    pub fn is_latent(&self, name: &str) -> bool {
        self.latent.as_ref().is_some_and(|l| l.includes(name))
    }

    /// Makes the class called `name`, if it is one that waits.
    pub fn make_latent(&mut self, name: &str) {
        if !self.is_latent(name) {
            return;
        }
        // While it is away, names are what they seem: a class in the making is defined by its own name.
        if let Some(mut latent) = self.latent.take() {
            latent.make(self, name);
            self.latent = Some(latent);
        }
    }

    /// A global is about to lose this value. If it is a class, a class that waits may inherit from it, and nothing
    /// says so before it is made.
    pub fn keep_what_latent_needs(&mut self, value: Value) {
        if self.latent.is_some() && self.classes.index_of(value).is_some() {
            self.make_all_latent();
        }
    }

    /// Makes all classes that wait, with their methods, for those who look at everything there is.
    pub fn make_all_latent(&mut self) {
        if let Some(mut latent) = self.latent.take() {
            for name in latent.names() {
                latent.make(self, &name);
            }
            for class in 0..self.classes.classes.len() as ClassIndex {
                self.list_by(&mut *latent, class);
            }
        }
    }

    fn list_by(&mut self, latent: &mut dyn Latent, class: ClassIndex) {
        let info = self.classes.get_mut(class);
        // No longer waiting when it is filled: filling it asks for that, as every change does.
        if let Some(number) = info.and_then(|i| i.methods.take_waiting()) {
            latent.list(self, class, number);
        }
    }

    /// Lists the methods of a class, if they wait. To be called before anybody looks into its dictionary.
    pub fn list_methods(&mut self, class: ClassIndex) {
        let info = self.classes.get(class);
        if info.is_some_and(|i| i.methods.is_waiting())
            && let Some(mut latent) = self.latent.take()
        {
            self.list_by(&mut *latent, class);
            self.latent = Some(latent);
        }
    }

    /// The same for a class and all above it.
    pub fn list_chain(&mut self, class: ClassIndex) {
        let mut at = Some(class);
        while let Some(class) = at {
            self.list_methods(class);
            at = self.classes.get(class).and_then(|i| i.superclass);
        }
    }

    /// The method that a send of `selector` to an instance of `class` finds.
    pub fn lookup(&mut self, class: ClassIndex, selector: SymbolId) -> Option<MethodId> {
        let mut at = Some(class);
        while let Some(class) = at {
            self.list_methods(class);
            let info = self.classes.get(class)?;
            if let Some(m) = info.methods.get(selector) {
                return Some(m);
            }
            at = info.superclass;
        }
        None
    }
}
