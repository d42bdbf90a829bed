//! What a host program permits, and what it is told of the rest.

#[cfg(feature = "net")]
use chirp::Net;
#[cfg(feature = "programs")]
use chirp::ProcessAccess;
use chirp::{Dir, EnvironmentAccess, ErrorKind, Smalltalk};
use std::path::PathBuf;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("chirp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("data")).expect("a folder");
        std::fs::write(path.join("data/a"), "hello").expect("a file");
        std::fs::write(path.join("b"), "secret").expect("a file");
        Folder(path.canonicalize().expect("a folder"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn denied(st: &mut Smalltalk, source: &str) -> (String, String) {
    let error = st.eval::<()>(source).expect_err(source);
    match error.kind() {
        ErrorKind::Denied { what, option, .. } => (what.clone(), option.clone()),
        _ => panic!("{source}: {error}"),
    }
}

#[test]
fn nothing_is_permitted_at_first() {
    let st = &mut Smalltalk::new();
    let (what, option) = denied(st, "'/etc/passwd' asFileReference contents");
    assert_eq!(what, "read /etc/passwd");
    assert_eq!(option, "--allow-read=/etc/passwd");
    #[cfg(feature = "programs")]
    assert_eq!(denied(st, "LibC runCommand: 'true'").0, "run /bin/sh");
    let (what, _) = denied(st, "Smalltalk os environment at: 'HOME'");
    assert_eq!(what, "read the environment variable HOME");
    #[cfg(feature = "net")]
    assert_eq!(denied(st, "Socket newTCP").0, "use the network");
}

#[test]
fn a_denial_has_place_text_and_exception_and_can_be_handled() {
    let st = &mut Smalltalk::new();
    let error = st
        .eval::<()>("3 + 4.\n'/a' asFileReference contents")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "PermissionDenied: no permission to read /a (--allow-read=/a)"
    );
    assert_eq!(error.place().map(|p| p.line), Some(2));
    assert!(format!("{error:#}").contains("'/a' asFileReference contents"));
    let ErrorKind::Denied {
        exception: Some(exception),
        ..
    } = error.kind()
    else {
        panic!("{error}");
    };
    assert_eq!(exception.send::<String>(st, "what", ()).unwrap(), "read /a");
    for class in ["PermissionDenied", "Error"] {
        let source = format!("['/a' asFileReference contents] on: {class} do: [:e | e what]");
        assert_eq!(st.eval::<String>(&source).unwrap(), "read /a");
    }
    // One that says nothing is an exception like others.
    let error = st.eval::<()>("PermissionDenied new signal").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { .. }),
        "{error}"
    );
}

#[test]
fn folders_and_variables_are_added_one_by_one() {
    let folder = Folder::new("permits");
    let st = &mut Smalltalk::builder()
        .files(Dir::read_only(folder.0.join("data")))
        .files(Dir::read_write(folder.0.join("new")))
        .environment(EnvironmentAccess::only(["PATH"]))
        .build()
        .unwrap();
    st.set_global("Root", folder.0.to_str()).unwrap();
    assert_eq!(
        st.eval::<String>("(Root , '/data/a') asFileReference contents")
            .unwrap(),
        "hello"
    );
    assert!(
        denied(st, "(Root , '/data/a') asFileReference delete")
            .0
            .starts_with("write ")
    );
    assert!(
        denied(st, "(Root , '/b') asFileReference contents")
            .0
            .starts_with("read ")
    );
    assert!(
        denied(st, "(Root , '/data/../b') asFileReference contents")
            .0
            .contains("which leads to")
    );
    assert_eq!(
        st.eval::<String>(
            "(Root , '/new') asFileReference createDirectory.
            (Root , '/new/x') asFileReference writeStreamDo: [:s | s << 'x'].
            (Root , '/new/x') asFileReference contents"
        )
        .unwrap(),
        "x"
    );
    assert!(
        st.eval::<String>("Smalltalk os environment at: 'PATH'")
            .is_ok()
    );
    assert_eq!(
        denied(st, "Smalltalk os environment at: 'HOME'").1,
        "--allow-env=HOME"
    );
}

