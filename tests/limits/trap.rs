//! A folder that an attack may read, full of traps: it has `in`, which is permitted, and beside it `out`, which is not.
//!
//! Owns what lies in it. Whatever a program does with it, the word in `out` must not come to light.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What `out` says. No output may have it.
pub const SECRET: &str = "WORD-OF-THE-FORBIDDEN-FOLDER";

/// Files of `in`: path and text.
const FILES: &[(&str, &str)] = &[
    (
        "once.st",
        "Transcript showln: 'once ' , (Smalltalk require: 'once.st') printString",
    ),
    (
        "there.st",
        "Smalltalk require: 'back.st'. Transcript showln: 'there'",
    ),
    (
        "back.st",
        "Smalltalk require: 'there.st'. Transcript showln: 'back'",
    ),
    (
        "failing.st",
        "Transcript showln: 'failing'. Error signal: 'again'",
    ),
    (
        "itself.st",
        "CodeImporter evaluateFileNamed: '{in}/itself.st'",
    ),
    ("up.st", "Smalltalk require: '../out/secret.st'"),
    ("name\nwith\u{1b}[31m.st", "3 + 4"),
    // A repository that says that its sources are elsewhere.
    ("project/.project", "{ 'srcDirectory' : '../../out' }"),
    ("endless/.project", "{ 'srcDirectory' : '../endless' }"),
    ("broken/.project", "{ 'srcDirectory' : [ [ [ { #a : "),
    // Packages that say what is not so.
    (
        "lies/Loop.class.st",
        "Class { #name : #Loop, #superclass : #Pool }",
    ),
    (
        "lies/Pool.class.st",
        "Class { #name : #Pool, #superclass : #Loop }",
    ),
    (
        "lies/Own.class.st",
        "Class { #name : #Own, #superclass : #Own }",
    ),
    ("lies/Nothing.class.st", "Class { #superclass : #Object }"),
    (
        "lies/Spaced.class.st",
        "Class { #name : 'a b ^ Smalltalk', #superclass : #Object }",
    ),
    (
        "lies/Object.class.st",
        "Class { #name : #Object, #superclass : nil, #instVars : [ 'a', 'b' ] }",
    ),
    (
        "lies/SmallInteger.class.st",
        "Class { #name : #SmallInteger, #superclass : #Array, #type : #variable }",
    ),
    (
        "lies/Kind.class.st",
        "Class { #name : #Kind, #superclass : #ByteString, #instVars : [ 'x' ], #type : #words }",
    ),
    (
        "lies/Typed.class.st",
        "Class { #name : #Typed, #superclass : #Object, #type : #bytes, #instVars : [ 'a' ] }",
    ),
    (
        "lies/Trait.class.st",
        "Class { #name : #Traited, #superclass : #Object, #traits : '[ true ] whileTrue: [ ]' }",
    ),
    (
        "lies/TMany.trait.st",
        "Trait { #name : #TMany, #traits : 'TMany + TMany - {#foo} @ {#a -> #b}' }",
    ),
    (
        "lies/Missing.extension.st",
        "Extension { #name : #Missing }\n\n{ #category : '*lies' }\nMissing >> foo [ ^ 3 ]",
    ),
    (
        "lies/UndefinedObject.extension.st",
        "Extension { #name : #UndefinedObject }\n\n{ #category : '*lies' }\nUndefinedObject >> foo [\n\t^ 'taken'\n]\n\n{ #category : '*lies' }\nUndefinedObject >> bar [ ^ [ [ [ ",
    ),
    (
        "lies/Starting.class.st",
        "Class { #name : #Starting, #superclass : #Object }\n\n{ #category : 'x' }\nStarting class >> initialize [\n\tPackageLoader load: '{in}/lies'\n]",
    ),
    ("lies/package.st", "Package { #name : #Kernel }"),
    (
        "waits/Waiting.class.st",
        "Class { #name : #Waiting, #superclass : #Object }\n\n{ #category : 'x' }\nWaiting class >> initialize [\n\tSemaphore new wait\n]",
    ),
    (
        "base/BaselineOfBad.class.st",
        "Class { #name : #BaselineOfBad, #superclass : #BaselineOf }\n\n{ #category : 'x' }\nBaselineOfBad >> baseline: spec [\n\t<baseline>\n\tspec for: #common do: [ spec baseline: 'Bad' with: [ spec repository: 'tonel://{in}/base' ]. spec group: 'a' with: #('a'). spec package: '../../out' ]\n]",
    ),
    ("tree/.filetree", "{ \"packageExtension\" : \".package\" }"),
    ("tree/Odd.package/.filetree", "x"),
    (
        "tree/Odd.package/Odd.class/properties.json",
        "{ \"name\" : \"Odd\", \"super\" : \"Odd\", \"instvars\" : [ \"../../out\" ] }",
    ),
    (
        "tree/Odd.package/Odd.class/instance/foo.st",
        "as yet unclassified\nfoo ^ [ ",
    ),
    ("tree/Odd.package/Odd.class/methodProperties.json", "{ "),
    ("tree/Odd.package/None.class/instance/foo.st", "x\nfoo ^ 3"),
];

/// Fills `folder`; answers what is permitted of it.
pub fn set(folder: &Path) -> io::Result<PathBuf> {
    let (inside, outside) = (folder.join("in"), folder.join("out"));
    fs::create_dir_all(&outside)?;
    let secret = format!(
        "Transcript showln: '{SECRET}'. #{}",
        SECRET.replace('-', "")
    );
    fs::write(outside.join("secret.st"), secret)?;
    let class = format!("\"{SECRET}\"\nClass {{ #name : #Secret, #superclass : #Object }}");
    fs::write(outside.join("Secret.class.st"), class)?;
    for (name, text) in FILES {
        let path = inside.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&inside))?;
        fs::write(path, text.replace("{in}", &inside.to_string_lossy()))?;
    }
    let large = fs::File::create(inside.join("large.st"))?;
    large.set_len(1 << 40)?;
    let nested = "[".repeat(3 << 20);
    fs::write(inside.join("nested.st"), &nested)?;
    for folder in ["", "pipes/"] {
        fs::create_dir_all(inside.join(folder))?;
        mkfifo(&inside.join(folder).join("pipe.st"), Mode::S_IRWXU)?;
    }
    let links = [
        ("zero.st", "/dev/zero"),
        ("link.st", "../out/secret.st"),
        ("far.st", "/proc/self/root/etc/passwd"),
        ("loop.st", "loop.st"),
        ("nowhere.st", "nothing"),
        ("folder", "../out"),
        ("round", "."),
        ("pipes/zero.st", "/dev/zero"),
        ("lies/Secret.class.st", "../../out/Secret.class.st"),
        ("linked.package", "../out"),
    ];
    for (name, to) in links {
        symlink(to, inside.join(name))?;
    }
    Ok(inside)
}
