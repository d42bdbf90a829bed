//! The instruction set: one table from which the enum, the decoder, the
//! disassembler and both dispatch forms are made.
//!
//! Owns the meaning of each instruction word; must never know how one is executed.
//!
//! A word has 32 bits: opcode in bits 0..8, `A` in 8..16, `B` in 16..24, `C` in 24..32;
//! `D` is bits 16..32 unsigned, `sD` the same signed, `E` is bits 8..32 signed.
//! `r[x]` is register x of the frame: r[0] the receiver (in a block: the closure itself),
//! r[1]..r[n] the arguments, then temporaries, then operands.
//! Jumps are counted in words from the word *behind* the jump's last word.
//!
//! **Stubs.** An arithmetic, comparing or indexing instruction does its work at once on the
//! common types and then steps over the stub behind it. On other types it copies its
//! operands into the window of the `SEND` in the stub and simply goes on there:
//!
//! ```text
//! ADD A B C ; SEND w site(#+) ; MOVE A w          value forms: two stub words
//! JLT A B _ ; SEND w site(#<) ; JT w sD           compare and branch: the JT/JF holds the offset for both
//! ATPUT A B C ; SEND w site(#at:put:)             result unused
//! UPTO A B C ; SEND w site(#+) ; MOVE A w ; JLE A B ; SEND w site(#<=) ; JT w sD
//! ```
//!
//! The last is the end of a counting loop. UPTO adds, compares and goes back by the JT on small
//! integers alone; on anything else it is an `ADDI A A C`, and the JLE behind its stub compares.
//!
//! A send's window: the receiver is r[w+2], its arguments follow; r[w] and r[w+1] become
//! the callee's link words, and the result arrives in r[w].

// `r[A]` is a register, no link.
#![allow(rustdoc::broken_intra_doc_links)]

/// How an operand field is to be read, for the disassembler and the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No operands.
    None,
    /// A.
    A,
    /// A and B.
    AB,
    /// A, B and C.
    #[allow(clippy::upper_case_acronyms)] // Three operands.
    ABC,
    /// A and the signed number sD.
    AInt,
    /// A and the raw immediate D.
    AImm,
    /// A and the literal with index D. The loader replaces the index by a displacement.
    ALit,
    /// A and the send site with index D. The loader replaces the index by a displacement.
    ASite,
    /// A and a jump of sD words.
    AJump,
    /// A jump of E words.
    Jump,
    /// A, B, C; the next word is a literal's index. The loader replaces it by a displacement.
    ABCLit,
    /// A and B; the next word is a raw number.
    ABWord,
}

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident $shape:ident),* $(,)?) => {
        /// Every instruction. The table in this file is its only definition.
        #[allow(clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Op { $($(#[$doc])* $name),* }

        /// All opcodes in numeric order.
        pub const OPS: &[Op] = &[$(Op::$name),*];

        impl Op {
            /// The opcode's name as the disassembler prints it.
            pub fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name)),* }
            }

            /// How its operands are laid out.
            pub fn shape(self) -> Shape {
                match self { $(Op::$name => Shape::$shape),* }
            }
        }

        /// Calls the macro `$m` with the list of all opcodes: both dispatch forms are made with it.
        macro_rules! for_each_op { ($m:ident) => { $m! { $($name),* } }; }
        pub(crate) use for_each_op;
    };
}

