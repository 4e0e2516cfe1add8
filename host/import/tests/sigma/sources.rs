//! Log sources: which events they are, and what of them their fields have.

use lanner_abi::{Kind, field};
use lanner_sdk::testing::{
    TestEvent, accept, chmod, connect, dns, exec, link, memfd, mkdir, mknod, open, process, rename, symlink, unlink,
    utimes,
};

use super::{Judge, found, pack, refusal, rule};

/// Whether a rule on a log source finds an event.
fn is_found(logsource: &str, search: &str, event: &TestEvent) -> bool {
    found(&rule(logsource, &format!("s:\n  {search}\ncondition: s")), event) > 0
}

fn file(search: &str, event: &TestEvent) -> bool {
    is_found("category: file_event", search, event)
}

#[test]
fn files_that_are_made_or_written() {
    let of = "TargetFilename: /etc/x";
    assert!(
        file(of, &open("/etc/x").write()) && file(of, &open("/etc/x").created()) && file(of, &open("/etc/x").append())
    );
    assert!(!file(of, &open("/etc/x").read()) && !file(of, &open("/etc/x").write().failed(13)));
    assert!(file(of, &rename("/tmp/x", "/etc/x")) && !file(of, &rename("/etc/x", "/tmp/x")));
    assert!(
        file(of, &link("/tmp/x", "/etc/x")) && file(of, &symlink("/tmp/x", "/etc/x")) && file(of, &mknod("/etc/x", 0))
    );
    assert!(file("SourceFilename: /tmp/x", &rename("/tmp/x", "/etc/x")));
    assert!(!file(of, &unlink("/etc/x")) && !file(of, &mkdir("/etc/x")));
    assert!(file("Image|endswith: /wget", &open("/etc/x").write().by(process("/usr/bin/wget"))));
    assert!(is_found("category: file_access", of, &open("/etc/x").read()));
    assert!(is_found("category: file_delete", of, &unlink("/etc/x")));
    assert!(is_found("category: file_change", of, &utimes("/etc/x")));
    assert!(is_found("category: file_rename", "SourceFilename: /tmp/x", &rename("/tmp/x", "/etc/x")));
}

#[test]
fn connections() {
    let of = |search: &str, event: &TestEvent| is_found("category: network_connection", search, event);
    let out = connect("192.0.2.1:443");
    assert!(of("DestinationPort: 443", &out) && of("DestinationPort: 443", &connect("192.0.2.1:443").under_way()));
    assert!(!of("DestinationPort: 443", &connect("192.0.2.1:443").failed(111)));
    let taken = accept("192.0.2.9".parse().expect("an address"), 50_000)
        .set(field::accept::LOCAL_PORT, 22_u16)
        .set(field::accept::LOCAL_ADDRESS, "10.0.0.1".parse::<std::net::IpAddr>().expect("an address"));
    assert!(
        of("SourceIp: 192.0.2.9", &taken) && of("DestinationPort: 22", &taken) && of("DestinationIp: 10.0.0.1", &taken)
    );
    assert!(of("Initiated: 'false'", &taken) && !of("Initiated: 'true'", &taken));
    assert!(is_found("category: dns_query", "QueryName|endswith: .example", &dns("a.EXAMPLE", 1)));
}

#[test]
fn names_of_hosts_are_those_that_answers_of_dns_had() {
    let rule =
        rule("category: network_connection", "s:\n  DestinationHostname|endswith: .Tunnel.example\ncondition: s");
    let answer = |name: &str, last: u8| {
        let address: std::net::IpAddr = [192, 0, 2, last].into();
        dns(name, 1).set(field::dns::RESPONSE, true).set(field::dns::ANSWER, address)
    };
    let mut judge = Judge::of(&pack(&rule));
    let events = [
        connect("192.0.2.1:443"),
        answer("A.tunnel.example", 1),
        answer("other.example", 2),
        connect("192.0.2.1:443"),
        connect("192.0.2.2:443"),
    ];
    let found = judge.judge(&events);
    assert_eq!(found.iter().map(|finding| finding.events.clone()).collect::<Vec<_>>(), [[4]]);
}

fn audit(search: &str, event: &TestEvent) -> bool {
    is_found("service: auditd", &search.replace('\n', "\n  "), event)
}

