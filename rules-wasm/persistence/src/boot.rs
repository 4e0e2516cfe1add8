//! What comes before the system: firmware, boot loader, early user space, kernel.

use common::changes::{on_change, on_write};
use common::programs::{is_package_management, label};
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, report, report_exec};

/// What the boot loader reads, and what it loads.
static BOOT: TextSet = TextSet::new()
    .starts_with(&[
        "/boot/",
        "/efi/",
        "/etc/default/grub",
        "/etc/grub.d/",
        "/etc/kernel/",
        "/usr/lib/kernel/install.d/",
        "/usr/lib/grub/",
    ])
    .equals(&["/etc/lilo.conf"]);
/// What early user space is made of.
static EARLY: TextSet = TextSet::new().starts_with(&[
    "/etc/dracut.conf",
    "/etc/initramfs-tools/",
    "/etc/mkinitcpio.conf",
    "/etc/mkinitcpio.d/",
    "/usr/lib/dracut/",
    "/usr/lib/initcpio/",
    "/usr/share/initramfs-tools/",
]);
static FIRMWARE: TextSet = TextSet::new().starts_with(&[
    "/sys/firmware/efi/efivars/",
    "/sys/firmware/efi/vars/",
    "/dev/flash",
    "/dev/mtd",
    "/dev/nvram",
]);

static BOOT_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&[
        "bootctl",
        "depmod",
        "dkms",
        "dracut",
        "fwupd",
        "grub-editenv",
        "grub-install",
        "grub-mkconfig",
        "grub-probe",
        "grub2-editenv",
        "grub2-install",
        "grub2-mkconfig",
        "grubby",
        "installkernel",
        "kernel-install",
        "linux-update-symlinks",
        "mkinitcpio",
        "mkinitramfs",
        "update-grub",
        "update-initramfs",
    ]),
    editors: TextSet::new().equals(&["cloud-init", "make"]),
};
static FIRMWARE_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&[
        "bootctl",
        "efibootmgr",
        "fwupd",
        "grub-install",
        "efivar",
        "fwupdate",
        "fwupdtool",
        "kernel-install",
        "shim",
        "systemd-boot",
        "systemd",
        "systemd-logind",
    ]),
    editors: TextSet::new().equals(&["fwupdmgr", "mokutil"]),
};
/// What loads a kernel that is to write down how the first one crashed.
static CRASH_KERNELS: TextSet = TextSet::new().equals(&["kdump", "kdump-config", "kdumpctl", "systemctl"]);

/// What changes what is booted, and what writes nothing but firmware.
static FIRMWARE_TOOLS: TextSet =
    TextSet::new().file_name(&["efibootmgr", "flashrom", "grub-install", "grub2-install", "mokutil"]);
static FLASHERS: TextSet = TextSet::new().file_name(&["afulnx_64", "flash_erase", "flashcp", "ipmiflash", "nandwrite"]);

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/boot-write")
        .summary("What the machine boots was changed: the boot loader, its settings, or the kernel")
        .severity(High)
        .attack("T1542.003")
        .attack("T1542")
        .property("maturity", "stable")
        .property("misses", "partitions that are mounted elsewhere while they are changed");
    on_change(rule, &BOOT, |_, change, out| {
        report(change, &BOOT_HABITS, out);
    });

    let rule = r
        .rule("persistence/initramfs-write")
        .summary("What early user space is made of was changed: it runs before anything that could look")
        .severity(High)
        .attack("T1542")
        .attack("T1037")
        .property("maturity", "stable")
        .property("misses", "an image that is packed anew by hand, which the rule about /boot sees");
    on_write(rule, &EARLY, |_, change, out| {
        report(change, &BOOT_HABITS, out);
    });

    let rule = r
        .rule("persistence/firmware-write")
        .summary("The firmware or its variables were written")
        .severity(High)
        .attack("T1542.001")
        .attack("T1495")
        .property("maturity", "incubating")
        .property("misses", "writing by way of memory or ports");
    on_write(rule, &FIRMWARE, |_, change, out| {
        report(change, &FIRMWARE_HABITS, out);
    });

    r.rule("persistence/firmware-tool")
        .summary("A program was run that writes firmware or says what the machine boots")
        .severity(Medium)
        .attack("T1542.001")
        .attack("T1542.003")
        .attack("T1495")
        .attack("T1542")
        .property("maturity", "incubating")
        .property("misses", "such programs under other names")
        .only(exec::image::exe().matches(&FIRMWARE_TOOLS).or(exec::image::exe().matches(&FLASHERS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let changes = |word: Text<'_>| {
                word.one_of(&["--create", "--bootorder", "--bootnext", "--write", "--import", "--disable-validation"])
                    || (word.starts_with("-")
                        && !word.starts_with("--")
                        && word.as_bytes().iter().any(|byte| b"cnow".contains(byte)))
            };
            if FLASHERS.matches(image.name()) {
                if image.args().nth(1).is_some() {
                    report_exec(e, High, "writes firmware", out);
                }
            } else if image.name().contains("grub") || image.args().skip(1).any(changes) {
                report_exec(e, Medium, "changed what the machine boots", out);
            }
        });

    r.rule("persistence/kernel-exec")
        .summary("Another kernel was loaded, to be booted without the machine's firmware")
        .severity(High)
        .attack("T1542")
        .attack("T1601")
        .property("maturity", "incubating")
        .property("misses", "a kernel that the boot loader is to start")
        .on_kexec(|_, e, out| {
            let process = e.process();
            let by_plan = process.ancestors().any(|each| common::programs::is_installed(&each, &CRASH_KERNELS));
            if by_plan || is_package_management(&process) {
                return;
            }
            let outcome = common::outcome::Outcome::of_result(e.result());
            let from = if e.path().is_empty() { "memory".into() } else { e.path().to_string() };
            let verb = if e.failed() { "tried to load" } else { "loaded" };
            let finding = out.finding(format!("{} {verb} a kernel from {from}", label(&process)));
            if outcome != common::outcome::Outcome::Done {
                finding.severity(Medium);
            }
        });

    let rule = r
        .rule("persistence/kernel-command-line-write")
        .summary("What the kernel reads as its settings at the next start was changed")
        .severity(Low)
        .attack("T1542")
        .property("maturity", "sandbox")
        .property("misses", "settings that are changed while the machine runs, which other rules see");
    static SETTINGS: TextSet =
        TextSet::new().equals(&["/etc/crypttab", "/etc/fstab", "/etc/sysctl.conf"]).starts_with(&["/etc/sysctl.d/"]);
    on_write(rule, &SETTINGS, |_, change, out| {
        report(change, &NOBODY, out);
    });
}
