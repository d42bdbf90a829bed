//! Deserialisation: what an object has to say decides, where the type leaves that open.

use super::Problem;
use crate::api::collections::{is_dictionary, is_listable};
use crate::api::context::Ctx;
use crate::api::convert::{FromSmalltalk, mismatch};
use crate::api::key::KEY;
use crate::api::object::Obj;
use crate::memory::Value;
use crate::vm::known::Known;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

/// Bytes that such a part takes in Rust, roughly: what it becomes is not known here.
const PART: usize = 32;

/// Reads the pinned object at `place`.
pub(super) struct Reader<'c, 'v> {
    ctx: &'c mut Ctx<'v>,
    place: usize,
    /// How many objects it is inside of: all there is to go by where the stack's size is unknown.
    depth: usize,
}

impl<'c, 'v> Reader<'c, 'v> {
    pub fn new(ctx: &'c mut Ctx<'v>, place: usize) -> Self {
        let depth = 0;
        Reader { ctx, place, depth }
    }

    fn value(&self) -> Value {
        self.ctx.pinned(self.place)
    }

    fn get<T: FromSmalltalk>(&mut self) -> Result<T, Problem> {
        let value = self.value();
        Ok(T::from_value(self.ctx, value, KEY)?)
    }

    fn inherits(&self, name: &str) -> bool {
        let vm = &self.ctx.vm;
        let class = vm.heap.class_of(self.value());
        let ancestor = vm.defined_global(name);
        let ancestor = ancestor.and_then(|b| vm.classes.index_of(vm.heap.slot(b, 1)));
        ancestor.is_some_and(|a| vm.classes.inherits(class, a))
    }

    fn object(&mut self) -> Obj {
        let value = self.value();
        Obj::new(self.ctx.vm, value)
    }

    fn is_dictionary(&mut self) -> Result<bool, Problem> {
        let object = self.object();
        Ok(is_dictionary(self.ctx, &object)?)
    }

    fn is_listable(&mut self) -> Result<bool, Problem> {
        let object = self.object();
        Ok(is_listable(self.ctx, &object)?)
    }

    fn mismatch(&self, expected: &str) -> Problem {
        mismatch(self.ctx, expected, self.value()).into()
    }

    /// The answer of a message without arguments takes the place of the object.
    fn ask(&mut self, selector: &str) -> Result<(), Problem> {
        let object = self.object();
        let answer: Obj = self.ctx.send_message(&object, selector, ())?;
        self.ctx.vm.handles.pinned[self.place] = answer.value(self.ctx.vm)?;
        Ok(())
    }

    fn list<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Problem> {
        let class = self.ctx.vm.heap.class_of(self.value());
        if class == Known::ByteArray.index() {
            let bytes: Vec<u8> = self.get()?;
            return visitor.visit_seq(de::value::SeqDeserializer::new(bytes.into_iter()));
        }
        if class != Known::Array.index() {
            if !self.is_listable()? {
                return Err(self.mismatch("an Array"));
            }
            self.ask("asArray")?;
            if self.ctx.vm.heap.class_of(self.value()) != Known::Array.index() {
                return Err(self.mismatch("an Array"));
            }
        }
        visitor.visit_seq(Elements {
            reader: self,
            index: 0,
        })
    }

    /// A Dictionary, or the instance variables of any object.
    fn fields<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Problem> {
        if self.is_dictionary()? {
            self.ask("associations")?;
            if self.ctx.vm.heap.class_of(self.value()) != Known::Array.index() {
                return Err(self.mismatch("the Associations of a Dictionary"));
            }
            return self.map(None, visitor);
        }
        let value = self.value();
        let class = self.ctx.vm.heap.class_of(value);
        let names = self.ctx.vm.classes.all_inst_vars(class);
        if names.is_empty() || !self.ctx.vm.heap.is_pointers(value) {
            return Err(self.mismatch("a Dictionary or an object with instance variables"));
        }
        self.map(Some(names), visitor)
    }

    /// An Array of Associations, or instance variables of these names.
    fn map<'de, V: Visitor<'de>>(
        self,
        names: Option<Vec<String>>,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_map(Fields {
            reader: self,
            names,
            index: 0,
            key: String::new(),
        })
    }

    /// Key and value of an Association.
    fn pair(&self, value: Value) -> Option<(Value, Value)> {
        let heap = &self.ctx.vm.heap;
        let slots = heap.is_pointers(value).then(|| heap.pointer_slots(value))?;
        Some((*slots.first()?, *slots.get(1)?))
    }

