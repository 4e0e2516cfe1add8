//! Filters: each kind of test, and how they are put together.

use lanner_sdk::abi::{event_flag, field, process_flag};
use lanner_sdk::prelude::*;
use lanner_sdk::testing::{
    PackTest, TestEvent, connect, connect_unix, container, exec, exit, fork, loss, open, process,
};

/// Each rule raises a finding for each event that its filter lets through.
macro_rules! pack {
    ($name:ident: $($rule:literal $on:ident $only:expr;)*) => {
        #[derive(Default)]
        struct $name;

        impl Pack for $name {
            const INFO: PackInfo = pack_info!("filters", "Rules that are filters");

            fn rules(r: &mut Rules<Self>) {
                $(r.rule(concat!("test/", $rule)).only($only).$on(|_, _, out| {
                    out.finding("passed");
                });)*
            }
        }
    };
}

/// The rules whose filters let an event through.
#[track_caller]
fn passes<P: Pack>(event: TestEvent, rules: &[&str]) {
    let found = PackTest::<P>::new().feed(event);
    let passed: Vec<&str> = found.iter().filter_map(|finding| finding.rule.strip_prefix("test/")).collect();
    assert_eq!(passed, rules);
}

const CONST_BITS: u32 = 0o2;

pack! { Numbers:
    "root" on_open process::euid().equals(0);
    "people" on_open process::uid().between(1000..);
    "few" on_open process::pid().between(1..3);
    "nobody" on_open process::login_uid().known();
    "system" on_open process::login_uid().one_of([1, 2, 3]);
    "write" on_open open::flags().any(0o1 | CONST_BITS.cast_signed());
    "create" on_open open::flags().all(0o101);
    "plain" on_open open::flags().none(0o101_u32);
    "memfd" on_open process::flags().any(process_flag::EXE_MEMFD | process_flag::EXE_DELETED);
    "whole" on_open event::flags().none(event_flag::PARTIAL | event_flag::TRUNCATED);
    "created" on_open open::created().is(true);
    "lower" on_open open::file_upper().is(false);
}

#[test]
fn numbers_flags_and_yes_or_no() {
    passes::<Numbers>(open("/x"), &["root", "plain", "whole"]);
    let ada = process("/bin/sh").uid(1000).set(field::process::LOGIN_UID, 2_u32).memfd();
    let created = open("/x").created().set(field::open::FILE_UPPER, false).by(&ada);
    passes::<Numbers>(
        created,
        &["people", "nobody", "system", "write", "create", "memfd", "whole", "created", "lower"],
    );
    let second = process("/bin/sh").uid(999).set(field::process::PID, 2_u32);
    passes::<Numbers>(open("/x").by(second), &["few", "plain", "whole"]);
}

pack! { Texts:
    "equals" on_open open::path().equals(["/a/b", "/c"]);
    "begins" on_open open::path().starts_with(["/a/".to_owned()]);
    "ends" on_open open::path().ends_with([b"\xff".as_slice(), b"/b".as_slice()]);
    "within" on_open open::path().contains(vec!["/x/"]);
    "parent" on_open parent::exe().ends_with(["/nginx"]);
    "image" on_open container::image().starts_with(["alpine"]);
    "script" on_open process::script().known();
}

#[test]
fn texts_of_events_processes_parents_and_containers() {
    passes::<Texts>(open("/a/b"), &["equals", "begins", "ends"]);
    passes::<Texts>(open(b"/x/\xff"), &["ends", "within"]);
    let nginx = process("/usr/sbin/nginx");
    let shell = process("/bin/sh").parent(&nginx).container(container("0123").image("alpine:3"));
    passes::<Texts>(open("/c").by(&shell), &["equals", "parent", "image"]);
    passes::<Texts>(open("/d").by(nginx.script("/etc/x")), &["script"]);
}

