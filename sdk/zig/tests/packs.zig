//! Packs: what their handlers are given, what they raise, what they are told and keep.

const std = @import("std");

const lanner = @import("lanner");
const check = lanner.internals.check;
const field = lanner.field;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;
const expectEqualStrings = std.testing.expectEqualStrings;

const State = struct {
    opens: u64 = 0,
    ticks: u64 = 0,
    most: i64 = 0,
    loud: bool = false,
    mode: []const u8 = "",
    trusted: usize = 0,
};

var last: State = .{};

fn onSecret(state: *State, event: lanner.events.OpenEvent, out: *lanner.Out) void {
    const by = event.process();
    const finding = out.raise("{f} read {f}", .{ by.exeOrComm(), event.path() });
    finding.fact("path", event.path());
    finding.fact("pid", by.pid());
    finding.fact("result", event.result());
    finding.fact("inode", event.inode());
    finding.fact("created", event.created());
    finding.fact("process", by);
    finding.fact("ratio", 0.5);
    finding.fact("line", by.commandLine());
    finding.fact("word", "x");
    finding.fact("several", &[_]lanner.Text{ event.path(), .unknown, .of("y\n") });
    finding.text("both", "{d}:{f}", .{ by.uid(), event.path() });
    finding.key("{f}:{d}", .{ event.path(), by.uid() });
    finding.becauseOf(7);
    finding.becauseOf(7);
    if (state.loud) finding.severity(.critical);
    if (by.parent()) |parent| finding.about(parent);
}

fn onAny(state: *State, event: lanner.Event, out: *lanner.Out) void {
    state.opens += 1;
    last = state.*;
    if (event.of(.rename)) |rename| _ = out.raise("{f} -> {f}", .{ rename.oldPath(), rename.newPath() });
}

fn onTick(state: *State, now: u64, out: *lanner.Out) void {
    state.ticks += 1;
    last = state.*;
    if (state.ticks == 2) out.raise("two ticks", .{}).fact("now", now);
}

fn onConnect(_: *State, event: lanner.events.ConnectEvent, out: *lanner.Out) void {
    out.raise("to {f} {d}", .{ event.address().?, event.port().? }).fact("peer", event.address());
    _ = out.raise("again", .{});
}

fn configure(state: *State, settings: lanner.Settings) ?[]const u8 {
    state.* = .{
        .most = settings.number("most"),
        .loud = settings.boolean("loud"),
        .mode = settings.text("mode"),
        .trusted = settings.texts("trusted").len,
    };
    last = state.*;
    return if (state.most == 13) "13 brings bad luck" else null;
}

const Kept = struct { opens: u64, more: ?[]const u8 = null };

fn save(state: *const State, writer: *lanner.cbor.Writer) void {
    writer.value(Kept{ .opens = state.opens });
}

fn restore(state: *State, reader: *lanner.cbor.Reader, version: []const u8, allocator: std.mem.Allocator) !void {
    try expectEqualStrings("1.2.3", version);
    state.opens = (try reader.value(Kept, allocator)).opens;
}

const pack: lanner.Pack(State) = .{
    .name = "tested",
    .version = "1.2.3",
    .rules = &.{
        .{
            .id = "tested/secret",
            .severity = .high,
            .attack = &.{ "T1003.008", "T1005" },
            .handlers = &.{.{
                .only = lanner.any(&.{ field.open.path.equals(&.{"/etc/shadow"}), field.open.path.startsWith(&.{"/root/"}) }),
                .run = .{ .open = onSecret },
            }},
        },
        .{
            .id = "tested/any",
            .handlers = &.{.{ .run = .{ .several = .{ .kinds = &.{ .open, .rename }, .run = onAny } } }},
            .on_tick = onTick,
        },
        .{
            .id = "tested/connect",
            .severity = .low,
            .handlers = &.{.{
                .only = lanner.all(&.{
                    lanner.not(field.connect.address.within(&.{ "10.0.0.0/8", "::1/128" })),
                    field.connect.port.equals(&.{ 4444, 1337 }),
                }),
                .run = .{ .connect = onConnect },
            }},
        },
    },
    .settings = &.{
        .{ .name = "most", .summary = "At the most", .takes = .{ .number = .{ .least = 1, .most = 100, .default = 20 } } },
        .{ .name = "loud", .summary = "Whether it is critical", .takes = .{ .boolean = false } },
        .{ .name = "mode", .summary = "How", .takes = .{ .one_of = .{ .choices = &.{ "fast", "slow" }, .default = "fast" } } },
        .{ .name = "trusted", .summary = "Who may", .takes = .{ .texts = &.{ "sshd", "login" } } },
    },
    .configure = configure,
    .save = save,
    .restore = restore,
};

const PackTest = lanner.testing.PackTest(pack);

fn shown(t: *PackTest, found: lanner.testing.Found, name: []const u8) ![]const u8 {
    return std.fmt.allocPrint(t.arena.allocator(), "{f}", .{found.fact(name) orelse return "-"});
}

