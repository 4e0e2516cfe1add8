//! Services and servers that things leave by: places for files and text, hooks, clouds, repositories.

use common::command::{Command, called, line, one_liner, only_starts_another};
use common::context::{is_ci, is_configuration_management, is_scheduled};
use common::peers::{Host, Reach, find, hosts};
use common::programs::is_shell;
use lanner_sdk::prelude::*;

use crate::Impact;
use crate::uploads::{SENDING, carries_data, uploaded};
use crate::valuables::{Value, absolute, value};

/// Places where anybody may leave a file for anybody.
static DROPS: TextSet = TextSet::new()
    .equals(&[
        "0x0.st",
        "anonfiles.com",
        "api.anonfiles.com",
        "bashupload.com",
        "catbox.moe",
        "content.dropboxapi.com",
        "file.io",
        "filebin.net",
        "files.catbox.moe",
        "gofile.io",
        "keep.sh",
        "mega.nz",
        "oshi.at",
        "pixeldrain.com",
        "sendspace.com",
        "temp.sh",
        "tmpfiles.org",
        "transfer.sh",
        "ufile.io",
        "upload.ee",
        "uguu.se",
        "wetransfer.com",
        "x0.at",
        "g.api.mega.co.nz",
        "litterbox.catbox.moe",
    ])
    .ends_with(&[
        ".anonfiles.com",
        ".gofile.io",
        ".mega.co.nz",
        ".mega.nz",
        ".transfer.sh",
        ".userstorage.mega.co.nz",
        ".pcloud.com",
    ]);
/// Places where anybody may leave text.
static PASTES: TextSet = TextSet::new().equals(&[
    "api.pastebin.com",
    "controlc.com",
    "dpaste.com",
    "dpaste.org",
    "ghostbin.com",
    "hastebin.com",
    "ix.io",
    "paste.ee",
    "paste.rs",
    "pastebin.com",
    "rentry.co",
    "sprunge.us",
    "termbin.com",
    "clbin.com",
    "api.paste.ee",
]);
/// Places that take whatever they are sent and show it to whoever set them up.
static HOOKS: TextSet = TextSet::new()
    .equals(&[
        "api.telegram.org",
        "hooks.slack.com",
        "webhook.site",
        "discord.com",
        "discordapp.com",
        "ptb.discord.com",
        "canary.discord.com",
        "hookb.in",
        "postb.in",
        "requestbin.com",
        "requestcatcher.com",
        "ceye.io",
        "dnslog.cn",
        "hooks.zapier.com",
        "maker.ifttt.com",
    ])
    .ends_with(&[
        ".beeceptor.com",
        ".burpcollaborator.net",
        ".canarytokens.com",
        ".dnslog.cn",
        ".interact.sh",
        ".m.pipedream.net",
        ".oast.fun",
        ".oast.live",
        ".oast.me",
        ".oast.online",
        ".oast.pro",
        ".oast.site",
        ".oastify.com",
        ".requestcatcher.com",
        ".webhook.office.com",
        ".webhook.site",
    ]);
/// Tools for storage in a cloud.
const CLOUD_TOOLS: [&str; 13] = [
    "rclone",
    "aws",
    "gsutil",
    "gcloud",
    "azcopy",
    "az",
    "s3cmd",
    "s5cmd",
    "mc",
    "mega-put",
    "megaput",
    "megacopy",
    "dropbox_uploader.sh",
];

