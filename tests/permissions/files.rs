//! Files: what may be read and written, whatever leads there.

use super::*;

#[test]
fn reading_stays_in_the_folder() {
    let (_scratch, root) = folders("permissions-read");
    check(
        &root,
        &[format!("--allow-read={root}/data")],
        &[
            ("'@/data/a.txt' asFileReference contents", "'hello'"),
            ("'@/data/inner' asFileReference contents", "'hello'"),
            ("'@/data/absolute' asFileReference contents", "'hello'"),
            ("'@/data/sub/../a.txt' asFileReference contents", "'hello'"),
            (
                "'@/data/none' asFileReference contents",
                "FileDoesNotExistException",
            ),
            (
                "'@/data/dangling' asFileReference contents",
                "FileDoesNotExistException",
            ),
            (
                "'@/data/none/../a.txt' asFileReference contents",
                "FileDoesNotExistException",
            ),
            ("'@/data/loop' asFileReference contents", "FileException"),
            ("'@/data/a.txt' asFileReference isWritable", "false"),
            ("'@/data/a.txt' asFileReference isReadable", "true"),
            (
                "'@/data/file' asFileReference contents",
                "denied: read @/data/file, which leads to @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/data/folder/s.txt' asFileReference contents",
                "denied: read @/data/folder/s.txt, which leads to @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/data/folder/none' asFileReference exists",
                "denied: read @/data/folder/none, which leads to @/secret/none | --allow-read=@/secret/none",
            ),
            (
                "'@/data/../secret/s.txt' asFileReference contents",
                "denied: read @/data/../secret/s.txt, which leads to @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            // Not even whether there is such a folder on the way is told.
            (
                "'@/secret/../data/a.txt' asFileReference contents",
                "denied: read @/secret/../data/a.txt, which leads to @/secret | --allow-read=@/secret",
            ),
            (
                "'@/none/../data/a.txt' asFileReference contents",
                "denied: read @/none/../data/a.txt, which leads to @/none | --allow-read=@/none",
            ),
            (
                "'@' asFileReference children",
                "denied: read @ | --allow-read=@",
            ),
            (
                "'@/data2' asFileReference exists",
                "denied: read @/data2 | --allow-read=@/data2",
            ),
            (
                "'/proc/self/environ' asFileReference contents",
                "denied: read /proc/self/environ | --allow-read=/proc/self/environ",
            ),
            (
                "'@/data/a.txt' asFileReference delete",
                "denied: write @/data/a.txt | --allow-write=@/data/a.txt",
            ),
            (
                "'@/data/b' asFileReference writeStream",
                "denied: write @/data/b | --allow-write=@/data/b",
            ),
            (
                "'@/data/a.txt' asFileReference copyTo: '@/data/b' asFileReference",
                "denied: write @/data/b | --allow-write=@/data/b",
            ),
        ],
    );
}

#[test]
fn writing_stays_in_the_folder() {
    let (scratch, root) = folders("permissions-write");
    check(
        &root,
        &[
            format!("--allow-read={root}/data,{root}/out"),
            format!("--allow-write={root}/data"),
        ],
        &[
            (
                "'@/data/w' asFileReference writeStreamDo: [ :s | s << 'new' ]. '@/data/w' asFileReference contents",
                "'new'",
            ),
            (
                "'@/data/inner' asFileReference writeStreamDo: [ :s | s << 'over' ]. '@/data/a.txt' asFileReference contents",
                "'overo'",
            ),
            ("'@/data/n' asFileReference createDirectory exists", "true"),
            (
                "'@/data/w' asFileReference moveTo: '@/data/n/w' asFileReference. '@/data/n/w' asFileReference contents",
                "'new'",
            ),
            (
                "'@/data/n' asFileReference deleteAll. '@/data/n' asFileReference exists",
                "false",
            ),
            (
                "'@/data/file' asFileReference writeStream",
                "denied: write @/data/file, which leads to @/secret/s.txt | --allow-write=@/secret/s.txt",
            ),
            (
                "'@/data/new' asFileReference writeStream",
                "denied: write @/data/new, which leads to @/secret/new.txt | --allow-write=@/secret/new.txt",
            ),
            (
                "'@/data/folder/x' asFileReference createDirectory",
                "denied: write @/data/folder/x, which leads to @/secret/x | --allow-write=@/secret/x",
            ),
            (
                "'@/data/a.txt' asFileReference moveTo: '@/out/a' asFileReference",
                "denied: write @/out/a | --allow-write=@/out/a",
            ),
            (
                "'@/out' asFileReference delete",
                "denied: write @/out | --allow-write=@/out",
            ),
            (
                "File createSymlink: '@/data/l' to: '../secret'",
                "denied: read @/data/../secret, which leads to @/secret | --allow-read=@/secret",
            ),
            // A link that leads out can be removed; what it leads to stays.
            (
                "'@/data/file' asFileReference delete. '@/data/folder' asFileReference delete. 1",
                "1",
            ),
        ],
    );
    assert_eq!(
        std::fs::read(scratch.path("secret/s.txt")).expect("it is there"),
        b"secret"
    );
    assert!(!std::path::Path::new(&scratch.path("secret/new.txt")).exists());
}

#[test]
fn what_may_not_be_read_does_not_go_where_it_may() {
    let (_scratch, root) = folders("permissions-move");
    check(
        &root,
        &[
            format!("--allow-read={root}/data"),
            format!("--allow-write={root}/data,{root}/secret"),
        ],
        &[
            (
                "'@/secret/s.txt' asFileReference moveTo: '@/data/s' asFileReference",
                "denied: read @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/secret/s.txt' asFileReference copyTo: '@/data/s' asFileReference",
                "denied: read @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/secret/n' asFileReference writeStreamDo: [ :s | s << 'x' ]. '@/secret/n' asFileReference exists",
                "true",
            ),
            (
                "'@/secret/n' asFileReference contents",
                "denied: read @/secret/n | --allow-read=@/secret/n",
            ),
            (
                "'@/secret/n' asFileReference delete. '@/secret/n' asFileReference exists",
                "false",
            ),
        ],
    );
}

#[test]
fn a_folder_may_be_named_by_a_link_and_a_file_by_itself() {
    let (_scratch, root) = folders("permissions-names");
    check(
        &root,
        &[
            format!("--allow-read={root}/alias"),
            format!("--allow-write={root}/out/new.txt"),
        ],
        &[
            ("'@/alias/a.txt' asFileReference contents", "'hello'"),
            ("'@/data/a.txt' asFileReference contents", "'hello'"),
            (
                "'@/out/new.txt' asFileReference writeStreamDo: [ :s | s << 'x' ]. '@/out/new.txt' asFileReference exists",
                "true",
            ),
            (
                "'@/out/other' asFileReference writeStream",
                "denied: write @/out/other | --allow-write=@/out/other",
            ),
            (
                "'@/out/new.txt2' asFileReference writeStream",
                "denied: write @/out/new.txt2 | --allow-write=@/out/new.txt2",
            ),
        ],
    );
}

/// By its own descriptors and by the system's views of it a program reads nothing else than by the paths themselves.
#[test]
fn the_systems_other_names_lead_nowhere_else() {
    let (_scratch, root) = folders("permissions-proc");
    let denied = [
        "/proc/self/fd/0",
        "/proc/self/fd/1",
        "/dev/fd/0",
        "/dev/stdin",
        "/dev/stdout",
        "/proc/self/exe",
        "/proc/self/mem",
        "/proc/self/maps",
        "/proc/thread-self/environ",
        "/proc/self/cwd/Cargo.toml",
        "/proc/1/environ",
    ];
    let told: Vec<(String, String)> = denied
        .iter()
        .map(|path| {
            (
                format!("'{path}' asFileReference contents"),
                format!("denied: read {path} | --allow-read={path}"),
            )
        })
        .collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    check(&root, &[format!("--allow-read={root}/data")], &told);
    // The folder by way of the root is another place.
    check(
        &root,
        &[format!("--allow-read={root}/data,/proc/self/fd")],
        &[
            (
                "[ '/proc/self/root@/data/a.txt' asFileReference contents ] on: PermissionDenied do: [ :e | e what first: 20 ]",
                "'read /proc/self/root'",
            ),
            // Where a descriptor leads counts, not that the folder of descriptors may be read.
            (
                "| s | s := '@/data/a.txt' asFileReference readStream. ((3 to: 20) collect: [ :n | [ ('/proc/self/fd/', n printString) asFileReference contents ] on: Error do: [ :e | '' ] ]) asSet copyWithoutAll: #('' 'hello')",
                "a Set()",
            ),
        ],
    );
}

/// Another program puts a link to what is forbidden in the place of what is permitted, and back, all the time.
#[test]
fn a_link_that_changes_never_leads_out() {
    let (scratch, root) = folders("permissions-race");
    std::fs::write(scratch.path("data/sub/s.txt"), "hello").expect("a file");
    std::fs::write(scratch.path("secret/a.txt"), "secret").expect("a file");
    let over = std::sync::atomic::AtomicBool::new(false);
    let flip = |name: &str, targets: [&str; 2]| {
        let mut flips = 0u64;
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            for target in targets {
                let (new, place) = (
                    scratch.path(&format!("data/{name}.new")),
                    scratch.path(&format!("data/{name}")),
                );
                symlink(target, &new).expect("a link");
                std::fs::rename(new, place).expect("it changes");
                flips += 1;
            }
        }
        flips
    };
    std::thread::scope(|scope| {
        let file = scope.spawn(|| flip("flip", ["a.txt", "../secret/s.txt"]));
        let folder = scope.spawn(|| flip("way", ["sub", "../secret"]));
        let read = |path: &str| {
            format!(
                "| seen | seen := Set new. 3000 timesRepeat: [ seen add: ([ '{path}' asFileReference contents ]
                    on: Error do: [ :e | e class == PermissionDenied ifTrue: [ 'denied' ] ifFalse: [ 'gone' ] ]) ]. \
                 seen remove: 'gone' ifAbsent: [ ]. seen asSortedCollection asArray"
            )
        };
        let reading = [
            read("@/data/flip"),
            read("@/data/way/s.txt"),
            read("@/data/way/../way/a.txt"),
        ];
        let told = at(&root, &reading.each_ref().map(String::as_str));
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        let options = [format!("--allow-read={root}/data")];
        let told = answers(&options.each_ref().map(String::as_str), &told);
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        for (told, wanted) in told.iter().zip(["'hello'", "'hello'", "'denied'"]) {
            assert!(told.contains(wanted) && !told.contains("secret"), "{told}");
        }
        assert!(file.join().expect("it ends") > 100);
        assert!(folder.join().expect("it ends") > 100);
    });
}
