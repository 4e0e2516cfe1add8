//! A pack with all that a pack can have, tested as its author would.

use std::net::IpAddr;
use std::time::Duration;

use lanner_sdk::prelude::*;
use lanner_sdk::testing::{PackTest, TestEvent, connect, connect_unix, exec, exit, fork, loss, open, process};
use lanner_sdk::{Fact, SettingType, SettingValue, state};

#[derive(Default)]
struct Everything {
    /// Opens that were seen.
    opens: u64,
    /// Image of the process that opened a file last.
    last: u64,
    quiet: bool,
    many: u64,
}

impl Pack for Everything {
    const INFO: PackInfo = pack_info!("everything", "All that a pack can have");

    fn rules(r: &mut Rules<Self>) {
        r.setting("quiet").summary("Says nothing of opens").boolean(false);
        r.setting("many").summary("How many opens are many").number(1..=1000, 100);
        r.setting("mode").summary("How").one_of(["fast", "slow"], "fast");
        r.setting("folders").summary("Where").texts(["/etc", "/root"]);
        r.setting("greeting").summary("What to say").text("hello");
        r.setting("token").summary("Whom to be").takes(SettingType::Text);
        r.rule("test/filtered")
            .summary("A file was opened")
            .severity(Low)
            .attack("T1003.008")
            .attack("T1552")
            .property("author", "us")
            .only(process::exe().ends_with(["/cat", "/less"]))
            .only(open::path().starts_with(["/etc/", "/root/"]))
            .on_open(|pack, e, out| {
                pack.opens += 1;
                pack.last = e.process().image();
                if !pack.quiet {
                    out.finding(format!("{} opened {}", e.process(), e.path()))
                        .field("opens", pack.opens)
                        .because_of(1)
                        .severity(High)
                        .about(&e.process());
                }
            })
            .unfiltered()
            .on_connect(|_, e, out| {
                let peer = e.address().zip(e.port()).map(|(address, port)| format!("{address} {port}"));
                out.finding(peer.unwrap_or_else(|| "no address".to_owned()));
            });
        r.rule("test/process")
            .on_exec(|_, e, out| {
                let peer = e.stdin_peer().map(|(address, port)| format!(" from {address}:{port}")).unwrap_or_default();
                out.finding(format!("{} became {}{peer}", e.process().name(), e.image().command_line()));
            })
            .on_fork(|_, e, out| {
                out.finding(format!("{} forked {}", e.process().pid(), e.child().pid()));
            })
            .on_exit(|_, e, out| {
                out.finding(format!("ended with {}", e.code()));
            });
        r.rule("test/any").severity(Info).only(process::exe().equals(["/usr/bin/any"])).on_any(
            [Kind::Open, Kind::Connect],
            |_, e, out| {
                out.finding(e.kind().map_or("", Kind::name));
            },
        );
        r.rule("test/other")
            .only(connect::unix_path().contains(["docker"]))
            .on_connect(|_, e, out| {
                out.finding(format!("{}", e.unix_path()))
                    .key("docker")
                    .fact("path", e.unix_path())
                    .fact("family", e.family())
                    .fact("by", &e.process())
                    .fact("in progress", e.is_in_progress())
                    .fact("load", 0.5)
                    .fact("names", vec!["a", "b"])
                    .fact("address", IpAddr::from([192, 0, 2, 7]));
            })
            .unfiltered()
            .on_loss(|_, e, out| {
                out.finding(format!("lost {} {:?}", e.count(), e.lost_kind()));
            })
            .on_tick(|pack, _, out| {
                if pack.opens > pack.many {
                    out.finding("many").about_image(pack.last);
                }
            });
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        self.quiet = settings.boolean("quiet");
        self.many = settings.number("many").unsigned_abs();
        match (settings.text("mode"), settings.texts("folders")) {
            ("slow", [_, ..]) => Err("slow is for no folders".to_owned()),
            _ => Ok(()),
        }
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(&(self.opens, self.last))
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        (self.opens, self.last) = state::from_bytes(bytes)?;
        Ok(())
    }
}

export_pack!(Everything);

#[test]
fn a_finding_says_all_that_it_was_given() {
    let mut test = PackTest::<Everything>::new();
    let cat = process("/usr/bin/cat").uid(1000).user("ada");
    let found = test.feed([exit(3), open("/etc/passwd").by(&cat)]);
    let [ended, opened] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&*ended.message, &*ended.rule, ended.severity), ("ended with 3", "test/process", Medium));
    assert_eq!(opened.message, format!("cat (pid {}, ada) opened /etc/passwd", cat.pid()));
    assert_eq!((&*opened.rule, opened.severity), ("test/filtered", High));
    assert_eq!((opened.field("opens"), opened.field("closes")), (Some("1"), None));
    assert_eq!((&opened.events[..], opened.process), (&[1, 2][..], Some(cat.image())));
}

