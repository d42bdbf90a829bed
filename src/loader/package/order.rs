//! In which order the classes of a load can be made, and which of them cannot.

use super::model::{Kind, Part};
use chirp_grammar::sorting::sort_by;
use rustc_hash::FxHashMap;

/// What is known of a class while the order is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    /// Its superclass is being looked at.
    Open,
    Done,
    Refused,
}

/// The order of a load's classes.
#[derive(Default)]
pub struct Order {
    /// Numbers of the parts that define classes, each behind its superclass and its pools.
    pub classes: Vec<usize>,
    /// Numbers of those that cannot be defined, each with the reason.
    pub refused: Vec<(usize, String)>,
    /// Numbers of further definitions of a class that is defined before, likewise.
    pub doubles: Vec<(usize, String)>,
}

/// Orders the classes among `parts`. `exists` says which classes are there already.
pub fn order(parts: &[Part], mut exists: impl FnMut(&str) -> bool) -> Order {
    let mut by_name: FxHashMap<&str, usize> = FxHashMap::default();
    let mut order = Order::default();
    let mut states = vec![State::Waiting; parts.len()];
    for (number, part) in parts.iter().enumerate() {
        if part.kind == Kind::Class
            && let Some(first) = by_name.insert(&part.name, number)
        {
            let reason = format!("it is defined in {} already", parts[first].file);
            order.doubles.push((number, reason));
            states[number] = State::Refused;
            by_name.insert(&part.name, first);
        }
    }
    // Pools are seen by classes that do not inherit from them.
    let pools = parts.iter().flat_map(|part| &part.pools);
    let mut numbers: Vec<usize> = pools
        .filter_map(|pool| by_name.get(pool.as_str()).copied())
        .collect();
    numbers.extend(0..parts.len());
    for number in numbers {
        if parts[number].kind != Kind::Class {
            continue;
        }
        // From the class up to one that is done, then down again: a chain may be long.
        let mut chain = Vec::new();
        let mut at = number;
        let mut fails = None;
        while states[at] == State::Waiting {
            states[at] = State::Open;
            chain.push(at);
            let Some(name) = parts[at].superclass.as_deref() else {
                break;
            };
            match by_name.get(name) {
                Some(&above) => at = above,
                None if exists(name) => break,
                None => {
                    fails = Some(format!("there is no class {name} to inherit from"));
                    break;
                }
            }
            match states[at] {
                State::Open => fails = Some("it inherits from itself".to_string()),
                State::Refused => {
                    let above = &parts[at].name;
                    fails = Some(format!("its superclass {above} was skipped"));
                }
                State::Waiting | State::Done => {}
            }
        }
        for &class in chain.iter().rev() {
            match fails.take() {
                None => {
                    states[class] = State::Done;
                    order.classes.push(class);
                }
                Some(reason) => {
                    states[class] = State::Refused;
                    order.refused.push((class, reason));
                    fails = Some(format!("its superclass {} was skipped", parts[class].name));
                }
            }
        }
    }
    order
}

