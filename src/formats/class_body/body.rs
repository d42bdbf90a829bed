//! What stands between the brackets of a class in GNU Smalltalk's syntax: variables, attributes, methods.
//!
//! Passes over a method that cannot be read, so that it hides no other one. Never looks at what lies between classes.

use super::{Body, Reader, last_name, open_error, unquoted};
use crate::formats::error::{FormatError, place_of};
use crate::formats::scan::{Open, Scanner};
use crate::formats::selector::{Pattern, pattern_at};
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
                return Err(self.never_closed(open, body));
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
            let error = no_pattern(text, start, owner);
            return self.unreadable(error);
        };
        self.s = Scanner::new(text, pattern.end);
        self.s.skip_blank().map_err(open_error)?;
        let bracket = self.s.at();
        if self.s.peek() != b'[' {
            let error = no_bracket(&text[start..pattern.end], &text[bracket..], owner, &pattern);
            return self.unreadable(FormatError {
                offset: bracket,
                ..error
            });
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

    /// The class is open at the end of the text. Where a method's last bracket stands further to the left than the
    /// method begins, it was meant to close the class: that method is what lacks one, and all behind it was
    /// misunderstood.
    fn never_closed(&mut self, open: usize, body: &mut Body<'a>) -> FormatError {
        let text = self.s.text();
        // Where the line of a place begins, and how far it is indented.
        let indented = |at: usize| {
            let line = text[..at].rfind(['\n', '\r']).map_or(0, |n| n + 1);
            let rest = &text[line..];
            (
                line,
                rest.len() - rest.trim_start_matches([' ', '\t']).len(),
            )
        };
        let closer = |m: &Method<'_>| {
            let behind = &text[m.source.end..];
            m.source.end + behind.len() - behind.trim_start().len()
        };
        let short = body.methods.iter().find(|m| {
            let (line, depth) = indented(closer(m));
            let (first, own) = indented(m.source.start);
            line > first && line + depth == closer(m) && depth < own
        });
        let Some(method) = short else {
            return open_error(Open::Bracket(open));
        };
        let end = closer(method);
        self.program.errors.retain(|e| e.offset < end);
        let message = format!(
            "the bracket of {}>>#{} is never closed",
            method.owner, method.selector
        );
        let help = format!(
            "write the missing `]` before line {}: the bracket there looks like that of the class",
            place_of(text, end).line
        );
        let error = FormatError::new(method.bracket, message).with("opened here", help);
        body.methods.retain(|m| m.source.start < end);
        error
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

/// What stands where a method should, and has no pattern.
fn no_pattern(text: &str, start: usize, owner: &str) -> FormatError {
    let mut s = Scanner::new(text, start);
    let name = s.identifier();
    if !name.is_empty() && s.peek() == b':' {
        let message = format!("the argument of `{name}:` has no name");
        let help = format!("a method with an argument is written: {name}: anObject [ … ]");
        return FormatError::new(start, message).with("a name must follow", help);
    }
    let message =
        format!("a variable, a method or the bracket that closes {owner} must stand here");
    FormatError::new(start, message).with(
        "none of them",
        "a method of a class in brackets is written: name [ … ]; variables: | a b |",
    )
}

/// What stands behind a method's pattern, and is no bracket; the place is the caller's.
fn no_bracket(written: &str, behind: &str, owner: &str, pattern: &Pattern<'_>) -> FormatError {
    let selector = &*pattern.selector;
    if selector == "|" {
        return FormatError::new(0, "variables are declared by their names alone").with(
            "not a name",
            "write | a b |, and give them their values in a method: initialize [ a := 3 ]",
        );
    }
    let message = format!("`[` must follow the pattern of {owner}>>#{selector}");
    let word = behind
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let (label, help) = if behind.starts_with('(') && pattern.num_args == 0 {
        (
            "no parentheses here",
            format!(
                "a method is written: {selector} [ … ], or with an argument: {selector}: anObject [ … ]"
            ),
        )
    } else if ["def", "function", "func", "fun", "fn", "method", "void"].contains(&selector)
        && !word.is_empty()
    {
        (
            "expected `[`",
            format!("a method begins with its name: {word} [ … ]"),
        )
    } else {
        (
            "expected `[`",
            format!("a method of a class in brackets is written: {written} [ … ]"),
        )
    };
    FormatError::new(0, message).with(label, help)
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
