//! A small, slow machine for the instruction set, to see what compiled code does.
//!
//! Knows integers, booleans, strings, arrays, closures and one class of objects. It is strict where
//! the real machine relies on the compiler: registers start as poison, each send poisons
//! everything above its window, and reading poison is an error. In slow mode every
//! stubbed instruction goes through its stub.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use chirp::compiler::opcode::Op;
use chirp::compiler::template::{CodeTemplate, Literal, Name, Scope, Variable};
use chirp_grammar::ast;

/// A value. `Poison` is what no program may read.
#[derive(Clone, Debug)]
pub enum Value {
    Poison,
    Nil,
    Bool(bool),
    Int(i64),
    Text(String),
    Array(Rc<RefCell<Vec<Value>>>),
    Closure(Rc<Closure>),
    Home(Rc<Cell<bool>>),
    Object(Rc<RefCell<Vec<Value>>>),
    Global(String),
}

#[derive(Debug)]
pub struct Closure {
    code: CodeTemplate,
    /// Slots 1 and up.
    slots: Vec<Value>,
}

/// Why a function ended without an ordinary value.
#[derive(Debug)]
pub enum Exit {
    NonLocal(Rc<Cell<bool>>, Value),
    Error(String),
}

type Outcome = Result<Value, Exit>;

fn error<T>(text: impl Into<String>) -> Result<T, Exit> {
    Err(Exit::Error(text.into()))
}

impl Value {
    pub fn print(&self) -> String {
        match self {
            Value::Poison => "POISON".to_string(),
            Value::Nil => "nil".to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Int(n) => n.to_string(),
            Value::Text(text) => format!("'{text}'"),
            Value::Array(elements) => {
                let elements: Vec<String> = elements.borrow().iter().map(Value::print).collect();
                format!("({})", elements.join(" "))
            }
            Value::Closure(_) => "a block".to_string(),
            Value::Home(_) => "a home".to_string(),
            Value::Object(_) => "an object".to_string(),
            Value::Global(name) => name.clone(),
        }
    }

    fn is_identical(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Array(a), Value::Array(b)) => Rc::ptr_eq(a, b),
            (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b),
            (Value::Closure(a), Value::Closure(b)) => Rc::ptr_eq(a, b),
            _ => self.print() == other.print(),
        }
    }
}

/// The names of the one class: instance variables `x y z`, a class variable.
pub struct TestScope;

impl Scope for TestScope {
    fn resolve(&self, name: &str) -> Option<Name> {
        Some(match name {
            "x" => Name::Instance(0),
            "y" => Name::Instance(1),
            "z" => Name::Instance(2),
            "Default" => Name::Variable(Variable::Class {
                class: 7,
                name: name.to_string(),
            }),
            "Log" | "Transcript" => Name::Variable(Variable::Global(name.to_string())),
            "known" => Name::Variable(Variable::Session(name.to_string())),
            _ => return None,
        })
    }

    fn suggest(&self, name: &str) -> Option<String> {
        (name == "transcript").then(|| "Transcript".to_string())
    }
}

/// The machine: methods of the one class, variables, and a log of effects.
pub struct Machine {
    pub methods: HashMap<String, CodeTemplate>,
    pub variables: HashMap<Variable, Value>,
    pub log: Vec<String>,
    /// Every stubbed instruction takes its stub.
    pub slow: bool,
    /// Instructions that may still be executed.
    pub fuel: u64,
}

struct Frame<'c> {
    code: &'c CodeTemplate,
    registers: Vec<Value>,
}

impl Frame<'_> {
    fn get(&self, register: u8) -> Result<Value, Exit> {
        match self.registers.get(register as usize) {
            None => error("register outside the frame"),
            Some(Value::Poison) => {
                error(format!("register {register} is read but nothing is in it"))
            }
            Some(value) => Ok(value.clone()),
        }
    }

    fn set(&mut self, register: u8, value: Value) -> Result<(), Exit> {
        match self.registers.get_mut(register as usize) {
            None => error("register outside the frame"),
            Some(place) => {
                *place = value;
                Ok(())
            }
        }
    }

    fn poison_from(&mut self, register: usize) {
        for place in self.registers.iter_mut().skip(register) {
            *place = Value::Poison;
        }
    }
}

impl Machine {
    pub fn new(slow: bool) -> Machine {
        Machine {
            methods: HashMap::new(),
            variables: HashMap::new(),
            log: Vec::new(),
            slow,
            fuel: 2_000_000,
        }
    }

    /// Runs a method or do-it; a non-local return to it ends here.
    pub fn call(&mut self, code: &CodeTemplate, receiver: Value, args: &[Value]) -> Outcome {
        let home = Rc::new(Cell::new(true));
        let outcome = self.run(code, receiver, args, Some(home.clone()));
        home.set(false);
        match outcome {
            Err(Exit::NonLocal(target, value)) if Rc::ptr_eq(&target, &home) => Ok(value),
            other => other,
        }
    }

