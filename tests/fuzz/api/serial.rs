//! Whatever serde knows, as objects and back; and objects of all kinds read as types that they are not.

use super::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Node {
    Leaf,
    Number(i64),
    Big(i128),
    Text(String),
    Letter(char),
    Maybe(Option<bool>),
    Pair(Box<Node>, Box<Node>),
    Named { first: Option<u64>, rest: Vec<Node> },
    Map(BTreeMap<String, Node>),
    Numbers(BTreeMap<i64, f64>),
    Nothing(()),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Deep {
    value: Option<Box<Deep>>,
    #[serde(default)]
    rest: Vec<Deep>,
}

impl World<'_> {
    /// What goes in comes out.
    pub(super) fn serial(&mut self, at: usize) -> Finding {
        let node = self.node(4);
        let object = self.machines[at].st.to_object(&node);
        let Some(object) = self.told(object)? else {
            return Ok(());
        };
        let back = object.deserialize::<Node>(&mut self.machines[at].st);
        if let Some(back) = self.told(back)? {
            require(back == node, || format!("{node:?} came back as {back:?}"))?;
        }
        self.keep(at, object, None);
        Ok(())
    }

    /// An object as what it is not; it may contain itself.
    pub(super) fn misread(&mut self, at: usize) -> Finding {
        let Some((object, own, _)) = self.any(at) else {
            return Ok(());
        };
        let kind = self.choices.below(6);
        let st = &mut self.machines[at].st;
        let result = match kind {
            0 => object.deserialize::<IgnoredAny>(st).map(drop),
            1 => object.deserialize::<Node>(st).map(drop),
            2 => object.deserialize::<Deep>(st).map(drop),
            3 => object
                .deserialize::<Vec<BTreeMap<String, IgnoredAny>>>(st)
                .map(drop),
            4 => object
                .deserialize::<(u8, String, Option<char>)>(st)
                .map(drop),
            _ => object
                .deserialize::<BTreeMap<Option<i64>, Vec<f32>>>(st)
                .map(drop),
        };
        require(own || result.is_err(), || {
            "a handle of another machine was read".into()
        })?;
        self.told(result).map(drop)
    }

    fn node(&mut self, depth: usize) -> Node {
        let number = self.choices.integer();
        let count = self.choices.below(4);
        match self.choices.below(if depth == 0 { 6 } else { 11 }) {
            0 => Node::Leaf,
            1 => Node::Number(number),
            2 => Node::Big(i128::from(number) << (count * 20)),
            3 => Node::Text(char::from_u32(number as u32).into_iter().collect()),
            4 => Node::Letter(char::from_u32(number as u32).unwrap_or('é')),
            5 => Node::Maybe((count > 0).then_some(count > 1)),
            6 => Node::Pair(
                Box::new(self.node(depth - 1)),
                Box::new(self.node(depth - 1)),
            ),
            7 => Node::Named {
                first: u64::try_from(number).ok(),
                rest: (0..count).map(|_| self.node(depth - 1)).collect(),
            },
            8 => Node::Map(
                (0..count)
                    .map(|n| (format!("k{n}"), self.node(depth - 1)))
                    .collect(),
            ),
            9 => Node::Numbers(
                (0..count)
                    .map(|n| (number.wrapping_add(n as i64), n as f64))
                    .collect(),
            ),
            _ => Node::Nothing(()),
        }
    }
}
