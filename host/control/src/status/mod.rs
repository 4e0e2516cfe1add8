//! How a running host stands: what is said of it on the control socket, and how people are shown it.

mod gather;
mod rates;
mod shadow;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use rates::{PackRates, Rates};
pub(crate) use text::{bytes, cost, count, one_line, per_second, rule_cost, share, span};

/// What of a host does not change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The version of Lanner.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The machine's name.
    pub hostname: String,
    /// The kernel's release, as `uname -r`.
    pub kernel: String,
    /// When it began, ns since 1970 (UTC).
    pub since_ns: u64,
}

/// How a host stands. Counts are since it began. Fields may be added, and these stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of the protocol.
    pub protocol: u32,
    /// The host.
    #[serde(flatten)]
    pub about: About,
    /// What is said of it in all its findings, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// When it began (RFC 3339, UTC).
    pub since: String,
    /// When this was so (RFC 3339, UTC).
    pub time: String,
    /// The same, ns since 1970 (UTC).
    pub time_ns: u64,
    /// Processor time of the whole process, ns.
    pub processor_ns: u64,
    /// Memory of the whole process that is in use, bytes.
    pub memory: u64,
    /// Events judged, or being judged.
    pub events: u64,
    /// Events that no pack can want, and that the kernel side did not send.
    pub filtered: u64,
    /// Events lost between kernel and host.
    pub lost: u64,
    /// The same by kind, of those of which there were any.
    pub kinds: Vec<Kind>,
    /// Findings.
    pub findings: u64,
    /// Findings that fell under an exception, and are not among them.
    #[serde(default)]
    pub excepted: u64,
    /// Findings of rules that the tuning has switched off, likewise.
    #[serde(default)]
    pub switched_off: u64,
    /// The exceptions.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// How long events waited while packs were put in place and taken out: in 99 of 100 times not longer, and the longest, ns.
    #[serde(default)]
    pub pause_p99_ns: u64,
    /// Likewise.
    #[serde(default)]
    pub pause_longest_ns: u64,
    /// The lists that packs go by.
    #[serde(default)]
    pub lists: Vec<List>,
    /// What runs.
    pub packs: Vec<Pack>,
    /// Where findings go.
    pub sinks: Vec<Sink>,
    /// What is not seen or known.
    pub degraded: Vec<Shortcoming>,
    /// What is wrong with the rules and where they come from, in sentences.
    pub troubles: Vec<String>,
}

/// An exception, and how often it was used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// What it is called.
    pub name: String,
    /// The rules that it is for, as they are written.
    pub rules: String,
    /// Why it is there.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// From when on it does not hold any more (RFC 3339, UTC).
    pub expires: Option<String>,
    /// Findings that fell under it.
    pub findings: u64,
}

/// A list that a pack goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The pack.
    pub pack: String,
    /// Its name.
    pub list: String,
    /// What it holds: `text`, `path`, `image`, `domain`, `cidr` or `number`.
    pub holds: String,
    /// How many entries it has.
    pub entries: u64,
    /// Memory that they take, bytes; lists that are given the same share it.
    pub bytes: u64,
    /// Where they come from; nothing for what the pack brings along.
    pub from: Vec<String>,
    /// When the last of it was read (RFC 3339, UTC); nothing where all comes with the pack.
    pub loaded: Option<String>,
    /// How often it was to be read anew and could not be used: what was there before went on.
    pub refused: u64,
    /// Why, as long as that holds.
    pub trouble: Option<String>,
}

/// Events of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// Its name.
    pub kind: String,
    /// Events judged, or being judged.
    pub events: u64,
    /// Events that no pack can want, and that the kernel side did not send.
    pub filtered: u64,
    /// Events lost between kernel and host.
    pub lost: u64,
}

/// A pack that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version that it can go back to, where there is one.
    #[serde(default)]
    pub before: Option<String>,
    /// The candidate that runs in its shadow, where there is one.
    #[serde(default)]
    pub shadow: Option<Shadow>,
    /// Where it comes from: a path, or a name in a registry.
    pub from: String,
    /// `running`, `resting` or `quarantined`.
    pub state: String,
    /// When this version was loaded (RFC 3339, UTC), where that is known.
    pub loaded: Option<String>,
    /// The same, ns since 1970 (UTC).
    pub loaded_ns: Option<u64>,
    /// Calls with events.
    pub calls: u64,
    /// Events in them.
    pub events: u64,
    /// Findings it raised.
    pub findings: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Events that passed it by while it rested.
    pub missed: u64,
    /// Events that it was not given, as too many waited for it.
    pub dropped: u64,
    /// What of its events waits for it, bytes.
    pub waiting: u64,
    /// Processor time it took, ns.
    pub processor_ns: u64,
    /// What an event costs, ns of processor time, in half of its calls at most; 0 where it had none.
    pub median_ns: u64,
    /// The same, in 99 of 100.
    pub p99_ns: u64,
    /// Linear memory it has, bytes.
    pub memory: u64,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A candidate in the shadow of a pack that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// Its version.
    pub version: String,
    /// The file that it comes from.
    pub from: String,
    /// `running`, `resting` or `quarantined`.
    pub state: String,
    /// When it began (RFC 3339, UTC), where that is known.
    pub since: Option<String>,
    /// Events that it was given.
    pub events: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Events that it did not judge: that it was not given as too many waited for it, or that passed it by while it rested.
    pub missed: u64,
    /// What an event costs it, ns of processor time, in half of its calls at most, and in 99 of 100.
    pub median_ns: u64,
    /// Likewise.
    pub p99_ns: u64,
    /// How its findings differ from those of the version that runs.
    #[serde(flatten)]
    pub all: Agreement,
    /// The same by rule, of those that raised something.
    pub rules: BTreeMap<String, Agreement>,
    /// The latest differences, the newest last.
    pub latest: Vec<Difference>,
    /// Findings that were too many to be compared.
    pub left_out: u64,
}

