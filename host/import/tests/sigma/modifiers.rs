//! Values, wildcards and modifiers.

use lanner_sdk::testing::{TestEvent, connect, exec, process};

use super::{found, holds, refusal, rule, search};

fn ran(arguments: &[&str]) -> TestEvent {
    exec(process("/usr/bin/tool").args(arguments.iter().copied()).user("root").uid(0).cwd("/tmp"))
}

fn line(line: &str) -> TestEvent {
    ran(&line.split(' ').collect::<Vec<_>>())
}

#[test]
fn texts_are_compared_without_regard_to_case() {
    let event = line("Tool -X value");
    for (text, is) in [
        ("CommandLine: 'tool -x VALUE'", true),
        ("CommandLine: 'tool -x'", false),
        ("CommandLine|cased: 'tool -x VALUE'", false),
        ("CommandLine|cased: 'Tool -X value'", true),
        ("CommandLine|contains: 'L -X V'", true),
        ("CommandLine|contains|cased: 'L -X V'", false),
        ("CommandLine|startswith: 'TOOL '", true),
        ("CommandLine|startswith: 'ool'", false),
        ("CommandLine|endswith: ' VALUE'", true),
        ("CommandLine|endswith: '-x'", false),
        ("Image|endswith: '/TOOL'", true),
        ("Image: '/usr/bin/tool'", true),
        ("User: ROOT", true),
        ("CurrentDirectory: '/tmp'", true),
    ] {
        assert_eq!(holds(text, &event), is, "{text}");
    }
}

#[test]
fn wildcards_stand_for_anything_and_can_be_escaped() {
    for (text, command, is) in [
        ("CommandLine: 'a*d'", "a b c d", true),
        ("CommandLine: 'a?b'", "a b", true),
        ("CommandLine: 'a?b'", "ab", false),
        ("CommandLine: '*b*'", "abc", true),
        ("CommandLine: '*'", "x", true),
        (r"CommandLine: 'a\*b'", "a*b", true),
        (r"CommandLine: 'a\*b'", "axb", false),
        (r"CommandLine|contains: '\?'", "a?b", true),
        (r"CommandLine|contains: '\?'", "axb", false),
        (r"CommandLine: 'a\\*'", r"a\b", true),
        (r"CommandLine: 'a\b'", r"a\b", true),
        ("CommandLine: 'x[a]'", "x[a]", true),
        ("CommandLine: 'x[a]?'", "xa1", false),
        ("CommandLine|contains: 'b*d'", "a b c d e", true),
    ] {
        assert_eq!(holds(text, &line(command)), is, "{text}: {command}");
    }
}

#[test]
fn lists_are_or_and_maps_are_and() {
    let event = line("tool a b");
    for (text, is) in [
        ("CommandLine|contains: [x, a]", true),
        ("CommandLine|contains: [x, y]", false),
        ("CommandLine|contains|all: [a, b]", true),
        ("CommandLine|contains|all: [a, x]", false),
        ("CommandLine|contains: a\nImage|endswith: /tool", true),
        ("CommandLine|contains: a\nImage|endswith: /other", false),
        ("- CommandLine|contains: x\n- Image|endswith: /tool", true),
        ("- CommandLine|contains: x\n- Image|endswith: /other", false),
        ("CommandLine|contains:\n  - b\n  - null", true),
    ] {
        // A null among parts of texts is refused.
        if text.contains("null") {
            assert!(refusal(&search(text)).contains("nothing"), "{text}");
            continue;
        }
        assert_eq!(holds(text, &event), is, "{text}");
    }
}

#[test]
fn what_is_missing_is_nothing_but_null() {
    let without = exec(process("/usr/bin/tool").without(lanner_abi::field::process::ARGV));
    for (text, is) in [
        ("CommandLine: null", true),
        ("CommandLine: ''", false),
        ("CommandLine: '*'", false),
        ("CommandLine|contains: ''", false),
        ("CommandLine|exists: true", false),
        ("CommandLine|exists: false", true),
        ("CommandLine|neq: x", true),
        ("CommandLine|re: '.*'", false),
        ("ParentImage: null", true),
    ] {
        assert_eq!(holds(text, &without), is, "{text}");
    }
    assert!(holds("CommandLine|exists: true", &line("a")) && !holds("CommandLine: null", &line("a")));
    assert!(holds("CommandLine|neq: [x, y]", &line("a")) && !holds("CommandLine|neq: [x, a]", &line("a")));
    // A search that is not so holds for what is missing.
    let not = "filter:\n  CommandLine|contains: x\ncondition: not filter";
    assert_eq!(found(&rule("category: process_creation", not), &without), 1);
}

#[test]
fn regular_expressions() {
    for (text, command, is) in [
        (r"CommandLine|re: '\s-O\s'", "a -O b", true),
        (r"CommandLine|re: '\s-O\s'", "a -o b", false),
        (r"CommandLine|re|i: '\s-O\s'", "a -o b", true),
        ("CommandLine|re: '(?i)ABC'", "xabcx", true),
        ("CommandLine|re: '^b'", "a b", false),
        ("CommandLine|re|m: '^b'", "a\nb", true),
        ("CommandLine|re: 'a.b'", "a\nb", false),
        ("CommandLine|re|s: 'a.b'", "a\nb", true),
        (r"CommandLine|re: '(^|\/)\.[^.\/]'", "/home/.x", true),
    ] {
        assert_eq!(holds(text, &ran(&[command])), is, "{text}: {command}");
    }
    assert!(refusal(&search("CommandLine|re: '(?=a)b'")).contains("no regular expression"));
    assert!(refusal(&search("CommandLine|re: '('")).contains("no regular expression"));
}

