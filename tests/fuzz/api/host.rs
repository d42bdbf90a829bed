//! Rust types as classes: all shapes of methods, values that hold handles and machines, borrows that meet.

use super::*;
use chirp::{AsCtx, ClassDef, HostClass, Image, New, This};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What all values of one input share: who is alive is counted, and somebody may have kept a handle.
#[derive(Clone, Default)]
pub(super) struct Census {
    alive: Arc<()>,
    held: Arc<AtomicBool>,
}

impl Census {
    /// How many values there are.
    pub(super) fn count(&self) -> usize {
        Arc::strong_count(&self.alive) - 1
    }

    /// Whether a value holds, or has held, a handle.
    pub(super) fn holds(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }
}

struct Tank {
    level: i64,
    weight: usize,
    held: Option<Obj>,
    inner: Option<Smalltalk>,
    census: Option<Census>,
    _alive: Option<Arc<()>>,
}

impl Tank {
    fn new(on: &mut impl AsCtx, level: i64) -> Tank {
        let census = on.as_ctx().data::<Census>().cloned().ok();
        Tank {
            level,
            weight: 0,
            held: None,
            inner: None,
            _alive: census.as_ref().map(|census| census.alive.clone()),
            census,
        }
    }
}

impl HostClass for Tank {
    const NAME: &'static str = "Tank";
    const COMMENT: &'static str = "One of the fuzzer's.";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.variable("extra")
            .class_method("level:", |ctx: &mut Ctx<'_>, level: i64| {
                New(Tank::new(ctx, level))
            })
            .class_method("heavy:", |ctx: &mut Ctx<'_>, weight: usize| {
                let mut tank = Tank::new(ctx, 1);
                tank.weight = weight;
                New(tank)
            })
            .class_method("pair", |ctx: &mut Ctx<'_>| {
                (New(Tank::new(ctx, 1)), New(Tank::new(ctx, 2)))
            })
            .method("level", |tank: &Tank| tank.level)
            .method("level:", |tank: &mut Tank, level: i64| tank.level = level)
            .method("weight:", |tank: &mut Tank, weight: usize| {
                tank.weight = weight
            })
            .method("same:", |a: &Tank, b: &Tank| a.level == b.level)
            .method("pour:", |a: &mut Tank, b: &Tank| {
                a.level = a.level.wrapping_add(b.level)
            })
            .method("hold:", |tank: &mut Tank, object: Obj| {
                if let Some(census) = &tank.census {
                    census.held.store(true, Ordering::Relaxed);
                }
                tank.held = Some(object);
            })
            .method("release", |tank: &mut Tank| tank.held.take())
            .method("fail", |tank: &mut Tank| {
                Err::<i64, _>(format!("{} is too much", tank.level))
            })
            .method("panic", |tank: &mut Tank| -> i64 {
                panic!("{PLANNED} {}", tank.level)
            })
            .method(
                "with:with:",
                |tank: &Tank, list: Vec<Option<i64>>, text: String| {
                    list.len() as i64 + text.len() as i64 + tank.level % 7
                },
            )
            .method(
                "do:",
                |ctx: &mut Ctx<'_>, this: This<Tank>, each: Block<(i64,), Obj>| {
                    for _ in 0..3 {
                        let level = this.with(ctx, |tank| tank.level)?;
                        each.call(ctx, (level,))?;
                        this.with_mut(ctx, |tank| tank.level = tank.level.wrapping_add(1))?;
                    }
                    Ok::<_, Error>(())
                },
            )
            .method(
                "turn:",
                |ctx: &mut Ctx<'_>, this: This<Tank>, other: Obj| {
                    this.as_obj().send::<Obj>(ctx, "become:", (&other,))?;
                    this.with(ctx, |tank| tank.level)
                },
            )
            .method(
                "add:",
                |ctx: &mut Ctx<'_>, this: This<Tank>, other: This<Tank>| {
                    let level = other.with(ctx, |other| other.level)?;
                    this.with_mut(ctx, |tank| tank.level = tank.level.wrapping_add(level))?;
                    Ok::<_, Error>(vec![this, other])
                },
            )
            .method(
                "eval:",
                |ctx: &mut Ctx<'_>, this: This<Tank>, text: String| {
                    ctx.set_global("Rust", &this)?;
                    let answer = ctx.eval::<Obj>(&text)?;
                    this.with(ctx, |_| ())?;
                    Ok::<_, Error>(answer)
                },
            )
            .method("register", |ctx: &mut Ctx<'_>, _: This<Tank>| {
                ctx.register::<Lid>().map(|class| class.as_obj().clone())
            })
            .method("inside:", |tank: &mut Tank, text: String| {
                let st = tank.inner.get_or_insert_with(|| {
                    let limits = Smalltalk::builder()
                        .fuel(5000)
                        .timeout(TIME / 10)
                        .memory(16 << 20);
                    limits.build().expect("a machine")
                });
                // What goes wrong inside is text outside: its handles are foreign here.
                st.eval::<i64>(&text).map_err(|error| error.to_string())
            })
            .source("sum | sum | sum := 0. self do: [:n | sum := sum + n ]. ^ sum")
            .source("extra ^ extra ifNil: [ extra := self ]")
            .class_source("two ^ self level: 2")
            .print(|tank| format!("a Tank({})", tank.level));
        Ok(())
    }

    fn heap_size(&self) -> usize {
        self.weight
    }

    fn shallow_copy(&self) -> Option<Self> {
        (self.level % 2 == 0).then(|| Tank {
            held: self.held.clone(),
            inner: None,
            census: self.census.clone(),
            _alive: self._alive.clone(),
            ..*self
        })
    }
}

