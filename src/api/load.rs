//! Packages for a machine: folders in Tonel or FileTree. The feature `packages`.

use super::{AsCtx, Error, ErrorKind, Result, Smalltalk};
use crate::host::capabilities::FileAccess;
use crate::host::files::Files;
use crate::host::outside;
use crate::loader::package;
use crate::vm::run::RunError;
use std::path::Path;

impl Smalltalk {
    /// Files in a source file: its definitions count, not its value. Of a folder, the packages in it, in Tonel or
    /// FileTree: traits, classes and methods in the order that they need, then `initialize` of the classes that have it. The program's
    /// permissions do not matter: the host wants it. Needs the feature `packages`; [`Self::run_file`] does not.
    ///
    /// # Errors
    /// What cannot be read, every mistake in the sources, whatever had to be left out and each `initialize` that failed:
    /// [`ErrorKind::Several`], if it is more than one of them. The rest is loaded all the same.
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
        let report = self.as_ctx().call(|vm| Ok(vm.load_packages(sources)))?;
        // A script among them runs when it is named itself.
        let skipped = report.skipped.iter().filter(|s| *s.what != *s.file);
        let skipped = skipped.map(|s| {
            let (what, reason, file) = (&s.what, &s.reason, &s.file);
            format!("{file}:{}: {what} is left out: {reason}", s.line)
        });
        let missing = report.unreadable.iter().cloned().chain(skipped);
        let mut errors: Vec<Error> = missing.map(Error::host).collect();
        if !report.failures.is_empty() {
            errors.push(Error::of_source(report.failures));
        }
        let vm = self.as_ctx().vm;
        for failed in report.errors {
            let error = failed.again(vm);
            let is_stop = matches!(error, RunError::Stopped(_));
            let error = Error::of_run(vm, error);
            // What was to come was stopped as well.
            if is_stop {
                return Err(error);
            }
            errors.push(error);
        }
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Error::new(ErrorKind::Several { errors })),
        }
    }
}
