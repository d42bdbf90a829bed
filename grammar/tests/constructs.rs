//! Every construct of the language: what tree it makes.

mod common;
use common::{do_it, method};

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(do_it(source), expected, "source: {source}");
}

#[track_caller]
fn check_method(source: &str, expected: &str) {
    assert_eq!(method(source), expected, "source: {source}");
}

#[test]
fn precedence() {
    check("a b c", "((a b) c)");
    check("a + b * c", "((a + b) * c)");
    check("a foo: b bar + c baz", "(a foo: ((b bar) + (c baz)))");
    check("a at: 1 put: 2", "(a at:put: 1 2)");
    check("(a foo: b) foo: (c foo: d)", "((a foo: b) foo: (c foo: d))");
}

#[test]
fn assignments() {
    check("a := b := 3", "(a := (b := 3))");
    check("x:=3", "(x := 3)");
    check("x := y foo; bar", "(x := (y foo; bar))");
    check("a foo: (b := 3)", "(a foo: (b := 3))");
}

#[test]
fn cascades() {
    check("Transcript show: 'a'; cr", "(Transcript show: 'a'; cr)");
    check(
        "a b + c d; - 2; foo: 3 bar: 4",
        "((a b) + (c d); - 2; foo:bar: 3 4)",
    );
    check("a b c; d", "((a b) c; d)");
    check("(a foo) bar; baz", "((a foo) bar; baz)");
    check(
        "OrderedCollection new add: 1; add: 2; yourself",
        "((OrderedCollection new) add: 1; add: 2; yourself)",
    );
}

#[test]
fn blocks() {
    check("[]", "[]");
    check("[ ]", "[]");
    check("[:x]", "[:x | ]");
    check("[:x | ]", "[:x | ]");
    check("[:x :y | x. y]", "[:x :y | x. y]");
    check("[: x | x]", "[:x | x]");
    check("[:x || t | t]", "[:x | |t| t]");
    check("[:x | | t | t := x]", "[:x | |t| (t := x)]");
    check("[| t | t]", "[|t| t]");
    check("[:x|-1]", "[:x | -1]");
    check("[:x|x|x]", "[:x | (x | x)]");
    check("[ ^ 3 ]", "[^3]");
    check("[[:x | [x]]]", "[[:x | [x]]]");
}

#[test]
fn statements() {
    check("", "");
    check(".", "");
    check("..a..b. .", "a. b");
    check("^ 3", "^3");
    check("^ 3. 4", "^3. 4");
    check("{}", "{}");
    check("{1. ^2}", "{1. ^2}");
    check("{ . 1 . . 2 . }", "{1. 2}");
}

#[test]
fn declarations() {
    check("| a b | a", "|a b| a");
    check("| | a", "a");
    check("|| a", "a");
    check("|a| |b| a. |c| b. |d|", "|a b| a. |c|. b. |d|");
    check("a | b | c", "((a | b) | c)");
}

#[test]
fn operators() {
    check("a -> b", "(a -> b)");
    check("a >= b", "(a >= b)");
    check("a || b", "(a || b)");
    check("a < b > c", "((a < b) > c)");
    check("a ± b × c ÷ d", "(((a ± b) × c) ÷ d)");
    check("a ==> b", "(a ==> b)");
    check("a ! b", "(a ! b)");
}

#[test]
fn minus() {
    check("3-2", "(3 - 2)");
    check("3 -2", "(3 - 2)");
    check("3--4", "(3 - -4)");
    check("3 - -4", "(3 - -4)");
    check("-5 abs", "(-5 abs)");
    check("a foo: -5", "(a foo: -5)");
    check("a-1", "(a - 1)");
    check("2**-1", "(2 ** -1)");
    check("a - b", "(a - b)");
    check("a\n-1000 foo", "(a - (1000 foo))");
}

#[test]
fn identifiers() {
    check("foo_bar _x x2", "((foo_bar _x) x2)");
    check("größe naïve: Ω", "(größe naïve: Ω)");
    check("変数 メッセージ: 3", "(変数 メッセージ: 3)");
    check("self super: thisContext", "(self super: thisContext)");
    check("RBCondition true", "(RBCondition true)");
}

#[test]
fn comments() {
    check("\"a\" 3 \"b\" + \"c 'd' [\" 4 \"e\"", "(3 + 4)");
    check("\"a \"\"quoted\"\" b\" 3", "3");
    check("3 \"größer ±\"", "3");
}

#[test]
fn methods() {
    check_method("foo", "foo() ");
    check_method("foo ^ 3", "foo() ^3");
    check_method("+ other ^ other", "+(other) ^other");
    check_method("- x", "-(x) ");
    check_method("| x", "|(x) ");
    check_method("< x ^ 1", "<(x) ^1");
    check_method("at: a put: b ^ b", "at:put:(a b) ^b");
    check_method(
        "\"c\" foo \"c\" | a b | \"c\" a := b",
        "foo() |a b| (a := b)",
    );
    check_method("foo\n\t-1000 to: 3", "foo() (-1000 to: 3)");
}

#[test]
fn pragmas() {
    check_method("foo <primitive: 60>", "foo() <primitive: 60> ");
    check_method("foo <primitive: 60> ^ 3", "foo() <primitive: 60> ^3");
    check_method(
        "foo <primitive: 'n' module: 'M' error: code>",
        "foo() <primitive:module:error: 'n' 'M' #code> ",
    );
    check_method(
        "foo <a> <b: #(1 $a)> | t | <c: true d: nil> t",
        "foo() <a> <b: #(1 $a)> <c:d: true nil> |t| t",
    );
    check_method(
        "foo <a: -3 b: #at:put: c: #[1 2]>",
        "foo() <a:b:c: -3 #at:put: #[1, 2]> ",
    );
    check("<foo: 1> 3 < 4", "<foo: 1> (3 < 4)");
}

#[test]
fn underscore_assignment() {
    let options = chirp_grammar::Options {
        underscore_assignment: true,
        ..Default::default()
    };
    for source in ["a _ 3", "a ← 3", "a := 3"] {
        let tree = chirp_grammar::parse_do_it_with(source, options)
            .tree
            .expect(source);
        assert!(matches!(
            &tree.body.statements[0],
            chirp_grammar::ast::Statement::Expr(e)
                if common::expression(e) == "(a := 3)"
        ));
    }
    check("a _ 3", "ERROR two values in a row");
    check("_ + 3", "(_ + 3)");
}