pub(crate) fn add(r: &mut Rules<Impact>) {
    for (id, summary, technique, names) in [
        ("exfiltration/file-drop", "A program went to a place where anybody may leave files", "T1567.002", &DROPS),
        ("exfiltration/paste-upload", "Text was sent to a place where anybody may leave some", "T1567.003", &PASTES),
        (
            "exfiltration/webhook",
            "Something was sent to an address that shows it to whoever set it up",
            "T1567.004",
            &HOOKS,
        ),
    ] {
        let by_name_alone = technique == "T1567.002";
        r.rule(id)
            .summary(summary)
            .severity(Medium)
            .attack(technique)
            .attack("T1567")
            .property("maturity", "incubating")
            .property("misses", "places that are in no list, and what a resolver asks for on others' behalf")
            .on_exec(move |_, e, out| {
                let image = e.image();
                let all = hosts(&image);
                let Some(host) = all.iter().find(|host| names.matches(host.name)) else { return };
                let discord = host.name.contains("discord") && !host.path.contains("/webhooks/");
                let sends =
                    uploaded(&image).is_some() || carries_data(&image) || Command::of(&image).name().starts_with("nc");
                let by_code = one_liner(&image)
                    .is_some_and(|code| SENDING.iter().any(|part| find(code.as_bytes(), part).is_some()));
                if discord || Command::of(&image).name() == "git" {
                    return;
                }
                let finding = out.finding(format!("{} goes to {}", line(&image), host.name)).field("name", host.name);
                if !(sends || by_code || by_name_alone || technique == "T1567.004") {
                    finding.severity(Low);
                }
            });
    }

    r.rule("exfiltration/cloud-storage")
        .summary("Files were copied to storage in a cloud by hand")
        .severity(Low)
        .attack("T1567.002")
        .attack("T1537")
        .attack("T1530")
        .property("maturity", "incubating")
        .property("misses", "programs that speak to the storage themselves")
        .only(called(&CLOUD_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().take(6).any(|arg| arg.one_of(words));
            let copies = match () {
                () if name == "aws" => says(&["s3", "s3api"]) && says(&["cp", "sync", "mv", "put-object"]),
                () if name == "az" => says(&["storage"]) && says(&["upload", "upload-batch", "copy"]),
                () if name == "gcloud" => says(&["storage"]) && says(&["cp", "rsync", "mv"]),
                () if name == "mc" => says(&["cp", "mirror", "pipe"]) && args.len() > 2,
                () if name.one_of(&["gsutil", "azcopy"]) => says(&["cp", "rsync", "copy", "sync", "mv"]),
                () if name.one_of(&["s3cmd", "s5cmd"]) => says(&["put", "sync", "cp", "mv"]),
                () if name == "rclone" => says(&["copy", "sync", "move", "copyto", "moveto", "rcat", "copyurl"]),
                () => name.one_of(&CLOUD_TOOLS),
            };
            if !copies {
                return;
            }
            let paths = args.iter().map(|arg| absolute(*arg, image.cwd()));
            let worth = paths.filter_map(|path| value(Text::new(&path))).max();
            let by_hand = name.starts_with("mega") || name == "rclone" || name.starts_with("dropbox");
            let is_routine = is_ci(&image) || is_configuration_management(&image) || is_scheduled(&image);
            let severity = if (worth.is_some() || by_hand) && (!is_routine || worth == Some(Value::Secret)) {
                Medium
            } else {
                Low
            };
            out.finding(format!("{} copies to a cloud", line(&image))).severity(severity);
        });

    r.rule("exfiltration/file-server")
        .summary("A folder was served to the network by a server for trying things out")
        .severity(Low)
        .attack("T1048.003")
        .attack("T1105")
        .property("maturity", "incubating")
        .property("misses", "servers that are installed")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let raw: Vec<Text<'_>> = image.args().take(16).collect();
            let module = raw.windows(2).find(|pair| pair[0] == "-m").map(|pair| pair[1]).unwrap_or_default();
            let is_python = module.one_of(&[
                "http.server",
                "SimpleHTTPServer",
                "pyftpdlib",
                "uploadserver",
                "updog",
                "CGIHTTPServer",
            ]);
            let is_php = name.starts_with("php") && args.iter().any(|arg| *arg == "-S");
            let is_ruby = name.starts_with("ruby") && args.iter().any(|arg| arg.one_of(&["-run", "-ehttpd"]));
            let is_busybox = name == "httpd" && image.name() == "busybox";
            let is_other = name.one_of(&[
                "http-server",
                "updog",
                "serve",
                "smbserver.py",
                "impacket-smbserver",
                "webfsd",
                "darkhttpd",
                "gohttpserver",
                "dufs",
            ]);
            if !(is_python || is_php || is_ruby || is_busybox || is_other)
                || only_starts_another(&image)
                || is_shell(&image)
            {
                return;
            }
            let follows = |options: &[&str]| raw.windows(2).find(|pair| pair[0].one_of(options)).map(|pair| pair[1]);
            let folder = follows(&["-d", "--directory", "-t", "-h"])
                .map_or(image.cwd().as_bytes().to_vec(), |path| absolute(path, image.cwd()));
            let bound = follows(&["-b", "--bind"]).and_then(Host::of);
            // The folder itself that everybody may write is where things are left for somebody.
            let is_drop =
                [&b"/tmp"[..], b"/var/tmp", b"/dev/shm"].contains(&folder.as_slice()) || find(&folder, b"/.").is_some();
            let worth = value(Text::new(&folder)).is_some();
            let is_own = bound.is_some_and(|host| host.reach() == Some(Reach::Own) && host.name != "0.0.0.0");
            let finding = out
                .finding(format!("{} serves {}", line(&image), Text::new(&folder)))
                .fact("folder", Text::new(&folder));
            if (is_drop || worth || module == "uploadserver" || name.contains("smbserver")) && !is_own && !is_ci(&image)
            {
                finding.severity(Medium);
            }
        });
}
