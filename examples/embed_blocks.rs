//! Rust and Smalltalk call each other: closures that call back, errors that go through both,
//! a host type that becomes Smalltalk objects. `cargo run --example embed_blocks`.

use chirp::{Block, Ctx, FromSmalltalk, IntoSmalltalk, Obj, Smalltalk, Symbol};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

/// An account of the host program.
#[derive(Clone, Debug)]
struct Account {
    owner: String,
    cents: i64,
}

/// The host program's own error.
#[derive(Debug)]
struct NoMoney {
    missing: i64,
}

impl fmt::Display for NoMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cents are missing", self.missing)
    }
}

impl std::error::Error for NoMoney {}

impl IntoSmalltalk for Account {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> chirp::Result<Obj> {
        let class: Obj = ctx.global("Account")?;
        class.send(ctx, "owner:cents:", (self.owner, self.cents))
    }
}

impl FromSmalltalk for Account {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> chirp::Result<Self> {
        Ok(Account {
            owner: object.send(ctx, "owner", ())?,
            cents: object.send(ctx, "cents", ())?,
        })
    }
}

const CLASSES: &str = "
Object subclass: #Account instanceVariableNames: 'owner cents' classVariableNames: '' package: 'Bank'!
!Account class methodsFor: 'instance creation'!
owner: aString cents: anInteger
	^ self new setOwner: aString cents: anInteger! !
!Account methodsFor: 'accessing'!
setOwner: aString cents: anInteger
	owner := aString. cents := anInteger!
owner
	^ owner!
cents
	^ cents! !
";

pub fn main() -> chirp::Result<()> {
    let mut st = Smalltalk::new();
    st.run_source::<()>("bank.st", CLASSES)?;

    // State that both sides see: the closure shares it.
    let book = Arc::new(Mutex::new(HashMap::from([("ada".to_string(), 500)])));
    let shared = book.clone();
    let withdraw = st.block(move |owner: String, cents: i64| -> Result<i64, NoMoney> {
        let mut book = shared.lock().unwrap();
        let balance = book.entry(owner).or_default();
        if *balance < cents {
            return Err(NoMoney {
                missing: cents - *balance,
            });
        }
        *balance -= cents;
        Ok(*balance)
    })?;
    st.set_global("Withdraw", &withdraw)?;
    println!(
        "left: {}",
        st.eval::<i64>("Withdraw value: 'ada' value: 120")?
    );
    println!("in Rust: {:?}", book.lock().unwrap());

    // A Rust error is an exception that Smalltalk may handle …
    let handled: String =
        st.eval("[ Withdraw value: 'ada' value: 1000 ] on: HostError do: [:e | e messageText ]")?;
    println!("handled: {handled}");
    // … and comes back whole where it does not.
    let error = st
        .eval::<i64>("Withdraw value: 'ada' value: 1000")
        .unwrap_err();
    println!(
        "missing: {}",
        error.host_error::<NoMoney>().map_or(0, |e| e.missing)
    );

    // A closure that calls back: a method of all collections, with a typed block as its argument.
    st.class("Collection")?.method(
        &mut st,
        "sumOf:",
        |ctx: &mut Ctx<'_>, all: Vec<Obj>, cents: Block<(Obj,), i64>| -> chirp::Result<i64> {
            all.into_iter().map(|each| cents.call(ctx, (each,))).sum()
        },
    )?;
    let accounts = vec![
        Account {
            owner: "ada".into(),
            cents: 380,
        },
        Account {
            owner: "alan".into(),
            cents: 20,
        },
    ];
    st.set_global("Accounts", accounts)?;
    println!(
        "total: {}",
        st.eval::<i64>("Accounts sumOf: [:each | each cents]")?
    );
    let poor: Vec<Account> = st.eval("Accounts select: [:each | each cents < 100]")?;
    println!("poor: {}", poor[0].owner);

    // Smalltalk's own exceptions pass through Rust code as what they are.
    let trapped: Symbol = st
        .eval("[ Accounts sumOf: [:each | each cents / 0] ] on: ZeroDivide do: [:e | #trapped ]")?;
    println!("{}", trapped.0);
    Ok(())
}
