//! `chirp doc`: what a class, a method or a selector is for, from its own comments.
//!
//! Only puts together what `tools::describe` says; runs nothing.

use super::exit;
use super::session::Session;
use crate::tools::describe;
use crate::tools::lookup::{self, Subject};
use crate::vm::Vm;

/// Columns of lists: pages are read in terminals and in files.
const WIDTH: usize = 80;

/// Describes what has this name; answers the exit code.
pub fn doc(session: &mut Session, what: &str) -> i32 {
    let text = match what.trim() {
        "" => Err("write what to describe: a class, Class>>selector or a selector".to_string()),
        what => text(&mut session.vm, what),
    };
    match text {
        Ok(text) => {
            session.say(&text);
            exit::DONE
        }
        Err(message) => {
            let text = session.style.headline(message);
            session.complain(&text);
            exit::USAGE
        }
    }
}

fn text(vm: &mut Vm, what: &str) -> Result<String, String> {
    Ok(match lookup::subject(vm, what)? {
        Subject::Class(class) => {
            let summary = describe::class_summary(vm, class, WIDTH);
            let outline = describe::class_outline(vm, class, WIDTH);
            // Its first line is that of the summary.
            let outline = outline.split_once('\n').map_or("", |(_, rest)| rest);
            format!("{summary}\n{}", outline.trim_start_matches('\n'))
        }
        Subject::Method(method) => {
            let summary = describe::method_summary(vm, method);
            let source = describe::method_source(vm, method);
            format!(
                "{}\n\n{}\n",
                summary.trim_end(),
                source.replace('\r', "\n").trim_end()
            )
        }
        Subject::Selector(selector) => describe::selector_summary(vm, selector, WIDTH),
    })
}
