//! The machine and its system: what it is, what is installed, what runs.

use common::command::Command;
use lanner_sdk::prelude::TextSet;

use crate::act::{Act, NOTABLE, RARE, ROUTINE, TELLING, WEAK, act};
use crate::topic::Topic::{
    Containers, Devices, Drivers, Location, Logs, Processes, SecuritySoftware, Services, Software, Storage, System,
    Time, VirtualMachines, Virtualization, Windows,
};

pub(crate) fn act_of(command: &Command<'_>) -> Option<Act> {
    system(command)
        .or_else(|| running(command))
        .or_else(|| installed(command))
        .or_else(|| defences(command))
        .or_else(|| place(command))
}

fn system(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        b"uname" if command.has('a', "") || command.says(&["--all"]) => act(System, "uname -a", ROUTINE),
        b"uname" => act(System, "uname", WEAK),
        b"hostname" if command.args().is_empty() => act(System, "hostname", WEAK),
        b"arch" | b"nproc" | b"uptime" | b"free" | b"getconf" | b"vmstat" | b"env" | b"printenv"
            if command.word(0).is_empty() =>
        {
            let name = if command.name() == "uptime" { "uptime" } else { "what every script asks" };
            act(System, name, WEAK)
        }
        b"hostnamectl" if matches!(command.word(0), b"" | b"status") => act(System, "hostnamectl", ROUTINE),
        b"lscpu" => act(System, "lscpu", ROUTINE),
        b"lsmem" => act(System, "lsmem", NOTABLE),
        b"lsb_release" => act(System, "lsb_release", ROUTINE),
        b"dmidecode" if command.mentions("system-") || command.mentions("bios-") => {
            act(Virtualization, "dmidecode of the system", RARE)
        }
        b"dmidecode" | b"lshw" | b"hwinfo" | b"inxi" | b"neofetch" | b"screenfetch" | b"fastfetch" => {
            act(System, "hardware", NOTABLE)
        }
        b"sysctl" if command.has('a', "") || command.says(&["--all", "-A"]) => act(System, "sysctl -a", NOTABLE),
        b"dmesg" if !command.has('C', "") && !command.has('c', "") && !command.has('n', "") => {
            act(System, "dmesg", ROUTINE)
        }
        b"lsblk" => act(Storage, "lsblk", ROUTINE),
        b"df" => act(Storage, "df", WEAK),
        b"blkid" if command.word(0).is_empty() => act(Storage, "blkid", NOTABLE),
        b"fdisk" | b"sfdisk" | b"parted" | b"gdisk" if command.has('l', "") || command.says(&["--list", "print"]) => {
            act(Storage, "partitions", NOTABLE)
        }
        b"findmnt" => act(Storage, "findmnt", ROUTINE),
        b"mount" if command.word(0).is_empty() && !command.has('a', "") => act(Storage, "mount", ROUTINE),
        b"lvs" | b"vgs" | b"pvs" | b"lvdisplay" | b"vgdisplay" | b"pvdisplay" | b"lsscsi" => {
            act(Storage, "volumes", NOTABLE)
        }
        b"lspci" => act(Devices, "lspci", NOTABLE),
        b"lsusb" | b"usb-devices" => act(Devices, "lsusb", NOTABLE),
        b"udevadm" if matches!(command.word(0), b"info") && command.says(&["-e", "--export-db"]) => {
            act(Devices, "udevadm", NOTABLE)
        }
        b"lpstat" | b"lpinfo" | b"xinput" | b"arecord" | b"v4l2-ctl"
            if command.args().is_empty() || command.args().iter().any(|arg| arg.starts_with("-")) =>
        {
            act(Devices, "peripherals", NOTABLE)
        }
        b"bluetoothctl" if command.words().any(|word| word == "devices" || word == "list") => {
            act(Devices, "bluetoothctl", NOTABLE)
        }
        b"lsmod" => act(Drivers, "lsmod", NOTABLE),
        b"modinfo" => act(Drivers, "modinfo", NOTABLE),
        // kmod is many programs, of which this is one.
        b"list" if command.args().is_empty() => act(Drivers, "lsmod", NOTABLE),
        _ => None,
    }
}

