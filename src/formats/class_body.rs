//! Class syntax of GNU Smalltalk: classes and methods in brackets, between the statements of a script.
//!
//! Says where definitions lie and what they declare; everything else of the text is statements. Never
//! looks into a method or a statement further than to find its end.

mod body;

use super::chunk::is_separator;
use super::error::{FormatError, place_of};
use super::scan::{Open, Scanner};
use super::selector::pattern_at;
use super::tonel::Method;
use std::borrow::Cow;
use std::ops::Range;

/// A script, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program<'a> {
    /// In the order of the text.
    pub definitions: Vec<Definition<'a>>,
    /// What is no statement: definitions, and bangs between statements.
    pub blank: Vec<Range<usize>>,
    /// The statements of each `Eval [ … ]`.
    pub evals: Vec<Range<usize>>,
    /// What cannot be read, in the order of the text.
    pub errors: Vec<FormatError>,
    /// The last of them is something that is never closed.
    pub is_open: bool,
}

/// A class, or what is added to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition<'a> {
    /// Name and offset of the superclass; none if the class exists.
    pub superclass: Option<(&'a str, usize)>,
    pub name: &'a str,
    /// Where the name stands.
    pub offset: usize,
    pub body: Body<'a>,
}

/// What stands between a class's brackets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body<'a> {
    pub inst_vars: Vec<&'a str>,
    pub class_inst_vars: Vec<&'a str>,
    /// With the expression for the first value.
    pub class_vars: Vec<(&'a str, Option<Range<usize>>)>,
    pub comment: Option<Cow<'a, str>>,
    pub category: Option<Cow<'a, str>>,
    pub shape: Option<&'a str>,
    /// `<traits: 'TFoo + TBar'>`, which is ours: GNU Smalltalk has no traits.
    pub traits: Option<Cow<'a, str>>,
    pub pools: Vec<&'a str>,
    pub methods: Vec<Method<'a>>,
}

/// Does the text have a class in brackets where a statement could stand?
pub fn is_class_body(text: &str, at: usize) -> bool {
    let mut reader = Reader::new(text, at);
    reader.only_looks = true;
    // What is wrong with it, `parse` says.
    let _ = reader.items(false);
    reader.found
}

/// Takes a script apart, from byte `at` on. What is wrong with one method hides no other one.
pub fn parse(text: &str, at: usize) -> Program<'_> {
    let mut reader = Reader::new(text, at);
    if let Err(error) = reader.items(false) {
        reader.program.errors.push(error);
        reader.program.is_open = true;
    }
    reader.program
}