/// A class of which only Rust makes instances.
struct Lid(Vec<u8>);

impl HostClass for Lid {
    const NAME: &'static str = "Lid";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method("size", |lid: &Lid| lid.0.len())
            .method("on:", |lid: &mut Lid, tank: &Tank| {
                lid.0.resize(tank.level.rem_euclid(9) as usize, 0)
            })
            .method("of:", |lid: &Lid, other: &Lid| {
                New(Lid([&lid.0[..], &other.0].concat()))
            });
        Ok(())
    }
}

/// Classes that cannot be.
struct Taken;
impl HostClass for Taken {
    const NAME: &'static str = "Object";
    fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        Ok(())
    }
}
struct Crooked;
impl HostClass for Crooked {
    const NAME: &'static str = "Crooked";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method("at:put:", |_: &Crooked| 3).source("half ^ [");
        Ok(())
    }
}
struct Torn;
impl HostClass for Torn {
    const NAME: &'static str = "Torn";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method("whole", |_: &Torn| 3).source("half ^ [");
        Ok(())
    }
}
struct Numeric;
impl HostClass for Numeric {
    const NAME: &'static str = "Numeric";
    const SUPERCLASS: &'static str = "SmallInteger";
    fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        Ok(())
    }
}

/// The library, scanned once for all machines of the process.
pub(super) fn image() -> &'static Image {
    static IMAGE: std::sync::OnceLock<Image> = std::sync::OnceLock::new();
    IMAGE.get_or_init(Image::standard)
}

impl World<'_> {
    /// Most machines have the classes from the start, and an instance in each of the globals that programs use.
    pub(super) fn furnish(&mut self, at: usize) -> Finding {
        let machine = &mut self.machines[at];
        machine.st.set_data(self.census.clone());
        machine.registers = true;
        let st = &mut machine.st;
        let result = st.register::<Tank>().and_then(|_| {
            st.register::<Lid>()?;
            let tank = Tank::new(st, 4);
            st.set_global("Rust", New(tank))?;
            st.eval::<()>("Kept := Tank level: 5")
        });
        self.told(result).map(drop)
    }

    pub(super) fn register(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(8);
        let machine = &mut self.machines[at];
        machine.st.set_data(self.census.clone());
        machine.registers = true;
        let st = &mut machine.st;
        let (name, result) = match kind {
            0 => (Taken::NAME, st.register::<Taken>()),
            1 => (Crooked::NAME, st.register::<Crooked>()),
            2 => (Torn::NAME, st.register::<Torn>()),
            3 => (Numeric::NAME, st.register::<Numeric>()),
            4 | 5 => (Lid::NAME, st.register::<Lid>()),
            _ => (Tank::NAME, st.register::<Tank>()),
        };
        require(kind > 3 || result.is_err(), || {
            format!("{name} became a class")
        })?;
        if let Some(class) = self.told(result)? {
            self.classes.push((class, self.machines[at].number));
        }
        Ok(())
    }

    /// A value that Rust gives, or borrows back.
    pub(super) fn instance(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(8);
        let number = self.choices.integer();
        let any = self.any(at);
        let st = &mut self.machines[at].st;
        let object = match kind {
            0 | 1 => {
                let tank = Tank::new(st, number);
                st.object(New(tank))
            }
            2 => st.object(New(Lid(vec![0; number.rem_euclid(100) as usize]))),
            3 => {
                let pair = [Tank::new(st, 1), Tank::new(st, 2)];
                st.object(Vec::from(pair.map(New)))
            }
            _ => {
                let Some((object, own, _)) = any else {
                    return Ok(());
                };
                let result = match kind {
                    4 => object.with_host(st, |tank: &Tank| tank.level).map(drop),
                    5 => object
                        .with_host_mut(st, |tank: &mut Tank| tank.level = number)
                        .map(drop),
                    6 => object.with_host_mut(st, |lid: &mut Lid| lid.0.clear()),
                    _ => object.get::<This<Tank>>(st).and_then(|this| {
                        this.with_mut(st, |tank| tank.weight = number.unsigned_abs() as usize)?;
                        let held = this.with(st, |tank| tank.held.clone())?;
                        // Perhaps another machine's.
                        held.map_or(Ok(()), |held| {
                            held.send::<Obj>(st, "yourself", ()).map(drop)
                        })
                    }),
                };
                require(own || result.is_err(), || {
                    "a value was lent out by a handle of another machine".into()
                })?;
                return self.told(result).map(drop);
            }
        };
        if let Some(object) = self.told(object)? {
            let result = self.machines[at].st.set_global("Rust", &object);
            self.told(result)?;
            self.keep(at, object, None);
        }
        Ok(())
    }

    pub(super) fn tanks(&mut self, at: usize) -> Finding {
        let source = *self.choices.pick(TANKS);
        self.kept(at, |st| st.eval::<Obj>(source))
    }
}
