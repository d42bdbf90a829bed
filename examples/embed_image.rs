//! An image with the host's own classes, of which machines are made in a fraction of a millisecond: here one for each
//! request, so that none sees what another has done. `cargo run --example embed_image`.

use chirp::{ClassDef, HostClass, Image, New, Shared, Smalltalk};
use std::thread;
use std::time::Instant;

/// Might be `include_str!("tariff.st")`, or a folder of packages that `load` is given.
const SOURCE: &str = "
Object subclass: Tariff [
    | rates |
    Tariff class >> of: pairs [ ^ self new setRates: pairs asDictionary ]
    setRates: aDictionary [ rates := aDictionary ]
    priceOf: aParcel [ ^ aParcel grams * (rates at: aParcel zone) roundUpTo: 10 ]
]
Smalltalk at: #Standard put: (Tariff of: { #near -> 2. #far -> 7 })
";

struct Parcel(u32, bool);

impl HostClass for Parcel {
    const NAME: &'static str = "Parcel";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method("grams", |p: &Parcel| p.0)
            .method("isFar", |p: &Parcel| p.1)
            .source("zone ^ self isFar ifTrue: [ #far ] ifFalse: [ #near ]");
        Ok(())
    }
}

/// A machine that has loaded all that a request needs, as it stands.
fn prepare() -> chirp::Result<Image> {
    let mut st = Smalltalk::new();
    st.register::<Parcel>()?;
    // A closure that machines in several threads have says so.
    let shown = Shared(|cents: i64| format!("{}.{:02}", cents / 100, cents % 100));
    st.class("Integer")?.method(&mut st, "asEuros", shown)?;
    st.run_source::<()>("tariff.st", SOURCE)?;
    st.to_image()
}

fn price(image: &Image, parcel: Parcel) -> chirp::Result<String> {
    let mut st = Smalltalk::builder().image(image).fuel(100_000).build()?;
    st.set_global("It", New(parcel))?;
    st.eval("(Standard priceOf: It) asEuros")
}

pub fn main() -> chirp::Result<()> {
    let image = prepare()?;
    let start = Instant::now();
    assert_eq!(price(&image, Parcel(501, false))?, "10.10");
    println!("a machine and its answer: {:?}", start.elapsed());
    let other = image.clone();
    let far = thread::spawn(move || price(&other, Parcel(500, true)));
    assert_eq!(far.join().expect("it does not panic")?, "35.00");
    Ok(())
}
