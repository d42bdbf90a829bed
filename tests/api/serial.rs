//! The feature `serde`: any type as an object and back.

use chirp::{ErrorKind, Obj, Smalltalk, Stop};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Shape {
    Nothing,
    Circle(f64),
    Pair(i64, String),
    Named { width: u32, label: Option<String> },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Unit;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Wrapped(u8);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct All {
    flag: bool,
    small: i8,
    large: i128,
    huge: u128,
    float: f64,
    letter: char,
    text: String,
    maybe: Option<i64>,
    list: Vec<Option<u64>>,
    table: BTreeMap<String, Vec<i32>>,
    numbers: BTreeMap<i64, bool>,
    shapes: Vec<Shape>,
    tuple: (u8, String, Unit),
    wrapped: Wrapped,
}

fn there_and_back<T: Serialize + DeserializeOwned>(st: &mut Smalltalk, value: &T) -> T {
    let object = st.to_object(value).unwrap();
    object.deserialize(st).unwrap()
}

fn read<T: DeserializeOwned>(source: &str) -> chirp::Result<T> {
    let st = &mut Smalltalk::new();
    let object: Obj = st.eval(source).unwrap();
    object.deserialize(st)
}

fn shown<T: Serialize>(value: &T) -> String {
    let st = &mut Smalltalk::new();
    let object = st.to_object(value).unwrap();
    st.print_string(&object).unwrap()
}

fn fails<T: DeserializeOwned + Debug>(source: &str) -> String {
    read::<T>(source).unwrap_err().to_string()
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Nothing),
        any::<f64>()
            .prop_filter("comparable", |f| !f.is_nan())
            .prop_map(Shape::Circle),
        (any::<i64>(), any::<String>()).prop_map(|(n, s)| Shape::Pair(n, s)),
        (any::<u32>(), any::<Option<String>>())
            .prop_map(|(width, label)| Shape::Named { width, label }),
    ]
}

fn all() -> impl Strategy<Value = All> {
    let numbers = (
        any::<bool>(),
        any::<i8>(),
        any::<i128>(),
        any::<u128>(),
        any::<f64>().prop_filter("comparable", |f| !f.is_nan()),
    );
    let texts = (
        any::<char>(),
        any::<String>(),
        any::<Option<i64>>(),
        any::<Vec<Option<u64>>>(),
    );
    let parts = (
        any::<BTreeMap<String, Vec<i32>>>(),
        any::<BTreeMap<i64, bool>>(),
        prop::collection::vec(shape(), 0..5),
        (any::<u8>(), any::<String>()),
        any::<u8>(),
    );
    (numbers, texts, parts).prop_map(|(n, t, p)| All {
        flag: n.0,
        small: n.1,
        large: n.2,
        huge: n.3,
        float: n.4,
        letter: t.0,
        text: t.1,
        maybe: t.2,
        list: t.3,
        table: p.0,
        numbers: p.1,
        shapes: p.2,
        tuple: (p.3.0, p.3.1, Unit),
        wrapped: Wrapped(p.4),
    })
}

#[test]
fn round_trips() {
    let st = std::cell::RefCell::new(Smalltalk::new());
    proptest!(ProptestConfig::with_cases(60), |(value in all())| {
        let back = there_and_back(&mut st.borrow_mut(), &value);
        prop_assert_eq!(back, value);
    });
}

#[test]
fn round_trips_under_collection() {
    let mut st = Smalltalk::builder().stress(true).build().unwrap();
    let value: Vec<_> = (0..20)
        .map(|n| Shape::Named {
            width: n,
            label: Some(n.to_string()),
        })
        .collect();
    assert_eq!(there_and_back(&mut st, &value), value);
}

#[test]
fn how_values_look_in_smalltalk() {
    assert_eq!(shown(&Shape::Nothing), "#Nothing");
    assert_eq!(shown(&Shape::Circle(1.5)), "#Circle->1.5");
    assert_eq!(shown(&Shape::Pair(1, "a".into())), "#Pair->#(1 'a')");
    assert_eq!(
        shown(&Shape::Named {
            width: 3,
            label: None
        })
        .replace(' ', ""),
        "#Named->aDictionary(#label->nil#width->3)"
    );
    assert_eq!(shown(&BTreeMap::from([("a", 1)])), "a Dictionary('a'->1 )");
    assert_eq!(
        shown(&(Unit, Wrapped(3), u128::MAX)),
        "#(nil 3 340282366920938463463374607431768211455)"
    );
}

