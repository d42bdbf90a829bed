//! Traits, flattened: the methods of a composition stand in the dictionaries of the classes that use it.
//!
//! Owns what a class is composed of, and the copies that follow from it: they are made anew whenever a method of a
//! trait, or of a class above a trait's copy, comes or goes, whoever changes it. What a composition looks like to
//! Smalltalk, and the instance variables it brings, is the library's business.

use super::classes::{ClassInfo, ClassTable, Method, MethodId, Source};
use super::symbols::SymbolId;
use super::{PrimError, Vm};
use crate::memory::{ClassIndex, Value};
use chirp_grammar::Options;
use chirp_grammar::ast::{ExprKind, Statement};
use chirp_grammar::sorting::sort_by;

/// What a class takes from traits, on one of its sides.
#[derive(Clone)]
pub struct Composed {
    /// An old Array with the object by which Smalltalk knows the composition: a scavenge does not look
    /// at the tables of classes.
    pub holder: Value,
    pub of: Composition,
}

/// An expression over traits. A trait's class side is a trait as well.
#[derive(Clone)]
pub enum Composition {
    Trait(ClassIndex),
    Sum(Vec<Composition>),
    Without(Box<Composition>, Vec<SymbolId>),
    /// Pairs of a new selector and the one that it stands for; the last pair for a selector counts.
    Alias(Box<Composition>, Vec<(SymbolId, SymbolId)>),
    /// What the second provides is no conflict in the first.
    Preferring(Box<Composition>, Box<Composition>),
}

impl Composition {
    /// The traits that occur in the expression.
    pub fn traits(&self, found: &mut Vec<ClassIndex>) {
        match self {
            Composition::Trait(class) => found.push(*class),
            Composition::Sum(parts) => parts.iter().for_each(|p| p.traits(found)),
            Composition::Without(inner, _)
            | Composition::Alias(inner, _)
            | Composition::Preferring(inner, _) => inner.traits(found),
        }
    }

    fn selectors(&self, table: &ClassTable, found: &mut Vec<SymbolId>) {
        match self {
            Composition::Trait(class) => {
                found.extend(table.get(*class).iter().flat_map(|c| c.methods.selectors()));
            }
            Composition::Sum(parts) => parts.iter().for_each(|p| p.selectors(table, found)),
            Composition::Without(inner, _) | Composition::Preferring(inner, _) => {
                inner.selectors(table, found);
            }
            Composition::Alias(inner, pairs) => {
                inner.selectors(table, found);
                found.extend(pairs.iter().map(|&(new, _)| new));
            }
        }
    }

    /// The methods that the traits offer for a selector.
    fn offers(&self, table: &ClassTable, selector: SymbolId) -> Vec<MethodId> {
        match self {
            Composition::Trait(class) => {
                let own = table.get(*class).and_then(|c| c.methods.get(selector));
                own.into_iter().collect()
            }
            Composition::Sum(parts) => parts
                .iter()
                .flat_map(|p| p.offers(table, selector))
                .collect(),
            Composition::Without(_, selectors) if selectors.contains(&selector) => Vec::new(),
            Composition::Without(inner, _) => inner.offers(table, selector),
            Composition::Alias(inner, pairs) => {
                let alias = pairs.iter().rev().find(|&&(new, _)| new == selector);
                inner.offers(table, alias.map_or(selector, |&(_, old)| old))
            }
            Composition::Preferring(inner, preferred) => {
                let mut found = preferred.offers(table, selector);
                found.retain(|&id| !table.is_requirement(id));
                if found.is_empty() {
                    found = inner.offers(table, selector);
                }
                found
            }
        }
    }
}

/// What a composition makes of a selector.
enum Provided {
    Nothing,
    One(MethodId),
    Conflict,
}

impl ClassTable {
    /// Where a method was written, and under which selector, if a trait brought it.
    fn origin(&self, id: MethodId) -> Option<(ClassIndex, SymbolId)> {
        let m = self.methods.get(id as usize)?;
        Some(m.origin.unwrap_or((m.class, m.selector)))
    }

