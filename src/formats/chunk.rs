//! Chunk format: the file-outs of Pharo, Squeak, Cuis and Dolphin.
//!
//! Says which chunks are do-its, which are methods and which are comments. The format is blind to
//! Smalltalk: a `!` ends a chunk wherever it stands, and `!!` is a literal one. Nothing is evaluated
//! here, and no text is refused: what is wrong with a chunk, the parser will say.

use super::scan::{Scanner, ends_line};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The text between two bangs, white space around it left off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub range: Range<usize>,
    /// The line that it begins on, from 1.
    pub line: u32,
    /// The column of its first character in that line, from 1.
    pub column: u32,
    /// Did a bang end it, and not the end of the file?
    pub ended: bool,
}

impl Chunk {
    /// The chunk's text with `!!` made `!`.
    pub fn text<'a>(&self, file: &'a str) -> Cow<'a, str> {
        let raw = &file[self.range.clone()];
        if raw.contains("!!") {
            Cow::Owned(raw.replace("!!", "!"))
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// Where byte `offset` of `text` lies in the file.
    pub fn file_offset(&self, file: &str, offset: usize) -> usize {
        let raw = &file[self.range.clone()];
        let mut shift = 0;
        for (i, _) in raw.match_indices("!!") {
            // The i-th byte of the raw text is byte i - shift of the text.
            if i - shift >= offset {
                break;
            }
            shift += 1;
        }
        (self.range.start + offset + shift).min(self.range.end)
    }
}

/// What a chunk is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// To be evaluated.
    DoIt(Chunk),
    /// To be compiled in a class.
    Method {
        owner: Owner,
        protocol: Option<Arc<str>>,
        source: Chunk,
    },
    /// A class comment; the chunk is the comment itself, no literal.
    Comment { owner: Owner, text: Chunk },
}

/// The class that `Foo` or `Foo class` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub name: Arc<str>,
    pub class_side: bool,
    /// Where the name stands in the file.
    pub offset: usize,
}

/// What a metadata chunk, `!…!`, announces.
enum Metadata {
    Methods(Owner, Option<Arc<str>>),
    Comment(Owner),
    /// The next chunk is of no use to us.
    SkipOne,
    /// The chunks up to the next empty one are of no use to us.
    SkipSection,
    Nothing,
    /// Not one of the known ones: an expression like any other.
    DoIt,
}

/// Is the `!` at byte `at` one between chunks? White space stands behind it, nothing, or the announcement of chunks;
/// before an operand it negates, in other languages.
pub fn is_separator(text: &str, at: usize) -> bool {
    let Some(behind) = text[at..].strip_prefix('!') else {
        return false;
    };
    behind.is_empty()
        || behind.starts_with(char::is_whitespace)
        || !matches!(classify(text, at + 1..text.len()), Metadata::DoIt)
}

/// Takes a file apart.
pub fn parse(text: &str) -> Vec<Item> {
    let start = if text.starts_with('\u{FEFF}') {
        '\u{FEFF}'.len_utf8()
    } else {
        0
    };
    let mut reader = Reader {
        text,
        at: start,
        counted: 0,
        line: 1,
        line_start: start,
    };
    let mut items = Vec::new();
    loop {
        reader.skip_space();
        let rest = &text[reader.at..];
        if rest.is_empty() {
            return items;
        }
        if rest.starts_with(']') {
            reader.chunk();
        } else if rest.starts_with('!') {
            reader.at += 1;
            reader.metadata(&mut items);
        } else if let Some(chunk) = reader.chunk()
            && !gives_identity(&text[chunk.range.clone()])
        {
            items.push(Item::DoIt(chunk));
        }
    }
}

