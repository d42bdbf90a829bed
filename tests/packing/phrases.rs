//! Which phrases occur often in the library, for `src/formats/phrases.txt`: the two neighbours that occur most often become
//! one, again and again.

use std::cmp::Reverse;
use std::collections::HashMap;

/// So many times neighbours are joined, a few of them at once.
const PASSES: usize = 256;
const AT_ONCE: usize = 16;
/// A phrase is worth a symbol of its own if it is left over so often.
const OFTEN: usize = 60;

/// The phrases of these texts, in their order.
pub fn phrases(texts: &[String]) -> Vec<String> {
    // Each character is a symbol, and so is what two of them were joined to.
    let mut symbols: Vec<String> = Vec::new();
    let mut numbers: HashMap<char, usize> = HashMap::new();
    let mut sequences: Vec<Vec<usize>> = Vec::new();
    for text in texts {
        let number = |c: char| {
            *numbers.entry(c).or_insert_with(|| {
                symbols.push(c.to_string());
                symbols.len() - 1
            })
        };
        sequences.push(text.chars().map(number).collect());
    }
    for _ in 0..PASSES {
        let joined = most_frequent(&sequences, &mut symbols);
        for sequence in &mut sequences {
            join(sequence, &joined);
        }
    }
    let mut counts = vec![0; symbols.len()];
    for &symbol in sequences.iter().flatten() {
        counts[symbol] += 1;
    }
    let each = symbols.into_iter().zip(counts);
    let often = each.filter(|(text, count)| *count >= OFTEN && text.chars().count() > 1);
    // The list writes line ends with it.
    let mut phrases: Vec<String> = often.map(|(text, _)| text).collect();
    phrases.retain(|text| !text.contains('\\'));
    phrases.sort();
    phrases
}

/// The neighbours that occur most often, and what symbol each pair becomes.
fn most_frequent(
    sequences: &[Vec<usize>],
    symbols: &mut Vec<String>,
) -> HashMap<(usize, usize), usize> {
    let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
    for pair in sequences.iter().flat_map(|sequence| sequence.windows(2)) {
        *counts.entry((pair[0], pair[1])).or_default() += 1;
    }
    let mut pairs: Vec<_> = counts.into_iter().collect();
    pairs.sort_by_key(|&(pair, count)| (Reverse(count), pair));
    let most = pairs
        .into_iter()
        .take(AT_ONCE)
        .filter(|(_, count)| *count >= OFTEN);
    let mut join = |((a, b), _): ((usize, usize), usize)| {
        symbols.push(format!("{}{}", symbols[a], symbols[b]));
        ((a, b), symbols.len() - 1)
    };
    most.map(&mut join).collect()
}

fn join(sequence: &mut Vec<usize>, joined: &HashMap<(usize, usize), usize>) {
    let (mut from, mut to) = (0, 0);
    while from < sequence.len() {
        let next = sequence.get(from + 1).copied();
        let pair = next.and_then(|next| joined.get(&(sequence[from], next)));
        sequence[to] = pair.copied().unwrap_or(sequence[from]);
        from += if pair.is_some() { 2 } else { 1 };
        to += 1;
    }
    sequence.truncate(to);
}
