//! What stands between the brackets of a class in GNU Smalltalk's syntax: variables, attributes, methods.
//!
//! Passes over a method that cannot be read, so that it hides no other one. Never looks at what lies between classes.

use super::{Body, Reader, last_name, open_error, unquoted};
use crate::formats::error::{FormatError, place_of};
use crate::formats::scan::{Open, Scanner};
use crate::formats::selector::pattern_at;
use crate::formats::tonel::Method;
use std::borrow::Cow;

impl<'a> Reader<'a> {
    /// The body under the cursor, brackets included.
    pub(super) fn body(
        &mut self,
        body: &mut Body<'a>,
        name: &'a str,
        class_side: bool,
        may_comment: bool,
    ) -> Result<(), FormatError> {
        let open = self.s.at();
        self.s.bump();
        let mut first = may_comment;
        loop {
            self.s.skip_space();
            if self.s.at_end() {
                return Err(open_error(Open::Bracket(open)));
            }
            let start = self.s.at();
            match self.s.peek() {
                b']' => {
                    self.s.bump();
                    return Ok(());
                }
                b'"' => {
                    self.s.skip_comment().map_err(open_error)?;
                    if first {
                        let text = &self.s.text()[start + 1..self.s.at() - 1];
                        body.comment = Some(unquoted(text, '"'));
                    }
                }
                b'|' if self.variables(body, class_side) => {}
                b'<' if self.attribute(body)? => {}
                _ if self.class_variable(body)? => {}
                _ if self.class_part(body, name)? => {}
                _ => {
                    self.s = Scanner::new(self.s.text(), start);
                    let method = self.method(name, class_side)?;
                    body.methods.extend(method);
                }
            }
            first = false;
        }
    }

    /// `| a b |`; false, and the cursor where it was, if it is something else.
    fn variables(&mut self, body: &mut Body<'a>, class_side: bool) -> bool {
        let mut s = self.s;
        s.bump();
        let mut names = Vec::new();
        loop {
            if s.skip_blank().is_err() {
                return false;
            }
            if s.eat(b'|') {
                break;
            }
            match s.identifier() {
                "" => return false,
                name => names.push(name),
            }
        }
        self.s = s;
        match class_side {
            true => body.class_inst_vars.extend(names),
            false => body.inst_vars.extend(names),
        }
        true
    }

    /// `<comment: 'x'>` and its like; false, and the cursor where it was, if it is something else.
    fn attribute(&mut self, body: &mut Body<'a>) -> Result<bool, FormatError> {
        let start = self.s;
        self.s.bump();
        self.s.skip_space();
        let key = self.s.identifier();
        if key.is_empty() || !self.s.eat(b':') {
            self.s = start;
            return Ok(false);
        }
        self.s.skip_blank().map_err(open_error)?;
        let from = self.s.at();
        let text = if self.s.peek() == b'\'' {
            self.s.skip_string().map_err(open_error)?;
            unquoted(&self.s.text()[from + 1..self.s.at() - 1], '\'')
        } else {
            self.s.eat(b'#');
            Cow::Borrowed(self.s.dotted_name())
        };
        let word = match text {
            Cow::Borrowed(word) => last_name(word),
            Cow::Owned(_) => "",
        };
        match key {
            "comment" => body.comment = Some(text),
            "category" => body.category = Some(text),
            "traits" => body.traits = Some(text),
            "shape" => body.shape = Some(word),
            "import" if !word.is_empty() => body.pools.push(word),
            _ => {}
        }
        while !self.s.at_end() && !self.s.eat(b'>') {
            if !self.s.skip_quoted().map_err(open_error)? {
                self.s.bump();
            }
        }
        Ok(true)
    }

    /// `Foo := expression.`; false, and the cursor somewhere, if it is something else.
    fn class_variable(&mut self, body: &mut Body<'a>) -> Result<bool, FormatError> {
        let mut s = self.s;
        let name = s.identifier();
        s.skip_blank().map_err(open_error)?;
        if name.is_empty() || !(s.rest().starts_with(":=") || s.rest().starts_with('_')) {
            return Ok(false);
        }
        let assignment = if s.peek() == b':' { 2 } else { 1 };
        let from = s.at() + assignment;
        self.s = Scanner::new(s.text(), from);
        self.statement(true)?;
        let text = &self.s.text()[from..self.s.at()];
        let text = text.trim_end().trim_end_matches('.').trim_end();
        let value = from..from + text.len();
        body.class_vars
            .push((name, (!text.trim().is_empty()).then_some(value)));
        Ok(true)
    }

