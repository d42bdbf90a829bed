//! Sorts what is sorted rarely: with one copy of the standard library's sort in the program, which takes some 6 KB for
//! each type and each order otherwise.
//!
//! Where speed matters, `slice::sort_by` is right.

use std::cmp::Ordering;

/// Sorts; what is equal keeps its order.
///
/// ```
/// let mut words = vec!["pear", "fig", "plum"];
/// chirp_grammar::sorting::sort_by(&mut words, |a, b| a.len().cmp(&b.len()));
/// assert_eq!(words, ["fig", "pear", "plum"]);
/// ```
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order = order(items.len(), &|a, b| compare(&items[a], &items[b]));
    // Each place gets what belongs there, and hands on what it had, until the circle is closed.
    for start in 0..items.len() {
        let mut place = start;
        while order[place] != start {
            let next = order[place];
            items.swap(place, next);
            order[place] = place;
            place = next;
        }
        order[place] = place;
    }
}

/// In which order so many things come.
#[inline(never)]
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}