    /// Whether a method says only that somebody else has to provide it.
    fn is_requirement(&self, id: MethodId) -> bool {
        let Some(m) = self.methods.get(id as usize) else {
            return false;
        };
        let text = m.source.text.as_str();
        if !text.contains("explicitRequirement") {
            return false;
        }
        // Nothing else is in it.
        let flat = Options {
            nesting: 1,
            ..Options::default()
        };
        let tree = chirp_grammar::parse_method_with(text, flat).tree;
        let statements = tree.as_ref().map_or(&[][..], |t| &t.body.statements);
        let [Statement::Expr(e) | Statement::Return { value: e, .. }] = statements else {
            return false;
        };
        matches!(&e.kind, ExprKind::Send { message, .. } if message.selector == "explicitRequirement")
    }

    fn provided(&self, class: &ClassInfo, selector: SymbolId) -> Provided {
        let Some(composed) = &class.traits else {
            return Provided::Nothing;
        };
        let mut offers = composed.of.offers(self, selector);
        if offers.len() > 1 && offers.iter().any(|&id| !self.is_requirement(id)) {
            offers.retain(|&id| !self.is_requirement(id));
        }
        match offers[..] {
            [] => Provided::Nothing,
            [first, ref rest @ ..] => {
                let same = |&id: &MethodId| self.origin(id) == self.origin(first);
                let requirement = || self.is_requirement(first);
                match rest.iter().all(same) || requirement() {
                    true => Provided::One(first),
                    false => Provided::Conflict,
                }
            }
        }
    }

    /// The classes and class sides whose composition names the trait.
    pub fn users_of(&self, class: ClassIndex) -> Vec<ClassIndex> {
        if self.composed == 0 {
            return Vec::new();
        }
        let uses = |info: &ClassInfo| {
            let mut traits = Vec::new();
            if let Some(composed) = &info.traits {
                composed.of.traits(&mut traits);
            }
            traits.contains(&class)
        };
        (0..self.classes.len() as ClassIndex)
            .filter(|&c| self.get(c).is_some_and(uses))
            .collect()
    }

    /// Whether `class` takes methods from `from`, directly or not.
    fn takes_from(&self, class: ClassIndex, from: ClassIndex) -> bool {
        let mut waiting = vec![class];
        let mut seen = Vec::new();
        while let Some(next) = waiting.pop() {
            if next == from {
                return true;
            }
            if !seen.contains(&next) {
                seen.push(next);
                if let Some(composed) = self.get(next).and_then(|i| i.traits.as_ref()) {
                    composed.of.traits(&mut waiting);
                }
            }
        }
        false
    }
}

impl Vm {
    /// Gives a class, or a class side, another composition, or none, and the methods that follow from it. Fails
    /// when the class would take methods from itself.
    pub fn compose(
        &mut self,
        class: ClassIndex,
        composed: Option<Composed>,
    ) -> Result<(), PrimError> {
        let mut traits = Vec::new();
        if let Some(composed) = &composed {
            composed.of.traits(&mut traits);
        }
        if traits.iter().any(|&t| self.classes.takes_from(t, class)) {
            return Err(PrimError::BadArgument);
        }
        traits.push(class);
        traits.into_iter().for_each(|t| self.list_methods(t));
        let Some(info) = self.classes.get_mut(class) else {
            return Err(PrimError::BadReceiver);
        };
        info.traits = composed.map(Box::new);
        let infos = self.classes.classes.iter().flatten();
        self.classes.composed = infos.filter(|i| i.traits.is_some()).count();
        let Some(info) = self.classes.get(class) else {
            return Err(PrimError::BadReceiver);
        };
        let mut selectors: Vec<SymbolId> = info.methods.selectors().collect();
        if let Some(composed) = &info.traits {
            composed.of.selectors(&self.classes, &mut selectors);
        }
        sort_by(&mut selectors, Ord::cmp);
        selectors.dedup();
        for selector in selectors {
            self.refresh_trait_method(class, selector);
        }
        self.flush_caches(None);
        Ok(())
    }

