//! The options that permit something, and what they come to.
//!
//! Any of them means `--sandbox`: what is not permitted is denied. Looks at the file system only to find out
//! where the paths and programs are that the options name.

use crate::host::capabilities::{
    Capabilities, Dir, EnvironmentAccess, Net, ProcessAccess, Target, Want,
};
use clap::ValueHint;
use std::ffi::OsStr;
use std::path::PathBuf;

/// What `--allow-…` permits. An option without a value permits everything of its kind.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Permissions (each denies everything else, as --sandbox does)")]
pub struct Allowed {
    /// Connect to and listen at HOST:PORT, HOST, an address, 10.0.0.0/8, unix:PATH; without a value: everything
    #[arg(long = "allow-net", value_name = "TARGET,…", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(value_delimiter = ',', default_missing_value = EVERYTHING, value_parser = target)]
    net: Option<Vec<Option<Target>>>,

    /// Read these files, and those in these folders
    #[arg(long = "allow-read", value_name = "PATH,…", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(value_delimiter = ',', default_missing_value = EVERYTHING, value_parser = maybe::<PathBuf>, value_hint = ValueHint::AnyPath)]
    read: Option<Vec<Option<PathBuf>>>,

    /// Make, change and remove these files, and those in these folders
    #[arg(long = "allow-write", value_name = "PATH,…", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(value_delimiter = ',', default_missing_value = EVERYTHING, value_parser = maybe::<PathBuf>, value_hint = ValueHint::AnyPath)]
    write: Option<Vec<Option<PathBuf>>>,

    /// Start these programs, which then may do what you may do
    #[arg(long = "allow-run", value_name = "PROGRAM,…", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(value_delimiter = ',', default_missing_value = EVERYTHING, value_parser = maybe::<PathBuf>, value_hint = ValueHint::AnyPath)]
    run: Option<Vec<Option<PathBuf>>>,

    /// Read these environment variables
    #[arg(long = "allow-env", value_name = "NAME,…", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(value_delimiter = ',', default_missing_value = EVERYTHING, value_parser = maybe::<String>)]
    env: Option<Vec<Option<String>>>,
}

/// What an option without a value has instead of one. Nobody can type it, for an empty variable in
/// `--allow-read=$FOLDER` must not permit everything.
const EVERYTHING: &str = "\0";

/// None stands for everything.
fn target(text: &str) -> Result<Option<Target>, String> {
    maybe::<String>(text)?.map(|text| text.parse()).transpose()
}

fn maybe<T: for<'a> From<&'a str>>(text: &str) -> Result<Option<T>, String> {
    match text {
        EVERYTHING => Ok(None),
        "" => Err("nothing is named; the option without = permits everything of its kind".into()),
        text => Ok(Some(T::from(text))),
    }
}

/// Everything, or these.
fn given<T>(values: &Option<Vec<Option<T>>>) -> Option<Option<Vec<&T>>> {
    let values = values.as_ref()?;
    Some(values.iter().map(Option::as_ref).collect())
}

impl Allowed {
    /// Whether there is any of these options.
    fn is_given(&self) -> bool {
        let files = self.read.is_some() || self.write.is_some();
        files || self.net.is_some() || self.run.is_some() || self.env.is_some()
    }

    /// What the program may do.
    pub fn capabilities(&self, sandbox: bool) -> Capabilities {
        if !sandbox && !self.is_given() {
            return Capabilities::all();
        }
        let mut allowed = Capabilities::none();
        match given(&self.net) {
            Some(Some(targets)) => {
                let targets = targets.into_iter().cloned();
                targets.for_each(|target| allowed.net.add(target, true, true));
            }
            Some(None) => allowed.net = Net::all(),
            None => {}
        }
        let kinds = [(&self.read, Want::Read), (&self.write, Want::Write)];
        for (paths, want) in kinds {
            match (given(paths), want) {
                (Some(None), want) => allowed.files.add_all(want),
                (Some(Some(paths)), Want::Read) => {
                    let dirs = paths.into_iter().map(Dir::read_only);
                    dirs.for_each(|dir| allowed.files.add(dir));
                }
                (Some(Some(paths)), Want::Write) => {
                    let dirs = paths.into_iter().map(Dir::write_only);
                    dirs.for_each(|dir| allowed.files.add(dir));
                }
                (None, _) => {}
            }
        }
        match given(&self.run) {
            Some(Some(programs)) => allowed.process = ProcessAccess::only(programs),
            Some(None) => allowed.process = ProcessAccess::Any,
            None => {}
        }
        match given(&self.env) {
            Some(Some(names)) => allowed.environment = EnvironmentAccess::only(names),
            Some(None) => allowed.environment = EnvironmentAccess::All,
            None => {}
        }
        allowed
    }
}

/// What to say if an option that permits something stands behind the program's file, where it does nothing.
pub fn misplaced(file: &OsStr, arguments: &[std::ffi::OsString]) -> Option<String> {
    const OPTIONS: [&str; 6] = [
        "--sandbox",
        "--allow-net",
        "--allow-read",
        "--allow-write",
        "--allow-run",
        "--allow-env",
    ];
    let of_the_program = |word: &&std::ffi::OsString| *word != "--";
    let words = arguments.iter().take_while(of_the_program);
    let texts = words.map(|word| word.to_string_lossy());
    let found = texts
        .into_iter()
        .find(|t| OPTIONS.contains(&t.split('=').next().unwrap_or_default()))?;
    let file = file.to_string_lossy();
    Some(format!(
        "{found} stands behind the program's file, so it is an argument of the program and permits \
         nothing; write chirp {found} {file}"
    ))
}
