//! What a stack looks like to a person: classes, selectors, places.

use super::Vm;
use super::code::{Code, flags};
use super::frame::{FrameAt, StackView};
use super::process::Proc;
use chirp_grammar::Line;
use std::ops::Range;
use std::sync::Arc;

/// Frames kept at the top and at the bottom of a long trace.
const KEPT: usize = 20;

/// One activation, as far as a person wants to know it. There may be more to it one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// `Array(Collection)>>do:`, `[] in Foo>>bar`, `script`.
    pub name: String,
    /// File, or none for text that was typed in.
    pub file: Option<Arc<str>>,
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Column in characters, from 1; 0 when unknown.
    pub column: usize,
    /// Line in which the expression ends.
    pub end_line: usize,
    /// Column behind its last character.
    pub end_column: usize,
    /// Its bytes in the text that the host gave with the call that failed; none if it stands elsewhere.
    pub span: Option<Range<usize>>,
    /// The line of source.
    pub source: String,
    /// Whether the method belongs to the library.
    pub library: bool,
}

impl Vm {
    /// The frames from `frame` down, the topmost first; long traces lose their middle.
    pub(crate) fn trace(&self, proc: &Proc, frame: FrameAt) -> (Vec<Frame>, usize) {
        let view = StackView::of(proc);
        let mut top = Vec::new();
        let mut bottom = std::collections::VecDeque::new();
        let mut omitted = 0;
        for f in view.walk(frame) {
            if top.len() < KEPT {
                top.push(self.describe(view, f));
                continue;
            }
            bottom.push_back(f);
            if bottom.len() > KEPT {
                bottom.pop_front();
                omitted += 1;
            }
        }
        top.extend(bottom.into_iter().map(|f| self.describe(view, f)));
        (top, omitted)
    }

    /// One frame, described.
    pub(crate) fn describe(&self, view: StackView<'_>, frame: FrameAt) -> Frame {
        let code = view.code(frame.offset);
        let receiver = view.receiver(&self.heap, frame.offset);
        let class = self.heap.class_of(receiver);
        let pc = code.shown_pc(frame);
        let (line, column, source) = self.place(code, pc);
        let (end_line, end_column) = self.place_behind(code, pc);
        let Some(method) = self.classes.methods.get(code.method as usize) else {
            return Frame::default();
        };
        let selector = self.symbols.text(method.selector);
        let own = self.classes.name(class);
        let defined = self.classes.name(method.class);
        let block = if code.flags & flags::BLOCK != 0 {
            "[] in "
        } else {
            ""
        };
        let name = if selector == "DoIt" {
            format!("{block}script")
        } else if own == defined {
            format!("{block}{own}>>{selector}")
        } else {
            format!("{block}{own}({defined})>>{selector}")
        };
        Frame {
            name,
            file: method.source.file.clone(),
            line,
            column,
            end_line,
            end_column,
            span: None,
            source,
            library: method.source.library,
        }
    }

    /// Line and column in its file, and the line's text, of the instruction in front of `pc`.
    pub(crate) fn place(&self, code: &Code, pc: super::Pc) -> (usize, usize, String) {
        let Some(method) = self.classes.methods.get(code.method as usize) else {
            return Default::default();
        };
        let text = method.source.text.as_str();
        let at = (code.span_before(pc).start as usize).min(text.len());
        let at = (0..=at)
            .rev()
            .find(|&i| text.is_char_boundary(i))
            .unwrap_or(0);
        let line = Line::at(text, at);
        let mut shown = text[line.start..line.end].trim_end().to_string();
        let bracket = Some(method.source.bracket as usize).filter(|&at| at > 0);
        let bracket = bracket.and_then(|at| at.checked_sub(line.start));
        if let Some(at) = bracket.filter(|&at| shown.as_bytes().get(at) == Some(&b' ')) {
            shown.replace_range(at..at + 1, "[");
        }
        let mut column = line.column(text, at);
        if line.number == 1 && method.source.column > 1 {
            // The rest of the file's line, where it stands there.
            let indent = method.source.column as usize - 1;
            shown.insert_str(0, &" ".repeat(indent));
            column += indent;
        }
        let number = line.number + method.source.line as usize - 1;
        (number, column, shown)
    }

    /// Line and column in its file where the expression of the instruction in front of `pc` ends.
    fn place_behind(&self, code: &Code, pc: super::Pc) -> (usize, usize) {
        let Some(method) = self.classes.methods.get(code.method as usize) else {
            return Default::default();
        };
        let text = method.source.text.as_str();
        let at = code.span_before(pc).end as usize;
        let line = Line::at(text, at);
        let mut column = line.column(text, at);
        if line.number == 1 && method.source.column > 1 {
            column += method.source.column as usize - 1;
        }
        (line.number + method.source.line as usize - 1, column)
    }
}