#[test]
fn facts_are_what_they_are() {
    let any = process("/usr/bin/any");
    let found = PackTest::<Everything>::new().feed(connect_unix("/run/docker.sock").by(&any));
    let finding = found.iter().find(|finding| finding.rule == "test/other").expect("a finding");
    assert_eq!(finding.key.as_deref(), Some("docker"));
    let facts: Vec<Fact> = finding.fields.iter().map(|(_, fact)| fact.clone()).collect();
    let expected = [
        Fact::Path(b"/run/docker.sock".to_vec()),
        Fact::Number(1),
        Fact::Process(any.image()),
        Fact::Bool(false),
        Fact::Float(0.5),
        Fact::List(vec![Fact::from("a"), Fact::from("b")]),
        Fact::Address(IpAddr::from([192, 0, 2, 7])),
    ];
    assert_eq!(facts, expected);
    assert_eq!((finding.fact("family"), finding.field("family")), (Some(&Fact::Number(1)), None));
}

#[test]
fn handlers_see_only_what_passes_all_their_filters() {
    let mut test = PackTest::<Everything>::new();
    let (cat, other) = (process("/usr/bin/cat"), process("/usr/bin/any"));
    assert!(test.feed([open("/tmp/x").by(&cat), open("/etc/x").by(process("/usr/bin/vi"))]).is_empty());
    let found = test.feed([open("/etc/x").by(&other), connect("192.0.2.1:80").by(&other)]);
    let rules: Vec<&str> = found.iter().map(|finding| &*finding.rule).collect();
    assert_eq!(rules, ["test/any", "test/filtered", "test/any"]);
    let found = test.feed(connect_unix("/run/docker.sock").by(&cat));
    assert_eq!(found.iter().map(|finding| &*finding.message).collect::<Vec<_>>(), ["no address", "/run/docker.sock"]);
}

#[test]
fn processes_are_what_they_were_made() {
    let mut test = PackTest::<Everything>::new();
    let nginx = process("/usr/sbin/nginx");
    let shell = process("/usr/bin/dash").args(["sh", "-i"]).parent(&nginx);
    let found =
        test.feed([fork(&shell).by(&nginx), exec(&shell).stdio_socket("[2001:db8::1]:4444"), loss(Kind::Open, 7)]);
    let messages: Vec<&str> = found.iter().map(|finding| &*finding.message).collect();
    let forked = format!("{} forked {}", nginx.pid(), shell.pid());
    assert_eq!(messages, [&*forked, "nginx became sh -i from 2001:db8::1:4444", "lost 7 Some(Open)"]);
}

#[test]
fn state_and_settings_outlive_a_reload() {
    let mut test = PackTest::<Everything>::with_settings([("quiet", "true"), ("many", "50")]);
    let cat = process("/usr/bin/cat");
    assert!(test.feed((0..51).map(|_| open("/etc/x").by(&cat))).is_empty());
    test.save_and_restore();
    let found = test.wait(Duration::from_secs(1));
    assert_eq!((&*found[0].message, found[0].process, found[0].events.len()), ("many", Some(cat.image()), 0));
    // Time that goes by between two events ticks too, at each full second.
    let found = test.feed(open("/etc/x").by(&cat).after(Duration::from_secs(2)));
    assert_eq!(
        found.iter().map(|finding| (&*finding.message, finding.events.len())).collect::<Vec<_>>(),
        [("many", 0), ("many", 0)]
    );
}

#[test]
fn rules_that_are_off_do_not_run() {
    let cat = process("/usr/bin/cat");
    let opened = || (0..101).map(|_| open("/etc/x").by(&cat));
    let mut test = PackTest::<Everything>::new().off(["test/process", "test/other"]);
    let found = test.feed([exit(1), connect_unix("/run/docker.sock"), loss(Kind::Open, 1)]);
    assert_eq!(found.iter().map(|finding| &*finding.rule).collect::<Vec<_>>(), ["test/filtered"]);
    assert_eq!(test.feed(opened()).len(), 101);
    assert!(test.wait(Duration::from_secs(1)).is_empty(), "no tick either");
    test.save_and_restore();
    assert!(test.feed(exit(1)).is_empty(), "still off");
}

/// Says what it was told.
#[derive(Default)]
struct Told(Vec<String>);

impl Pack for Told {
    const INFO: PackInfo = pack_info!("told", "Says what it was told");