/// `Foo guid: (GUID fromString: '…')`: Dolphin knows its classes by such numbers, nobody else does.
fn gives_identity(text: &str) -> bool {
    let mut s = Scanner::new(text, 0);
    let named = !s.identifier().is_empty();
    s.skip_space();
    named && s.rest().starts_with("guid:")
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Lines before byte `counted`.
    counted: usize,
    line: u32,
    /// Where that line begins.
    line_start: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The chunk that begins here; none if it is empty.
    fn chunk(&mut self) -> Option<Chunk> {
        self.skip_space();
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut ended = true;
        let end = loop {
            match bytes[at..].iter().position(|&b| b == b'!') {
                None => {
                    ended = false;
                    self.at = bytes.len();
                    break bytes.len();
                }
                Some(n) if bytes.get(at + n + 1) == Some(&b'!') => at += n + 2,
                Some(n) => {
                    self.at = at + n + 1;
                    break at + n;
                }
            }
        };
        let end = start + self.text[start..end].trim_end().len();
        for i in self.counted..start {
            if ends_line(bytes, i) {
                self.line += 1;
                self.line_start = i + 1;
            }
        }
        self.counted = start;
        let before = self.text.get(self.line_start..start);
        (start < end).then_some(Chunk {
            range: start..end,
            line: self.line,
            column: before.map_or(0, |t| t.chars().count() as u32) + 1,
            ended,
        })
    }

    /// The chunk of a section; none at its end. Style runs are skipped.
    fn section_chunk(&mut self) -> Option<Chunk> {
        loop {
            self.skip_space();
            if !self.text[self.at..].starts_with(']') {
                return self.chunk();
            }
            self.chunk();
        }
    }

    /// The metadata chunk that begins here, with what it announces.
    fn metadata(&mut self, items: &mut Vec<Item>) {
        let Some(chunk) = self.chunk() else { return };
        match classify(self.text, chunk.range.clone()) {
            Metadata::Methods(owner, protocol) => {
                while let Some(source) = self.section_chunk() {
                    items.push(Item::Method {
                        owner: owner.clone(),
                        protocol: protocol.clone(),
                        source,
                    });
                }
            }
            Metadata::Comment(owner) => {
                if let Some(text) = self.section_chunk() {
                    items.push(Item::Comment { owner, text });
                }
            }
            Metadata::SkipOne => {
                self.chunk();
            }
            Metadata::SkipSection => while self.section_chunk().is_some() {},
            Metadata::Nothing => {}
            Metadata::DoIt => items.push(Item::DoIt(chunk)),
        }
    }
}

fn classify(text: &str, chunk: Range<usize>) -> Metadata {
    let mut s = Scanner::new(&text[..chunk.end], chunk.start);
    let offset = s.at();
    let name = s.identifier();
    let colon = s.eat(b':');
    match name {
        "classDefinition"
        | "provides"
        | "requires"
        | "methodRemoval"
        | "classRemoval"
        | "classRenamed"
        | "classMoveToSomePackage"
            if colon =>
        {
            return Metadata::Nothing;
        }
        "description" => return Metadata::Nothing,
        _ => {}
    }
    s.skip_space();
    let mut word = s.identifier();
    let class_side = matches!(word, "class" | "classSide" | "classTrait");
    if class_side {
        s.skip_space();
        word = s.identifier();
    }
    let owner = Owner {
        name: name.into(),
        class_side,
        offset,
    };
    match word {
        "methodsFor" | "publicMethodsFor" | "privateMethodsFor" => {
            let has_protocol = s.eat(b':');
            Metadata::Methods(owner, has_protocol.then(|| string_at(&mut s)).flatten())
        }
        "commentStamp" => Metadata::Comment(owner),
        "reorganize" => Metadata::SkipOne,
        "categoriesForMethods" | "categoriesForClass" | "categoriesFor" => Metadata::SkipSection,
        _ => Metadata::DoIt,
    }
}

