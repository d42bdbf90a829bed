//! Maps, sets, tuples and arrays, both ways.

use chirp::{ErrorKind, FromSmalltalk, Smalltalk};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

fn refused<T: FromSmalltalk + std::fmt::Debug>(st: &mut Smalltalk, source: &str) -> String {
    let error = st.eval::<T>(source).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Conversion { .. }),
        "{error:#}"
    );
    error.to_string()
}

#[test]
fn maps_are_dictionaries() {
    let st = &mut Smalltalk::new();
    let ages = HashMap::from([("Ada".to_string(), Some(36)), ("Alan".to_string(), None)]);
    st.set_global("Ages", ages.clone()).unwrap();
    assert_eq!(st.eval::<i64>("Ages at: 'Ada'").unwrap(), 36);
    assert_eq!(st.eval::<String>("Ages class name").unwrap(), "Dictionary");
    assert_eq!(
        st.global::<HashMap<String, Option<i32>>>("Ages").unwrap(),
        ages
    );
    let nested: BTreeMap<char, Vec<String>> = st
        .eval("#('ant' 'bee' 'ape') groupedBy: [ :each | each first ]")
        .unwrap();
    assert_eq!(nested[&'a'], ["ant", "ape"]);
    assert_eq!(nested[&'b'], ["bee"]);
    let there: BTreeMap<i64, BTreeMap<i64, bool>> =
        BTreeMap::from([(1, BTreeMap::from([(2, true)]))]);
    let back = st.object(there.clone()).unwrap();
    assert_eq!(
        back.get::<BTreeMap<i64, BTreeMap<i64, bool>>>(st).unwrap(),
        there
    );
    let kin = "OrderedDictionary new at: #x put: 1; at: #y put: 2; yourself";
    assert_eq!(st.eval::<BTreeMap<String, u8>>(kin).unwrap()["y"], 2);
    assert_eq!(
        st.eval::<HashMap<i64, i64>>("Dictionary new")
            .unwrap()
            .len(),
        0
    );
    let ten_thousand: BTreeMap<u32, u32> = (0..10_000).map(|n| (n, n * n)).collect();
    let back = st.object(ten_thousand.clone()).unwrap();
    assert_eq!(back.get::<BTreeMap<u32, u32>>(st).unwrap(), ten_thousand);
}

#[test]
fn what_is_no_dictionary_is_refused() {
    let st = &mut Smalltalk::new();
    let told = refused::<HashMap<i64, i64>>(st, "#(1 2)");
    assert_eq!(told, "expected a Dictionary, found an Array");
    let told = refused::<BTreeMap<String, i64>>(st, "{ 1 -> 2 } asDictionary");
    assert_eq!(told, "expected a String, found a SmallInteger");
    refused::<BTreeMap<String, i64>>(st, "nil");
    let error = st.eval::<Vec<(String, i64)>>("Dictionary new").unwrap_err();
    assert!(error.to_string().contains("Array"), "{error}");
}

#[test]
fn sets_are_sets() {
    let st = &mut Smalltalk::new();
    let even = BTreeSet::from([2, 4, 6]);
    st.set_global("Even", even.clone()).unwrap();
    assert!(
        st.eval::<bool>("(Even includes: 4) and: [ Even class = Set ]")
            .unwrap()
    );
    assert_eq!(st.global::<BTreeSet<i32>>("Even").unwrap(), even);
    let letters: HashSet<char> = st.eval("'hello' asSet").unwrap();
    assert_eq!(letters, HashSet::from(['h', 'e', 'l', 'o']));
    assert_eq!(
        st.eval::<BTreeSet<u8>>("#[3 1 3]").unwrap(),
        BTreeSet::from([1, 3])
    );
    refused::<BTreeSet<u8>>(st, "'text'");
}

#[test]
fn tuples_and_arrays_have_so_many_elements() {
    let st = &mut Smalltalk::new();
    let (name, age, tags): (String, u8, Vec<char>) =
        st.eval("{ 'Ada'. 36. 'xy' asArray }").unwrap();
    assert_eq!((name.as_str(), age, tags), ("Ada", 36, vec!['x', 'y']));
    st.set_global("Pair", (1, "two")).unwrap();
    assert_eq!(st.eval::<String>("Pair printString").unwrap(), "#(1 'two')");
    let pairs: Vec<(String, i64)> = st.eval("#(('a' 1) ('b' 2))").unwrap();
    assert_eq!(pairs[1], ("b".to_string(), 2));
    assert_eq!(st.eval::<[i64; 3]>("1 to: 3").unwrap(), [1, 2, 3]);
    assert_eq!(st.eval::<[f32; 2]>("#(0.5 2)").unwrap(), [0.5, 2.0]);
    let bytes = st.object([1u8, 2, 3]).unwrap();
    assert_eq!(bytes.class_name(st).unwrap(), "ByteArray");
    let words = ["one", "two"];
    st.set_global("Words", &words[..]).unwrap();
    assert_eq!(st.global::<Vec<String>>("Words").unwrap(), words);

    let told = refused::<(i64, i64)>(st, "#(1 2 3)");
    assert_eq!(told, "expected an Array of 2, found one of 3");
    refused::<[i64; 2]>(st, "#(1)");
    refused::<(i64, String)>(st, "#(1 2)");
    refused::<(i64,)>(st, "7");
}

#[test]
fn a_float_of_half_the_width() {
    let st = &mut Smalltalk::new();
    assert_eq!(st.eval::<f32>("0.1").unwrap(), 0.1f32);
    assert!(st.eval::<f32>("Float nan").unwrap().is_nan());
    assert_eq!(st.eval::<f32>("Float infinity").unwrap(), f32::INFINITY);
    refused::<f32>(st, "1.0e300");
    let object = st.object(0.5f32).unwrap();
    assert_eq!(object.get::<f64>(st).unwrap(), 0.5);
}

/// Converting runs Smalltalk code, which may do as it likes.
#[test]
fn dictionaries_that_lie() {
    let st = &mut Smalltalk::new();
    st.eval::<()>(
        "Dictionary subclass: #Liar. Liar compile: 'values ^ #(1)'. Dictionary subclass: #Failing. \
         Failing compile: 'keys ^ self error: ''no keys'''",
    )
    .unwrap();
    let told = refused::<HashMap<i64, i64>>(st, "Liar new at: 1 put: 2; at: 2 put: 3; yourself");
    assert_eq!(
        told,
        "expected a Dictionary, found one of 2 keys and 1 values"
    );
    let error = st.eval::<HashMap<i64, i64>>("Failing new").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unhandled { message, .. } if message == "no keys"));
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}
