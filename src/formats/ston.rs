//! STON, the notation of Tonel's headers: maps, lists, symbols, strings, numbers. JSON, which filetree
//! writes, is read as well.
//!
//! Reads what Tonel files of every version contain, and is lenient where they are sloppy
//! (trailing commas, strings as keys). Knows no keys: that is Tonel's work.

use super::error::FormatError;
use super::scan::Scanner;
use std::borrow::Cow;

/// Maps and lists may nest this deep: headers need three levels, and a scanner must not recurse
/// as deep as its input likes.
const MAX_DEPTH: u32 = 32;

/// A STON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Ston<'a> {
    Nil,
    Bool(bool),
    /// The digits as they stand.
    Number(&'a str),
    String(Cow<'a, str>),
    Symbol(Cow<'a, str>),
    List(Vec<Ston<'a>>),
    Map(Map<'a>),
}

/// A STON map, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a> {
    pub entries: Vec<Entry<'a>>,
}

/// One `#key : value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    pub key: Cow<'a, str>,
    pub value: Ston<'a>,
    /// Byte offset of the value.
    pub offset: usize,
}

impl<'a> Ston<'a> {
    /// The text of a string or symbol.
    pub fn text(&self) -> Option<&str> {
        match self {
            Ston::String(s) | Ston::Symbol(s) => Some(s),
            _ => None,
        }
    }
}

impl<'a> Map<'a> {
    /// The entry whose key is `key`.
    pub fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// The string or symbol at `key`; none if it is absent or nil.
    pub fn text(&self, key: &str) -> Result<Option<&str>, FormatError> {
        match self.entry(key) {
            None => Ok(None),
            Some(Entry {
                value: Ston::Nil, ..
            }) => Ok(None),
            Some(e) => e
                .value
                .text()
                .map(Some)
                .ok_or_else(|| FormatError::new(e.offset, format!("#{key} must be a string"))),
        }
    }

    /// The strings or symbols of the list at `key`; none if it is absent or nil.
    pub fn texts(&self, key: &str) -> Result<Vec<&str>, FormatError> {
        let Some(e) = self.entry(key) else {
            return Ok(Vec::new());
        };
        let wrong = || FormatError::new(e.offset, format!("#{key} must be a list of strings"));
        match &e.value {
            Ston::Nil => Ok(Vec::new()),
            Ston::List(all) => all.iter().map(|v| v.text().ok_or_else(wrong)).collect(),
            _ => Err(wrong()),
        }
    }
}

/// Reads the map that begins under the cursor, which moves behind it.
pub fn map<'a>(s: &mut Scanner<'a>) -> Result<Map<'a>, FormatError> {
    map_at_depth(s, 0)
}

fn map_at_depth<'a>(s: &mut Scanner<'a>, depth: u32) -> Result<Map<'a>, FormatError> {
    let open = s.at();
    if !s.eat(b'{') {
        return Err(FormatError::new(open, "a map in braces must stand here"));
    }
    let mut entries = Vec::new();
    loop {
        s.skip_space();
        if s.eat(b'}') {
            return Ok(Map { entries });
        }
        if s.at_end() {
            return Err(FormatError::new(open, "this map has no closing brace"));
        }
        let key_at = s.at();
        let key = match value(s, depth + 1)? {
            Ston::String(k) | Ston::Symbol(k) => k,
            _ => {
                return Err(FormatError::new(
                    key_at,
                    "a key must be a symbol, such as #name",
                ));
            }
        };
        s.skip_space();
        if !s.eat(b':') {
            let message = format!("a colon must stand between #{key} and its value");
            return Err(FormatError::new(s.at(), message));
        }
        s.skip_space();
        let offset = s.at();
        entries.push(Entry {
            key,
            value: value(s, depth + 1)?,
            offset,
        });
        s.skip_space();
        if !s.eat(b',') && s.peek() != b'}' && !s.at_end() {
            return Err(FormatError::new(
                s.at(),
                "a comma or the map's closing brace must follow",
            ));
        }
    }
}

