//! What the pragmas and the declarations of a whole unit mean: primitives, script and session variables.
//!
//! Must never resolve expressions.

use chirp_grammar::ast::{DoIt, Ident, Literal, Pragma, Span, Statement};
use rustc_hash::{FxHashMap, FxHashSet};

use super::diagnose;
use super::resolve::Resolver;
use super::template::{Primitive, Scope};
use super::tree::{FunctionId, LocalId};

/// The primitive with which Pharo calls all named ones.
const NAMED_PRIMITIVE: u16 = 117;

impl<'a> Resolver<'a> {
    /// The method's primitive, and the name of its error variable. That name is declared here
    /// unless it is among the temporaries.
    pub fn primitive(
        &mut self,
        pragmas: &'a [Pragma],
        temps: &[Ident],
    ) -> (Option<Primitive>, Option<&'a str>) {
        let Some(pragma) = pragmas
            .iter()
            .find(|p| p.selector.starts_with("primitive:"))
        else {
            return (None, None);
        };
        let mut primitive = Primitive {
            number: 0,
            name: None,
            module: None,
            error: None,
        };
        let mut error: Option<&'a str> = None;
        let keywords = pragma.selector.split_inclusive(':');
        for (keyword, arg) in keywords.zip(&pragma.args) {
            match (keyword, arg) {
                ("primitive:", Literal::Int(number)) => match u16::try_from(*number) {
                    Ok(number) => primitive.number = number,
                    Err(_) => self.bad_primitive(pragma, "a primitive's number is from 0 to 65535"),
                },
                ("primitive:", Literal::String(name) | Literal::Symbol(name)) => {
                    primitive.number = NAMED_PRIMITIVE;
                    primitive.name = Some(name.clone());
                }
                ("module:", Literal::String(name) | Literal::Symbol(name)) => {
                    primitive.module = Some(name.clone())
                }
                ("error:", Literal::Symbol(name) | Literal::String(name)) => error = Some(name),
                _ => self.bad_primitive(pragma, "this pragma describes no primitive"),
            }
        }
        if let Some(name) = error
            && !temps.iter().any(|ident| ident.name == name)
        {
            if super::is_reserved(name) {
                self.bad_primitive(pragma, "the error code needs a variable");
                return (Some(primitive), None);
            }
            let id = self.names.add_local(name, pragma.span, false);
            self.names.tree.scopes[0].locals.push(id);
        }
        (Some(primitive), error)
    }

    fn bad_primitive(&mut self, pragma: &Pragma, title: &str) {
        self.names
            .errors
            .push(diagnose::bad_primitive(pragma.span, title));
    }

    /// The variable with the error code, once all temporaries are declared.
    pub fn error_variable(&self, name: &str) -> Option<LocalId> {
        self.names.declared_here(name)
    }

    /// Declares the variables of a script as its temporaries.
    pub fn script_variables(
        &mut self,
        function: FunctionId,
        do_it: &'a DoIt,
        undeclared: &[&'a Ident],
    ) {
        let scope = self.names.tree.function(function).scope;
        self.declare_temps(scope, &do_it.body.temps);
        for statement in &do_it.body.statements {
            let Statement::Declare(idents) = statement else {
                continue;
            };
            for ident in new_names(idents, |name| self.names.declared_here(name).is_some()) {
                self.declare_temps(scope, std::slice::from_ref(ident));
            }
            self.check_list(idents);
        }
        for &ident in undeclared {
            self.declare_temps(scope, std::slice::from_ref(ident));
        }
    }

    /// Makes the variables of a do-it variables of the session; answers the ones that are new.
    pub fn session_variables(
        &mut self,
        do_it: &'a DoIt,
        undeclared: &[&'a Ident],
        outside: &dyn Scope,
    ) -> Vec<String> {
        let mut lists = vec![do_it.body.temps.as_slice()];
        for statement in &do_it.body.statements {
            if let Statement::Declare(idents) = statement {
                lists.push(idents);
            }
        }
        let mut declared = Vec::new();
        for list in &lists {
            self.check_list(list);
        }
        let names = lists
            .into_iter()
            .flatten()
            .chain(undeclared.iter().copied());
        for ident in names {
            let is_known = matches!(
                outside.resolve(&ident.name),
                Some(super::template::Name::Variable(
                    super::template::Variable::Session(_)
                ))
            );
            if !super::is_reserved(&ident.name)
                && self.names.session.insert(&ident.name)
                && !is_known
            {
                declared.push(ident.name.clone());
            }
        }
        declared
    }

    /// Reports names that one list declares twice, and reserved ones.
    fn check_list(&mut self, idents: &[Ident]) {
        let mut seen: FxHashMap<&str, Span> = FxHashMap::default();
        for ident in idents {
            if super::is_reserved(&ident.name) {
                self.names.report(|| diagnose::declared_reserved(ident));
            } else if let Some(&first) = seen.get(ident.name.as_str()) {
                self.names.report(|| diagnose::declared_twice(ident, first));
            } else {
                seen.insert(&ident.name, ident.span);
            }
        }
    }
}

/// The first occurrence of each name that can be declared and is not known yet.
fn new_names(idents: &[Ident], known: impl Fn(&str) -> bool) -> Vec<&Ident> {
    let mut found: Vec<&Ident> = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for ident in idents {
        let name = ident.name.as_str();
        if !super::is_reserved(name) && !known(name) && seen.insert(name) {
            found.push(ident);
        }
    }
    found
}
