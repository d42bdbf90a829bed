//! Listings of the code for each construct, as snapshots beside this file.
//!
//! The scope has the instance variables `x y z`, the class variable `Default`,
//! the global `Transcript` and the session variable `known`.

use chirp::compiler::disassemble::disassemble_with_source;
use chirp::compiler::{CompiledDoIt, Variables, compile_do_it, compile_method};

use crate::machine::TestScope;

/// The listing of a method.
fn method(source: &str) -> String {
    let method = chirp_grammar::parse_method(source)
        .tree
        .expect("a correct method");
    let code = compile_method(&method, &TestScope).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    disassemble_with_source(&code, source)
}

fn do_it(source: &str, variables: Variables) -> String {
    let do_it = chirp_grammar::parse_do_it(source)
        .tree
        .expect("a correct do-it");
    let CompiledDoIt { code, declared } =
        compile_do_it(&do_it, &TestScope, variables).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    format!(
        "declared: {}\n{}",
        declared.join(" "),
        disassemble_with_source(&code, source)
    )
}

fn check(name: &str, source: &str, listing: String) {
    insta::with_settings!({
        snapshot_path => "listings",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, format!("{source}\n\n{listing}"));
    });
}

macro_rules! listings {
    ($($name:ident $source:literal)*) => {
        $(#[test] fn $name() { check(stringify!($name), $source, method($source)); })*
    };
}

listings! {
    answers_self "foo"
    answers_argument "foo: a ^ a"
    answers_constant "foo ^ 3"
    constants "foo ^ {nil. true. false. $a. $\u{e9}. $\u{20ac}. 3. -3. 32767. 32768. 2 raisedTo: 100. 1.5. 'text'. #symbol. #(1 2). #[1 2]. 1.5s2. 3. 1.5}"
    instance_variables "foo x := y. ^ x + z"
    globals "foo Transcript show: Zork; show: Default. Default := 3"
    unary_send "foo: a ^ a bar"
    keyword_send "at: i put: v ^ self basicAt: i + 1 put: v"
    nested_sends "foo: a ^ a bar baz: a qux with: (a zip: a)"
    long_chain_of_sends "foo: a ^ a b c d e f g h"
    long_chain_of_operators "foo: a ^ a + 1 - 2 * 3 / 4 + a"
    arithmetic "foo: a with: b ^ {a + b. a - b. a * b. a / b. a // b. a \\\\ b. a bitAnd: b. a bitOr: b. a bitXor: b. a bitShift: b}"
    immediates "foo: a ^ {a + 1. a - 255. a + 256. a + -1. 1 + a}"
    comparison_values "foo: a with: b ^ {a < b. a <= b. a > b. a >= b. a = b. a ~= b. a == b. a ~~ b}"
    comparison_tests "foo: a with: b a < b ifTrue: [^ 1]. a <= 3 ifTrue: [^ 2]. a > -129 ifTrue: [^ 3]. a >= -128 ifFalse: [^ 4]. a = b ifTrue: [^ 5]. a ~= 0 ifTrue: [^ 6]. 3 < a ifTrue: [^ 7]"
    identity_tests "foo: a with: b a == b ifTrue: [^ 1]. a ~~ b ifTrue: [^ 2]. a == nil ifTrue: [^ 3]. nil ~~ a ifTrue: [^ 4]. a == b ifFalse: [^ 5]"
    indexing "foo: a | n | n := a size. a at: n put: (a at: 1). ^ a at: 2 put: 3"
    super_send "foo: a super foo: a. super + 1. ^ super ifNil: [3]"
    cascade "foo Transcript show: 'a'; show: x; cr"
    cascade_to_argument "foo: a ^ a first; second: 2; third"
    cascade_to_super "foo ^ super first; second"
    operand_order "foo | a | a := 1. ^ a + (a := 3) + a"
    operand_order_without_need "foo: b | a | a := 1. ^ a + (b foo: (a + 1))"
    if_for_effect "foo: a a bar ifTrue: [x := 1] ifFalse: [x := 2]"
    if_value "foo: a ^ (a bar ifTrue: [1]) foo: (a > 3 ifTrue: ['y'] ifFalse: ['n'])"
    if_returns "foo: a a > 3 ifTrue: [^ 1] ifFalse: [^ 2]. self unreachable"
    if_in_assignment "foo: a | t | t := a > 3 ifTrue: [a + 1] ifFalse: [t]. ^ t"
    if_sends_when_not_literal "foo: a ^ a ifTrue: a ifFalse: [2]"
    and_or_values "foo: a with: b ^ {a and: [b]. a or: [b > 3]. (a and: [b]) or: [a < 3]}"
    and_or_tests "foo: a with: b (a > 3 and: [b < 4 or: [a = b]]) ifTrue: [^ 1]. ((a > 3 or: [b bar]) and: [a < b]) not ifTrue: [^ 2]"
    nil_tests "foo: a ^ {a ifNil: [1]. a bar ifNil: [1]. a ifNotNil: [:v | v + 1]. a bar ifNotNil: [:v | v bar: v]. a ifNil: [1] ifNotNil: [:v | v]. x ifNotNil: [2]}"
    nil_default "foo ^ x ifNil: [x := Array new]"
    while_with_comparison "foo: n | i | i := 0. [i < n] whileTrue: [i := i + 1]. ^ i"
    while_with_send "foo: s [s atEnd] whileFalse: [s next]"
    while_with_and "foo: n | i | i := 0. [i < n and: [(x at: i) = 3]] whileTrue: [i := i + 1]"
    while_without_body "foo: s [s next = 3] whileFalse. [s bar] whileTrue"
    while_true_forever "foo: s [true] whileTrue: [s next ifNil: [^ s]]"
    repeat "foo: s [s next = 3 ifTrue: [^ 1]] repeat"
    counting_loop "foo: n | s | s := 0. 1 to: n do: [:i | s := s + i]. ^ s"
    counting_loop_with_literals "foo 1 to: 10 do: [:i | x bar: i]. 10 to: 1 by: -2 do: [:i | x bar: i]. 1 to: 1000 by: 300 do: [:i | x bar: i]. 1 to: 2 by: 0.5 do: [:i | x bar: i]"
    counting_loop_value "foo: n ^ 1 to: n size do: [:i | n bar: i]"
    counting_loop_limit_changes "foo | n | n := 3. 1 to: n do: [:i | n := n + 1]"
    counting_loop_real_send "foo: n 1 to: 5 by: n do: [:i | x bar: i]"
    times_repeat "foo: n n timesRepeat: [x bar]. 3 timesRepeat: [x bar]"
    times_repeat_value "foo: n ^ n timesRepeat: [x bar]"
    loop_with_temporaries "foo: n 1 to: n do: [:i | | a b | a := i bar. x foo: a with: b. b := i]"
    loop_with_captured_temporary "foo: n 1 to: n do: [:i | | a | a := 0. x add: [a := a + i]]"
    plain_block "foo ^ [:a :b | a + b]"
    empty_blocks "foo ^ {[]. [:a | ]. [nil]}"
    block_with_self "foo: a ^ [self bar: x]"
    block_with_captured_value "foo: a ^ [:b | b > a ifTrue: [a] ifFalse: [b]]"
    block_with_shared_variable "foo | n | n := 0. ^ [n := n + 1]"
    nested_blocks "foo: a | n | n := a. ^ [:b | n := b. [:c | a + b + c + n + x]]"
    block_with_loop "foo: a ^ [:b | 1 to: b do: [:i | a at: i put: b]]"
    non_local_return "detect: b x do: [:e | (b value: e) ifTrue: [^ e]]. ^ nil"
    nested_non_local_return "foo ^ [:a | [:b | ^ a + b]]"
    block_values "foo: b ^ {b value. b value: 1. b value: 1 value: 2. b value: 1 value: 2 value: 3. b value: 1 value: 2 value: 3 value: 4. b cull: 1}"
    this_context "foo ^ thisContext sender"
    brace_array "foo: a ^ {}, {a. a bar. 3}"
    statements_without_effect "foo: a a. 3. [a]. self. x. Transcript"
    dead_code "foo ^ 3. self bar. ^ 4"
    primitive "foo: a <primitive: 60> ^ self error: 'no'"
    primitive_with_error "foo: a <primitive: 'fooBar' module: 'Foo' error: code> | t | t := code. ^ [code] value"
    fib "fib: n\n\tn < 2 ifTrue: [ ^ n ].\n\t^ (self fib: n - 1) + (self fib: n - 2)"
    sieve "sieve: n\n\t| flags count |\n\tflags := Array new: n withAll: true.\n\tcount := 0.\n\t2 to: n do: [ :i |\n\t\t(flags at: i) ifTrue: [ | k |\n\t\t\tk := i + i.\n\t\t\t[ k <= n ] whileTrue: [ flags at: k put: false. k := k + i ].\n\t\t\tcount := count + 1 ] ].\n\t^ count"
    advance "advance: dt\n\tx := x + (dt * y).\n\tz := z - (x * x / (y sqrt * 2.0))"
    sum_with_block "sum: n\n\t| b s |\n\ts := 0.\n\tb := [ :v | v + 1 ].\n\t1 to: n do: [ :i | s := b value: s ].\n\t^ s"
}

#[test]
fn script() {
    let source = "| a b |\na := 3.\nc := a + 1.\n| d |\nd := [c := c + 1].\nd value";
    check("script", source, do_it(source, Variables::Script));
}

#[test]
fn session() {
    let source = "| a b |\na := 3.\nc := a + known.\n[:e | | f | f := e. c := f] value: 2";
    check("session", source, do_it(source, Variables::Session));
}

#[test]
fn script_without_statements() {
    check(
        "script_without_statements",
        "| a |",
        do_it("| a |", Variables::Script),
    );
}
