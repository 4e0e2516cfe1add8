//! What tests make up: processes, containers, events.

const std = @import("std");

const Address = @import("../address.zig").Address;
const filter = @import("../filter.zig");
const generated = @import("../generated.zig");
const field = generated.field;
const layout = @import("../layout.zig");

/// When the first event happens: any time will do, but not 0.
pub const beginning = 1_700_000_000_000_000_000;

/// Pids and ids of processes; no two processes share one.
var next_pid: u32 = 1000;

pub const Value = union(enum) {
    number: i128,
    bytes: []const u8,
    process: *Process,
};

/// A record of which a test has said something.
pub const Record = struct {
    info: *const layout.Record,
    values: []?Value,
    /// The test said something of the field, so that it does not follow from others.
    said: []bool,

    fn init(arena: std.mem.Allocator, info: *const layout.Record) Record {
        const values = arena.alloc(?Value, info.fields.len) catch @panic("out of memory");
        const said = arena.alloc(bool, info.fields.len) catch @panic("out of memory");
        @memset(values, null);
        @memset(said, false);
        return .{ .info = info, .values = values, .said = said };
    }

    fn copy(self: Record, arena: std.mem.Allocator) Record {
        return .{
            .info = self.info,
            .values = arena.dupe(?Value, self.values) catch @panic("out of memory"),
            .said = arena.dupe(bool, self.said) catch @panic("out of memory"),
        };
    }

    fn placeOf(self: Record, its: *const layout.Field) usize {
        for (self.info.fields, 0..) |*one, place| {
            if (one == its) return place;
        }
        std.debug.panic("{s} has no such field {s}", .{ self.info.name, its.name });
    }

    fn put(self: Record, its: *const layout.Field, value: ?Value) void {
        const place = self.placeOf(its);
        self.values[place] = value;
        self.said[place] = true;
    }

    pub fn get(self: Record, its: *const layout.Field) ?Value {
        return self.values[self.placeOf(its)];
    }
};

/// The value of a field, as its filter is of a type: `TextField` takes bytes, `NumberField` a number, `BoolField` a `bool`,
/// `AddressField` an address as people write it.
fn valueOf(arena: std.mem.Allocator, its: anytype, value: anytype) Value {
    return switch (@TypeOf(its)) {
        filter.TextField => .{ .bytes = arena.dupe(u8, value) catch @panic("out of memory") },
        filter.NumberField => .{ .number = if (@typeInfo(@TypeOf(value)) == .@"enum") @intFromEnum(value) else value },
        filter.BoolField => .{ .number = @intFromBool(value) },
        filter.AddressField => blk: {
            const address = Address.parse(value) orelse std.debug.panic("{s} is no address", .{value});
            break :blk .{ .bytes = arena.dupe(u8, &address.bytes) catch @panic("out of memory") };
        },
        else => @compileError("is no field: lanner.field has them"),
    };
}

pub const Container = struct {
    record: Record,
    arena: std.mem.Allocator,
    labels: std.ArrayList([2][]const u8) = .empty,

    /// Any field: `.set(lanner.field.container.name, "web")`.
    pub fn set(self: *Container, its: anytype, value: anytype) *Container {
        self.record.put(its.field.info, valueOf(self.arena, its, value));
        return self;
    }

    /// One more label.
    pub fn label(self: *Container, name: []const u8, value: []const u8) *Container {
        self.labels.append(self.arena, .{ name, value }) catch @panic("out of memory");
        return self;
    }
};

