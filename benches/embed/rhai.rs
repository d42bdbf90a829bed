//! The same in Rhai.

use rhai::{AST, Engine};

pub struct Peer(Engine, AST);

impl Peer {
    pub fn new() -> Peer {
        Peer(Engine::new(), AST::empty())
    }

    pub fn seven(&mut self) -> i64 {
        self.0.eval("3 + 4").expect("a number")
    }

    pub fn define_fib(&mut self) {
        let fib = "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } } fib(27)";
        self.1 = self.0.compile(fib).expect("a definition");
    }

    pub fn fib(&mut self) -> i64 {
        self.0.eval_ast(&self.1).expect("a number")
    }
}
