//! Classes of the library that nobody has named yet: each is made when its name is first looked up.
//!
//! Owns the moments at which that happens. How a class is made is the loader's business, which provides the
//! classes; whoever names one, or asks for all there are, never notices that it was not there.

use super::Vm;
use crate::memory::Value;

/// What can still be made.
pub trait Latent: Send {
    /// Whether a class of this name waits to be made.
    fn includes(&self, name: &str) -> bool;

    /// The names of all that wait.
    fn names(&self) -> Vec<String>;

    /// Makes the class of this name, and its superclasses before it.
    fn make(&mut self, vm: &mut Vm, name: &str);
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

    /// Makes all classes that wait, for those who look at everything there is.
    pub fn make_all_latent(&mut self) {
        if let Some(mut latent) = self.latent.take() {
            for name in latent.names() {
                latent.make(self, &name);
            }
        }
    }
}