fn running(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        // Scripts ask for one process.
        b"ps" if command.says(&["-p", "--pid", "-q", "--ppid"]) || command.word(0).starts_with(b"-p") => None,
        b"ps" => act(Processes, "ps", ROUTINE),
        b"pstree" => act(Processes, "pstree", NOTABLE),
        b"top" if command.has('b', "") => act(Processes, "top", ROUTINE),
        b"pgrep" if command.has('a', "") || command.has('l', "") => act(Processes, "pgrep", ROUTINE),
        b"systemd-cgls" | b"systemd-cgtop" => act(Processes, "systemd-cgls", NOTABLE),
        b"pspy" | b"pspy64" | b"pspy32" | b"pspy64s" | b"pspy32s" => act(Processes, "pspy", TELLING),
        b"systemctl" => systemctl(command),
        b"service" if command.says(&["--status-all"]) => act(Services, "service --status-all", NOTABLE),
        b"chkconfig" if command.args().is_empty() || command.says(&["--list"]) => act(Services, "chkconfig", NOTABLE),
        b"rc-status" | b"sv" if command.word(0) == b"status" || command.name() == "rc-status" => {
            act(Services, "rc-status", NOTABLE)
        }
        b"initctl" if command.word(0) == b"list" => act(Services, "initctl", NOTABLE),
        b"supervisorctl" if command.word(0) == b"status" => act(Services, "supervisorctl", WEAK),
        b"journalctl"
            if !command.mentions("vacuum")
                && !command.mentions("disk-usage")
                && !command.says(&["--rotate", "--flush", "--sync"]) =>
        {
            let one = command.has('u', "") || command.says(&["--unit", "-k", "-f"]);
            act(Logs, "journalctl", if one { WEAK } else { ROUTINE })
        }
        b"ausearch" | b"aureport" => act(Logs, "ausearch", NOTABLE),
        b"utmpdump" => act(Logs, "utmpdump", RARE),
        b"virsh" if matches!(command.word(0), b"list" | b"dominfo" | b"nodeinfo" | b"net-list" | b"domiflist") => {
            act(VirtualMachines, "virsh", TELLING)
        }
        b"esxcli" if command.words().any(|word| word == "vm") => act(VirtualMachines, "esxcli", TELLING),
        b"vim-cmd" if command.mentions("getallvms") => act(VirtualMachines, "vim-cmd", TELLING),
        b"VBoxManage" | b"vboxmanage" if command.word(0) == b"list" => act(VirtualMachines, "VBoxManage", TELLING),
        b"qm" | b"pct" | b"xl" | b"xm" | b"vmrun" | b"lxc" | b"incus" if command.word(0) == b"list" => {
            act(VirtualMachines, "list", RARE)
        }
        b"wmctrl" if command.has('l', "") => act(Windows, "wmctrl", TELLING),
        b"xwininfo" | b"xlsclients" | b"xprop" => act(Windows, "xwininfo", TELLING),
        b"xdotool"
            if command.mentions("getactivewindow") || command.mentions("search") || command.mentions("getwindow") =>
        {
            act(Windows, "xdotool", TELLING)
        }
        _ => None,
    }
}

fn systemctl(command: &Command<'_>) -> Option<Act> {
    let failed = command.says(&["--failed", "--state=failed", "failed"]);
    match command.word(0) {
        _ if failed => None,
        b"list-units" => act(Services, "systemctl list-units", NOTABLE),
        b"list-unit-files" => act(Services, "systemctl list-unit-files", NOTABLE),
        b"list-sockets" | b"list-dependencies" => act(Services, "systemctl list-sockets", NOTABLE),
        b"list-timers" => act(Services, "systemctl list-timers", NOTABLE),
        b"" | b"service" if command.says(&["--type", "-t", "-a", "--all"]) || command.args().is_empty() => {
            act(Services, "systemctl list-units", NOTABLE)
        }
        b"status" | b"" if command.word(1).is_empty() && !command.says(&["--version", "--help"]) => {
            act(Services, "systemctl status", ROUTINE)
        }
        _ => None,
    }
}

