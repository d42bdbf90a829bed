//! Examples in comments: `(3 max: 4) >>> 4`, on one line or as a paragraph of its own.
//!
//! Finds them in texts; whoever has an interpreter tries them. Never evaluates anything itself.

use chirp_grammar::{TokenKind, tokens};

/// One example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What stands on the left of `>>>`.
    pub expression: String,
    /// What stands on the right of it, and must be equal.
    pub expected: String,
    /// Where its (first) line begins in the text that was searched.
    pub offset: usize,
}

impl Example {
    /// The left side on one line, for lists and messages.
    pub fn title(&self) -> String {
        let lines: Vec<&str> = self.expression.lines().map(str::trim).collect();
        lines.join(" ")
    }

    /// Code that answers nil if the example is true, else what its left side really is, printed.
    pub fn code(&self) -> String {
        // The line ends keep a comment at either side's end from swallowing what follows.
        format!(
            "[ :found :wanted | found = wanted ifTrue: [ nil ] ifFalse: [ found printString ] ]\n\
             value: ({}\n) value: ({}\n)",
            self.expression, self.expected
        )
    }
}

/// The examples in the comments of a source text: Tonel or a script.
pub fn examples_in_source(text: &str) -> Vec<Example> {
    let mut comments: Vec<(usize, usize)> = Vec::new();
    for token in tokens(text).filter(|t| t.kind == TokenKind::Comment) {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        match comments.last_mut() {
            // A doubled quote inside a comment: to the lexer, two comments that touch.
            Some(last) if last.1 == start => last.1 = end,
            _ => comments.push((start, end)),
        }
    }
    let inside =
        |(start, end): (usize, usize)| examples_in_comment(&text[start + 1..end - 1], start + 1);
    comments.into_iter().flat_map(inside).collect()
}

/// The examples in a comment without its quotes, which begins at `base` of the whole text.
pub fn examples_in_comment(comment: &str, base: usize) -> Vec<Example> {
    let mut found = Vec::new();
    let mut offset = base;
    let mut paragraph: Vec<(usize, &str)> = Vec::new();
    for line in comment.split_inclusive('\n') {
        // A fence around code, as Markdown has it, ends a paragraph as an empty line does.
        if line.trim().is_empty() || line.trim_start().starts_with("```") {
            examples_in_paragraph(&paragraph, &mut found);
            paragraph.clear();
        } else {
            paragraph.push((offset, line));
        }
        offset += line.len();
    }
    examples_in_paragraph(&paragraph, &mut found);
    found
}

/// Adds the examples among lines, each with its offset, that no empty line parts.
///
/// A line that is an example is one whatever stands around it, as prose often does; only where no line is one may
/// the whole be.
fn examples_in_paragraph(lines: &[(usize, &str)], found: &mut Vec<Example>) {
    let whole: String = lines.iter().map(|(_, line)| *line).collect();
    if !whole.contains(">>>") {
        return;
    }
    let before = found.len();
    let mut goes_on = false;
    for (offset, line) in lines {
        if !goes_on {
            found.extend(example(line, *offset));
        }
        goes_on = line.trim_end().ends_with(';');
    }
    if found.len() == before {
        found.extend(example(&whole, lines[0].0));
    }
}

/// The example that a text is as a whole, or None.
fn example(text: &str, offset: usize) -> Option<Example> {
    if !text.contains(">>>") {
        return None;
    }
    let (expression, expected) = sides(&text.replace("\"\"", "\""))?;
    Some(Example {
        expression,
        expected,
        offset,
    })
}

/// What stands before and behind the one `>>>` of a text that is an example: an expression each.
fn sides(line: &str) -> Option<(String, String)> {
    let mut depth = 0i32;
    let mut arrow = None;
    for token in tokens(line) {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        match token.kind {
            TokenKind::OpenParen
            | TokenKind::OpenBracket
            | TokenKind::OpenBrace
            | TokenKind::OpenArray
            | TokenKind::OpenBytes => depth += 1,
            TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace => depth -= 1,
            // Prose about examples has words around it that are none.
            TokenKind::Unknown | TokenKind::UnclosedString | TokenKind::UnclosedComment => {
                return None;
            }
            TokenKind::Operator if &line[start..end] == ">>>" && depth == 0 => match arrow {
                None => arrow = Some((start, end)),
                Some(_) => return None,
            },
            _ => {}
        }
    }
    let (start, end) = arrow?;
    let (expression, expected) = (line[..start].trim(), line[end..].trim());
    let is_whole = |side: &str| {
        chirp_grammar::parse_do_it(side)
            .tree
            .is_some_and(|t| t.body.statements.len() == 1)
    };
    (is_whole(expression) && is_whole(expected)).then(|| (expression.into(), expected.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        examples_in_source(text)
            .into_iter()
            .map(|e| (e.expression, e.expected))
            .collect()
    }

    #[test]
    fn examples_of_classes_and_methods() {
        let text = "\"\nI am.\n\n    (3 max: 4) >>> 4\n\n    ('a', \"\"b\"\" 'c') >>> 'ac' \n\"\n\
                    Class { #name : 'A' }\nA >> b [\n\t\"It is. #(1 2) size >>> 2\n\t$a >>> $a\"\n]";
        assert_eq!(found(text)[0], ("(3 max: 4)".into(), "4".into()));
        assert_eq!(found(text)[1], ("('a', \"b\" 'c')".into(), "'ac'".into()));
        assert_eq!(found(text)[2], ("$a".into(), "$a".into()));
        assert_eq!(found(text).len(), 3);
        let first = &examples_in_source(text)[0];
        assert!(text[first.offset..].starts_with("    (3 max: 4)"));
    }

    #[test]
    fn examples_of_several_lines() {
        let text = "\"Some prose.\n\n\tOrderedCollection new\n\t\tadd: 3;\n\t\tyourself >>> a\n\n\
                    ```smalltalk\n#(1 2)\n\tsize\n>>> 2\n```\nProse, then:\n$b >>> $b\n$c >>> $c\"";
        let all = found(text);
        assert_eq!(all.len(), 4, "{all:?}");
        assert!(all[0].0.starts_with("OrderedCollection new") && all[0].0.ends_with("yourself"));
        assert_eq!(all[1], ("#(1 2)\n\tsize".into(), "2".into()));
        assert_eq!(all[3], ("$c".into(), "$c".into()));
    }

    #[test]
    fn prose_is_none() {
        for text in [
            "\"write a >>> b: it's easy\"",
            "\">>> 3\"",
            "\"3 >>>\"",
            "\"(3) >>> 4 >>> 5\"",
            "\"the >>> operator. It is\"",
            "3 >>> 4",
            "'3 >>> 4'",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn inner_arrows_do_not_count() {
        assert_eq!(
            found("\"(#(1) collect: [:x | x >>> 1]) >>> #(1)\"").len(),
            1
        );
    }
}