/// The order in which classes that were defined are initialized: package by package, and there each class with all
/// that inherit from it before its next sibling, siblings by name. That is Monticello's order, and packages rely on it:
/// a class that makes use of another one at its own initialization has to find that one ready.
pub fn initialization_order<T: Copy>(parts: &[Part], classes: &[(usize, T)]) -> Vec<(usize, T)> {
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for (place, &(number, _)) in classes.iter().enumerate() {
        places.insert(&parts[number].name, place);
    }
    // By places in `classes`: what is below each of them, and by package what is below none.
    let mut below = vec![Vec::new(); classes.len()];
    let mut packages: FxHashMap<&str, usize> = FxHashMap::default();
    let mut roots: Vec<Vec<usize>> = Vec::new();
    for (place, &(number, _)) in classes.iter().enumerate() {
        let part = &parts[number];
        let above = part.superclass.as_deref().and_then(|name| places.get(name));
        match above.filter(|&&above| parts[classes[above].0].package == part.package) {
            Some(&above) => below[above].push(place),
            None => {
                let package = *packages.entry(&part.package).or_insert(roots.len());
                if package == roots.len() {
                    roots.push(Vec::new());
                }
                roots[package].push(place);
            }
        }
    }
    let name = |place: usize| &parts[classes[place].0].name;
    let last_first = |mut places: Vec<usize>| {
        sort_by(&mut places, |&a, &b| name(b).cmp(name(a)));
        places
    };
    let mut order = Vec::with_capacity(classes.len());
    for roots in roots {
        let mut waiting = last_first(roots);
        while let Some(place) = waiting.pop() {
            order.push(classes[place]);
            waiting.extend(last_first(std::mem::take(&mut below[place])));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::super::model::File;
    use super::*;
    use crate::formats::Place;

    /// The order, and what was refused.
    fn names(pairs: &[(&str, &str)]) -> (Vec<String>, Vec<(String, String)>) {
        let file = File::new("f.st", "");
        let parts: Vec<Part> = pairs
            .iter()
            .map(|(name, above)| {
                let place = Place { line: 1, column: 1 };
                let mut part = Part::new(Kind::Class, name, "P", &file, place);
                part.superclass = Some(above.to_string());
                part
            })
            .collect();
        let found = order(&parts, |name| name == "Object");
        let name = |n: &usize| parts[*n].name.clone();
        let refused = found.refused.iter().chain(&found.doubles);
        (
            found.classes.iter().map(name).collect(),
            refused.map(|(n, r)| (name(n), r.clone())).collect(),
        )
    }

    #[test]
    fn superclasses_come_first() {
        let (order, refused) = names(&[("C", "B"), ("B", "A"), ("D", "Object"), ("A", "Object")]);
        assert_eq!(order, ["A", "B", "C", "D"]);
        assert_eq!(refused, []);
    }

    #[test]
    fn pools_come_before_their_users() {
        let file = File::new("f.st", "");
        let part = |name: &str, above: &str, pools: &[&str]| {
            let place = Place { line: 1, column: 1 };
            let mut part = Part::new(Kind::Class, name, "P", &file, place);
            part.superclass = Some(above.to_string());
            part.pools = pools.iter().map(|p| p.to_string()).collect();
            part
        };
        let parts = [
            part("A", "Object", &["Z"]),
            part("Y", "Object", &[]),
            part("Z", "Y", &[]),
        ];
        let found = order(&parts, |name| name == "Object");
        assert_eq!(found.classes, [1, 2, 0]);
    }

    #[test]
    fn what_cannot_be_defined_takes_its_subclasses_along() {
        let (order, refused) = names(&[("B", "A"), ("A", "Missing"), ("C", "Object"), ("D", "B")]);
        assert_eq!(order, ["C"]);
        let reasons: Vec<_> = refused.iter().map(|(n, r)| format!("{n}: {r}")).collect();
        assert_eq!(
            reasons,
            [
                "A: there is no class Missing to inherit from",
                "B: its superclass A was skipped",
                "D: its superclass B was skipped",
            ]
        );
    }

    #[test]
    fn circles_and_doubles_are_refused() {
        assert_eq!(names(&[("A", "B"), ("B", "A"), ("C", "Object")]).0, ["C"]);
        let (order, refused) = names(&[("A", "Object"), ("A", "Object")]);
        assert_eq!(order, ["A"]);
        assert_eq!(refused[0].1, "it is defined in f.st already");
    }

    #[test]
    fn subclasses_are_initialized_before_the_next_sibling() {
        let file = File::new("f.st", "");
        let part = |(name, above, package): &(&str, &str, &str)| {
            let place = Place { line: 1, column: 1 };
            let mut part = Part::new(Kind::Class, name, package, &file, place);
            part.superclass = Some(above.to_string());
            part
        };
        let parts: Vec<Part> = [
            ("Beta", "Object", "P"),
            ("Alpha", "Object", "P"),
            ("Zeta", "Alpha", "P"),
            ("Eta", "Alpha", "P"),
            ("Aleph", "Alpha", "Q"),
            ("Gimel", "Zeta", "P"),
        ]
        .iter()
        .map(part)
        .collect();
        let classes = [0, 1, 2, 3, 4, 5].map(|number| (number, ()));
        let order = initialization_order(&parts, &classes);
        let names: Vec<&str> = order
            .iter()
            .map(|&(n, ())| parts[n].name.as_str())
            .collect();
        assert_eq!(names, ["Alpha", "Eta", "Zeta", "Gimel", "Beta", "Aleph"]);
    }
}
