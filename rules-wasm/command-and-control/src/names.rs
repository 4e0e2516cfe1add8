//! Names of services that intruders use because everybody may: tunnels, places for a few lines of text, names that move.

use common::command::{Command, line};
use common::families;
use common::peers::hosts;
use common::programs::label;
use lanner_sdk::prelude::*;

use crate::CommandAndControl;

/// Services that give a machine behind a firewall an address on the internet.
static TUNNELS: TextSet = TextSet::new()
    .ends_with(&[
        ".argotunnel.com",
        ".bore.pub",
        ".devtunnels.ms",
        ".loca.lt",
        ".lhr.life",
        ".localhost.run",
        ".localtonet.com",
        ".localxpose.io",
        ".ngrok-agent.com",
        ".ngrok-free.app",
        ".ngrok-free.dev",
        ".ngrok.app",
        ".ngrok.com",
        ".ngrok.dev",
        ".ngrok.io",
        ".packetriot.net",
        ".pagekite.me",
        ".pagekite.net",
        ".pinggy.io",
        ".pinggy.link",
        ".playit.gg",
        ".portmap.io",
        ".serveo.net",
        ".telebit.io",
        ".trycloudflare.com",
        ".tunnelmole.net",
        ".zrok.io",
    ])
    .equals(&["bore.pub", "localhost.run", "loca.lt", "ngrok.com", "ngrok.io", "pinggy.io", "serveo.net"]);
/// Places where anybody may leave a few lines for a program to find.
static DEAD_DROPS: TextSet = TextSet::new()
    .equals(&[
        "api.telegram.org",
        "cdn.discordapp.com",
        "controlc.com",
        "discordapp.com",
        "dpaste.com",
        "dpaste.org",
        "ghostbin.com",
        "hastebin.com",
        "ix.io",
        "justpaste.it",
        "paste.ee",
        "paste.rs",
        "pastebin.com",
        "pastebin.pl",
        "paste2.org",
        "rentry.co",
        "rentry.org",
        "sprunge.us",
        "telegra.ph",
        "termbin.com",
        "t.me",
        "textbin.net",
        "0x0.st",
    ])
    .ends_with(&[".pastebin.com", ".telegram.org"]);
/// Names that lead to whatever address their owner likes at the moment.
static DYNAMIC: TextSet = TextSet::new().ends_with(&[
    ".3utilities.com",
    ".accesscam.org",
    ".bounceme.net",
    ".casacam.net",
    ".changeip.com",
    ".chickenkiller.com",
    ".ddns.me",
    ".ddns.net",
    ".ddnsfree.com",
    ".ddnsgeek.com",
    ".duckdns.org",
    ".dynalias.com",
    ".dyndns.biz",
    ".dyndns.info",
    ".dyndns.org",
    ".dynu.com",
    ".dynu.net",
    ".freeddns.org",
    ".freemyip.com",
    ".giize.com",
    ".gleeze.com",
    ".gotdns.ch",
    ".hopto.me",
    ".hopto.org",
    ".kozow.com",
    ".loseyourip.com",
    ".mooo.com",
    ".myddns.me",
    ".myftp.biz",
    ".myftp.org",
    ".myvnc.com",
    ".no-ip.biz",
    ".no-ip.info",
    ".no-ip.org",
    ".onthewifi.com",
    ".ooguy.com",
    ".publicvm.com",
    ".redirectme.net",
    ".servebeer.com",
    ".serveblog.net",
    ".servecounterstrike.com",
    ".serveftp.com",
    ".servegame.com",
    ".servehttp.com",
    ".serveminecraft.net",
    ".strangled.net",
    ".sytes.net",
    ".theworkpc.com",
    ".twilightparadox.com",
    ".us.to",
    ".viewdns.net",
    ".webhop.me",
    ".zapto.org",
]);
/// What people read the web with.
static BROWSERS: TextSet = TextSet::new().equals(families::BROWSERS).equals(&[
    "systemd-resolved",
    "dnsmasq",
    "unbound",
    "named",
    "slack",
    "discord",
    "Discord",
    "telegram-desktop",
    "Telegram",
]);

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    named(
        r,
        "command-and-control/tunnel-service",
        "A service was called that opens a way in past firewalls",
        &["T1572", "T1090.002", "T1102"],
        &TUNNELS,
    );
    named(
        r,
        "command-and-control/dead-drop",
        "A program went to a place where anybody may leave a few lines for it to find",
        &["T1102.001", "T1102.002", "T1102"],
        &DEAD_DROPS,
    );
    named(
        r,
        "command-and-control/dynamic-name",
        "A program went to a name that leads wherever its owner likes at the moment",
        &["T1568", "T1568.001"],
        &DYNAMIC,
    );
}

/// A rule about names: who asks a name server for one, and who is told one on its command line.
pub(crate) fn named(
    r: &mut Rules<CommandAndControl>,
    id: &str,
    summary: &str,
    techniques: &[&str],
    names: &'static TextSet,
) {
    let mut rule = r.rule(id).summary(summary).severity(Medium);
    for technique in techniques {
        rule = rule.attack(*technique);
    }
    rule.property("maturity", "incubating")
        .property("misses", "names that are in no list, and what a resolver asks for on others' behalf")
        .only(dns::response().is(false).and(dns::name().matches(names)))
        .on_dns(|_, e, out| {
            let process = e.process();
            if BROWSERS.matches(process.name()) {
                return;
            }
            let name = e.name();
            out.finding(format!("{} asked for {name}", label(&process)))
                .field("name", name)
                .key(format!("{} {name}", process.exe()));
        })
        .unfiltered()
        .on_exec(|_, e, out| {
            let image = e.image();
            if BROWSERS.matches(image.name()) || Command::of(&image).name().one_of(&["git", "grep", "xdg-open"]) {
                return;
            }
            let all = hosts(&image);
            if let Some(host) = all.iter().find(|host| names.matches(host.name)) {
                out.finding(format!("{} goes to {}", line(&image), host.name)).field("name", host.name).key(format!(
                    "{} {}",
                    image.exe(),
                    host.name
                ));
            }
        });
}
