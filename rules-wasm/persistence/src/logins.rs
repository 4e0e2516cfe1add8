//! What runs when somebody logs in, opens a shell or a desktop.

use common::changes::{Change, on_write};
use common::context::is_user_management;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, in_home, is_copying, report};

/// Shells read these for everybody, and new users get a copy of what lies in /etc/skel.
static SYSTEM_PROFILES: TextSet = TextSet::new()
    .starts_with(&["/etc/bash_completion.d/", "/etc/fish/", "/etc/profile.d/", "/etc/skel/.", "/etc/zsh/"])
    .equals(&[
        "/etc/bash.bash_logout",
        "/etc/bash.bashrc",
        "/etc/bashrc",
        "/etc/csh.cshrc",
        "/etc/csh.login",
        "/etc/environment",
        "/etc/ksh.kshrc",
        "/etc/profile",
        "/etc/zlogin",
        "/etc/zlogout",
        "/etc/zprofile",
        "/etc/zshenv",
        "/etc/zshrc",
    ]);
/// Shells read these of their user; what stands after the home.
static OWN_PROFILES: TextSet = TextSet::new().ends_with(&[
    "/.bash_aliases",
    "/.bash_login",
    "/.bash_logout",
    "/.bash_profile",
    "/.bashrc",
    "/.config/fish/config.fish",
    "/.cshrc",
    "/.kshrc",
    "/.login",
    "/.mkshrc",
    "/.profile",
    "/.tcshrc",
    "/.zlogin",
    "/.zlogout",
    "/.zprofile",
    "/.zshenv",
    "/.zshrc",
]);
/// sshd runs these at each login.
static SSH_RC: TextSet = TextSet::new().equals(&["/etc/ssh/sshrc"]).ends_with(&["/.ssh/environment", "/.ssh/rc"]);
/// Run as root when somebody logs in.
static MOTD: TextSet = TextSet::new().starts_with(&["/etc/update-motd.d/", "/usr/lib/update-notifier/"]);
/// Desktops run these.
static DESKTOP: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/X11/Xsession",
        "/etc/X11/Xsession.d/",
        "/etc/X11/xinit/",
        "/etc/gdm3/",
        "/etc/lightdm/",
        "/etc/sddm/",
        "/etc/xdg/autostart/",
        "/usr/share/autostart/",
        "/usr/share/gnome/autostart/",
        "/usr/share/xsessions/",
    ])
    .contains(&[
        "/.config/autostart-scripts/",
        "/.config/autostart/",
        "/.config/plasma-workspace/",
        "/.local/share/gnome-shell/extensions/",
    ])
    .ends_with(&[
        "/.config/i3/config",
        "/.config/sway/config",
        "/.xinitrc",
        "/.xprofile",
        "/.xserverrc",
        "/.xsession",
        "/.xsessionrc",
    ]);
static LOGON_SCRIPTS: TextSet =
    TextSet::new().starts_with(&["/var/lib/samba/netlogon/", "/var/lib/samba/sysvol/", "/srv/samba/netlogon/"]);

