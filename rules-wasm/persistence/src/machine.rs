//! The kernel that runs: modules, rules for devices, programs of BPF, and machines that are not to sleep.

use common::changes::on_write;
use common::command::Command;
use common::programs::{is_package_management, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, report, report_exec};

/// What modules are loaded at each start, and what is run instead of loading one.
static MODULE_SETTINGS: TextSet =
    TextSet::new().equals(&["/etc/modprobe.conf", "/etc/modules", "/etc/rc.modules"]).starts_with(&[
        "/etc/depmod.d/",
        "/etc/initramfs-tools/modules",
        "/etc/modprobe.d/",
        "/etc/modules-load.d/",
        "/etc/sysconfig/modules/",
        "/run/modprobe.d/",
        "/run/modules-load.d/",
        "/usr/lib/modprobe.d/",
        "/usr/lib/modules-load.d/",
    ]);
static MODULE_FILES: TextSet = TextSet::new().ends_with(&[".ko", ".ko.gz", ".ko.xz", ".ko.zst"]);
/// Where modules of the kernel lie.
static MODULES: TextSet = TextSet::new().starts_with(&["/lib/modules/", "/usr/lib/modules/"]);
static UDEV: TextSet = TextSet::new().starts_with(&[
    "/etc/udev/",
    "/lib/udev/",
    "/run/udev/rules.d/",
    "/usr/lib/udev/",
    "/usr/local/lib/udev/",
]);
/// What sleep and power are set by.
static POWER: TextSet = TextSet::new().equals(&["/etc/systemd/logind.conf", "/etc/systemd/sleep.conf"]).starts_with(&[
    "/etc/UPower/",
    "/etc/systemd/logind.conf.d/",
    "/etc/systemd/sleep.conf.d/",
]);
/// What others let compute for them, whom a newcomer ends.
static MINERS: TextSet = TextSet::new().contains(&[
    "cpuminer",
    "cryptonight",
    "ethminer",
    "kdevtmpfs",
    "kinsing",
    "kthreaddi",
    "minerd",
    "minergate",
    "monero",
    "nanopool",
    "stratum",
    "sysrv",
    "xmr",
]);

static MODULE_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["depmod", "dkms", "kmod", "kernel-install"]),
    editors: TextSet::new().equals(&["cloud-init", "make"]),
};
static UDEV_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["cloud-init", "generate", "netplan", "systemd-hwdb", "systemd-udevd", "udevadm"]),
    editors: TextSet::new(),
};

/// Modules that are known to hide things.
static ROOTKITS: TextSet = TextSet::new().starts_with(&[
    "adore",
    "azazel",
    "caraxes",
    "diamorphine",
    "drovorub",
    "kovid",
    "nuk3gh0st",
    "puma",
    "reptile",
    "rkit",
    "rootkit",
    "snapekit",
    "suterusu",
    "syslogk",
    "vlany",
]);