test "handlers are given what passes, whoever compares" {
    for ([_]bool{ true, false }) |told| {
        var t: PackTest = undefined;
        try t.init(.{ .tells_what_passes = told });
        defer t.deinit();
        const nginx = t.process("/usr/sbin/nginx");
        const cat = t.process("/usr/bin/cat").childOf(nginx).user(33, "www-data").args(&.{ "cat", "/etc/shadow\n" });
        const found = try t.feed(t.open("/etc/shadow").by(cat));
        try expectEqual(1, found.len);
        try expectEqualStrings("tested/secret", found[0].rule);
        try expectEqual(.high, found[0].severity);
        try expectEqualStrings("/usr/bin/cat read /etc/shadow", found[0].message);
        try expectEqualStrings("/etc/shadow:33", found[0].key.?);
        try std.testing.expectEqualSlices(u64, &.{ 1, 7 }, found[0].events);
        try expectEqual(nginx.image(), found[0].process);
        try expectEqualStrings("/etc/shadow", found[0].fact("path").?.path);
        try expectEqualStrings("0", try shown(&t, found[0], "result"));
        try expectEqualStrings("-", try shown(&t, found[0], "inode"));
        try expectEqualStrings("false", try shown(&t, found[0], "created"));
        try expectEqual(cat.image(), found[0].fact("process").?.process);
        try expectEqual(0.5, found[0].fact("ratio").?.float);
        try expectEqualStrings("cat /etc/shadow\\n", found[0].fact("line").?.text);
        try expectEqualStrings("x", found[0].fact("word").?.text);
        try expectEqualStrings("[/etc/shadow, y\\n]", try shown(&t, found[0], "several"));
        try expectEqualStrings("33:/etc/shadow", found[0].fact("both").?.text);

        try expectEqual(0, (try t.feed(t.open("/etc/passwd"))).len);
        const renamed = try t.feed(t.make(.rename, .{ "/a", "/b\x1b" }));
        try expectEqualStrings("/a -> /b\\x1b", renamed[0].message);
        try expectEqual(.medium, renamed[0].severity);
        try expectEqual(3, last.opens);
        try expectEqual(0, (try t.feed(t.make(.unlink, .{"/root/x"}))).len);

        for ([_][]const u8{ "10.1.2.3:4444", "192.0.2.1:80", "[::1]:1337" }) |peer| try expectEqual(0, (try t.feed(t.connect(peer))).len);
        try expectEqual(0, (try t.feed(t.connect("192.0.2.1:4444").without(field.connect.port))).len);
        const connected = try t.feed(t.connect("[2001:db8::1]:1337"));
        try expectEqual(2, connected.len);
        try expectEqualStrings("to 2001:db8::1 1337", connected[0].message);
        try expectEqualStrings("2001:db8::1", try shown(&t, connected[0], "peer"));
        try expectEqualStrings("again", connected[1].message);
    }
}

test "events come in batches" {
    var t: PackTest = undefined;
    try t.init(.{});
    defer t.deinit();
    var events: [300]*lanner.testing.Event = undefined;
    for (&events, 0..) |*event, number| event.* = t.open(if (number % 3 == 0) "/root/y" else "/tmp/x");
    const found = try t.feedAll(&events);
    try expectEqual(100, found.len);
    try expectEqual(298, found[99].events[1]);
    try expectEqual(300, last.opens);
}

test "time goes by" {
    var t: PackTest = undefined;
    try t.init(.{});
    defer t.deinit();
    try expectEqual(0, t.wait(1_500_000_000).len);
    const found = t.wait(500_000_000);
    try expectEqual(0, found[0].events.len);
    try expectEqual(1_700_000_002_000_000_000, found[0].fact("now").?.number);
    _ = try t.feed(t.open("/x").later(3_000_000_000));
    try expectEqual(5, last.ticks);
}

test "settings are told" {
    var t: PackTest = undefined;
    try t.init(.{});
    try expect(last.most == 20 and !last.loud and last.trusted == 2);
    try expectEqualStrings("fast", last.mode);
    t.deinit();
    const settings = [_][2][]const u8{ .{ "loud", "true" }, .{ "most", "3" }, .{ "mode", "slow" }, .{ "trusted", "a,b,c" } };
    try t.init(.{ .settings = &settings, .off = &.{"tested/any"} });
    defer t.deinit();
    try expect(last.most == 3 and last.loud and last.trusted == 3);
    try expectEqual(.critical, (try t.feed(t.open("/root/x")))[0].severity);
    // A rule that is off sees nothing, no ticks either.
    _ = t.wait(5_000_000_000);
    try expect(last.opens == 0 and last.ticks == 0);
}