/// A process: the image that its events come from.
pub const Process = struct {
    record: Record,
    arena: std.mem.Allocator,
    parent: ?*Process = null,
    container: ?*Container = null,

    fn put(self: *Process, its: anytype, value: anytype) void {
        self.record.put(its.field.info, valueOf(self.arena, its, value));
    }

    /// Any field: `.set(lanner.field.process.login_uid, 1000)`.
    pub fn set(self: *Process, its: anytype, value: anytype) *Process {
        self.put(its, value);
        return self;
    }

    /// The field is not known.
    pub fn without(self: *Process, its: anytype) *Process {
        self.record.put(its.field.info, null);
        return self;
    }

    /// The process that it was forked from.
    pub fn childOf(self: *Process, its: *Process) *Process {
        self.parent = its;
        self.put(field.process.ppid, its.pid());
        return self;
    }

    /// The container that it runs in.
    pub fn in(self: *Process, its: *Container) *Process {
        self.container = its;
        return self;
    }

    /// Its arguments, the program's name first. Where nothing is said, there is only that.
    pub fn args(self: *Process, all: []const []const u8) *Process {
        var argv: std.ArrayList(u8) = .empty;
        for (all) |one| argv.print(self.arena, "{s}\x00", .{one}) catch @panic("out of memory");
        return self.set(field.process.argv, argv.items);
    }

    /// The kernel's short name; where nothing is said, the beginning of the executable's.
    pub fn comm(self: *Process, name: []const u8) *Process {
        return self.set(field.process.comm, name);
    }

    /// Real, effective and saved user id, and the user's name. Where nothing is said, 0 and root.
    pub fn user(self: *Process, uid: u32, name: ?[]const u8) *Process {
        self.put(field.process.uid, uid);
        self.put(field.process.euid, uid);
        self.put(field.process.suid, uid);
        return if (name) |known| self.set(field.process.user, known) else self.without(field.process.user);
    }

    /// The same process after an exec of another executable.
    pub fn afterExec(self: *Process, exe: []const u8) *Process {
        const after = self.arena.create(Process) catch @panic("out of memory");
        after.* = self.*;
        after.record = self.record.copy(self.arena);
        return after.set(field.process.image, self.image() + 1).set(field.process.exe, exe);
    }

    fn number(self: *const Process, its: anytype) i128 {
        return (self.record.get(its.field.info) orelse return 0).number;
    }

    pub fn pid(self: *const Process) u32 {
        return @intCast(self.number(field.process.pid));
    }

    pub fn image(self: *const Process) u64 {
        return @intCast(self.number(field.process.image));
    }

    pub fn executable(self: *const Process) ?[]const u8 {
        return (self.record.get(field.process.exe.field.info) orelse return null).bytes;
    }
};

/// An event.
pub const Event = struct {
    kind: generated.Kind,
    record: Record,
    arena: std.mem.Allocator,
    its_process: ?*Process = null,
    its_later: u64 = 1_000_000,
    result: i64 = 0,
    flags: u16 = 0,
    /// Set when it happens.
    seq: u64 = 0,
    time: u64 = 0,

    /// Any field of its kind: `.set(lanner.field.open.inode, 42)`.
    pub fn set(self: *Event, its: anytype, value: anytype) *Event {
        self.record.put(its.field.info, valueOf(self.arena, its, value));
        return self;
    }

    /// The field is not known.
    pub fn without(self: *Event, its: anytype) *Event {
        self.record.put(its.field.info, null);
        return self;
    }

    /// A process that it names, by the field's name: `.names("target", sshd)`.
    pub fn names(self: *Event, name: []const u8, process: *Process) *Event {
        for (self.record.info.fields) |*its| {
            if (its.holds == .row and std.mem.eql(u8, its.name, name)) {
                self.record.put(its, .{ .process = process });
                return self;
            }
        }
        std.debug.panic("{s} names no process {s}", .{ self.record.info.name, name });
    }

    /// Who did it; where nothing is said, a process of which nothing is known but that it is root's.
    pub fn by(self: *Event, process: *Process) *Event {
        self.its_process = process;
        return self;
    }

    /// How long after the event before it, or the beginning of the test, ns. Where nothing is said, a millisecond.
    pub fn later(self: *Event, ns: u64) *Event {
        self.its_later = ns;
        return self;
    }

    /// It failed, with this errno.
    pub fn failed(self: *Event, errno: u16) *Event {
        self.result = -@as(i64, errno);
        self.flags |= generated.event_flag.failed;
        return self;
    }

    /// It returned this.
    pub fn returned(self: *Event, result: i64) *Event {
        self.result = result;
        return self;
    }

    /// An open, for reading, as it is where nothing is said.
    pub fn read(self: *Event) *Event {
        return self.set(field.open.flags, 0);
    }

    /// An open, for writing; the file is created where it is not there.
    pub fn write(self: *Event) *Event {
        return self.set(field.open.flags, 0o101);
    }
};

