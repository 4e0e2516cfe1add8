//! What rules ask of an event, beyond its bare fields.

use core::fmt;
use core::net::IpAddr;

use crate::generated::{Event, ExecEvent, Kind, LossEvent, Process, event_flag, stdio_flag};
use crate::value::RecordRef;

impl<'a> Event<'a> {
    /// The kind, where this version knows it.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_number(self.kind_number())
    }

    /// The image that did it, as it was before the event; `None` where it is nobody's doing.
    #[inline]
    #[must_use]
    pub fn process(&self) -> Option<Process<'a>> {
        self.frame.process(self.process_row()?)
    }

    /// The process that a finding about this event is about: for an exec the image that begins.
    #[inline]
    #[must_use]
    pub fn subject(&self) -> Option<Process<'a>> {
        self.as_exec().map(|exec| exec.image()).or_else(|| self.process())
    }

    /// The process of a row that the event's payload names.
    #[inline]
    #[must_use]
    pub fn named_process(&self, row: u32) -> Option<Process<'a>> {
        self.frame.process(row)
    }

    #[inline]
    pub(crate) fn process_or_unknown(&self) -> Process<'a> {
        self.frame.process_or_unknown(self.process_row())
    }

    #[inline]
    fn has(&self, flag: u16) -> bool {
        self.flags() & flag != 0
    }

    /// Whether the call failed; `result` says how.
    #[inline]
    #[must_use]
    pub fn failed(&self) -> bool {
        self.has(event_flag::FAILED)
    }

    /// Whether a text of it is longer than what was recorded.
    #[inline]
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.has(event_flag::TRUNCATED)
    }

    /// Whether something about it could not be read.
    #[inline]
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.has(event_flag::PARTIAL)
    }

    /// Whether the path or address is what the caller passed, not what the kernel resolved: it could have changed
    /// meanwhile.
    #[inline]
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        self.has(event_flag::UNRESOLVED)
    }

    /// Whether it was handed to io_uring, and what came of it is not known: its result says nothing.
    #[inline]
    #[must_use]
    pub fn is_submitted(&self) -> bool {
        self.has(event_flag::SUBMITTED)
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Event");
        shown.field("header", &self.header());
        match self.payload_record() {
            Some(payload) => shown.field("payload", &Shown(payload)).finish(),
            None => shown.field("kind", &self.kind_number()).finish_non_exhaustive(),
        }
    }
}

struct Shown<'a>(RecordRef<'a>);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_fields(f)
    }
}

impl ExecEvent<'_> {
    /// Whether standard input is an internet socket.
    #[inline]
    #[must_use]
    pub fn stdin_is_socket(&self) -> bool {
        self.stdio() & stdio_flag::STDIN_SOCKET != 0
    }

    /// Whether standard output is an internet socket.
    #[inline]
    #[must_use]
    pub fn stdout_is_socket(&self) -> bool {
        self.stdio() & stdio_flag::STDOUT_SOCKET != 0
    }

    /// The peer behind standard input, where that is an internet socket that is connected: address and port.
    #[must_use]
    pub fn stdin_peer(&self) -> Option<(IpAddr, u16)> {
        Some((self.peer_address()?, self.peer_port()?))
    }
}

impl LossEvent<'_> {
    /// The kind that was lost, where this version knows it.
    #[inline]
    #[must_use]
    pub fn lost_kind(&self) -> Option<Kind> {
        Kind::from_number(self.lost_kind_number())
    }
}
