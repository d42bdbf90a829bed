//! The meaning of programs, read off the syntax tree: what compiled code is compared with.
//!
//! Every block is a closure with an environment of its own, nothing is inlined, and no variable
//! is ever copied. Slow and obvious.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chirp_grammar::ast::{Block, Body, DoIt, Expr, ExprKind, Literal, Message, Statement};

#[derive(Clone)]
enum Value<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Array(Rc<Vec<Value<'a>>>),
    Closure(&'a Block, Env<'a>),
    Log,
}

struct Scope<'a> {
    variables: RefCell<HashMap<&'a str, Value<'a>>>,
    outer: Option<Env<'a>>,
}

type Env<'a> = Rc<Scope<'a>>;

enum Exit<'a> {
    Return(Value<'a>),
    Error,
}

type Outcome<'a> = Result<Value<'a>, Exit<'a>>;

/// What a do-it answers and logs; `error` if it fails.
pub fn meaning(do_it: &DoIt) -> String {
    let mut oracle = Oracle {
        log: Vec::new(),
        fuel: 100_000,
    };
    let text = match oracle.body(&do_it.body, &[], &[], None) {
        Ok(value) | Err(Exit::Return(value)) => print(&value),
        Err(Exit::Error) => "error".to_string(),
    };
    format!("{text} log {}", oracle.log.join(" "))
}

fn print(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Array(elements) => {
            format!(
                "({})",
                elements.iter().map(print).collect::<Vec<_>>().join(" ")
            )
        }
        Value::Closure(..) => "a block".to_string(),
        Value::Log => "Log".to_string(),
    }
}

fn find<'a>(env: &Env<'a>, name: &str) -> Option<Env<'a>> {
    let mut current = Some(env.clone());
    while let Some(scope) = current {
        if scope.variables.borrow().contains_key(name) {
            return Some(scope);
        }
        current = scope.outer.clone();
    }
    None
}

struct Oracle {
    log: Vec<String>,
    fuel: u32,
}

