//! Every conversion, both ways.

use chirp::{ErrorKind, FromSmalltalk, IntoSmalltalk, Obj, Smalltalk, Symbol};

/// Goes to Smalltalk and comes back.
fn there_and_back<T>(st: &mut Smalltalk, value: T)
where
    T: IntoSmalltalk + FromSmalltalk + Clone + PartialEq + std::fmt::Debug,
{
    let object = st.object(value.clone()).unwrap();
    assert_eq!(object.get::<T>(st).unwrap(), value);
}

#[test]
fn numbers_keep_their_value() {
    let st = &mut Smalltalk::new();
    for n in [
        0,
        1,
        -1,
        i64::MAX,
        i64::MIN,
        1 << 60,
        (1 << 60) - 1,
        -(1 << 60),
        -(1 << 60) - 1,
    ] {
        there_and_back(st, n);
    }
    there_and_back(st, u64::MAX);
    there_and_back(st, i128::MIN);
    there_and_back(st, u128::MAX);
    there_and_back(st, usize::MAX);
    there_and_back(st, i8::MIN);
    for f in [
        0.0,
        -0.0,
        1.5,
        1e100,
        -1e-300,
        f64::INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
    ] {
        there_and_back(st, f);
    }
    assert!(st.eval::<f64>("Float nan").unwrap().is_nan());
    assert_eq!(st.eval::<i64>("2 raisedTo: 62").unwrap(), 1 << 62);
    assert_eq!(st.eval::<u64>("16rFFFFFFFFFFFFFFFF").unwrap(), u64::MAX);
    assert_eq!(st.eval::<f64>("3").unwrap(), 3.0);
    assert_eq!(st.eval::<f64>("2 raisedTo: 100").unwrap(), 2f64.powi(100));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let st = &mut Smalltalk::new();
    fn told<T: FromSmalltalk + std::fmt::Debug>(st: &mut Smalltalk, source: &str) -> String {
        let error = st.eval::<T>(source).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Conversion { .. }),
            "{source}: {error}"
        );
        error.to_string()
    }
    assert_eq!(
        told::<u8>(st, "256"),
        "expected an Integer that fits u8, found 256"
    );
    assert_eq!(
        told::<u8>(st, "-1"),
        "expected an Integer that fits u8, found -1"
    );
    assert_eq!(
        told::<u64>(st, "-1"),
        "expected an Integer that fits u64, found -1"
    );
    assert_eq!(
        told::<i64>(st, "2 raisedTo: 63"),
        "expected an Integer that fits i64, found 9223372036854775808"
    );
    assert_eq!(
        told::<i64>(st, "1000 factorial"),
        "expected an Integer that fits i64, found one of 8530 bits"
    );
    assert_eq!(
        told::<f64>(st, "(2 raisedTo: 53) + 1"),
        "expected a number that fits f64 exactly, found an Integer of 54 bits"
    );
    assert_eq!(
        told::<f64>(st, "1000 factorial"),
        "expected a number that fits f64 exactly, found an Integer of 8530 bits"
    );
    assert_eq!(told::<i64>(st, "3.5"), "expected an Integer, found a Float");
    assert_eq!(told::<i64>(st, "nil"), "expected an Integer, found nil");
    assert_eq!(
        told::<f64>(st, "(10 raisedTo: 400) / 3"),
        "expected a number that fits f64, found a Fraction"
    );
    assert_eq!(
        told::<bool>(st, "1"),
        "expected a Boolean, found a SmallInteger"
    );
    assert_eq!(
        told::<char>(st, "'a'"),
        "expected a Character, found a ByteString"
    );
    assert_eq!(
        told::<String>(st, "#(1)"),
        "expected a String, found an Array"
    );
    assert_eq!(
        told::<Vec<i64>>(st, "'abc'"),
        "expected an Array, found a ByteString"
    );
    assert_eq!(
        told::<Vec<i64>>(st, "Dictionary new"),
        "expected an Array, found a Dictionary"
    );
    assert_eq!(
        told::<Vec<i64>>(st, "#(1 $a)"),
        "expected an Integer, found a Character"
    );
    assert_eq!(
        told::<Vec<i64>>(st, "Object"),
        "expected an Array, found an Object class"
    );
    assert_eq!(
        told::<Option<i64>>(st, "true"),
        "expected an Integer, found true"
    );
}

