//! Weak slots and ephemerons in young and old space.

use super::{EPHEMERON, Format, PLAIN, Value, WEAK, World};

fn ephemeron(w: &mut World, key: Value, value: Value) -> Value {
    w.make(EPHEMERON, Format::Ephemeron, &[key, value])
}

/// Lets everything grow old.
fn tenure(w: &mut World) {
    w.scavenge();
    w.scavenge();
}

#[test]
fn weak_slots_of_young_objects_become_nil() {
    let mut w = World::tiny();
    let strong = w.object(&[Value::int(1)]);
    let dead = w.object(&[Value::int(2)]);
    let named = w.object(&[Value::int(3)]);
    let weak = w.make(WEAK, Format::Weak, &[named, strong, dead, Value::int(4)]);
    w.root(weak);
    w.root(strong);
    w.machine.weakly = vec![Some(strong), Some(dead), Some(Value::TRUE)];
    w.scavenge();
    let (weak, strong) = (w.machine.values[0], w.machine.values[1]);
    let slots = w.heap.pointer_slots(weak);
    assert_eq!(slots[1..], [strong, Value::NIL, Value::int(4)]);
    assert_eq!(w.heap.slot(slots[0], 0), Value::int(3));
    assert_eq!(w.machine.weakly, [Some(strong), None, Some(Value::TRUE)]);
}

#[test]
fn old_weak_objects_do_not_keep_young_ones() {
    let mut w = World::tiny();
    let weak = w.heap.new_pointers_old(WEAK, Format::Weak, 3);
    w.root(weak);
    let (kept, dead) = (w.object(&[Value::int(1)]), w.object(&[Value::int(2)]));
    w.root(kept);
    w.heap.set_slot(weak, 1, kept);
    w.heap.set_slot(weak, 2, dead);
    w.scavenge();
    assert_eq!(
        w.heap.pointer_slots(weak),
        [Value::NIL, w.machine.values[1], Value::NIL]
    );
    assert_eq!(w.heap.remembered, [weak]);
    w.scavenge();
    assert!(w.heap.remembered.is_empty());
    w.machine.values.truncate(1);
    w.scavenge();
    assert!(
        w.heap.slot(weak, 1).is_object(),
        "an old object outlives scavenges"
    );
    w.full();
    assert!(w.slot_of_root(0, 1).is_nil());
}

#[test]
fn a_large_weak_object_is_swept() {
    let mut w = World::tiny();
    let weak = w.heap.new_pointers(WEAK, Format::Weak, 20_000);
    w.root(weak);
    for i in 1..20_000 {
        let v = w.object(&[Value::int(i as i64)]);
        w.heap.set_slot(weak, i, v);
        if i % 1000 == 0 {
            w.root(v);
        }
    }
    w.scavenge();
    w.full();
    let left = w
        .heap
        .pointer_slots(weak)
        .iter()
        .filter(|v| v.is_object())
        .count();
    assert_eq!(left, 19);
    assert_eq!(w.slot_of_root(0, 5000), w.machine.values[5]);
}

#[test]
fn an_ephemeron_whose_key_lives_is_an_ordinary_object() {
    for full in [false, true] {
        let mut w = World::tiny();
        let key = w.object(&[Value::int(1)]);
        let value = w.object(&[key]);
        let e = ephemeron(&mut w, key, value);
        w.root(e);
        w.root(key);
        if full {
            w.full()
        } else {
            w.scavenge()
        }
        let value = w.slot_of_root(0, 1);
        assert_eq!(w.slot_of_root(0, 0), w.machine.values[1]);
        assert_eq!(w.heap.slot(value, 0), w.machine.values[1]);
        assert!(w.heap.fired.is_empty());
        assert_eq!(w.heap.format(w.machine.values[0]), Some(Format::Ephemeron));
    }
}

#[test]
fn an_ephemeron_fires_once_when_its_key_has_died() {
    for full in [false, true] {
        let mut w = World::tiny();
        let key = w.object(&[Value::int(1)]);
        // The value refers back to the key: that does not keep it.
        let value = w.object(&[key]);
        let e = ephemeron(&mut w, key, value);
        w.root(e);
        let watch = w.make(WEAK, Format::Weak, &[Value::NIL, key]);
        w.root(watch);
        if full {
            w.full()
        } else {
            w.scavenge()
        }
        assert_eq!(w.heap.fired, [w.machine.values[0]]);
        let key = w.slot_of_root(0, 0);
        assert_eq!(w.heap.slot(key, 0), Value::int(1));
        assert_eq!(
            w.slot_of_root(1, 1),
            key,
            "the key lives on for the mourning"
        );
        // Until the machine takes it, the fired one is a root.
        w.machine.values.remove(0);
        w.full();
        assert_eq!(w.heap.fired.len(), 1);
        let e = w.heap.fired[0];
        let key = w.heap.slot(e, 0);
        assert_eq!(w.heap.slot(key, 0), Value::int(1));
        assert_eq!(w.heap.format(e), Some(Format::Fixed));
        w.heap.fired.clear();
        w.full();
        assert!(w.heap.fired.is_empty() && w.slot_of_root(0, 1).is_nil());
    }
}

#[test]
fn an_unreachable_ephemeron_does_not_fire() {
    let mut w = World::tiny();
    let key = w.object(&[]);
    ephemeron(&mut w, key, Value::NIL);
    w.full();
    assert!(w.heap.fired.is_empty() && w.heap.bytes_used() == 0);
}

#[test]
fn old_ephemerons_notice_young_keys() {
    let mut w = World::tiny();
    let e = ephemeron(&mut w, Value::NIL, Value::NIL);
    w.root(e);
    tenure(&mut w);
    let e = w.machine.values[0];
    let (key, value) = (w.object(&[Value::int(5)]), w.object(&[Value::int(6)]));
    w.heap.set_slot(e, 0, key);
    w.heap.set_slot(e, 1, value);
    w.root(key);
    w.scavenge();
    assert!(w.heap.fired.is_empty());
    assert_eq!(w.heap.slot(e, 0), w.machine.values[1]);
    w.machine.values.truncate(1);
    w.scavenge();
    assert_eq!(w.heap.fired, [e]);
    let value = w.heap.slot(e, 1);
    assert_eq!(w.heap.slot(value, 0), Value::int(6));
}

#[test]
fn chains_of_ephemerons_reach_their_fixpoint() {
    let count = if cfg!(miri) { 20 } else { 1500 };
    for (reversed, full) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut w = World::new(1 << 20, 1 << 18);
        // The value of each ephemeron is the key of the next; the first key is a root.
        let keys: Vec<_> = (0..=count).map(|i| w.object(&[Value::int(i)])).collect();
        let mut list: Vec<_> = keys
            .windows(2)
            .map(|pair| ephemeron(&mut w, pair[0], pair[1]))
            .collect();
        if reversed {
            list.reverse();
        }
        let all = w.make(PLAIN, Format::Indexable, &list);
        w.root(all);
        w.root(keys[0]);
        if full {
            w.full()
        } else {
            w.scavenge()
        }
        assert!(w.heap.fired.is_empty());
        w.machine.values.truncate(1);
        w.full();
        assert_eq!(
            w.heap.fired.len(),
            count as usize,
            "without the first key all fire"
        );
    }
}
