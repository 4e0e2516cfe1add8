//! Searching: through trees of files, and through what other programs say.

use common::command::Command;
use lanner_sdk::prelude::{Text, TextSet};

use crate::act::{Act, NOTABLE, RARE, ROUTINE, TELLING, act};
use crate::commands::host::names_product;
use crate::topic::Topic::{
    Accounts, BackupSoftware, Browser, Debugger, Devices, Drivers, Files, Logs, MailAccounts, PrivilegedFiles,
    Processes, SecuritySoftware, Services, Software, Survey, Time, Virtualization,
};

/// Where whole machines begin.
static ROOTS: TextSet = TextSet::new().equals(&[
    "/",
    "/*",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/mnt",
    "/media",
    "/opt",
    "/root",
    "/sbin",
    "/srv",
    "/usr",
    "/usr/bin",
    "/usr/local",
    "/usr/sbin",
    "/var",
    "/var/www",
]);
/// What a search is for that clears up, or copies what has changed.
static CHORES: TextSet = TextSet::new().equals(&[
    "-amin", "-atime", "-cmin", "-cnewer", "-ctime", "-delete", "-empty", "-mmin", "-mtime", "-newer", "-prune",
    "-xtype",
]);
/// What browsers keep, as it is called.
pub(crate) static BROWSER_FILES: TextSet = TextSet::new().contains(&[
    "places.sqlite",
    "Bookmarks",
    "bookmarks.html",
    "bookmarks.json",
    "/History",
    "formhistory.sqlite",
]);
/// Programs that look around by themselves, all over.
static SURVEYS: TextSet = TextSet::new().equals(&[
    "LinEnum.sh",
    "beroot.py",
    "les.sh",
    "linenum.sh",
    "linikatz.sh",
    "linpeas",
    "linpeas.sh",
    "linpeas_fat.sh",
    "linpeas_linux_amd64",
    "linpeas_small.sh",
    "linprivchecker.py",
    "linux-exploit-suggester-2.pl",
    "linux-exploit-suggester.sh",
    "linux-smart-enumeration.sh",
    "linuxprivchecker.py",
    "lse.sh",
    "suid3num.py",
    "traitor",
    "unix-privesc-check",
    "upc.sh",
]);
/// Signs of virtual machines, in what other programs say.
static MACHINES: TextSet =
    TextSet::new().contains(&["vmware", "virtualbox", "vbox", "qemu", "hypervisor", "parallels", "xen"]);
/// Programs that keep backups.
static BACKUPS: TextSet = TextSet::new().contains(&[
    "acronis",
    "bacula",
    "bareos",
    "borg",
    "commvault",
    "duplicati",
    "duplicity",
    "netbackup",
    "restic",
    "rsnapshot",
    "veeam",
]);

pub(crate) fn act_of(command: &Command<'_>, cwd: Text<'_>, is_root: bool) -> Option<Act> {
    // Whoever is given the name of such a script: bash, sh, python.
    if command.is(&SURVEYS) || command.words().take(2).any(|word| SURVEYS.matches(word.file_name())) {
        return act(Survey, "a tool for surveys", TELLING);
    }
    match command.name().as_bytes() {
        b"find" | b"bfs" | b"fd" | b"fdfind" => find(command, cwd, is_root),
        b"grep" | b"egrep" | b"fgrep" | b"zgrep" | b"rg" | b"ag" | b"ack" | b"ugrep" => grep(command),
        b"ls" | b"dir" | b"vdir" | b"exa" | b"eza" => list(command, cwd),
        b"tree" => act(Files, "tree", if roots(command, cwd) > 0 { RARE } else { ROUTINE }),
        b"du" if command.has('a', "") && roots(command, cwd) > 0 => act(Files, "du -a", NOTABLE),
        b"locate" | b"plocate" | b"mlocate" => act(Files, "locate", NOTABLE),
        b"getcap" if command.has('r', "") => act(PrivilegedFiles, "getcap -r", TELLING),
        b"readlink" | b"stat" if command.words().any(|word| word == "/etc/localtime") => {
            act(Time, "/etc/localtime", NOTABLE)
        }
        b"stat" | b"file" if command.words().any(|word| word == "/.dockerenv") => {
            act(Virtualization, "/.dockerenv", NOTABLE)
        }
        _ => None,
    }
}

