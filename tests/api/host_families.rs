//! Rust types that know each other, and what else bears their names.

use chirp::{ClassDef, HostClass, New, Obj, Smalltalk, This};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Two that register each other, one with a variable.
struct Parent(i64);
struct Child(i64);

impl HostClass for Parent {
    const NAME: &'static str = "Parent";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        chirp::AsCtx::as_ctx(c).register::<Child>()?;
        c.variable("name")
            .class_method("of:", |n: i64| New(Parent(n)))
            .method("child", |p: &Parent| New(Child(p.0 + 1)))
            .method("n", |p: &Parent| p.0)
            .method("=", |a: &Parent, b: &Parent| a.0 == b.0)
            .method("hash", |a: &Parent| a.0)
            .method("isOlderThan:", |a: &Parent, b: &Child| a.0 < b.0)
            .source("name: aString name := aString")
            .source("name ^ name");
        Ok(())
    }
}

impl HostClass for Child {
    const NAME: &'static str = "Child";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        chirp::AsCtx::as_ctx(c).register::<Parent>()?;
        c.method("parent", |p: &Child| New(Parent(p.0 - 1)))
            .method("=", |a: &Child, n: i64| a.0 == n);
        Ok(())
    }
}

#[test]
fn types_may_register_each_other() {
    let st = &mut Smalltalk::new();
    let parent = st.register::<Parent>().unwrap();
    let again = st.register::<Parent>().unwrap();
    assert!(parent.as_obj().is_same(again.as_obj(), st).unwrap());
    let works = "(Parent of: 3) child parent n + ((Parent of: 4) name: 'Ada'; name) size";
    assert_eq!(st.eval::<i64>(works).unwrap(), 6);
    let mut copy = Smalltalk::from_image(&st.to_image().unwrap());
    assert_eq!(copy.eval::<i64>(works).unwrap(), 6);
    copy.register::<Child>().unwrap();
    assert_eq!(copy.eval::<i64>(works).unwrap(), 6);
    let st = &mut Smalltalk::new();
    st.register::<Child>().unwrap();
    assert_eq!(st.eval::<i64>(works).unwrap(), 6);
}

#[test]
fn equality_takes_anything() {
    let st = &mut Smalltalk::new();
    st.register::<Parent>().unwrap();
    let yes = "a := Parent of: 3. { a = (Parent of: 3). a ~= 3. a ~= nil. a ~= a child. a ~= Parent basicNew.
        (Set with: a with: (Parent of: 3)) size = 1. (OrderedCollection with: 3 with: a) includes: (Parent of: 3) }";
    assert_eq!(st.eval::<Vec<bool>>(yes).unwrap(), [true; 7]);
    // A parameter of another kind is what it says, and so is one of another message.
    assert!(st.eval::<bool>("a child = 4").unwrap());
    let error = st.eval::<bool>("a child = a").unwrap_err().to_string();
    assert!(error.contains("expected an Integer"), "{error}");
    let error = st.eval::<bool>("a isOlderThan: 3").unwrap_err().to_string();
    assert!(error.contains("expected a Child"), "{error}");
}

/// A type whose superclass is another's class.
struct Heir;
impl HostClass for Heir {
    const NAME: &'static str = "Heir";
    const SUPERCLASS: &'static str = "Parent";
    fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        Ok(())
    }
}

/// Likewise, with a class in between.
struct Grandchild;
impl HostClass for Grandchild {
    const NAME: &'static str = "Grandchild";
    const SUPERCLASS: &'static str = "InBetween";
    fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        Ok(())
    }
}

#[test]
fn one_object_holds_one_value() {
    let st = &mut Smalltalk::new();
    st.register::<Parent>().unwrap();
    st.eval::<()>("Parent subclass: #InBetween").unwrap();
    let expected = |name, above| {
        format!(
            "no class: {name} cannot inherit from {above}: methods of a Parent want the Rust value of a Parent"
        )
    };
    let error = st.register::<Heir>().unwrap_err().to_string();
    assert_eq!(error, expected("Heir", "Parent"));
    let error = st.register::<Grandchild>().unwrap_err().to_string();
    assert_eq!(error, expected("Grandchild", "InBetween"));
    assert!(st.class("Heir").is_err());
}

static FAILS: AtomicBool = AtomicBool::new(true);

/// One whose definition panics the first time.
struct Late;
impl HostClass for Late {
    const NAME: &'static str = "Late";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        assert!(!FAILS.swap(false, SeqCst), "not yet");
        c.class_method("three", || 3);
        Ok(())
    }
}

#[test]
fn nothing_is_left_of_a_definition_that_panics() {
    let st = &mut Smalltalk::new();
    assert!(catch_unwind(AssertUnwindSafe(|| st.register::<Late>())).is_err());
    assert!(st.class("Late").is_err());
    st.register::<Late>().unwrap();
    assert_eq!(st.eval::<i64>("Late three").unwrap(), 3);
}

/// Methods that no message has.
struct Odd<const N: usize>;
impl<const N: usize> HostClass for Odd<N> {
    const NAME: &'static str = "Odd";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method(["foo bar", "", "1st"][N], |_: &Self| 3);
        Ok(())
    }
}

#[test]
fn names_that_are_none() {
    let st = &mut Smalltalk::new();
    for (error, name) in [
        (st.register::<Odd<0>>(), "foo bar"),
        (st.register::<Odd<1>>(), ""),
        (st.register::<Odd<2>>(), "1st"),
    ] {
        let expected = format!("there is no selector `{name}`: that is no message name");
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
    let object = st.class("Object").unwrap();
    let error = object.method(st, "foo bar", |_: Obj| 3).unwrap_err();
    assert!(error.to_string().contains("`foo bar`"), "{error}");
    for name in [
        "nil",
        "self",
        "super",
        "true",
        "thisContext",
        "3x",
        "foo bar",
        "",
        "a:",
        "#a",
    ] {
        let error = st.set_global(name, 3).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("expected a name for a global, found `{name}`")
        );
    }
    st.set_global("größe_2", 3).unwrap();
    assert_eq!(st.eval::<i64>("größe_2").unwrap(), 3);
}

#[test]
fn a_class_is_seen_where_a_variable_was() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("Parent := 3. Foo := 4. sees := [ Parent ]")
        .unwrap();
    st.register::<Parent>().unwrap();
    assert_eq!(st.eval::<String>("Parent name").unwrap(), "Parent");
    assert_eq!(st.eval::<String>("sees value name").unwrap(), "Parent");
    let _: This<Parent> = st.eval("Parent of: 3").unwrap();
    st.eval::<()>("Object subclass: #Foo").unwrap();
    assert_eq!(st.eval::<String>("Foo name").unwrap(), "Foo");
}
