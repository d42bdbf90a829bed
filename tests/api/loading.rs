//! Folders of packages, loaded by the host program.

use chirp::{ErrorKind, Smalltalk, Stop};

#[test]
#[cfg(feature = "sunit")]
fn packages_of_both_formats() {
    for folder in ["tonel", "filetree"] {
        let mut st = Smalltalk::new();
        st.load(format!(
            "{}/tests/packages/{folder}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap();
        assert_eq!(st.eval::<i64>("5 article price").unwrap(), 5, "{folder}");
    }
}

#[test]
fn a_folder_that_cannot_be_loaded_whole() {
    let folder = std::env::temp_dir().join(format!("chirp-load-{}", std::process::id()));
    let load = |files: &[(&str, &str)]| {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let mut st = Smalltalk::new();
        let result = st.load(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        (st, result.map_err(|e| format!("{e:#}\n{:?}", e.kind())))
    };
    let good =
        "Class { #name : 'Good', #superclass : 'Object', #package : 'P' }\n\nGood >> two [ ^ 2 ]";
    let (mut st, result) = load(&[
        ("Good.class.st", good),
        (
            "Lost.class.st",
            "Class { #name : 'Lost', #superclass : 'NoSuch', #package : 'P' }",
        ),
    ]);
    let text = result.unwrap_err();
    assert!(
        text.contains("Lost is left out") && text.contains("NoSuch"),
        "{text}"
    );
    assert_eq!(st.eval::<i64>("Good new two").unwrap(), 2);
    let (mut st, result) = load(&[
        ("Good.class.st", good),
        (
            "Bad.class.st",
            "Class { #name : 'Bad', #superclass : 'Object', #package : 'P' }\n\nBad >> two [ ^ 2 + ]\n\nBad >> three [ ^ ) ]",
        ),
    ]);
    let text = result.unwrap_err();
    assert!(
        text.contains("Bad.class.st:3") && text.contains("Bad.class.st:5"),
        "{text}"
    );
    assert_eq!(st.eval::<i64>("Good new two").unwrap(), 2);
    let (_, result) = load(&[(
        "Fails.class.st",
        "Class { #name : 'Fails', #superclass : 'Object', #package : 'P' }\n\nFails class >> initialize [ 3 / 0 ]",
    )]);
    assert!(result.unwrap_err().contains("ZeroDivide"));
    let (_, result) = load(&[(
        "Reads.class.st",
        "Class { #name : 'Reads', #superclass : 'Object', #package : 'P' }\n\nReads class >> initialize [ '/etc/passwd' asFileReference contents ]",
    )]);
    let text = result.unwrap_err();
    assert!(
        text.contains("Denied { what: \"read /etc/passwd\""),
        "{text}"
    );
    // All that went wrong is told, and not only the first of it.
    let fails = |name: &str| {
        format!(
            "Class {{ #name : '{name}', #superclass : 'Object', #package : 'P' }}\n\n{name} class >> initialize [ nil from{name} ]"
        )
    };
    let (mut st, result) = load(&[
        ("Good.class.st", good),
        ("One.class.st", &fails("One")),
        ("Two.class.st", &fails("Two")),
        (
            "Bad.class.st",
            "Class { #name : 'Bad', #superclass : 'Object', #package : 'P' }\n\nBad >> two [ ^ 2 + ]",
        ),
        (
            "Lost.class.st",
            "Class { #name : 'Lost', #superclass : 'NoSuch', #package : 'P' }",
        ),
        (
            "Gone.class.st",
            "Class { #name : 'Gone', #superclass : 'NeverSeen', #package : 'P' }",
        ),
    ]);
    let text = result.unwrap_err();
    for part in [
        "Lost is left out",
        "Gone is left out",
        "Bad.class.st:3",
        "fromOne",
        "fromTwo",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(st.eval::<i64>("Good new two").unwrap(), 2);
    let (_, result) = load(&[("Good.class.st", good), ("run.st", "3 + 4")]);
    result.unwrap();
    let error = Smalltalk::new().load("/no/such/folder").unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("/no/such/folder: No such file"), "{text}");
}

#[test]
fn several_errors_and_stops() {
    let folder = std::env::temp_dir().join(format!("chirp-several-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, body) in [
        ("A1", "nil foo"),
        ("A2", "[ true ] whileTrue"),
        ("A3", "nil bar"),
    ] {
        let text = format!(
            "Class {{ #name : '{name}', #superclass : 'Object', #package : 'P' }}\n\n{name} class >> initialize [ {body} ]"
        );
        std::fs::write(folder.join(format!("{name}.class.st")), text).unwrap();
    }
    let mut st = Smalltalk::builder().fuel(10_000_000).build().unwrap();
    let error = st.load(&folder).unwrap_err();
    let ErrorKind::Stopped {
        why: Stop::Fuel,
        trace,
    } = error.kind()
    else {
        panic!("{error:#}")
    };
    assert!(
        trace.frames().iter().any(|f| f.name.contains("A2 class")),
        "{error:#}"
    );
    std::fs::remove_file(folder.join("A2.class.st")).unwrap();
    let error = Smalltalk::new().load(&folder).unwrap_err();
    let ErrorKind::Several { errors } = error.kind() else {
        panic!("{error:#}")
    };
    assert_eq!(errors.len(), 2);
    assert!(error.to_string().ends_with("#foo (and 1 more)"), "{error}");
    assert!(
        error
            .place()
            .unwrap()
            .file
            .unwrap()
            .ends_with("A1.class.st")
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn single_files_and_the_places_of_mistakes() {
    let folder = std::env::temp_dir().join(format!("chirp-single-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let st = &mut Smalltalk::new();
    let class = |name: &str, method: &str| {
        format!(
            "Class {{ #name : '{name}', #superclass : 'Object', #package : 'P' }}\n\n{name} >> {method}"
        )
    };
    let path = write("Good.class.st", class("Good", "two [ ^ 2 ]").as_bytes());
    st.load(&path).unwrap();
    assert_eq!(st.eval::<i64>("Good new two").unwrap(), 2);
    st.load(write("script.st", b"Smalltalk at: #Ready put: 3"))
        .unwrap();
    // From the time before UTF-8.
    st.load(write("old.st", b"Smalltalk at: #Word put: 'Gr\xfc\xdfe'"))
        .unwrap();
    assert_eq!(st.eval::<String>("Word").unwrap(), "Gr\u{fc}\u{df}e");
    for (name, method) in [("One", "two [ ^ 2 + ]"), ("Two", "three [ ^ ) ]")] {
        write(&format!("{name}.class.st"), class(name, method).as_bytes());
    }
    let error = st.load(&folder).unwrap_err();
    let ErrorKind::Several { errors } = error.kind() else {
        panic!("{error:#}")
    };
    for (error, (name, marked)) in errors
        .iter()
        .zip([("One.class.st", "+"), ("Two.class.st", ")")])
    {
        let ErrorKind::Syntax { errors, .. } = error.kind() else {
            panic!("{error:#}")
        };
        let path = folder.join(name);
        assert_eq!(error.place().unwrap().file, path.to_str());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text[errors[0].span.clone()].contains(marked), "{errors:?}");
    }
    assert_eq!(errors.len(), 2);
    std::fs::remove_dir_all(&folder).unwrap();
}