/// The string or symbol behind the cursor, taken as Smalltalk does.
fn string_at(s: &mut Scanner<'_>) -> Option<Arc<str>> {
    s.skip_space();
    if s.eat(b'#') && s.peek() != b'\'' {
        let name = s.identifier();
        return (!name.is_empty()).then(|| name.into());
    }
    if s.peek() != b'\'' {
        return None;
    }
    let start = s.at() + 1;
    s.skip_string().ok()?;
    let inside = &s.text()[start..s.at() - 1];
    if !inside.contains("''") && !inside.contains("!!") {
        return Some(inside.into());
    }
    Some(inside.replace("''", "'").replace("!!", "!").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE_OUT: &str = "'From Pharo13 of 1 May 2026'!

Object subclass: #Foo
\tinstanceVariableNames: 'a'
\tclassVariableNames: ''
\tpackage: 'Bar'!

!Foo commentStamp: 'me 1/1/2026' prior: 0!
I am not 'quoted. Wow!!!

!Foo methodsFor: 'it''s' stamp: 'me 1/1/2026 10:00'!
a
\t^ 'yes!!'! !
!Foo methodsFor: 'b'!
b
\t\"say it!!\"
\t^ a!

c: x
\ta _ x! ]style[(14 2)f1,f2! !

!Foo class methodsFor!
new ^ super new! !

Foo initialize!
";

    /// A line for each item: kind, owner, protocol, text.
    fn dump(text: &str) -> Vec<String> {
        let side = |o: &Owner| if o.class_side { " class" } else { "" };
        let flat = |c: &Chunk| format!("{}: {}", c.line, c.text(text).replace('\n', "/"));
        parse(text)
            .iter()
            .map(|item| match item {
                Item::DoIt(c) => format!("do {}", flat(c)),
                Item::Method {
                    owner,
                    protocol,
                    source,
                } => {
                    let protocol = protocol.as_deref().unwrap_or("-");
                    format!(
                        "{}{} ({protocol}) {}",
                        owner.name,
                        side(owner),
                        flat(source)
                    )
                }
                Item::Comment { owner, text } => {
                    format!("{}{} comment {}", owner.name, side(owner), flat(text))
                }
            })
            .collect()
    }

    #[test]
    fn a_file_out() {
        assert_eq!(
            dump(FILE_OUT),
            [
                "do 1: 'From Pharo13 of 1 May 2026'",
                "do 3: Object subclass: #Foo/\tinstanceVariableNames: 'a'/\tclassVariableNames: ''/\tpackage: 'Bar'",
                "Foo comment 9: I am not 'quoted. Wow!",
                "Foo (it's) 12: a/\t^ 'yes!'",
                "Foo (b) 15: b/\t\"say it!\"/\t^ a",
                "Foo (b) 19: c: x/\ta _ x",
                "Foo class (-) 23: new ^ super new",
                "do 25: Foo initialize",
            ]
        );
    }

    #[test]
    fn carriage_returns_do_no_harm() {
        let text = FILE_OUT.replace('\n', "\r\n");
        let items = parse(&text);
        assert_eq!(items.len(), 8);
        assert!(matches!(&items[6], Item::Method { source, .. } if source.line == 23));
    }

    #[test]
    fn what_others_write() {
        let cuis = "!classDefinition: #Foo category: #'Bar'!\nObject subclass: #Foo!\n!provides: 'X' 1 2!\n!Description x!";
        assert_eq!(
            dump(cuis),
            ["do 2: Object subclass: #Foo", "do 4: Description x"]
        );
        let dolphin = "!Foo methodsFor!\na ^ 1! !\n!Foo categoriesForMethods!\na!public! !\nFoo a!";
        assert_eq!(dump(dolphin), ["Foo (-) 2: a ^ 1", "do 5: Foo a"]);
        assert_eq!(dump("!Foo reorganize!\n('x' a)! !3!"), ["do 2: 3"]);
        assert_eq!(
            dump("!Foo classTrait methodsFor: #x!\na! !"),
            ["Foo class (x) 2: a"]
        );
    }

    #[test]
    fn an_open_end_is_a_chunk_and_empty_chunks_are_none() {
        assert_eq!(dump("3! ! !\n4"), ["do 1: 3", "do 2: 4"]);
        assert_eq!(dump("!Foo methodsFor: 'x'!\na ^ 1"), ["Foo (x) 2: a ^ 1"]);
        assert_eq!(dump(""), [""; 0]);
    }

    #[test]
    fn places() {
        let places = |text: &str| -> Vec<(u32, u32, bool)> {
            let chunk = |item: &Item| match item {
                Item::DoIt(c) | Item::Method { source: c, .. } | Item::Comment { text: c, .. } => {
                    (c.line, c.column, c.ended)
                }
            };
            parse(text).iter().map(chunk).collect()
        };
        let expected = [(1, 1, true), (1, 5, true), (3, 2, false)];
        assert_eq!(
            places("1! é!\n\n 3"),
            [(1, 1, true), (1, 4, true), (3, 2, false)]
        );
        assert_eq!(places("1!  2!\r\r 3"), expected);
        assert_eq!(places("1!  2!\r\n\r\n 3"), expected);
        assert_eq!(places("\u{FEFF}1! 2"), [(1, 1, true), (1, 4, false)]);
    }

    #[test]
    fn offsets_lead_back_into_the_file() {
        let text = "  'a!!b' foo!";
        let items = parse(text);
        let [Item::DoIt(chunk)] = &items[..] else {
            panic!("one do-it")
        };
        let unescaped = chunk.text(text);
        assert_eq!(unescaped, "'a!b' foo");
        for what in ["'a", "!", "b'", "foo"] {
            let there = chunk.file_offset(text, unescaped.find(what).unwrap());
            assert!(text[there..].starts_with(what), "{what} at {there}");
        }
    }

    #[test]
    fn no_prefix_of_a_file_panics() {
        for end in 0..FILE_OUT.len() {
            let _ = dump(&FILE_OUT[..end]);
        }
    }
}
