//! Serialisation: values become objects, from the inside out. What is made is pinned until it is part of something.

use super::Problem;
use crate::api::context::Ctx;
use crate::api::convert::{IntoSmalltalk, room};
use crate::api::error::Result;
use crate::api::key::KEY;
use crate::memory::Value;
use serde::ser::{self, Serialize, Serializer};

/// Makes objects.
pub(super) struct Writer<'c, 'v> {
    ctx: &'c mut Ctx<'v>,
}

impl<'c, 'v> Writer<'c, 'v> {
    pub fn new(ctx: &'c mut Ctx<'v>) -> Self {
        Writer { ctx }
    }

    fn put(&mut self, value: impl IntoSmalltalk) -> Result<Value, Problem> {
        Ok(value.into_value(self.ctx, KEY)?)
    }

    fn symbol(&mut self, name: &str) -> Value {
        self.ctx.vm.symbol(name)
    }

    /// `#name -> value`.
    fn variant(&mut self, name: &str, value: Value) -> Result<Value, Problem> {
        let base = self.ctx.vm.handles.pinned.len();
        let name = self.symbol(name);
        self.ctx.pin(name);
        self.ctx.pin(value);
        Ok(self.ctx.send_pinned(base, "->")?)
    }

    fn parts(&mut self, variant: Option<&'static str>) -> Parts<'_, 'c, 'v> {
        Parts {
            base: self.ctx.vm.handles.pinned.len(),
            writer: self,
            variant,
        }
    }
}

/// Something with parts, all of which are pinned from `base` on.
pub(super) struct Parts<'w, 'c, 'v> {
    writer: &'w mut Writer<'c, 'v>,
    base: usize,
    /// The enum's variant that it is what is inside of.
    variant: Option<&'static str>,
}

impl Parts<'_, '_, '_> {
    fn add<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Problem> {
        self.writer.ctx.check_stack().map_err(Problem::from)?;
        let value = part.serialize(&mut *self.writer)?;
        self.writer.ctx.pin(value);
        Ok(())
    }

    fn element<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Problem> {
        let index = self.writer.ctx.vm.handles.pinned.len() - self.base;
        self.add(part).map_err(|e| e.at(format!("[{index}]")))
    }

    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        part: &T,
    ) -> Result<(), Problem> {
        let symbol = self.writer.symbol(name);
        self.writer.ctx.pin(symbol);
        self.add(part).map_err(|e| e.at(name))
    }

    fn array(self) -> Result<Value, Problem> {
        let ctx = &mut *self.writer.ctx;
        let values = ctx.vm.handles.pinned.split_off(self.base);
        room(ctx, values.len().saturating_mul(8))?;
        let array = ctx.vm.new_array_from(&values);
        match self.variant {
            Some(name) => self.writer.variant(name, array),
            None => Ok(array),
        }
    }

    /// The parts are keys and values in turn.
    fn dictionary(self) -> Result<Value, Problem> {
        let ctx = &mut *self.writer.ctx;
        let class = ctx.class("Dictionary");
        let values = ctx.vm.handles.pinned.split_off(self.base);
        room(ctx, values.len().saturating_mul(32))?;
        let class = class?.as_obj().value(ctx.vm)?;
        ctx.pin(class);
        let pairs = ctx.vm.new_array_from(&values);
        ctx.pin(pairs);
        let dictionary = ctx.send_pinned(self.base, "newFromPairs:")?;
        match self.variant {
            Some(name) => self.writer.variant(name, dictionary),
            None => Ok(dictionary),
        }
    }
}

macro_rules! plain {
    ($($method:ident $type:ty;)*) => {$(
        fn $method(self, v: $type) -> Result<Value, Problem> {
            self.put(v)
        }
    )*};
}

impl<'w, 'c, 'v> Serializer for &'w mut Writer<'c, 'v> {
    type Ok = Value;
    type Error = Problem;
    type SerializeSeq = Parts<'w, 'c, 'v>;
    type SerializeTuple = Parts<'w, 'c, 'v>;
    type SerializeTupleStruct = Parts<'w, 'c, 'v>;
    type SerializeTupleVariant = Parts<'w, 'c, 'v>;
    type SerializeMap = Parts<'w, 'c, 'v>;
    type SerializeStruct = Parts<'w, 'c, 'v>;
    type SerializeStructVariant = Parts<'w, 'c, 'v>;

    plain! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
        serialize_f64 f64;
        serialize_char char;
        serialize_str &str;
    }

    fn serialize_f32(self, v: f32) -> Result<Value, Problem> {
        self.put(f64::from(v))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<Value, Problem> {
        self.put(v.to_vec())
    }

    fn serialize_none(self) -> Result<Value, Problem> {
        Ok(Value::NIL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Problem> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Problem> {
        Ok(Value::NIL)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, Problem> {
        Ok(Value::NIL)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value, Problem> {
        Ok(self.symbol(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Value, Problem> {
        self.ctx.check_stack().map_err(Problem::from)?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Problem> {
        self.ctx.check_stack().map_err(Problem::from)?;
        let value = value.serialize(&mut *self).map_err(|e| e.at(variant))?;
        self.variant(variant, value)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(None))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(None))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(None))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(Some(variant)))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(None))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(None))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Parts<'w, 'c, 'v>, Problem> {
        Ok(self.parts(Some(variant)))
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for Parts<'_, '_, '_> {
            type Ok = Value;
            type Error = Problem;

            fn $method<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Problem> {
                self.element(part)
            }

            fn end(self) -> Result<Value, Problem> {
                self.array()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Parts<'_, '_, '_> {
            type Ok = Value;
            type Error = Problem;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                part: &T,
            ) -> Result<(), Problem> {
                self.field(name, part)
            }

            fn end(self) -> Result<Value, Problem> {
                self.dictionary()
            }
        }
    )*};
}

fields!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Parts<'_, '_, '_> {
    type Ok = Value;
    type Error = Problem;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Problem> {
        self.add(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.add(value)
    }

    fn end(self) -> Result<Value, Problem> {
        self.dictionary()
    }
}