pub(crate) fn add(r: &mut Rules<Persistence>) {
    r.rule("persistence/kernel-module-load")
        .summary("A kernel module was loaded from where none belongs: the way of rootkits in the kernel")
        .severity(Critical)
        .attack("T1547.006")
        .attack("T1014")
        .property("maturity", "stable")
        .property("misses", "modules that were laid among the kernel's own before, which another rule sees")
        .on_module_load(|_, e, out| {
            let process = e.process();
            // modprobe gives modules in memory where they are packed.
            let in_memory = e.path().is_empty();
            let by_kmod =
                process.name() == "kmod" && process.args().next().is_some_and(|called| called.ends_with("modprobe"));
            let known = ROOTKITS.matches(e.name()) || ROOTKITS.matches(e.path().file_name());
            let in_place = MODULES.matches(e.path()) || (in_memory && by_kmod);
            if (in_place && !known) || is_package_management(&process) {
                return;
            }
            let what = if in_memory { format!("{} from memory", e.name()) } else { e.path().to_string() };
            let verb = if e.failed() { "tried to load the kernel module" } else { "loaded the kernel module" };
            let finding = out.finding(format!("{} {verb} {what}", label(&process))).fact("path", e.path());
            if e.failed() {
                finding.severity(Medium);
            }
        });

    r.rule("persistence/kernel-module-insert")
        .summary("A file was given to the kernel as a module by hand")
        .severity(Medium)
        .attack("T1547.006")
        .property("maturity", "stable")
        .property("misses", "programs that load modules by themselves, which the rule about the load sees")
        .only(exec::image::exe().ends_with(["/busybox", "/insmod", "/kmod", "/modprobe"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            // kmod is called by the names of what it stands for.
            let called: Vec<_> = image.args().take(2).map(|word| word.file_name()).collect();
            let inserts = called.iter().any(|word| word.one_of(&["insmod", "modprobe"]));
            let file = image.args().skip(1).find(|word| MODULE_FILES.matches(*word));
            let known = image.args().skip(1).find(|word| ROOTKITS.matches(word.file_name()));
            if let Some(file) = known.or(file.filter(|file| !MODULES.matches(*file))).filter(|_| inserts) {
                let severity = if is_world_writable(file) { High } else { Medium };
                report_exec(e, severity, "loads a kernel module", out);
            }
        });

    let rule = r
        .rule("persistence/module-settings-write")
        .summary("Which kernel modules are loaded, or what is run instead of them, was changed")
        .severity(High)
        .attack("T1547.006")
        .property("maturity", "stable")
        .property("misses", "modules on the kernel's command line");
    on_write(rule, &MODULE_SETTINGS, |_, change, out| {
        report(change, &MODULE_HABITS, out);
    });

    let rule = r
        .rule("persistence/module-file-write")
        .summary("A kernel module was laid among the kernel's own")
        .severity(High)
        .attack("T1547.006")
        .property("maturity", "stable")
        .property("misses", "modules that are loaded from elsewhere, which another rule sees");
    on_write(rule, &MODULE_FILES, |_, change, out| {
        if change.paths().any(|path| MODULES.matches(path)) {
            report(change, &MODULE_HABITS, out);
        }
    });

    let rule = r
        .rule("persistence/udev-write")
        .summary("A rule for devices was written: root runs what it says when a device comes")
        .severity(High)
        .attack("T1546.017")
        .property("maturity", "stable")
        .property("misses", "programs that rules run already");
    on_write(rule, &UDEV, |_, change, out| {
        report(change, &UDEV_HABITS, out);
    });

    let rule = r
        .rule("persistence/power-settings-write")
        .summary("When the machine sleeps was changed")
        .severity(Medium)
        .attack("T1653")
        .property("maturity", "incubating")
        .property("misses", "inhibitors that programs ask for");
    on_write(rule, &POWER, |_, change, out| {
        report(change, &NOBODY, out);
    });

    r.rule("persistence/power-settings")
        .summary("The machine was told never to sleep")
        .severity(Medium)
        .attack("T1653")
        .property("maturity", "incubating")
        .property("misses", "inhibitors that programs ask for")
        .only(exec::image::exe().ends_with(["/gsettings", "/setterm", "/systemctl", "/systemd-inhibit", "/xset"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let has = |texts: &[&str]| image.args().skip(1).any(|word| word.one_of(texts));
            let targets = |word: Text<'_>| {
                word.starts_with("sleep") || word.starts_with("suspend") || word.starts_with("hibernate")
            };
            let masks = image.name() == "systemctl" && has(&["mask", "disable"]) && image.args().any(targets);
            let mild = (image.name() == "xset" && has(&["-dpms"]) || image.name() == "systemd-inhibit")
                || image.name() == "gsettings" && has(&["set"]) && has(&["org.gnome.settings-daemon.plugins.power"]);
            if masks || mild {
                report_exec(e, if masks { Medium } else { Low }, "keeps the machine awake", out);
            }
        });

    r.rule("persistence/rivals-ended")
        .summary("Programs of others that mine were ended: who does so wants the machine for himself")
        .severity(High)
        .attack("T1668")
        .attack("T1496.001")
        .attack("T1489")
        .property("maturity", "incubating")
        .property("misses", "rivals that are ended by their number, and miners of other names")
        .only(exec::image::exe().ends_with(["/busybox", "/killall", "/pgrep", "/pkill"]))
        .on_exec(|_, e, out| {
            let (name, arguments) = Command::of(&e.image()).parts();
            let ends = name.one_of(&["killall", "pgrep", "pkill"]);
            if ends && arguments.iter().any(|word| MINERS.matches(*word)) {
                // Somebody at a terminal has found one, and ends it.
                let severity = if e.image().tty().is_some() { Low } else { High };
                report_exec(e, severity, "looks for miners of others", out);
            }
        });
}