fn installed(command: &Command<'_>) -> Option<Act> {
    let narrowed = |place: usize| !command.word(place).is_empty();
    match command.name().as_bytes() {
        b"dpkg" if command.has('l', "") || command.says(&["--list", "--get-selections"]) => {
            act(Software, "dpkg -l", if narrowed(0) { WEAK } else { NOTABLE })
        }
        b"dpkg-query" if command.has('l', "") || command.says(&["-W", "--show", "--list"]) => {
            act(Software, "dpkg -l", if narrowed(0) { WEAK } else { ROUTINE })
        }
        b"rpm" if command.has('q', "") && (command.has('a', "") || command.says(&["--all"])) => {
            act(Software, "rpm -qa", NOTABLE)
        }
        b"apt" if command.word(0) == b"list" && command.says(&["--installed"]) => act(Software, "apt list", NOTABLE),
        b"dnf" | b"yum" if command.word(0) == b"list" && command.words().any(|word| word == "installed") => {
            act(Software, "dnf list", NOTABLE)
        }
        b"dnf" | b"yum" if command.word(0) == b"list" && command.says(&["--installed"]) => {
            act(Software, "dnf list", NOTABLE)
        }
        b"pacman" if command.has('Q', "") && !narrowed(0) => act(Software, "pacman -Q", NOTABLE),
        b"apk" if matches!(command.word(0), b"info" | b"list") && !narrowed(1) => act(Software, "apk list", NOTABLE),
        b"snap" | b"flatpak" | b"brew" if command.word(0) == b"list" => act(Software, "snap list", ROUTINE),
        b"pip" | b"pip3" | b"gem" | b"npm" if matches!(command.word(0), b"list" | b"freeze" | b"ls") => {
            act(Software, "packages of a language", WEAK)
        }
        b"update-alternatives" if command.says(&["--get-selections"]) => act(Software, "update-alternatives", NOTABLE),
        b"which" | b"whereis" | b"type" => tools(command),
        _ => None,
    }
}

/// Downloaders and relays that somebody looks for who means to go on from here, many at once.
fn tools(command: &Command<'_>) -> Option<Act> {
    if command.words().any(|word| SECURITY.matches(word)) {
        return act(SecuritySoftware, "which", RARE);
    }
    match command.words().filter(|word| TOOLS.matches(*word)).count() {
        0..=1 => None,
        2 => act(Software, "which", WEAK),
        _ => act(Software, "which", RARE),
    }
}

/// What an intruder goes on with.
static TOOLS: TextSet = TextSet::new().equals(&[
    "aws", "base64", "curl", "docker", "fetch", "gdb", "kubectl", "lxc", "nc", "ncat", "netcat", "nmap", "socat",
    "tcpdump", "wget", "xxd",
]);

/// Programs that protect machines, as they are called.
pub(crate) static SECURITY: TextSet = TextSet::new().equals(&[
    "aa-status",
    "aide",
    "apparmor_status",
    "auditctl",
    "auditd",
    "chkrootkit",
    "clamd",
    "clamdscan",
    "clamscan",
    "fail2ban-client",
    "falco",
    "getenforce",
    "lynis",
    "ossec-control",
    "osqueryd",
    "osqueryi",
    "rkhunter",
    "sestatus",
    "snort",
    "suricata",
    "tetragon",
    "tripwire",
    "ufw",
    "wazuh-control",
    "zeek",
]);

/// Parts of the names of products that watch machines: nobody else asks for them.
pub(crate) static PRODUCTS: TextSet = TextSet::new().contains(&[
    "aliyundun",
    "aegis",
    "auditbeat",
    "avast",
    "bdsec",
    "carbonblack",
    "cbagentd",
    "cbdaemon",
    "cbosx",
    "clamav",
    "clamd",
    "cloudmonitor",
    "crowdstrike",
    "cybereason",
    "cylance",
    "ds_agent",
    "elastic-agent",
    "elastic-endpoint",
    "esets",
    "falco",
    "f-secure",
    "fail2ban",
    "fireeye",
    "kaspersky",
    "kesl",
    "lacework",
    "littlesnitch",
    "mcafee",
    "mdatp",
    "nessusd",
    "ossec",
    "osquery",
    "packetbeat",
    "qualys",
    "rapid7",
    "rkhunter",
    "samhain",
    "sentinelone",
    "sentinelctl",
    "snort",
    "sophos",
    "splunkd",
    "suricata",
    "symantec",
    "sysmon",
    "taniumclient",
    "tetragon",
    "tracee",
    "tripwire",
    "wazuh",
    "xagt",
    "yunsuo",
    "zabbix_agent",
]);

