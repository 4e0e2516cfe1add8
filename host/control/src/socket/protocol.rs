//! What is asked and answered: one JSON object a line. `docs/control.md` documents it.

use serde::{Deserialize, Serialize};

use crate::status::Report;

/// Of the protocol: grows when an ask or an answer changes its meaning or goes, not when one is added.
pub const PROTOCOL: u32 = 1;
/// Bytes of a line that asks, at most.
pub const MAX_REQUEST: usize = 64 << 10;
/// How often a status may be asked for with `watch`, ms.
const EVERY_MS: std::ops::RangeInclusive<u64> = 100..=60_000;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// How the host stands: one answer.
    Status,
    /// How it stands, again and again, until the client goes.
    Watch {
        /// After so many ms each.
        #[serde(default = "every_second")]
        every_ms: u64,
    },
    /// The findings from now on, until the client goes.
    Tail,
    /// To look at all rules, and to open anew what findings are written to, as SIGHUP does.
    Reload,
    /// To let a pack go on that rests or is quarantined.
    Release {
        /// Its name.
        pack: String,
    },
    /// The events from now on, until the client goes.
    Events(Sought),
    /// To have a pack go back to the version that ran before, with the state that it had.
    Rollback {
        /// Its name.
        pack: String,
    },
    /// To have the pack of a file run in the shadow of the one of its name: what it finds is compared, and not raised.
    Shadow {
        /// The file; absolute.
        path: String,
    },
    /// To end the one in the shadow of a pack.
    Unshadow {
        /// The pack's name.
        pack: String,
    },
    /// To have the one in the shadow of a pack take its place, and its state.
    Promote {
        /// The pack's name.
        pack: String,
    },
    /// To make other files the rules, all at once or not at all.
    Apply {
        /// Pack files, and folders of them; absolute.
        paths: Vec<String>,
        /// Only to say what would change.
        #[serde(default)]
        dry_run: bool,
    },
}

/// Which events are asked for: those of which all holds that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// They are of one of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// They are of this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// They are of programs whose paths begin so, or have the form of this glob; without a `/`, of those of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
}

fn every_second() -> u64 {
    1000
}

/// A line that asks.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// The version of the protocol that the client speaks.
    pub protocol: u32,
    /// What for.
    #[serde(flatten)]
    pub ask: Ask,
}

impl Request {
    /// Asks in the version that this host speaks.
    pub fn new(ask: Ask) -> Self {
        Self { protocol: PROTOCOL, ask }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// A sentence for the client: it is no request, speaks another version, or asks for what there is not.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        /// What a request of any version has.
        #[derive(Deserialize)]
        struct Any {
            protocol: u32,
            ask: String,
        }
        let Any { protocol, ask } = serde_json::from_slice(line).map_err(|error| {
            format!(
                "this is no request ({error}); a request is a line such as {{\"protocol\":{PROTOCOL},\"ask\":\"status\"}}"
            )
        })?;
        if protocol != PROTOCOL {
            return Err(format!(
                "the client speaks version {protocol} of the protocol, and this host version {PROTOCOL}: use the \
                 `lanner` of the same release"
            ));
        }
        let request = serde_json::from_slice(line).map_err(|error| format!("this host does not take {ask:?}: {error}"));
        match request? {
            Ask::Watch { every_ms } if !EVERY_MS.contains(&every_ms) => {
                Err(format!("every_ms is {every_ms}, and has to be {} to {}", EVERY_MS.start(), EVERY_MS.end()))
            }
            ask => Ok(Self { protocol, ask }),
        }
    }
}

