//! Polling, waking, clocks, standard streams.

use super::*;
use crate::host::stdio::{Input, Output, Source};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn another_thread_ends_a_wait() {
    let mut world = World::new();
    let waker = world.host.waker();
    let thread = std::thread::spawn(move || waker.wake());
    world.host.poll(Some(Duration::from_secs(60)));
    thread.join().expect("a thread");
    // Nothing is left of the wake-up.
    world.host.poll(Some(Duration::ZERO));
}

#[test]
fn a_wait_is_over_when_its_time_is() {
    let mut world = World::new();
    let before = world.host.clock.microseconds();
    world.host.poll(Some(Duration::from_micros(1500)));
    assert!(world.host.clock.microseconds() - before >= 1500);
}

#[test]
fn output_waits_for_eight_kilobytes_or_a_wait() {
    let sink = Sink::default();
    let seen = sink.clone();
    let length = move || seen.0.lock().expect("no panic").len();
    let stdio = Stdio::new(
        Output::new(Box::new(sink)),
        Output::new(Box::new(io::sink())),
        Source::Reader(Box::new(&b"input"[..])),
    );
    let mut host = Host::new(Capabilities::none(), stdio).expect("a host");
    host.stdio.output.write(b"hello");
    host.poll(Some(Duration::ZERO));
    assert_eq!(length(), 0, "merely looking does not flush");
    host.poll(Some(Duration::from_millis(1)));
    assert_eq!(length(), 5);
    host.stdio.output.write(&[b'x'; 9000]);
    assert_eq!(length(), 9005);
    host.stdio.output.write(b"bye");
    let mut buffer = [0; 3];
    assert_eq!(
        host.stdio.read(&mut buffer).expect("input"),
        Input::Bytes(3)
    );
    assert_eq!(
        host.stdio.read(&mut buffer).expect("input"),
        Input::Bytes(2)
    );
    assert_eq!(host.stdio.read(&mut buffer).expect("input"), Input::End);
    drop(host);
    assert_eq!(length(), 9008, "the end flushes");
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let mut output = Output::new(Box::new(Broken));
    output.write(b"hello");
    assert!(!output.is_gone());
    output.flush();
    assert!(output.is_gone());
    assert_eq!(output.error(), None);
    output.write(&[0; 10_000]);
}

#[test]
fn files_need_permission() {
    let scratch = Scratch::new("files");
    let path = scratch.path("f");
    let host = World::new().host;
    host.files().write(&path, b"text").expect("write");
    assert_eq!(host.files().read(&path).expect("read"), b"text");
    assert!(host.files().exists(&path).expect("exists"));
    let missing = host
        .files()
        .read(&scratch.path("none"))
        .expect_err("no file");
    assert_eq!(missing.errno(), libc::ENOENT);
    let poor = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
    assert_eq!(
        poor.files().read(&path).expect_err("denied").errno(),
        libc::EPERM
    );
    assert_eq!(
        poor.files().write(&path, b"").expect_err("denied").errno(),
        libc::EPERM
    );
}

#[test]
fn clocks_go_forward_and_seeds_differ() {
    let host = World::new().host;
    let (one, other) = (host.clock.nanoseconds(), host.clock.nanoseconds());
    assert!(other >= one);
    assert!(host.clock.utc_microseconds() > 1_600_000_000_000_000);
    assert!(host.clock.local_offset_seconds(0).abs() <= 15 * 3600);
    assert_ne!(crate::host::random::seed(), crate::host::random::seed());
}