opcodes! {
    // ---- moving ----
    /// r[A] := r[B]
    MOVE AB,
    /// r[A] := the SmallInteger sD
    LOADI AInt,
    /// r[A] := the immediate whose bits are D (nil 0x09, false 0x11, true 0x19, Character code<<8|1 for codes below 256)
    LOADV AImm,
    /// r[A] := literal
    LOADK ALit,
    /// r[A], r[A+1] … r[A+B-1] := nil
    NILS AB,
    /// r[A] := instance variable C of r[B]
    GETIV ABC,
    /// instance variable B of r[A] := r[C]
    SETIV ABC,
    /// r[A] := value of the variable (an Association literal)
    GETG ALit,
    /// value of the variable (an Association literal) := r[A]
    SETG ALit,
    /// r[A] := a new temp vector (Array) of B nils
    MKBOX AB,
    /// r[A] := element C (from 0) of the temp vector r[B]
    GETBOX ABC,
    /// element B (from 0) of the temp vector r[A] := r[C]
    SETBOX ABC,
    /// r[A] := a new closure; next word: literal index of its code; its slots 1..C are r[B]..r[B+C-1]:
    /// slot 1 the Home or nil, slot 2 the receiver (self), then the captured values. C is at least 2.
    CLOSURE ABCLit,
    /// r[A] := slot B of the closure r[0] (1 home, 2 self, 3.. captured values). Only in blocks.
    GETCLO AB,
    /// if r[A] is nil, r[A] := a new Home for this frame. Only in methods, before a CLOSURE that can return from it.
    HOME A,
    /// r[A] := a new Array with r[B]..r[B+C-1]
    ARRAY ABC,
    /// r[A] := a new Array of D nils (brace arrays with more than 100 elements)
    ARRAYN AImm,
    /// element W (from 0) of the Array r[A] := r[B]; next word: W
    SETELT ABWord,
    /// r[A] := a Context for this frame
    THISCTX A,

    // ---- arithmetic: each followed by SEND w, MOVE A w ----
    /// r[A] := r[B] + r[C]
    ADD ABC,
    /// r[A] := r[B] - r[C]
    SUB ABC,
    /// r[A] := r[B] * r[C]
    MUL ABC,
    /// r[A] := r[B] / r[C]
    DIV ABC,
    /// r[A] := r[B] // r[C]
    IDIV ABC,
    /// r[A] := r[B] \\ r[C]
    MOD ABC,
    /// r[A] := r[B] bitAnd: r[C]
    BAND ABC,
    /// r[A] := r[B] bitOr: r[C]
    BOR ABC,
    /// r[A] := r[B] bitXor: r[C]
    BXOR ABC,
    /// r[A] := r[B] bitShift: r[C]
    SHIFT ABC,
    /// r[A] := r[B] + C (C from 0 to 255)
    ADDI ABC,
    /// r[A] := r[B] - C (C from 0 to 255)
    SUBI ABC,
    /// r[A] := r[A] + C, and on to the JLE A B behind the stub: see above
    UPTO ABC,
    /// r[A] := r[A] - C, and on to the JGE A B behind the stub
    DOWNTO ABC,
    // ---- comparison as a value: each followed by SEND w, MOVE A w ----
    /// r[A] := r[B] < r[C]
    LT ABC,
    /// r[A] := r[B] <= r[C]
    LE ABC,
    /// r[A] := r[B] > r[C]
    GT ABC,
    /// r[A] := r[B] >= r[C]
    GE ABC,
    /// r[A] := r[B] = r[C]
    EQ ABC,
    /// r[A] := r[B] ~= r[C]
    NE ABC,
    /// r[A] := r[B] == r[C]. No stub: identity is never sent.
    IDENT ABC,
    // ---- compare and branch when true (backward or forward, a safepoint): followed by SEND w, JT w sD ----
    /// jump if r[A] < r[B]
    JLT AB,
    /// jump if r[A] <= r[B]
    JLE AB,
    /// jump if r[A] > r[B]
    JGT AB,
    /// jump if r[A] >= r[B]
    JGE AB,
    /// jump if r[A] = r[B]
    JEQ AB,
    /// jump if r[A] ~= r[B]
    JNE AB,
    /// jump if r[A] < B as a signed byte; likewise the next five
    JLTI AB,
    JLEI AB,
    JGTI AB,
    JGEI AB,
    JEQI AB,
    JNEI AB,
    // ---- compare and branch when false (forward): followed by SEND w, JF w sD ----
    /// jump unless r[A] < r[B]
    JNLT AB,
    JNLE AB,
    JNGT AB,
    JNGE AB,
    JNEQ AB,
    JNNE AB,
    /// jump unless r[A] < B as a signed byte; likewise the next five
    JNLTI AB,
    JNLEI AB,
    JNGTI AB,
    JNGEI AB,
    JNEQI AB,
    JNNEI AB,
    // ---- jumps ----
    /// step over the next word if r[A] == r[B]; the next word is a JMP
    SKIPIDENT AB,
    /// step over the next word unless r[A] == r[B]; the next word is a JMP
    SKIPNIDENT AB,
    /// jump if r[A] is nil
    JNIL AJump,
    /// jump unless r[A] is nil
    JNNIL AJump,
    /// jump if r[A] is a SmallInteger
    JINT AJump,
    /// jump if r[A] is true; a non-boolean is sent #mustBeBoolean and its answer tested
    JT AJump,
    /// jump if r[A] is false; likewise
    JF AJump,
    /// jump (forward, or backward where no loop can run through it)
    JMP Jump,
    /// jump backward: a safepoint
    LOOP Jump,
    // ---- indexing: followed by SEND w, MOVE A w (ATPUT: by SEND w only) ----
    /// r[A] := r[B] at: r[C]
    AT ABC,
    /// r[A] at: r[B] put: r[C], result unused
    ATPUT ABC,
    /// r[A] := r[B] size
    SIZE AB,
    // ---- sends and returns ----
    /// send: receiver r[A+2], arguments behind it, result to r[A]
    SEND ASite,
    /// send to super: lookup starts above the class that defines the method
    SENDSUPER ASite,
    /// value, value:, … value:value:value:value:: a closure with fitting arity is entered at once, else SEND
    VALUE ASite,
    /// return r[A] to the sender (in a block: the block's value)
    RET A,
    /// return the receiver r[0]. Only in methods.
    RETSELF None,
    /// return r[A] and end the Home in r[B], which may be nil
    RETHOME AB,
    /// non-local return of r[A] from the method whose Home is r[B]
    NLR AB,

    // ---- written by the machine only ----
    /// a send site that found an instance variable getter
    SENDGET ASite,
    /// a send site whose target answers the receiver or an immediate
    SENDCONST ASite,
    /// a send site whose target starts with a primitive
    SENDPRIM ASite,
    /// a send site whose target is `Behavior>>new`: makes the instance and goes on to its `initialize`
    SENDNEW ASite,
    /// a send site with up to four targets
    SENDPOLY ASite,
    /// a send site with many targets: the global cache
    SENDMEGA ASite,
    /// AT of a site that saw a ByteString or ByteArray
    ATBYTES ABC,
    /// AT of a site that saw both an Array and bytes
    ATANY ABC,
    /// likewise for ATPUT
    ATPUTBYTES ABC,
    ATPUTANY ABC,
    /// the bottom frame of a Process: the Process has ended with r[A]
    PROCEND A,
    /// the bottom frame of a call from Rust: leave the run loop with r[A]
    EXITRUN A,
    /// records the native stack's address: a test of the threaded form
    PROBE None,
}