#[test]
fn what_smalltalk_makes() {
    assert_eq!(
        read::<Vec<i64>>("#(1 2) asOrderedCollection").unwrap(),
        [1, 2]
    );
    assert_eq!(read::<Vec<u8>>("#[1 2]").unwrap(), [1, 2]);
    assert_eq!(
        read::<(i64, String)>("{ 1. #two }").unwrap(),
        (1, "two".into())
    );
    assert_eq!(read::<Shape>("#Nothing").unwrap(), Shape::Nothing);
    assert_eq!(read::<Shape>("'Nothing'").unwrap(), Shape::Nothing);
    assert_eq!(read::<Shape>("#Circle -> 2").unwrap(), Shape::Circle(2.0));
    assert_eq!(
        read::<Shape>("Dictionary newFrom: { 'Circle' -> 2.5 }").unwrap(),
        Shape::Circle(2.5)
    );
    assert_eq!(
        read::<BTreeMap<String, i64>>("Dictionary newFrom: { #a -> 1. 'b' -> 2 }")
            .unwrap()
            .len(),
        2
    );
    assert_eq!(read::<Option<i64>>("nil").unwrap(), None);
    read::<()>("nil").unwrap();
    #[derive(Deserialize)]
    struct Place {
        x: i64,
        y: f64,
    }
    let place: Place = read("3 @ 4").unwrap();
    assert_eq!((place.x, place.y), (3, 4.0));
}

#[test]
fn errors_tell_where() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct Server {
        port: u16,
        names: Vec<String>,
        inner: Option<Box<Server>>,
    }
    let server = |rest: &str| {
        fails::<Server>(&format!(
            "| d | d := Dictionary new. d at: #port put: 1; at: #names put: #('a'); at: #inner put: nil. {rest}. d"
        ))
    };
    assert_eq!(
        server("d at: #port put: 70000"),
        "expected u16, found integer `70000` in `port`"
    );
    assert_eq!(
        server("d at: #names put: #('a' 3)"),
        "expected a string, found integer `3` in `names[1]`"
    );
    assert_eq!(
        server("d removeKey: #port"),
        "expected the field `port`, found none"
    );
    assert_eq!(
        server("d at: #inner put: (d copy at: #port put: 'x'; yourself)"),
        "expected u16, found string \"x\" in `inner.port`"
    );
    assert_eq!(
        server("d at: #names put: nil"),
        "expected an Array, found nil in `names`"
    );
    assert!(
        server("d := 3").contains("expected a Dictionary or an object with instance variables")
    );
    assert!(server("d at: #inner put: d").starts_with("StackOverflow: "));
    assert!(fails::<Shape>("#Other").contains("Other"));
    assert!(
        fails::<Shape>("3").contains("expected a Symbol or an Association, found a SmallInteger")
    );
    assert!(fails::<Shape>("Dictionary new").contains("one of 0"));
    assert!(fails::<f64>("'3'").contains("expected a Float"));
    assert!(fails::<f32>("1.0e300").contains("fits f32"));
    assert!(fails::<char>("Character value: 16rD800").contains("16rD800, a surrogate"));
    assert!(fails::<u128>("2 raisedTo: 200").contains("201 bits"));
    let (st, other) = (&mut Smalltalk::new(), &mut Smalltalk::new());
    let error = st
        .to_object(&1)
        .unwrap()
        .deserialize::<i64>(other)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ForeignHandle));
}

/// The next call ends what was dropped, and that moves what was made so far.
#[test]
fn parts_outlive_the_end_of_dropped_programs() {
    let st = &mut Smalltalk::builder().stress(true).build().unwrap();
    let value = BTreeMap::from([
        ("a".to_string(), Shape::Circle(1.5)),
        ("b".to_string(), Shape::Pair(3, "c".into())),
    ]);
    let mut run = st
        .start("[ [ true ] whileTrue: [ ] ] ensure: [ Object new ]")
        .unwrap();
    let _ = run.step::<Obj>(st, 1000).unwrap();
    drop(run);
    let object = st.to_object(&value).unwrap();
    let back: BTreeMap<String, Shape> = object.deserialize(st).unwrap();
    assert_eq!(back, value);
}

