//! Code generation for functions: frames, statements, returns.
//!
//! Owns the register discipline: below `top` every register is a variable, a live operand
//! or a link slot of a send being prepared; above it nothing is live. Must never decide
//! what an expression means.

use chirp_grammar::ast::Span;
use chirp_grammar::diagnostic::Diagnostic;

use super::diagnose;
use super::emit::Emitter;
use super::opcode::Op;
use super::template::{CodeTemplate, Temp};
use super::tree::{FunctionId, LocalId, NodeId, Statement, Tree, Uses};
use super::variables::{Captured, Slot, Storage};

/// Where the value of an expression goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dest {
    /// Nowhere.
    Effect,
    /// Into the register at `top`, which then belongs to the operands.
    Push,
    /// Into a variable's register, as the very last thing that the code does.
    Into(u16),
    /// To the caller of this function.
    Return,
}

/// The function being generated.
pub struct Frame {
    pub id: FunctionId,
    pub code: Emitter,
    pub top: u16,
    /// Registers in all.
    size: u16,
    pub slots: Vec<Slot>,
    /// In a block: the register that holds the receiver, if it pays.
    pub self_register: Option<u16>,
    /// The register of the method's Home.
    pub home: Option<u16>,
    pub temps: Vec<Temp>,
    pub is_block: bool,
}

/// Generates code for a resolved tree.
pub struct Generator<'t, 'a> {
    pub tree: &'t Tree<'a>,
    pub f: Frame,
    pub storage: Vec<Option<Storage>>,
    /// The register of each temp vector, in the function that made it.
    pub boxes: Vec<(FunctionId, u16)>,
    selector: &'t str,
    pub errors: Vec<Diagnostic>,
}

impl Frame {
    pub fn new(id: FunctionId, is_block: bool) -> Frame {
        Frame {
            id,
            code: Emitter::default(),
            top: 0,
            size: 0,
            slots: Vec::new(),
            self_register: None,
            home: None,
            temps: Vec::new(),
            is_block,
        }
    }

    /// Takes the register at `top`.
    pub fn push(&mut self) -> u16 {
        let register = self.top;
        self.set_top(register.saturating_add(1));
        register
    }

    pub fn set_top(&mut self, top: u16) {
        self.top = top;
        self.touch(top);
    }

    /// The registers below `end` are used.
    pub fn touch(&mut self, end: u16) {
        self.size = self.size.max(end);
    }
}

impl<'t, 'a> Generator<'t, 'a> {
    /// The code of function 0 and all blocks in it.
    pub fn generate(
        tree: &'t Tree<'a>,
        selector: &'t str,
        error: Option<LocalId>,
        answers_last: bool,
    ) -> Result<(CodeTemplate, Option<u8>), Vec<Diagnostic>> {
        let mut generator = Generator {
            tree,
            f: Frame::new(FunctionId(0), false),
            storage: vec![None; tree.locals.len()],
            boxes: Vec::new(),
            selector,
            errors: Vec::new(),
        };
        let register = generator.method(error, answers_last);
        let template = generator.finish();
        if generator.errors.is_empty() {
            Ok((template, register))
        } else {
            Err(generator.errors)
        }
    }

    fn method(&mut self, error: Option<LocalId>, answers_last: bool) -> Option<u8> {
        let function = self.tree.function(FunctionId(0));
        self.parameters(&function.params);
        let mut error_register = None;
        if let Some(id) = error {
            let register = self.f.push();
            error_register = u8::try_from(register).ok();
            if !self.tree.is_shared(id) {
                self.bind_register(id, register);
            }
        }
        if function.returns_home {
            self.f.home = Some(self.f.push());
        }
        self.open_scope(function.scope, self.f.home);
        if let (Some(id), Some(register)) = (error, error_register)
            && let Some(Storage::Boxed(..)) = self.storage[id.0 as usize]
        {
            self.store(id, u16::from(register));
        }
        if answers_last {
            self.value_statements(&function.statements, Dest::Return);
        } else {
            self.effect_statements(&function.statements);
            self.return_register(0);
        }
        error_register
    }

    fn parameters(&mut self, params: &[LocalId]) {
        self.f.push();
        for &param in params {
            let register = self.f.push();
            self.bind_register(param, register);
        }
    }