struct Reader<'a> {
    s: Scanner<'a>,
    program: Program<'a>,
    only_looks: bool,
    found: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, at: usize) -> Reader<'a> {
        Reader {
            s: Scanner::new(text, at),
            program: Program::default(),
            only_looks: false,
            found: false,
        }
    }

    /// Definitions and statements up to the end, or to the bracket that closes a namespace.
    fn items(&mut self, inside: bool) -> Result<(), FormatError> {
        loop {
            self.s.skip_blank().map_err(open_error)?;
            if self.s.at_end() || inside && self.s.peek() == b']' {
                return Ok(());
            }
            let start = self.s.at();
            if self.s.peek() == b'|' {
                // Declarations need no period behind them.
                self.s.bump();
                while !self.s.at_end() && !self.s.eat(b'|') {
                    self.s.bump();
                }
            } else if is_separator(self.s.text(), start) {
                self.bang()?;
            } else if self.definition()? {
                self.found = true;
                if self.only_looks {
                    return Ok(());
                }
                self.s.skip_space();
                self.s.eat(b'.');
                self.program.blank.push(start..self.s.at());
            } else {
                self.s = Scanner::new(self.s.text(), start);
                self.statement(inside)?;
            }
        }
    }

    /// Skips a statement and the period behind it.
    fn statement(&mut self, inside: bool) -> Result<(), FormatError> {
        loop {
            if self.s.at_end() || is_separator(self.s.text(), self.s.at()) {
                return Ok(());
            }
            if self.s.skip_quoted().map_err(open_error)? {
                continue;
            }
            match self.s.peek() {
                b'.' => {
                    self.s.bump();
                    if !self.s.peek().is_ascii_digit() {
                        return Ok(());
                    }
                }
                b'[' => self.s.skip_brackets().map_err(open_error)?,
                b'(' => self.s.skip_nested(b'(', b')').map_err(open_error)?,
                b'{' => self.s.skip_nested(b'{', b'}').map_err(open_error)?,
                b']' if inside => return Ok(()),
                _ => self.s.bump(),
            }
        }
    }

    /// A bang ends a statement; two of them are the head of chunks, `!Foo methodsFor: 'x'!`.
    fn bang(&mut self) -> Result<(), FormatError> {
        let start = self.s.at();
        self.s.bump();
        self.s.skip_blank().map_err(open_error)?;
        if let Some((owner, class_side, protocol)) = self.chunk_head() {
            loop {
                self.s.skip_blank().map_err(open_error)?;
                if self.s.at_end() || self.s.eat(b'!') {
                    break;
                }
                self.chunk_method(owner, class_side, protocol.clone())?;
            }
            self.program.blank.push(start..self.s.at());
        } else {
            self.program.blank.push(start..start + 1);
            self.s = Scanner::new(self.s.text(), start + 1);
        }
        Ok(())
    }

    /// `Foo class methodsFor: 'x'!`, the cursor then behind it.
    fn chunk_head(&mut self) -> Option<(&'a str, bool, Option<Cow<'a, str>>)> {
        let mut s = self.s;
        let owner = s.dotted_name();
        s.skip_space();
        let mut word = s.identifier();
        let class_side = word == "class";
        if class_side {
            s.skip_space();
            word = s.identifier();
        }
        if owner.is_empty() || word != "methodsFor" {
            return None;
        }
        let mut protocol = None;
        if s.eat(b':') {
            s.skip_space();
            if s.peek() != b'\'' {
                return None;
            }
            let from = s.at() + 1;
            s.skip_string().ok()?;
            protocol = Some(Cow::Borrowed(&s.text()[from..s.at() - 1]));
        }
        let bang = s.rest().find('!')?;
        self.s = Scanner::new(s.text(), s.at() + bang + 1);
        Some((last_name(owner), class_side, protocol))
    }

    /// A method up to the bang behind it. A bang inside a string or comment is none.
    fn chunk_method(
        &mut self,
        owner: &'a str,
        class_side: bool,
        protocol: Option<Cow<'a, str>>,
    ) -> Result<(), FormatError> {
        let start = self.s.at();
        let pattern = pattern_at(self.s.text(), start).map_err(open_error)?;
        let from = pattern.as_ref().map_or(start, |p| p.end);
        self.s = Scanner::new(self.s.text(), from);
        while !self.s.at_end() && self.s.peek() != b'!' {
            if !self.s.skip_quoted().map_err(open_error)? {
                self.s.bump();
            }
        }
        let end = self.s.at();
        self.s.eat(b'!');
        let Some(pattern) = pattern else {
            self.program.errors.push(
                FormatError::new(start, "a method's name must stand here").with(
                    "no name",
                    "between the bangs stand methods: name, arguments, statements",
                ),
            );
            return Ok(());
        };
        let end = start + self.s.text()[start..end].trim_end().len();
        let method = Method {
            owner,
            class_side,
            protocol,
            selector: pattern.selector,
            source: start..end,
            bracket: end,
            pattern_end: pattern.end,
            line: place_of(self.s.text(), start).line,
        };
        self.program.definitions.push(Definition {
            superclass: None,
            name: owner,
            offset: start,
            body: Body {
                methods: vec![method],
                ..Body::default()
            },
        });
        Ok(())
    }

    /// A definition, if one begins here. The cursor is behind it then, and anywhere otherwise.
    fn definition(&mut self) -> Result<bool, FormatError> {
        let offset = self.s.at();
        let name = self.s.dotted_name();
        if name.is_empty() {
            return Ok(false);
        }
        self.s.skip_blank().map_err(open_error)?;
        if name == "Eval" && self.s.peek() == b'[' {
            self.found = true;
            let open = self.s.at();
            self.s.skip_brackets().map_err(open_error)?;
            self.program.evals.push(open + 1..self.s.at() - 1);
            return Ok(true);
        }
        if self.s.rest().starts_with(">>") {
            return self.one_method(name, false);
        }
        let word = self.s.identifier();
        let keyword = self.s.eat(b':');
        self.s.skip_blank().map_err(open_error)?;
        match (word, keyword) {
            ("current", true) if name == "Namespace" => self.namespace(),
            ("subclass", true) => {
                self.s.eat(b'#');
                let at = self.s.at();
                let class = self.s.identifier();
                self.s.skip_blank().map_err(open_error)?;
                if class.is_empty() || self.s.peek() != b'[' {
                    return Ok(false);
                }
                self.class(Some((last_name(name), offset)), class, at, false)
            }
            ("extend", false) if self.s.peek() == b'[' => {
                self.class(None, last_name(name), offset, false)
            }
            ("class", false) if self.s.rest().starts_with(">>") => self.one_method(name, true),
            ("class", false) => {
                let extend = self.s.identifier();
                self.s.skip_blank().map_err(open_error)?;
                if extend != "extend" || self.s.peek() != b'[' {
                    return Ok(false);
                }
                self.class(None, last_name(name), offset, true)
            }
            _ => Ok(false),
        }
    }

    /// The rest of `Namespace current: Foo [ … ]`: all names are global, so that its items count as they are.
    fn namespace(&mut self) -> Result<bool, FormatError> {
        self.s.dotted_name();
        self.s.skip_blank().map_err(open_error)?;
        let open = self.s.at();
        if !self.s.eat(b'[') {
            return Ok(false);
        }
        self.found = true;
        if self.only_looks {
            return Ok(true);
        }
        // Its statements are statements like others: only the brackets are none.
        let start = self.program.blank.len();
        self.items(true)?;
        if !self.s.eat(b']') {
            return Err(open_error(Open::Bracket(open)));
        }
        let inside = self.program.blank.split_off(start);
        self.program
            .evals
            .extend(statements(open + 1..self.s.at() - 1, &inside));
        Ok(true)
    }

    fn class(
        &mut self,
        superclass: Option<(&'a str, usize)>,
        name: &'a str,
        offset: usize,
        class_side: bool,
    ) -> Result<bool, FormatError> {
        self.found = true;
        if self.only_looks {
            return Ok(true);
        }
        let mut body = Body::default();
        let read = self.body(&mut body, name, class_side, superclass.is_some());
        self.program.definitions.push(Definition {
            superclass,
            name,
            offset,
            body,
        });
        read.map(|()| true)
    }

    /// `Foo >> bar [ … ]`, from the arrow on.
    fn one_method(&mut self, name: &'a str, class_side: bool) -> Result<bool, FormatError> {
        let offset = self.s.at();
        self.s.bump();
        self.s.bump();
        self.s.skip_space();
        let start = self.s.at();
        let Ok(Some(pattern)) = pattern_at(self.s.text(), start) else {
            return Ok(false);
        };
        let mut behind = Scanner::new(self.s.text(), pattern.end);
        behind.skip_blank().map_err(open_error)?;
        if behind.peek() != b'[' {
            return Ok(false);
        }
        let Some(method) = self.method(last_name(name), class_side)? else {
            return Ok(true);
        };
        self.program.definitions.push(Definition {
            superclass: None,
            name: last_name(name),
            offset,
            body: Body {
                methods: vec![method],
                ..Body::default()
            },
        });
        Ok(true)
    }
}