#[test]
fn whatever_says_it_is_a_dictionary() {
    let numbers = BTreeMap::from([("a".to_string(), 1), ("b".to_string(), 2)]);
    let made = "OrderedDictionary new at: #b put: 2; at: #a put: 1; yourself";
    assert_eq!(read::<BTreeMap<String, i64>>(made).unwrap(), numbers);
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Any {
        List(Vec<i64>),
        Table(BTreeMap<String, i64>),
    }
    assert_eq!(read::<Any>(made).unwrap(), Any::Table(numbers));
    assert_eq!(read::<Any>("#(1 2)").unwrap(), Any::List(vec![1, 2]));
    assert!(fails::<Vec<i64>>(made).contains("expected an Array"));
    let circle = "OrderedDictionary new at: #Circle put: 1.5; yourself";
    assert_eq!(read::<Shape>(circle).unwrap(), Shape::Circle(1.5));
}

#[test]
fn enums_with_content_inside_what_describes_itself() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Inner {
        shape: Shape,
        more: Vec<Shape>,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Outer {
        name: String,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "kind")]
    enum Tagged {
        Drawing(Inner),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Untagged {
        One(Shape),
        Many(Vec<Shape>),
    }
    let inner = || Inner {
        shape: Shape::Circle(1.5),
        more: vec![
            Shape::Nothing,
            Shape::Pair(1, "a".into()),
            Shape::Named {
                width: 3,
                label: None,
            },
        ],
    };
    let st = &mut Smalltalk::builder().stress(true).build().unwrap();
    let outer = Outer {
        name: "x".into(),
        inner: inner(),
    };
    assert_eq!(there_and_back(st, &outer), outer);
    let tagged = Tagged::Drawing(inner());
    assert_eq!(there_and_back(st, &tagged), tagged);
    for untagged in [
        Untagged::One(Shape::Circle(2.0)),
        Untagged::Many(inner().more),
    ] {
        assert_eq!(there_and_back(st, &untagged), untagged);
    }
}

#[test]
fn numbers_are_no_names_of_fields() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct Ab {
        a: i64,
        b: i64,
    }
    assert!(fails::<Ab>("Dictionary newFrom: { 0 -> 7. 1 -> 8 }").contains("integer `0`"));
    assert!(fails::<Shape>("0 -> 7").contains("integer `0`"));
    #[derive(Deserialize)]
    struct Open {
        a: i64,
        #[serde(flatten)]
        others: BTreeMap<i64, i64>,
    }
    let open: Open = read("Dictionary newFrom: { 0 -> 7. #a -> 8 }").unwrap();
    assert_eq!((open.a, open.others[&0]), (8, 7));
}

#[test]
fn as_deep_as_the_stack_goes() {
    let st = &mut Smalltalk::new();
    #[derive(Serialize, Deserialize)]
    struct Node {
        next: Option<Box<Node>>,
    }
    let chain = (0..150).fold(Node { next: None }, |rest, _| Node {
        next: Some(Box::new(rest)),
    });
    let object = st.to_object(&chain).unwrap();
    let mut node: Node = object.deserialize(st).unwrap();
    let mut length = 0;
    while let Some(next) = node.next.take() {
        (node, length) = (*next, length + 1);
    }
    assert_eq!(length, 150);
    let error = read::<Node>("| d | d := Dictionary new. d at: #next put: d")
        .err()
        .unwrap();
    assert!(error.to_string().starts_with("StackOverflow: "), "{error}");
}

/// Whatever it is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Any {
    Number(i64),
    List(Vec<Any>),
}

impl Any {
    fn sum(&self) -> i64 {
        match self {
            Any::Number(n) => *n,
            Any::List(all) => all.iter().map(Any::sum).sum(),
        }
    }
}

#[test]
fn a_value_is_read_within_the_limits() {
    let source = |depth| format!("a := #(1). {depth} timesRepeat: [ a := {{ a. a }} ]. a");
    let st = &mut Smalltalk::builder().memory(16 << 20).build().unwrap();
    let few: Obj = st.eval(&source(5)).unwrap();
    assert_eq!(few.deserialize::<Any>(st).unwrap().sum(), 32);
    let many: Obj = st.eval(&source(60)).unwrap();
    let why = |st: &mut Smalltalk| match many.deserialize::<Any>(st).map(|any| any.sum()) {
        Ok(_) => panic!("it has an end"),
        Err(error) => match error.kind() {
            ErrorKind::Stopped { why, .. } => *why,
            _ => panic!("{error}"),
        },
    };
    assert_eq!(why(st), Stop::Memory);
    st.set_fuel(Some(100_000));
    assert_eq!(why(st), Stop::Fuel);
    st.set_fuel(None);
    st.set_timeout(Some(std::time::Duration::ZERO));
    assert_eq!(why(st), Stop::Deadline);
}