    /// A block that becomes a closure: its code.
    pub fn block_code(&mut self, id: FunctionId, captured: &[(Captured, Uses)]) -> CodeTemplate {
        let function = self.tree.function(id);
        let outer = std::mem::replace(&mut self.f, Frame::new(id, true));
        self.parameters(&function.params);
        if function.self_uses.is_frequent() {
            let register = self.f.push();
            self.f.code.abc(Op::GETCLO, register, 2, 0);
            self.f.self_register = Some(register);
        }
        for (index, &(what, uses)) in captured.iter().enumerate() {
            let register = uses.is_frequent().then(|| self.f.push());
            if let Some(register) = register {
                self.f.code.abc(Op::GETCLO, register, index as u16 + 3, 0);
                if let Captured::Value(local) = what {
                    self.name_temp(local, register);
                }
            }
            self.f.slots.push(Slot { what, register });
        }
        self.open_scope(function.scope, None);
        self.value_statements(&function.statements, Dest::Return);
        let template = self.finish();
        self.f = outer;
        template
    }

    /// Takes the finished code out of the frame.
    fn finish(&mut self) -> CodeTemplate {
        let function = self.tree.function(self.f.id);
        let frame = &mut self.f;
        let end = frame.code.here();
        for temp in &mut frame.temps {
            temp.visible.end = temp.visible.end.min(end);
        }
        if frame.size > 256 {
            frame
                .code
                .excess
                .get_or_insert("it has too many variables and operands");
        }
        if let Some(excess) = frame.code.excess {
            let what = if function.is_block {
                "this block"
            } else {
                function.name
            };
            self.errors
                .push(diagnose::too_large(what, function.span, excess));
        }
        CodeTemplate {
            selector: self.selector.to_string(),
            is_block: function.is_block,
            num_args: function.params.len() as u8,
            frame_size: frame.size,
            words: std::mem::take(&mut frame.code.words),
            literals: std::mem::take(&mut frame.code.literals),
            sends: std::mem::take(&mut frame.code.sends),
            primitive: None,
            home: frame.home.and_then(|home| u8::try_from(home).ok()),
            returns: function.returns,
            names_self: function.names_self,
            source_map: std::mem::take(&mut frame.code.source_map),
            temps: std::mem::take(&mut frame.temps),
            pragmas: Vec::new(),
            span: function.span,
        }
    }

    // ---- statements and returns ----

    pub fn effect_statements(&mut self, statements: &[Statement]) {
        for &statement in statements {
            if !self.f.code.is_reachable() || self.f.code.excess.is_some() {
                return;
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: Statement) {
        match statement {
            Statement::Expr(id) => self.value(id, Dest::Effect),
            Statement::Return(id, caret) => self.return_from_method(id, caret),
            Statement::Reset(id) => match self.register_of(id) {
                Some(register) => self.f.code.abc(Op::NILS, register, 1, 0),
                None => {
                    let nil = self.f.push();
                    self.f.code.abc(Op::NILS, nil, 1, 0);
                    self.store(id, nil);
                    self.f.top = nil;
                }
            },
        }
    }

    /// Statements whose last one gives the value; nil if there is none.
    pub fn value_statements(&mut self, statements: &[Statement], dest: Dest) {
        match statements.split_last() {
            Some((&Statement::Expr(last), before)) => {
                self.effect_statements(before);
                self.value(last, dest);
            }
            _ => {
                self.effect_statements(statements);
                self.nil(dest);
            }
        }
    }

    fn return_from_method(&mut self, id: NodeId, caret: Span) {
        if !self.f.is_block {
            return self.value(id, Dest::Return);
        }
        let base = self.f.top;
        let result = self.operand(id, super::tree::Range::EMPTY);
        let home = self.f.push();
        self.f.code.abc(Op::GETCLO, home, 1, 0);
        self.f.code.mark(caret);
        self.f.code.abc(Op::NLR, result, home, 0);
        self.f.top = base;
    }

    /// Returns a register to the caller of this function.
    pub fn return_register(&mut self, register: u16) {
        match self.f.home {
            Some(home) => self.f.code.abc(Op::RETHOME, register, home, 0),
            None if register == 0 && !self.f.is_block => self.f.code.abc(Op::RETSELF, 0, 0, 0),
            None => self.f.code.abc(Op::RET, register, 0, 0),
        }
    }
}
