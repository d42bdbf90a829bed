//! Folders of packages, loaded by the host program.

use chirp::Smalltalk;

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
        (st, result.map_err(|e| format!("{e:#}")))
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
    let (_, result) = load(&[("Good.class.st", good), ("run.st", "3 + 4")]);
    result.unwrap();
    let error = Smalltalk::new().load("/no/such/folder").unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
}
