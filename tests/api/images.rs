//! Machines from shared images, in many threads; clocks and seeds of the host's own.

use chirp::{Builder, Clock, ErrorKind, Image, Progress, Smalltalk, Stop};
use std::thread;
use std::time::{Duration, SystemTime};

#[cfg(feature = "packages")]
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/image");

/// Ten interpreters on ten threads, each with work of its own kind.
#[test]
fn ten_threads() {
    const WORK: [(&str, &str); 10] = [
        (
            "(1 to: 200) inject: 1 into: [:a :b | a * b ]",
            "788657867364790503552363213932185062295135977687173263294742533244359449963403342920304284011984623904177212138919638830257642790242637105061926624952829931113462857270763317237396988943922445621451664240254033291864131227428294853277524242407573903240321257405579568660226031904170324062351700858796178922222789623703897374720000000000000000000000000000000000000000000000000",
        ),
        (
            "| d | d := Dictionary new. 1 to: 3000 do: [:i | d at: i printString put: i ]. d size",
            "3000",
        ),
        (
            "((1 to: 5000) asArray sort: [:a :b | a > b ]) first",
            "5000",
        ),
        (
            "| s | s := WriteStream on: String new. 1 to: 2000 do: [:i | s print: i ]. s contents size",
            "6893",
        ),
        (
            "((1 to: 1000) collect: [:i | [ 1 / (i \\\\ 3) ] on: ZeroDivide do: [:e | 0 ] ]) sum",
            "(1001/2)",
        ),
        (
            "| n s | n := 0. s := Semaphore new. 1 to: 50 do: [:i | [ n := n + i. s signal ] fork ]. 50 timesRepeat: [ s wait ]. n",
            "1275",
        ),
        (
            "| f | f := nil. f := [:n | n < 2 ifTrue: [ n ] ifFalse: [ (f value: n - 1) + (f value: n - 2) ] ]. f value: 18",
            "2584",
        ),
        (
            "Object subclass: #Mine. Mine compile: 'two ^ 2'. (1 to: 100) inject: 0 into: [:a :b | a + Mine new two ]",
            "200",
        ),
        (
            "| all | all := OrderedCollection new. 1 to: 20000 do: [:i | all add: (Array new: 5). all size > 100 ifTrue: [ all removeFirst ] ]. Smalltalk garbageCollect. all size",
            "100",
        ),
        (
            "(1 to: 5) inject: 0 into: [:a :b | (Delay forMilliseconds: 1) wait. a + b ]",
            "15",
        ),
    ];
    let image = Image::standard();
    let threads = WORK.map(|(source, expected)| {
        let image = image.clone();
        thread::spawn(move || {
            let mut st = Smalltalk::from_image(&image);
            for _ in 0..3 {
                let answer: String = st.eval(&format!("[ {source} ] value printString")).unwrap();
                assert_eq!(answer, expected);
            }
            st
        })
    });
    // They come back, and go on here.
    for thread in threads {
        let mut st = thread.join().unwrap();
        assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    }
}

#[test]
#[cfg(feature = "packages")]
fn an_image_of_a_folder() {
    let image = Image::of(LIBRARY).unwrap();
    let machines: Vec<_> = (0..3).map(|_| Smalltalk::from_image(&image)).collect();
    for mut st in machines {
        assert_eq!(st.eval::<String>("(3/4) printString").unwrap(), "(3/4)");
        assert_eq!(
            st.eval::<i64>("#(1 2 3) asOrderedCollection sum").unwrap(),
            6
        );
        assert!(st.eval::<String>("Object class name").is_ok());
    }
    assert!(Image::of("/no/such/folder").is_err());
    // What is defined in one machine is not in the others, nor in the image.
    let mut one = Smalltalk::from_image(&image);
    one.eval::<()>("Object subclass: #Mine").unwrap();
    let error = Smalltalk::from_image(&image)
        .eval::<()>("Mine new")
        .unwrap_err();
    assert!(error.to_string().contains("Mine"), "{error}");
}

#[test]
#[cfg(feature = "packages")]
fn a_folder_without_a_library_is_refused() {
    let folder = std::env::temp_dir().join(format!("chirp-image-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("A.class.st"),
        "Class { #name : 'A', #superclass : 'NoSuch' }",
    )
    .unwrap();
    let wrong = Image::of(&folder);
    let empty = folder.join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let nothing = Image::of(&empty);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.unwrap_err().to_string().contains("NoSuch"));
    let error = nothing.unwrap_err().to_string();
    assert!(
        error.contains("is no class library: there is no class "),
        "{error}"
    );
}

