//! Diagnostics as plain text: place, source lines, carets, help.
//!
//! Counts display columns, so that carets stand below what they mean. Knows no colours.

use crate::sorting::sort_by;
use std::fmt::Write as _;

use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::line::{Line, clamp};

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// Longer lines are cut around the carets.
const WIDTH: usize = 160;

impl Diagnostic {
    /// Line and column of the culprit in `source`, both from 1; the column counts characters.
    pub fn position(&self, source: &str) -> (usize, usize) {
        let place = Line::at(source, self.span.start as usize);
        (place.number, place.column(source, self.span.start as usize))
    }

    /// Line and column behind the culprit, counted likewise.
    pub fn end_position(&self, source: &str) -> (usize, usize) {
        let end = clamp(source, self.span.end.max(self.span.start) as usize);
        let place = Line::at(source, end);
        (place.number, place.column(source, end))
    }

    /// The whole message, with a line end at the end:
    ///
    /// ```text
    /// error[E0108]: nothing on the right of `+`
    ///  --> example.st:1:8
    ///   |
    /// 1 | a := 3 + .
    ///   |        ^ expected a value after this
    ///   = help: …
    /// ```
    pub fn render(&self, name: &str, source: &str) -> String {
        let (line, column) = self.position(source);
        let mut marks = vec![Mark::new(source, self.span, '^', &self.label)];
        if let Some((span, label)) = &self.secondary {
            marks.push(Mark::new(source, *span, '-', label));
        }
        sort_by(&mut marks, |a, b| {
            (a.line.number, a.from).cmp(&(b.line.number, b.from))
        });
        let digits = marks
            .last()
            .map_or(1, |mark| mark.line.number)
            .to_string()
            .len();
        let margin = " ".repeat(digits);
        let mut out = format!(
            "{}[{}]: {}\n{margin}--> {name}:{line}:{column}\n{margin} |\n",
            self.severity(),
            self.code,
            self.title
        );
        let mut previous: Option<usize> = None;
        for group in marks.chunk_by(|a, b| a.line.number == b.line.number) {
            let line = &group[0].line;
            if previous.is_some_and(|number| number + 1 < line.number) {
                out.push_str("...\n");
            }
            previous = Some(line.number);
            excerpt(&mut out, source, group, digits);
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "{margin} = help: {help}");
        }
        out
    }
}

/// A line as reports show it, without the white space in front and cut if it is long, and the
/// blanks that bring a caret below its character `column`, counted from 1; none if there is no
/// such place in what is shown.
///
/// ```
/// let (shown, blanks) = chirp_grammar::shown_line("\t'日本' foo", 7);
/// assert_eq!((shown.as_str(), blanks.as_deref()), ("'日本' foo", Some("       ")));
/// ```
pub fn shown_line(line: &str, column: usize) -> (String, Option<String>) {
    let text = line.trim_start();
    let skipped = line.chars().count() - text.chars().count();
    let before = column.checked_sub(skipped + 1);
    let at = before.map(|count| text.chars().take(count).collect::<String>());
    let at = at.map(|before| columns(&before, 0));
    let (shown, cut, _) = window(text, at.unwrap_or(0));
    (shown, at.map(|at| " ".repeat(at.saturating_sub(cut))))
}

/// What stands below a line: from one display column to another.
struct Mark<'d> {
    line: Line,
    from: usize,
    to: usize,
    sign: char,
    label: &'d str,
}

impl<'d> Mark<'d> {
    fn new(source: &str, span: Span, sign: char, label: &'d str) -> Mark<'d> {
        let start = clamp(source, span.start as usize);
        let line = Line::at(source, start);
        // A span that goes on is marked up to the end of its first line.
        let end = clamp(source, span.end as usize).min(line.end).max(start);
        let from = columns(&source[line.start..start.min(line.end)], 0);
        let to = columns(
            &source[start.min(line.end)..end.max(start.min(line.end))],
            from,
        );
        Mark {
            from,
            to: to.max(from + 1),
            line,
            sign,
            label,
        }
    }
}

/// The display column that a text which begins in column `from` ends in.
fn columns(text: &str, from: usize) -> usize {
    text.chars()
        .fold(from, |column, c| column + width(c, column))
}

/// How many columns a character takes. Wide and combining ones by their blocks.
fn width(c: char, column: usize) -> usize {
    match c {
        ' '..='~' => 1,
        '\t' => TAB - column % TAB,
        '\0'..='\x1f' | '\x7f' => 1,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{20d0}'..='\u{20ff}' => 0,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' => 2,
        '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' => 2,
        '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' => 2,
        '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}' | '\u{1f900}'..='\u{1f9ff}' => 2,
        '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// One line of source, and its marks below it: all signs in one row, the last label beside them,
/// the other labels below their signs.
fn excerpt(out: &mut String, source: &str, marks: &[Mark<'_>], digits: usize) {
    let line = &marks[0].line;
    let focus = marks
        .iter()
        .find(|mark| mark.sign == '^')
        .unwrap_or(&marks[0])
        .from;
    let (text, cut, width) = window(&source[line.start..line.end], focus);
    let _ = writeln!(
        out,
        "{}",
        format!("{:>digits$} | {text}", line.number).trim_end()
    );
    let place = |mark: &Mark<'_>| {
        let from = mark.from.saturating_sub(cut).min(width);
        (
            from,
            mark.to
                .saturating_sub(cut)
                .clamp(from + 1, width.max(from + 1)),
        )
    };
    let mut row: Vec<char> = Vec::new();
    // The main culprit last: it wins where both overlap.
    let by_rank = marks
        .iter()
        .filter(|m| m.sign == '-')
        .chain(marks.iter().filter(|m| m.sign == '^'));
    for mark in by_rank {
        let (from, to) = place(mark);
        row.resize(row.len().max(to), ' ');
        row[from..to].fill(mark.sign);
    }
    let margin = " ".repeat(digits);
    let signs: String = row.into_iter().collect();
    let (last, others) = match marks.split_last() {
        Some(split) => split,
        None => return,
    };
    let _ = writeln!(
        out,
        "{}",
        format!("{margin} | {signs} {}", last.label).trim_end()
    );
    for mark in others.iter().rev().filter(|mark| !mark.label.is_empty()) {
        let _ = writeln!(
            out,
            "{margin} | {}{}",
            " ".repeat(place(mark).0),
            mark.label
        );
    }
}

/// The part of a line around display column `focus`, as shown (tabs as spaces, control characters
/// as their pictures), with the number of columns that were cut off in front and its own width.
fn window(line: &str, focus: usize) -> (String, usize, usize) {
    // What is further behind than that does not matter.
    let mut total = 0;
    for c in line.chars() {
        total += width(c, total);
        if total > focus + WIDTH {
            break;
        }
    }
    let from = if total <= WIDTH {
        0
    } else {
        focus.saturating_sub(WIDTH / 2).min(total - WIDTH)
    };
    let (mut shown, mut column, mut cut) = (String::new(), 0, None);
    for c in line.chars() {
        let wide = width(c, column);
        if column > from + WIDTH {
            break;
        }
        if column >= from && column + wide <= from + WIDTH {
            cut.get_or_insert(column);
            match c {
                '\t' => shown.extend(std::iter::repeat_n(' ', wide)),
                '\0'..='\x1f' => shown.push(char::from_u32(0x2400 + c as u32).unwrap_or(' ')),
                c => shown.push(c),
            }
        }
        column += wide;
    }
    let width = column.min(from + WIDTH) - cut.unwrap_or(0);
    (shown.trim_end().to_owned(), cut.unwrap_or(0), width)
}
