//! A pack of one rule: who reads secrets and has no business with them.

const lanner = @import("lanner");

/// What the rules remember: the first argument of every handler.
const State = struct {
    /// Programs that may read secrets, by their file names: from the setting.
    trusted: lanner.Set = .empty,
};

/// Is given the opens that pass the filter below. It stays small: the host has compared the path already.
fn secretRead(state: *State, event: lanner.events.OpenEvent, out: *lanner.Out) void {
    const process = event.process();
    if (!event.isRead() or state.trusted.has(process.exe())) return;

    // Texts of the kernel are made safe to print: nobody can act on a terminal by the name of a file.
    const exe = process.exeOrComm();
    const finding = out.raise("{f} read {f}", .{ exe, event.path() });
    // A fact is kept as what it is, here a path, so that findings can be searched by it.
    finding.fact("path", event.path());
    // Findings with the same key are about the same thing, and may be shown as one.
    finding.key("{f}", .{exe});
}

/// Takes the settings, before the first event.
fn configure(state: *State, settings: lanner.Settings) ?[]const u8 {
    state.trusted = lanner.Set.init(settings.allocator, .{ .file_names = settings.texts("trusted") }) catch return "out of memory";
    return null;
}

const open = lanner.field.open;

pub const pack: lanner.Pack(State) = .{
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Who reads secrets and has no business with them",
    .rules = &.{.{
        .id = "{{name}}/secret-read",
        .summary = "A process that has no business with it read the password hashes or the keys of root",
        .severity = .high,
        .attack = &.{"T1003.008"},
        .handlers = &.{.{
            .only = lanner.any(&.{
                open.path.equals(&.{ "/etc/shadow", "/etc/gshadow" }),
                open.path.startsWith(&.{"/root/.ssh/"}),
            }),
            .run = .{ .open = secretRead },
        }},
    }},
    .settings = &.{.{
        .name = "trusted",
        .summary = "Programs that may read secrets, by their file names",
        .takes = .{ .texts = &.{ "sshd", "passwd", "login", "su", "sudo", "unix_chkpwd", "systemd" } },
    }},
    .configure = configure,
};
