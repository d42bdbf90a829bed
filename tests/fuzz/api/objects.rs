//! Handles: where they come from, what is asked of them, and how they go.

use super::*;
use chirp::IntoSmalltalk;
use std::collections::{BTreeMap, BTreeSet};

impl World<'_> {
    pub(super) fn number(&mut self, at: usize) -> Finding {
        let number = self.choices.integer();
        let object = self.machines[at].st.object(number);
        let Some(object) = self.told(object)? else {
            return Ok(());
        };
        self.keep(at, object, Some(number));
        Ok(())
    }

    pub(super) fn get(&mut self, at: usize) -> Finding {
        let Some((object, own, number)) = self.any(at) else {
            return Ok(());
        };
        let kind = self.choices.below(12);
        let st = &mut self.machines[at].st;
        if kind == 0 || number.is_some() {
            let got = object.get::<i64>(st);
            return match got {
                Ok(got) => require(own && number.is_none_or(|n| n == got), || {
                    format!("{number:?} came back as {got}")
                }),
                // A call that was stopped, or may use nothing, converts nothing.
                Err(error) if matches!(error.kind(), ErrorKind::Stopped { .. }) => Ok(()),
                Err(error) => {
                    let foreign = matches!(error.kind(), ErrorKind::ForeignHandle);
                    require(foreign != own, || {
                        format!("{error} of a handle that is own: {own}")
                    })?;
                    require(!own || number.is_none(), || {
                        format!("{number:?} did not come back: {error}")
                    })
                }
            };
        }
        fn ignore<T: FromSmalltalk>(object: &Obj, st: &mut Smalltalk) -> chirp::Result<()> {
            object.get::<T>(st).map(drop)
        }
        let result = match kind {
            1 => ignore::<String>(&object, st),
            2 => ignore::<Vec<i64>>(&object, st),
            3 => ignore::<Vec<Obj>>(&object, st),
            4 => ignore::<HashMap<i64, Obj>>(&object, st),
            5 => ignore::<HashSet<String>>(&object, st),
            6 => ignore::<Option<f64>>(&object, st),
            7 => ignore::<(i64, Obj)>(&object, st),
            8 => ignore::<Symbol>(&object, st),
            9 => ignore::<Block<(i64,), i64>>(&object, st),
            10 => ignore::<u8>(&object, st),
            _ => ignore::<[char; 3]>(&object, st),
        };
        require(own || result.is_err(), || {
            "a handle of another machine was converted".into()
        })?;
        self.told(result).map(drop)
    }

    pub(super) fn send(&mut self, at: usize) -> Finding {
        let Some((object, own, _)) = self.any(at) else {
            return Ok(());
        };
        let selector = *self.choices.pick(SELECTORS);
        let count = self.choices.below(3);
        let one = self.any(at);
        let number = self.choices.integer();
        let st = &mut self.machines[at].st;
        let result = match (count, one) {
            (0, _) => object.send::<Obj>(st, selector, ()),
            (1, Some((one, ..))) => object.send::<Obj>(st, selector, (&one,)),
            (1, None) => object.send::<Obj>(st, selector, (number,)),
            (_, Some((one, ..))) => object.send::<Obj>(st, selector, (number, &one)),
            (_, None) => object.send::<Obj>(st, selector, ("text", Some(number))),
        };
        require(own || result.is_err(), || {
            format!("a handle of another machine was sent {selector}")
        })?;
        if let Some(object) = self.told(result)? {
            self.keep(at, object, None);
        }
        Ok(())
    }

    pub(super) fn drop_or_copy(&mut self) -> Finding {
        let kind = self.choices.below(6);
        if kind == 0 && !self.classes.is_empty() {
            self.classes.pop();
        } else if kind == 1 && !self.blocks.is_empty() {
            self.blocks.pop();
        } else if !self.handles.is_empty() {
            let handle = self.choices.below(self.handles.len());
            let handle = self.handles.swap_remove(handle);
            match kind {
                2 => thread::spawn(move || drop(handle))
                    .join()
                    .map_err(|_| "a dropped handle panicked")?,
                3 => self.handles.push(Handle {
                    object: handle.object.clone(),
                    ..handle
                }),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn look(&mut self, at: usize) -> Finding {
        let (Some((one, own, number)), Some((other, ..))) = (self.any(at), self.any(at)) else {
            return Ok(());
        };
        let kind = self.choices.below(3);
        let st = &mut self.machines[at].st;
        let result = match kind {
            0 => st.print_string(&one).map(drop),
            1 => one.is_same(&other, st).map(drop),
            _ => match one.class_name(st) {
                Ok(name)
                    if number.is_some() && name != "SmallInteger" && !name.starts_with("Large") =>
                {
                    return Err(format!("{number:?} is a {name}"));
                }
                result => result.map(drop),
            },
        };
        require(own || result.is_err(), || {
            "a handle of another machine was looked at".into()
        })?;
        self.told(result).map(drop)
    }

    /// What goes in comes out.
    pub(super) fn convert(&mut self, at: usize) -> Finding {
        let number = self.choices.integer();
        let list: Vec<i64> = (0..self.choices.below(20))
            .map(|_| self.choices.integer())
            .collect();
        let text: String = list
            .iter()
            .filter_map(|&n| char::from_u32(n as u32))
            .collect();
        let map: HashMap<String, i64> = list.iter().map(|n| (format!("k{n}"), *n)).collect();
        let float = f64::from_bits(number as u64);
        let value = (text, list, Some(number), float.is_finite().then_some(float));
        let st = &mut self.machines[at].st;
        let Ok(object) = st.object(value.clone()) else {
            return Ok(());
        };
        let got = object.get::<(String, Vec<i64>, Option<i64>, Option<f64>)>(st);
        let stopped = |e: &chirp::Error| matches!(e.kind(), ErrorKind::Stopped { .. });
        if !got.as_ref().is_err_and(stopped) {
            require(got.as_ref().is_ok_and(|got| *got == value), || {
                format!("{value:?} came back as {got:?}")
            })?;
        }
        // Dictionaries are made and read by Smalltalk: what stops the machine stops that as well.
        let back = st
            .object(map.clone())
            .and_then(|object| object.get::<HashMap<String, i64>>(st));
        if let Some(got) = self.told(back)? {
            require(got == map, || format!("{map:?} came back as {got:?}"))?;
        }
        Ok(())
    }

    /// Collections of all types, there and back; and objects of all kinds as collections that they are not.
    pub(super) fn collections(&mut self, at: usize) -> Finding {
        let count = self.choices.below(30);
        let list: Vec<i64> = (0..count).map(|_| self.choices.integer()).collect();
        let kind = self.choices.below(10);
        let any = self.any(at);
        let st = &mut self.machines[at].st;
        let texts = list.iter().map(|n| n.to_string());
        let result = match kind {
            0 => back(st, list.iter().copied().collect::<BTreeSet<i64>>()),
            1 => back(st, texts.collect::<HashSet<String>>()),
            2 => back(st, list.iter().map(|&n| n as u8).collect::<Vec<u8>>()),
            3 => back(st, list.chunks(3).map(<[i64]>::to_vec).collect::<Vec<_>>()),
            4 => {
                let wide = |n: i64| u128::from(n.unsigned_abs()).pow(2);
                back(
                    st,
                    list.iter().map(|&n| (wide(n), Some(n))).collect::<Vec<_>>(),
                )
            }
            5 => back(
                st,
                texts
                    .zip(list.iter().map(|&n| n % 2 == 0))
                    .collect::<BTreeMap<_, _>>(),
            ),
            6 => back(
                st,
                (
                    count as u16,
                    (Some('é'), [count as i8; 4]),
                    -(count as f32) / 8.0,
                ),
            ),
            _ => {
                let Some((object, own, _)) = any else {
                    return Ok(());
                };
                let result = match kind {
                    7 => object.get::<BTreeMap<String, Vec<Obj>>>(st).map(drop),
                    8 => object.get::<HashSet<Vec<u128>>>(st).map(drop),
                    _ => object.get::<Vec<Vec<Vec<Option<bool>>>>>(st).map(drop),
                };
                require(own || result.is_err(), || {
                    "a handle of another machine was a collection".into()
                })?;
                result.map(|()| None)
            }
        };
        match self.told(result)? {
            Some(Some(wrong)) => Err(wrong),
            _ => Ok(()),
        }
    }
}

/// Whether a value comes back as another one. That Smalltalk is stopped on the way is no wonder.
fn back<T>(st: &mut Smalltalk, value: T) -> chirp::Result<Option<String>>
where
    T: IntoSmalltalk + FromSmalltalk + Clone + PartialEq + std::fmt::Debug,
{
    let got = st.object(value.clone())?.get::<T>(st)?;
    Ok((got != value).then(|| format!("{value:?} came back as {got:?}")))
}