    /// Reads another object: part of this one.
    fn part<T>(
        &mut self,
        value: Value,
        work: impl FnOnce(Reader<'_, 'v>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.ctx.check_stack_within(self.depth)?;
        self.ctx.charge(PART)?;
        let place = self.ctx.pin(value);
        let read = work(Reader {
            place,
            depth: self.depth + 1,
            ctx: self.ctx,
        });
        self.ctx.unpin(place);
        read
    }
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Problem> {
        let value = self.value();
        let vm = &*self.ctx.vm;
        match value {
            Value::NIL => return visitor.visit_unit(),
            Value::TRUE | Value::FALSE => return visitor.visit_bool(value == Value::TRUE),
            _ => {}
        }
        if let Some(n) = value.as_int() {
            return match u64::try_from(n) {
                Ok(n) => visitor.visit_u64(n),
                Err(_) => visitor.visit_i64(n),
            };
        }
        if value.is_char() {
            return visitor.visit_char(self.get()?);
        }
        if let Some(f) = vm.heap.as_float(value) {
            return visitor.visit_f64(f);
        }
        if let Some(n) = vm.bigint_value(value) {
            if let Some(n) = n.to_u64() {
                return visitor.visit_u64(n);
            }
            return match (n.to_i64(), n.to_i128(), n.to_u128()) {
                (Some(n), _, _) => visitor.visit_i64(n),
                (_, Some(n), _) => visitor.visit_i128(n),
                (_, _, Some(n)) => visitor.visit_u128(n),
                _ => Err(Problem::conversion(
                    "an Integer of at most 128 bits",
                    format!("one of {} bits", n.bits()),
                )),
            };
        }
        if vm.is_string(value) {
            return visitor.visit_string(self.get()?);
        }
        if vm.heap.class_of(value) == Known::ByteArray.index() {
            return visitor.visit_byte_buf(self.get()?);
        }
        if self.is_listable()? {
            return self.list(visitor);
        }
        if self.inherits("Association") {
            // An enum's variant with something inside, as formats have it that describe themselves.
            let value = self.value();
            self.ctx.vm.handles.pinned[self.place] = self.ctx.vm.new_array_from(&[value]);
            return self.map(None, visitor);
        }
        self.fields(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_f32(self.get()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_f64(self.get()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.value() {
            Value::NIL => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_byte_buf(self.get()?)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.fields(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.fields(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        if self.ctx.vm.is_string(self.value()) {
            let name: String = self.get()?;
            return visitor.visit_enum(name.into_deserializer());
        }
        if self.is_dictionary()? {
            self.ask("associations")?;
            let value = self.value();
            let only = match self.ctx.vm.heap.is_pointers(value) {
                true => self.ctx.vm.heap.pointer_slots(value).to_vec(),
                false => Vec::new(),
            };
            let [only] = only[..] else {
                return Err(Problem::conversion(
                    "a Dictionary of one pair",
                    format!("one of {}", only.len()),
                ));
            };
            self.ctx.vm.handles.pinned[self.place] = only;
        } else if !self.inherits("Association") {
            return Err(self.mismatch("a Symbol or an Association"));
        }
        visitor.visit_enum(Variant(self))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.value().as_int() {
            // A field's name is text: what is unsigned here would be taken for its number.
            Some(n) => visitor.visit_i64(n),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string unit unit_struct
    }
}

/// The elements of an Array.
struct Elements<'c, 'v> {
    reader: Reader<'c, 'v>,
    index: usize,
}

impl<'de> de::SeqAccess<'de> for Elements<'_, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        let array = self.reader.value();
        let slots = self.reader.ctx.vm.heap.pointer_slots(array);
        let Some(&value) = slots.get(self.index) else {
            return Ok(None);
        };
        let place = format!("[{}]", self.index);
        self.index += 1;
        let read = self.reader.part(value, |part| seed.deserialize(part));
        read.map(Some).map_err(|e| e.at(place))
    }

    fn size_hint(&self) -> Option<usize> {
        let array = self.reader.value();
        Some(
            self.reader
                .ctx
                .vm
                .heap
                .slots(array)
                .saturating_sub(self.index),
        )
    }
}

/// The pairs of an Array of Associations, or the instance variables of these names.
struct Fields<'c, 'v> {
    reader: Reader<'c, 'v>,
    names: Option<Vec<String>>,
    index: usize,
    key: String,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        if let Some(names) = &self.names {
            let Some(name) = names.get(self.index) else {
                return Ok(None);
            };
            self.key.clone_from(name);
            return seed
                .deserialize(name.as_str().into_deserializer())
                .map(Some);
        }
        let vm = &self.reader.ctx.vm;
        let slots = vm.heap.pointer_slots(self.reader.value());
        let Some(&association) = slots.get(self.index) else {
            return Ok(None);
        };
        let (key, _) = self
            .reader
            .pair(association)
            .unwrap_or((Value::NIL, Value::NIL));
        self.key = match (vm.string_value(key), key.as_int()) {
            (Some(text), _) => text,
            (_, Some(n)) => n.to_string(),
            _ => vm.classes.name(vm.heap.class_of(key)),
        };
        let read = self.reader.part(key, |part| seed.deserialize(part));
        let key = &self.key;
        read.map(Some).map_err(|e| e.at(format!("the key {key}")))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let object = self.reader.value();
        let slots = self.reader.ctx.vm.heap.pointer_slots(object);
        let slot = slots.get(self.index).copied().unwrap_or(Value::NIL);
        let value = match self.names {
            Some(_) => slot,
            None => self
                .reader
                .pair(slot)
                .map_or(Value::NIL, |(_, value)| value),
        };
        self.index += 1;
        let read = self.reader.part(value, |part| seed.deserialize(part));
        read.map_err(|e| e.at(self.key.clone()))
    }
}

/// A variant with something inside: an Association.
struct Variant<'c, 'v>(Reader<'c, 'v>);

impl<'de, 'c, 'v> de::EnumAccess<'de> for Variant<'c, 'v> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        mut self,
        seed: V,
    ) -> Result<(V::Value, Self), Problem> {
        let Some((key, value)) = self.0.pair(self.0.value()) else {
            return Err(self.0.mismatch("an Association"));
        };
        let value = self.0.ctx.pin(value);
        let variant = self.0.part(key, |part| seed.deserialize(part))?;
        // From now on what is inside is read in its place.
        self.0.ctx.vm.handles.pinned[self.0.place] = self.0.ctx.pinned(value);
        self.0.ctx.unpin(value);
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, '_> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        match self.0.value() {
            Value::NIL => Ok(()),
            _ => Err(self.0.mismatch("nil in a variant without fields")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<T::Value, Problem> {
        let value = self.0.value();
        self.0.part(value, |part| seed.deserialize(part))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Problem> {
        self.0.list(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.0.fields(visitor)
    }
}
