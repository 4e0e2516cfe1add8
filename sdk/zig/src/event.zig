//! What rules ask of any event, beyond its bare fields.

const generated = @import("generated.zig");
const Event = generated.Event;
const Kind = generated.Kind;
const Process = generated.Process;
const flag = generated.event_flag;

/// The kind, where this SDK knows it.
pub fn kind(self: Event) ?Kind {
    return @import("std").enums.fromInt(Kind, self.kindNumber());
}

/// The event as one of a kind, where it is one: `event.of(.open)`.
pub fn of(self: Event, comptime its_kind: Kind) ?generated.EventOf(its_kind) {
    if (self.kindNumber() != @intFromEnum(its_kind)) return null;
    return .{ .event = self, .record = self.record.frame.record(its_kind.record().index, self.payloadRow()) };
}

/// The image that did it, as it was before the event.
pub fn process(self: Event) Process {
    return self.record.frame.process(self.processRow());
}

/// The process that a finding about this event is about: for an exec the image that begins.
pub fn subject(self: Event) Process {
    return if (self.of(.exec)) |exec| exec.image() else self.process();
}

/// Whether the call failed; `result` says how.
pub fn failed(self: Event) bool {
    return self.flags() & flag.failed != 0;
}

/// Whether a text of it is longer than what was recorded.
pub fn isTruncated(self: Event) bool {
    return self.flags() & flag.truncated != 0;
}

/// Whether something about it could not be read.
pub fn isPartial(self: Event) bool {
    return self.flags() & flag.partial != 0;
}

/// Whether the path or address is what the caller passed, not what the kernel resolved: it could have changed meanwhile.
pub fn isUnresolved(self: Event) bool {
    return self.flags() & flag.unresolved != 0;
}

/// Whether it was handed to io_uring, and what came of it is not known: its result says nothing.
pub fn isSubmitted(self: Event) bool {
    return self.flags() & flag.submitted != 0;
}
