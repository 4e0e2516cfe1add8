//! What the host compares: for what is found, and for as little else as can be said.

use lanner_abi::field;
use lanner_sdk::testing::{TestEvent, container, exec, open, process};
use proptest::prelude::*;

use super::{Judge, pack, rule};

/// The filters of a condition.
fn filters(condition: &str) -> Vec<(String, String)> {
    let pack = pack(&[&rule(condition)]);
    let shown = |event: &lanner_contract::Subscription| (event.kind.clone(), format!("{:?}", event.filter));
    pack.description.rules[0].events.iter().map(shown).collect()
}

fn wants(condition: &str, event: &TestEvent) -> bool {
    let judge = Judge::of(&pack(&[&rule(condition)]));
    let bytes = lanner_sdk::testing::frame([event.clone()]);
    let frame = lanner_abi::Frame::parse(&bytes).expect("a frame");
    let sieve = lanner_contract::Sieve::new(&judge.checked.wanted);
    frame.events().all(|event| sieve.wants(&event))
}

#[test]
fn most_events_do_not_reach_a_rule() {
    let read = "evt.type in (open,openat,openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0";
    let sensitive = format!("{read} and fd.name in (/etc/shadow, /etc/sudoers) and not proc.name in (a, b, c)");
    let cat = || process("/usr/bin/cat");
    assert!(wants(&sensitive, &open("/etc/shadow").read().returned(3).by(cat())));
    for event in [
        open("/etc/passwd").read().returned(3).by(cat()),
        open("/etc/shadow").write().returned(3).by(cat()),
        open("/etc/shadow").read().failed(13).by(cat()),
    ] {
        assert!(!wants(&sensitive, &event), "{event:?}");
    }
    let shell = "evt.type in (execve, execveat) and proc.name in (sh, bash) and proc.tty != 0 and container.id != host";
    assert!(!wants(shell, &exec(process("/usr/bin/ls"))));
    assert!(!wants(shell, &exec(process("/usr/bin/bash"))));
    assert!(wants(shell, &exec(process("/usr/bin/bash").set(field::process::TTY, 1_u32))));
    let kinds: Vec<String> = filters(shell).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["exec", "exec_failed"]);
}

#[test]
fn entries_of_environments_are_asked_for() {
    let all = filters("evt.type=execve and proc.env icontains HTTP_PROXY");
    let asked = lanner_contract::named::environment(
        &pack(&[&rule("evt.type=execve and proc.env icontains HTTP_PROXY")]).description.check().expect("sound").wanted,
    );
    assert!(asked.contains("HTTP_PROXY=".as_bytes()) && asked.contains("http_proxy=".as_bytes()), "{all:?}");
}

#[test]
fn packs_of_many_values_fit() {
    // Each is searched for.
    let part = |number: usize| format!("proc.cmdline contains part-{number}");
    let rules: String = (0..20)
        .map(|rule| {
            let condition = (0..50).map(|number| part(rule * 50 + number)).collect::<Vec<_>>().join(" or ");
            super::rule(&format!("evt.type=execve and ({condition})")).replace("Test", &format!("Rule {rule}"))
        })
        .collect();
    let mut judge = Judge::of(&pack(&[&rules]));
    let ran = exec(process("/usr/bin/x").args(["x", "--part-999"]));
    assert_eq!(judge.judge(&[ran]).len(), 3, "part-9, part-99 and part-999");
}

/// Conditions of few fields and values, so that they often hold.
fn condition() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "ab", "sh", "root"]);
    let text = (
        prop::sample::select(vec![
            "proc.name",
            "proc.cmdline",
            "proc.args",
            "proc.exe",
            "proc.exepath",
            "proc.pname",
            "fd.name",
            "fd.directory",
            "fd.filename",
            "user.name",
            "proc.cwd",
            "container.image",
            "proc.aname",
            "proc.aname[2]",
        ]),
        prop::sample::select(vec!["=", "!=", "contains", "startswith", "endswith", "icontains", "glob"]),
        prop::sample::select(vec![
            "a", "b", "ab", "/a", "/a/", "/a/b", "sh -c", "sh -c a", "root", "*a", "/a/*b", "a b", "/", "\"\"", "<NA>",
        ]),
    )
        .prop_map(|(field, operator, value)| match value {
            "\"\"" => format!("{field} {operator} \"\""),
            value => format!("{field} {operator} \"{value}\""),
        });
    let listed = (prop::sample::select(vec!["proc.name", "fd.name", "fd.directory", "user.name"]), name(), name())
        .prop_map(|(field, one, other)| format!("{field} in ({one}, /a/{other}, /{one})"));
    let other = prop::sample::select(vec![
        "evt.is_open_read=true",
        "evt.is_open_write=true",
        "fd.num>=0",
        "fd.num=-1",
        "evt.rawres<=3",
        "evt.res=EACCES",
        "evt.res startswith E",
        "fd.typechar=f",
        "fd.typechar=d",
        "container.id=host",
        "container.id!=host",
        "proc.tty=0",
        "proc.tty!=0",
        "proc.vpid=1",
        "user.uid=0",
        "user.loginuid=-1",
        "evt.arg.flags contains O_TRUNC",
        "evt.arg.flags contains O_R",
        "evt.type=openat",
        "evt.type in (execve)",
        "proc.pname exists",
        "thread.cap_effective contains CAP_SYS_ADMIN",
        "proc.is_exe_upper_layer=true",
        "evt.failed=true",
        "fd.name pmatch (/a)",
    ]);
    let leaf = prop_oneof![3 => text, 1 => listed, 2 => other.prop_map(str::to_owned)];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|all| format!("({})", all.join(" and "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|any| format!("({})", any.join(" or "))),
            inner.prop_map(|condition| format!("not ({condition})")),
        ]
    })
}

fn event() -> impl Strategy<Value = TestEvent> {
    let path = || prop::sample::select(vec!["/a", "/b", "/a/b", "/a/ab", "/", "a", "/b/a"]);
    let name = prop::sample::select(vec!["a", "b", "ab", "sh"]);
    let arguments = prop::sample::select(vec![&["sh", "-c", "a"][..], &["a"], &["/a/b", "a b"], &["ab", "", "b"]]);
    let facts = (
        any::<[bool; 6]>(),
        prop::sample::select(vec![0_u32, 1, 2, 0o1000, 0o200_000]),
        prop::sample::select(vec![-13_i64, 0, 3]),
    );
    (path(), name, arguments, facts).prop_map(
        |(path, name, arguments, ([is_exec, in_container, tty, parent, root, caps], flags, result))| {
            let mut of = process(format!("/a/{name}")).args(arguments).uid(if root { 0 } else { 1000 }).user(if root {
                "root"
            } else {
                "ab"
            });
            of = of.set(field::process::CWD, path);
            if in_container {
                of = of.container(container("ab").image("/a/b"));
            }
            if tty {
                of = of.set(field::process::TTY, 1_u32);
            }
            if parent {
                of = of.parent(process("/b/sh").parent(process("/a/ab")));
            }
            if caps {
                of = of.set(field::process::CAPS_EFFECTIVE, 1_u64 << 21).set(field::process::FLAGS, 1_u32);
            }
            if is_exec {
                return exec(of);
            }
            let event = open(path).flags(flags).by(of);
            if result < 0 { event.failed(13) } else { event.returned(result) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn filters_let_through_what_is_found(condition in condition(), events in prop::collection::vec(event(), 1..12)) {
        // Some can hold for nothing, and are refused.
        if let Ok(pack) = super::imported(&[&rule(&condition)]) {
            Judge::of(&pack).judge(&events);
        }
    }
}
