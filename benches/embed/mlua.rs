//! The same in Lua 5.4, by mlua.

use mlua::Lua;

pub struct Peer(Lua);

impl Peer {
    pub fn new() -> Peer {
        Peer(Lua::new())
    }

    pub fn seven(&mut self) -> i64 {
        self.0.load("3 + 4").eval().expect("a number")
    }

    pub fn define_fib(&mut self) {
        let fib = "function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end";
        self.0.load(fib).exec().expect("a definition");
    }

    pub fn fib(&mut self) -> i64 {
        self.0.load("fib(27)").eval().expect("a number")
    }
}
