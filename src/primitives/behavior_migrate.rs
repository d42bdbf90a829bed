//! Instances of a class that was defined anew get the new shape, and keep the values of the variables that stay.
//!
//! Finds and moves instances. Must never define anything, and says whether there is room before anything has changed.

use super::array::{element, indexable_size, set_element};
use crate::memory::{ClassIndex, Value};
use crate::vm::{PrimError, Vm};
use chirp_grammar::sorting::sort_by;

/// What the variables of an instance were, and what they are to be.
pub struct Shape {
    pub old: Vec<String>,
    pub new: Vec<String>,
}

/// The instances of these classes, those of each class together. Fails when there is no room for as many that are
/// larger by `grown` variables.
pub fn instances(
    vm: &mut Vm,
    classes: &[ClassIndex],
    grown: usize,
) -> Result<Vec<Value>, PrimError> {
    if classes.is_empty() {
        return Ok(Vec::new());
    }
    let mut classes = classes.to_vec();
    sort_by(&mut classes, ClassIndex::cmp);
    let is_one = |c: ClassIndex| classes.binary_search(&c).is_ok();
    let mut found = vm.heap.instances_of_any(is_one);
    // Header and size, what is new, and elements that may become references.
    let words = |v: Value| {
        let elements = match vm.heap.is_pointers(v) {
            true => vm.heap.slots(v),
            false => indexable_size(vm, v).unwrap_or(0),
        };
        elements.saturating_add(grown + 2)
    };
    let bytes = found
        .iter()
        .fold(0, |sum: usize, &v| sum.saturating_add(words(v)));
    let bytes = bytes.saturating_mul(8);
    if !vm.heap.can_allocate(bytes) {
        return Err(PrimError::NoMemory);
    }
    vm.charge(bytes >> 6);
    let class = |v: &Value| vm.heap.class_of(*v);
    sort_by(&mut found, |a, b| class(a).cmp(&class(b)));
    Ok(found)
}

/// Replaces each of the instances, whose classes have another shape now, by one of that shape.
pub fn migrate(vm: &mut Vm, instances: Vec<Value>, shape: impl Fn(&Vm, ClassIndex) -> Shape) {
    let mut pairs = Vec::new();
    let of_one_class = |&a: &Value, &b: &Value| vm.heap.class_of(a) == vm.heap.class_of(b);
    let groups: Vec<&[Value]> = instances.chunk_by(of_one_class).collect();
    for same in groups {
        let class = vm.heap.class_of(same[0]);
        let shape = shape(vm, class);
        // Where the value of each new variable was.
        let from: Vec<Option<usize>> = shape
            .new
            .iter()
            .map(|name| shape.old.iter().position(|n| n == name))
            .collect();
        for &old in same {
            if let Some(new) = moved(vm, class, old, shape.old.len(), &from) {
                pairs.push((old, new));
            }
        }
    }
    if !pairs.is_empty() {
        vm.charge(pairs.len());
        vm.with_roots_in_primitive(|heap, roots| heap.become_forward(&pairs, true, roots));
    }
}

/// A new instance with the values of an old one, which had `named` variables and then elements. Elements stay that have
/// a place in it.
fn moved(
    vm: &mut Vm,
    class: ClassIndex,
    old: Value,
    named: usize,
    from: &[Option<usize>],
) -> Option<Value> {
    let format = vm.classes.get(class)?.format;
    let elements = match vm.heap.format(old) {
        Some(was) if was.is_indexable() && format.is_indexable() => match was.is_pointers() {
            true => vm.heap.slots(old).saturating_sub(named),
            false => indexable_size(vm, old).unwrap_or(0),
        },
        _ => 0,
    };
    // There is room: `instances` has asked.
    let new = vm.new_object(class, elements).ok()?;
    if !vm.heap.is_pointers(old) || !vm.heap.is_pointers(new) {
        for e in 0..elements {
            let value = match vm.heap.is_pointers(old) {
                true => vm.heap.slot(old, named + e),
                false => element(vm, old, e),
            };
            // What is no number cannot stay.
            let _misfit = set_element(vm, new, e, value);
        }
        return Some(new);
    }
    for (i, place) in from.iter().enumerate() {
        if let Some(place) = place.filter(|&p| p < vm.heap.slots(old)) {
            let value = vm.heap.slot(old, place);
            vm.heap.set_slot(new, i, value);
        }
    }
    for e in 0..elements {
        let value = vm.heap.slot(old, named + e);
        vm.heap.set_slot(new, from.len() + e, value);
    }
    Some(new)
}
