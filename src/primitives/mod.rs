//! Primitives: what Smalltalk methods cannot do in Smalltalk.
//!
//! One file a class, each with a table of names and functions. Safe code only; nothing here blocks,
//! and everything outside is reached through `vm.host`.

use crate::memory::Value;
use crate::vm::primitive_table::Primitives;
use crate::vm::{PrimError, PrimResult, Vm};

mod array;
mod array_copy;
mod array_hashed;
mod array_sort;
mod behavior;
pub mod behavior_define;
mod behavior_migrate;
mod behavior_suggest;
mod behavior_traits;
mod bytes;
mod character;
#[cfg(feature = "programs")]
mod child;
#[cfg(feature = "dates")]
mod clock;
#[cfg(feature = "files")]
mod file;
#[cfg(feature = "files")]
mod file_path;
mod float;
mod float_array;
mod float_bits;
mod float_math;
#[cfg(feature = "library")]
mod hash;
mod integer;
mod integer_bits;
mod integer_division;
mod large_integer;
pub(crate) mod method;
pub(crate) mod method_uses;
mod number_text;
mod object;
mod object_become;
#[cfg(feature = "files")]
mod os_signal;
#[cfg(any(feature = "files", feature = "library"))]
mod part;
mod random;
#[cfg(feature = "library")]
mod regex;
#[cfg(feature = "net")]
mod resolver;
#[cfg(feature = "net")]
mod socket;
#[cfg(feature = "net")]
mod socket_address;
#[cfg(feature = "net")]
mod socket_descriptors;
#[cfg(feature = "net")]
mod socket_transfer;
#[cfg(feature = "tls")]
mod ssl;
mod stream;
mod string;
mod string_convert;
mod string_search;
pub mod suggest;
#[cfg(feature = "files")]
mod surroundings;
mod symbol;
mod system;

/// Makes them known to a machine.
pub fn register(primitives: &mut Primitives) {
    for table in [
        array::TABLE,
        array_copy::TABLE,
        array_hashed::TABLE,
        array_sort::TABLE,
        behavior::TABLE,
        behavior_define::TABLE,
        behavior_suggest::TABLE,
        behavior_traits::TABLE,
        bytes::TABLE,
        character::TABLE,
        float::TABLE,
        float_array::TABLE,
        float_bits::TABLE,
        float_math::TABLE,
        integer::TABLE,
        integer_bits::TABLE,
        integer_division::TABLE,
        large_integer::TABLE,
        method::TABLE,
        method_uses::TABLE,
        number_text::TABLE,
        object::TABLE,
        object_become::TABLE,
        random::TABLE,
        stream::TABLE,
        string::TABLE,
        string_convert::TABLE,
        string_search::TABLE,
        symbol::TABLE,
        system::TABLE,
    ] {
        primitives.add("", table);
    }
    #[cfg(feature = "dates")]
    primitives.add("", clock::TABLE);
    #[cfg(feature = "library")]
    for table in [hash::TABLE, regex::TABLE] {
        primitives.add("", table);
    }
    #[cfg(feature = "files")]
    for table in [
        file::TABLE,
        file_path::TABLE,
        os_signal::TABLE,
        surroundings::TABLE,
    ] {
        primitives.add("FilePlugin", table);
    }
    #[cfg(feature = "programs")]
    primitives.add("FilePlugin", child::TABLE);
    #[cfg(feature = "net")]
    for table in [
        socket::TABLE,
        socket_address::TABLE,
        socket_descriptors::TABLE,
        socket_transfer::TABLE,
        resolver::TABLE,
    ] {
        primitives.add("SocketPlugin", table);
    }
    #[cfg(feature = "tls")]
    primitives.add("SqueakSSL", ssl::TABLE);
}

#[cfg(feature = "packages")]
pub(crate) use behavior_define::names;

/// Argument `i`; 0 is the receiver. A user's method may name a primitive without having its parameters.
pub(crate) fn arg(args: &[Value], i: usize) -> PrimResult {
    args.get(i).copied().ok_or(PrimError::BadNumArgs)
}

/// The text of a string, which is copied for that.
fn text_value(vm: &mut Vm, v: Value) -> Result<String, PrimError> {
    vm.charge(vm.heap.slots(v) >> 3);
    vm.string_value(v).ok_or(PrimError::BadArgument)
}

/// What the texts in an Array take as texts of Rust at most: many elements may be one string, which becomes as many texts.
fn text_size(vm: &Vm, array: Value) -> Result<usize, PrimError> {
    if !array.is_object() || !vm.heap.is_pointers(array) {
        return Err(PrimError::BadArgument);
    }
    // A character that is a byte there may take two.
    let size = |&v: &Value| 2 * 8 * vm.heap.slots(v) + size_of::<String>();
    let elements = vm.heap.pointer_slots(array).iter();
    Ok(elements.map(size).fold(0, usize::saturating_add))
}
