//! Packages for a machine: folders in Tonel or FileTree. The feature `packages`.

use super::{AsCtx, Error, Result, Smalltalk};
use crate::host::capabilities::FileAccess;
use crate::host::files::Files;
use crate::host::outside;
use crate::loader::package;
use crate::loader::{LoadError, SourceError};
use std::path::Path;

impl Smalltalk {
    /// Files in a source file: its definitions count, not its value. Of a folder, the packages in it, in Tonel or
    /// FileTree: traits, classes and methods in the order that they need, then `initialize` of the classes that have it. The program's
    /// permissions do not matter: the host wants it. Needs the feature `packages`; [`Self::run_file`] does not.
    ///
    /// # Errors
    /// What cannot be read, every mistake in the sources, and whatever had to be left out. The rest is loaded all the same.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("chirp-doc-load-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// std::fs::write(folder.join("Greeter.class.st"), "
    ///     Class { #name : 'Greeter', #superclass : 'Object', #package : 'Greetings' }
    ///
    ///     Greeter >> hello [ ^ 'Hello' ]").unwrap();
    /// let mut st = chirp::Smalltalk::new();
    /// st.load(&folder)?;
    /// assert_eq!(st.eval::<String>("Greeter new hello")?, "Hello");
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        match outside::kind(path, true) {
            Ok(outside::Kind::Folder) => self.load_packages(path),
            _ => self.run_file(path),
        }
    }

    fn load_packages(&mut self, folder: &Path) -> Result<()> {
        let sources = package::read(&Files::new(&FileAccess::all()), &[folder.to_path_buf()]);
        let report = self.as_ctx().call(|vm| {
            let mut report = vm.load_packages(sources);
            if !report.failures.is_empty() {
                let failures = report.failures;
                return Err(LoadError::Source(SourceError { failures }));
            }
            match report.errors.is_empty() {
                true => Ok(report),
                false => Err(LoadError::Run(report.errors.remove(0).1)),
            }
        })?;
        // A script among them runs when it is named itself.
        let skipped = report.skipped.iter().filter(|s| *s.what != *s.file);
        let skipped = skipped.map(|s| {
            let (what, reason, file) = (&s.what, &s.reason, &s.file);
            format!("{file}:{}: {what} is left out: {reason}", s.line)
        });
        let missing: Vec<String> = report.unreadable.iter().cloned().chain(skipped).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Error::host(missing.join("\n"))),
        }
    }
}
