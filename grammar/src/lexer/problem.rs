//! The messages for what is wrong with single characters, quotes and brackets' depth.
//!
//! Each lexical mistake is reported here, once; the parser never hears of it.

use crate::ast::Span;
use crate::diagnostic::Diagnostic;

/// A string that runs to the end of the text.
pub fn unclosed_string(source: &str, span: Span) -> Diagnostic {
    let before = &source[..span.start as usize];
    let opening = Span::new(span.start as usize, span.start as usize + 1);
    let quoted = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ' ');
    let long = long_string(before);
    // `'it's'`: a string, then letters, then this quote.
    if long.is_none()
        && quoted.len() < before.len()
        && quoted.ends_with('\'')
        && before[quoted.len()..].starts_with(char::is_alphabetic)
    {
        let at = quoted.len() - 1;
        if quoted[..at].ends_with('$') {
            return Diagnostic::new("E0101", "`$'` is a character and opens no string", opening)
                .label("this quote opens a string that is never closed")
                .secondary(Span::new(at - 1, at + 1), "a character")
                .help("a string stands in quotes alone, 'abc'; a character has a dollar sign, $a");
        }
        return Diagnostic::new(
            "E0101",
            "an apostrophe ended this string too early",
            opening,
        )
        .label("this quote opens a string that is never closed")
        .secondary(Span::new(at, at + 1), "the string before it ends here")
        .help("write an apostrophe inside a string twice: 'it''s'");
    }
    let mut diagnostic = Diagnostic::new("E0101", "a string is never closed", opening)
        .label("opened here")
        .help("end it with a single quote; an apostrophe inside a string is written twice: 'it''s'")
        .incomplete();
    if let Some(at) = long {
        diagnostic = diagnostic.secondary(
            Span::new(at, at + 1),
            "or is the quote of this one missing? it runs over several lines",
        );
    }
    diagnostic
}

/// The last string in `before` that contains a line end, if there is one.
fn long_string(before: &str) -> Option<usize> {
    use super::raw::{Closed, Raw};
    use logos::Logos;
    Raw::lexer(before)
        .spanned()
        .filter(|(raw, range)| {
            *raw == Ok(Raw::String(Closed::Yes)) && before[range.clone()].contains('\n')
        })
        .map(|(_, range)| range.start)
        .last()
}

pub fn unclosed_comment(source: &str, span: Span) -> Diagnostic {
    let opening = Span::new(span.start as usize, span.start as usize + 1);
    let help = if source[span.start as usize..].contains('\n') {
        "end the comment with a double quote"
    } else {
        "double quotes delimit comments and need a second one; strings stand in single quotes: 'hello'"
    };
    Diagnostic::new("E0102", "a comment is never closed", opening)
        .label("opened here")
        .help(help)
        .incomplete()
}

pub fn unfinished_character(span: Span) -> Diagnostic {
    Diagnostic::new("E0118", "`$` needs a character after it", span)
        .label("the text ends here")
        .help("write the character right after the dollar sign: $a, or $ followed by a space")
        .incomplete()
}

/// `#` before something that makes no symbol.
pub fn lonely_hash(source: &str, span: Span) -> Diagnostic {
    let rest = &source[span.end as usize..];
    let diagnostic = Diagnostic::new("E0119", "`#` needs a symbol right after it", span);
    match rest.chars().next() {
        None => diagnostic.label("the text ends here").help("write a symbol, #foo, or an array, #(1 2)").incomplete(),
        Some('{') => diagnostic
            .label("expected a name, an operator, a quote, `(` or `[`")
            .help("an array of computed elements has no number sign: { 1. 2 }; a literal one has round brackets: #(1 2)"),
        Some('$') => diagnostic
            .label("a character follows")
            .help("a character needs no number sign: $a"),
        Some(c) if c.is_ascii_digit() => diagnostic
            .label("a number follows")
            .help("a number needs no number sign; as a symbol write it in quotes: #'1'"),
        Some(':') => diagnostic
            .label("a colon follows")
            .help("a keyword's colon stands behind the word: #at:put:"),
        Some(c) if c.is_whitespace() => diagnostic
            .label("white space follows")
            .help("write a symbol without a space, #foo; comments stand in double quotes: \"foo\""),
        Some(_) => diagnostic
            .label("expected a name, an operator, a quote, `(` or `[`")
            .help("write a symbol, #foo #at:put: #+ #'x y', or an array, #(1 2) #[1 2]"),
    }
}

