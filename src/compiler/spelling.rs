//! Which known name somebody may have meant who misspelt it.
//!
//! Owns how alike two names are. Must never know what they are names of.

use chirp_grammar::unicode;
use std::iter;

/// The candidate that is spelled most like `name`, if one is so similar that it may be meant.
pub fn nearest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    closest(name, candidates).map(|(_, other)| other)
}

/// The same, with the number of slips that lead from one to the other.
pub fn closest<'n>(
    name: &str,
    candidates: impl Iterator<Item = &'n str>,
) -> Option<(usize, &'n str)> {
    candidates
        .filter_map(|other| Some((unlikeness(name, other)?, other)))
        .min()
        .map(|((slips, _), other)| (slips, other))
}

/// How little two names are alike: the slips between them, and of as many the fewer where both begin the same.
fn unlikeness(a: &str, b: &str) -> Option<(usize, usize)> {
    let slips = distance(a, b)?;
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    Some((slips, usize::MAX - same))
}

/// Whether a word in small letters may be meant as this name: a class is, when little more than its capital is missing.
pub fn may_name(name: &str, known: &str) -> bool {
    let mut rest = known.chars();
    let first = rest.next().filter(|c| c.is_uppercase());
    let Some(first) = first.filter(|_| name.starts_with(char::is_lowercase)) else {
        return true;
    };
    let small: String = iter::once(unicode::lowercase(first)).chain(rest).collect();
    small == name || distance(name, &small).is_some_and(|d| d <= 1)
}

/// The shortest candidate that begins with `name`, if that is more than a letter or two.
pub fn longer<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let begun = candidates.filter(|c| name.chars().count() > 2 && c.starts_with(name));
    begun.min_by_key(|c| (c.len(), *c))
}

/// How many letters may differ before a suggestion is a guess.
fn tolerance(length: usize) -> usize {
    match length {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

/// Letters to change, insert, drop, or swap with their neighbour; none if the names are equal, or if
/// that is too many for names of this length.
pub fn distance(a: &str, b: &str) -> Option<usize> {
    // Neither may be so long that comparing takes its time.
    if a == b || a.len().max(b.len()) > 200 {
        return None;
    }
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let limit = tolerance(a.len().min(b.len()));
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(previous[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().all(|&d| d > limit) {
            return None;
        }
        before = std::mem::replace(&mut previous, row);
    }
    Some(previous[b.len()]).filter(|&d| d <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        assert_eq!(distance("size", "size"), None);
        assert_eq!(distance("szie", "size"), Some(1));
        assert_eq!(distance("siz", "size"), Some(1));
        assert_eq!(distance("sizes", "size"), Some(1));
        assert_eq!(distance("asUpercase", "asUppercase"), Some(1));
        assert_eq!(distance("grösze", "größe"), Some(2));
    }

    #[test]
    fn a_guess_is_no_suggestion() {
        assert_eq!(distance("", "ab"), None);
        assert_eq!(distance("x", "y"), None);
        assert_eq!(distance("foo", "bar"), None);
        assert_eq!(distance("size", "resize"), None);
    }

    #[test]
    fn the_likeliest_is_suggested() {
        let known = ["total", "totals", "tally"];
        assert_eq!(nearest("totla", known.into_iter()), Some("total"));
        assert_eq!(nearest("count", known.into_iter()), None);
        assert!(may_name("point", "Point") && may_name("arrray", "Array"));
        assert!(may_name("Cont", "Point") && may_name("count", "coun"));
        assert!(!may_name("count", "Point"));
        let known = ["sin", "siz:", "size"];
        assert_eq!(nearest("siz", known.into_iter()), Some("siz:"));
        assert_eq!(nearest("siz", ["sin", "size"].into_iter()), Some("size"));
        let known = ["inject:into:", "injectAll:"];
        assert_eq!(longer("inject", known.into_iter()), Some("injectAll:"));
        assert_eq!(longer("in", known.into_iter()), None);
    }
}
