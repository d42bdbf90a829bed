//! What compiled code does: sources with their values, run on the strict machine of these tests,
//! once with the fast instructions and once through their stubs.

use std::cell::RefCell;
use std::rc::Rc;

use chirp::compiler::{Variables, compile_do_it, compile_method, verify::verify};

use crate::machine::{Exit, Machine, TestScope, Value};

/// Runs the do-it `source`; `methods` are separated by lines of `!`.
pub fn run(methods: &[&str], source: &str, slow: bool, variables: Variables) -> String {
    let mut machine = Machine::new(slow);
    for text in methods {
        let parsed = chirp_grammar::parse_method(text);
        let method = parsed
            .tree
            .unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics));
        let code = compile_method(&method, &TestScope).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        verify(&code).unwrap_or_else(|e| panic!("{text}: {e}"));
        machine.methods.insert(method.selector.clone(), code);
    }
    let parsed = chirp_grammar::parse_do_it(source);
    let do_it = parsed
        .tree
        .unwrap_or_else(|| panic!("{source}: {:?}", parsed.diagnostics));
    let compiled =
        compile_do_it(&do_it, &TestScope, variables).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    verify(&compiled.code).unwrap_or_else(|e| panic!("{source}: {e}"));
    let receiver = Value::Object(Rc::new(RefCell::new(vec![
        Value::Int(10),
        Value::Int(20),
        Value::Nil,
    ])));
    let mut text = match machine.call(&compiled.code, receiver, &[]) {
        Ok(value) => value.print(),
        Err(Exit::Error(text)) => format!("error: {text}"),
        Err(Exit::NonLocal(..)) => "error: a non-local return got lost".to_string(),
    };
    if !machine.log.is_empty() {
        text = format!("{text} log {}", machine.log.join(" "));
    }
    text
}

/// The same in every mode.
fn check(methods: &[&str], source: &str, expected: &str) {
    for slow in [false, true] {
        for variables in [Variables::Script, Variables::Session] {
            let found = run(methods, source, slow, variables);
            assert_eq!(found, expected, "{source} (slow: {slow}, {variables:?})");
        }
    }
}