    fn run(
        &mut self,
        code: &CodeTemplate,
        receiver: Value,
        args: &[Value],
        home: Option<Rc<Cell<bool>>>,
    ) -> Outcome {
        let mut registers = vec![Value::Poison; code.frame_size as usize];
        registers[0] = receiver;
        registers[1..=args.len()].clone_from_slice(args);
        let mut frame = Frame { code, registers };
        let mut pc = 0;
        loop {
            self.fuel = self.fuel.saturating_sub(1);
            if self.fuel == 0 {
                return error("no end");
            }
            let word = code.words[pc];
            let [_, a, b, c] = word.to_le_bytes();
            let d = (word >> 16) as usize;
            let Some(op) = Op::of(word) else {
                return error("no instruction");
            };
            pc += op.length();
            let target = |offset: i32, from: usize| (from as i64 + i64::from(offset)) as usize;
            match op {
                Op::MOVE => frame.set(a, frame.get(b)?)?,
                Op::LOADI => frame.set(a, Value::Int(i64::from(d as u16 as i16)))?,
                Op::LOADV => frame.set(a, immediate(d)?)?,
                Op::LOADK => match &code.literals[d] {
                    Literal::Constant(literal) => frame.set(a, constant(literal)?)?,
                    _ => return error("not a constant"),
                },
                Op::NILS => {
                    for register in a..a + b {
                        frame.set(register, Value::Nil)?;
                    }
                }
                Op::GETIV => frame.set(a, fields(&frame.get(b)?)?.borrow()[c as usize].clone())?,
                Op::SETIV => fields(&frame.get(a)?)?.borrow_mut()[b as usize] = frame.get(c)?,
                Op::GETG => {
                    let value = self.variable(variable(&code.literals[d])?);
                    frame.set(a, value)?;
                }
                Op::SETG => {
                    self.variables
                        .insert(variable(&code.literals[d])?.clone(), frame.get(a)?);
                }
                Op::MKBOX => frame.set(a, array(vec![Value::Nil; b as usize]))?,
                Op::GETBOX => {
                    frame.set(a, elements(&frame.get(b)?)?.borrow()[c as usize].clone())?
                }
                Op::SETBOX => elements(&frame.get(a)?)?.borrow_mut()[b as usize] = frame.get(c)?,
                Op::CLOSURE => {
                    let slots = (b..b + c).map(|r| frame.get(r)).collect::<Result<_, _>>()?;
                    let Literal::Block(block) = &code.literals[code.words[pc - 1] as usize] else {
                        return error("not a block");
                    };
                    let closure = Closure {
                        code: (**block).clone(),
                        slots,
                    };
                    frame.set(a, Value::Closure(Rc::new(closure)))?;
                }
                Op::GETCLO => match frame.get(0)? {
                    Value::Closure(closure) => {
                        frame.set(a, closure.slots[b as usize - 1].clone())?
                    }
                    _ => return error("not in a block"),
                },
                Op::HOME => match (frame.get(a)?, &home) {
                    (Value::Nil, Some(home)) => frame.set(a, Value::Home(home.clone()))?,
                    (Value::Home(_), _) => {}
                    _ => return error("HOME needs nil or a Home"),
                },
                Op::ARRAY => {
                    let elements = (b..b + c).map(|r| frame.get(r)).collect::<Result<_, _>>()?;
                    frame.set(a, array(elements))?;
                }
                Op::ARRAYN => frame.set(a, array(vec![Value::Nil; d]))?,
                Op::SETELT => {
                    let index = code.words[pc - 1] as usize;
                    elements(&frame.get(a)?)?.borrow_mut()[index] = frame.get(b)?;
                }
                Op::THISCTX => frame.set(a, Value::Global("a Context".to_string()))?,
                Op::IDENT => {
                    let same = frame.get(b)?.is_identical(&frame.get(c)?);
                    frame.set(a, Value::Bool(same))?;
                }
                Op::SKIPIDENT | Op::SKIPNIDENT => {
                    let same = frame.get(a)?.is_identical(&frame.get(b)?);
                    pc += usize::from(same == (op == Op::SKIPIDENT));
                }
                Op::JNIL | Op::JNNIL => {
                    let is_nil = matches!(frame.get(a)?, Value::Nil);
                    if is_nil == (op == Op::JNIL) {
                        pc = target(word as i32 >> 16, pc);
                    }
                }
                Op::JINT => {
                    if matches!(frame.get(a)?, Value::Int(_)) {
                        pc = target(word as i32 >> 16, pc);
                    }
                }
                Op::JT | Op::JF => {
                    let Value::Bool(truth) = frame.get(a)? else {
                        return error(format!("{} must be boolean", frame.get(a)?.print()));
                    };
                    if truth == (op == Op::JT) {
                        pc = target(word as i32 >> 16, pc);
                    }
                }
                Op::JMP | Op::LOOP => pc = target(word as i32 >> 8, pc),
                Op::SEND | Op::SENDSUPER | Op::VALUE => self.send(&mut frame, a, d)?,
                Op::RET | Op::RETHOME => {
                    if op == Op::RETHOME && !matches!(frame.get(b)?, Value::Nil | Value::Home(_)) {
                        return error("RETHOME without a home");
                    }
                    return frame.get(a);
                }
                Op::RETSELF => return frame.get(0),
                Op::NLR => match frame.get(b)? {
                    Value::Home(home) if home.get() => {
                        return Err(Exit::NonLocal(home, frame.get(a)?));
                    }
                    Value::Home(_) => return error("the home has returned"),
                    _ => return error("NLR without a home"),
                },
                _ => pc = self.stubbed(&mut frame, op, word, pc)?,
            }
        }
    }