static NO_HABITS: Habits = Habits { owners: TextSet::new(), editors: TextSet::new() };
static DESKTOP_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&[
        "gnome-session-binary",
        "gnome-shell",
        "gnome-tweaks",
        "kcmshell5",
        "kcmshell6",
        "plasmashell",
        "systemsettings",
        "xfce4-session-settings",
    ]),
    editors: TextSet::new(),
};
/// What runs when a trap goes off and has no place among what tidies up.
static TRAPPED: TextSet = TextSet::new().contains(&[
    "/dev/shm/",
    "/dev/tcp/",
    "base64",
    "bash -",
    "curl ",
    "nc ",
    "ncat ",
    "nohup ",
    "perl ",
    "python",
    "socat ",
    "wget ",
]);

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/system-profile-write")
        .summary("What all shells run when they begin was changed, for every user")
        .severity(High)
        .attack("T1546.004")
        .property("maturity", "stable")
        .property("misses", "what such a script runs in turn");
    on_write(rule, &SYSTEM_PROFILES, |_, change, out| {
        report(change, &NO_HABITS, out);
    });

    let rule = r
        .rule("persistence/shell-profile-write")
        .summary("What a user's shells run when they begin was changed")
        .severity(Medium)
        .attack("T1546.004")
        .property("maturity", "stable")
        .property("misses", "files that the profile reads in turn, and profiles that are put back by tar or git");
    on_write(rule, &OWN_PROFILES, |_, change, out| {
        if is_own(change) {
            report(change, &NO_HABITS, out);
        }
    });

    let rule = r
        .rule("persistence/ssh-login-script-write")
        .summary("A script was written that sshd runs at each login")
        .severity(High)
        .attack("T1546.004")
        .attack("T1037")
        .property("maturity", "stable")
        .property("misses", "commands before keys in authorized_keys, which are that file's rule's");
    on_write(rule, &SSH_RC, |_, change, out| {
        if is_own(change) {
            report(change, &NO_HABITS, out);
        }
    });

    let rule = r
        .rule("persistence/motd-script-write")
        .summary("A script was written that root runs whenever somebody logs in")
        .severity(High)
        .attack("T1037")
        .attack("T1546")
        .property("maturity", "stable")
        .property("misses", "programs that the scripts of the distribution call");
    on_write(rule, &MOTD, |_, change, out| {
        report(change, &NO_HABITS, out);
    });

    let rule = r
        .rule("persistence/desktop-autostart-write")
        .summary("Something was set up that begins with a desktop session")
        .severity(Medium)
        .attack("T1547.013")
        .property("maturity", "stable")
        .property("misses", "programs of a desktop that write such files on their user's behalf");
    on_write(rule, &DESKTOP, |_, change, out| {
        if is_own(change) {
            report(change, &DESKTOP_HABITS, out);
        }
    });

    let rule = r
        .rule("persistence/logon-script-write")
        .summary("A script was written that a domain's machines run when somebody logs in")
        .severity(Medium)
        .attack("T1037.003")
        .property("maturity", "incubating")
        .property("misses", "shares in other places");
    on_write(rule, &LOGON_SCRIPTS, |_, change, out| {
        let is_script = ["bat", "cmd", "ps1", "vbs", "exe", "ini"]
            .iter()
            .any(|end| change.path.file_name().to_string_lossy().to_ascii_lowercase().ends_with(end));
        if is_script {
            report(change, &NO_HABITS, out);
        }
    });

    r.rule("persistence/trap-command")
        .summary("A shell was told to run something when it ends or gets a signal, which is more than tidying up")
        .severity(Medium)
        .attack("T1546.005")
        .property("maturity", "incubating")
        .property("misses", "traps that stand in a script or are typed: only those on a command line are seen")
        .only(exec::image::argv().contains(["trap "]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !common::programs::is_shell(&image) {
                return;
            }
            let sets = image.args().skip(1).find_map(|argument| trapped(argument.as_bytes()));
            if sets.is_some_and(|command| TRAPPED.matches(command)) {
                crate::who::report_exec(e, Medium, "set a trap", out);
            }
        });
}

/// The command that a `trap` in this script is to run, where it is one word or quoted.
fn trapped(script: &[u8]) -> Option<&[u8]> {
    let text = std::str::from_utf8(script).ok()?;
    let (_, rest) = text.split_once("trap ")?;
    let rest = rest.trim_start().trim_start_matches("-- ");
    let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'));
    let command = match quote {
        Some(quote) => rest[1..].split(quote).next()?,
        None => rest.split([' ', ';', '\n']).next()?,
    };
    Some(command.as_bytes())
}

/// Whether the file is a user's own, and not a copy of one in a tree that is packed, unpacked or kept.
fn is_own(change: &Change<'_>) -> bool {
    // Whom it is made for has it from /etc/skel.
    if is_user_management(&change.process) {
        return false;
    }
    let in_a_home = change.paths().any(|path| in_home(path).is_some() || path.starts_with("/etc/"));
    in_a_home || !is_copying(&change.process)
}
