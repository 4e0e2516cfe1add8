//! Files and folders that listings do not show, and programs that run from there.

use common::command::{Command, called};
use common::context::{is_backup, is_build, is_ci, is_provisioning};
use common::outcome::Outcome;
use common::programs::{is_installed, is_interpreter, is_shell, is_system, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// Begin paths of what is hidden right in a folder in which nobody hides things.
static HIDDEN: TextSet = TextSet::new().starts_with(&[
    "/.",
    "/bin/.",
    "/boot/.",
    "/dev/.",
    "/dev/shm/.",
    "/etc/.",
    "/lib/.",
    "/opt/.",
    "/run/.",
    "/sbin/.",
    "/srv/.",
    "/tmp/.",
    "/usr/.",
    "/usr/bin/.",
    "/usr/lib/.",
    "/usr/local/.",
    "/usr/local/bin/.",
    "/usr/local/lib/.",
    "/usr/sbin/.",
    "/usr/share/.",
    "/var/.",
    "/var/cache/.",
    "/var/lib/.",
    "/var/log/.",
    "/var/run/.",
    "/var/spool/.",
    "/var/tmp/.",
]);
/// Names that belong there: sockets of desktops, locks, files that editors and copiers write beside what they change, and
/// folders of programs whose home was set to such a folder.
static USUAL: TextSet = TextSet::new()
    .starts_with(&[
        ".#",
        ".ICE-unix",
        ".NET",
        ".Test-unix",
        ".X",
        ".ansible",
        ".autorelabel",
        ".bash_history",
        ".build-id",
        ".bundle",
        ".cache",
        ".cargo",
        ".com.",
        ".config",
        ".containerenv",
        ".docker",
        ".dotnet",
        ".etckeeper",
        ".esd-",
        ".fonts",
        ".fuse_hidden",
        ".git",
        ".gnupg",
        ".gradle",
        ".java",
        ".keep",
        ".local",
        ".lock",
        ".m2",
        ".mount_",
        ".nfs",
        ".node",
        ".npm",
        ".nv",
        ".org.",
        ".pip",
        ".placeholder",
        ".pnpm",
        ".pwd.lock",
        ".readahead",
        ".s.PGSQL",
        ".ssh",
        ".sw",
        ".udev",
        ".updated",
        ".vagrant",
        ".vbox",
        ".vscode",
        ".wh.",
        ".yarn",
        ".~",
    ])
    .ends_with(&[".bak", ".lock", ".pid", ".swo", ".swp", ".swpx", ".swx", ".tmp"]);
/// Programs that write a hidden file first, and move it to its place.
static COPIERS: TextSet = TextSet::new().equals(&[
    "rsync",
    "git",
    "syncthing",
    "systemd",
    "systemd-tmpfiles",
    "vim",
    "vim.basic",
    "nano",
    "unison",
]);
/// What people make files and folders by.
static BY_HAND: TextSet = TextSet::new().equals(&[
    "busybox", "cat", "chmod", "cp", "curl", "dd", "install", "ln", "mkdir", "mktemp", "mv", "nc", "openssl", "scp",
    "tar", "tee", "touch", "unzip", "wget", "base64",
]);
/// Parts of paths with a folder whose name is made to be overlooked: dots, or a blank after or before.
const ODD_FOLDERS: [&str; 8] = ["/.../", "/..../", "/...../", "/.. /", "/. /", "/ /", "/..  /", "/.\u{a0}/"];
static ODD_NAMES: TextSet = TextSet::new().ends_with(&["/...", "/....", "/.....", "/.. ", "/. ", "/ ", "/..  "]);
/// Mark of a text whose rest is read from right to left.
const RIGHT_TO_LEFT: &str = "\u{202e}";

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/hidden-file")
        .summary("A hidden file or folder was made where nobody hides things")
        .severity(Medium)
        .attack("T1564.001")
        .property("maturity", "incubating")
        .property("misses", "What is hidden in home folders, which are full of hidden files; what lies below a hidden folder that is there")
        .only(open::path().matches(&HIDDEN).and(open::created().is(true)))
        .on_open(|_, e, out| hidden(&e.process(), e.path(), Outcome::of(e), out))
        .unfiltered()
        .only(mkdir::path().matches(&HIDDEN))
        .on_mkdir(|_, e, out| hidden(&e.process(), e.path(), Outcome::of_result(e.result()), out))
        .unfiltered()
        .only(rename::new_path().matches(&HIDDEN))
        .on_rename(|_, e, out| hidden(&e.process(), e.new_path(), Outcome::of_result(e.result()), out))
        .unfiltered()
        .only(symlink::path().matches(&HIDDEN))
        .on_symlink(|_, e, out| hidden(&e.process(), e.path(), Outcome::of_result(e.result()), out))
        .unfiltered()
        .only(link::new_path().matches(&HIDDEN))
        .on_link(|_, e, out| hidden(&e.process(), e.new_path(), Outcome::of_result(e.result()), out));

    r.rule("defense-evasion/odd-folder")
        .summary("A folder was made whose name is there to be overlooked: dots or blanks alone")
        .severity(High)
        .attack("T1564.001")
        .attack("T1036.005")
        .property("maturity", "stable")
        .property("misses", "Names that look like others by letters of another script")
        .only(mkdir::path().matches(&ODD_NAMES))
        .on_mkdir(|_, e, out| {
            if !e.failed() {
                out.finding(format!("{} made the folder {:?}", label(&e.process()), e.path())).fact("path", e.path());
            }
        })
        .unfiltered()
        .only(rename::new_path().matches(&ODD_NAMES))
        .on_rename(|_, e, out| {
            if !e.failed() {
                let message = format!("{} called a folder {:?}", label(&e.process()), e.new_path());
                out.finding(message).fact("path", e.new_path());
            }
        });

    r.rule("defense-evasion/hidden-program-run")
        .summary("A program was run that is hidden, or lies in a hidden folder where nobody hides things")
        .severity(High)
        .attack("T1564.001")
        .attack("T1036.005")
        .property("maturity", "stable")
        .property("misses", "Hidden folders in homes, in which many programs lie")
        .on_exec(|_, e, out| {
            let image = e.image();
            let file = match image.script() {
                script if script.is_empty() => image.exe(),
                script => script,
            };
            let odd = ODD_FOLDERS.iter().any(|folder| file.contains(folder));
            let hidden_place = HIDDEN.matches(file) && !USUAL.matches(hidden_name(file));
            let hidden_name = file.file_name().starts_with(".");
            if (odd || hidden_place || hidden_name) && !is_provisioning(&image) {
                let finding = out.finding(format!("{} ran {file}", label(&e.process()))).fact("path", file);
                if is_build(&image) || is_ci(&image) {
                    finding.severity(Low);
                } else if !odd && !hidden_place {
                    finding.severity(Medium);
                }
            }
        });

    r.rule("defense-evasion/deceptive-name")
        .summary("A file got a name that does not show what it is: read from right to left, or with a blank at its end")
        .severity(Medium)
        .attack("T1036.002")
        .attack("T1036.006")
        .property("maturity", "stable")
        .property("misses", "Letters of other scripts that look the same")
        .only(open::created().is(true))
        .only(open::path().ends_with([" "]).or(open::path().contains([RIGHT_TO_LEFT])))
        .on_open(|_, e, out| deceptive(&e.process(), e.path(), "made", out))
        .unfiltered()
        .only(rename::new_path().ends_with([" "]).or(rename::new_path().contains([RIGHT_TO_LEFT])))
        .on_rename(|_, e, out| deceptive(&e.process(), e.new_path(), "named", out))
        .unfiltered()
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = if image.script().is_empty() { e.filename() } else { image.script() };
            deceptive(&e.process(), name, "ran", out);
        });

    r.rule("defense-evasion/attribute-payload")
        .summary("Something was put into an extended attribute of a file, where hardly anybody looks")
        .severity(Medium)
        .attack("T1564.014")
        .property("maturity", "incubating")
        .property("misses", "Programs that keep attributes for themselves, such as browsers")
        .only(xattr::name().starts_with(["user."]).and(xattr::removed().is(false)))
        .on_xattr(|_, e, out| {
            let process = e.process();
            let known = [
                "user.xdg.",
                "user.mime_type",
                "user.overlay.",
                "user.fuseoverlayfs.",
                "user.containers.",
                "user.dublincore",
            ];
            let by_hand = process.name().one_of(&["attr", "setfattr", "busybox"]) || is_interpreter(&process);
            if !e.failed() && by_hand && !known.iter().any(|name| e.name().starts_with(name)) && !is_backup(&process) {
                out.finding(format!("{} put something into {} of {}", label(&process), e.name(), e.path()))
                    .fact("path", e.path());
            }
        });

    r.rule("defense-evasion/hidden-account")
        .summary("Accounts were hidden from the login screen, or shown on it")
        .severity(Medium)
        .attack("T1564.002")
        .property("maturity", "incubating")
        .property("misses", "Accounts with small numbers, which are hidden anyway")
        .only(open::file().starts_with([
            "/var/lib/AccountsService/users/",
            "/etc/gdm3/greeter",
            "/etc/lightdm/users.conf",
        ]))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_write() && !e.failed() && process.name() != "accounts-daemon" && !is_provisioning(&process) {
                out.finding(format!("{} wrote {}", label(&process), e.path())).fact("path", e.path());
            }
        });

    r.rule("defense-evasion/outlives-its-starter")
        .summary("A program in a folder that everybody may write into was started so that it outlives who started it")
        .severity(Medium)
        .attack("T1564.011")
        .attack("T1036.009")
        .property("maturity", "incubating")
        .property("misses", "Programs that ignore signals, or leave their parent, by their own code")
        .only(called(&["daemonize", "nohup", "setsid", "start-stop-daemon"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !image.name().one_of(&["nohup", "setsid", "daemonize", "start-stop-daemon"])
                || is_build(&image)
                || is_ci(&image)
            {
                return;
            }
            let path = |arg: &Text<'_>| {
                is_world_writable(*arg) || (arg.starts_with("./") && is_world_writable_folder(image.cwd()))
            };
            if let Some(program) = Command::of(&image).words().next().filter(path) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).fact("path", program);
            }
        });

    r.rule("defense-evasion/virtual-machine")
        .summary("A virtual machine was started without a window, or from a hidden place: what runs in it is not seen from here")
        .severity(Medium)
        .attack("T1564.006")
        .property("maturity", "incubating")
        .property("misses", "Machines that libvirt or the like starts")
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let emulator = image.name().starts_with("qemu-system-") || image.name().one_of(&["qemu-kvm", "kvm", "firecracker"]);
            let headless = command.says(&["-nographic", "-daemonize", "none", "hidden"]) || command.args().iter().any(|arg| arg.contains("hostfwd"));
            let boxed = image.name().one_of(&["VBoxManage", "VBoxHeadless"]) && command.says(&["headless", "startvm", "-startvm", "--startvm"]);
            let keeper = image.ancestors().any(|each| each.name().one_of(&["libvirtd", "virtqemud", "packer", "vagrant", "pvedaemon"]));
            if ((emulator && headless) || boxed) && !keeper && !is_ci(&image) && !is_build(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });
}

