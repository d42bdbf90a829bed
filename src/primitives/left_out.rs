//! What the class library of this program would have with another Cargo feature: for errors.
//!
//! `formats::parts` says what belongs to which feature; the build script has written down what it left out.

/// The feature with which there would be this class, or this `Class>>selector`.
pub fn feature(name: &str) -> Option<&'static str> {
    let lines = include_str!(concat!(env!("OUT_DIR"), "/library.left"));
    let spaced = format!(" {name} ");
    let line = lines.lines().find(|line| line.contains(&spaced))?;
    line.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::feature;

    #[test]
    fn what_is_missing_is_missed() {
        let library = cfg!(not(feature = "library")).then_some("library");
        let net = cfg!(not(feature = "net")).then_some("net");
        assert_eq!(feature("RxMatcher"), library);
        assert_eq!(feature("String>>asRegex"), library);
        assert_eq!(feature("String>>asSocketAddress"), net);
        assert_eq!(feature("OrderedCollection"), None);
        assert_eq!(feature("Reg"), None);
        assert_eq!(feature("library"), None);
    }
}
