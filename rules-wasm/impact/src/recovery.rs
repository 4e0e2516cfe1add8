//! What somebody would come back by: copies, snapshots, the rescue system.

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_configuration_management, is_scheduled};
use common::programs::{is_in_system, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::Impact;

/// Where copies are kept, and what starts the machine when nothing else does.
static COPIES: TextSet = TextSet::new()
    .starts_with(&[
        "/var/backups/",
        "/backup/",
        "/backups/",
        "/srv/backup",
        "/.snapshots/",
        "/boot/initrd",
        "/boot/vmlinuz",
        "/boot/grub/",
        "/timeshift/",
        "/mnt/backup",
        "/opt/backup",
        "/var/lib/backup",
    ])
    .contains(&["/backups/", "/.snapshots/", "/pg_backup/", "/mysql-backup/"]);
const TOOLS: [&str; 22] = [
    "lvremove",
    "lvm",
    "btrfs",
    "zfs",
    "snapper",
    "timeshift",
    "restic",
    "borg",
    "duplicity",
    "kopia",
    "vgremove",
    "efibootmgr",
    "tune2fs",
    "systemctl",
    "virsh",
    "esxcli",
    "vim-cmd",
    "rdiff-backup",
    "velero",
    "etcdctl",
    "docker",
    "rsnapshot",
];

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/copies-removed")
        .summary("Copies or snapshots were removed, or what starts the machine when nothing else does")
        .severity(Medium)
        .attack("T1490")
        .attack("T1485")
        .property("maturity", "stable")
        .property("misses", "copies at other places")
        .only(unlink::path().starts_with([
            "/backup",
            "/.snapshots/",
            "/boot/",
            "/data/",
            "/home/",
            "/mnt/",
            "/opt/",
            "/root/",
            "/srv/",
            "/timeshift/",
            "/var/",
        ]))
        .only(unlink::path().matches(&COPIES))
        .on_unlink(|_, e, out| {
            let process = e.process();
            let path = e.path();
            let by_script = process.ancestors().take(4).any(|ancestor| is_in_system(ancestor.script()));
            let is_expected =
                is_package_management(&process) || is_backup(&process) || by_script || is_in_system(process.script());
            if e.failed() || is_expected {
                return;
            }
            let finding =
                out.finding(format!("{} removed {path}", label(&process))).fact("path", path).key(label(&process));
            // A job that makes copies removes old ones.
            if is_scheduled(&process) || is_configuration_management(&process) {
                finding.severity(Low);
            }
        })
        .unfiltered()
        .only(called(&TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let call = Command::of(&image).options(&Syntax::new("", &[]));
            let removes = match () {
                () if name.one_of(&["lvremove", "vgremove"]) => true,
                () if name == "lvm" => says(&["lvremove", "vgremove"]),
                () if name == "btrfs" => says(&["subvolume", "sub"]) && says(&["delete", "del"]),
                () if name == "zfs" => says(&["destroy"]),
                () if name == "snapper" => says(&["delete", "rm", "delete-config"]),
                () if name == "timeshift" => says(&["--delete", "--delete-all"]),
                () if name == "restic" => says(&["forget"]) || says(&["prune"]),
                () if name == "borg" => says(&["delete", "prune"]),
                () if name == "duplicity" => says(&["remove-older-than", "remove-all-but-n-full", "cleanup"]),
                () if name == "kopia" => says(&["delete"]),
                () if name == "velero" => says(&["delete"]),
                () if name == "efibootmgr" => call.has(&["B"]),
                () if name == "tune2fs" => args.iter().any(|arg| arg.contains("^has_journal")),
                () if name == "virsh" => says(&["snapshot-delete"]),
                () if name == "vim-cmd" => args.iter().any(|arg| arg.contains("snapshot.remove")),
                () if name == "systemctl" => {
                    says(&["mask", "disable"])
                        && args.iter().any(|arg| {
                            [
                                "rescue",
                                "emergency",
                                "backup",
                                "snapper",
                                "timeshift",
                                "restic",
                                "borg",
                                "btrbk",
                                "fstrim",
                                "rsnapshot",
                            ]
                            .iter()
                            .any(|unit| arg.contains(unit))
                        })
                }
                () if name == "docker" => {
                    says(&["volume"]) && says(&["prune", "rm"]) && says(&["-f", "--force"]) && says(&["-a", "--all"])
                }
                () => false,
            };
            if removes {
                let finding = out.finding(format!("{} removes what somebody would come back by", line(&image)));
                if is_scheduled(&image)
                    || is_backup(&image) && image.ancestors().take(3).any(|ancestor| is_in_system(ancestor.script()))
                    || is_package_management(&image)
                {
                    finding.severity(Low);
                }
            }
        });
}