macro_rules! behaviour {
    ($($name:ident { $($method:literal)* } $source:literal => $expected:literal;)*) => {
        $(#[test] fn $name() { check(&[$($method),*], $source, $expected); })*
    };
}

behaviour! {
    nothing {} "" => "nil";
    last_statement {} "3. 4" => "4";
    declaration_is_no_value {} "| a b |" => "nil";
    arithmetic {} "3 + 4 * 2 - 1" => "13";
    instance_variables {} "x + y" => "30";
    assignment_value {} "| a b | a := b := 5. a + b" => "10";
    operand_is_read_before_it_is_assigned {} "| a | a := 1. a + (a := 3)" => "4";
    both_operands_assign {} "| a | (a := 3) * 10 + (a := 4) + a" => "38";
    receiver_of_a_send_is_read_first {} "| a | a := 1. {a. a := 2. a}" => "(1 2 2)";
    operand_is_assigned_in_an_inlined_block {} "| a | a := 1. a + (true ifTrue: [a := 5. a])" => "6";
    index_is_assigned_by_the_value {} "| i a | a := Array new: 3. i := 1. a at: i put: (i := 2). a at: 1" => "2";
    receiver_of_a_cascade_is_assigned {} "| a | a := 3. a max: (a := 4); + 1" => "4";
    cascade_value {} "| a | a := Array new: 2. a at: 1 put: 7; at: 2 put: 8; yourself" => "(7 8)";
    cascade_of_an_expression {} "(Array new: 1) at: 1 put: 5; size" => "1";
    cascade_as_an_argument {} "{1. (Array new: 1) at: 1 put: 5; yourself. 2}" => "(1 (5) 2)";
    if_without_else {} "3 > 4 ifTrue: [1]" => "nil";
    if_with_both {} "| r | r := 3 > 4 ifTrue: [1] ifFalse: [2]. r" => "2";
    if_false_first {} "3 > 4 ifFalse: [1] ifTrue: [2]" => "1";
    if_with_constants {} "{true ifTrue: 1 ifFalse: 2. false ifTrue: 1 ifFalse: nil}" => "(1 nil)";
    if_keeps_its_operands {} "5 + (3 < 4 ifTrue: [| t | t := 2. t + 1] ifFalse: [0]) + 1" => "9";
    empty_arm {} "{true ifTrue: []. false ifFalse: []}" => "(nil nil)";
    not_a_boolean {} "3 ifTrue: [4]" => "error: 3 must be boolean";
    and_value {} "{true and: [3]. false and: [3]. true or: [3]. false or: [3]}" => "(3 false true 3)";
    and_or_tests {} "| n | n := 0. 1 to: 10 do: [:i | (i > 3 and: [i < 8 or: [i = 10]]) ifTrue: [n := n + i]]. n" => "32";
    or_tests {} "| n | n := 0. 1 to: 10 do: [:i | ((i < 3 or: [i > 8]) and: [i ~= 9]) ifTrue: [n := n + i]]. n" => "13";
    not_tests {} "| n | n := 0. 1 to: 5 do: [:i | (i < 3) not ifTrue: [n := n + i]. ((i < 3 or: [i = 4]) not) ifTrue: [n := n + 100]]. n" => "212";
    not_as_a_send {} "(3 isNil) not" => "true";
    identity {} "| a | a := Array new: 1. {a == a. a ~~ a. a == nil. nil ~~ a}" => "(true false false true)";
    identity_tests {} "| a | a := 3. {a == 3 ifTrue: [1]. a ~~ 3 ifTrue: [1]. nil == a ifFalse: [2]. a == nil ifTrue: [3]}" => "(1 nil 2 nil)";
    if_nil {} "{nil ifNil: [1]. 2 ifNil: [1]. nil ifNotNil: [:v | v]. 3 ifNotNil: [:v | v + 1]}" => "(1 2 nil 4)";
    if_nil_both {} "{nil ifNil: [1] ifNotNil: [:v | v]. 5 ifNil: [1] ifNotNil: [:v | v + 1]. 5 ifNotNil: [7] ifNil: [8]}" => "(1 6 7)";
    if_nil_of_a_variable {} "| a b | a := nil. b := a ifNil: [9]. a := a ifNil: [b + 1]. {a. b. a ifNotNil: [:v | a := 1. v + a]}" => "(10 9 11)";
    if_nil_of_a_send {} "| a | a := 4. (a yourself ifNil: [1]) + (a yourself ifNotNil: [:v | | t | t := v. t * v])" => "20";
    if_nil_captured {} "(7 ifNotNil: [:v | [:w | v + w]]) value: 1" => "8";
    to_do {} "| s | s := 0. 1 to: 5 do: [:i | s := s + i]. s" => "15";
    to_do_value {} "(2 to: 4 do: [:i | Log add: i]) + 1" => "3 log 2 3 4";
    to_do_down {} "10 to: 4 by: -3 do: [:i | Log add: i]" => "10 log 10 7 4";
    to_do_large_step {} "1 to: 1000 by: 300 do: [:i | Log add: i]" => "1 log 1 301 601 901";
    to_do_never {} "5 to: 1 do: [:i | Log add: i]. 3" => "3";
    to_do_limit_is_evaluated_once {} "1 to: (Log add: 3) do: [:i | Log add: i * 10]" => "1 log 3 10 20 30";
    to_do_limit_is_assigned_in_the_loop {} "| n | n := 3. 1 to: n do: [:i | n := 10. Log add: i]. n" => "10 log 1 2 3";
    to_do_start_is_a_variable {} "| a | a := 2. a to: 4 do: [:i | a := i]. a" => "4";
    to_do_in_an_assignment {} "| a | a := 5. a := 1 to: 3 do: [:i | Log add: a]. a" => "1 log 5 5 5";
    to_do_parameter_is_fresh {} "| bs | bs := Array new: 3. 1 to: 3 do: [:i | bs at: i put: [i]]. bs collect: [:b | b value]" => "(1 2 3)";
    loop_temporaries_are_fresh {} "| bs | bs := Array new: 3. 1 to: 3 do: [:i | | t | bs at: i put: [t := (t ifNil: [0]) + i. t]]. (bs collect: [:b | b value]). bs collect: [:b | b value]" => "(2 4 6)";
    loop_temporaries_start_as_nil {} "1 to: 3 do: [:i | | t | Log add: t. t := i]" => "1 log nil nil nil";
    loop_temporaries_assigned_first {} "1 to: 3 do: [:i | | t | t := i * 2. Log add: t]" => "1 log 2 4 6";
    loop_temporaries_captured_as_values {} "| bs | bs := Array new: 2. 1 to: 2 do: [:i | | t | t := i * 10. bs at: i put: [t]]. bs collect: [:b | b value]" => "(10 20)";
    conditional_temporaries_start_as_nil {} "1 to: 2 do: [:i | | t | i = 1 ifTrue: [t := 5]. Log add: t]" => "1 log 5 nil";
    variable_around_a_loop_is_shared {} "| bs t | bs := Array new: 2. 1 to: 2 do: [:i | t := i * 10. bs at: i put: [t]]. bs collect: [:b | b value]" => "(20 20)";
    while_value {} "| i | i := 0. [i < 3] whileTrue: [i := i + 1]" => "nil";
    while_true {} "| i | i := 0. [i < 3] whileTrue: [Log add: i. i := i + 1]. i" => "3 log 0 1 2";
    while_false {} "| i | i := 0. [i >= 3] whileFalse: [i := i + 1]. i" => "3";
    while_without_body {} "| i | i := 0. [i := i + 1. i < 5] whileTrue. [i := i + 1. i > 8] whileFalse. i" => "9";
    while_with_and {} "| i | i := 0. [i < 10 and: [i ~= 5]] whileTrue: [i := i + 1]. i" => "5";
    while_with_or {} "| i | i := 0. [i < 3 or: [i > 5 and: [i < 8]]] whileTrue: [i := i + 1]. i" => "3";
    while_with_or_at_the_end {} "| i | i := 0. [i < 3 or: [i < 6]] whileTrue: [i := i + 1]. i" => "6";
    while_true_forever { "m | i | i := 0. [true] whileTrue: [i := i + 1. i = 7 ifTrue: [^ i]]" } "self m" => "7";
    while_with_temporaries {} "| n | n := 0. [| t | t := n + 1. t < 4] whileTrue: [| u | u := 1. n := n + u]. n" => "3";
    while_with_nil {} "[] whileTrue: [3]" => "error: nil must be boolean";
    repeat { "m | i | i := 0. [i := i + 1. i > 4 ifTrue: [^ i]] repeat" } "self m" => "5";
    times_repeat {} "| n | n := 0. 4 timesRepeat: [n := n + 2]. n" => "8";
    times_repeat_value {} "| n | n := 3. {n timesRepeat: [Log add: 1]. 0 timesRepeat: [Log add: 2]}" => "(3 0) log 1 1 1";
    times_repeat_of_something_else {} "nil timesRepeat: [Log add: 1]" => "2 log 1 1";
    blocks {} "[:a :b | a - b] value: 5 value: 3" => "2";
    empty_blocks {} "{[] value. [:a | ] value: 3. [| t | t] value}" => "(nil nil nil)";
    captured_value {} "| a | a := 3. [a + 1] value" => "4";
    captured_and_assigned {} "| a | a := 3. [a := a + 1] value. a" => "4";
    assigned_after_capture {} "| a b | a := 3. b := [a]. a := 4. b value" => "4";
    assigned_by_one_of_two_blocks {} "| a inc get | a := 0. inc := [a := a + 1]. get := [a]. inc value. inc value. get value" => "2";
    nested_capture {} "| a | a := 1. ([:b | [:c | a + b + c]] value: 2) value: 3" => "6";
    nested_capture_of_shared {} "| a | a := 1. [[a := a + 1] value. a] value" => "2";
    counter_factory { "counter | n | n := 0. ^ [n := n + 1]" } "| c d | c := self counter. d := self counter. c value. c value. {c value. d value}" => "(3 1)";
    recursive_block {} "| f | f := nil. f := [:n | n < 2 ifTrue: [1] ifFalse: [n * (f value: n - 1)]]. f value: 5" => "120";
    self_in_blocks {} "[:a | x + a] value: 1" => "11";
    self_in_nested_blocks { "foo ^ 42" } "[[self foo + x + y] value] value" => "72";
    assign_instance_in_block {} "[x := 5] value. [x := x + 1. y := x] value. {x. y}" => "(6 6)";
    non_local_return { "find: n #(1 2 3) do: [:e | e = n ifTrue: [^ e * 10]]. ^ 0" } "{self find: 2. self find: 9}" => "(20 0)";
    non_local_return_from_nested_blocks { "m [[[^ 5] value] value] value. ^ 6" } "self m" => "5";
    non_local_return_in_an_inlined_block { "m: a [:b | b > 1 ifTrue: [^ 1] ifFalse: [^ 2]] value: a. ^ 3" } "{self m: 1. self m: 2}" => "(2 1)";
    return_after_the_home_is_gone { "m ^ [^ 3]" } "self m value" => "error: the home has returned";
    falls_off_the_end { "m 3 + 4" "n: a a ifTrue: [[^ 1] value]" } "{self m == self. (self n: false) == self. self n: true}" => "(true true 1)";
    return_in_both_arms { "m: a a > 3 ifTrue: [^ 1] ifFalse: [^ 2]. Log add: a" } "{self m: 3. self m: 4}" => "(2 1)";
    return_a_conditional { "m: a ^ a > 3 ifTrue: ['big'] ifFalse: [a = 3 ifTrue: ['three']]" } "{self m: 2. self m: 3. self m: 4}" => "(nil 'three' 'big')";
    return_an_and { "m: a ^ a > 3 and: [a < 6]" } "{self m: 3. self m: 4. self m: 9}" => "(false true false)";
    fib { "fib: n n < 2 ifTrue: [^ n]. ^ (self fib: n - 1) + (self fib: n - 2)" } "self fib: 12" => "144";
    super_sends { "foo ^ super foo" } "self foo" => "error: an object does not understand #super foo";
    sieve {} "| flags n | n := 0. flags := Array new: 50. 2 to: 50 do: [:i | (flags at: i) isNil ifTrue: [| k | n := n + 1. k := i + i. [k <= 50] whileTrue: [flags at: k put: false. k := k + i]]]. n" => "15";
    at_put_value {} "| a | a := Array new: 1. (a at: 1 put: 3) + 1" => "4";
    long_chain {} "3 yourself yourself yourself yourself yourself yourself yourself yourself + 1 - 2 * 3 + 4 * 5" => "50";
    long_chain_with_assignments {} "| a | a := 1. a + a + (a := 2) + a + a + (a := 3) + a" => "14";
    brace_returns { "m ^ {1. ^ 2. 3}" } "self m" => "2";
    globals {} "{Zork. Default}" => "(Zork nil)";
    class_variable {} "Default := 3. Default + 1" => "4";
    undeclared {} "a := 3. b := a + 1. [b := b + 1] value. b" => "5";
    undeclared_before_its_assignment {} "| a | a := [c]. c := 4. a value" => "4";
    declared_twice {} "| a | a := 3. | a b | a" => "nil";
    declared_later {} "| a | a := 3. | b | b := a. b" => "3";
    shadowing {} "| a | a := 1. ([:b | | a | a := b. a] value: 5) + a" => "6";
    in_place_result_of_an_assignment {} "| a | (a := 4) + a" => "8";
    loop_with_own_result {} "| a | a := 3. a := a timesRepeat: [a := a + 1]. a" => "3";
    shared_primitive_of_many_sends {} "(((1 + 2) * (3 + 4)) + ((5 + 6) * (7 + 8)))" => "186";
}

/// A do-it with more variables than registers.
#[test]
fn many_temporaries() {
    let names: Vec<String> = (0..600).map(|n| format!("t{n}")).collect();
    let mut source = format!("| {} |\n", names.join(" "));
    for (n, name) in names.iter().enumerate() {
        source += &format!("{name} := {n}.\n");
    }
    source += "[t0 := t599 + t300. t1 := t0] value. t1 + t2 + t599";
    check(&[], &source, "1500");
}

/// A brace array with more elements than registers.
#[test]
fn large_brace_array() {
    let elements: Vec<String> = (0..1000).map(|n| format!("{n} + 1")).collect();
    let source = format!(
        "| a | a := {{{}}}. {{a size. a at: 1. a at: 1000}}",
        elements.join(". ")
    );
    check(&[], &source, "(1000 1 1000)");
}

/// A chain as long as the parser allows.
#[test]
fn very_long_chain() {
    let source = format!("1{}", " + 1".repeat(900));
    check(&[], &source, "901");
    let source = format!("3{}", " yourself".repeat(900));
    check(&[], &source, "3");
    let source = format!("3{} ifFalse: [1]", " isNil not not".repeat(300));
    check(&[], &source, "1");
}

/// Blocks in blocks: a value or a message about nesting, but no exhausted stack.
#[test]
fn deep_nesting() {
    for depth in [10, 100, 300, 900, 5000] {
        for (open, close) in [
            ("[", "] value"),
            ("(1 + ", ")"),
            ("{", "}"),
            ("true ifTrue: [", "]"),
            ("a := ", ""),
        ] {
            let source = format!("{}nil{}", open.repeat(depth), close.repeat(depth));
            let Some(do_it) = chirp_grammar::parse_do_it(&source).tree else {
                continue;
            };
            match compile_do_it(&do_it, &TestScope, Variables::Script) {
                Ok(compiled) => {
                    verify(&compiled.code).unwrap_or_else(|e| panic!("{open} {depth}: {e}"))
                }
                Err(errors) => assert!(
                    errors.iter().all(|e| matches!(e.code, "E0209" | "E0210")),
                    "{open} {depth}: {errors:?}"
                ),
            }
        }
    }
}