/// Makes what belongs to a test, and is gone when it ends.
pub const Maker = struct {
    arena: std.mem.Allocator,

    /// A process that runs this executable, as root; where that is empty, nothing is known of it.
    pub fn process(self: *Maker, exe: []const u8) *Process {
        const number = next_pid;
        next_pid += 1;
        const made = self.arena.create(Process) catch @panic("out of memory");
        made.* = .{ .record = .init(self.arena, &generated.records.process), .arena = self.arena };
        made.put(field.process.id, number);
        made.put(field.process.image, @as(u64, number) << 32);
        made.put(field.process.pid, number);
        made.put(field.process.ns_pid, number);
        made.put(field.process.start, beginning);
        made.put(field.process.image_start, beginning);
        made.put(field.process.flags, 0);
        made.put(field.process.exe_mode, 0o100755);
        // ext4's.
        made.put(field.process.exe_fs, 0xef53);
        made.put(field.process.cwd, "/");
        made.put(field.process.gid, 0);
        made.put(field.process.egid, 0);
        if (exe.len > 0) made.put(field.process.exe, exe);
        return made.user(0, "root");
    }

    /// A container with this id, of which nothing else is known.
    pub fn container(self: *Maker, id: []const u8) *Container {
        const made = self.arena.create(Container) catch @panic("out of memory");
        made.* = .{ .record = .init(self.arena, &generated.records.container), .arena = self.arena };
        return made.set(field.container.id, id);
    }

    /// An event of this kind that succeeded: numbers that every host gives are 0 and texts are empty, files are regular, and nothing
    /// else is known. The kinds have functions that make more of it: `test.open("/etc/shadow")`.
    pub fn event(self: *Maker, kind: generated.Kind) *Event {
        const made = self.arena.create(Event) catch @panic("out of memory");
        made.* = .{ .kind = kind, .record = .init(self.arena, kind.record()), .arena = self.arena };
        for (kind.record().fields, made.record.values) |its, *value| {
            if (its.always and its.holds != .row) {
                value.* = switch (its.holds) {
                    .text => .{ .bytes = "" },
                    .address => .{ .bytes = &@as([16]u8, @splat(0)) },
                    else => .{ .number = 0 },
                };
            }
            if (std.mem.eql(u8, its.name, "file_mode")) value.* = .{ .number = 0o100644 };
        }
        return made;
    }

    /// A process began a program. What it was before is a fork of its parent.
    pub fn exec(self: *Maker, image: *Process) *Event {
        const forked = if (image.parent) |parent| parent.executable() orelse "" else "";
        const before = self.process(forked);
        before.parent = image.parent;
        before.container = image.container;
        before.put(field.process.id, image.number(field.process.id));
        before.put(field.process.image, image.image() - 1);
        before.put(field.process.pid, image.pid());
        return self.event(.exec).set(field.exec.filename, image.executable() orelse "").names("image", image).by(before);
    }

    /// A process was created, by its parent.
    pub fn fork(self: *Maker, child: *Process) *Event {
        const made = self.event(.fork).set(field.fork.child_pid, child.pid()).set(field.fork.child_ns_pid, child.pid()).names("child", child);
        return if (child.parent) |parent| made.by(parent) else made;
    }

    /// A TCP socket was connected to an address and port, such as `192.0.2.1:443` or `[2001:db8::1]:443`.
    pub fn connect(self: *Maker, peer: []const u8) *Event {
        const colon = std.mem.findScalarLast(u8, peer, ':') orelse std.debug.panic("{s} is not an address and port", .{peer});
        const address = std.mem.trim(u8, peer[0..colon], "[]");
        const port = std.fmt.parseInt(u16, peer[colon + 1 ..], 10) catch std.debug.panic("{s} is not an address and port", .{peer});
        const family: u16 = if (std.mem.findScalar(u8, address, ':') == null) 2 else 10;
        return self.socket_event(family).set(field.connect.address, address).set(field.connect.port, port).set(field.connect.protocol, 6);
    }

    /// A unix socket was connected.
    pub fn connectUnix(self: *Maker, path: []const u8) *Event {
        return self.socket_event(1).set(field.connect.unix_path, path);
    }

    fn socket_event(self: *Maker, family: u16) *Event {
        return self.event(.connect).set(field.connect.family, family).set(field.connect.socket_type, 1).set(field.connect.fd, 3);
    }
};
