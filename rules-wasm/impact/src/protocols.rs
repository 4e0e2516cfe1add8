//! Protocols by which hardly anybody sends files, and times at which nobody does.

use common::command::{Command, Syntax, called, line, one_liner};
use common::context::{is_backup, is_ci, is_scheduled};
use common::peers::find;
use lanner_sdk::prelude::*;

use crate::uploads::{SENDING, carries_data, uploaded};
use crate::{Impact, LIKELY};

const TRANSFER_TOOLS: [&str; 13] = [
    "ftp",
    "ncftpput",
    "lftp",
    "tftp",
    "atftp",
    "cadaver",
    "smbclient",
    "mosquitto_pub",
    "swaks",
    "mutt",
    "mail",
    "mailx",
    "s-nail",
];

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("exfiltration/odd-protocol")
        .summary("Files were sent by a protocol that hardly anybody sends them by")
        .severity(Medium)
        .attack("T1048.003")
        .attack("T1071.002")
        .attack("T1071.003")
        .property("maturity", "incubating")
        .property("misses", "programs that speak the protocol themselves")
        .only(called(&TRANSFER_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let contains = |parts: &[&str]| args.iter().any(|arg| parts.iter().any(|part| arg.contains(part)));
            let attached = args
                .windows(2)
                .find(|pair| pair[0].one_of(&["-a", "-A", "--attach", "-f", "--attachment"]))
                .map(|pair| pair[1]);
            let sends = match () {
                () if name == "ncftpput" || name == "cadaver" => true,
                () if name == "ftp" => says(&["-n", "-in", "-inv", "-nv", "-ni", "-u", "-niv", "-vn"]),
                () if name == "lftp" => contains(&["put ", "mput", "mirror -R", "mirror --reverse"]),
                () if name.one_of(&["tftp", "atftp"]) => says(&["-p", "--put", "put"]) || contains(&["put "]),
                () if name == "smbclient" => contains(&["put ", "mput", "tar c"]),
                () if name == "mosquitto_pub" => says(&["-f", "--file", "-s"]),
                () if name == "swaks" => contains(&["--attach", "--body"]),
                () => {
                    name.one_of(&TRANSFER_TOOLS)
                        && attached.is_some()
                        && (says(&["-A", "--attach"])
                            || name == "mutt"
                            || attached.is_some_and(|path| path.contains("/")))
                }
            };
            if sends {
                let finding = out.finding(format!("{} sends a file", line(&image)));
                if is_scheduled(&image) || is_backup(&image) || is_ci(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("exfiltration/icmp-pattern")
        .summary("ping was told what to send: data leaves in packets that only ask whether somebody is there")
        .severity(Medium)
        .attack("T1048.003")
        .attack("T1095")
        .property("maturity", "stable")
        .property("misses", "programs that make such packets themselves: another rule sees their socket")
        .only(called(&["ping", "ping4", "ping6", "hping3", "nping"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_pattern = name.starts_with("ping")
                && Command::of(&image).options(&Syntax::new("cFIilMmpQSstTwW", &[])).has(&["p"]);
            let is_file = name.one_of(&["hping3", "nping"])
                && args.iter().any(|arg| {
                    arg.one_of(&["-E", "--file", "--data", "--data-string", "-e", "--sign", "--listen", "-9"])
                });
            if is_pattern || is_file {
                out.finding(format!("{} sends data in its packets", line(&image)));
            }
        });

    r.rule("exfiltration/scheduled-transfer")
        .summary("A job that runs by the clock sends data by a tool that is not for backups")
        .severity(Medium)
        .attack("T1029")
        .attack("T1048")
        .property("maturity", "incubating")
        .property("misses", "tools for backups, and programs that send by themselves")
        .only(called(&["curl", "wget", "nc", "nc.openbsd", "nc.traditional", "ncat", "socat", "scp", "tftp"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            let sends = match () {
                () if name.one_of(&["curl", "wget"]) => uploaded(&image).is_some() || carries_data(&image),
                () if name == "scp" => image.args().last().is_some_and(|arg| arg.contains(":")),
                () if name.starts_with("nc") || name.one_of(&["socat", "tftp"]) => {
                    !image.args().any(|arg| arg.one_of(&["-z", "-zv", "-vz", "-h"]))
                }
                () => false,
            };
            let installed = image.ancestors().take(4).any(|ancestor| common::programs::is_in_system(ancestor.script()));
            if sends && is_scheduled(&image) && !installed {
                let finding = out.finding(format!("{} was started by the clock", line(&image)));
                if name == "scp" || is_backup(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("exfiltration/one-liner-upload")
        .summary("An interpreter was given a program on its command line that reads a file and sends it")
        .severity(Medium)
        .attack("T1041")
        .attack("T1048.003")
        .property("maturity", "incubating")
        .property("misses", "programs in files, and those that are encoded")
        .only(exec::image::exe().matches(&LIKELY))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(program) = one_liner(&image) else { return };
            let bytes = &program.as_bytes()[..program.as_bytes().len().min(8192)];
            let says = |part: &[u8]| find(bytes, part).is_some();
            let reads = says(b"open(") || says(b"read") || says(b"file_get_contents") || says(b"File.");
            let names = says(b"/etc/")
                || says(b"/root/")
                || says(b"/home/")
                || says(b"/tmp/")
                || says(b".ssh")
                || says(b"environ");
            if reads && names && SENDING.iter().any(|part| says(part)) {
                out.finding(format!("{} reads a file and sends it", line(&image))).field("program", program);
            }
        });
}
