//! A Rust type as a Smalltalk class: `cargo run --example embed_class`.

use chirp::{Block, ClassDef, Ctx, HostClass, New, Obj, Smalltalk, This};

#[derive(Default)]
struct Account {
    owner: String,
    cents: i64,
}

impl HostClass for Account {
    const NAME: &'static str = "Account";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.class_method("of:", |owner: String| New(Account { owner, cents: 0 }))
            .method("owner", |a: &Account| a.owner.clone())
            .method("balance", |a: &Account| a.cents)
            .method("deposit:", |a: &mut Account, cents: i64| a.cents += cents)
            // An `Err` becomes an exception, HostError.
            .method("withdraw:", |a: &mut Account, cents: i64| {
                let left = a.cents.checked_sub(cents).filter(|&left| left >= 0);
                left.map(|left| a.cents = left).ok_or("not enough money")
            })
            .method("isRicherThan:", |a: &Account, b: &Account| {
                a.cents > b.cents
            })
            // Who calls Smalltalk takes a context, and borrows the value for moments only.
            .method(
                "tell:",
                |ctx: &mut Ctx<'_>, this: This<Account>, whom: Block<(i64,), Obj>| {
                    let cents = this.with(ctx, |a| a.cents)?;
                    whom.call(ctx, (cents,))
                },
            )
            .source("isEmpty ^ self balance = 0")
            .print(|a| format!("{}: {}.{:02}", a.owner, a.cents / 100, a.cents % 100));
        Ok(())
    }

    fn heap_size(&self) -> usize {
        self.owner.capacity() // counts against the machine's memory limit
    }
}

pub fn main() -> chirp::Result<()> {
    let mut st = Smalltalk::new();
    st.register::<Account>()?;
    let ada: This<Account> = st.eval("ada := (Account of: 'Ada') deposit: 500")?;
    println!("{}", st.print_string(ada.as_obj())?);
    println!("{:#}", st.eval::<()>("ada withdraw: 999").unwrap_err());
    ada.with_mut(&mut st, |a| a.cents -= 75)?;
    st.set_global("Bob", New(Account::default()))?;
    assert!(st.eval::<bool>("(ada isRicherThan: Bob) and: [ Bob isEmpty ]")?);
    assert_eq!(st.eval::<i64>("ada tell: [:cents | cents * 2 ]")?, 850);
    Ok(())
}
