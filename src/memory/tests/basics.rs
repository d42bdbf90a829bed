//! Allocation, tenure, large objects, the remembered set, limits and stress.

use super::{BYTES, Format, PLAIN, PROCESS, Value, World};
use crate::memory::header::{AGE, OLD, REMEMBERED};
use crate::memory::heap::LARGE_WORDS;

#[test]
fn an_object_is_tenured_at_its_second_scavenge() {
    let mut w = World::tiny();
    let v = w.object(&[Value::int(5), Value::TRUE]);
    w.root(v);
    w.scavenge();
    let first = w.machine.values[0];
    assert!(first != v && w.heap.is_young(first) && w.heap.header(first) & AGE != 0);
    w.scavenge();
    let second = w.machine.values[0];
    assert!(!w.heap.is_young(second) && w.heap.header(second) & (OLD | AGE) == OLD);
    w.scavenge();
    assert_eq!(w.machine.values[0], second);
    assert_eq!(w.heap.pointer_slots(second), [Value::int(5), Value::TRUE]);
}

#[test]
fn survivors_overflow_into_old_space() {
    let mut w = World::new(64 << 10, 64);
    let list = w.object(&[Value::NIL; 100]);
    w.root(list);
    for i in 0..100 {
        let v = w.object(&[Value::int(i)]);
        let list = w.machine.values[0];
        w.heap.set_slot(list, i as usize, v);
    }
    w.scavenge();
    for i in 0..100 {
        let v = w.slot_of_root(0, i as usize);
        assert_eq!(w.heap.slot(v, 0), Value::int(i));
    }
}

#[test]
fn a_full_eden_overflows_without_moving_anything() {
    let mut w = World::tiny();
    let first = w.object(&[Value::int(1)]);
    let root = w.root(first);
    for i in 0..3000 {
        let v = w.object(&[first, Value::int(i)]);
        w.root(v);
    }
    assert!(w.heap.collection_wanted);
    assert_eq!(w.machine.values[root], first);
    w.check();
    w.scavenge();
    assert!(!w.heap.collection_wanted);
    for i in 0..3000 {
        assert_eq!(w.slot_of_root(i + 1, 0), w.machine.values[root]);
        assert_eq!(w.slot_of_root(i + 1, 1), Value::int(i as i64));
    }
}

#[test]
fn old_objects_are_remembered_while_they_refer_to_young_ones() {
    let mut w = World::tiny();
    let old = w.heap.new_pointers_old(PLAIN, Format::Fixed, 2);
    w.root(old);
    let young = w.object(&[Value::int(9)]);
    w.heap.set_slot(old, 1, young);
    assert_eq!(w.heap.remembered, [old]);
    w.scavenge();
    assert_eq!(w.heap.remembered, [old]);
    let young = w.heap.slot(old, 1);
    assert!(w.heap.is_young(young));
    w.scavenge();
    assert!(w.heap.remembered.is_empty() && w.heap.header(old) & REMEMBERED == 0);
    let young = w.heap.slot(old, 1);
    assert_eq!(w.heap.slot(young, 0), Value::int(9));
}

#[test]
fn a_tenured_object_that_refers_to_a_survivor_is_remembered() {
    let mut w = World::tiny();
    let v = w.object(&[Value::NIL]);
    w.root(v);
    w.scavenge();
    let fresh = w.object(&[Value::int(4)]);
    w.heap.set_slot(w.machine.values[0], 0, fresh);
    w.scavenge();
    assert_eq!(w.heap.remembered, [w.machine.values[0]]);
    w.scavenge();
    let fresh = w.slot_of_root(0, 0);
    assert_eq!(w.heap.slot(fresh, 0), Value::int(4));
}