/// `←` and `↑` outside old sources.
pub fn arrow(span: Span, what: &str, modern: &str) -> Diagnostic {
    Diagnostic::new("E0103", format!("the arrow for {what} is out of use"), span)
        .label(format!("write `{modern}`"))
        .help(format!(
            "only chunk files may contain it; {what} is written `{modern}`"
        ))
}

pub fn brace_in_array(span: Span) -> Diagnostic {
    Diagnostic::new("E0117", "a literal array cannot contain braces", span)
        .label("not a literal")
        .help("elements of #( ) are literals; build an array of computed elements with braces alone: { #a. { 1. 2 } }")
}

pub fn too_many_assignments(span: Span) -> Diagnostic {
    Diagnostic::new("E0122", "too many assignments in a row", span)
        .label(format!("number {}", super::stream::MAX_ASSIGNMENTS + 1))
        .help("split the chain: end it with a full stop, and begin the next with a variable's name")
}

pub fn too_deep(span: Span, deepest: usize) -> Diagnostic {
    Diagnostic::new("E0122", "the brackets are nested too deeply", span)
        .label(format!("level {}", deepest + 1))
        .help("move the inner part to a method or a variable of its own")
}

/// A closing typographic quote further away than this is not looked for.
const LONGEST_QUOTATION: usize = 1_000;

/// What to say about a character that begins no token, and how many bytes after it belong to it.
pub fn unknown_character(source: &str, span: Span) -> (Diagnostic, usize) {
    let text = &source[span.start as usize..span.end as usize];
    let rest = &source[span.end as usize..];
    let c = text.chars().next().unwrap_or(' ');
    if let Some((close, ours, what)) = match c {
        '‘' | '’' | '‚' | '‛' => Some(("‘’‛", "'", "strings")),
        '“' | '”' | '„' | '‟' => Some(("“”‟", "\"", "comments")),
        _ => None,
    } {
        let closing = rest
            .char_indices()
            .take(LONGEST_QUOTATION)
            .take_while(|&(_, c)| c != '\n')
            .find(|&(_, c)| close.contains(c));
        let length = closing.map_or(0, |(at, c)| at + c.len_utf8());
        let diagnostic = Diagnostic::new(
            "E0103",
            format!("typographic quotes delimit nothing: `{c}`"),
            span,
        )
        .label(format!("U+{:04X}", c as u32))
        .help(format!("write the straight quote {ours} that {what} have"));
        return (diagnostic, length);
    }
    let diagnostic = match c {
        '`' => Diagnostic::new("E0103", "a backquote has no meaning here", span)
            .help("strings stand in single quotes: 'hello'"),
        '‐'..='―' => {
            Diagnostic::new("E0103", format!("`{c}` is a dash, not a minus sign"), span)
                .help("write the minus of the keyboard: -")
        }
        '…' => Diagnostic::new("E0103", "an ellipsis has no meaning here", span)
            .help("write the code that it stands for"),
        c if c.is_control() => Diagnostic::new(
            "E0103",
            format!(
                "the control character U+{:04X} has no place in a source text",
                c as u32
            ),
            span,
        )
        .help(format!(
            "delete it; in a string, build it at run time: Character value: {}",
            c as u32
        )),
        c => Diagnostic::new(
            "E0103",
            format!("the character `{c}` has no place outside strings and comments"),
            span,
        )
        .label(format!("U+{:04X}", c as u32))
        .help("put it in quotes: as a string 'x', a character $x or a symbol #'x'"),
    };
    (diagnostic, 0)
}