/// A line that answers. Findings and events are such lines too, of the types `finding` and `event`, and are not made here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    /// How the host stands.
    Status(Box<Report>),
    /// Findings are sent from now on.
    Tailing,
    /// The rules are being looked at; the log says what came of it.
    Reloading,
    /// The pack goes on.
    Released {
        /// Its name.
        pack: String,
    },
    /// The pack is back.
    RolledBack {
        /// Its name, and the version that it is at now.
        pack: String,
        /// Likewise.
        version: String,
    },
    /// A candidate runs in the shadow of the pack: how it does stands in the status.
    Shadowing {
        /// The pack's name.
        pack: String,
        /// The candidate's version.
        version: String,
        /// The version that runs.
        beside: String,
    },
    /// None runs there any more.
    Unshadowed {
        /// The pack's name.
        pack: String,
    },
    /// The candidate has taken the place of the version before.
    Promoted {
        /// The pack's name.
        pack: String,
        /// The version that runs now.
        version: String,
        /// The version that ran.
        before: String,
    },
    /// The rules are those files now; or would be.
    Applied(lanner_pack::apply::Report),
    /// Events are sent from now on.
    Listening,
    /// An event: it stands in the line.
    Event,
    /// So many came at this place and were not sent, as the client did not take them in time.
    LeftOut {
        /// How many findings.
        #[serde(default, skip_serializing_if = "is_none")]
        findings: u64,
        /// How many events.
        #[serde(default, skip_serializing_if = "is_none")]
        events: u64,
    },
    /// The host ends: nothing more comes.
    Ending,
    /// What was asked for is not done.
    Error {
        /// A sentence with the reason.
        error: String,
    },
    /// What a newer host says.
    #[serde(other)]
    Other,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks it so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Answer {
    /// An error with this sentence.
    pub(crate) fn error(sentence: impl Into<String>) -> Self {
        Self::Error { error: sentence.into() }
    }

    /// As a line.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        debug_assert!(!line.is_empty(), "nothing in it has keys that are no text");
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_read_as_it_was_written() {
        let sought = Sought { kinds: vec!["open".into(), "exec".into()], pid: Some(7), exe: Some("/usr/**".into()) };
        let asks = [
            Ask::Status,
            Ask::Watch { every_ms: 250 },
            Ask::Tail,
            Ask::Reload,
            Ask::Release { pack: "starter".into() },
            Ask::Shadow { path: "/new.wasm".into() },
            Ask::Unshadow { pack: "starter".into() },
            Ask::Promote { pack: "starter".into() },
            Ask::Events(Sought::default()),
            Ask::Events(sought),
        ];
        for ask in asks {
            let line = serde_json::to_vec(&Request::new(ask.clone())).expect("JSON");
            assert_eq!(Request::parse(&line).expect("a request").ask, ask);
        }
        let by_hand = br#"{"protocol":1,"ask":"watch","of_later":true}"#;
        assert_eq!(Request::parse(by_hand).expect("a request").ask, Ask::Watch { every_ms: 1000 });
        let by_hand = br#"{"protocol":1,"ask":"release","pack":"starter"}"#;
        assert_eq!(Request::parse(by_hand).expect("a request").ask, Ask::Release { pack: "starter".into() });
        let by_hand = br#"{"protocol":1,"ask":"events","kinds":["open"]}"#;
        let sought = Sought { kinds: vec!["open".into()], ..Sought::default() };
        assert_eq!(Request::parse(by_hand).expect("a request").ask, Ask::Events(sought));
    }

    #[track_caller]
    fn refused(line: &str, why: &str) {
        let sentence = Request::parse(line.as_bytes()).expect_err("it is refused");
        assert!(sentence.contains(why) && !sentence.contains('\n'), "{sentence}");
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_sentence() {
        refused("status", "this is no request");
        refused("{}", "missing field `protocol`");
        refused("\u{0}\u{1b}[31m", "this is no request");
        refused(&"[".repeat(60_000), "this is no request");
        refused(
            r#"{"protocol":2,"ask":"status"}"#,
            "the client speaks version 2 of the protocol, and this host version 1",
        );
        refused(r#"{"protocol":1,"ask":"dance"}"#, "unknown variant `dance`, expected one of `status`");
        refused(r#"{"protocol":1,"ask":"release"}"#, "this host does not take \"release\": missing field `pack`");
        refused(
            r#"{"protocol":1,"ask":"events","kinds":"open"}"#,
            "invalid type: string \"open\", expected a sequence",
        );
        refused(r#"{"protocol":1,"ask":"events","pid":-1}"#, "expected u32");
        refused(r#"{"protocol":1,"ask":"watch","every_ms":1}"#, "every_ms is 1, and has to be 100 to 60000");
    }

    #[test]
    fn what_is_answered_is_read_as_it_was_written() {
        let answers = [
            Answer::Status(Box::default()),
            Answer::LeftOut { findings: 3, events: 0 },
            Answer::LeftOut { findings: 0, events: 4 },
            Answer::error("no"),
            Answer::Reloading,
            Answer::Released { pack: "starter".into() },
            Answer::Listening,
        ];
        for answer in answers {
            let line = answer.line();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(serde_json::from_slice::<Answer>(&line).expect("an answer"), answer);
        }
        let of_later: Answer = serde_json::from_str(r#"{"type":"of_later"}"#).expect("an answer");
        assert_eq!(of_later, Answer::Other);
        let finding: Answer = serde_json::from_str(r#"{"schema":1,"type":"finding","x":{}}"#).expect("an answer");
        assert_eq!(finding, Answer::Other);
        let event: Answer = serde_json::from_str(r#"{"type":"event","seq":1,"process":{}}"#).expect("an answer");
        assert_eq!(event, Answer::Event);
        assert_eq!(Answer::LeftOut { findings: 3, events: 0 }.line(), b"{\"type\":\"left_out\",\"findings\":3}\n");
    }
}