#[test]
fn large_objects_stay_and_are_freed() {
    let mut w = World::tiny();
    let big = w
        .heap
        .new_pointers(PLAIN, Format::Indexable, LARGE_WORDS + 5);
    w.root(big);
    let small = w.object(&[Value::int(3)]);
    w.heap.set_slot(big, LARGE_WORDS + 4, small);
    let garbage = w.heap.new_zeroed_bytes(BYTES, LARGE_WORDS * 8, false);
    assert_eq!(w.heap.large.len(), 2);
    w.heap.bytes_mut(garbage).fill(7);
    let before = w.heap.bytes_used();
    w.scavenge();
    w.full();
    assert_eq!(w.heap.large.len(), 1);
    assert_eq!(w.machine.values[0], big);
    assert_eq!(w.heap.slots(big), LARGE_WORDS + 5);
    let small = w.heap.slot(big, LARGE_WORDS + 4);
    assert_eq!(w.heap.slot(small, 0), Value::int(3));
    assert!(before - w.heap.bytes_used() >= LARGE_WORDS * 8);
    w.full();
    w.machine.values.clear();
    w.full();
    assert!(w.heap.large.is_empty() && w.heap.bytes_used() == 0);
}

#[test]
fn large_objects_start_in_a_large_eden_and_become_old_at_once() {
    for full in [false, true] {
        let mut w = World::new(LARGE_WORDS * 8 * 8, 1 << 16);
        let big = w.heap.new_pointers(PLAIN, Format::Indexable, LARGE_WORDS);
        let garbage = w.heap.new_zeroed_bytes(BYTES, LARGE_WORDS * 8, false);
        assert!(w.heap.large.is_empty() && w.heap.is_young(big) && w.heap.is_young(garbage));
        let small = w.object(&[Value::int(3)]);
        w.heap.set_slot(big, LARGE_WORDS - 1, small);
        w.heap.set_slot(big, 0, big);
        w.root(big);
        if full {
            w.full()
        } else {
            w.scavenge()
        }
        w.check();
        let big = w.machine.values[0];
        assert_eq!(w.heap.large.len(), 1);
        assert!(!w.heap.is_young(big));
        for _ in 0..2 {
            assert_eq!(w.heap.slot(big, 0), big);
            let small = w.heap.slot(big, LARGE_WORDS - 1);
            assert_eq!(w.heap.slot(small, 0), Value::int(3));
            w.full();
            assert_eq!(w.machine.values[0], big, "it does not move again");
        }
        w.machine.values.clear();
        w.full();
        assert!(w.heap.large.is_empty());
    }
}

#[test]
fn sizes_around_the_size_word_survive() {
    let mut w = World::new(1 << 20, 1 << 18);
    for size in [
        0,
        1,
        2,
        3,
        7,
        8,
        9,
        253,
        254,
        255,
        256,
        300,
        LARGE_WORDS - 3,
        LARGE_WORDS - 2,
    ] {
        let bytes: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let v = w.heap.new_bytes(BYTES, &bytes);
        w.root(v);
        let slots: Vec<_> = (0..size as i64).map(Value::int).collect();
        let v = w.make(PLAIN, Format::Indexable, &slots);
        w.root(v);
    }
    for _ in 0..3 {
        w.scavenge();
        for pair in w.machine.values.chunks(2) {
            let size = w.heap.bytes(pair[0]).len();
            assert!(
                w.heap
                    .bytes(pair[0])
                    .iter()
                    .enumerate()
                    .all(|(i, &b)| b == i as u8)
            );
            let slots = w.heap.pointer_slots(pair[1]);
            assert_eq!(slots.len(), size);
            assert!(
                slots
                    .iter()
                    .enumerate()
                    .all(|(i, v)| *v == Value::int(i as i64))
            );
        }
    }
    w.full();
}

#[test]
fn long_lists_need_no_stack() {
    let count = if cfg!(miri) { 500 } else { 1_000_000 };
    let mut w = World::new(1 << 20, 1 << 18);
    w.root(Value::NIL);
    for i in 0..count {
        let tail = w.machine.values[0];
        w.machine.values[0] = w.object(&[Value::int(i), tail]);
        if w.heap.collection_wanted {
            w.heap.collect(&mut w.machine);
        }
    }
    w.full();
    w.full();
    let mut node = w.machine.values[0];
    for i in (0..count).rev() {
        assert_eq!(w.heap.slot(node, 0), Value::int(i));
        node = w.heap.slot(node, 1);
    }
    assert!(node.is_nil());
    let bytes = w.heap.bytes_used();
    assert_eq!(bytes, count as usize * 24);
    w.machine.values.clear();
    w.full();
    assert_eq!(w.heap.bytes_used(), 0);
}