fn value<'a>(s: &mut Scanner<'a>, depth: u32) -> Result<Ston<'a>, FormatError> {
    if depth > MAX_DEPTH {
        return Err(FormatError::new(s.at(), "this is nested too deep"));
    }
    let start = s.at();
    match s.peek() {
        b'{' => map_at_depth(s, depth).map(Ston::Map),
        b'[' => list(s, depth),
        b'\'' | b'"' => string(s).map(Ston::String),
        b'#' => symbol(s),
        b'-' | b'0'..=b'9' => {
            while matches!(
                s.peek(),
                b'0'..=b'9' | b'-' | b'+' | b'.' | b'/' | b'e' | b'E' | b's'
            ) {
                s.bump();
            }
            Ok(Ston::Number(&s.text()[start..s.at()]))
        }
        _ => match s.identifier() {
            "nil" => Ok(Ston::Nil),
            "true" => Ok(Ston::Bool(true)),
            "false" => Ok(Ston::Bool(false)),
            _ => Err(FormatError::new(
                start,
                "a string, symbol, number, list or map must stand here",
            )),
        },
    }
}

fn list<'a>(s: &mut Scanner<'a>, depth: u32) -> Result<Ston<'a>, FormatError> {
    let open = s.at();
    s.bump();
    let mut elements = Vec::new();
    loop {
        s.skip_space();
        if s.eat(b']') {
            return Ok(Ston::List(elements));
        }
        if s.at_end() {
            return Err(FormatError::new(open, "this list has no closing bracket"));
        }
        elements.push(value(s, depth + 1)?);
        s.skip_space();
        if !s.eat(b',') && s.peek() != b']' && !s.at_end() {
            return Err(FormatError::new(
                s.at(),
                "a comma or the list's closing bracket must follow",
            ));
        }
    }
}

fn symbol<'a>(s: &mut Scanner<'a>) -> Result<Ston<'a>, FormatError> {
    let start = s.at();
    s.bump();
    if s.peek() == b'\'' {
        return string(s).map(Ston::Symbol);
    }
    let from = s.at();
    // Old files write package names such as #Foo-Bar without quotes, and selectors as keys.
    s.rest()
        .chars()
        .take_while(|&c| c.is_alphanumeric() || "_-.:/".contains(c))
        .for_each(|_| s.bump());
    let mut text = &s.text()[from..s.at()];
    // In `#name:'x'` the colon belongs to the map.
    if text.ends_with(':') && text.matches(':').count() == 1 {
        text = &text[..text.len() - 1];
        *s = Scanner::new(s.text(), from + text.len());
    }
    if text.is_empty() {
        return Err(FormatError::new(start, "a name must follow the #"));
    }
    Ok(Ston::Symbol(Cow::Borrowed(text)))
}

/// A string: STON's escapes with a backslash, and Smalltalk's doubled quote. Ends as it begins.
fn string<'a>(s: &mut Scanner<'a>) -> Result<Cow<'a, str>, FormatError> {
    let open = s.at();
    let quote = s.peek();
    s.bump();
    let from = s.at();
    let mut owned: Option<String> = None;
    loop {
        if s.at_end() {
            return Err(FormatError::new(open, "this string has no closing quote"));
        }
        let here = s.at();
        match s.peek() {
            c if c == quote && s.peek_at(1) != quote => {
                s.bump();
                let plain = &s.text()[from..here];
                return Ok(owned.map_or(Cow::Borrowed(plain), Cow::Owned));
            }
            c if c == quote => {
                owned
                    .get_or_insert_with(|| s.text()[from..here].to_string())
                    .push(quote as char);
                s.bump();
                s.bump();
            }
            b'\\' => {
                let mut text = owned
                    .take()
                    .unwrap_or_else(|| s.text()[from..here].to_string());
                s.bump();
                text.push(escape(s)?);
                owned = Some(text);
            }
            _ => {
                s.bump();
                if let Some(text) = &mut owned {
                    text.push_str(&s.text()[here..s.at()]);
                }
            }
        }
    }
}

