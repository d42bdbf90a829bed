//! Random programs: compiled code must do what the oracle says, fast and through the stubs.

use chirp::compiler::Variables;

use crate::behaviour::run;
use crate::oracle::meaning;

/// How many programs. The same ones each time.
const PROGRAMS: u64 = 500;

struct Generator {
    state: u64,
    /// Integer variables that can be read; those that are `false` cannot be assigned.
    variables: Vec<(String, bool)>,
    names: u32,
    /// Real blocks around the place.
    blocks: u32,
}

impl Generator {
    fn below(&mut self, n: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.state >> 33) % n
    }

    fn pick<'s>(&mut self, choices: &[&'s str]) -> &'s str {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn variable(&mut self) -> String {
        let index = self.below(self.variables.len() as u64) as usize;
        self.variables[index].0.clone()
    }

    fn target(&mut self) -> String {
        loop {
            let index = self.below(self.variables.len() as u64) as usize;
            if self.variables[index].1 {
                return self.variables[index].0.clone();
            }
        }
    }

    /// Statements in a block with parameters and temporaries of its own.
    fn block(&mut self, params: &[&str], depth: u64) -> String {
        let known = self.variables.len();
        let mut text = String::from("[");
        for param in params {
            text += &format!(":{param} ");
            self.variables.push((param.to_string(), false));
        }
        if !params.is_empty() {
            text += "| ";
        }
        if self.below(3) == 0 {
            let temp = self.name();
            text += &format!("| {temp} | ");
            if self.below(2) == 0 {
                text += &format!("{temp} := {}. ", self.integer(depth));
            }
            self.variables.push((temp, true));
        }
        for _ in 0..self.below(3) {
            text += &format!("{}. ", self.statement(depth));
        }
        text += &self.integer(depth);
        self.variables.truncate(known);
        text + "]"
    }

    /// A block that becomes a closure.
    fn closure(&mut self, params: &[&str], depth: u64) -> String {
        self.blocks += 1;
        let text = self.block(params, depth);
        self.blocks -= 1;
        text
    }

    fn integer(&mut self, depth: u64) -> String {
        if depth == 0 {
            return match self.below(3) {
                0 => self.below(300).to_string(),
                1 => format!("-{}", self.below(5) + 1),
                _ => self.variable(),
            };
        }
        let depth = depth - 1;
        match self.below(17) {
            0 | 1 => self.variable(),
            2..=5 => {
                let op = self.pick(&["+", "-", "*", "max:"]);
                format!("({} {op} {})", self.integer(depth), self.integer(depth))
            }
            6 => format!("({} := {})", self.target(), self.integer(depth)),
            7 => {
                let form = self.pick(&[
                    "ifTrue: A ifFalse: B",
                    "ifFalse: A ifTrue: B",
                    "ifTrue: A",
                    "ifFalse: B",
                ]);
                let text = format!("({} {form})", self.condition(depth));
                let text = text.replace('A', &self.block(&[], depth));
                text.replace('B', &self.block(&[], depth))
            }
            8 => format!("({} value)", self.closure(&[], depth)),
            9 => {
                let param = self.name();
                format!(
                    "({} value: {})",
                    self.closure(&[&param], depth),
                    self.integer(depth)
                )
            }
            10 => format!(
                "({} ifNil: {})",
                self.integer(depth),
                self.block(&[], depth)
            ),
            11 => {
                let param = self.name();
                format!(
                    "({} ifNotNil: {})",
                    self.integer(depth),
                    self.block(&[&param], depth)
                )
            }
            12 => {
                let param = self.name();
                let none = self.block(&[], depth);
                format!(
                    "({} ifNil: {none} ifNotNil: {})",
                    self.integer(depth),
                    self.block(&[&param], depth)
                )
            }
            13 => format!(
                "({{{}. {}}} size)",
                self.integer(depth),
                self.integer(depth)
            ),
            14 => format!("(Log add: {})", self.integer(depth)),
            15 => format!(
                "({} yourself; + {}; max: {})",
                self.integer(depth),
                self.integer(depth),
                self.integer(depth)
            ),
            _ => format!("({})", self.counting(depth)),
        }
    }

    fn condition(&mut self, depth: u64) -> String {
        if depth == 0 {
            return format!("({} < {})", self.variable(), self.below(10));
        }
        let depth = depth - 1;
        match self.below(8) {
            0 => format!(
                "({} and: [{}])",
                self.condition(depth),
                self.condition(depth)
            ),
            1 => format!(
                "({} or: [{}])",
                self.condition(depth),
                self.condition(depth)
            ),
            2 => format!("{} not", self.condition(depth)),
            3 => self.pick(&["true", "false"]).to_string(),
            4 => format!("({} == nil)", self.integer(depth)),
            _ => {
                let op = self.pick(&["<", "<=", ">", ">=", "=", "~=", "==", "~~"]);
                format!("({} {op} {})", self.integer(depth), self.integer(depth))
            }
        }
    }

    fn counting(&mut self, depth: u64) -> String {
        let param = self.name();
        let body = self.block(&[&param], depth);
        match self.below(3) {
            0 => format!("1 to: {} do: {body}", self.below(4)),
            1 => format!("{} to: 0 by: -2 do: {body}", self.below(6)),
            _ => format!("-1 to: (Log add: {}) do: {body}", self.below(3)),
        }
    }

    fn statement(&mut self, depth: u64) -> String {
        if depth == 0 {
            return format!("{} := {}", self.target(), self.integer(0));
        }
        let inner = depth - 1;
        match self.below(11) {
            0..=2 => format!("{} := {}", self.target(), self.integer(depth)),
            3 => format!("Log add: {}", self.integer(depth)),
            4 => format!(
                "{} ifTrue: {}",
                self.condition(inner),
                self.block(&[], inner)
            ),
            5 => format!(
                "{} ifFalse: [{}] ifTrue: [{}]",
                self.condition(inner),
                self.statement(inner),
                self.statement(inner)
            ),
            6 => self.counting(inner),
            7 => format!("{} timesRepeat: {}", self.below(3), self.block(&[], inner)),
            8 => {
                // A counter that nobody else assigns ends the loop.
                let counter = self.name();
                let known = self.variables.len();
                self.variables.push((counter.clone(), false));
                let and = self.condition(inner);
                let body = self.block(&[], inner);
                self.variables.truncate(known);
                format!(
                    "[| {counter} | {counter} := 0. [{counter} := {counter} + 1. {counter} < 4 and: [{and}]] whileTrue: {body}] value"
                )
            }
            9 if self.blocks == 0 => {
                // A block that is called later, when its variables may have changed.
                let later = self.closure(&[], inner);
                format!(
                    "blk := {later}. {}. Log add: blk value",
                    self.statement(inner)
                )
            }
            10 if self.below(4) == 0 => format!(
                "{} ifTrue: [^ {}]",
                self.condition(inner),
                self.integer(inner)
            ),
            _ => self.integer(depth),
        }
    }

    fn program(&mut self) -> String {
        let mut text = String::from("| a b c d blk |\na := 1. b := 2. c := 3. d := 4.\n");
        for name in ["a", "b", "c", "d"] {
            self.variables.push((name.to_string(), true));
        }
        for _ in 0..3 + self.below(4) {
            text += &format!("{}.\n", self.statement(4));
        }
        text + "{a. b. c. d}"
    }
}

#[test]
fn compiled_code_does_what_the_program_means() {
    for seed in 0..PROGRAMS {
        let mut generator = Generator {
            state: seed,
            variables: Vec::new(),
            names: 0,
            blocks: 0,
        };
        let source = generator.program();
        let parsed = chirp_grammar::parse_do_it(&source);
        let do_it = parsed
            .tree
            .unwrap_or_else(|| panic!("{source}: {:?}", parsed.diagnostics));
        let expected = meaning(&do_it);
        for slow in [false, true] {
            for variables in [Variables::Script, Variables::Session] {
                let found = run(&[], &source, slow, variables);
                let found = match found.split_once(" log ") {
                    Some((value, log)) => format!("{} log {log}", result(value)),
                    None => format!("{} log ", result(&found)),
                };
                assert_eq!(
                    found, expected,
                    "program {seed} (slow: {slow}, {variables:?}):\n{source}"
                );
            }
        }
    }
}

/// The oracle does not say what went wrong.
fn result(value: &str) -> &str {
    if value.starts_with("error") {
        "error"
    } else {
        value
    }
}
