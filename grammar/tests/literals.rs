//! Every form of every literal: what it is worth.

mod common;
use common::do_it;

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(do_it(source), expected, "source: {source}");
}

#[test]
fn integers() {
    check("0", "0");
    check("007", "7");
    check("-5", "-5");
    check("1e10", "10000000000");
    check("-1e3", "-1000");
    check("1000e-2", "10");
    check("16r1F", "31");
    check("-16rFF", "-255");
    check("2r1e4", "16");
    check("16rff", "255");
    check("16r1e2", "482");
    check("16r1E2", "482");
    check("36rZZ", "1295");
    check("1e-3", "1/1000");
    check("-25e-2", "-25/100");
    check("2r1e-2", "1/4");
    check("#(1e-2 -3e-1)", "#(1/100 -3/10)");
    check("16r-FF", "-255");
    check("-16r-FF", "255");
    check("16r-FF.foo", "-255. foo");
    check("16r-a", "-10");
    check("2r-1.1", "-1.5f");
    check("3 r - 2", "((3 r) - 2)");
}

#[test]
fn large_integers() {
    check("1152921504606846975", "1152921504606846975");
    check("1152921504606846976", "1152921504606846976L");
    check("-1152921504606846976", "-1152921504606846976");
    check("-1152921504606846977", "-1152921504606846977L");
    check(
        "16rFFFFFFFFFFFFFFFFFFFFFFFF",
        "79228162514264337593543950335L",
    );
    check("2r1e64", "18446744073709551616L");
    check("1e30", "1000000000000000000000000000000L");
    check(
        "1e999999",
        "ERROR a literal number makes at most 100,000 digits",
    );
    check("0e999999", "0");
    let digits = do_it("1e99998");
    assert_eq!(digits.len(), 99_999 + 1);
    assert!(do_it("2r1e332000").len() > 99_900);
    assert!(do_it("2r1e333000").starts_with("ERROR"));
}

#[test]
fn floats() {
    check("1.5", "1.5f");
    check("-1.5e-3", "-0.0015f");
    check("1.5e10", "15000000000.0f");
    check("0.1", "0.1f");
    check("-0.0", "-0.0f");
    check("1.0d2", "100.0f");
    check("1.0q2", "100.0f");
    check("2r1.1", "1.5f");
    check("2r1.1e3", "12.0f");
    check("16rA.8", "10.5f");
    check("3r0.1", "0.3333333333333333f");
    check("2r0.1e-1100", "0.0f");
    check("10r0.1", "0.1f");
    check("1.0e400", "inff");
    check("2r1.0e2000", "inff");
    check("123456789.123456789e-320", "1.234567891236e-312f");
}

#[test]
fn scaled_decimals() {
    check("3.14s2", "314/100s2");
    check("3s2", "3/1s2");
    check("3.14s", "314/100s2");
    check("3s", "3/1s0");
    check("-0.5s4", "-5/10s4");
}

#[test]
fn numbers_touch_what_follows() {
    check("1to: 3", "(1 to: 3)");
    check("3 e", "(3 e)");
    check("3sin", "(3 sin)");
    check("3raisedTo: 4", "(3 raisedTo: 4)");
    check("36raisedTo: 4", "(36 raisedTo: 4)");
    check("3reverse", "(3 reverse)");
    check("1.", "1");
    check("a := 1.b := 2", "(a := 1). (b := 2)");
    check("16rFF.Foo bar", "255. (Foo bar)");
    check("3+4", "(3 + 4)");
}

#[test]
fn characters() {
    check("$a", "$a");
    check("$'", "$'");
    check("$ ", "$ ");
    check("$\" foo", "($\" foo)");
    check("$$", "$$");
    check("$€", "$€");
    check("#($a $  $' $))", "#($a $  $' $))");
}

#[test]
fn strings() {
    check("''", "''");
    check("'it''s'", "'it's'");
    check("''''", "'''");
    check("'größe \"x\" ✓'", "'größe \"x\" ✓'");
    check("'two\n\tlines'", "'two\n\tlines'");
    check("'a','b'", "('a' , 'b')");
}

#[test]
fn symbols() {
    check("#foo", "#foo");
    check("#foo:bar:", "#foo:bar:");
    check("#foo:bar", "#foo:bar");
    check("#x::", "#x::");
    check("#+", "#+");
    check("#->", "#->");
    check("#|", "#|");
    check("#'x y'", "#x y");
    check("#'it''s'", "#it's");
    check("##sym", "#sym");
    check("###foo:", "#foo:");
    check("#größe", "#größe");
    check("#±", "#±");
    check("#_x1", "#_x1");
    check("x:=#foo", "(x := #foo)");
}

#[test]
fn computed_constants() {
    check("##(3 + 4) foo", "(##((3 + 4)) foo)");
    check("a := ##( | b | b := 2. b )", "(a := ##(|b| (b := 2). b))");
    check("##()", "##()");
    check("#(##(1 2))", "#(#(1 2))");
    check("###(1 2)", "#(1 2)");
}

#[test]
fn literal_arrays() {
    check("#()", "#()");
    check("#(1 $a 'b' #c d)", "#(1 $a 'b' #c #d)");
    check("#(true false nil self)", "#(true false nil #self)");
    check("#(at:put: at: put: foo)", "#(#at:put: #at: #put: #foo)");
    check("#(foo:bar)", "#(#foo:bar)");
    check(
        "#(+ - | || < > -> := ^ ; . :)",
        "#(#+ #- #| #|| #< #> #-> #:= #^ #; #. #:)",
    );
    check("#(-1 - 2)", "#(-1 #- 2)");
    check("#(3 -4 5-6)", "#(3 -4 5 -6)");
    check("#((1 2) #(3) (a (b)))", "#(#(1 2) #(3) #(#a #(#b)))");
    check("#(#[1 2] [3 4])", "#(#[1, 2] #[3, 4])");
    check("#(#(1) #+ #at:put: #'x y')", "#(#(1) #+ #at:put: #x y)");
    check("#(16rFF 1.5 3s2)", "#(255 1.5f 3/1s2)");
    check("#(\"c\" a \"d\")", "#(#a)");
    check("#(1) size", "(#(1) size)");
}

#[test]
fn byte_arrays() {
    check("#[]", "#[]");
    check("#[1 2 255]", "#[1, 2, 255]");
    check("#[16rFF 2r11]", "#[255, 3]");
}
