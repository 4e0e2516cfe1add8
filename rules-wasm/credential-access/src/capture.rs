//! Listening: on the network, at the keyboard; and asking people for passwords under a pretence.

use common::command::{Command, inline_source};
use common::context::is_interactive;
use common::programs::{is_installed, is_interpreter, is_package_management, is_system, label};
use common::reading::is_general_tool;
use lanner_sdk::prelude::*;

use crate::CredentialAccess;
use crate::read::read;

const PACKETS: u16 = 17;
const RAW: u32 = 3;
/// ETH_P_ARP in the order of the network, as such a socket is asked for it.
const ARP: u32 = 0x0608;
/// Families of the internet, and protocols of which raw sockets see others' data.
const INTERNET: [u16; 2] = [2, 10];
const OTHERS_DATA: [u32; 2] = [6, 17];

/// Programs that record what goes over the network.
static SNIFFERS: TextSet = TextSet::new().file_name(&[
    "airodump-ng",
    "bettercap",
    "dsniff",
    "ifconfig",
    "ip",
    "dumpcap",
    "ettercap",
    "ngrep",
    "sniffglue",
    "ssldump",
    "tcpdump",
    "tcpflow",
    "tshark",
    "wireshark",
    "netsniff-ng",
    "pktmon",
    "driftnet",
    "urlsnarf",
    "mailsnarf",
]);
/// What uses such sockets because it is its work.
static PACKET_USERS: TextSet = TextSet::new().equals(&[
    "NetworkManager",
    "arping",
    "avahi-autoipd",
    "avahi-daemon",
    "busybox",
    "charon",
    "connmand",
    "containerd-shim-runc-v2",
    "dhclient",
    "dhcpcd",
    "dnsmasq",
    "dockerd",
    "ethtool",
    "hostapd",
    "ifup",
    "ip",
    "iwd",
    "keepalived",
    "kea-dhcp4",
    "kubelet",
    "libvirtd",
    "lldpad",
    "lldpd",
    "nm-dhcp-helper",
    "ovs-vswitchd",
    "pppd",
    "pppoe",
    "radvd",
    "snort",
    "suricata",
    "systemd-networkd",
    "systemd-udevd",
    "tc",
    "tcpdump",
    "traceroute",
    "udhcpc",
    "wickedd",
    "wpa_supplicant",
    "zeek",
    "arp-scan",
    "arpwatch",
    "mtr-packet",
    "nmap",
    "podman",
    "netavark",
    "conntrackd",
    "qemu-system-x86_64",
    "dumpcap",
    "tshark",
    "ngrep",
    "ettercap",
    "slirp4netns",
    "pasta",
    "passt",
]);
/// Tools that put themselves between two others.
static BETWEEN: &[(&str, &str)] = &[
    ("Responder.py", "T1557.001"),
    ("arpspoof", "T1557.002"),
    ("bettercap", "T1557.002"),
    ("dhcpig", "T1557.003"),
    ("dnsspoof", "T1557"),
    ("ettercap", "T1557.002"),
    ("evilginx", "T1557"),
    ("evilginx2", "T1557"),
    ("inveigh", "T1557.001"),
    ("mitm6", "T1557.003"),
    ("mitmdump", "T1557"),
    ("mitmproxy", "T1557"),
    ("mitmweb", "T1557"),
    ("ntlmrelayx.py", "T1557.001"),
    ("responder", "T1557.001"),
    ("smbrelayx.py", "T1557.001"),
    ("sslsplit", "T1557"),
    ("sslstrip", "T1557"),
    ("yersinia", "T1557.003"),
];
/// Who reads the keyboard because it is its work.
static KEYBOARD_OWNERS: TextSet = TextSet::new().equals(&[
    "Xorg",
    "Xwayland",
    "acpid",
    "brltty",
    "gnome-shell",
    "gpm",
    "inputattach",
    "kwin_wayland",
    "libinput",
    "mutter",
    "plymouthd",
    "sway",
    "systemd",
    "systemd-logind",
    "systemd-udevd",
    "thd",
    "triggerhappy",
    "udevadm",
    "upowerd",
    "weston",
    "consolekit",
    "gdm-x-session",
    "irqbalance",
    "kbd_mode",
    "keyd",
    "kmscon",
    "libinput-device",
    "seatd",
    "loadkeys",
]);
/// Tools that show what is typed.
static KEYLOGGERS: TextSet = TextSet::new().file_name(&[
    "evtest",
    "keylogger",
    "keylogger.py",
    "lkl",
    "logkeys",
    "pyxhook",
    "showkey",
    "simple-key-logger",
    "uberkey",
    "xinput",
    "xkeylogger",
    "xspy",
    "xev",
    "xmacrorec2",
    "keysniffer",
]);

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/packet-capture")
        .summary("What others send over the network is recorded")
        .severity(Medium)
        .attack("T1040")
        .property("maturity", "incubating")
        .property("misses", "installed programs that are made for other uses of such sockets")
        .only(exec::image::exe().matches(&SNIFFERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let records = match command.name().as_bytes() {
                b"ip" | b"ifconfig" => {
                    command.args().iter().any(|arg| *arg == "promisc")
                        && !command.args().iter().any(|arg| *arg == "off")
                }
                _ => !command.says(&["--version", "-h", "--help", "-D", "--list-interfaces"]),
            };
            if records && !is_package_management(&image) {
                let severity = if is_interactive(&image) { Low } else { Medium };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
            }
        })
        .unfiltered()
        .only(socket::family().equals(PACKETS).or(socket::socket_type().equals(RAW)))
        .on_socket(|_, e, out| {
            let process = e.process();
            let sees_others =
                e.family() == PACKETS || (INTERNET.contains(&e.family()) && OTHERS_DATA.contains(&e.protocol()));
            // Of what is not installed, and of interpreters, persistence/packet-socket and raw-socket tell.
            let is_others = !is_system(&process) || is_interpreter(&process);
            if !sees_others || is_others || e.failed() || is_installed(&process, &PACKET_USERS) {
                return;
            }
            out.finding(format!("{} opened a socket that sees what others send", label(&process)));
        });

    r.rule("credential-access/adversary-in-the-middle")
        .summary("A tool was run that puts itself between two others: by ARP, by names, or as a proxy")
        .severity(High)
        .attack("T1557.002")
        .attack("T1557.001")
        .attack("T1557.003")
        .attack("T1557")
        .property("maturity", "incubating")
        .property("misses", "tools under other names, and answers by a socket for all protocols")
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let script = common::command::script_of(&image).file_name();
            let is = |tool: &str| command.name() == tool || script == tool;
            if let Some((tool, technique)) = BETWEEN.iter().find(|(tool, _)| is(tool)) {
                // Developers look at their own requests with these.
                let severity = if tool.starts_with("mitm") && *technique == "T1557" { Medium } else { High };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()))
                    .field("technique", technique)
                    .severity(severity);
            }
            let source = inline_source(&image);
            if is_interpreter(&image)
                && source.contains("scapy")
                && (source.contains("ARP(") || source.contains("DHCP("))
            {
                out.finding(format!("{} makes up answers with scapy", label(&image)));
            }
        })
        .only(socket::family().equals(PACKETS).and(socket::protocol().equals(ARP)))
        .on_socket(|_, e, out| {
            let process = e.process();
            if !e.failed() && (!is_system(&process) || is_interpreter(&process)) {
                out.finding(format!("{} speaks ARP by itself", label(&process))).severity(Medium);
            }
        });

    r.rule("credential-access/keyboard-capture")
        .summary("What is typed was read from the keyboard's device, or by a tool that shows it")
        .severity(High)
        .attack("T1056.001")
        .property("maturity", "incubating")
        .property("misses", "recording inside of a shell or of a desktop's programs")
        .only(open::path().starts_with(["/dev/input/", "/dev/hidraw"]))
        .on_open(|_, e, out| {
            let process = e.process();
            if !e.is_read() || e.path() == "/dev/input" || is_installed(&process, &KEYBOARD_OWNERS) {
                return;
            }
            if e.failed() && is_general_tool(&process) {
                out.finding(format!("{} tried to read {}", label(&process), e.path())).severity(Medium);
            } else {
                read(e, out);
            }
        })
        .unfiltered()
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let script = common::command::script_of(&image).file_name();
            let records = match command.name().as_bytes() {
                // Everything that is run, or typed at a terminal, into the log.
                b"auditctl" => command.has('a', "") && command.mentions("execve"),
                _ if logs_commands(inline_source(&image)) || command.mentions("pam_tty_audit") => true,
                // What a shell writes down is sent on, or kept twice.
                b"tee" => command.mentions("_history"),
                b"xinput" => command.says(&["test", "test-xi2", "--test", "--test-xi2"]),
                name if KEYLOGGERS.matches(name) => true,
                _ => {
                    let source = inline_source(&image);
                    let loads = source.contains("pynput") || source.contains("pyxhook");
                    (is_interpreter(&image) && loads) || KEYLOGGERS.matches(script) || script.contains("keylog")
                }
            };
            if records && !is_package_management(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(Medium);
            }
        });

    r.rule("credential-access/session-recording")
        .summary("What is typed and shown in a session is recorded, without a terminal of one's own")
        .severity(Low)
        .attack("T1056.001")
        .property("maturity", "sandbox")
        .property("misses", "shells that are changed to record")
        .only(exec::image::exe().equals(["/usr/bin/script", "/usr/bin/scriptlive", "/usr/bin/asciinema"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            // A quiet one that writes at once is meant not to be seen.
            let hidden =
                command.has('q', "") && command.has('f', "") && !command.has('c', "") && !command.says(&["--command"]);
            // Nor is a file that is hidden.
            let is_hidden = |arg: &Text<'_>| arg.file_name().starts_with(".") || arg.starts_with("/dev/shm/");
            if hidden || command.words().any(|word| is_hidden(&word)) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(Medium);
            }
        });

    r.rule("credential-access/password-prompt")
        .summary("A script asks for a password with a window of its own")
        .severity(Medium)
        .attack("T1056.002")
        .property("maturity", "incubating")
        .property("misses", "windows that a program of one's own makes")
        .only(exec::image::exe().matches(&DIALOGS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let asks = match command.name().as_bytes() {
                b"zenity" | b"yad" | b"qarma" | b"matedialog" => {
                    command.says(&["--password", "--hide-text"]) || command.mentions(":H")
                }
                b"kdialog" => command.says(&["--password", "--newpassword"]),
                _ => command.says(&["--passwordbox", "--passwordform", "--insecure"]),
            };
            if asks && !is_package_management(&image) {
                let severity = if is_system(&image) && is_interactive(&image) { Low } else { Medium };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
            }
        });
}

/// Whether a shell is told to write down each command that is typed.
fn logs_commands(source: Text<'_>) -> bool {
    let each = source.contains("BASH_COMMAND") && source.contains("DEBUG");
    let prompt = source.contains("PROMPT_COMMAND") && (source.contains("logger") || source.contains("tee "));
    each || prompt
}

/// What shows windows for scripts.
static DIALOGS: TextSet =
    TextSet::new().file_name(&["Xdialog", "dialog", "kdialog", "matedialog", "qarma", "whiptail", "yad", "zenity"]);
