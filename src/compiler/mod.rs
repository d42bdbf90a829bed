//! The bytecode compiler: syntax tree in, code template out.
//!
//! Pure: no heap, no classes, no machine. Names that are neither parameters nor
//! temporaries are resolved by the caller's [`template::Scope`].
//!
//! | step | file |
//! |------|------|
//! | names of a do-it that declare themselves | `undeclared.rs` |
//! | names, captures, mistakes | `scope.rs`, `resolve.rs`, `inline.rs`, `pragma.rs`, `spelling.rs` -> `tree.rs` |
//! | frames, statements, scopes, closures | `generate.rs`, `variables.rs` |
//! | expressions, sends, conditions, loops | `expression.rs`, `send.rs`, `branch.rs`, `loops.rs` |
//! | words, jumps, literals | `emit.rs`, `opcode.rs` -> `template.rs` |
//! | checks and listings of the result | `verify.rs`, `disassemble.rs` |

#[cfg(feature = "tools")]
pub mod disassemble;
pub mod opcode;
pub mod template;
#[cfg(any(debug_assertions, feature = "tools"))]
pub mod verify;

mod branch;
mod diagnose;
mod emit;
mod expression;
mod generate;
mod inline;
mod loops;
mod pragma;
mod resolve;
mod scope;
mod send;
mod spelling;
mod tree;
mod undeclared;
mod variables;

use chirp_grammar::ast;
use chirp_grammar::diagnostic::Diagnostic;
use chirp_grammar::sorting::sort_by;

pub use diagnose::TOO_LARGE;
pub use diagnose::with_neighbours;
use generate::Generator;
use resolve::Resolver;
use scope::Names;
pub use scope::{is_reserved, reserved_names};
pub use spelling::{closest, longer, may_name, nearest};
use template::{CodeTemplate, Scope, Variable};
pub use undeclared::undeclared_targets;

/// The most arguments that a message or a block can have.
pub const MAX_ARGUMENTS: usize = 200;

/// No more mistakes than this are listed.
pub const MAX_DIAGNOSTICS: usize = 100;

/// Where the variables of a do-it live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variables {
    /// Declared temporaries, and undeclared names that are assigned, are temporaries of the do-it.
    Script,
    /// They are variables of the session. The scope resolves those that exist already.
    Session,
}

/// A compiled do-it.
#[derive(Clone, Debug)]
pub struct CompiledDoIt {
    pub code: CodeTemplate,
    /// Variables of the session that it declares, or assigns without a declaration, and that
    /// the scope did not know. In the order of the text; empty for a script.
    pub declared: Vec<String>,
}

/// Compiles a method.
pub fn compile_method(
    method: &ast::Method,
    scope: &dyn Scope,
) -> Result<CodeTemplate, Vec<Diagnostic>> {
    let mut resolver = Resolver::new(Names::new(scope));
    resolver.names.in_method = true;
    let function = resolver
        .names
        .enter_function("this method", false, method.span);
    let (mut primitive, error) = resolver.primitive(&method.pragmas, &method.body.temps);
    if method.params.len() > MAX_ARGUMENTS {
        let count = method.params.len();
        let problem = diagnose::too_many_arguments("this method", count, method.selector_span);
        resolver.names.errors.push(problem);
    }
    resolver.function_body(function, &method.params, &method.body);
    let error = error.and_then(|ident| resolver.error_variable(ident));
    resolver.names.leave_function();
    if !resolver.names.errors.is_empty() {
        return Err(sorted(resolver.names.errors));
    }
    let (mut code, register) =
        Generator::generate(&resolver.names.tree, &method.selector, error, false)?;
    if let Some(primitive) = &mut primitive {
        primitive.error = register;
    }
    code.primitive = primitive;
    code.pragmas = method.pragmas.clone();
    checked(code)
}

/// Compiles a do-it: like a method without arguments whose selector is `DoIt`, and which answers the
/// value of its last statement (nil if there is none).
pub fn compile_do_it(
    do_it: &ast::DoIt,
    scope: &dyn Scope,
    variables: Variables,
) -> Result<CompiledDoIt, Vec<Diagnostic>> {
    let mut resolver = Resolver::new(Names::new(scope));
    let function = resolver
        .names
        .enter_function("this do-it", false, do_it.span);
    let undeclared = undeclared::undeclared_targets(do_it, scope);
    let declared = match variables {
        Variables::Script => {
            resolver.script_variables(function, do_it, &undeclared);
            Vec::new()
        }
        Variables::Session => resolver.session_variables(do_it, &undeclared, scope),
    };
    let mut statements = Vec::new();
    if variables == Variables::Session {
        for ident in &do_it.body.temps {
            let variable = Variable::Session(ident.name.clone());
            let clear = resolver.clear_session(variable, ident.span);
            statements.push(tree::Statement::Expr(clear));
        }
    }
    let declarations = statements.len();
    statements.extend(resolver.statements(&do_it.body.statements));
    resolver.names.leave_function();
    if !resolver.names.errors.is_empty() {
        return Err(sorted(resolver.names.errors));
    }
    let mut tree = resolver.names.tree;
    if statements.len() == declarations {
        // Declarations have no value.
        tree.nodes.push(tree::Node::Constant(&ast::Literal::Nil));
        tree.ranges.push(tree::Range::EMPTY);
        statements.push(tree::Statement::Expr(tree::NodeId(
            tree.nodes.len() as u32 - 1,
        )));
    }
    tree.functions[function.0 as usize].statements = statements;
    let (mut code, _) = Generator::generate(&tree, "DoIt", None, true)?;
    code.pragmas = do_it.pragmas.clone();
    Ok(CompiledDoIt {
        code: checked(code)?,
        declared,
    })
}

/// The mistake of code that fits into a template but not into the machine.
pub fn too_large(selector: &str, span: ast::Span) -> Diagnostic {
    let what = if selector == "DoIt" {
        "this do-it".to_string()
    } else {
        format!("the method `{selector}`")
    };
    let limit = "its code or its literals take more than the machine can address";
    diagnose::too_large(&what, span, limit)
}

fn sorted(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    sort_by(&mut errors, |a, b| a.span.start.cmp(&b.span.start));
    errors.truncate(MAX_DIAGNOSTICS);
    errors
}

/// In debug builds every template passes the verifier before anybody runs it.
fn checked(code: CodeTemplate) -> Result<CodeTemplate, Vec<Diagnostic>> {
    #[cfg(debug_assertions)]
    if let Err(problem) = verify::verify(&code) {
        return Err(vec![diagnose::faulty_code(&problem.to_string(), code.span)]);
    }
    Ok(code)
}
