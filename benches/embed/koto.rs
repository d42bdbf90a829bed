//! The same in Koto.

use koto::prelude::*;

pub struct Peer(Koto);

impl Peer {
    pub fn new() -> Peer {
        Peer(Koto::default())
    }

    fn number(&mut self, script: &str) -> i64 {
        match self.0.compile_and_run(script).expect("a value") {
            KValue::Number(number) => number.into(),
            other => panic!("{}", other.type_as_string()),
        }
    }

    pub fn seven(&mut self) -> i64 {
        self.number("3 + 4")
    }

    pub fn define_fib(&mut self) {
        let fib = "export fib = |n|\n  if n < 2 then n else (fib n - 1) + (fib n - 2)\n1";
        self.number(fib);
    }

    pub fn fib(&mut self) -> i64 {
        self.number("fib 27")
    }
}
