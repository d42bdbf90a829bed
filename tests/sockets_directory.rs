//! A listener at a relative path, whose program changes its working directory (T-05). Alone in its file: the
//! directory belongs to the whole process.

#![cfg(feature = "net")]

mod peers;

use chirp::Smalltalk;
use chirp::host::Capabilities;
use peers::Scratch;
use std::path::Path;

#[test]
fn a_relative_path_keeps_its_place_when_the_directory_changes() {
    let scratch = Scratch::new("directory");
    let (first, second) = (scratch.path("first"), scratch.path("second"));
    for folder in [&first, &second] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let mut smalltalk = Smalltalk::builder()
        .capabilities(Capabilities::all())
        .build()
        .expect("a machine");
    let mut eval = |code: &str| smalltalk.eval::<String>(code).expect("a string");

    std::env::set_current_dir(&first).expect("the first folder");
    eval(
        "listener := Socket listenOnPath: 'relative.sock' backlogSize: 5. listener localAddress printString",
    );
    std::env::set_current_dir(&second).expect("the second folder");
    std::fs::write("relative.sock", "somebody else's").expect("a file");

    let exchange = format!(
        "client := Socket connectToPath: '{first}/relative.sock'.
         server := listener waitForAcceptFor: 10.
         client sendData: 'hello'; close.
         server receiveData"
    );
    assert_eq!(eval(&exchange), "hello");
    eval("server close. listener close. 'closed'");
    assert!(!Path::new(&first).join("relative.sock").exists());
    let other = std::fs::read_to_string("relative.sock").expect("it is left alone");
    assert_eq!(other, "somebody else's");
}