/// Of what this program was built without, a folder brings nothing that could only fail.
#[test]
#[cfg(feature = "packages")]
fn a_folder_has_what_the_library_inside_has() {
    let image = Image::of(LIBRARY).unwrap();
    for source in [
        "(Smalltalk globals includesKey: #Socket) printString",
        "[ ('abc' matchesRegex: 'a.*') printString ] on: Error do: [ :e | e messageText ]",
        "[ #[ 1 2 3 ] zipped size printString ] on: Error do: [ :e | e messageText ]",
        "[ '/' asFileReference class name asString ] on: Error do: [ :e | e messageText ]",
        "[ TestCase name asString ] on: Error do: [ :e | e messageText ]",
    ] {
        let of_folder: String = Smalltalk::from_image(&image).eval(source).unwrap();
        assert_eq!(of_folder, Smalltalk::new().eval::<String>(source).unwrap());
    }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn with(clock: &Clock) -> Builder {
    Smalltalk::builder().clock(clock.clone())
}

#[test]
fn waits_are_skipped() {
    let clock = Clock::skipping(at(1000));
    let st = &mut with(&clock).build().unwrap();
    let source = "| order | order := OrderedCollection new.
        #(30 10 20) do: [:n | [ (Delay forSeconds: n * 1000) wait. order add: n ] fork ].
        (Delay forSeconds: 100000) wait. order asArray";
    assert_eq!(st.eval::<Vec<i64>>(source).unwrap(), [10, 20, 30]);
    assert_eq!(clock.now(), at(101_000));
    assert!(
        st.eval::<bool>("Semaphore new waitTimeoutSeconds: 3600")
            .unwrap()
    );
    assert_eq!(
        st.eval::<i64>("Time totalSeconds - 2177452800").unwrap(),
        104_600
    );
    let before = clock.now();
    st.eval::<i64>("1 to: 100000 do: [:i | i printString ]. 3")
        .unwrap();
    assert_eq!(clock.now(), before);
    let mut run = st.start("(Delay forSeconds: 60) wait. 5").unwrap();
    assert!(matches!(run.step::<i64>(st, 1000), Ok(Progress::Done(5))));
    let error = st.eval::<()>("Semaphore new wait").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "Deadlock"));
}

#[test]
fn the_host_moves_its_clock() {
    let clock = Clock::manual(at(0));
    let st = &mut with(&clock).build().unwrap();
    st.eval::<()>("ticks := 0. [ [ true ] whileTrue: [ (Delay forMilliseconds: 100) wait. ticks := ticks + 1 ] ] fork").unwrap();
    for _ in 0..10 {
        assert!(matches!(st.run_pending(1000), Ok(Progress::Waiting(w)) if w.until().is_none()));
        clock.advance(Duration::from_millis(50));
    }
    let _ = st.run_pending(1000).unwrap();
    assert_eq!(st.global::<i64>("ticks").unwrap(), 5);
    // Another thread ends a wait in a call.
    let mover = {
        let clock = clock.clone();
        thread::spawn(move || {
            for _ in 0..100 {
                thread::sleep(Duration::from_millis(2));
                clock.advance(Duration::from_secs(100));
            }
        })
    };
    assert_eq!(
        st.eval::<i64>("(Delay forSeconds: 1000) wait. 7").unwrap(),
        7
    );
    mover.join().unwrap();
    clock.advance(Duration::MAX);
    clock.advance(Duration::MAX);
    assert!(st.eval::<i64>("Time millisecondClockValue").is_ok());
    #[cfg(feature = "dates")]
    assert!(st.eval::<String>("DateAndTime now printString").is_ok());
}

#[test]
fn limits_go_by_real_time() {
    for clock in [Clock::manual(at(0)), Clock::skipping(at(0))] {
        let st = &mut with(&clock)
            .timeout(Duration::from_millis(50))
            .build()
            .unwrap();
        for source in [
            "[ true ] whileTrue: [ ]",
            "[ true ] whileTrue: [ (Delay forSeconds: 1) wait ]",
        ] {
            let error = st.eval::<()>(source).unwrap_err();
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::Stopped {
                        why: Stop::Deadline,
                        ..
                    }
                ),
                "{source}"
            );
        }
    }
}

#[test]
fn seeds() {
    let numbers = |builder: Builder| {
        let mut st = builder.build().unwrap();
        let source = "{ Random new next. Random new nextInteger: 1000000. 1000000 atRandom. #(1 2 3 4 5 6 7 8) shuffled first }";
        st.eval::<Vec<f64>>(source).unwrap()
    };
    let seeded = |seed| numbers(Smalltalk::builder().random_seed(seed));
    assert_eq!(seeded(7), seeded(7));
    assert_ne!(seeded(7), seeded(8));
    assert_ne!(numbers(Smalltalk::builder()), numbers(Smalltalk::builder()));
}
