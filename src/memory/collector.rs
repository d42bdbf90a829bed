//! The collector's contract with the machine: who names the roots and who is told of deaths.

use super::heap::Heap;
use super::value::Value;

/// Sees (and may change) references.
pub trait Visitor {
    /// One root.
    fn value(&mut self, v: &mut Value);
    /// Many roots in a row; words that are no references to heap objects are passed over.
    fn slice(&mut self, values: &mut [Value]) {
        for v in values {
            self.value(v);
        }
    }
    /// Whether any root shown since the last such question refers to a young object now. Where the
    /// answer is no, the same roots, unchanged, may be left out of the next scavenges: so with
    /// the stack of a Process that does not run. (One scavenge does not make all of them old.)
    fn young_found(&mut self) -> bool {
        false
    }
    /// Whether an object that a root names weakly is alive, as far as the trace has come.
    fn reached(&self, _v: Value) -> bool {
        true
    }
}

/// What the machine tells the collector. To show a root twice does no harm.
pub trait Roots {
    /// Shows every root. With `full` false, roots that can only hold old objects may be left out.
    fn visit(&mut self, full: bool, visitor: &mut dyn Visitor);
    /// Not in scavenges: shows the stacks of the Processes that the visitor has reached, each once
    /// after `visit`. Answers whether there was one: what it holds may be or lead to another Process.
    ///
    /// Which stack belongs to which Process the machine knows by itself: what stands in the variables of the
    /// object may have been written by anybody.
    fn visit_stacks(&mut self, visitor: &mut dyn Visitor) -> bool;
    /// After the trace: `alive(v)` is the (new) place of an object, or none when it died.
    /// The machine clears or updates what it holds weakly (Process stacks, caches).
    /// After become it is called too, with nobody dead.
    fn sweep(&mut self, full: bool, alive: &dyn Fn(Value) -> Option<Value>);
    /// Only from [`Heap::reach`]: this object can be reached.
    fn note(&mut self, _heap: &Heap, _object: Value) {}
}

impl Heap {
    /// The collection that is due: a scavenge, and a full collection when old space has outgrown
    /// its threshold (in stress mode also at every `stress_full_every`th).
    pub fn collect(&mut self, roots: &mut dyn Roots) {
        self.scavenge(roots);
        if self.full_due() {
            self.full_collect(roots);
        }
    }
}
