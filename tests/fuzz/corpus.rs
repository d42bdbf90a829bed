//! The texts that mutations begin with: every Smalltalk text of the project.
//!
//! Reads files, and never writes one.

use super::random::Random;
use std::path::{Path, PathBuf};

/// Files below these count whatever their extension is, if they are text.
const FOLDERS: &[&str] = &[
    "tests/language",
    "grammar/tests",
    "examples",
    "tests/packages",
    "tests/testing",
    "tests/errors",
    "docs",
    "image",
];

/// Longer texts are cut: what is wrong with a text is mostly wrong with a piece of it.
const LONGEST: usize = 12_000;

pub struct Corpus {
    /// By folder, so that the library's many files do not hide the others.
    folders: Vec<Vec<PathBuf>>,
}

impl Corpus {
    /// Everything that mutations of source text begin with.
    pub fn all() -> Corpus {
        Corpus::of(FOLDERS)
    }

    /// The programs that say what they should print.
    pub fn programs() -> Corpus {
        Corpus::of(&["tests/language"])
    }

    fn of(folders: &[&str]) -> Corpus {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let collected = folders.iter().map(|folder| {
            let mut files = Vec::new();
            collect(&root.join(folder), &mut files);
            files.sort();
            files
        });
        let folders: Vec<_> = collected.filter(|files| !files.is_empty()).collect();
        assert!(!folders.is_empty(), "no texts below {}", root.display());
        Corpus { folders }
    }

    /// One of the texts, or a piece of it.
    pub fn text(&self, random: &mut Random) -> String {
        let folder = random.pick(&self.folders);
        let path = random.pick(folder);
        let bytes = std::fs::read(path).unwrap_or_default();
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if text.len() > LONGEST {
            let start = floor(&text, random.below(text.len() - LONGEST / 2));
            let end = floor(&text, (start + LONGEST).min(text.len()));
            text = text[start..end].to_string();
        }
        if path.extension().is_some_and(|e| e == "md") {
            let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
            if !blocks.is_empty() {
                let block = *random.pick(&blocks);
                return block
                    .split_once('\n')
                    .map_or(block, |(_, code)| code)
                    .to_string();
            }
        }
        text
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if !path.extension().is_some_and(|e| e == "rs" || e == "svg") {
            files.push(path);
        }
    }
}

/// The nearest boundary between two characters that is not behind `at`.
pub fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(0)
}
