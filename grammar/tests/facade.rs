//! The promises of the facade: spans, tokens, incomplete texts, rendering.

use chirp_grammar::ast::{ExprKind, Span, Statement};
use chirp_grammar::{Diagnostic, TokenKind, parse_do_it, parse_method, tokens};

#[test]
fn spans_cover_what_they_name() {
    let source = "at: i put: v\n\t^ (self foo: 3) bar + größe";
    let method = parse_method(source).tree.expect("it is right");
    let text = |span: Span| &source[span.start as usize..span.end as usize];
    assert_eq!(text(method.selector_span), "at:");
    assert_eq!(text(method.params[1].span), "v");
    assert_eq!(text(method.span), source);
    let Statement::Return { value, caret } = &method.body.statements[0] else {
        panic!("a return")
    };
    assert_eq!(text(*caret), "^");
    assert_eq!(text(value.span), "(self foo: 3) bar + größe");
    let ExprKind::Send { receiver, message } = &value.kind else {
        panic!("a send")
    };
    assert_eq!(text(message.selector_span), "+");
    assert_eq!(text(message.args[0].span), "größe");
    assert_eq!(text(receiver.span), "(self foo: 3) bar");
    let ExprKind::Send { receiver, .. } = &receiver.kind else {
        panic!("a send")
    };
    assert_eq!(text(receiver.span), "(self foo: 3)");
}

#[test]
fn tokens_of_a_broken_text() {
    let source = "a := #(b) foo: 3 \"c\" 'x";
    let kinds: Vec<TokenKind> = tokens(source).map(|token| token.kind).collect();
    use TokenKind::*;
    assert_eq!(
        kinds,
        [
            Identifier,
            Assign,
            OpenArray,
            Identifier,
            CloseParen,
            Keyword,
            Number,
            Comment,
            UnclosedString
        ]
    );
    let kinds: Vec<TokenKind> = tokens("$[ #at:put: ` \"x")
        .map(|token| token.kind)
        .collect();
    assert_eq!(kinds, [Character, Symbol, Unknown, UnclosedComment]);
}

#[test]
fn incomplete_texts() {
    for source in [
        "a foo: [ :x |",
        "a := (3 + 4",
        "'abc",
        "\"abc",
        "3 +",
        "a foo:",
        "a foo;",
        "#(1 2",
        "{ 1. 2",
        "| a b",
        "x :=",
        "[ :x",
        "^",
        "x := $",
        "a foo: [ b. c bar: (d",
    ] {
        assert!(parse_do_it(source).is_incomplete(), "{source}");
    }
    for source in [
        "3 + . 4 foo:",
        "a foo: ) 3",
        "3 4",
        "a := 3",
        "",
        "x := := 3",
        "a ] [",
    ] {
        assert!(!parse_do_it(source).is_incomplete(), "{source}");
    }
    for source in ["", "foo: ", "+", "foo <primitive: 60", "foo | a"] {
        assert!(parse_method(source).is_incomplete(), "{source}");
    }
}

fn rendered(source: &str, start: usize, end: usize) -> String {
    Diagnostic::new("E0999", "title", Span::new(start, end))
        .label("label")
        .render("x.st", source)
}

#[test]
fn rendering_counts_display_columns() {
    assert_eq!(
        rendered("a\n\tb '日本' c", 14, 15),
        "error[E0999]: title\n --> x.st:2:9\n  |\n2 |     b '日本' c\n  |              ^ label\n"
    );
    assert_eq!(
        rendered("one\r\ntwo\r\nthree", 5, 8),
        "error[E0999]: title\n --> x.st:2:1\n  |\n2 | two\n  | ^^^ label\n"
    );
    // At the end of the text there is still a place for a caret.
    assert_eq!(
        rendered("ab", 2, 2),
        "error[E0999]: title\n --> x.st:1:3\n  |\n1 | ab\n  |   ^ label\n"
    );
    assert_eq!(
        rendered("", 0, 0),
        "error[E0999]: title\n --> x.st:1:1\n  |\n1 |\n  | ^ label\n"
    );
}

#[test]
fn rendering_joins_two_places() {
    let diagnostic = Diagnostic::new("E0999", "title", Span::new(6, 7))
        .label("here")
        .secondary(Span::new(0, 1), "and there")
        .help("do this");
    assert_eq!(
        diagnostic.render("x.st", "a\nb\nc d"),
        "error[E0999]: title\n --> x.st:3:3\n  |\n1 | a\n  | - and there\n...\n3 | c d\n  |   ^ here\n  = help: do this\n"
    );
}

#[test]
fn every_code_is_documented() {
    let readme = include_str!("../README.md");
    for code in 100..=127 {
        assert!(readme.contains(&format!("| E0{code} |")), "E0{code}");
    }
}

#[test]
fn a_literal_array_without_an_end_may_go_on_whatever_is_in_it() {
    let parsed = parse_do_it("x := #(1 2.\nfoo bar: .\n");
    assert_eq!(parsed.diagnostics.len(), 2);
    assert!(parsed.is_incomplete());
    assert!(parse_do_it("x := #(1 2.\nfoo bar: .\n)").tree.is_some());
    // These do not go on.
    for source in ["x := #[1 2.\n", "x := (1 + 2.\n", "#(1 2 ]", "[ 3 )"] {
        assert!(!parse_do_it(source).is_incomplete(), "{source}");
    }
}