/// What remains of a range when other ranges are taken out of it.
fn statements(whole: Range<usize>, blank: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = whole.start;
    for range in blank {
        found.push(at..range.start.max(at));
        at = range.end.max(at);
    }
    found.push(at..whole.end);
    found.retain(|r| !r.is_empty());
    found
}

/// The name behind the namespaces: `Smalltalk.Foo` is `Foo`.
fn last_name(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or(dotted)
}

fn unquoted(text: &str, quote: char) -> Cow<'_, str> {
    let doubled: String = [quote, quote].iter().collect();
    if text.contains(&doubled) {
        Cow::Owned(text.replace(&doubled, &quote.to_string()))
    } else {
        Cow::Borrowed(text)
    }
}

#[inline(never)]
fn open_error(open: Open) -> FormatError {
    let help = match open {
        Open::String(_) | Open::Comment(_) => "write the closing quote; one inside is doubled",
        Open::Array(_) => "write the missing `)`",
        Open::Bracket(_) => "write the missing `]`: each class, method and block needs one",
    };
    FormatError::new(open.offset(), open.message()).with("opened here", help)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "\"A script\"
| a |
Object subclass: Account [
    | balance owner |
    <comment: 'It''s money'>
    Count := 0.
    Rate := 3.14 / 100 .
    Account class [ | last | last [ ^ last ] ]
    Account class >> new [ <category: 'making'> ^ super new init ]
    init [ balance := 0. Count := Count + 1 ]
    + amount [ ^ balance + amount ]
    | other [ ^ other ]
    < other [ ^ balance < other ]
]
a := Account new.
| b |
Account extend [ balance [ ^ balance ] ]
Account class extend [ count [ ^ Count ] ].
Smalltalk.Account >> at: x put: y [ ^ #( ] ) ]
Eval [ a balance printNl ]
a + 3
";

    #[test]
    fn a_protocol_that_is_no_string_is_none() {
        let text = "Foo extend [ a [ ^ 1 ] ]\n!Foo methodsFor:é!b'!\na\n\t^ 1! !";
        let count = |text: &str| parse(text, 0).definitions.len();
        assert_eq!((count(text), count(&text.replace("é!b'", "'b'"))), (1, 2));
    }

    #[test]
    fn a_method_between_bangs_has_no_bracket() {
        let text =
            "Foo extend [ a [ ^ 1 ] ] !Foo methodsFor: 'x'! b^3! ! !Foo methodsFor: 'x'! c‘d! !";
        let program = parse(text, 0);
        let all = program.definitions[1..].iter();
        let methods: Vec<_> = all.flat_map(|d| &d.body.methods).collect();
        assert_eq!(
            methods
                .iter()
                .map(|m| &text[m.source.clone()])
                .collect::<Vec<_>>(),
            ["b^3", "c‘d"]
        );
        assert!(methods.iter().all(|m| m.bracket == m.source.end));
    }

    #[test]
    fn a_script() {
        assert!(is_class_body(ACCOUNT, 0));
        let program = parse(ACCOUNT, 0);
        let account = &program.definitions[0];
        assert_eq!(account.superclass, Some(("Object", 17)));
        let body = &account.body;
        assert_eq!(body.inst_vars, ["balance", "owner"]);
        assert_eq!(body.class_inst_vars, ["last"]);
        assert_eq!(body.comment.as_deref(), Some("It's money"));
        let values: Vec<_> = body
            .class_vars
            .iter()
            .map(|(n, r)| (*n, ACCOUNT[r.clone().unwrap()].trim()))
            .collect();
        assert_eq!(values, [("Count", "0"), ("Rate", "3.14 / 100")]);
        let names: Vec<_> = body
            .methods
            .iter()
            .map(|m| (m.class_side, &*m.selector))
            .collect();
        let expected = [
            (true, "last"),
            (true, "new"),
            (false, "init"),
            (false, "+"),
            (false, "|"),
            (false, "<"),
        ];
        assert_eq!(names, expected);
        assert_eq!(body.methods[1].protocol.as_deref(), Some("making"));
        assert_eq!(body.methods[2].line, 10);
        let others: Vec<_> = program.definitions[1..]
            .iter()
            .map(|d| {
                (
                    d.name,
                    d.body.methods[0].class_side,
                    &*d.body.methods[0].selector,
                )
            })
            .collect();
        assert_eq!(
            others,
            [
                ("Account", false, "balance"),
                ("Account", true, "count"),
                ("Account", false, "at:put:")
            ]
        );
        assert_eq!(&ACCOUNT[program.evals[0].clone()], " a balance printNl ");
        let mut rest = ACCOUNT.as_bytes().to_vec();
        for range in &program.blank {
            rest[range.clone()].fill(b' ');
        }
        let rest = String::from_utf8(rest).unwrap();
        let words: Vec<_> = rest.split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "\"A script\" | a | a := Account new. | b | a + 3"
        );
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "3 + 4",
            "Object subclass: #Foo",
            "Foo >> #bar",
            "(Foo extend: [ 3 ]) + 1",
            "Foo class >> #bar",
            "x := [ Foo extend [ ] ]",
            "Eval: [ 3 ]",
            "'open",
        ] {
            assert!(!is_class_body(text, 0), "{text}");
        }
    }

    #[test]
    fn bangs_between() {
        let text =
            "Foo extend [ a [ ] ]!\n3 foo!\n!Foo methodsFor: 'x'!\nb ^ '!'!\nc ^ 2! !\n4 foo!";
        let program = parse(text, 0);
        let names: Vec<_> = program
            .definitions
            .iter()
            .map(|d| &*d.body.methods[0].selector)
            .collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(
            &text[program.definitions[1].body.methods[0].source.clone()],
            "b ^ '!'"
        );
    }

    #[test]
    fn namespaces_are_looked_through() {
        let text = "Namespace current: Foo.Bar [ Object subclass: A [ ] 3 foo ]";
        let program = parse(text, 0);
        assert_eq!(program.definitions[0].name, "A");
        let inside: Vec<_> = program
            .evals
            .iter()
            .map(|r| text[r.clone()].trim())
            .collect();
        assert_eq!(inside, ["", "3 foo"]);
    }

    #[test]
    fn mistakes_have_places() {
        let error = |text: &str| {
            let e = parse(text, 0).errors.remove(0);
            (place_of(text, e.offset).to_string(), e.message)
        };
        assert_eq!(
            error("A extend [ a [ ]"),
            ("1:10".into(), "this bracket is never closed".into())
        );
        assert_eq!(error("A extend [ a [ '] ]").0, "1:16");
        assert_eq!(
            error("A extend [ 3 ]"),
            (
                "1:12".into(),
                "a variable, a method or the bracket that closes A must stand here".into()
            )
        );
        assert_eq!(
            error("A extend [ foo: a ^ 3 ]").1,
            "`[` must follow the pattern of A>>#foo:"
        );
    }

    #[test]
    fn each_mistake_has_its_help() {
        let told = |text: &str| {
            let errors = parse(text, 0).errors;
            let [e] = &errors[..] else {
                panic!("{text}: {errors:?}")
            };
            (e.message.clone(), e.help.clone())
        };
        for (text, message, help) in [
            (
                "bar ^ 3",
                "`[` must follow the pattern of Foo>>#bar",
                "bar [ … ]",
            ),
            (
                "foo() [ ^ 3 ]",
                "Foo>>#foo",
                "with an argument: foo: anObject [ … ]",
            ),
            (
                "def foo [ ^ 3 ]",
                "Foo>>#def",
                "begins with its name: foo [ … ]",
            ),
            (
                "| a := 3 |",
                "by their names alone",
                "initialize [ a := 3 ]",
            ),
            ("d: [ ^ 3 ]", "`d:` has no name", "d: anObject [ … ]"),
        ] {
            let (is, tells) = told(&format!("Object subclass: Foo [\n {text} ]"));
            assert!(
                is.contains(message) && tells.contains(help),
                "{is}; {tells}"
            );
        }
        let open = "Object subclass: Foo [\n  bar [ ^ 1 ]\n  baz: x [ ^ x\n]\nFoo new printNl\nBar subclass: Ex [ q [ ^ 1 ] ]";
        let (is, tells) = told(open);
        assert_eq!(is, "the bracket of Foo>>#baz: is never closed");
        assert!(tells.contains("before line 4"), "{tells}");
    }

    #[test]
    fn a_bang_before_an_operand_is_left_to_the_statement() {
        let text = "Foo extend [ a [ ^ 1 ] ]\n!done foo.\nx := !true. 3 foo!\n";
        let blank = parse(text, 0).blank;
        assert_eq!(blank, [0..25, text.len() - 2..text.len() - 1]);
    }

    #[test]
    fn a_mistake_hides_no_other_one() {
        let text = "Object subclass: A [\n  a ^ 3\n  b [ ^ 1 ]\n  3\n  c: [ ^ 2 ]\n  d [ ^ 3 ]\n]\nA extend [ e [";
        let program = parse(text, 0);
        let places: Vec<_> = program
            .errors
            .iter()
            .map(|e| place_of(text, e.offset).to_string())
            .collect();
        assert_eq!(places, ["2:5", "4:3", "8:14"]);
        assert!(program.is_open);
        let names: Vec<_> = program.definitions[0]
            .body
            .methods
            .iter()
            .map(|m| &*m.selector)
            .collect();
        assert_eq!(names, ["b", "d"]);
    }

    #[test]
    fn no_prefix_of_a_file_panics() {
        for end in 0..ACCOUNT.len() {
            let _ = parse(&ACCOUNT[..end], 0);
        }
    }
}
