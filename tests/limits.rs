//! Hostile programs: each file below `tests/limits` is run by the real binary in the sandbox with limits, and must
//! come to the end that its first comment tells, in no more memory than it may have.
//!
//! ```text
//! "What it tries.
//! exit: 124
//! stderr: out of
//! stdout: still here"
//! ```
//! `exit:` is the exit code, and must be there; `124 or 0` where it depends on the computer's speed how far it comes
//! before a limit (5 s; in an unoptimised build only where nothing else than running out of time is told). `folder: yes` lets it read a folder of traps (`limits/trap.rs`), which is its argument. `stderr:` and `stdout:` are parts of a line, as many as wanted; what
//! nothing is said of is free. Where fuel runs out on a fast computer and time on a slow one, `out of` is both.

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

#[path = "limits/trap.rs"]
mod trap;

const LIMITS: &[&str] = &["--sandbox", "--fuel", "1e8", "--memory", "64M"];
/// What may be resident, in kilobytes: the limit twice, since a full collection copies what lives, and the program
/// itself with its library, nursery and stacks of threads (14 to 18 MB when nothing happens; the most that was seen above the rest is 32).
const RESIDENT: i64 = (2 * 64 + 48) << 10;
/// What is said when `--timeout` is over.
const OUT_OF_TIME: &str = "out of time (--timeout)";
/// Bytes that one program may print before the rest is not looked at.
const ENOUGH: u64 = 1 << 20;

fn main() {
    let mut args = Arguments::from_args();
    // Those that wait share the processor badly with many others.
    args.test_threads = args.test_threads.or(Some(2));
    let root = Path::new("tests/limits");
    let mut files = Vec::new();
    collect(root, &mut files);
    assert!(files.len() >= 60, "only {} attacks", files.len());
    files.sort();
    let trials = files.into_iter().map(|path| {
        let name = path.strip_prefix(root).unwrap_or(&path);
        Trial::test(name.display().to_string(), move || attack(&path))
    });
    libtest_mimic::run(&args, trials.collect()).exit();
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "st") {
            files.push(path);
        }
    }
}

/// What the comment at a file's start says after `key`.
fn told<'t>(source: &'t str, key: &str) -> Vec<&'t str> {
    let comment = source.split('"').nth(1).unwrap_or("");
    let lines = comment.lines().filter_map(|line| line.strip_prefix(key));
    lines.map(str::trim).collect()
}

fn attack(path: &Path) -> Result<(), Failed> {
    let source = std::fs::read_to_string(path)?;
    let mut expected = Vec::new();
    for code in told(&source, "exit:").iter().flat_map(|c| c.split(" or ")) {
        expected.push(Some(code.parse::<i32>()?));
    }
    if expected.is_empty() {
        return Err("its comment tells no exit code".into());
    }
    let folder = Folder::of(path)?;
    let file = path.display().to_string();
    let options = if told(&source, "folder:").is_empty() {
        vec![file]
    } else {
        let inside = trap::set(&folder.0)?.display().to_string();
        vec![format!("--allow-read={inside}"), file, inside]
    };
    // What is not meant to end by time must not do so because the build has no optimisation and the computer is busy.
    let by_time = expected.contains(&Some(124))
        && match told(&source, "stderr:") {
            parts if parts.is_empty() => told(&source, "stdout:").is_empty(),
            parts => parts.iter().any(|part| OUT_OF_TIME.contains(part)),
        };
    let seconds = if cfg!(debug_assertions) && !by_time {
        "50"
    } else {
        "5"
    };
    let (code, out, err) = run(seconds, &options, &folder)?;
    let shown = || format!("\nexit {code:?}\nstdout: {out:.2000}\nstderr: {err:.2000}");
    if !expected.contains(&code) {
        return Err(format!("expected exit {expected:?}{}", shown()).into());
    }
    for (key, text) in [("stdout:", &out), ("stderr:", &err)] {
        for part in told(&source, key) {
            if !text.contains(part) {
                return Err(format!("no `{part}` in {key}{}", shown()).into());
            }
        }
    }
    if out.contains(trap::SECRET) || err.contains(trap::SECRET) {
        return Err(format!("it has read what it may not{}", shown()).into());
    }
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    if peak > RESIDENT {
        return Err(format!("this attack or one beside it took {} MB", peak >> 10).into());
    }
    Ok(())
}

/// A folder of an attack's own, which goes when it is over.
struct Folder(PathBuf);

impl Folder {
    fn of(path: &Path) -> Result<Folder, Failed> {
        let name = path.display().to_string().replace('/', "-");
        let name = format!("chirp-attack-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().canonicalize()?.join(name);
        std::fs::create_dir(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Exit code (none after a signal) and output. After a minute, which is for what hangs, the end comes by force.
fn run(
    seconds: &str,
    options: &[String],
    folder: &Folder,
) -> Result<(Option<i32>, String, String), Failed> {
    // Files, so that nobody waits for a reader.
    let (out, err) = (folder.0.join("stdout"), folder.0.join("stderr"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    let mut child = command
        .args(LIMITS)
        .args(["--timeout", seconds])
        .args(options)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()?;
    let process = Pid::from_raw(child.id() as i32);
    let (ended, end) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            let _ = kill(process, Signal::SIGKILL);
        }
    });
    let status = child.wait()?;
    drop(ended);
    let _ = guard.join();
    let text = |path: &Path| -> Result<String, Failed> {
        // Not all of it: what this process takes is where its children begin.
        let mut bytes = Vec::new();
        File::open(path)?.take(ENOUGH).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok((status.code(), text(&out)?, text(&err)?))
}