/// What protects the machine, and how.
fn defences(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        b"getenforce" | b"sestatus" | b"aa-status" | b"apparmor_status" | b"aa-enabled" => {
            act(SecuritySoftware, "mandatory access control", NOTABLE)
        }
        b"auditctl" if command.has('l', "") || command.has('s', "") => act(SecuritySoftware, "auditctl", RARE),
        b"iptables" | b"ip6tables" if command.has('L', "") || command.has('S', "") || command.says(&["--list"]) => {
            act(SecuritySoftware, "iptables -L", NOTABLE)
        }
        b"iptables-save" => act(SecuritySoftware, "iptables -L", ROUTINE),
        b"nft" if command.word(0) == b"list" => act(SecuritySoftware, "nft list", NOTABLE),
        b"ufw" if command.word(0) == b"status" => act(SecuritySoftware, "ufw status", NOTABLE),
        b"firewall-cmd" if command.mentions("--list") || command.mentions("--get") || command.says(&["--state"]) => {
            act(SecuritySoftware, "firewall-cmd", NOTABLE)
        }
        b"fail2ban-client" if command.word(0) == b"status" => act(SecuritySoftware, "fail2ban-client", NOTABLE),
        b"mdatp" | b"sentinelctl" | b"falconctl" if command.word(0) != b"" => act(SecuritySoftware, "product", NOTABLE),
        // Who asks for a product by its name, whichever way.
        b"systemctl" if matches!(command.word(0), b"status" | b"is-active" | b"cat" | b"show") => {
            names_product(command).then_some(Act { topic: SecuritySoftware, name: "systemctl status", weight: RARE })
        }
        b"pgrep" | b"pidof" => {
            names_product(command).then_some(Act { topic: SecuritySoftware, name: "pgrep", weight: RARE })
        }
        b"systemd-detect-virt" if command.args().is_empty() || command.has('v', "") => {
            act(Virtualization, "systemd-detect-virt", TELLING)
        }
        b"systemd-detect-virt" => act(Virtualization, "systemd-detect-virt", ROUTINE),
        b"virt-what" | b"imvirt" | b"virt-what-cvm" => act(Virtualization, "virt-what", TELLING),
        b"capsh" if command.says(&["--print"]) => act(Containers, "capsh", NOTABLE),
        b"amicontained" | b"deepce.sh" | b"cdk" | b"cdk_linux_amd64" | b"botb" | b"peirates" | b"kube-hunter" => {
            act(Containers, "a tool for break-outs", TELLING)
        }
        _ => None,
    }
}

/// Whether an argument has the name of a product in it, in whatever case.
pub(crate) fn names_product(command: &Command<'_>) -> bool {
    command.args().iter().any(|arg| PRODUCTS.matches(arg.as_bytes().to_ascii_lowercase().as_slice()))
}

/// Where the machine is, and what time it has.
fn place(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        b"date" if command.word(0).is_empty() || command.has('R', "") => act(Time, "date", WEAK),
        b"timedatectl" if !command.word(0).starts_with(b"set-") => act(Time, "timedatectl", NOTABLE),
        b"hwclock" if !command.has('s', "") && !command.has('w', "") => act(Time, "hwclock", NOTABLE),
        b"ntpq" | b"ntpstat" | b"ntpdate" => act(Time, "ntpq", NOTABLE),
        b"chronyc" if matches!(command.word(0), b"sources" | b"tracking") => act(Time, "chronyc", ROUTINE),
        b"zdump" => act(Time, "zdump", NOTABLE),
        b"rdate" if command.has('p', "") => act(Time, "rdate", NOTABLE),
        b"locale" if command.args().is_empty() => act(Location, "locale", NOTABLE),
        // Which ones could be set says nothing of where the machine is.
        b"locale" if command.has('a', "all-locales") || command.has('m', "charmaps") => None,
        b"locale" => act(Location, "locale", WEAK),
        b"localectl" if matches!(command.word(0), b"" | b"status" | b"list-keymaps" | b"list-locales") => {
            act(Location, "localectl", RARE)
        }
        b"setxkbmap" if command.says(&["-query", "-print"]) => act(Location, "setxkbmap", NOTABLE),
        _ => None,
    }
}
