//! A configuration file in Smalltalk, read into a Rust struct: it may compute, but has no files, no network, and
//! limits. `cargo run --example embed_config`.

use chirp::{ClassDef, HostClass, New, Smalltalk, This};
use std::time::Duration;

const FILE: &str = "
| cores |
cores := 4.
config
    name: 'printer'; workers: cores * 2;
    listen: 'localhost' port: 8080;
    listen: '0.0.0.0' port: 8000 + 443.
#('red' 'green') do: [:each | config flag: each ]";

#[derive(Clone, Debug, Default, PartialEq)]
struct Config {
    name: String,
    workers: u8,
    listen: Vec<(String, u16)>,
    flags: Vec<String>,
}

impl HostClass for Config {
    const NAME: &'static str = "Config";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method("name:", |c: &mut Config, name: String| c.name = name)
            .method("workers:", |c: &mut Config, n: u8| c.workers = n)
            .method("listen:port:", |c: &mut Config, host: String, port: u16| {
                c.listen.push((host, port))
            })
            .method("flag:", |c: &mut Config, flag: String| c.flags.push(flag));
        Ok(())
    }
}

fn read(name: &str, text: &str) -> chirp::Result<Config> {
    let mut st = Smalltalk::builder()
        .fuel(1_000_000)
        .timeout(Duration::from_secs(5))
        .build()?;
    st.register::<Config>()?;
    st.set_global("config", New(Config::default()))?;
    st.run_source::<()>(name, text)?;
    let config: This<Config> = st.global("config")?;
    config.get(&mut st)
}

pub fn main() -> chirp::Result<()> {
    let config = read("printer.st", FILE)?;
    println!("{config:#?}");
    assert_eq!((config.workers, config.listen[1].1), (8, 8443));

    // A mistake in the file is told with its place.
    for wrong in ["config\n  workers: 4 * 400", "config prot: 80"] {
        println!("{:#}", read("printer.st", wrong).unwrap_err());
    }
    Ok(())
}
