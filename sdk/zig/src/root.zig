//! Write rules for Lanner in Zig: see README.md.

const address = @import("address.zig");
const filter = @import("filter.zig");
const frame = @import("frame.zig");
const generated = @import("generated.zig");
const matching = @import("matching.zig");
const pack_of = @import("pack.zig");

// What a pack says.
pub const Pack = pack_of.Pack;
pub const Rule = pack_of.Rule;
pub const Handler = pack_of.Handler;
pub const Setting = pack_of.Setting;
pub const Severity = pack_of.Severity;
pub const Settings = @import("settings.zig").Settings;

// What its handlers are given.
pub const Kind = generated.Kind;
pub const Event = generated.Event;
pub const EventOf = generated.EventOf;
pub const Process = generated.Process;
pub const Container = generated.Container;
pub const ContainerMount = generated.ContainerMount;
pub const Label = generated.Label;
pub const List = frame.List;
pub const Text = @import("text.zig").Text;
pub const Address = address.Address;
pub const process_flag = generated.process_flag;
pub const event_flag = generated.event_flag;
pub const stdio_flag = generated.stdio_flag;
/// The types of events, by kind: `lanner.events.OpenEvent`.
pub const events = generated;

// What they raise.
pub const Out = @import("finding.zig").Out;
pub const Finding = @import("finding.zig").Finding;
pub const log = host.log;

// What they are given only.
pub const Filter = filter.Filter;
pub const all = filter.all;
pub const any = filter.any;
pub const not = filter.not;
pub const failed = filter.failed;
pub const field = generated.field;

// What they compare with.
pub const Set = matching.Set;
pub const Networks = matching.Networks;
pub const Network = address.Network;
pub const globWrong = matching.globWrong;

// How state is kept.
pub const cbor = @import("cbor.zig");

/// Tests without a host.
pub const testing = @import("testing.zig");

// What the root of a pack needs, and who reads frames without a pack.
pub const Running = @import("running.zig").Running;
pub const Frame = frame.Frame;
pub const layout = @import("layout.zig");
pub const host = @import("host.zig");

/// What the SDK's own tests look at; it may change with any version.
pub const internals = @import("internals.zig");