impl Oracle {
    fn body<'a>(
        &mut self,
        body: &'a Body,
        params: &'a [chirp_grammar::ast::Ident],
        args: &[Value<'a>],
        outer: Option<Env<'a>>,
    ) -> Outcome<'a> {
        if params.len() != args.len() {
            return Err(Exit::Error);
        }
        let mut variables: HashMap<&'a str, Value<'a>> = HashMap::new();
        variables.extend(
            body.temps
                .iter()
                .map(|ident| (ident.name.as_str(), Value::Nil)),
        );
        variables.extend(
            params
                .iter()
                .map(|ident| ident.name.as_str())
                .zip(args.iter().cloned()),
        );
        let env = Rc::new(Scope {
            variables: RefCell::new(variables),
            outer,
        });
        let mut value = Value::Nil;
        for statement in &body.statements {
            match statement {
                Statement::Expr(expr) => value = self.expr(expr, &env)?,
                Statement::Return { value, .. } => {
                    return Err(Exit::Return(self.expr(value, &env)?));
                }
                Statement::Declare(_) => {}
            }
        }
        Ok(value)
    }

    fn expr<'a>(&mut self, expr: &'a Expr, env: &Env<'a>) -> Outcome<'a> {
        self.fuel = self.fuel.saturating_sub(1);
        if self.fuel == 0 {
            return Err(Exit::Error);
        }
        Ok(match &expr.kind {
            ExprKind::Var(name) => match name.as_str() {
                "nil" => Value::Nil,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "Log" => Value::Log,
                name => {
                    let scope = find(env, name).ok_or(Exit::Error)?;
                    let value = scope.variables.borrow().get(name).cloned();
                    value.ok_or(Exit::Error)?
                }
            },
            ExprKind::Literal(Literal::Int(n)) => Value::Int(*n),
            ExprKind::Literal(_) => return Err(Exit::Error),
            ExprKind::Assign { target, value } => {
                let value = self.expr(value, env)?;
                let scope = find(env, &target.name).ok_or(Exit::Error)?;
                scope
                    .variables
                    .borrow_mut()
                    .insert(&target.name, value.clone());
                value
            }
            ExprKind::Send { receiver, message } => {
                let receiver = self.expr(receiver, env)?;
                self.message(receiver, message, env)?
            }
            ExprKind::Cascade { receiver, messages } => {
                let receiver = self.expr(receiver, env)?;
                let mut value = Value::Nil;
                for message in messages {
                    value = self.message(receiver.clone(), message, env)?;
                }
                value
            }
            ExprKind::Block(block) => Value::Closure(block, env.clone()),
            ExprKind::Computed(_) => return Err(Exit::Error),
            ExprKind::Brace(statements) => {
                let mut elements = Vec::new();
                for statement in statements {
                    match statement {
                        Statement::Expr(expr) => elements.push(self.expr(expr, env)?),
                        Statement::Return { value, .. } => {
                            return Err(Exit::Return(self.expr(value, env)?));
                        }
                        Statement::Declare(_) => {}
                    }
                }
                Value::Array(Rc::new(elements))
            }
        })
    }

    fn message<'a>(
        &mut self,
        receiver: Value<'a>,
        message: &'a Message,
        env: &Env<'a>,
    ) -> Outcome<'a> {
        let args = message
            .args
            .iter()
            .map(|arg| self.expr(arg, env))
            .collect::<Result<Vec<_>, _>>()?;
        self.send(receiver, &message.selector, &args)
    }

    fn apply<'a>(&mut self, block: &Value<'a>, args: &[Value<'a>]) -> Outcome<'a> {
        match block {
            Value::Closure(block, env) => {
                self.body(&block.body, &block.params, args, Some(env.clone()))
            }
            other if args.is_empty() => Ok(other.clone()),
            _ => Err(Exit::Error),
        }
    }

    fn truth<'a>(&mut self, value: Outcome<'a>) -> Result<bool, Exit<'a>> {
        match value? {
            Value::Bool(b) => Ok(b),
            _ => Err(Exit::Error),
        }
    }

    fn send<'a>(&mut self, receiver: Value<'a>, selector: &str, args: &[Value<'a>]) -> Outcome<'a> {
        use Value::*;
        Ok(match (&receiver, selector, args) {
            (Bool(b), "ifTrue:", [yes]) => {
                if *b {
                    self.apply(yes, &[])?
                } else {
                    Nil
                }
            }
            (Bool(b), "ifFalse:", [no]) => {
                if *b {
                    Nil
                } else {
                    self.apply(no, &[])?
                }
            }
            (Bool(b), "ifTrue:ifFalse:", [yes, no]) => {
                self.apply(if *b { yes } else { no }, &[])?
            }
            (Bool(b), "ifFalse:ifTrue:", [no, yes]) => {
                self.apply(if *b { yes } else { no }, &[])?
            }
            (Bool(b), "and:", [other]) => {
                if *b {
                    self.apply(other, &[])?
                } else {
                    Bool(false)
                }
            }
            (Bool(b), "or:", [other]) => {
                if *b {
                    Bool(true)
                } else {
                    self.apply(other, &[])?
                }
            }
            (Bool(b), "not", []) => Bool(!b),
            (_, "ifNil:", [nil]) => {
                if let Nil = receiver {
                    self.apply(nil, &[])?
                } else {
                    receiver
                }
            }
            (_, "ifNotNil:", [some]) => {
                if let Nil = receiver {
                    Nil
                } else {
                    self.cull(some, receiver)?
                }
            }
            (_, "ifNil:ifNotNil:", [nil, some]) => {
                if let Nil = receiver {
                    self.apply(nil, &[])?
                } else {
                    self.cull(some, receiver)?
                }
            }
            (Closure(..), "whileTrue:" | "whileFalse:", [body]) => {
                loop {
                    let condition = self.apply(&receiver, &[]);
                    if self.truth(condition)? != (selector == "whileTrue:") {
                        break;
                    }
                    self.apply(body, &[])?;
                }
                Nil
            }
            (Int(start), "to:do:", [Int(limit), body]) => {
                for i in *start..=*limit {
                    self.apply(body, &[Int(i)])?;
                }
                receiver
            }
            (Int(start), "to:by:do:", [Int(limit), Int(step), body]) => {
                let mut i = *start;
                while if *step > 0 { i <= *limit } else { i >= *limit } {
                    self.apply(body, &[Int(i)])?;
                    i += step;
                }
                receiver
            }
            (Int(count), "timesRepeat:", [body]) => {
                for _ in 0..*count {
                    self.apply(body, &[])?;
                }
                receiver
            }
            (Closure(..), "value" | "value:" | "value:value:", _) => self.apply(&receiver, args)?,
            (Log, "add:", [value]) => {
                self.log.push(print(value));
                value.clone()
            }
            (Int(a), _, [Int(b)]) => match selector {
                "+" => Int(a.wrapping_add(*b)),
                "-" => Int(a.wrapping_sub(*b)),
                "*" => Int(a.wrapping_mul(*b)),
                "max:" => Int(*a.max(b)),
                "<" => Bool(a < b),
                "<=" => Bool(a <= b),
                ">" => Bool(a > b),
                ">=" => Bool(a >= b),
                "=" | "==" => Bool(a == b),
                "~=" | "~~" => Bool(a != b),
                _ => return Err(Exit::Error),
            },
            (_, "==" | "=", [other]) => Bool(print(&receiver) == print(other)),
            (_, "~~" | "~=", [other]) => Bool(print(&receiver) != print(other)),
            (Array(elements), "size", []) => Int(elements.len() as i64),
            (Array(elements), "at:", [Int(index)]) => match elements.get((*index - 1) as usize) {
                Some(value) => value.clone(),
                None => return Err(Exit::Error),
            },
            (_, "yourself", []) => receiver,
            (_, "isNil", []) => Bool(matches!(receiver, Nil)),
            _ => return Err(Exit::Error),
        })
    }

    fn cull<'a>(&mut self, block: &Value<'a>, value: Value<'a>) -> Outcome<'a> {
        match block {
            Value::Closure(code, _) if code.params.is_empty() => self.apply(block, &[]),
            _ => self.apply(block, &[value]),
        }
    }
}
