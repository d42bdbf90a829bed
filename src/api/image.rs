//! A class library that many machines begin with.

use super::builder::Builder;
use super::error::{Error, Result};
use super::smalltalk::Smalltalk;
use crate::host::library_files;
use crate::loader::image;
use std::path::Path;
use std::sync::Arc;

/// The sources of a class library, scanned and indexed: what machines begin with. Clones share it, in any thread.
///
/// A machine of its own is made of it in a fraction of a millisecond: classes are made when somebody names them, methods
/// compiled when they are sent.
///
/// ```
/// use chirp::{Image, Smalltalk};
/// use std::thread;
///
/// let image = Image::standard();
/// let workers: Vec<_> = (1..=4)
///     .map(|n| {
///         let image = image.clone();
///         thread::spawn(move || Smalltalk::from_image(&image).eval::<i64>(&format!("{n} factorial")))
///     })
///     .collect();
/// let answers: Vec<i64> = workers.into_iter().map(|w| w.join().unwrap().unwrap()).collect();
/// assert_eq!(answers, [1, 2, 6, 24]);
/// ```
#[derive(Clone, Debug)]
pub struct Image(pub(super) Arc<image::Image>);

impl Image {
    /// The library inside the program.
    pub fn standard() -> Image {
        Image(Arc::new(image::Image::embedded()))
    }

    /// The library in a folder, laid out as `image/` of Chirp's sources: its classes and whatever others are to be there
    /// from the start, in Tonel. All of it is read and scanned now.
    ///
    /// # Errors
    /// What cannot be read, and every mistake in the headers of the files. Methods are compiled when they are sent.
    ///
    /// ```
    /// use chirp::{Image, Smalltalk};
    ///
    /// assert!(Image::of("no such folder").is_err());
    /// let image = Image::of(concat!(env!("CARGO_MANIFEST_DIR"), "/image"))?;
    /// assert_eq!(Smalltalk::from_image(&image).eval::<i64>("3 + 4")?, 7);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn of(folder: impl AsRef<Path>) -> Result<Image> {
        let files = library_files::read(folder.as_ref()).map_err(Error::host)?;
        match image::Image::from_files(&files) {
            Ok(image) => Ok(Image(Arc::new(image))),
            Err(errors) => {
                let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
                Err(Error::host(lines.join("\n")))
            }
        }
    }
}

impl Smalltalk {
    /// A machine like that of [`Smalltalk::new`], with the library of an image. With limits: [`Builder::image`].
    ///
    /// # Panics
    /// When the process has no file descriptors left, or the library lacks what the machine needs of it.
    pub fn from_image(image: &Image) -> Smalltalk {
        match Smalltalk::builder().image(image).build() {
            Ok(machine) => machine,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Builder {
    /// The library that the machine begins with; without this, that inside the program.
    pub fn image(mut self, image: &Image) -> Builder {
        self.image = Some(image.clone());
        self
    }
}
