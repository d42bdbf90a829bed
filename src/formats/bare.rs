//! The text of a method without its comments, for a program that does not carry them.
//!
//! Every line keeps its number: traces name places of the file that the method was written in. Only what stands behind
//! the last character of a line goes with a comment.

use super::scan::Scanner;

/// `body` without comments, and without the white space that they leave at the end of a line.
pub fn without_comments(body: &str) -> String {
    let mut bare = String::with_capacity(body.len());
    let mut s = Scanner::new(body, 0);
    // How far back nothing is taken away: a blank may be a literal.
    let mut literal = 0;
    while !s.at_end() {
        let start = s.at();
        let is_comment = s.peek() == b'"';
        // What is never closed is the parser's business, up to the end.
        let is_quoted = s.skip_quoted().unwrap_or(true);
        if !is_quoted {
            s.bump();
        }
        let piece = &body[start..s.at()];
        if !is_comment {
            bare.push_str(piece);
            if is_quoted {
                literal = bare.len();
            }
            continue;
        }
        let lines = piece.matches('\n').count();
        if lines > 0 || s.at_end() || s.peek() == b'\n' {
            let end = bare.trim_end_matches([' ', '\t']).len();
            bare.truncate(end.max(literal));
        } else if !bare.ends_with(char::is_whitespace) {
            // It may have kept two names apart.
            bare.push(' ');
        }
        bare.extend(std::iter::repeat_n('\n', lines));
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn lines_stay_where_they_are() {
        let body = "\n\t\"What it does,\n\tand why.\"\n\n\t^ self \"really\"\n\t\tfoo";
        assert_eq!(without_comments(body), "\n\n\n\n\t^ self\n\t\tfoo");
        assert_eq!(without_comments("^ 1 \"one\""), "^ 1");
        assert_eq!(without_comments("\"a\" ^ 1"), "  ^ 1");
        assert_eq!(without_comments("^ a\"b\"c: d"), "^ a c: d");
        assert_eq!(without_comments("^ $  \"blank\"\n"), "^ $ \n");
    }

    #[test]
    fn quotes_elsewhere_are_no_comments() {
        for body in [
            "^ 'a \"b\" c'",
            "^ $\" , $' , $\"",
            "^ #($\" 'it''s \"' #'\"')",
            "^ 'open",
        ] {
            assert_eq!(without_comments(body), body);
        }
    }
}
