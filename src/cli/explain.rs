//! `chirp explain`: what an error code means. The texts are in `tools::explain`.

use super::exit;
use super::report::Style;
use crate::tools::explain;

/// Explains one code, or lists all; answers the exit code.
pub fn explain(style: Style, code: Option<&str>) -> i32 {
    let Some(code) = code else {
        let lines = explain::all().map(|each| format!("{}  {}\n", each.code, each.title));
        return super::put(&lines.collect::<String>());
    };
    match explain::of(code) {
        Some(found) => super::put(&found.to_string()),
        None => {
            let help = match explain::near(code) {
                Some(other) => format!("did you mean {other}?"),
                None => "chirp explain lists them all".to_string(),
            };
            let code = if code.is_empty() { "''" } else { code };
            super::complain(&style.headline(format!("there is no code {code}; {help}")));
            exit::USAGE
        }
    }
}