/// How often a candidate and the version that runs found the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Findings that both raised, alike.
    pub same: u64,
    /// Findings that both raised of the same event, with another message, severity or facts.
    pub changed: u64,
    /// Findings of the version that runs alone.
    pub only_running: u64,
    /// Findings of the candidate alone.
    pub only_candidate: u64,
}

/// A finding in which the two differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// When (RFC 3339, UTC).
    pub time: String,
    /// The rule.
    pub rule: String,
    /// The sequence number of the event; nothing for what was raised as time passed.
    pub event: Option<u64>,
    /// The message of the version that runs; nothing where it did not raise it.
    pub running: Option<String>,
    /// The candidate's, likewise.
    pub candidate: Option<String>,
    /// Where both raised it: what is another, in a word each; of fields their names.
    #[serde(default)]
    pub differs: Vec<String>,
}

/// A rule of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Findings it raised.
    pub findings: u64,
    /// What an event that its pack is given costs more because of it, ns of processor time; nothing where that was not
    /// measured yet.
    pub cost_ns: Option<u64>,
    /// It does not run, as it needs what this host does not have.
    pub left_out: bool,
}

/// Where findings go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sink {
    /// What it is called.
    pub name: String,
    /// Findings that it has written.
    pub written: u64,
    /// Findings that wait for it.
    pub waiting: u64,
    /// Findings that it did not take in time, and that were left out for it.
    pub left_out: u64,
    /// Findings that were tried again, each as often as it was.
    #[serde(default)]
    pub retried: u64,
    /// Findings that it will never take.
    #[serde(default)]
    pub rejected: u64,
    /// Findings that its route kept back, or made one with others.
    #[serde(default)]
    pub kept_back: u64,
    /// Bytes of those that wait, where that is known.
    #[serde(default)]
    pub waiting_bytes: u64,
    /// How long the oldest that waits has waited, ns; nothing where none waits, or that is not known.
    #[serde(default)]
    pub oldest_ns: Option<u64>,
    /// Why it does not write for now, where that is known.
    pub trouble: Option<String>,
    /// It takes nothing any more.
    pub failed: bool,
}

/// Something that is not seen or known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortcoming {
    /// A sentence.
    pub what: String,
    /// What to do about it; nothing where nothing can be done.
    pub remedy: Option<String>,
}

/// A report for tests: a pack that does well, and one that does not.
#[cfg(test)]
pub(crate) fn made_up() -> Report {
    let second = 1_000_000_000;
    let time_ns = 1_795_485_296 * second;
    let about = About {
        version: "1.2.3".into(),
        pid: 4711,
        hostname: "here".into(),
        kernel: "6.18.0".into(),
        since_ns: time_ns - 3660 * second,
    };
    let rule = |id: &str, findings, cost_ns, left_out| Rule { id: id.into(), findings, cost_ns, left_out };
    let starter = Pack {
        name: "starter".into(),
        version: "0.3.0".into(),
        from: "/etc/lanner/rules/starter.wasm".into(),
        state: "running".into(),
        loaded_ns: Some(time_ns - 3600 * second),
        events: 1_234_567,
        findings: 4,
        processor_ns: 2_500_000_000,
        median_ns: 210,
        p99_ns: 1200,
        memory: 3 << 19,
        rules: vec![
            rule("execution/exec-from-memory", 0, Some(120), false),
            rule("credential-access/shadow-read", 4, Some(35), false),
            rule("persistence/cron-changed", 1, None, false),
            rule("of/later", 0, None, true),
        ],
        ..Pack::default()
    };
    let noisy = Pack {
        name: "noisy".into(),
        version: "1.0.0\u{1b}[31m".into(),
        from: "oci://registry.example/team/noisy:1".into(),
        state: "quarantined".into(),
        failures: 5,
        missed: 20,
        ..Pack::default()
    };
    let kind = |kind: &str, events, filtered, lost| Kind { kind: kind.into(), events, filtered, lost };
    let list = List {
        pack: "starter".into(),
        list: "trusted-programs".into(),
        holds: "path".into(),
        entries: 1_000_000,
        bytes: 40 << 20,
        from: vec!["/etc/lanner/lists/trusted-programs.txt".into()],
        loaded: Some("2026-11-24T00:53:56Z".into()),
        refused: 2,
        trouble: Some("line 3: \"x\" is no path; what was read before holds".into()),
    };
    let sink = Sink {
        name: "/var/log/\"odd\"\n".into(),
        left_out: 2,
        retried: 7,
        rejected: 1,
        kept_back: 5,
        waiting: 3,
        waiting_bytes: 4096,
        oldest_ns: Some(90 * second),
        trouble: Some("No space left on device".into()),
        ..Sink::default()
    };
    Report {
        protocol: 1,
        about,
        labels: [("environment".into(), "prod".into()), ("site".into(), "a\"b".into())].into(),
        since: "2026-11-24T00:53:56Z".into(),
        time: "2026-11-24T01:54:56Z".into(),
        time_ns,
        memory: 65 << 20,
        events: 1_234_600,
        filtered: 12,
        lost: 3,
        kinds: vec![kind("open", 1_234_567, 12, 0), kind("exec", 33, 0, 3)],
        findings: 4,
        lists: vec![list],
        packs: vec![noisy, starter],
        sinks: vec![sink],
        degraded: vec![Shortcoming { what: "no LSM hooks".into(), remedy: Some("boot with lsm=bpf".into()) }],
        troubles: vec!["the pack /rules/other.wasm is refused".into()],
        ..Report::default()
    }
}
