//! The mistakes that only the compiler sees: code, place, message and help of each.

use chirp::compiler::{Variables, compile_do_it, compile_method};
use chirp_grammar::diagnostic::Diagnostic;

use crate::machine::TestScope;

/// One line a mistake: code, culprit, title, help.
fn show(source: &str, errors: &[Diagnostic]) -> String {
    let mut text = format!("{source}\n");
    for error in errors {
        let place =
            |span: chirp_grammar::ast::Span| &source[span.start as usize..span.end as usize];
        text += &format!("{} `{}` {}", error.code, place(error.span), error.title);
        if let Some((span, label)) = &error.secondary {
            text += &format!(" [{} at {}: `{}`]", label, span.start, place(*span));
        }
        text += &format!(" => {}\n", error.help.as_deref().unwrap_or("no help"));
    }
    text
}

fn method(source: &str) -> String {
    let parsed = chirp_grammar::parse_method(source);
    let method = parsed
        .tree
        .unwrap_or_else(|| panic!("{source}: {:?}", parsed.diagnostics));
    match compile_method(&method, &TestScope) {
        Ok(_) => format!("{source}\nis correct\n"),
        Err(errors) => show(source, &errors),
    }
}

fn do_it(source: &str) -> String {
    let parsed = chirp_grammar::parse_do_it(source);
    let do_it = parsed
        .tree
        .unwrap_or_else(|| panic!("{source}: {:?}", parsed.diagnostics));
    let mut text = String::new();
    for variables in [Variables::Script, Variables::Session] {
        let shown = match compile_do_it(&do_it, &TestScope, variables) {
            Ok(_) => format!("{source}\nis correct\n"),
            Err(errors) => show(source, &errors),
        };
        if shown != text {
            text += &shown;
        }
    }
    text
}

fn check(name: &str, listing: String) {
    insta::with_settings!({
        snapshot_path => "mistakes",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, listing);
    });
}

macro_rules! mistakes {
    ($($name:ident $kind:ident $source:literal)*) => {
        $(#[test] fn $name() { check(stringify!($name), $kind($source)); })*
    };
}

mistakes! {
    unknown_variable method "foo ^ bar + 1"
    unknown_variable_misspelt method "foo: counter | total | totla := 1. ^ conter"
    unknown_variable_capital do_it "transcript show: 3"
    unknown_variable_in_do_it do_it "a := 3. b foo"
    inner_temporary_is_not_visible do_it "[| a | a := 3] value. a foo"
    unknown_target method "foo bar := 3"
    assigned_argument method "foo: a a := 3"
    assigned_block_parameter method "foo ^ [:a | a := a + 1]"
    assigned_loop_counter method "foo 1 to: 3 do: [:i | i := 4]"
    assigned_reserved method "foo self := 3. super := 4. nil := 5. true := 6. false := 7. thisContext := 8"
    declared_reserved method "foo | self nil | ^ [:true | ]"
    declared_twice method "foo | a b a | ^ [:c :c | c]"
    temporary_named_like_argument method "foo: a | a | ^ a"
    declared_twice_in_do_it do_it "| a | a := 1. | b b | a"
    shadowing_is_allowed method "foo | a | a := 1. ^ [:b | | a | a := b. [:a | a]]"
    super_as_value method "foo: a ^ {super. a foo: super. super := 3}"
    bad_primitive method "foo <primitive: 100000> ^ 1"
    several_mistakes do_it "| a a | a := b. self := 3. c foo: super"
}

/// Limits of the instruction set are reported, not exceeded.
#[test]
fn limits() {
    let mut text = String::new();
    let params: Vec<String> = (0..201).map(|n| format!("k{n}: a{n}")).collect();
    let args: Vec<String> = (0..201).map(|n| format!("k{n}: {n}")).collect();
    let block: Vec<String> = (0..201).map(|n| format!(":a{n}")).collect();
    let sources = [
        format!("{} ^ 1", params.join(" ")),
        format!("foo ^ self {}", args.join(" ")),
        format!("foo ^ [{} | 1]", block.join(" ")),
        format!(
            "foo: a a foo ifTrue: [{}]",
            "a bar: 1 with: 2 with: 3. ".repeat(7000)
        ),
        format!("foo: a {}", "a bar. ".repeat(66_000)),
    ];
    for source in sources {
        let parsed = chirp_grammar::parse_method(&source);
        let Some(method) = parsed.tree else {
            text += "refused by the parser\n";
            continue;
        };
        match compile_method(&method, &TestScope) {
            Ok(_) => text += "is correct\n",
            Err(errors) => {
                for error in errors {
                    text += &format!("{} {}\n", error.code, error.title);
                }
            }
        }
    }
    check("limits", text);
}