#[test]
fn texts_and_characters() {
    let st = &mut Smalltalk::new();
    for text in ["", "plain", "Grüße", "日本語", "a\u{10FFFF}b", "it's\n"] {
        there_and_back(st, text.to_string());
        let size = st
            .object(text)
            .unwrap()
            .send::<usize>(st, "size", ())
            .unwrap();
        assert_eq!(size, text.chars().count());
    }
    there_and_back(st, 'x');
    there_and_back(st, '\u{10FFFF}');
    assert_eq!(st.eval::<String>("#foo:bar:").unwrap(), "foo:bar:");
    assert_eq!(st.eval::<Symbol>("#size").unwrap(), Symbol::from("size"));
    let symbol = st.object(Symbol::from("größe")).unwrap();
    assert!(symbol.send::<bool>(st, "isSymbol", ()).unwrap());
    assert!(
        symbol
            .send::<bool>(st, "==", (Symbol::from("größe"),))
            .unwrap()
    );
    let own = String::from("owned");
    assert_eq!(st.object(&own).unwrap().get::<String>(st).unwrap(), own);
    assert!(matches!(
        st.eval::<char>("Character value: 16rD800")
            .unwrap_err()
            .kind(),
        ErrorKind::Conversion { .. }
    ));
}

#[test]
fn nothing_options_and_collections() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("3 + 4").unwrap();
    there_and_back(st, Some(3));
    there_and_back(st, None::<i64>);
    there_and_back(st, true);
    there_and_back(st, vec![Some("a".to_string()), None]);
    there_and_back(st, vec![vec![1u16, 2], vec![], vec![3]]);
    there_and_back(st, Vec::<String>::new());
    assert_eq!(
        st.eval::<Vec<i64>>("(1 to: 4) collect: [:i | i * i]")
            .unwrap(),
        [1, 4, 9, 16]
    );
    assert_eq!(
        st.eval::<Vec<i64>>("OrderedCollection with: 3 with: 4")
            .unwrap(),
        [3, 4]
    );
    assert_eq!(st.eval::<Vec<i64>>("Set with: 3").unwrap(), [3]);
    assert_eq!(st.eval::<Vec<i64>>("1 to: 3").unwrap(), [1, 2, 3]);
    assert_eq!(
        st.eval::<Vec<Vec<char>>>("#(#($a) #($b $c))").unwrap(),
        [vec!['a'], vec!['b', 'c']]
    );
    let bytes = st.object(vec![1u8, 255]).unwrap();
    assert_eq!(bytes.class_name(st).unwrap(), "ByteArray");
    assert_eq!(bytes.get::<Vec<u8>>(st).unwrap(), [1, 255]);
    assert_eq!(bytes.get::<Vec<i64>>(st).unwrap(), [1, 255]);
    assert_eq!(
        st.object(vec![1i64, 2]).unwrap().class_name(st).unwrap(),
        "Array"
    );
}

#[test]
fn own_types_convert_in_the_middle_of_lists_under_stress() {
    #[derive(Clone, Debug, PartialEq)]
    struct Money(i64);
    impl FromSmalltalk for Money {
        fn from_smalltalk(ctx: &mut chirp::Ctx<'_>, object: &Obj) -> chirp::Result<Self> {
            let (whole, rest): (i64, i64) =
                (object.send(ctx, "x", ())?, object.send(ctx, "y", ())?);
            Ok(Money(whole * 100 + rest))
        }
    }
    impl IntoSmalltalk for Money {
        fn into_smalltalk(self, ctx: &mut chirp::Ctx<'_>) -> chirp::Result<Obj> {
            ctx.class("Point")?
                .send(ctx, "x:y:", (self.0 / 100, self.0 % 100))
        }
    }
    let st = &mut Smalltalk::builder().stress(true).build().unwrap();
    let list: Vec<Money> = (0..20).map(|n| Money(n * 101)).collect();
    there_and_back(st, list.clone());
    st.set_global("Shop", list).unwrap();
    assert_eq!(
        st.eval::<Money>("Shop inject: 0 @ 0 into: [:a :b | a + b]")
            .unwrap(),
        Money(190 * 100 + 190)
    );
    // Several arguments whose conversion runs Smalltalk.
    let max: Money = st
        .object(Money(3))
        .unwrap()
        .send(st, "max:", (Money(2),))
        .unwrap();
    assert_eq!(max, Money(3));
}

#[test]
fn globals_and_variables_of_the_session() {
    let st = &mut Smalltalk::new();
    st.set_global("Limit", 10).unwrap();
    assert_eq!(st.eval::<i64>("Limit + 1").unwrap(), 11);
    assert_eq!(st.global::<i64>("Limit").unwrap(), 10);
    st.eval::<()>("x := 5").unwrap();
    assert_eq!(st.global::<i64>("x").unwrap(), 5);
    st.set_global("x", 6).unwrap();
    assert_eq!(st.eval::<i64>("x").unwrap(), 6);
    let error = st.global::<i64>("Missing").unwrap_err();
    assert_eq!(error.to_string(), "there is no global `Missing`");
    assert_eq!(
        st.class("Limit").unwrap_err().to_string(),
        "there is no class `Limit`"
    );
    st.set_arguments(["one"]);
    assert_eq!(st.arguments(), ["one"]);
    assert_eq!(
        st.eval::<Vec<String>>("Smalltalk arguments").unwrap(),
        ["one"]
    );
}
