//! The reference pack in Zig. tests/reference/README.md says what it does.

const std = @import("std");

const lanner = @import("lanner");

const Windows = @import("windows.zig").Windows;

const State = struct {
    private: bool = false,
    burst: u64 = 0,
    windows: Windows = .{},
    allocator: std.mem.Allocator = undefined,
};

/// Programs that read secrets as a matter of course.
const readers: lanner.Set = .of(.{
    .equals = &.{ "sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd" },
});
/// By the kernel's short names.
const servers: lanner.Set = .of(.{ .equals = &.{ "nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres" } });

fn secretOpen(_: *State, event: lanner.events.OpenEvent, out: *lanner.Out) void {
    const process = event.process();
    if (!event.isRead() or event.failed() or readers.has(process.exe().fileName())) return;
    const exe = process.exeOrComm();
    const finding = out.raise("{f} read {f}", .{ exe, event.path() });
    finding.fact("path", event.path());
    finding.key("{f}", .{exe});
}

fn execFromTmp(_: *State, event: lanner.events.ExecEvent, out: *lanner.Out) void {
    const image = event.image();
    const finding = out.raise("{f} was run from a folder that anybody may write to", .{image.exe()});
    finding.fact("exe", image.exe());
    finding.fact("command_line", image.commandLine());
}

fn oddPort(state: *State, event: lanner.events.ConnectEvent, out: *lanner.Out) void {
    const address = event.address() orelse return;
    const port = event.port() orelse return;
    if (!address.isPublic() and !state.private) return;
    const exe = event.process().exeOrComm();
    const finding = if (address.isV4())
        out.raise("{f} connects to {f}:{d}", .{ exe, address, port })
    else
        out.raise("{f} connects to [{f}]:{d}", .{ exe, address, port });
    finding.fact("address", address);
    finding.fact("port", port);
}

fn shellOfServer(_: *State, event: lanner.events.ExecEvent, out: *lanner.Out) void {
    const image = event.image();
    var ancestors = image.ancestors();
    while (ancestors.next()) |ancestor| {
        if (!servers.has(ancestor.comm())) continue;
        const finding = out.raise("{f} started a shell: {f}", .{ ancestor.comm(), image.commandLine() });
        finding.fact("server", ancestor);
        return;
    }
}

fn manyOpens(state: *State, event: lanner.events.OpenEvent, out: *lanner.Out) void {
    const process = event.process();
    if (!process.isKnown()) return;
    const opened = state.windows.opened(state.allocator, process.id(), event.event.time(), state.burst) catch @panic("out of memory");
    const count = opened orelse return;
    const finding = out.raise("{f} opened {d} files below /etc within 10 s", .{ process.exeOrComm(), count });
    finding.fact("count", count);
}

fn configure(state: *State, settings: lanner.Settings) ?[]const u8 {
    state.private = settings.boolean("private");
    state.burst = @intCast(settings.number("burst"));
    state.allocator = settings.allocator;
    return null;
}

fn save(state: *const State, writer: *lanner.cbor.Writer) void {
    state.windows.save(writer);
}

fn restore(state: *State, reader: *lanner.cbor.Reader, _: []const u8, allocator: std.mem.Allocator) !void {
    try state.windows.restore(reader, allocator);
}

const field = lanner.field;

pub const pack: lanner.Pack(State) = .{
    .name = "reference",
    .version = "1.0.0",
    .summary = "The same five rules in every language",
    .rules = &.{
        .{
            .id = "reference/secret-open",
            .summary = "A process that has no business with it read a secret",
            .severity = .high,
            .attack = &.{"T1552.004"},
            .handlers = &.{.{
                .only = lanner.any(&.{
                    field.open.path.equals(&.{"/etc/shadow"}),
                    field.open.path.startsWith(&.{"/root/.ssh/"}),
                    field.open.path.endsWith(&.{".pem"}),
                }),
                .run = .{ .open = secretOpen },
            }},
        },
        .{
            .id = "reference/exec-from-tmp",
            .summary = "A program was run from a folder that anybody may write to",
            .severity = .medium,
            .attack = &.{"T1059.004"},
            .handlers = &.{.{
                .only = field.exec.image.exe.startsWith(&.{ "/tmp/", "/var/tmp/", "/dev/shm/" }),
                .run = .{ .exec = execFromTmp },
            }},
        },
        .{
            .id = "reference/odd-port",
            .summary = "A process connected to a port that remote shells are known for",
            .severity = .medium,
            .attack = &.{"T1571"},
            .handlers = &.{.{
                .only = field.connect.port.equals(&.{ 4444, 1337, 31337 }),
                .run = .{ .connect = oddPort },
            }},
        },
        .{
            .id = "reference/shell-of-server",
            .summary = "A server started a shell",
            .severity = .high,
            .attack = &.{"T1505.003"},
            .handlers = &.{.{
                .only = field.exec.image.exe.endsWith(&.{ "/sh", "/bash", "/dash", "/zsh" }),
                .run = .{ .exec = shellOfServer },
            }},
        },
        .{
            .id = "reference/many-opens",
            .summary = "A process opened many files below /etc in a short time",
            .severity = .low,
            .attack = &.{"T1083"},
            .handlers = &.{.{ .only = field.open.path.startsWith(&.{"/etc/"}), .run = .{ .open = manyOpens } }},
        },
    },
    .settings = &.{
        .{ .name = "private", .summary = "Report odd ports at addresses that are not public too", .takes = .{ .boolean = false } },
        .{
            .name = "burst",
            .summary = "Files below /etc that a process may open within 10 s",
            .takes = .{ .number = .{ .least = 1, .most = 10_000, .default = 20 } },
        },
    },
    .configure = configure,
    .save = save,
    .restore = restore,
};
