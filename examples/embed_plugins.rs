//! A plugin host: each `.st` file of a folder is a plugin, a block that turns a line of text into another.
//! One that fails is told of, and the others go on. `cargo run --example embed_plugins`.

use chirp::{Block, Smalltalk};
use std::{fs, path::Path, time::Duration};

struct Plugin {
    machine: Smalltalk, // each its own: nobody can disturb the others
    transform: Block<(String,), String>,
}

impl Plugin {
    fn load(path: &Path) -> chirp::Result<Plugin> {
        let mut machine = Smalltalk::builder()
            .fuel(1_000_000)
            .memory(32 << 20)
            .timeout(Duration::from_secs(5))
            .build()?;
        let transform = machine.run_file(path)?;
        Ok(Plugin { machine, transform })
    }

    fn run(&mut self, line: &str) -> chirp::Result<String> {
        self.transform.call(&mut self.machine, (line.to_string(),))
    }
}

pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("chirp-plugins-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    for (name, source) in [
        ("1-shout", "[:line | line asUppercase]"),
        ("2-typo", "[:line | line asUpercase]"),
        ("3-endless", "[:line | [ true ] whileTrue. line]"),
        ("4-broken", "[:line | line , ]"),
        ("5-reverse", "[:line | line reversed]"),
    ] {
        fs::write(folder.join(name).with_extension("st"), source)?;
    }

    let mut paths: Vec<_> = fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let mut line = "hello".to_string();
    for path in paths {
        match Plugin::load(&path).and_then(|mut plugin| plugin.run(&line)) {
            Ok(next) => line = next,
            Err(error) => println!("{} is left out: {error}", path.display()),
        }
    }
    fs::remove_dir_all(&folder)?;
    println!("{line}");
    assert_eq!(line, "OLLEH");
    Ok(())
}
