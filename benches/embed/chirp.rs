//! The same in an embedded Chirp.

use chirp::Smalltalk;

pub struct Peer(Smalltalk);

impl Peer {
    pub fn new() -> Peer {
        Peer(Smalltalk::new())
    }

    pub fn seven(&mut self) -> i64 {
        self.0.eval("3 + 4").expect("a number")
    }

    pub fn define_fib(&mut self) {
        let fib = "Integer extend [ benchFib [
            ^ self < 2 ifTrue: [ self ] ifFalse: [ (self - 1) benchFib + (self - 2) benchFib ] ] ]";
        self.0.run_source::<()>("fib", fib).expect("a definition");
    }

    pub fn fib(&mut self) -> i64 {
        self.0.eval("27 benchFib").expect("a number")
    }
}
