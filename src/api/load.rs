//! Packages for a machine: folders in Tonel or FileTree. The feature `packages`.

use super::{AsCtx, Error, ErrorKind, Result, Smalltalk};
use crate::formats::detect::{Format, format_of};
use crate::formats::package_text;
use crate::host::capabilities::FileAccess;
use crate::host::files::Files;
use crate::host::outside;
use crate::loader::package;
use crate::vm::CompileFailure;
use crate::vm::run::RunError;
use std::path::Path;

impl Smalltalk {
    /// Files in a source file, in any of the formats: its definitions count, not its value. Of a folder, the packages in it, in Tonel or
    /// FileTree: traits, classes and methods in the order that they need, then `initialize` of the classes that have it. The program's
    /// permissions do not matter: the host wants it. Needs the feature `packages`; [`Self::run_file`] does not.
    ///
    /// # Errors
    /// What cannot be read, the mistakes in each file, whatever had to be left out and each `initialize` that failed:
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
        if matches!(outside::kind(path, true), Ok(outside::Kind::Folder)) {
            return self.load_packages(path);
        }
        let bytes = outside::read(path).map_err(|e| Error::of_file(path, &e))?;
        let text = package_text(bytes);
        match format_of(&text) {
            Format::Tonel => self.load_packages(path),
            _ => self.run_source(&path.to_string_lossy(), &text),
        }
    }

    fn load_packages(&mut self, path: &Path) -> Result<()> {
        let sources = package::read(&Files::new(&FileAccess::all()), &[path.to_path_buf()]);
        let report = self.as_ctx().call(|vm| Ok(vm.load_packages(sources)))?;
        // A script among them runs when it is named itself.
        let skipped = report.skipped.iter().filter(|s| *s.what != *s.file);
        let skipped = skipped.map(|s| {
            let (what, reason, file) = (&s.what, &s.reason, &s.file);
            format!("{file}:{}: {what} is left out: {reason}", s.line)
        });
        let missing = report.unreadable.iter().cloned().chain(skipped);
        let mut errors: Vec<Error> = missing.map(Error::host).collect();
        errors.extend(by_file(report.failures).into_iter().map(of_mistakes));
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

/// Those of one file together.
fn by_file(failures: Vec<CompileFailure>) -> Vec<Vec<CompileFailure>> {
    let mut files: Vec<Vec<CompileFailure>> = Vec::new();
    for failure in failures {
        match files.iter_mut().find(|f| f[0].file == failure.file) {
            Some(file) => file.push(failure),
            None => files.push(vec![failure]),
        }
    }
    files
}

/// The mistakes in one file.
fn of_mistakes(failures: Vec<CompileFailure>) -> Error {
    let file = failures.first().and_then(|f| f.file.clone());
    let error = Error::of_source(failures);
    match file.map(|file| outside::read_text(Path::new(&*file))) {
        Some(Ok(text)) => error.locate_mistakes(&text),
        _ => error,
    }
}