/// How many of the words are such places; where there are none, or `.`, it is where one is.
fn roots(command: &Command<'_>, cwd: Text<'_>) -> usize {
    let here = command.words().all(|word| word.starts_with("(") || word.starts_with("*") || word == ".");
    let named = command.words().filter(|word| ROOTS.matches(trimmed(*word))).count();
    if named == 0 && here && ROOTS.matches(trimmed(cwd)) { 1 } else { named }
}

fn trimmed<'a>(path: Text<'a>) -> &'a [u8] {
    match path.as_bytes() {
        [all @ .., b'/'] if !all.is_empty() => all,
        all => all,
    }
}

fn find(command: &Command<'_>, cwd: Text<'_>, is_root: bool) -> Option<Act> {
    let args = command.args();
    let after = |options: &[&str]| -> Vec<Text<'_>> {
        let pairs = args.iter().zip(args.iter().skip(1));
        pairs.filter(|(option, _)| option.one_of(options)).map(|(_, value)| *value).collect()
    };
    if after(&["-perm"]).iter().any(|mode| gives_rights(mode.as_bytes())) {
        // Of one's own folder, to mend it, it is a chore.
        let wide = roots(command, cwd) > 0 && !command.says(&["-delete"]);
        let weight = match () {
            () if !wide => ROUTINE,
            // He has what such files give, and looks whether there are too many.
            () if is_root => NOTABLE,
            () => TELLING,
        };
        return act(PrivilegedFiles, "find -perm", weight);
    }
    if command.says(&["-writable", "-nouser", "-nogroup"]) && roots(command, cwd) > 0 {
        return act(PrivilegedFiles, "find -writable", TELLING);
    }
    for name in after(&["-name", "-iname", "-path", "-ipath", "-regex", "-wholename"]) {
        if BROWSER_FILES.matches(name) {
            return act(Browser, "find of bookmarks", TELLING);
        }
        if name.contains(".ko") {
            return act(Drivers, "find of modules", NOTABLE);
        }
    }
    let chore = args.iter().any(|arg| CHORES.matches(*arg)) || command.says(&["rm", "chmod", "chown"]);
    if chore || roots(command, cwd) == 0 {
        return None;
    }
    act(Files, "find", NOTABLE)
}

/// Whether a mode asks for setuid or setgid, or for what everybody may write.
fn gives_rights(mode: &[u8]) -> bool {
    let bits =
        mode.strip_prefix(b"-").or_else(|| mode.strip_prefix(b"/")).or_else(|| mode.strip_prefix(b"+")).unwrap_or(mode);
    let octal = std::str::from_utf8(bits).ok().and_then(|digits| u32::from_str_radix(digits, 8).ok());
    match octal {
        Some(octal) => octal & 0o6000 != 0 || (octal & 0o002 != 0 && bits.len() < mode.len()),
        None => {
            let symbolic = Text::new(bits);
            symbolic.contains("s") || symbolic.contains("o+w") || symbolic.contains("o=w")
        }
    }
}

