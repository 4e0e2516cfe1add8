//! A pack with all that a pack can have, tested as its author would.

use std::time::Duration;

use lanner_sdk::prelude::*;
use lanner_sdk::state;
use lanner_sdk::testing::{PackTest, connect, connect_unix, exec, exit, fork, loss, open, process};

#[derive(Default)]
struct Everything {
    /// Opens that were seen.
    opens: u64,
    quiet: bool,
}

impl Pack for Everything {
    const INFO: PackInfo = pack_info!("everything", "All that a pack can have");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/filtered")
            .summary("A file was opened")
            .severity(Low)
            .attack("T1003.008")
            .attack("T1552")
            .property("author", "us")
            .only(exe().ends_with(["/cat", "/less"]))
            .only(path().starts_with(["/etc/", "/root/"]))
            .on_open(|pack, e, out| {
                pack.opens += 1;
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
                out.finding(format!("{} {}", e.address(), e.port()));
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
        r.rule("test/any").severity(Info).only(exe().equals(["/usr/bin/any"])).on_any(
            [Kind::Open, Kind::Connect],
            |_, e, out| {
                out.finding(e.kind().map_or("", Kind::name));
            },
        );
        r.rule("test/other")
            .only(unix_path().contains(["docker"]))
            .on_connect(|_, e, out| {
                out.finding(format!("{}", e.unix_path()));
            })
            .unfiltered()
            .on_loss(|_, e, out| {
                out.finding(format!("lost {} {:?}", e.count(), e.lost_kind()));
            })
            .on_tick(|pack, _, out| {
                if pack.opens > 100 {
                    out.finding("many");
                }
            });
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        settings.only(&["quiet"])?;
        self.quiet = settings.parse("quiet")?.unwrap_or_default();
        Ok(())
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(&self.opens)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        self.opens = state::from_bytes(bytes)?;
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
fn handlers_see_only_what_passes_all_their_filters() {
    let mut test = PackTest::<Everything>::new();
    let (cat, other) = (process("/usr/bin/cat"), process("/usr/bin/any"));
    assert!(test.feed([open("/tmp/x").by(&cat), open("/etc/x").by(process("/usr/bin/vi"))]).is_empty());
    let found = test.feed([open("/etc/x").by(&other), connect("192.0.2.1:80").by(&other)]);
    let rules: Vec<&str> = found.iter().map(|finding| &*finding.rule).collect();
    assert_eq!(rules, ["test/any", "test/filtered", "test/any"]);
    let found = test.feed(connect_unix("/run/docker.sock").by(&cat));
    assert_eq!(found.iter().map(|finding| &*finding.message).collect::<Vec<_>>(), [":: 0", "/run/docker.sock"]);
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
    let mut test = PackTest::<Everything>::with_settings([("quiet", "true")]);
    let cat = process("/usr/bin/cat");
    assert!(test.feed((0..101).map(|_| open("/etc/x").by(&cat))).is_empty());
    test.save_and_restore();
    assert_eq!(test.wait(Duration::from_secs(1))[0].message, "many");
    // Time that goes by between two events ticks too.
    let found = test.feed(open("/etc/x").by(&cat).after(Duration::from_secs(2)));
    assert_eq!(
        found.iter().map(|finding| (&*finding.message, finding.events.len())).collect::<Vec<_>>(),
        [("many", 0)]
    );
}

#[test]
#[should_panic(expected = "there is no setting \"loud\"; there are quiet")]
fn a_setting_that_is_not_there_is_refused() {
    let _ = PackTest::<Everything>::with_settings([("loud", "true")]);
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