    /// An instruction with a stub; answers where to go on.
    fn stubbed(&mut self, frame: &mut Frame, op: Op, word: u32, pc: usize) -> Result<usize, Exit> {
        let [_, a, mut b, c] = word.to_le_bytes();
        let steps = matches!(op, Op::UPTO | Op::DOWNTO);
        if steps {
            // The comparison behind it does the rest.
            b = a;
        }
        let jumps = op as u8 >= Op::JLT as u8 && op as u8 <= Op::JNNEI as u8;
        let has_number =
            steps || matches!(op, Op::ADDI | Op::SUBI) || (jumps && op.name().ends_with('I'));
        let operands = match op {
            _ if jumps && has_number => vec![frame.get(a)?, Value::Int(i64::from(b as i8))],
            _ if jumps => vec![frame.get(a)?, frame.get(b)?],
            Op::ATPUT => vec![frame.get(a)?, frame.get(b)?, frame.get(c)?],
            Op::SIZE => vec![frame.get(b)?],
            _ if has_number => vec![frame.get(b)?, Value::Int(i64::from(c))],
            _ => vec![frame.get(b)?, frame.get(c)?],
        };
        let [_, window, ..] = frame.code.words[pc].to_le_bytes();
        let site = &frame.code.sends[(frame.code.words[pc] >> 16) as usize];
        if !self.slow
            && let Ok(value) = primitive(&site.selector, &operands)
        {
            if jumps {
                let Value::Bool(truth) = value else {
                    return error("comparison without Boolean");
                };
                let sense = (op as u8) < Op::JNLT as u8;
                let offset = (frame.code.words[pc + 1] as i32) >> 16;
                let next = pc + 2;
                return Ok(if truth == sense {
                    (next as i64 + i64::from(offset)) as usize
                } else {
                    next
                });
            }
            if op == Op::ATPUT {
                return Ok(pc + 1);
            }
            frame.set(a, value)?;
            return Ok(pc + 2);
        }
        for (index, operand) in operands.into_iter().enumerate() {
            frame.set(window + 2 + index as u8, operand)?;
        }
        Ok(pc)
    }

    fn variable(&mut self, variable: &Variable) -> Value {
        match (self.variables.get(variable), variable) {
            (Some(value), _) => value.clone(),
            (None, Variable::Global(name)) => Value::Global(name.clone()),
            _ => Value::Nil,
        }
    }

    fn send(&mut self, frame: &mut Frame, window: u8, site: usize) -> Result<(), Exit> {
        let site = &frame.code.sends[site];
        let operands: Vec<Value> = (0..=site.num_args)
            .map(|index| frame.get(window + 2 + index))
            .collect::<Result<_, _>>()?;
        let selector = if site.to_super {
            format!("super {}", site.selector)
        } else {
            site.selector.clone()
        };
        let result = self.perform(&selector, &operands)?;
        frame.poison_from(window as usize);
        frame.set(window, result)
    }

    /// Sends a message.
    pub fn perform(&mut self, selector: &str, operands: &[Value]) -> Outcome {
        match (&operands[0], selector) {
            (Value::Object(_), _) => {
                if let Some(code) = self.methods.get(selector).cloned() {
                    return self.call(&code, operands[0].clone(), &operands[1..]);
                }
            }
            (Value::Closure(_), _) if selector == "value" || selector.starts_with("value:") => {
                return self.apply(&operands[0], &operands[1..]);
            }
            (Value::Global(name), "add:") if name == "Log" => {
                self.log.push(operands[1].print());
                return Ok(operands[1].clone());
            }
            (Value::Array(elements), "do:" | "collect:") => {
                let elements = elements.borrow().clone();
                let mut results = Vec::new();
                for element in elements {
                    results.push(self.apply(&operands[1], &[element])?);
                }
                return Ok(if selector == "do:" {
                    operands[0].clone()
                } else {
                    array(results)
                });
            }
            (Value::Int(_), "mustBeIntegerForTimesRepeat") => return Ok(operands[0].clone()),
            (Value::Nil, "mustBeIntegerForTimesRepeat") => return Ok(Value::Int(2)),
            _ => {}
        }
        primitive(selector, operands)
    }

