//! Conversions of types that hold or point to others, and of durations.

use chirp::{FromSmalltalk, IntoSmalltalk, Obj, Smalltalk};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn there_and_back<T>(st: &mut Smalltalk, value: T)
where
    T: IntoSmalltalk + FromSmalltalk + Clone + PartialEq + std::fmt::Debug,
{
    let object = st.object(value.clone()).unwrap();
    assert_eq!(object.get::<T>(st).unwrap(), value);
}

fn told<T: FromSmalltalk + std::fmt::Debug>(st: &mut Smalltalk, source: &str) -> String {
    st.eval::<T>(source).unwrap_err().to_string()
}

#[test]
fn text_in_other_clothes() {
    let st = &mut Smalltalk::new();
    there_and_back::<Box<str>>(st, "boxed".into());
    there_and_back::<Arc<str>>(st, "sh\u{e4}red".into());
    there_and_back::<Cow<'_, str>>(st, "own or lent".into());
    there_and_back(st, PathBuf::from("/tmp/file"));
    st.set_global("Place", Path::new("/tmp")).unwrap();
    st.set_global("Lent", Cow::Borrowed("lent")).unwrap();
    assert_eq!(st.eval::<String>("Place , Lent").unwrap(), "/tmplent");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/\xff"));
        let error = st.object(path).unwrap_err();
        assert!(error.to_string().contains("a path in UTF-8"), "{error}");
    }
}

#[test]
fn boxes_and_deques() {
    let st = &mut Smalltalk::new();
    there_and_back(st, Box::new(3));
    there_and_back(st, vec![Box::new(Some(3)), Box::new(None)]);
    there_and_back(st, VecDeque::from([1, 2]));
    let deque = st.eval::<VecDeque<u8>>("(1 to: 3) asOrderedCollection");
    assert_eq!(deque.unwrap(), [1, 2, 3]);
}

#[test]
fn durations() {
    let st = &mut Smalltalk::new();
    there_and_back(st, Duration::new(3, 5));
    there_and_back(st, Duration::ZERO);
    there_and_back(st, Duration::MAX);
    assert_eq!(
        st.eval::<Duration>("1500 milliSeconds").unwrap(),
        Duration::from_millis(1500)
    );
    let text = told::<Duration>(st, "-1 seconds");
    assert_eq!(
        text,
        "expected a Duration from 0 on that fits, found one of -1000000000 ns"
    );
    assert!(told::<Duration>(st, "3").contains("found a SmallInteger"));
}

#[test]
fn references_to_what_is_copied() {
    let st = &mut Smalltalk::new();
    let numbers = [3_i64, 4];
    let largest = numbers.iter().max();
    assert_eq!(st.object(largest).unwrap().get::<i64>(st).unwrap(), 4);
    let object = st.object((&1_u8, &2.5_f64, &true, &'x', &1.5_f32)).unwrap();
    assert_eq!(st.print_string(&object).unwrap(), "#(1 2.5 true $x 1.5)");
    let ages = HashMap::from([("Ada", 36)]);
    st.set_global("Ages", &ages).unwrap();
    assert_eq!(st.eval::<i64>("Ages at: 'Ada'").unwrap(), 36);
    let others = BTreeMap::from([("Alan".to_string(), 41)]);
    st.set_global("Ages", &others).unwrap();
    assert_eq!(st.eval::<i64>("Ages at: 'Alan'").unwrap(), 41);
    assert_eq!(ages.len(), others.len());
}

#[test]
fn pairs_and_fractions() {
    let st = &mut Smalltalk::new();
    assert_eq!(
        st.eval::<(String, i64)>("#a -> 3").unwrap(),
        ("a".into(), 3)
    );
    let pairs: Vec<(String, i64)> = st.eval("{ #a -> 1. { 'b'. 2 } }").unwrap();
    assert_eq!(pairs[1], ("b".into(), 2));
    assert!(told::<(i64, i64, i64)>(st, "1 -> 2").contains("expected an Array"));
    assert_eq!(st.eval::<f64>("1/4").unwrap(), 0.25);
    assert_eq!(st.eval::<f64>("1.25s2").unwrap(), 1.25);
    assert_eq!(st.eval::<f32>("1/3").unwrap(), 1.0 / 3.0);
    assert_eq!(told::<f64>(st, "3 @ 4"), "expected a Float, found a Point");
}

#[test]
fn code_points_that_are_no_characters_of_rust() {
    let st = &mut Smalltalk::new();
    assert_eq!(
        told::<char>(st, "Character value: 16rD800"),
        "expected a Character that `char` can be, found 16rD800, a surrogate"
    );
    let text = told::<String>(st, "String with: $a with: (Character value: 16rDFFF)");
    assert!(text.contains("16rDFFF, a surrogate"), "{text}");
    // The one that stands for what is none is a character itself.
    let text: String = st.eval("String with: (Character value: 16rFFFD)").unwrap();
    assert_eq!(text, "\u{FFFD}");
}

#[test]
fn nil_is_asked_for() {
    let st = &mut Smalltalk::new();
    let object: Obj = st.eval("Smalltalk at: #NoSuch ifAbsent: [ nil ]").unwrap();
    assert!(object.is_nil(st).unwrap());
    assert_eq!(format!("{object:?}"), "an object");
    assert!(object.is_nil(&mut Smalltalk::new()).is_err());
}
