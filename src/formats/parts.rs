//! Which packages of the library belong to a Cargo feature: without it, they are not in the program.
//!
//! For the build script, and for the test that nothing refers to what may not be there. Decides only by names of files; what
//! a feature does to the Rust code is said there, with `cfg`.

use super::error::FormatError;
use super::index::SourceFile;
use super::tonel::{self, Definition, Kind};
use std::collections::BTreeSet;

/// Each feature with what belongs to it: packages, which are folders of `image/`, and single files, by their path up to the
/// first dot. All others are always there.
pub const PARTS: [(&str, &[&str]); 8] = [
    (
        "dates",
        &[
            "Chronology/BasicDatePrinter",
            "Chronology/Date",
            "Chronology/DateAndTime",
            "Chronology/DateError",
            "Chronology/DateParser",
            "Chronology/DosTimestamp",
            "Chronology/Duration-Months",
            "Chronology/Integer",
            "Chronology/LocalTimeZone",
            "Chronology/Month",
            "Chronology/Month-Names",
            "Chronology/Schedule",
            "Chronology/Stopwatch",
            "Chronology/String-Dates",
            "Chronology/Time-Dates",
            "Chronology/TimeZone",
            "Chronology/Timespan",
            "Chronology/Week",
            "Chronology/Year",
        ],
    ),
    (
        "encodings",
        &[
            "Zinc-Character-Encoding-Core/ByteArray",
            "Zinc-Character-Encoding-Core/String",
            "Zinc-Character-Encoding-Core/ZnBase64Encoder",
            "Zinc-Character-Encoding-Core/ZnBufferedReadStream",
            "Zinc-Character-Encoding-Core/ZnBufferedReadWriteStream",
            "Zinc-Character-Encoding-Core/ZnBufferedWriteStream",
            "Zinc-Character-Encoding-Core/ZnByteEncoder",
            "Zinc-Character-Encoding-Core/ZnByteEncoder-Tables",
            "Zinc-Character-Encoding-Core/ZnCRLFReadStream",
            "Zinc-Character-Encoding-Core/ZnCharacterEncoder-Encodings",
            "Zinc-Character-Encoding-Core/ZnCharacterReadStream",
            "Zinc-Character-Encoding-Core/ZnCharacterReadWriteStream",
            "Zinc-Character-Encoding-Core/ZnCharacterWriteStream",
            "Zinc-Character-Encoding-Core/ZnCodePointReadStream",
            "Zinc-Character-Encoding-Core/ZnCodePointWriteStream",
            "Zinc-Character-Encoding-Core/ZnEncodedReadStream",
            "Zinc-Character-Encoding-Core/ZnEncodedWriteStream",
            "Zinc-Character-Encoding-Core/ZnEndianSensitiveUTFEncoder",
            "Zinc-Character-Encoding-Core/ZnFastLineReader",
            "Zinc-Character-Encoding-Core/ZnNewLineWriterStream",
            "Zinc-Character-Encoding-Core/ZnNullEncoder",
            "Zinc-Character-Encoding-Core/ZnPositionableReadStream",
            "Zinc-Character-Encoding-Core/ZnReadStreamOnStream",
            "Zinc-Character-Encoding-Core/ZnStreamOnStream",
            "Zinc-Character-Encoding-Core/ZnUTF16Encoder",
            "Zinc-Character-Encoding-Core/ZnUTF32Encoder",
        ],
    ),
    (
        "files",
        &[
            "Compression/GZipReadStream-Files",
            "Exceptions/PermissionDenied",
            "FileSystem",
            "Files",
            "System-OSEnvironments/CommandLineArguments",
            "System-OSEnvironments/Exit",
            "System-OSEnvironments/OSEnvironment",
            "System-OSEnvironments/OSPlatform",
            "System-OSEnvironments/OSSignal",
            "System-OSEnvironments/SmalltalkImage-Platform",
        ],
    ),
    (
        "library",
        &[
            "ClassDefinitionPrinters",
            "Collections-Atomic",
            "Collections-DoubleLinkedList",
            "Collections-Sequenceable/RunArray",
            "Collections-Sequenceable/SparseLargeArray",
            "Collections-Sequenceable/SparseLargeTable",
            "Collections-Unordered/KeyedTree",
            "Compression",
            "Kernel/Point-Geometry",
            "Kernel/Rectangle",
            "Kernel/Rectangle-Geometry",
            "Regex",
            "STON",
            "Streams/DecoratorStream",
            "Streams/NullStream",
            "Streams/SummaryStream",
            "System-Caching",
            "System-Hashing",
            "System-SessionManager/SessionManager",
            "System-SessionManager/SmalltalkImage",
            "System-SessionManager/WorkingSession",
            "System-Support/BlockClosure",
            "System-Support/Collection",
            "System-Support/CurrentJob",
            "System-Support/Job",
            "System-Support/JobAnnouncement",
            "System-Support/JobChange",
            "System-Support/JobEnd",
            "System-Support/JobStart",
            "System-Support/String",
            "System-Support/SystemVersion",
            "System-Support/UIManager",
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
    let part_with = |what: &str| PARTS.iter().find(|(_, all)| all.contains(&what));
    let (package, file) = (path.split('/').next()?, path.split('.').next()?);
    let part = part_with(file).or_else(|| part_with(package))?;
    Some(part.0)
}

/// The files that these features bring and those that are always there; and all others. What extends a class that is not
/// there goes with it.
pub fn choose(
    files: Vec<SourceFile>,
    wanted: impl Fn(&str) -> bool,
) -> (Vec<SourceFile>, Vec<SourceFile>) {
    let has_feature = |f: &SourceFile| feature_of(&f.path).is_none_or(&wanted);
    let (kept, mut left): (Vec<_>, Vec<_>) = files.into_iter().partition(has_feature);
    let classes = left.iter().filter(|f| !is_extension(f)).map(class_of);
    let classes: Vec<String> = classes.map(str::to_string).collect();
    let extends_one = |f: &SourceFile| is_extension(f) && classes.iter().any(|c| c == class_of(f));
    let (orphans, kept) = kept.into_iter().partition(extends_one);
    left.extend::<Vec<_>>(orphans);
    (kept, left)
}

fn is_extension(file: &SourceFile) -> bool {
    file.path.ends_with(".extension.st")
}

/// The class that a file defines or extends: `Month` of `Chronology/Month-Names.extension.st`.
fn class_of(file: &SourceFile) -> &str {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    name.split(['.', '-']).next().unwrap_or_default()
}

/// What has been left out, a line for each feature, with tabs in between: its name, its classes, and for what it adds to
/// classes that are kept `Class>>selector` or `Class class>>selector`, without the class where that is the same as before.
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
                names.extend(definition.methods.iter().map(|m| {
                    let side = if m.class_side { " class" } else { "" };
                    format!("{class}{side}>>{}", m.selector)
                }));
            }
        }
        if names.is_empty() {
            continue;
        }
        lines.push_str(feature);
        let mut class = "";
        for name in &names {
            let known = name.strip_prefix(class).filter(|n| n.starts_with(">>"));
            lines.push('\t');
            lines.push_str(known.unwrap_or(name));
            class = name.split(">>").next().unwrap_or_default();
        }
        lines.push('\n');
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
        let regex = "Extension { #name : 'String' }\n\nString >> asRegex [\n]\n\nString >> asRx [\n]\n\nString class >> regex [\n]\n";
        let files = vec![
            file("Strings/String.class.st", string),
            file("Regex/String.extension.st", regex),
            file(
                "Regex/RxMatcher.class.st",
                "Class { #name : 'RxMatcher' }\n\nRxMatcher >> matches: a [\n]\n",
            ),
            file(
                "Streams/RxMatcher-Streams.extension.st",
                "Extension { #name : 'RxMatcher' }\n\nRxMatcher >> next [\n]\n",
            ),
            file("SUnit/TestCase.class.st", "Class { #name : 'TestCase' }\n"),
        ];
        let (kept, left) = choose(files, |feature| feature == "dates");
        assert_eq!((kept.len(), left.len()), (1, 4));
        let lines =
            "library\tRxMatcher\tString class>>regex\tString>>asRegex\t>>asRx\nsunit\tTestCase\n";
        assert_eq!(left_out(&kept, &left).unwrap(), lines);
        assert_eq!(feature_of("Network/Socket.class.st"), Some("net"));
        assert_eq!(feature_of("Networking/Socket.class.st"), None);
        assert_eq!(feature_of("Chronology/Date.class.st"), Some("dates"));
        assert_eq!(feature_of("Chronology/Time.class.st"), None);
    }
}
