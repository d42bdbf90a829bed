//! What the class library of this program would have with another Cargo feature: for errors.
//!
//! `formats::parts` says what belongs to which feature; the build script has written down what it left out.

/// The feature with which there would be this class, or this `Class>>selector`.
pub fn feature(name: &str) -> Option<&'static str> {
    let lines = super::packed::embedded().left_out();
    let wanted = name.split_once(">>");
    lines.lines().find_map(|line| {
        let (feature, names) = line.split_once('\t')?;
        let mut class = "";
        let is_it = names.split('\t').any(|each| match each.split_once(">>") {
            Some((of, selector)) => {
                // Where it is the same class as before, it is not repeated.
                class = if of.is_empty() { class } else { of };
                wanted == Some((class, selector))
            }
            None => each == name,
        });
        is_it.then_some(feature)
    })
}

/// Whether the library of this program is without what this feature brings.
pub fn lacks(feature: &str) -> bool {
    let mut lines = super::packed::embedded().left_out().lines();
    lines.any(|line| line.split('\t').next() == Some(feature))
}

#[cfg(test)]
mod tests {
    use super::{feature, lacks};

    #[test]
    fn what_is_missing_is_missed() {
        let library = cfg!(not(feature = "library")).then_some("library");
        let net = cfg!(not(feature = "net")).then_some("net");
        assert_eq!(feature("RxMatcher"), library);
        assert_eq!(lacks("library"), library.is_some());
        assert!(!lacks("serde"));
        assert_eq!(feature("String>>asRegex"), library);
        assert_eq!(feature("String>>asSocketAddress"), net);
        let dates = cfg!(not(feature = "dates")).then_some("dates");
        assert_eq!(feature("Time class>>now"), dates);
        assert_eq!(feature("Time>>hour"), None);
        assert_eq!(feature("Time class>>millisecondClockValue"), None);
        assert_eq!(feature("OrderedCollection"), None);
        assert_eq!(feature("Reg"), None);
        assert_eq!(feature("library"), None);
    }
}