    fn apply(&mut self, closure: &Value, args: &[Value]) -> Outcome {
        match closure {
            Value::Closure(block) if block.code.num_args as usize == args.len() => {
                self.run(&block.code, closure.clone(), args, None)
            }
            Value::Closure(_) => error("wrong number of arguments"),
            other => Ok(other.clone()),
        }
    }
}

fn array(elements: Vec<Value>) -> Value {
    Value::Array(Rc::new(RefCell::new(elements)))
}

fn elements(value: &Value) -> Result<&RefCell<Vec<Value>>, Exit> {
    match value {
        Value::Array(elements) => Ok(elements),
        _ => error("not an array"),
    }
}

fn fields(value: &Value) -> Result<&RefCell<Vec<Value>>, Exit> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => error(format!("{} has no instance variables", other.print())),
    }
}

fn variable(literal: &Literal) -> Result<&Variable, Exit> {
    match literal {
        Literal::Variable(variable) => Ok(variable),
        _ => error("not a variable"),
    }
}

fn immediate(bits: usize) -> Outcome {
    Ok(match bits {
        0x09 => Value::Nil,
        0x11 => Value::Bool(false),
        0x19 => Value::Bool(true),
        _ if bits & 0xff == 1 => Value::Text(((bits >> 8) as u8 as char).to_string()),
        _ => return error("not an immediate"),
    })
}

fn constant(literal: &ast::Literal) -> Outcome {
    Ok(match literal {
        ast::Literal::Int(n) => Value::Int(*n),
        ast::Literal::String(text) | ast::Literal::Symbol(text) => Value::Text(text.clone()),
        ast::Literal::Array(elements) => {
            array(elements.iter().map(constant).collect::<Result<_, _>>()?)
        }
        ast::Literal::Nil => Value::Nil,
        ast::Literal::True => Value::Bool(true),
        ast::Literal::False => Value::Bool(false),
        _ => return error("a literal that this machine does not know"),
    })
}

/// What the machine's own classes understand.
fn primitive(selector: &str, operands: &[Value]) -> Outcome {
    Ok(match (operands, selector) {
        ([Value::Int(a), Value::Int(b)], _) => match selector {
            "+" => Value::Int(a.wrapping_add(*b)),
            "-" => Value::Int(a.wrapping_sub(*b)),
            "*" => Value::Int(a.wrapping_mul(*b)),
            "//" if *b != 0 => Value::Int(a.div_euclid(*b)),
            "\\\\" if *b != 0 => Value::Int(a.rem_euclid(*b)),
            "max:" => Value::Int(*a.max(b)),
            "bitAnd:" => Value::Int(a & b),
            "bitOr:" => Value::Int(a | b),
            "bitXor:" => Value::Int(a ^ b),
            "<" => Value::Bool(a < b),
            "<=" => Value::Bool(a <= b),
            ">" => Value::Bool(a > b),
            ">=" => Value::Bool(a >= b),
            "=" => Value::Bool(a == b),
            "~=" => Value::Bool(a != b),
            _ => return error(format!("{a} does not understand #{selector}")),
        },
        ([Value::Array(elements)], "size") => Value::Int(elements.borrow().len() as i64),
        ([Value::Array(elements), Value::Int(index)], "at:") => {
            match elements.borrow().get((*index - 1) as usize) {
                Some(value) => value.clone(),
                None => return error("index out of bounds"),
            }
        }
        ([Value::Array(elements), Value::Int(index), value], "at:put:") => {
            match elements.borrow_mut().get_mut((*index - 1) as usize) {
                Some(place) => *place = value.clone(),
                None => return error("index out of bounds"),
            }
            value.clone()
        }
        ([Value::Global(name), Value::Int(size)], "new:") if name == "Array" => {
            array(vec![Value::Nil; *size as usize])
        }
        ([Value::Bool(b)], "not") => Value::Bool(!b),
        ([a, b], "=") => Value::Bool(a.is_identical(b)),
        ([a, b], "~=") => Value::Bool(!a.is_identical(b)),
        ([Value::Nil], "isNil") => Value::Bool(true),
        ([_], "isNil") => Value::Bool(false),
        ([a], "yourself") => a.clone(),
        ([a, ..], _) => return error(format!("{} does not understand #{selector}", a.print())),
        ([], _) => return error("no receiver"),
    })
}