    /// A class has got or lost a method of its own: trait methods show where it went, and users follow.
    pub(super) fn trait_method_changed(&mut self, class: ClassIndex, selector: SymbolId) {
        if self.classes.composed > 0 {
            let gone = !self
                .classes
                .get(class)
                .is_some_and(|i| i.methods.contains(selector));
            if !(gone && self.refresh_trait_method(class, selector)) {
                self.refresh_users(class, selector);
            }
        }
    }

    fn refresh_users(&mut self, class: ClassIndex, selector: SymbolId) {
        let mut selectors = vec![selector];
        for user in self.classes.users_of(class) {
            // Under which other names the user has it.
            selectors.truncate(1);
            if let Some(composed) = self.classes.get(user).and_then(|i| i.traits.as_ref()) {
                composed.of.aliases_of(&mut selectors);
            }
            for selector in selectors.clone() {
                self.refresh_trait_method(user, selector);
            }
        }
    }

    /// Brings the copy of a trait's method up to date. Answers whether anything changed.
    fn refresh_trait_method(&mut self, class: ClassIndex, selector: SymbolId) -> bool {
        let Some(info) = self.classes.get(class) else {
            return false;
        };
        let current = info.methods.get(selector);
        let old = current.and_then(|id| self.classes.methods.get(id as usize));
        if old.is_some_and(|m| m.origin.is_none()) {
            return false;
        }
        let made = match self.classes.provided(info, selector) {
            Provided::Nothing => None,
            Provided::One(id) => {
                let m = &self.classes.methods[id as usize];
                let mut copy = Method::new(selector, class, m.source.clone(), m.protocol.clone());
                copy.origin = self.classes.origin(id);
                Some(copy)
            }
            Provided::Conflict => {
                let text = conflict(self.symbols.text(selector));
                let mut method =
                    Method::new(selector, class, Source::typed(&text), "conflict".into());
                method.origin = Some((class, selector));
                Some(method)
            }
        };
        match (old, made) {
            (None, None) => return false,
            (Some(old), Some(made)) if is_same(old, &made) => return false,
            (_, Some(made)) => {
                let id = self.classes.add_method(made);
                if let Some(info) = self.classes.get_mut(class) {
                    info.methods.insert(selector, id);
                }
            }
            (_, None) => {
                if let Some(info) = self.classes.get_mut(class) {
                    info.methods.remove(selector);
                }
            }
        }
        self.classes.let_go(current);
        self.flush_caches(Some(selector));
        self.refresh_users(class, selector);
        true
    }
}

impl Composition {
    /// Adds the names by which a trait's methods of these names are known as well.
    fn aliases_of(&self, found: &mut Vec<SymbolId>) {
        match self {
            Composition::Trait(_) => {}
            Composition::Sum(parts) => parts.iter().for_each(|p| p.aliases_of(found)),
            Composition::Without(inner, _) | Composition::Preferring(inner, _) => {
                inner.aliases_of(found);
            }
            Composition::Alias(inner, pairs) => {
                inner.aliases_of(found);
                for &(new, old) in pairs {
                    if found.contains(&old) && !found.contains(&new) {
                        found.push(new);
                    }
                }
            }
        }
    }
}

/// Whether a copy would be what is there already.
fn is_same(old: &Method, new: &Method) -> bool {
    let same_text = old.source.text.is(&new.source.text);
    same_text && old.origin == new.origin && old.protocol == new.protocol
}

/// The method for a selector that two traits define differently.
fn conflict(selector: &str) -> String {
    let word = selector.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let pattern = match (word, selector.contains(':')) {
        (true, false) => selector.to_string(),
        (false, _) => format!("{selector} anObject"),
        (true, true) => {
            let parts = selector.split_inclusive(':').enumerate();
            let named: Vec<String> = parts.map(|(i, p)| format!("{p} arg{}", i + 1)).collect();
            named.join(" ")
        }
    };
    format!("{pattern}\n\t^ self traitConflict")
}