impl Op {
    /// The opcode of an instruction word, or none when the byte names none.
    pub fn of(word: u32) -> Option<Op> {
        OPS.get((word & 0xff) as usize).copied()
    }

    /// Whether traces show it by the place that is in force there: it sends, decides or may be refused for want of memory.
    pub fn has_place(self) -> bool {
        use Op::*;
        self.shape() == Shape::ASite || matches!(self, JT | JF | NLR | CLOSURE | ARRAY | ARRAYN)
    }

    /// How many words the instruction has, stubs not counted.
    pub fn length(self) -> usize {
        match self.shape() {
            Shape::ABCLit | Shape::ABWord => 2,
            _ => 1,
        }
    }
}

/// An instruction with three register fields.
pub fn abc(op: Op, a: u8, b: u8, c: u8) -> u32 {
    op as u32 | (a as u32) << 8 | (b as u32) << 16 | (c as u32) << 24
}

/// An instruction with a register and a 16-bit field.
pub fn ad(op: Op, a: u8, d: u16) -> u32 {
    op as u32 | (a as u32) << 8 | (d as u32) << 16
}

/// A jump of `e` words; `e` must fit in 24 bits.
pub fn jump(op: Op, e: i32) -> u32 {
    op as u32 | (e as u32) << 8
}
