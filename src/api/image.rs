//! What machines begin with: a class library, or all that a machine had when an image was taken of it.

use super::builder::Builder;
use super::context::{AsCtx, Ctx};
use super::error::{Error, ErrorKind, Result};
use super::host_class::HostTypes;
use super::smalltalk::Smalltalk;
use crate::host::Host;
use crate::loader::boot::{boot_shared, resume};
use crate::loader::image;
use crate::memory::HeapOptions;
use crate::vm::{Outlined, Snapshot, Vm};
#[cfg(feature = "packages")]
use crate::{
    formats::parts,
    host::library_files,
    loader::{boot::missing_known_classes, left_out},
};
#[cfg(feature = "packages")]
use std::path::Path;
use std::sync::Arc;

/// So many reasons are told.
const MOST_REASONS: usize = 5;

/// What machines begin with: the class library, and with it what a host program has loaded into a machine of which it
/// has [taken an image](Smalltalk::to_image). Clones share it, in any thread.
///
/// A machine of its own is made of it in a fraction of a millisecond: classes of the library are made when somebody names
/// them, methods compiled when they are sent.
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
#[derive(Clone)]
pub struct Image(Content);

#[derive(Clone)]
enum Content {
    Library(Arc<image::Image>),
    Taken(Arc<Taken>),
}

/// What was taken of a machine.
struct Taken {
    snapshot: Snapshot,
    types: HostTypes,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = match &self.0 {
            Content::Library(_) => 0,
            Content::Taken(taken) => taken.snapshot.bytes(),
        };
        f.debug_struct("Image")
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

impl Image {
    /// The library inside the program.
    pub fn standard() -> Image {
        Image(Content::Library(Arc::new(image::Image::embedded())))
    }

    /// The library in a folder, laid out as `image/` of Chirp's sources: its classes and whatever others are to be there
    /// from the start, in Tonel. All of it is read and scanned now. What belongs to a feature that this program was built
    /// without is left out, as in the library inside. The feature `packages`.
    ///
    /// # Errors
    /// What cannot be read, every mistake in the headers of the files, and a class that the machine needs and that is not
    /// there. Methods are compiled when they are sent.
    ///
    /// ```
    /// use chirp::{Image, Smalltalk};
    ///
    /// assert!(Image::of("no such folder").is_err());
    /// let image = Image::of(concat!(env!("CARGO_MANIFEST_DIR"), "/image"))?;
    /// assert_eq!(Smalltalk::from_image(&image).eval::<i64>("3 + 4")?, 7);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    #[cfg(feature = "packages")]
    pub fn of(folder: impl AsRef<Path>) -> Result<Image> {
        let folder = folder.as_ref();
        let files = library_files::read(folder).map_err(|e| Error::of_file(folder, &e))?;
        let (files, _) = parts::choose(files, |feature| !left_out::lacks(feature));
        let image = image::Image::from_files(&files).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Error::host(lines.join("\n"))
        })?;
        match missing_known_classes(&image).first() {
            None => Ok(Image(Content::Library(Arc::new(image)))),
            Some(class) => {
                let folder = folder.display();
                let what = format!("{folder} is no class library: there is no class {class} in it");
                Err(Error::host(what))
            }
        }
    }

    /// A machine that begins with it.
    pub(super) fn start(&self, heap: HeapOptions, host: Host) -> Result<Outlined<Vm>> {
        let taken = match &self.0 {
            Content::Library(library) => {
                let limit = heap.limit;
                let free = HeapOptions {
                    limit: usize::MAX,
                    ..heap
                };
                let mut vm = boot_shared(library, free, host).map_err(Error::host)?;
                let bytes = vm.heap.bytes_used();
                if bytes > limit {
                    let message = format!("memory: the library alone takes {bytes} bytes");
                    return Err(Error::host(message));
                }
                vm.heap.options.limit = limit;
                return Ok(vm);
            }
            Content::Taken(taken) => taken,
        };
        if taken.snapshot.bytes() > heap.limit {
            return Err(Error::no_memory());
        }
        let mut vm = resume(&taken.snapshot, heap, host).ok_or_else(Error::no_memory)?;
        taken.types.adopt(&mut Ctx::inner(&mut vm))?;
        Ok(vm)
    }
}

impl Smalltalk {
    /// An image of the machine as it is: classes and methods, globals and variables, all objects that they lead to, Rust
    /// types that are registered, closures that are [`Shared`](crate::Shared). Machines that are made from it begin with
    /// all that, and nothing that one of them does is seen by another one, or by this one.
    ///
    /// Not in it: limits, permissions, streams and arguments, which each machine has from its own [`Builder`]; the host's
    /// own [data](crate::Ctx::set_data); what only handles refer to.
    ///
    /// # Errors
    /// [`ErrorKind::Image`] where something would be missing in the others: a Process that has not ended, an open file or
    /// socket, a Rust value that an object holds, a closure that is not `Shared`.
    ///
    /// ```
    /// use chirp::Smalltalk;
    /// use std::thread;
    ///
    /// let mut st = Smalltalk::new();
    /// st.run_source::<()>("shapes.st", "
    ///     Object subclass: Square [
    ///         | side |
    ///         Square class >> side: n [ ^ self new setSide: n ]
    ///         setSide: n [ side := n ]
    ///         area [ ^ side * side ]
    ///     ]
    ///     Smalltalk at: #Unit put: (Square side: 1)")?;
    /// let image = st.to_image()?;
    /// let workers: Vec<_> = (1..=4)
    ///     .map(|n| {
    ///         let image = image.clone();
    ///         thread::spawn(move || {
    ///             let mut st = Smalltalk::from_image(&image);
    ///             st.eval::<i64>(&format!("(Square side: {n}) area + Unit area"))
    ///         })
    ///     })
    ///     .collect();
    /// let areas: Vec<i64> = workers.into_iter().map(|w| w.join().unwrap().unwrap()).collect();
    /// assert_eq!(areas, [2, 5, 10, 17]);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn to_image(&mut self) -> Result<Image> {
        let mut ctx = self.as_ctx();
        let types = ctx.host_types();
        // Finalizers of what has died run here: whoever begins with the image knows nothing of it.
        ctx.eval::<()>("Smalltalk garbageCollect; garbageCollect")?;
        let taken = ctx.call(|vm| Ok(vm.snapshot(&|function| types.define(function))))?;
        match taken {
            Ok(snapshot) => Ok(Image(Content::Taken(Arc::new(Taken { snapshot, types })))),
            Err(mut reasons) => {
                let more = reasons.len().saturating_sub(MOST_REASONS);
                reasons.truncate(MOST_REASONS);
                if more > 0 {
                    reasons.push(format!("and {more} more"));
                }
                let what = reasons.join("; ");
                Err(Error::new(ErrorKind::Image { what }))
            }
        }
    }

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
    /// What the machine begins with; without this, the library inside the program.
    ///
    /// ```
    /// use chirp::{Image, Smalltalk};
    ///
    /// let image = Image::standard();
    /// let mut st = Smalltalk::builder().image(&image).fuel(100_000).build()?;
    /// assert_eq!(st.eval::<i64>("3 + 4")?, 7);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn image(mut self, image: &Image) -> Builder {
        self.image = Some(image.clone());
        self
    }
}