test "settings that are refused" {
    var running: lanner.Running(pack) = undefined;
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    running.init(arena.allocator());
    // A key that is not known is passed over.
    try expectEqual(null, running.configure("\xa2\x64more\x82\x01\x02\x63off\x81\x00"));
    try expectEqualStrings("there is no setting x", running.configure("\xa1\x68settings\xa1\x61x\xf5").?);
    try expectEqualStrings("the setting loud does not take what it is set to", running.configure("\xa1\x68settings\xa1\x64loud\x01").?);
    try expectEqualStrings("the setting most does not take what it is set to", running.configure("\xa1\x68settings\xa1\x64most\x18\x65").?);
    try expectEqualStrings("13 brings bad luck", running.configure("\xa1\x68settings\xa1\x64most\x0d").?);
    for ([_][]const u8{ "", "x", "\xa1", "\xa1\x68settings", "\xa1\x63off\x81" }) |wrong| try expect(running.configure(wrong) != null);
}

test "state is kept" {
    var t: PackTest = undefined;
    try t.init(.{ .settings = &.{.{ "most", "4" }} });
    defer t.deinit();
    _ = try t.feed(t.open("/x"));
    _ = try t.feed(t.open("/x"));
    _ = t.wait(1_000_000_000);
    try t.reload();
    _ = try t.feed(t.open("/x"));
    try expect(last.opens == 3 and last.ticks == 0 and last.most == 4);
    try expect((try t.restore("x", "1.2.3")) != null and (try t.restore("\xa0", "1.2.3")) != null);
    try expectEqual(null, try t.restore("\xa2\x63new\x80\x65opens\x05", "1.2.3"));
}

test "what is kept comes back" {
    const T = struct { a: u8, b: ?i64 = 3, c: []const []const u8, d: [2]bool, e: struct { u64, f64 }, f: []const struct { x: i8 } };
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var writer: lanner.cbor.Writer = .init(arena.allocator());
    const kept: T = .{ .a = 255, .b = null, .c = &.{ "x", "", "\xff" }, .d = .{ true, false }, .e = .{ 1 << 63, 1.5 }, .f = &.{ .{ .x = -128 }, .{ .x = 127 } } };
    writer.value(kept);
    var reader: lanner.cbor.Reader = .init(writer.written());
    var expected = kept;
    // What is not there is its default.
    expected.b = 3;
    try std.testing.expectEqualDeep(expected, try reader.value(T, arena.allocator()));
    for (0..writer.written().len) |cut| {
        reader = .init(writer.written()[0..cut]);
        try std.testing.expectError(error.Malformed, reader.value(T, arena.allocator()));
    }
}

fn opens(only: ?lanner.Filter) []const lanner.Handler(State) {
    return &.{.{ .only = only, .run = .{ .open = onSecret } }};
}

fn refusal(comptime name: []const u8, comptime rule: lanner.Rule(State), comptime settings: []const lanner.Setting) []const u8 {
    const wrong: lanner.Pack(State) = .{
        .name = name,
        .version = "1",
        .rules = &.{ .{ .id = "a/first", .handlers = comptime opens(null) }, rule },
        .settings = settings,
    };
    return comptime check.wrong(wrong) orelse "nothing";
}

test "nonsense is refused" {
    const sound: lanner.Rule(State) = .{ .id = "a/b", .handlers = comptime opens(null) };
    try expectEqualStrings("nothing", refusal("a", sound, &.{}));
    try expectEqualStrings("the pack's name A is not lower-case letters, digits and `-`", refusal("A", sound, &.{}));
    try expectEqualStrings("the rule id b is not of the form group/name in lower case", refusal("a", .{ .id = "b", .handlers = sound.handlers }, &.{}));
    try expectEqualStrings("the rule id a/first stands twice", refusal("a", .{ .id = "a/first", .handlers = sound.handlers }, &.{}));
    try expectEqualStrings(
        "rule a/b: T10 is not an ATT&CK technique id such as T1003.008",
        refusal("a", .{ .id = "a/b", .attack = &.{"T10"}, .handlers = sound.handlers }, &.{}),
    );
    try expectEqualStrings("rule a/b handles nothing: it has no .handlers and no .on_tick", refusal("a", .{ .id = "a/b" }, &.{}));
    try expectEqualStrings(
        "rule a/b: events of the kind open have no field exec.image.exe",
        refusal("a", .{ .id = "a/b", .handlers = comptime opens(field.exec.image.exe.equals(&.{"x"})) }, &.{}),
    );
    try expectEqualStrings(
        "rule a/b: nothing is between the numbers that open.flags is tested for",
        refusal("a", .{ .id = "a/b", .handlers = comptime opens(field.open.flags.between(&.{.{ 3, 2 }})) }, &.{}),
    );
    try expectEqualStrings(
        "the setting n does not take its own default",
        refusal("a", sound, &.{.{ .name = "n", .takes = .{ .number = .{ .least = 1, .most = 2, .default = 3 } } }}),
    );
    try expectEqualStrings(
        "the setting n stands twice",
        refusal("a", sound, &.{ .{ .name = "n", .takes = .{ .boolean = true } }, .{ .name = "n", .takes = .{ .boolean = true } } }),
    );
}
