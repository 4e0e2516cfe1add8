//! What is read as what, and what is wrong where.

use proptest::prelude::*;

use super::*;

fn shown(condition: &Condition) -> String {
    let all = |conditions: &[Condition]| conditions.iter().map(shown).collect::<Vec<_>>().join(" ");
    let field = |field: &Field| {
        let argument = field.argument.as_ref().map_or(String::new(), |argument| format!("[{argument}]"));
        let made: String = field.transformers.iter().map(|transformer| format!("{transformer:?}:")).collect();
        format!("{made}{}{argument}", field.name)
    };
    match condition {
        Condition::And(conditions) => format!("(and {})", all(conditions)),
        Condition::Or(conditions) => format!("(or {})", all(conditions)),
        Condition::Not(condition) => format!("(not {})", shown(condition)),
        Condition::Macro(name, _) => name.clone(),
        Condition::Check(check) => {
            let with = match &check.with {
                Operand::None => String::new(),
                Operand::Value(value) => format!(" {:?}", value.text),
                Operand::List(values) => {
                    format!(" {:?}", values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>())
                }
                Operand::Field(other) => format!(" ={}", field(other)),
            };
            let modifier = check.modifier.map_or(String::new(), |modifier| format!(" {modifier:?}"));
            format!("{} {}{modifier}{with}", field(&check.field), check.operator.name())
        }
    }
}

#[test]
fn conditions_are_read() {
    for (text, expected) in [
        ("a", "a"),
        ("a and b or c", "(or (and a b) c)"),
        ("a and (b or c)", "(and a (or b c))"),
        ("not a", "(not a)"),
        ("not not a", "a"),
        ("not(a or b)", "(not (or a b))"),
        ("not  ( a )", "(not a)"),
        ("a and(b)or(c)", "(or (and a b) c)"),
        ("proc.name=sshd", "proc.name = \"sshd\""),
        ("proc.name  =  sshd", "proc.name = \"sshd\""),
        ("proc.name == sshd", "proc.name == \"sshd\""),
        ("proc.name!=sshd", "proc.name != \"sshd\""),
        ("proc.pname exists", "proc.pname exists"),
        ("not proc.pname exists or x", "(or (not proc.pname exists) x)"),
        ("evt.rawres>=0", "evt.rawres >= \"0\""),
        ("proc.aname[2]=a", "proc.aname[2] = \"a\""),
        ("container.mount.dest[/proc*] in (\"<NA>\",\"N/A\")", "container.mount.dest[/proc*] in [\"<NA>\", \"N/A\"]"),
        ("x.y in (a, b ,c)", "x.y in [\"a\", \"b\", \"c\"]"),
        ("x.y in ()", "x.y in []"),
        ("x.y in(a)", "x.y in [\"a\"]"),
        ("x.y intersects (a)", "x.y intersects [\"a\"]"),
        ("x.y pmatch (/etc)", "x.y pmatch [\"/etc\"]"),
        ("x.y in (runc:[0:PARENT], runc)", "x.y in [\"runc:[0:PARENT]\", \"runc\"]"),
        ("x.y startswith \"a \\\"b\\\" c\"", "x.y startswith \"a \\\"b\\\" c\""),
        ("x.y endswith \\", "x.y endswith \"\\\\\""),
        ("x.y contains \"\\ \"", "x.y contains \"\\\\ \""),
        ("x.y glob '/home/*/.ssh/*'", "x.y glob \"/home/*/.ssh/*\""),
        ("tolower(x.y) = a", "Lower:x.y = \"a\""),
        ("tolower(b64( x.y )) = a", "Base64:Lower:x.y = \"a\""),
        ("x.y = val(z.w[1])", "x.y = =z.w[1]"),
        ("x.y = tolower(z.w)", "x.y = =Lower:z.w"),
        ("x.y startswith oneof (a, b)", "x.y startswith Any [\"a\", \"b\"]"),
        ("x.y contains allof (a, b)", "x.y contains All [\"a\", \"b\"]"),
        ("x.y > -1", "x.y > \"-1\""),
        ("x.y contains\n  a\nand b", "(and x.y contains \"a\" b)"),
        ("origin", "origin"),
        ("android and notx", "(and android notx)"),
    ] {
        assert_eq!(parse(text).map(|condition| shown(&condition)).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, at, says) in [
        ("", 0, "no condition"),
        ("a and", 5, "where the condition ends"),
        ("a b", 2, "`and`, `or` or the end of the condition should stand here, and not \"b\""),
        ("(a or b", 7, "`)`"),
        ("a)", 1, "`and`, `or`"),
        ("proc.name", 9, "an operator"),
        ("proc.name is x", 10, "an operator"),
        ("proc.name = ", 12, "a value"),
        ("proc.name in x", 13, "`(`"),
        ("proc.name in (a b)", 16, "`,` or `)`"),
        ("proc.name in (a,", 16, "a value"),
        ("proc.name = \"a", 12, "no \" at its end"),
        ("proc.aname[] = a", 11, "number of an ancestor"),
        ("proc.aname[1 = a", 12, "`]`"),
        ("tolower(a) = b", 8, "a field"),
        ("x.y = val(a)", 10, "a field"),
        ("and a", 0, "a field with a test"),
    ] {
        let problem = parse(text).expect_err(text);
        assert!(problem.at == at && problem.what.contains(says), "{text:?}: {problem:?}");
    }
    assert!(parse(&"(".repeat(10_000)).expect_err("too deep").what.contains("deeper"));
    assert!(parse(&"tolower(".repeat(10_000)).expect_err("too deep").what.contains("deeper"));
    assert!(parse(&"a or ".repeat(100_000)).expect_err("too long").what.contains("bytes"));
    assert!(parse(&"not ".repeat(10_000)).is_err());
}

proptest! {
    #[test]
    fn whatever_it_is_it_is_read_or_refused(text in "[a-z.= ()\"'\\\\,<>!\\[\\]0-9é]{0,60}") {
        if let Err(problem) = parse(&text) {
            prop_assert!(text.is_char_boundary(problem.at), "{:?}", problem);
        }
    }

    #[test]
    fn words_in_any_order_are_read_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "and", "or", "not", "(", ")", "proc.name", "=", "in", "(a, b)", "x", "exists", "val(", "tolower(", "\"q\"", ",",
            ]),
            0..20,
        )
    ) {
        let _ = parse(&words.join(" "));
    }
}