/// The character that the escape behind a backslash stands for.
fn escape(s: &mut Scanner<'_>) -> Result<char, FormatError> {
    let at = s.at();
    let unknown = || FormatError::new(at, "this escape is unknown");
    let c = s.rest().chars().next().ok_or_else(unknown)?;
    s.bump();
    Ok(match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{C}',
        'u' => {
            let digits = s.rest().get(..4).ok_or_else(unknown)?;
            let code = u32::from_str_radix(digits, 16).map_err(|_| unknown())?;
            (0..4).for_each(|_| s.bump());
            char::from_u32(code).ok_or_else(unknown)?
        }
        '\'' | '"' | '\\' | '/' => c,
        _ => return Err(unknown()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Map<'_>, FormatError> {
        map(&mut Scanner::new(text, 0))
    }

    fn message(text: &str) -> (usize, String) {
        let e = read(text).unwrap_err();
        (e.offset, e.message)
    }

    #[test]
    fn every_version_of_tonel() {
        for text in [
            "{ #name : 'Foo', #vars : [ 'a', 'b' ], }",
            "{#name:#Foo,#vars:[#a,#'b']}",
            "{ 'name' : #'Foo' , 'vars' : [ 'a' , #b , ] }",
            "{ \"name\" : \"Foo\", \"vars\" : [ \"a\", \"b\" ] }",
        ] {
            let m = read(text).unwrap();
            assert_eq!(m.text("name"), Ok(Some("Foo")), "{text}");
            assert_eq!(m.texts("vars"), Ok(vec!["a", "b"]), "{text}");
            assert_eq!(m.text("absent"), Ok(None));
        }
    }

    #[test]
    fn every_kind_of_value() {
        let m =
            read("{ #a : nil, #b : true, #c : -1.5e3, #d : { #x : [ ] }, #e : #Foo-Bar }").unwrap();
        assert_eq!(m.entries[0].value, Ston::Nil);
        assert_eq!(m.entries[1].value, Ston::Bool(true));
        assert_eq!(m.entries[2].value, Ston::Number("-1.5e3"));
        assert!(matches!(&m.entries[3].value, Ston::Map(d) if d.entries.len() == 1));
        assert_eq!(m.text("e"), Ok(Some("Foo-Bar")));
        assert_eq!(m.text("a"), Ok(None));
    }

    #[test]
    fn escapes() {
        let m = read(r"{ #a : 'it''s', #b : 'it\'s \u00e9\n' }").unwrap();
        assert_eq!(m.text("a"), Ok(Some("it's")));
        assert_eq!(m.text("b"), Ok(Some("it's é\n")));
    }

    #[test]
    fn mistakes_have_places() {
        assert_eq!(
            message("{ #a : 1"),
            (0, "this map has no closing brace".into())
        );
        assert_eq!(message("{ #a 1 }").0, 5);
        assert_eq!(message("{ 1 : 1 }").0, 2);
        assert_eq!(message("{ #a : foo }").0, 7);
        assert_eq!(message("{ #a : 'x }").0, 7);
        assert_eq!(message("{ #a : [ 1 2 ] }").0, 11);
        assert_eq!(message("{ #a : '\\q' }").1, "this escape is unknown");
        assert_eq!(
            message(&format!("{{ #a : {}", "[".repeat(9999))).1,
            "this is nested too deep"
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        let m = read("{ #a : 1, #b : [ 1 ] }").unwrap();
        assert_eq!(m.text("a").unwrap_err().message, "#a must be a string");
        assert_eq!(m.texts("b").unwrap_err().offset, 15);
    }
}