#[test]
fn records_of_auditd() {
    let ran = exec(process("/usr/bin/zip").args(["zip", "-r", "x"]).uid(33).euid(33));
    assert!(audit("type: EXECVE\na0: zip", &ran) && audit("type: execve\na1: '-r'", &ran) && audit("a2: x", &ran));
    assert!(!audit("type: EXECVE\na0: gzip", &ran) && !audit("type: EXECVE\na5: x", &ran));
    assert!(
        audit("type: SYSCALL\nexe|endswith: /zip", &ran)
            && audit("type: SYSCALL\nSYSCALL: [execve, execveat]\neuid: 33", &ran)
    );
    assert!(audit("type: PROCTITLE\nproctitle|contains: 'zip -r'", &ran));
    assert!(
        audit("type: PATH\nname: /etc/x", &open("/etc/x").read())
            && audit("type: PATH\nname: /etc/x", &chmod("/etc/x", 0o777))
    );
    assert!(audit("type: PATH\nname: /etc/x\nnametype: CREATE", &open("/etc/x").created()));
    assert!(!audit("type: PATH\nname: /etc/x\nnametype: CREATE", &open("/etc/x").read()));
    assert!(audit("type: PATH\nname: /etc/x\nnametype: CREATE", &rename("/tmp/x", "/etc/x")));
    assert!(audit("type: PATH\nname: /etc/x\nnametype: DELETE", &unlink("/etc/x")));
    assert!(audit("type: SYSCALL\nSYSCALL: memfd_create\nexe|endswith: /x", &memfd("a").by(process("/x"))));
    assert!(audit("type: SYSCALL\nSYSCALL: open\nsuccess: 'no'", &open("/etc/x").failed(13)));
    assert!(!audit("type: SYSCALL\nSYSCALL: open\nsuccess: 'yes'", &open("/etc/x").failed(13)));
    assert!(audit("type: SYSCALL\nSYSCALL: open\nexit: -13", &open("/etc/x").failed(13)));
    // One event is found once, whichever of its records are meant.
    let any = "a:\n  type: EXECVE\n  a0: zip\nb:\n  type: SYSCALL\n  comm: zip\ncondition: 1 of them";
    assert_eq!(found(&rule("service: auditd", any), &ran), 1);
    let keywords = "e:\n  type: EXECVE\nk:\n  '|all': [zip, '-r']\ncondition: e and k";
    assert_eq!(found(&rule("service: auditd", keywords), &ran), 1);
}

#[test]
fn keys_of_auditd_are_what_its_rules_record() {
    let logsource = |definition: &str| {
        format!("service: auditd, definition: {}", serde_json::to_string(definition).expect("a text"))
    };
    let net = logsource("-w /usr/bin/wget -p x -k net\n-a always,exit -F arch=b64 -S connect -F success=1 -k net");
    assert!(
        is_found(&net, "key: net", &exec(process("/usr/bin/wget")))
            && is_found(&net, "key: net", &connect("192.0.2.1:1"))
    );
    assert!(!is_found(&net, "key: net", &exec(process("/usr/bin/curl"))));
    let written = logsource("-w /etc/x -p wa -k x");
    assert!(is_found(&written, "key: x", &open("/etc/x").write()) && is_found(&written, "key: x", &chmod("/etc/x", 0)));
    assert!(
        is_found(&written, "key: x", &open("/etc/x/y").write())
            && !is_found(&written, "key: x", &open("/etc/x").read())
    );
    let said = refusal(&rule("service: auditd", "s:\n  key: unknown\ncondition: s"));
    assert!(said.contains("put them into the `definition`"), "{said}");
}

#[test]
fn kinds_are_those_that_a_rule_is_about() {
    let kinds = |logsource: &str, search: &str| {
        let pack = pack(&rule(logsource, &format!("s:\n  {search}\ncondition: s")));
        let events = &pack.description.rules[0].events;
        events.iter().filter_map(|event| Kind::from_name(&event.kind)).collect::<Vec<_>>()
    };
    assert_eq!(kinds("category: process_creation", "Image: x"), [Kind::Exec]);
    assert_eq!(kinds("category: network_connection", "Image: x"), [Kind::Connect, Kind::Accept]);
    assert_eq!(kinds("category: network_connection", "Initiated: 'true'"), [Kind::Connect]);
    assert_eq!(kinds("category: file_rename", "TargetFilename: x"), [Kind::Rename]);
    assert_eq!(kinds("service: auditd", "type: EXECVE"), [Kind::Exec]);
    assert_eq!(kinds("service: auditd", "a1: x"), [Kind::Exec]);
}

#[test]
fn what_is_no_event_is_refused() {
    let said = |logsource: &str| refusal(&rule(logsource, "s:\n  - x\ncondition: s"));
    assert!(said("service: sshd").contains("log file (service: sshd)"));
    assert!(
        refusal("title: x\nlogsource: {product: linux}\ndetection: {k: [a], condition: k}")
            .contains("without a category")
    );
    assert!(
        refusal(
            "title: x\nlogsource: {product: windows, category: process_creation}\ndetection: {k: [a], condition: k}"
        )
        .contains("about windows")
    );
    assert!(said("category: process_craetion").contains("did you mean \"process_creation\"?"));
    assert!(said("category: process_creation, service: sysmon").contains("what sysmon writes"));
    assert!(said("categorie: x").contains("did you mean \"category\"?"));
    let syscall = |name: &str| {
        refusal(&rule("service: auditd", &format!("s:\n  type: SYSCALL\n  SYSCALL: {name}\ncondition: s")))
    };
    assert!(syscall("sysinfo").contains("not told here: SYSCALL sysinfo"), "{}", syscall("sysinfo"));
    let stop = refusal(&rule("service: auditd", "s:\n  type: SERVICE_STOP\ncondition: s"));
    assert!(stop.contains("type SERVICE_STOP"), "{stop}");
}