    fn rules(r: &mut Rules<Self>) {
        r.setting("mode").one_of(["fast", "slow"], "fast");
        r.setting("folders").texts(["/etc"]);
        r.setting("token").takes(SettingType::Text);
        r.rule("test/told").on_exit(|pack, _, out| {
            out.finding(pack.0.join(" "));
        });
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        self.0.push(settings.text("mode").to_owned());
        self.0.extend_from_slice(settings.texts("folders"));
        match settings.get("token") {
            Some(SettingValue::Text(token)) if token.is_empty() => return Err("a token is not empty".to_owned()),
            Some(SettingValue::Text(token)) => self.0.push(token.clone()),
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn settings_are_what_they_take() {
    let said = |mut test: PackTest<Told>| test.feed(exit(0)).remove(0).message;
    assert_eq!(said(PackTest::new()), "fast /etc");
    let all = [("mode", "slow"), ("folders", "/a, /b"), ("token", "x")];
    assert_eq!(said(PackTest::with_settings(all)), "slow /a /b x");
}

#[test]
#[should_panic(expected = "there is no setting \"loud\"; there are quiet, many, mode, folders, greeting, token")]
fn a_setting_that_is_not_there_is_refused() {
    let _ = PackTest::<Everything>::with_settings([("loud", "true")]);
}

#[test]
#[should_panic(expected = "the setting many is a whole number from 1 to 1000, and cannot be \"1001\"")]
fn a_setting_that_is_something_else_is_refused() {
    let _ = PackTest::<Everything>::with_settings([("many", "1001")]);
}

#[test]
#[should_panic(expected = "the pack does not take its settings: a token is not empty")]
fn a_pack_refuses_settings_too() {
    let _ = PackTest::<Told>::with_settings([("token", "")]);
}

#[derive(Default)]
struct Wrong;

impl Pack for Wrong {
    const INFO: PackInfo = pack_info!("wrong", "Has a rule that no host takes");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/wrong").attack("1003").on_exit(|_, _, _| {});
    }
}

#[test]
#[should_panic(expected = "rule test/wrong: \"1003\" is not an ATT&CK technique id")]
fn what_a_host_would_refuse_fails_the_test() {
    let _ = PackTest::<Wrong>::new();
}

/// Reads a setting that it has not added.
#[derive(Default)]
struct Forgetful;

impl Pack for Forgetful {
    const INFO: PackInfo = pack_info!("forgetful", "Forgets its setting");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/forgetful").on_exit(|_, _, _| {});
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        let _ = settings.boolean("quiet");
        Ok(())
    }
}

#[test]
#[should_panic(expected = "the pack reads the setting quiet, which it has not added")]
fn a_setting_that_was_not_added_fails_the_test() {
    let _ = PackTest::<Forgetful>::new();
}

/// A pack of one rule that is added so.
macro_rules! unsound {
    ($name:ident, $rule:expr) => {
        #[derive(Default)]
        struct $name;

        impl Pack for $name {
            const INFO: PackInfo = pack_info!("unsound", "");

            fn rules(r: &mut Rules<Self>) {
                let add: fn(&mut Rules<Self>) = $rule;
                add(r);
                r.rule("test/other").on_exit(|_, _, _| {});
            }
        }
    };
}

#[test]
#[should_panic(expected = "the rule test/idle handles nothing")]
fn a_rule_that_handles_nothing_is_refused() {
    unsound!(Idle, |r| {
        r.rule("test/idle").severity(High);
    });
    let _ = PackTest::<Idle>::new();
}

#[test]
#[should_panic(expected = "the rule test/late has an only(…) after its last on_…")]
fn a_filter_that_nothing_follows_is_refused() {
    unsound!(Late, |r| {
        r.rule("test/late").on_open(|_, _, _| {}).only(open::path().equals(["/etc/x"]));
    });
    let _ = PackTest::<Late>::new();
}

/// Goes by lists.
#[derive(Default)]
struct Listing;

impl Pack for Listing {
    const INFO: PackInfo = pack_info!("listing", "Goes by lists");

    fn rules(r: &mut Rules<Self>) {
        let readers = r.list("readers").summary("Who may read").paths(["/usr/sbin/sshd", "/opt/"]);
        let inside = r.list("inside").networks(["10.0.0.0/8"]);
        let ports = r.list("ports").numbers(["8000-8100"]);
        r.rule("test/read").only(!process::exe().listed(readers)).on_open(|_, _, out| {
            out.finding("by the filter");
        });
        r.rule("test/asked").on_open(move |_, e, out| {
            if !readers.contains(e.process().exe()) {
                out.finding("by the handler");
            }
        });
        r.rule("test/connect").only(connect::address().listed(inside).and(connect::port().listed(ports))).on_connect(
            move |_, e, out| {
                let asked = e.address().is_some_and(|address| inside.contains(address));
                let port = e.port().is_some_and(|port| ports.contains(port));
                out.finding(format!("{asked} {port}"));
            },
        );
    }
}

#[test]
fn lists_are_looked_in_by_filters_and_by_handlers() {
    let by = |exe: &str| open("/etc/shadow").by(process(exe));
    let found = |test: &mut PackTest<Listing>, event: TestEvent| {
        test.feed([event]).into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    let mut test = PackTest::<Listing>::new();
    assert_eq!(found(&mut test, by("/bin/cat")), ["by the filter", "by the handler"]);
    assert!(found(&mut test, by("/usr/sbin/sshd")).is_empty() && found(&mut test, by("/opt/a/b")).is_empty());
    assert_eq!(found(&mut test, connect("10.1.2.3:8001")), ["true true"]);
    assert!(
        found(&mut test, connect("10.1.2.3:80")).is_empty() && found(&mut test, connect("192.0.2.1:8001")).is_empty()
    );
    let mut test = PackTest::<Listing>::new().list("readers", ["/bin/"]).list("ports", ["80"]);
    assert!(found(&mut test, by("/bin/cat")).is_empty());
    assert_eq!(found(&mut test, by("/usr/sbin/sshd")), ["by the filter", "by the handler"]);
    assert_eq!(found(&mut test, connect("10.1.2.3:80")), ["true true"]);
}