#[test]
#[cfg(feature = "programs")]
fn programs_are_permitted_by_their_paths() {
    let st = &mut Smalltalk::builder()
        .process(ProcessAccess::only(["/bin/sh"]))
        .build()
        .unwrap();
    let status = "(OSSUnixSubprocess new command: '/bin/sh'; arguments: #('-c' 'exit 3'); runAndWait) exitStatus";
    assert_eq!(st.eval::<i64>(status).unwrap(), 3 << 8);
    assert_eq!(
        denied(st, "OSSUnixSubprocess new command: '/bin/ls'; run").1,
        "--allow-run=/bin/ls"
    );
    let st = &mut Smalltalk::builder()
        .process(ProcessAccess::Deny)
        .build()
        .unwrap();
    assert_eq!(denied(st, status).0, "run /bin/sh");
}

#[test]
#[cfg(feature = "net")]
fn a_wrong_target_is_told_when_the_machine_is_built() {
    for target in ["http://a.b", "a:b", "", ":80"] {
        let built = Smalltalk::builder().net(Net::new().connect(target)).build();
        let error = built.expect_err(target).to_string();
        assert!(error.contains("expected HOST:PORT"), "{error}");
    }
}

#[test]
#[cfg(feature = "net")]
fn connecting_and_listening_are_permitted_apart() {
    let net = Net::new().connect("127.0.0.1:9").listen("127.0.0.1:0");
    let st = &mut Smalltalk::builder().net(net).build().unwrap();
    let error = st
        .eval::<()>("Socket newTCP connectTo: #[127 0 0 1] port: 9")
        .unwrap_err();
    assert!(
        error.to_string().starts_with("ConnectionRefused"),
        "{error}"
    );
    assert_eq!(
        denied(st, "Socket newTCP bindTo: #[127 0 0 1] port: 9").0,
        "listen at 127.0.0.1:9"
    );
    st.eval::<()>(
        "Server := Socket newTCP. Server bindTo: #[127 0 0 1] port: 0. Server listenWithBacklog: 5",
    )
    .unwrap();
    let (what, _) = denied(
        st,
        "Socket newTCP connectTo: #[127 0 0 1] port: Server localPort",
    );
    assert!(what.starts_with("connect to 127.0.0.1:"), "{what}");
}

/// A descriptor that comes over a permitted socket opens no door that is closed here.
#[test]
#[cfg(feature = "net")]
fn a_received_descriptor_is_no_way_around() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    let folder = Folder::new("descriptors");
    let path = folder.0.join("s");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a socket");
    let secret = folder.0.join("b");
    let giver = std::thread::spawn(move || {
        use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
        use std::os::fd::AsRawFd;
        let (mut stream, _) = listener.accept().expect("a client");
        let file = std::fs::File::open(secret).expect("a file");
        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        for fd in [file.as_raw_fd(), server.as_raw_fd()] {
            let parts = [std::io::IoSlice::new(b"x")];
            let rights = [ControlMessage::ScmRights(&[fd])];
            sendmsg::<()>(stream.as_raw_fd(), &parts, &rights, MsgFlags::empty(), None)
                .expect("sent");
            let mut go_on = [0];
            stream.read_exact(&mut go_on).expect("an answer");
        }
        stream.write_all(b"end").expect("written");
    });
    let net = Net::new().connect(&format!("unix:{}", path.display()));
    let st = &mut Smalltalk::builder().net(net).build().unwrap();
    st.set_global("Path", path.to_str()).unwrap();
    let told = st
        .eval::<Vec<String>>(
            "| s told |
            told := OrderedCollection new.
            s := Socket connectToPath: Path.
            2 timesRepeat: [
                told add: ([ s receiveDescriptors. 'received' ] on: PermissionDenied do: [:e | e what ]).
                s sendData: 'g' ].
            told asArray",
        )
        .unwrap();
    giver.join().expect("no panic");
    assert_eq!(told[0], "receive an open file");
    assert!(told[1].starts_with("listen at 127.0.0.1:"), "{told:?}");
}