    /// `Foo class >> bar [ … ]`, `Foo >> bar [ … ]`, `Foo class [ … ]`; false, and the cursor somewhere,
    /// if it is something else.
    fn class_part(&mut self, body: &mut Body<'a>, name: &'a str) -> Result<bool, FormatError> {
        let mut s = self.s;
        let owner = last_name(s.dotted_name());
        s.skip_blank().map_err(open_error)?;
        let mut behind = s;
        let class_side = behind.identifier() == "class";
        if class_side {
            behind.skip_blank().map_err(open_error)?;
        } else {
            behind = s;
        }
        if owner.is_empty() {
            return Ok(false);
        }
        if class_side && owner == name && behind.peek() == b'[' {
            self.s = behind;
            self.body(body, name, true, false)?;
            return Ok(true);
        }
        if !behind.rest().starts_with(">>") {
            return Ok(false);
        }
        behind.bump();
        behind.bump();
        behind.skip_space();
        self.s = behind;
        let method = self.method(owner, class_side)?;
        body.methods.extend(method);
        Ok(true)
    }

    /// The method whose pattern begins here; none, with the reason among the errors, if it cannot be read.
    pub(super) fn method(
        &mut self,
        owner: &'a str,
        class_side: bool,
    ) -> Result<Option<Method<'a>>, FormatError> {
        let text = self.s.text();
        let start = self.s.at();
        let Ok(Some(pattern)) = pattern_at(text, start) else {
            let message =
                format!("a variable, a method or the bracket that closes {owner} must stand here");
            return self.unreadable(FormatError::new(start, message));
        };
        self.s = Scanner::new(text, pattern.end);
        self.s.skip_blank().map_err(open_error)?;
        let bracket = self.s.at();
        if self.s.peek() != b'[' {
            let message = format!(
                "`[` must follow the pattern of {owner}>>#{}",
                pattern.selector
            );
            return self.unreadable(FormatError::new(bracket, message));
        }
        self.s.skip_brackets().map_err(open_error)?;
        let body = text[bracket + 1..self.s.at() - 1].trim_end();
        Ok(Some(Method {
            owner,
            class_side,
            protocol: protocol_in(body),
            selector: pattern.selector,
            source: start..bracket + 1 + body.len(),
            bracket,
            pattern_end: pattern.end,
            line: place_of(text, start).line,
        }))
    }

    /// Skips a method that cannot be read: to the next line that begins like one, behind the brackets of its body, or
    /// to the bracket that closes its class.
    fn unreadable(&mut self, error: FormatError) -> Result<Option<Method<'a>>, FormatError> {
        self.program.errors.push(error);
        while !self.s.at_end() && self.s.peek() != b']' {
            if self.s.peek() == b'[' {
                self.s.skip_brackets().map_err(open_error)?;
                break;
            }
            if self.s.skip_quoted().map_err(open_error)? {
                continue;
            }
            let from = self.s.at();
            self.s.bump();
            self.s.skip_blank().map_err(open_error)?;
            let new_line = self.s.text()[from..self.s.at()].contains(['\n', '\r']);
            if new_line && self.begins_method()? {
                break;
            }
        }
        Ok(None)
    }

    fn begins_method(&self) -> Result<bool, FormatError> {
        let Ok(Some(pattern)) = pattern_at(self.s.text(), self.s.at()) else {
            return Ok(false);
        };
        let mut behind = Scanner::new(self.s.text(), pattern.end);
        behind.skip_blank().map_err(open_error)?;
        Ok(behind.peek() == b'[')
    }
}

/// What `<category: 'x'>` in a method says.
fn protocol_in(body: &str) -> Option<Cow<'_, str>> {
    let rest = body.split_once("<category:")?.1.trim_start();
    let mut s = Scanner::new(rest, 0);
    if s.peek() != b'\'' {
        return None;
    }
    s.skip_string().ok()?;
    Some(unquoted(&rest[1..s.at() - 1], '\''))
}
