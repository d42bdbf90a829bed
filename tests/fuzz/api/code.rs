//! Closures, globals and classes, also those of other machines.

use super::*;

impl World<'_> {
    /// A closure that does what it should not, as the global `Rust`.
    pub(super) fn rust_block(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(12);
        let source = *self.choices.pick(SOURCES);
        let held = self.any(at).map(|(object, ..)| object);
        let machine = &mut self.machines[at];
        let interrupt = machine.st.interrupt_handle();
        let st = &mut machine.st;
        let holds = held.is_some() && (kind == 4 || kind == 8);
        let block = match kind {
            0 => st
                .block(|n: i64| n.wrapping_add(1))
                .map(|b| b.as_obj().clone()),
            1 => st
                .block(|_: i64| -> i64 { panic!("{PLANNED}") })
                .map(|b| b.as_obj().clone()),
            2 => st
                .block(move |ctx: &mut Ctx<'_>| ctx.eval::<Obj>(source))
                .map(|b| b.as_obj().clone()),
            3 => st
                .block(|n: i64| Err::<i64, _>(format!("no {n}")))
                .map(|b| b.as_obj().clone()),
            4 => st
                .block(move |_: Obj| held.clone())
                .map(|b| b.as_obj().clone()),
            5 => st
                .block(move || interrupt.stop())
                .map(|b| b.as_obj().clone()),
            6 => st
                .block(move |_: Obj| interrupt.interrupt())
                .map(|b| b.as_obj().clone()),
            7 => st
                .block(|ctx: &mut Ctx<'_>, n: i64| {
                    ctx.block(move |m: i64| m.wrapping_mul(n))
                        .map(|b| b.as_obj().clone())
                })
                .map(|b| b.as_obj().clone()),
            8 => st
                .block(move |ctx: &mut Ctx<'_>, a: Obj, b: Obj| {
                    let held = held.clone().unwrap_or(b);
                    held.send::<Obj>(ctx, "value:", (&a,))
                        .or_else(|_| ctx.object(vec![a, held]))
                })
                .map(|b| b.as_obj().clone()),
            9 => st
                .block(move |ctx: &mut Ctx<'_>| -> chirp::Result<i64> {
                    let _ = ctx.run_source::<Obj>("inner.st", source);
                    Err(ctx.exception("ZeroDivide", "from Rust"))
                })
                .map(|b| b.as_obj().clone()),
            10 => st
                .block(|ctx: &mut Ctx<'_>| -> chirp::Result<i64> {
                    ctx.set_global("Kept", 3)?;
                    let _ = ctx.eval::<Obj>("Rust value");
                    panic!("{PLANNED}")
                })
                .map(|b| b.as_obj().clone()),
            _ => st
                .block(|a: Option<i64>, b: Vec<Obj>| a.map_or(b.len() as i64, |a| -(a % 7)))
                .map(|b| b.as_obj().clone()),
        };
        // The handle may be one of another machine.
        for machine in &mut self.machines {
            machine.keeps |= holds;
        }
        let Some(block) = self.told(block)? else {
            return Ok(());
        };
        let result = self.machines[at].st.set_global("Rust", &block);
        self.told(result)?;
        let typed = block.get::<Block<(i64,), i64>>(&mut self.machines[at].st);
        if let Some(typed) = self.told(typed)? {
            self.blocks.push((typed, self.machines[at].number));
        }
        self.keep(at, block, None);
        Ok(())
    }

    pub(super) fn call_block(&mut self, at: usize) -> Finding {
        if self.blocks.is_empty() {
            return Ok(());
        }
        let block = self.choices.below(self.blocks.len());
        let number = self.choices.integer();
        let own = self.blocks[block].1 == self.machines[at].number;
        let result = self.blocks[block]
            .0
            .call(&mut self.machines[at].st, (number,));
        require(own || result.is_err(), || {
            "a block of another machine was called".into()
        })?;
        self.told(result).map(drop)
    }

    pub(super) fn globals(&mut self, at: usize) -> Finding {
        let name = *self.choices.pick(NAMES);
        let Some((object, own, number)) = self.any(at) else {
            return self.kept(at, |st| st.global::<Obj>(name));
        };
        // Whoever redefines Object has no library any more.
        let name = if name == "Object" || name == "Smalltalk" {
            "Kept"
        } else {
            name
        };
        let result = self.machines[at].st.set_global(name, &object);
        require(own || result.is_err(), || {
            "a handle of another machine became a global".into()
        })?;
        if self.told(result)?.is_some()
            && let Some(number) = number
        {
            let got = self.machines[at].st.global::<i64>(name);
            let got = self.told(got)?;
            require(got == Some(number), || {
                format!("{number} came back from global {name:?} as {got:?}")
            })?;
        }
        Ok(())
    }

    pub(super) fn class(&mut self, at: usize) -> Finding {
        let name = *self.choices.pick(CLASSES);
        let class = self.machines[at].st.class(name);
        if let Some(class) = self.told(class)? {
            self.classes.push((class, self.machines[at].number));
        }
        if self.classes.is_empty() {
            return Ok(());
        }
        let class = self.choices.below(self.classes.len());
        let own = self.classes[class].1 == self.machines[at].number;
        let class = self.classes[class].0.clone();
        let kind = self.choices.below(8);
        let source = *self.choices.pick(SOURCES);
        let text = *self.choices.pick(METHODS);
        let st = &mut self.machines[at].st;
        let result = match kind {
            0 => class.method(st, "fuzz", |_: Obj| 3).map(drop),
            1 => class
                .method(st, "fuzz:", |ctx: &mut Ctx<'_>, me: Obj, n: i64| {
                    me.send::<Obj>(ctx, "+", (n,))
                })
                .map(drop),
            2 => class
                .method(st, "fuzz", move |ctx: &mut Ctx<'_>, _: Obj| {
                    ctx.eval::<Obj>(source)
                })
                .map(drop),
            3 => class
                .class_method(st, "fuzz", |_: Obj| -> i64 { panic!("{PLANNED}") })
                .map(drop),
            4 => class.method(st, "fuzz:", |_: Obj| 3).map(drop),
            5 => class.send::<Obj>(st, "new", ()).map(drop),
            _ => class.compile(st, text).map(drop),
        };
        require(own || result.is_err(), || {
            "a class of another machine was used".into()
        })?;
        self.told(result).map(drop)
    }
}
