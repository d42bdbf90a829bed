//! No text, however broken, panics or hangs; every place in a message is a place in the text.

use chirp_grammar::ast::Span;
use chirp_grammar::{Options, Parsed, parse_do_it_with, parse_method_with, tokens};
use proptest::prelude::*;

/// Parses in every way, and looks at what comes out.
fn check(source: &str) {
    for options in [
        Options::default(),
        Options {
            underscore_assignment: true,
            nesting: 5,
        },
    ] {
        inspect(source, parse_method_with(source, options));
        inspect(source, parse_do_it_with(source, options));
    }
    let mut last = 0;
    for token in tokens(source) {
        check_span(source, token.span);
        assert!(token.span.start >= last && token.span.end > token.span.start);
        last = token.span.end;
    }
}

fn inspect<T>(source: &str, parsed: Parsed<T>) {
    assert_eq!(parsed.tree.is_some(), parsed.diagnostics.is_empty());
    for diagnostic in &parsed.diagnostics {
        check_span(source, diagnostic.span);
        if let Some((span, _)) = &diagnostic.secondary {
            check_span(source, *span);
        }
        assert!(diagnostic.render("x.st", source).ends_with('\n'));
    }
}

fn check_span(source: &str, span: Span) {
    assert!(span.start <= span.end, "{span:?} in {source:?}");
    let range = span.start as usize..span.end as usize;
    assert!(source.get(range).is_some(), "{span:?} in {source:?}");
}

const PIECES: &[&str] = &[
    "foo", "Bar", "nil", "true", "self", "x", "y", "at:", "put:", "ifTrue:", "_", "3", "16r1F",
    "16rG", "1.5e3", "3.14s2", "2r1.1", "1e-2", "'a'", "'it''s'", "'", "\"c\"", "\"", "$a", "$",
    "#foo", "#at:put:", "#+", "#", "#'x'", "##", "#(", "#[", "(", ")", "[", "]", "{", "}", ":",
    ":=", "^", ";", ".", "|", "||", "<", ">", "-", "--", "+", "//", "=", "!", "&&", ",", "\n", " ",
    "\t", "ß", "日本", "±", "←", "↑", "“", "’", "…", "\0", "é", "?", "++", "\r\n",
];

const SOURCES: &[&str] = &[
    "at: index put: value\n\t\"c\"\n\t<primitive: 60 error: code>\n\t| a b |\n\ta := #(1 $a 'b' #c (d e: f) #[1 2] nil).\n\t^ a at: index put: -5",
    "| s | s := OrderedCollection new. s add: 1; add: 16rFF; yourself. s do: [ :each | | t | t := each * 1.5e-3. ^ t ].",
    "x ifTrue: [ { 1. 2. 'it''s' } ] ifFalse: [ :a :b | a + b - 3--4 ]. Transcript show: 'größe'; cr.",
    "+ other ^ (self foo: (a bar; baz) bar: [ ]) -> 3s2",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_characters(source in "\\PC{0,80}") {
        check(&source);
    }

    #[test]
    fn random_pieces(
        pieces in proptest::collection::vec((proptest::sample::select(PIECES), any::<bool>()), 0..60)
    ) {
        let source: String =
            pieces.iter().map(|(piece, space)| if *space { format!("{piece} ") } else { piece.to_string() }).collect();
        check(&source);
    }

    #[test]
    fn mutated_sources(
        source in proptest::sample::select(SOURCES),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..3, proptest::sample::select(PIECES)), 1..6)
    ) {
        let mut characters: Vec<String> = source.chars().map(String::from).collect();
        for (index, kind, piece) in edits {
            let at = index.index(characters.len());
            match kind {
                0 => drop(characters.remove(at)),
                1 => characters.insert(at, piece.to_owned()),
                _ => {
                    let copy = characters[at].clone();
                    characters.insert(at, copy);
                }
            }
        }
        check(&characters.concat());
    }

    #[test]
    fn cut_sources(source in proptest::sample::select(SOURCES), index in any::<prop::sample::Index>()) {
        let end = index.index(source.len());
        let end = (0..=end).rev().find(|&i| source.is_char_boundary(i)).unwrap_or(0);
        check(&source[..end]);
    }
}

#[test]
fn deep_nesting() {
    for open in [
        "(",
        "[",
        "{",
        "#(",
        "a foo: (",
        "[ :x | ",
        "a := ",
        "(a. ",
        "^ ",
        "#[",
        "[[{(",
        "a + ( b. ",
    ] {
        let source = open.repeat(10_000);
        check(&source);
        let closed = format!("{source}{}", ") ] }".repeat(10_000));
        check(&closed);
    }
}

#[test]
fn long_chains() {
    // A lexer that looked ahead by recursion would overflow the stack of the test's thread.
    for piece in ["# ", "#a:", "##a: # "] {
        check(&piece.repeat(300_000));
    }
    for piece in [
        "# ", "#a:", "##a: # ", "“", "‘ ", "\0", "16rG ", "a := ", "$", "foo ", "+ 3 ", "; foo",
        ", 'a'", " at: 3", " foo. a", " .", "'a' ", "3 ", ")", "| a | ", "\"",
    ] {
        check(&format!("a {}", piece.repeat(10_000)));
    }
    let valid = format!("a {}", "foo ".repeat(900));
    assert!(chirp_grammar::parse_do_it(&valid).tree.is_some());
    let brackets = format!("{}a{}", "(".repeat(500), ")".repeat(500));
    assert!(chirp_grammar::parse_do_it(&brackets).tree.is_some());
    let blocks = format!("{}a{}", "[".repeat(500), "]".repeat(500));
    assert!(chirp_grammar::parse_do_it(&blocks).tree.is_some());
    let statements = "a := 3.\n".repeat(50_000);
    assert!(chirp_grammar::parse_do_it(&statements).tree.is_some());
}

#[test]
fn errors_in_deep_brackets_stay_cheap() {
    for open in ["(", "[", "a foo: [ :x | "] {
        for junk in ["3 ", "3 4. ", ") ", "; "] {
            check(&format!("{}{}", open.repeat(490), junk.repeat(2_000)));
        }
    }
}

#[test]
fn huge_numbers() {
    check(&"9".repeat(99_999));
    check(&"9".repeat(500_000));
    check(&format!("16r{}", "F".repeat(80_000)));
    check(&format!("3r0.{}", "1".repeat(1_100)));
    check(&format!("2r0.{}e-99999999999999999999", "1".repeat(1_100)));
    check("1e99999999999999999999");
    check("36rZ.Ze99999999");
    check("1s4294967296");
    check("1.5e99999999999");
    check("-1e-99999");
}

/// Each piece and each pair of pieces, again and again: reading them must not go deeper and deeper.
#[test]
fn long_runs_are_read_on_a_small_stack() {
    let pieces = PIECES
        .iter()
        .chain(&["\u{a0}", "\u{2028}", "\u{feff}", "\x0b", "\x1b", "%"]);
    let pieces: Vec<&str> = pieces.copied().collect();
    let read = move || {
        for first in &pieces {
            for second in ["", " ", "\u{a0}", "\u{200b}\t", "-", "#", "'"] {
                let source = [first, second].concat().repeat(5_000);
                let last = tokens(&source).last();
                assert!(last.is_none_or(|t| t.span.end as usize <= source.len()));
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(128 << 10);
    thread.spawn(read).unwrap().join().unwrap();
}