/// The name of what is hidden, in a path of [`HIDDEN`]: the first that begins with a dot.
fn hidden_name(path: Text<'_>) -> Text<'_> {
    let bytes = path.as_bytes();
    let start = bytes.windows(2).position(|pair| pair == b"/.").map_or(0, |at| at + 1);
    let name = bytes.get(start..).unwrap_or_default();
    let end = name.iter().position(|byte| *byte == b'/').unwrap_or(name.len());
    Text::new(name.get(..end).unwrap_or_default())
}

/// Raises the finding, where it is the hidden thing itself: what is below it says nothing new.
fn hidden(process: &Process<'_>, path: Text<'_>, outcome: Outcome, out: &mut Out<'_>) {
    let name = hidden_name(path);
    let itself = path.file_name() == name && !path.contains("/../") && !name.one_of(&[".", ".."]);
    if !itself
        || ODD_NAMES.matches(path)
        || USUAL.matches(name)
        || is_provisioning(process)
        || is_installed(process, &COPIERS)
    {
        return;
    }
    let Some(verb) = outcome.verb("made", "tried to make") else { return };
    let by_hand =
        is_shell(process) || is_interpreter(process) || BY_HAND.matches(process.name()) || !is_system(process);
    let finding = out.finding(format!("{} {verb} {path}", label(process))).fact("path", path).key(path.to_string());
    if outcome != Outcome::Done || !by_hand || is_build(process) || is_ci(process) || is_backup(process) {
        finding.severity(Low);
    }
}

fn deceptive(process: &Process<'_>, path: Text<'_>, did: &str, out: &mut Out<'_>) {
    if path.ends_with(" ") || path.contains(RIGHT_TO_LEFT) {
        out.finding(format!("{} {did} {path:?}", label(process))).fact("path", path);
    }
}

fn is_world_writable_folder(folder: Text<'_>) -> bool {
    folder.one_of(&["/tmp", "/var/tmp", "/dev/shm"]) || is_world_writable(folder)
}
