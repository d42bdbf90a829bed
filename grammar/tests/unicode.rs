//! The runs of `unicode` are what another crate's table of categories, and the standard library's of cases, say.

use chirp_grammar::unicode::{Category, category, lowercase, uppercase};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};
use unicode_general_category::{GeneralCategory as Name, get_general_category};

const ADVICE: &str = "was changed: UPDATE_UNICODE=1 cargo test -p chirp-grammar --test unicode";

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/unicode.rs")
}

/// Two-letter names, in their order: the numbers of the categories.
fn number(code: u32) -> u32 {
    let Some(character) = char::from_u32(code) else {
        return 4;
    };
    match get_general_category(character) {
        Name::Control => 0,
        Name::Format => 1,
        Name::Unassigned => 2,
        Name::PrivateUse => 3,
        Name::Surrogate => 4,
        Name::LowercaseLetter => 5,
        Name::ModifierLetter => 6,
        Name::OtherLetter => 7,
        Name::TitlecaseLetter => 8,
        Name::UppercaseLetter => 9,
        Name::SpacingMark => 10,
        Name::EnclosingMark => 11,
        Name::NonspacingMark => 12,
        Name::DecimalNumber => 13,
        Name::LetterNumber => 14,
        Name::OtherNumber => 15,
        Name::ConnectorPunctuation => 16,
        Name::DashPunctuation => 17,
        Name::ClosePunctuation => 18,
        Name::FinalPunctuation => 19,
        Name::InitialPunctuation => 20,
        Name::OtherPunctuation => 21,
        Name::OpenPunctuation => 22,
        Name::CurrencySymbol => 23,
        Name::ModifierSymbol => 24,
        Name::MathSymbol => 25,
        Name::OtherSymbol => 26,
        Name::LineSeparator => 27,
        Name::ParagraphSeparator => 28,
        Name::SpaceSeparator => 29,
        other => panic!("{other:?} is a new category"),
    }
}

const CODES: std::ops::RangeInclusive<u32> = 0..=char::MAX as u32;
const CAPITAL: u32 = 9;
const SMALL: u32 = 5;
const ALTERNATING: u32 = 30;

/// Runs of one category, and of capital and small letters in turn, each with where it begins.
fn category_runs() -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for code in CODES {
        let own = number(code);
        match runs.last_mut() {
            Some((_, of)) if *of == own => {}
            Some((first, of)) if *of == ALTERNATING => {
                let expected = if (code - *first).is_multiple_of(2) {
                    CAPITAL
                } else {
                    SMALL
                };
                if own != expected {
                    runs.push((code, own));
                }
            }
            Some((first, of)) if *of == CAPITAL && own == SMALL && code - *first == 1 => {
                *of = ALTERNATING;
            }
            _ => runs.push((code, own)),
        }
    }
    runs
}

fn only(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next()?;
    mapped.next().is_none().then_some(first)
}

/// Runs of letters, next to each other or with one between, that are mapped equally far.
fn shifts(mapped: impl Fn(char) -> Option<char>) -> Vec<(u32, u32, u32, i32)> {
    let mut runs: Vec<(u32, u32, u32, i32)> = Vec::new();
    for code in CODES {
        let Some(other) = char::from_u32(code).and_then(&mapped) else {
            continue;
        };
        let by = other as i32 - code as i32;
        if by == 0 {
            continue;
        }
        if let Some((first, last, step, of)) = runs.last_mut()
            && *of == by
            && code - *last <= 2
            && (*first == *last || code - *last == *step)
        {
            *step = code - *last;
            *last = code;
        } else {
            runs.push((code, code, 1, by));
        }
    }
    runs
}

fn fresh() -> String {
    let mut text =
        String::from("// auto-generated of unicode-general-category and the standard library\n");
    let categories = category_runs();
    let _ = writeln!(text, "pub static CATEGORY: [u32; {}] = [", categories.len());
    for line in categories.chunks(12) {
        let words: Vec<String> = line
            .iter()
            .map(|(first, of)| format!("{:#x}", first << 5 | of))
            .collect();
        let _ = writeln!(text, "    {},", words.join(", "));
    }
    text += "];\n";
    let lower = shifts(|c| only(c.to_lowercase()));
    let upper = shifts(|c| only(c.to_uppercase()));
    for (name, shifts) in [("LOWER", lower), ("UPPER", upper)] {
        let _ = writeln!(text, "pub static {name}: [Shift; {}] = [", shifts.len());
        for (first, last, step, by) in shifts {
            let _ = writeln!(
                text,
                "    Shift {{ first: {first:#x}, last: {last:#x}, step: {step}, by: {by} }},"
            );
        }
        text += "];\n";
    }
    text
}

#[test]
fn the_runs_are_fresh() {
    let fresh = fresh();
    if env::var_os("UPDATE_UNICODE").is_some() {
        fs::write(kept(), &fresh).expect("a writable folder");
    }
    let same = fs::read_to_string(kept()).is_ok_and(|kept| kept == fresh);
    assert!(same, "what Unicode says {ADVICE}");
}

#[test]
fn every_character_is_found() {
    for code in CODES {
        assert_eq!(category(code) as u32, number(code), "{code:#x}");
        let Some(character) = char::from_u32(code) else {
            continue;
        };
        let lower = only(character.to_lowercase()).unwrap_or(character);
        let upper = only(character.to_uppercase()).unwrap_or(character);
        assert_eq!(lowercase(character), lower, "{code:#x}");
        assert_eq!(uppercase(character), upper, "{code:#x}");
    }
    assert_eq!(category(0x11_0000), Category::Unassigned);
    assert_eq!(category(u32::MAX), Category::Unassigned);
}