#[test]
fn a_stack_lives_as_long_as_its_process() {
    let mut w = World::tiny();
    let process = w.make(PROCESS, Format::Fixed, &[Value::int(0), Value::NIL]);
    w.root(process);
    let kept = w.object(&[Value::int(77)]);
    w.machine
        .stacks
        .push(vec![Value(0x5555_0000_0008), kept, Value::int(1)]);
    w.machine.owners.push(Some(process));
    w.scavenge();
    w.full();
    let kept = w.machine.stacks[0][1];
    assert_eq!(w.heap.slot(kept, 0), Value::int(77));
    assert_eq!(w.machine.stacks[0][0], Value(0x5555_0000_0008));
    w.machine.values.clear();
    w.full();
    assert!(w.machine.stacks[0].is_empty() && w.heap.bytes_used() == 0);
}

#[test]
fn identity_hashes_stay_and_walks_see_everything() {
    let mut w = World::tiny();
    let mut hashes = Vec::new();
    for i in 0..50 {
        let v = w.object(&[Value::int(i)]);
        hashes.push(w.heap.identity_hash(v));
        w.root(v);
    }
    w.scavenge();
    w.scavenge();
    w.full();
    for (i, hash) in hashes.iter().enumerate() {
        assert_eq!(w.heap.identity_hash(w.machine.values[i]), *hash);
    }
    assert_eq!(w.heap.instances_of(PLAIN).len(), 50);
    let holder = w.object(&[w.machine.values[3]]);
    w.root(holder);
    assert_eq!(w.heap.references_to(w.machine.values[3]), [holder]);
}

#[test]
fn stress_asks_for_a_collection_at_each_allocation() {
    let mut w = World::tiny();
    w.heap.set_stress(true);
    w.heap.stress_full_every = 5;
    let v = w.object(&[Value::int(8)]);
    w.root(v);
    for round in 0..20 {
        assert_eq!(w.heap.alloc_end, w.heap.alloc_ptr);
        let v = w.object(&[w.machine.values[0], Value::int(round)]);
        assert!(w.heap.is_young(v) && w.heap.collection_wanted);
        w.machine.values[0] = v;
        w.heap.collect(&mut w.machine);
        w.check();
    }
    assert_eq!(w.heap.counters.full_collections, 4);
    w.heap.set_stress(false);
    assert!(w.heap.alloc_end > w.heap.alloc_ptr);
}

#[test]
fn old_space_asks_for_a_full_collection_when_it_has_grown() {
    let mut w = World::tiny();
    while !w.heap.full_due() {
        w.heap.new_zeroed_bytes(BYTES, 1 << 20, false);
    }
    assert!(w.heap.collection_wanted);
    w.heap.collect(&mut w.machine);
    assert_eq!((w.heap.bytes_used(), w.heap.full_due()), (0, false));
}

#[test]
fn limits_are_told_beforehand() {
    let mut w = World::tiny();
    w.heap.options.limit = 4 << 20;
    assert!(w.heap.can_allocate(3 << 20));
    w.heap.new_zeroed_bytes(BYTES, 3 << 20, false);
    assert!(!w.heap.can_allocate(3 << 20) && !w.heap.can_allocate(usize::MAX));
}

#[test]
fn copies_are_new_and_writable() {
    let mut w = World::tiny();
    let v = w.heap.new_bytes(BYTES, b"hello");
    w.heap.identity_hash(v);
    w.heap.set_immutable(v, true);
    let copy = w.heap.shallow_copy(v);
    assert_eq!(w.heap.bytes(copy), b"hello");
    assert!(copy != v && !w.heap.is_immutable(copy) && w.heap.raw_hash(copy) == 0);
    assert_eq!(w.heap.shallow_copy(Value::int(3)), Value::int(3));
}

#[test]
fn a_stack_may_be_left_out_when_all_it_holds_is_old() {
    let mut w = World::tiny();
    let process = w.make(PROCESS, Format::Fixed, &[Value::int(0)]);
    w.root(process);
    let kept = w.object(&[Value::int(1)]);
    w.machine.stacks.push(vec![Value::NIL, kept]);
    w.scavenge();
    assert_eq!(w.machine.settled, [false]);
    w.scavenge();
    assert_eq!(w.machine.settled, [true]);
    w.scavenge();
    let kept = w.machine.stacks[0][1];
    assert_eq!(w.heap.slot(kept, 0), Value::int(1));
}
