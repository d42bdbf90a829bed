//! Which packages of the library belong to a Cargo feature: without it, they are not in the program.
//!
//! For the build script, and for the test that nothing refers to what may not be there. A package is there as a whole or not
//! at all. Decides only by names; what a feature does to the Rust code is said there, with `cfg`.

use super::error::FormatError;
use super::index::SourceFile;
use super::tonel::{self, Definition, Kind};
use std::collections::BTreeSet;

/// Each feature with its packages, which are folders of `image/`. All others are always there.
pub const PARTS: [(&str, &[&str]); 5] = [
    (
        "library",
        &[
            "Compression",
            "Regex",
            "STON",
            "System-Caching",
            "System-Hashing",
            "Zinc-Resource-Meta-Core",
        ],
    ),
    ("net", &["Network", "Zinc-HTTP", "Zodiac"]),
    ("packages", &["Metacello", "Packages"]),
    ("programs", &["OSSubprocess"]),
    ("sunit", &["SUnit"]),
];

/// The feature that the file at this path, relative to the library's folder, belongs to.
pub fn feature_of(path: &str) -> Option<&'static str> {
    let package = path.split('/').next()?;
    let part = PARTS.iter().find(|(_, all)| all.contains(&package))?;
    Some(part.0)
}

/// What has been left out, a line for each feature: its name, its classes, and `Class>>selector` for what it adds to the
/// instances of classes that are kept, with a space behind each.
pub fn left_out(kept: &[SourceFile], left: &[SourceFile]) -> Result<String, FormatError> {
    let mut classes = BTreeSet::new();
    for file in kept {
        classes.extend(tonel::parse(&file.text)?.map(|d| name_of(&d)));
    }
    let mut lines = String::new();
    for (feature, _) in PARTS {
        let mut names = BTreeSet::new();
        for file in left.iter().filter(|f| feature_of(&f.path) == Some(feature)) {
            let Some(definition) = tonel::parse(&file.text)? else {
                continue;
            };
            let class = name_of(&definition);
            if definition.kind != Kind::Extension {
                names.insert(class);
            } else if classes.contains(&class) {
                let methods = definition.methods.iter().filter(|m| !m.class_side);
                names.extend(methods.map(|m| format!("{class}>>{}", m.selector)));
            }
        }
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().collect();
            lines.push_str(&format!("{feature} {} \n", names.join(" ")));
        }
    }
    Ok(lines)
}

fn name_of(definition: &Definition<'_>) -> String {
    let name = definition.header.text("name").ok().flatten();
    name.unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        let (path, text) = (path.to_string(), text.to_string());
        SourceFile { path, text }
    }

    #[test]
    fn what_is_left_out_is_told_by_its_feature() {
        let string = "Class { #name : 'String' }\n\nString >> size [\n\t^ 0\n]\n";
        let kept = [file("Strings/String.class.st", string)];
        let left = [
            file(
                "Regex/String.extension.st",
                "Extension { #name : 'String' }\n\nString >> asRegex [\n]\n",
            ),
            file(
                "Regex/RxMatcher.class.st",
                "Class { #name : 'RxMatcher' }\n\nRxMatcher >> matches: a [\n]\n",
            ),
            file("SUnit/TestCase.class.st", "Class { #name : 'TestCase' }\n"),
        ];
        let lines = "library RxMatcher String>>asRegex \nsunit TestCase \n";
        assert_eq!(left_out(&kept, &left).unwrap(), lines);
        assert_eq!(feature_of("Network/Socket.class.st"), Some("net"));
        assert_eq!(feature_of("Networking/Socket.class.st"), None);
    }
}
