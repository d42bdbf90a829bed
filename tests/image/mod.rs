//! The class library that tests run on: the one in the executable, or the folder that `CHIRP_IMAGE` names, so
//! that a change of the library needs no build.

use chirp::host::library_files;
use chirp::loader::image::Image;

pub fn image() -> Image {
    let Some(folder) = std::env::var_os("CHIRP_IMAGE") else {
        return Image::embedded();
    };
    let files = library_files::read(folder.as_ref()).expect("CHIRP_IMAGE names a folder");
    Image::from_files(&files).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(|e| e.to_string()).collect();
        panic!("{}", lines.join("\n"))
    })
}