fn grep(command: &Command<'_>) -> Option<Act> {
    if command.mentions("TracerPid") {
        return act(Debugger, "TracerPid", TELLING);
    }
    let products = command
        .args()
        .iter()
        .filter(|arg| super::host::PRODUCTS.matches(arg.as_bytes().to_ascii_lowercase().as_slice()));
    // A file of one of them is not a question for it.
    let products = products.filter(|arg| !arg.starts_with("/")).count();
    if products > 0 && names_product(command) {
        let several = command.args().iter().any(|arg| arg.contains("|")) || products > 1;
        return act(SecuritySoftware, "grep of products", if several { TELLING } else { RARE });
    }
    let lower: Vec<Vec<u8>> = command.args().iter().map(|arg| arg.as_bytes().to_ascii_lowercase()).collect();
    if lower.iter().any(|arg| !arg.starts_with(b"/") && MACHINES.matches(arg.as_slice())) {
        return act(Virtualization, "grep of virtual machines", RARE);
    }
    if lower.iter().any(|arg| !arg.starts_with(b"/") && BACKUPS.matches(arg.as_slice())) {
        return act(BackupSoftware, "grep of backups", NOTABLE);
    }
    if lower.iter().any(|arg| Text::new(arg).contains("@[") || Text::new(arg).contains("]@")) {
        return act(MailAccounts, "grep of addresses", TELLING);
    }
    None
}

fn list(command: &Command<'_>, cwd: Text<'_>) -> Option<Act> {
    let recursive = command.has('R', "") || command.says(&["--recursive"]);
    if recursive && roots(command, cwd) > 0 {
        return act(Files, "ls -R", NOTABLE);
    }
    if roots(command, cwd) > 1 {
        return act(Files, "ls of several places", NOTABLE);
    }
    let here = command.words().next().is_none().then_some(cwd);
    for word in command.words().chain(here) {
        let found = match trimmed(word) {
            b"/home" | b"/Users" => act(Accounts, "ls /home", ROUTINE),
            b"/root" => act(Files, "ls /root", ROUTINE),
            b"/" => act(Files, "ls /", ROUTINE),
            b"/etc" => act(Files, "ls /etc", ROUTINE),
            b"/var" | b"/var/www" | b"/var/www/html" | b"/srv" => act(Files, "ls /var", ROUTINE),
            b"/mnt" | b"/media" => act(Files, "ls /mnt", ROUTINE),
            b"/tmp" | b"/var/tmp" | b"/dev/shm" => act(Files, "ls /tmp", crate::act::WEAK),
            b"/opt" | b"/usr/local/bin" | b"/usr/local" | b"/usr/bin" | b"/usr/sbin" | b"/Applications" => {
                act(Software, "ls of programs", ROUTINE)
            }
            b"/proc" => act(Processes, "ls /proc", ROUTINE),
            b"/etc/init.d" | b"/etc/systemd/system" | b"/lib/systemd/system" | b"/usr/lib/systemd/system" => {
                act(Services, "ls of services", NOTABLE)
            }
            b"/dev" | b"/dev/disk" | b"/sys/bus/usb/devices" | b"/sys/bus/pci/devices" | b"/dev/input" => {
                act(Devices, "ls /dev", NOTABLE)
            }
            b"/etc/localtime" => act(Time, "/etc/localtime", NOTABLE),
            b"/sys/module" => act(Drivers, "ls /sys/module", NOTABLE),
            b"/var/log" => act(Logs, "ls /var/log", ROUTINE),
            b"/.dockerenv" | b"/run/.containerenv" => act(Virtualization, "/.dockerenv", NOTABLE),
            b"/var/run/docker.sock" | b"/run/docker.sock" | b"/run/containerd/containerd.sock" => {
                act(crate::topic::Topic::Containers, "ls docker.sock", NOTABLE)
            }
            path if path.starts_with(b"/lib/modules") => act(Drivers, "ls of modules", NOTABLE),
            path if path.starts_with(b"/var/backups") => act(BackupSoftware, "ls of backups", NOTABLE),
            path if BROWSER_FILES.matches(path) => act(Browser, "ls of bookmarks", RARE),
            path if super::host::PRODUCTS.matches(path.to_ascii_lowercase().as_slice()) => {
                act(SecuritySoftware, "ls of products", RARE)
            }
            path if path.starts_with(b"/etc/cron") || path.starts_with(b"/var/spool/cron") => {
                act(Services, "ls of jobs", NOTABLE)
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