pack! { Results:
    "failed" on_connect event::result().failed();
    "fine" on_connect event::result().succeeded();
    "denied" on_connect event::result().errno([13, 1]);
    "negative" on_connect event::result().between(..0);
    "private" on_connect connect::address().within("10.0.0.0/8");
    "local" on_connect connect::address().within_any(["127.0.0.0/8", "::1/128"]);
    "peer" on_connect connect::address().equals("192.0.2.7");
    "web" on_connect connect::port().one_of([80, 443]);
    "not-web" on_connect !connect::port().one_of([80, 443]);
    "both" on_connect connect::port().equals(22).and(!connect::address().within("192.0.2.0/24"));
    "either" on_connect connect::unix_path().known().or(connect::port().equals(22)).or(process::euid().equals(7));
}

#[test]
fn results_addresses_and_what_is_put_together() {
    passes::<Results>(connect("10.1.2.3:80"), &["fine", "private", "web"]);
    passes::<Results>(
        connect("192.0.2.7:22").failed(13),
        &["failed", "denied", "negative", "peer", "not-web", "either"],
    );
    passes::<Results>(connect("[::1]:22").under_way(), &["fine", "negative", "local", "not-web", "both", "either"]);
    // A test of what is not known does not hold, and its negation does.
    passes::<Results>(connect_unix("/run/x"), &["fine", "not-web", "either"]);
    let seven = connect("9.9.9.9:80").by(process("/bin/sh").uid(7));
    passes::<Results>(seven, &["fine", "web", "either"]);
}

pack! { Named:
    "image" on_exec exec::image::exe().equals(["/bin/sh"]);
    "before" on_exec process::exe().equals(["/bin/sh"]);
    "named" on_exec exec::filename().equals(["/bin/sh"]);
    "child" on_fork fork::child::euid().equals(7);
    "lost" on_loss loss::lost_kind().equals(Kind::Open);
    "other" on_loss !loss::lost_kind().one_of([Kind::Open, Kind::Exec]);
    "many" on_loss loss::count().between(10..=20);
}

#[test]
fn processes_that_the_event_names() {
    let shell = process("/bin/sh");
    passes::<Named>(exec(&shell), &["image", "named"]);
    passes::<Named>(exec(process("/bin/ls").parent(&shell)), &["before"]);
    passes::<Named>(fork(process("/bin/sh").uid(7)), &["child"]);
    passes::<Named>(loss(Kind::Open, 9), &["lost"]);
    passes::<Named>(loss(Kind::Fork, 20), &["other", "many"]);
}

/// As many filters as a host would not take in one another.
#[derive(Default)]
struct Long;

impl Pack for Long {
    const INFO: PackInfo = pack_info!("long", "A long filter");

    fn rules(r: &mut Rules<Self>) {
        let none = process::uid().equals(1).or(process::uid().equals(2));
        let any = (3..50).fold(none, |any, uid| any.or(process::uid().equals(uid)));
        let all = (1..50).fold(!any, |all, uid| all.and(!process::uid().equals(uid)));
        r.rule("test/long").only(!!all).on_exit(|_, _, out| {
            out.finding("passed");
        });
    }
}

#[test]
fn filters_lie_side_by_side() {
    passes::<Long>(exit(0), &["long"]);
    passes::<Long>(exit(0).by(process("/bin/sh").uid(49)), &[]);
}

/// Wants of a loss what only a process has.
#[derive(Default)]
struct Nobody;

impl Pack for Nobody {
    const INFO: PackInfo = pack_info!("nobody", "Nobody's doing");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/nobody").only(process::uid().equals(0)).on_any([Kind::Open, Kind::Loss], |_, _, _| {});
    }
}

#[test]
#[should_panic(expected = "rule test/nobody: events of the kind \"loss\" have no field \"process.uid\"")]
fn what_the_compiler_cannot_see_fails_the_test() {
    let _ = PackTest::<Nobody>::new();
}

/// Has a network that is none.
#[derive(Default)]
struct Unwritten;

impl Pack for Unwritten {
    const INFO: PackInfo = pack_info!("unwritten", "A network that is none");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/network").only(connect::address().within("10.0.0.0/33")).on_connect(|_, _, _| {});
    }
}

#[test]
#[should_panic(expected = "\"10.0.0.0/33\" is not a network such as 10.0.0.0/8 or fd00::/8")]
fn a_network_that_is_none_fails_the_test() {
    let _ = PackTest::<Unwritten>::new();
}
