//! What can be completed at the prompt: classes with their selectors, variables, other globals.
//!
//! A plain vocabulary, filled in by the session between two lines. Knows no machine and no editor.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The vocabulary.
#[derive(Clone, Debug, Default)]
pub struct Words {
    classes: BTreeMap<String, ClassWords>,
    /// Variables of the session and globals that are no classes, with the class of their value.
    variables: BTreeMap<String, String>,
    /// By what the session knows whether the classes are still as they were.
    pub state: u64,
}

/// A class's own selectors.
#[derive(Clone, Debug, Default)]
pub struct ClassWords {
    pub superclass: Option<String>,
    pub selectors: Vec<String>,
    pub class_selectors: Vec<String>,
}

impl Words {
    /// Adds or replaces a class.
    pub fn set_class(&mut self, name: &str, words: ClassWords) {
        self.classes.insert(name.to_string(), words);
    }

    /// Adds or replaces a variable; `class` is the name of its value's class (`Foo class` for the
    /// class Foo), empty if that is not known.
    pub fn set_variable(&mut self, name: &str, class: &str) {
        self.variables.insert(name.to_string(), class.to_string());
    }

    /// Leaves only the classes.
    pub fn forget_variables(&mut self) {
        self.variables.clear();
    }

    /// Is this the name of a class?
    pub fn is_class(&self, name: &str) -> bool {
        self.classes.contains_key(name)
    }

    /// The class of the variable's value, as `set_variable` was told.
    pub fn class_of_variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|c| !c.is_empty())
    }

    /// Names that begin with `prefix`: variables first, then classes.
    pub fn names(&self, prefix: &str) -> Vec<&str> {
        let variables = self.variables.keys().filter(|n| n.starts_with(prefix));
        let classes = self.classes.keys().filter(|n| n.starts_with(prefix));
        variables.chain(classes).map(String::as_str).collect()
    }

    /// The selectors beginning with `prefix` that instances of `class` understand, each with the
    /// class that defines it: those of the nearest class first, those of one class in alphabetical
    /// order. `Foo class` is the class Foo itself.
    pub fn selectors_of(&self, class: &str, prefix: &str) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut collect = |name: &str, class_side: bool| {
            let mut next = self.classes.get_key_value(name);
            // A chain cannot be longer than there are classes, whatever the vocabulary says.
            for _ in 0..self.classes.len() {
                let Some((name, words)) = next else { break };
                let own = if class_side {
                    &words.class_selectors
                } else {
                    &words.selectors
                };
                let mut own: Vec<&String> = own.iter().filter(|s| s.starts_with(prefix)).collect();
                own.sort();
                for selector in own {
                    if seen.insert(selector.as_str()) {
                        found.push((selector.as_str(), name.as_str()));
                    }
                }
                next = words
                    .superclass
                    .as_ref()
                    .and_then(|s| self.classes.get_key_value(s));
            }
        };
        match class.strip_suffix(" class") {
            Some(name) => {
                collect(name, true);
                collect("Class", false);
            }
            None => collect(class, false),
        }
        found
    }

    /// Whether instances of `class` understand this very selector.
    pub fn understands(&self, class: &str, selector: &str) -> bool {
        let all = self.selectors_of(class, selector);
        all.iter().any(|(found, _)| *found == selector)
    }

    /// All selectors beginning with `prefix`, those with the most implementors first, each with how
    /// many it has.
    pub fn all_selectors(&self, prefix: &str) -> Vec<(&str, usize)> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for words in self.classes.values() {
            for selector in words.selectors.iter().chain(&words.class_selectors) {
                if selector.starts_with(prefix) {
                    *counts.entry(selector).or_default() += 1;
                }
            }
        }
        let mut ranked: Vec<_> = counts.into_iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        ranked
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small vocabulary.
    pub fn sample() -> Words {
        let mut words = Words::default();
        let mut class = |name: &str, superclass: &str, own: &[&str], class_side: &[&str]| {
            let strings = |all: &[&str]| all.iter().map(|s| s.to_string()).collect();
            let superclass = (!superclass.is_empty()).then(|| superclass.to_string());
            let selectors = strings(own);
            let class_selectors = strings(class_side);
            words.set_class(
                name,
                ClassWords {
                    superclass,
                    selectors,
                    class_selectors,
                },
            );
        };
        class(
            "Object",
            "",
            &["printString", "yourself", "=", "at:put:"],
            &[],
        );
        class("Class", "Object", &["name", "subclass:"], &[]);
        class(
            "SmallInteger",
            "Object",
            &["printString", "factorial", "max:"],
            &["maxVal"],
        );
        class(
            "ByteString",
            "Object",
            &["size", "asUppercase", "printString"],
            &["new:"],
        );
        class(
            "BlockClosure",
            "Object",
            &["value", "value:", "value:value:"],
            &[],
        );
        class(
            "Dictionary",
            "Object",
            &["at:", "at:put:", "at:ifAbsent:"],
            &["new"],
        );
        words.set_variable("dict", "Dictionary");
        words.set_variable("it", "");
        words
    }

    #[test]
    fn selectors_come_from_the_whole_chain_nearest_first() {
        let words = sample();
        assert_eq!(
            words.selectors_of("SmallInteger", "p"),
            [("printString", "SmallInteger")],
            "overridden ones only once"
        );
        assert_eq!(
            words.selectors_of("Dictionary", "y"),
            [("yourself", "Object")]
        );
        assert_eq!(
            words.selectors_of("SmallInteger class", "m"),
            [("maxVal", "SmallInteger")]
        );
        assert_eq!(
            words.selectors_of("SmallInteger class", "na"),
            [("name", "Class")]
        );
        assert_eq!(words.selectors_of("Nobody", ""), []);
    }

    #[test]
    fn many_implementors_come_first() {
        assert_eq!(sample().all_selectors("p"), [("printString", 3)]);
        assert_eq!(sample().all_selectors("at:")[0], ("at:put:", 2));
    }

    #[test]
    fn a_vocabulary_that_goes_in_circles_ends() {
        let mut words = Words::default();
        for (name, superclass) in [("A", "B"), ("B", "A")] {
            let superclass = Some(superclass.to_string());
            words.set_class(
                name,
                ClassWords {
                    superclass,
                    ..ClassWords::default()
                },
            );
        }
        assert_eq!(words.selectors_of("A", ""), []);
    }
}
