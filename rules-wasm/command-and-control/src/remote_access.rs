//! Tools by which somebody else works on this machine.

use common::command::{Command, called, line, only_starts_another};
use lanner_sdk::prelude::*;

use crate::CommandAndControl;
use crate::names::named;

/// Tools for support from afar, by the names of their programs.
static TOOLS: TextSet = TextSet::new()
    .equals(&[
        "AeroAdmin",
        "Splashtop",
        "SRStreamer",
        "anydesk",
        "ateraagent",
        "connectwisecontrol",
        "dwagent",
        "dwagsvc",
        "getscreen",
        "gotty",
        "hoptodesk",
        "kasmvncserver",
        "level",
        "meshagent",
        "meshcentral",
        "ninjarmm-linagent",
        "nxserver.bin",
        "parsecd",
        "pulseway",
        "rport",
        "rportd",
        "rustdesk",
        "screenconnect",
        "simplehelp",
        "splashtop-streamer",
        "sshx",
        "supremo",
        "tacticalagent",
        "tailscale-ssh",
        "teamviewer",
        "teamviewerd",
        "teleconsole",
        "tmate",
        "ttyd",
        "upterm",
        "vncpasswd.bin",
        "wetty",
        "zohoassist",
    ])
    .starts_with(&["anydesk", "connectwisecontrol-", "meshagent", "teamviewer", "splashtop", "nomachine"]);
/// Frameworks by which intruders steer machines, by the names of their programs and how they are told their server.
static IMPLANTS: TextSet = TextSet::new().equals(&[
    "beacon_linux",
    "brc4",
    "covenant",
    "empire",
    "geacon",
    "gs-netcat",
    "havoc",
    "merlinAgent-Linux-x64",
    "meterpreter",
    "mythic",
    "pupy",
    "pupysh",
    "pwncat",
    "pwncat-cs",
    "sliver",
    "sliver-client",
    "sliver-server",
    "msfconsole",
    "msfvenom",
    "villain.py",
    "hoaxshell.py",
]);
/// Screens that are shown over the network.
static SCREENS: TextSet = TextSet::new().equals(&[
    "Xtightvnc",
    "Xtigervnc",
    "Xvnc",
    "krfb",
    "tightvncserver",
    "tigervncserver",
    "vino-server",
    "vncserver",
    "wayvnc",
    "x0vncserver",
    "x11vnc",
    "x0tigervncserver",
]);
/// Names that such tools ask for.
static SERVICES: TextSet = TextSet::new()
    .ends_with(&[
        ".anydesk.com",
        ".atera.com",
        ".dwservice.net",
        ".getscreen.me",
        ".gotoassist.com",
        ".hoptodesk.com",
        ".logmein.com",
        ".meshcentral.com",
        ".ninjarmm.com",
        ".parsec.app",
        ".pulseway.com",
        ".remotepc.com",
        ".remoteutilities.com",
        ".rustdesk.com",
        ".screenconnect.com",
        ".splashtop.com",
        ".teamviewer.com",
        ".thc.org",
        ".tmate.io",
        ".upterm.dev",
        ".zohoassist.com",
    ])
    .equals(&["gs.thc.org", "gsocket.io", "sshx.io", "tmate.io", "rustdesk.com", "anydesk.com", "uptermd.upterm.dev"]);

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/remote-access-tool")
        .summary("A tool was started by which somebody else can work on this machine from afar")
        .severity(Medium)
        .attack("T1219")
        .attack("T1219.002")
        .property("maturity", "stable")
        .property("misses", "tools that were renamed and ask for no name that is known")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            // The names of those who start it lie in argv[0] where the program itself was renamed.
            let called = image.args().next().unwrap_or_default().file_name();
            let only_asks = args.len() == 1 && args[0].one_of(&["--version", "--help", "-V", "-h"]);
            if (TOOLS.matches(name) || TOOLS.matches(called)) && !only_asks {
                out.finding(format!("{} lets somebody else in", line(&image)));
            }
        });

    named(
        r,
        "command-and-control/remote-access-service",
        "A service was called by which somebody else can work on this machine from afar",
        &["T1219", "T1102"],
        &SERVICES,
    );

    r.rule("command-and-control/implant")
        .summary("A program of a framework was started by which intruders steer machines")
        .severity(High)
        .attack("T1071")
        .attack("T1219")
        .property("maturity", "incubating")
        .property("misses", "implants under another name, which is most of them")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |word: &str| args.iter().any(|arg| arg.contains(word));
            let is_payload = says("LHOST=") && (says("LPORT=") || says("payload"));
            if IMPLANTS.matches(name) || (is_payload && !only_starts_another(&image)) {
                out.finding(format!("{} steers machines, or is steered", line(&image)));
            }
        });

    r.rule("lateral-movement/screen-over-network")
        .summary("The screen of this machine is shown over the network")
        .severity(Medium)
        .attack("T1021.005")
        .attack("T1219.002")
        .property("maturity", "incubating")
        .property("misses", "servers under another name")
        .only(called(&[
            "Xtightvnc",
            "Xtigervnc",
            "Xvnc",
            "krfb",
            "tightvncserver",
            "tigervncserver",
            "vino-server",
            "vncserver",
            "wayvnc",
            "x0vncserver",
            "x11vnc",
            "x0tigervncserver",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let only_asks =
                args.iter().any(|arg| arg.one_of(&["--version", "-version", "-help", "--help", "-list", "-kill"]));
            if SCREENS.matches(name) && !only_asks {
                out.finding(format!("{} shows a screen over the network", line(&image)));
            }
        });
}
