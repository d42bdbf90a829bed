//! Become, in place and by substitution.

use super::{BYTES, Format, PLAIN, Value, World};
use crate::memory::heap::LARGE_WORDS;

#[test]
fn a_swap_exchanges_contents_and_leaves_hashes() {
    // Same size, different size, large with small; both young, or one of them old.
    for (size, old) in [
        (2, false),
        (2, true),
        (5, false),
        (5, true),
        (LARGE_WORDS, false),
    ] {
        let mut w = World::tiny();
        let a = w.object(&[Value::int(1), Value::NIL]);
        let b = if old {
            w.heap.new_pointers_old(PLAIN + 1, Format::Indexable, size)
        } else {
            w.heap.new_pointers(PLAIN + 1, Format::Indexable, size)
        };
        w.heap.set_slot(a, 1, a);
        w.heap.set_slot(b, 0, a);
        w.heap.set_slot(b, 1, b);
        w.heap.set_immutable(b, true);
        let hashes = [w.heap.identity_hash(a), w.heap.identity_hash(b)];
        w.root(a);
        w.root(b);
        let holder = w.object(&[a, b]);
        w.root(holder);
        w.machine.weakly = vec![Some(a)];
        assert!(w.heap.become_swap(a, b, &mut w.machine));
        w.check();
        for round in 0..4 {
            let (a, b) = (w.machine.values[0], w.machine.values[1]);
            assert_eq!(w.heap.pointer_slots(w.machine.values[2]), [a, b]);
            assert_eq!([w.heap.identity_hash(a), w.heap.identity_hash(b)], hashes);
            assert_eq!(w.machine.weakly, [Some(a)]);
            assert_eq!((w.heap.class_of(a), w.heap.class_of(b)), (PLAIN + 1, PLAIN));
            assert_eq!((w.heap.slots(a), w.heap.slots(b)), (size, 2));
            assert_eq!(w.heap.pointer_slots(a)[..2], [a, b]);
            assert_eq!(w.heap.pointer_slots(b), [Value::int(1), a]);
            assert!(w.heap.is_immutable(a) && !w.heap.is_immutable(b));
            assert_eq!(
                w.heap.instances_of(PLAIN + 1),
                [a],
                "no trace of the old place"
            );
            if round % 2 == 0 {
                w.scavenge()
            } else {
                w.full()
            }
        }
    }
}

#[test]
fn many_swaps_go_in_one_pass() {
    let mut w = World::tiny();
    for i in 0..20 {
        let a = w.object(&[Value::int(i)]);
        let b = w.heap.new_bytes(BYTES, &vec![i as u8; 3 * i as usize]);
        w.root(a);
        w.root(b);
    }
    let pairs: Vec<_> = w.machine.values.chunks(2).map(|p| (p[0], p[1])).collect();
    assert!(w.heap.become_swap_all(&pairs, &mut w.machine));
    w.check();
    w.full();
    for (i, pair) in w.machine.values.chunks(2).enumerate() {
        assert_eq!(w.heap.bytes(pair[0]), vec![i as u8; 3 * i]);
        assert_eq!(w.heap.slot(pair[1], 0), Value::int(i as i64));
    }
}

#[test]
fn immediates_and_repetitions_are_refused() {
    let mut w = World::tiny();
    let (a, b) = (w.object(&[]), w.object(&[]));
    assert!(!w.heap.become_swap(a, Value::int(3), &mut w.machine));
    assert!(!w.heap.become_swap_all(&[(a, b), (b, a)], &mut w.machine));
    assert!(
        !w.heap
            .become_forward(&[(Value::NIL, a)], true, &mut w.machine)
    );
    assert!(w.heap.become_swap(a, a, &mut w.machine));
}

#[test]
fn forwarding_redirects_references_everywhere() {
    let mut w = World::tiny();
    let (a, b) = (w.object(&[Value::int(1)]), w.object(&[Value::int(2)]));
    let hash = w.heap.identity_hash(a);
    let own = w.heap.identity_hash(b);
    let old = w.heap.new_pointers_old(PLAIN, Format::Indexable, 1000);
    w.heap.set_slot(old, 999, a);
    w.root(a);
    w.root(old);
    assert!(w.heap.become_forward(&[(a, b)], false, &mut w.machine));
    w.check();
    let b = w.machine.values[0];
    assert_eq!(w.heap.slot(b, 0), Value::int(2));
    assert_eq!(w.heap.slot(old, 999), b);
    assert_eq!(w.heap.identity_hash(b), own);
    let c = w.object(&[Value::int(3)]);
    w.heap.set_hash(c, hash);
    w.root(c);
    assert!(w.heap.become_forward(&[(c, b)], true, &mut w.machine));
    assert_eq!(w.heap.identity_hash(b), hash);
    // To an immediate, and back to nothing.
    assert!(
        w.heap
            .become_forward(&[(b, Value::int(42))], true, &mut w.machine)
    );
    w.check();
    assert_eq!(w.machine.values, [Value::int(42), old, Value::int(42)]);
    assert_eq!(w.heap.slot(old, 999), Value::int(42));
    w.full();
    assert_eq!(w.slot_of_root(1, 999), Value::int(42));
}

#[test]
fn forwarding_in_a_ring_is_simultaneous() {
    let mut w = World::tiny();
    let ring: Vec<_> = (0..3).map(|i| w.object(&[Value::int(i)])).collect();
    for &v in &ring {
        w.root(v);
    }
    let pairs = [(ring[0], ring[1]), (ring[1], ring[2]), (ring[2], ring[0])];
    assert!(w.heap.become_forward(&pairs, false, &mut w.machine));
    w.check();
    let numbers: Vec<_> = (0..3).map(|i| w.slot_of_root(i, 0)).collect();
    assert_eq!(numbers, [Value::int(1), Value::int(2), Value::int(0)]);
    w.full();
    assert_eq!(w.slot_of_root(2, 0), Value::int(0));
}

#[test]
fn a_root_of_old_objects_stays_one() {
    let mut w = World::tiny();
    let literal = w.heap.new_bytes_old(BYTES, b"literal");
    w.machine.literals.push(literal);
    let young = w.object(&[Value::int(6)]);
    w.root(young);
    let pairs = [(literal, young), (young, young)];
    assert!(w.heap.become_forward(&pairs, false, &mut w.machine));
    w.check();
    w.scavenge();
    w.scavenge();
    assert_eq!(w.machine.literals, w.machine.values);
    assert_eq!(w.slot_of_root(0, 0), Value::int(6));
    // And in a swap of different sizes.
    let young = w.object(&[Value::int(7), Value::NIL]);
    w.root(young);
    assert!(
        w.heap
            .become_swap(young, w.machine.literals[0], &mut w.machine)
    );
    w.check();
    w.scavenge();
    w.scavenge();
    assert_eq!(w.slot_of_root(0, 0), Value::int(7));
    assert_eq!(w.slot_of_root(1, 0), Value::int(6));
    assert_eq!(w.machine.literals[0], w.machine.values[0]);
}