#[test]
fn encoded_texts() {
    for (text, command, is) in [
        ("CommandLine|base64: hello", "aGVsbG8=", true),
        ("CommandLine|base64|contains: hello", "x aGVsbG8= y", true),
        ("CommandLine|base64offset|contains: /bin/bash", "echo eCAvYmluL2Jhc2gK", true),
        ("CommandLine|base64offset|contains: /bin/bash", "echo L2Jpbi9iYXNo", true),
        ("CommandLine|base64offset|contains: /bin/bash", "echo L2Jpbi9zaAo=", false),
        ("CommandLine|wide|base64offset|contains: ping", "echo cABpAG4AZwA=", true),
        ("CommandLine|utf16le|base64|contains: ping", "echo cABpAG4AZwA=", true),
        ("CommandLine|utf16be|base64|contains: ping", "echo AHAAaQBuAGc=", true),
        ("CommandLine|windash|contains: ' -f '", "a /f b", true),
        ("CommandLine|windash|contains: ' -f '", "a –f b", true),
        ("CommandLine|windash|contains: ' -f '", "a -f b", true),
        ("CommandLine|windash|contains: ' -f '", "a f b", false),
    ] {
        assert_eq!(holds(text, &line(command)), is, "{text}: {command}");
    }
}

#[test]
fn numbers_and_addresses() {
    let event = connect("192.0.2.7:4444").by(process("/usr/bin/nc").set(lanner_abi::field::process::PID, 100_u32));
    for (text, is) in [
        ("DestinationPort: 4444", true),
        ("DestinationPort: '4444'", true),
        ("DestinationPort: [1, 4444]", true),
        ("DestinationPort|gt: 4443", true),
        ("DestinationPort|gt: 4444", false),
        ("DestinationPort|gte: 4444", true),
        ("DestinationPort|lt: 4444", false),
        ("DestinationPort|lte: 4444", true),
        ("DestinationPort|startswith: 44", true),
        ("DestinationPort: '44*'", true),
        ("DestinationPort: '45*'", false),
        ("DestinationPort|neq: 80", true),
        ("DestinationIp: 192.0.2.7", true),
        ("DestinationIp: 192.0.2.8", false),
        ("DestinationIp|cidr: 192.0.2.0/24", true),
        ("DestinationIp|cidr: [10.0.0.0/8, '::1/128']", false),
        ("DestinationIp|startswith: '192.0.'", true),
        ("DestinationIp: '192.0.*'", true),
        ("DestinationIp|re: '^192'", true),
        ("Initiated: 'true'", true),
        ("Initiated: true", true),
        ("Initiated: 'false'", false),
        ("Protocol: TCP", true),
    ] {
        let rule = rule("category: network_connection", &format!("s:\n  {text}\ncondition: s"));
        // What can never be is refused.
        match super::imported(&rule) {
            Ok(_) => assert_eq!(found(&rule, &event) == 1, is, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
    for (text, wrong) in [
        ("DestinationPort: http", "is a number"),
        ("DestinationIp: localhost", "no address"),
        ("DestinationIp|cidr: 10.0.0.0/33", "no network"),
        ("Image|cidr: 10.0.0.0/8", "no address"),
        ("Image|gt: 5", "no number"),
    ] {
        let rule = rule("category: network_connection", &format!("s:\n  {text}\ncondition: s"));
        assert!(refusal(&rule).contains(wrong), "{text}: {}", refusal(&rule));
    }
}

#[test]
fn other_fields() {
    let event =
        exec(process("/usr/bin/tool").args(["/usr/bin/TOOL", "/tmp"]).cwd("/tmp").parent(process("/usr/bin/tool")));
    for (text, is) in [
        ("Image|fieldref: ParentImage", true),
        ("Image|fieldref: CurrentDirectory", false),
        ("CommandLine|fieldref|startswith: Image", true),
        ("CommandLine|fieldref|endswith: CurrentDirectory", true),
        ("CommandLine|fieldref|contains: ParentImage", true),
        ("CommandLine|cased|fieldref|startswith: Image", false),
        ("ProcessId|fieldref: ParentProcessId", false),
        ("ParentUser|fieldref: User", true),
    ] {
        assert_eq!(holds(text, &event), is, "{text}");
    }
    assert!(refusal(&search("Image|fieldref: Nothing")).contains("no field"));
}

#[test]
fn placeholders_are_given() {
    let text = search("CommandLine|expand|contains: '/home/%admins%/'");
    assert!(refusal(&text).contains("--placeholder admins="), "{}", refusal(&text));
    let placeholders = vec![("admins".to_owned(), vec!["ann".to_owned(), "bob".to_owned()])];
    let options = lanner_import::Options { placeholders, ..Default::default() };
    let pack = super::files(&[("a.yml", &text)], &options).unwrap_or_else(|error| panic!("{error}"));
    let mut judge = super::Judge::of(&pack);
    let events = ["/home/bob/x", "/home/ann/", "/home/eve/x"].map(line);
    assert_eq!(judge.judge(&events).len(), 2);
}
