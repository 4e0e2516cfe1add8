//! Software that runs code of others: package managers and what packages bring, git, browsers, editors, images.

use common::changes::on_write;
use common::context::{is_interactive, lineage};
use common::families;
use common::programs::{is_package_management, is_shell, is_world_writable, label};
use common::tools::is_language_tool;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, from_local_package, in_home, is_by_hand, is_copying, report, report_exec};

/// What package managers run when they run, and the scripts of what is installed.
static PACKAGE_HOOKS: TextSet = TextSet::new().starts_with(&[
    "/etc/apk/commit_hooks.d/",
    "/etc/apt/apt.conf",
    "/etc/dnf/libdnf5-plugins/",
    "/etc/dnf/plugins/",
    "/etc/dpkg/dpkg.cfg",
    "/etc/pacman.d/hooks/",
    "/etc/yum/pluginconf.d/",
    "/etc/zypp/",
    "/usr/lib/python3.12/site-packages/dnf-plugins/",
    "/usr/lib/python3.13/site-packages/dnf-plugins/",
    "/usr/lib/python3.6/site-packages/dnf-plugins/",
    "/usr/lib/python3.9/site-packages/dnf-plugins/",
    "/usr/lib/yum-plugins/",
    "/usr/lib/zypp/plugins/",
    "/usr/share/libalpm/hooks/",
    "/usr/share/yum-plugins/",
    "/var/lib/dpkg/info/",
]);
/// Parts of the paths of a package's own scripts while it is installed.
static PACKAGE_SCRIPTS: TextSet = TextSet::new()
    .starts_with(&["/var/lib/dpkg/info/", "/var/lib/dpkg/tmp.ci/", "/var/tmp/rpm-tmp."])
    .ends_with(&[".postinst", ".preinst", ".prerm", ".postrm"]);
/// What packages' scripts have no use for.
static NOT_FOR_PACKAGES: TextSet = TextSet::new().equals(&[
    "at",
    "base32",
    "base64",
    "crontab",
    "curl",
    "nc",
    "nc.openbsd",
    "nc.traditional",
    "ncat",
    "nohup",
    "socat",
    "ssh",
    "telnet",
    "wget",
    "xxd",
]);
/// What git runs.
static GIT_HOOKS: TextSet = TextSet::new().contains(&["/.git/hooks/", "/git-core/templates/hooks/", ".git/hooks/"]);
static BROWSERS: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/chromium/policies/",
        "/etc/firefox/policies/",
        "/etc/opt/chrome/",
        "/opt/google/chrome/extensions/",
        "/usr/lib/firefox/browser/extensions/",
        "/usr/lib/mozilla/extensions/",
        "/usr/share/chromium/extensions/",
        "/usr/share/google-chrome/extensions/",
    ])
    .contains(&[
        "/.config/BraveSoftware/",
        "/.config/chromium/",
        "/.config/google-chrome/",
        "/.config/microsoft-edge/",
        "/.mozilla/extensions/",
        "/.mozilla/firefox/",
    ]);
/// Parts of the paths of extensions among what browsers keep.
static EXTENSIONS: TextSet = TextSet::new()
    .starts_with(&["/etc/", "/opt/", "/usr/"])
    .contains(&[
        "/Extensions/",
        "/External Extensions/",
        "/NativeMessagingHosts/",
        "/extensions/",
        "/native-messaging-hosts/",
    ])
    .ends_with(&["/extensions.json", "/user.js"]);
static BROWSER_PROGRAMS: TextSet = TextSet::new().equals(families::BROWSERS);
/// Extensions of editors that programmers use.
static EDITOR_EXTENSIONS: TextSet = TextSet::new().contains(&[
    "/.cursor/extensions/",
    "/.local/share/JetBrains/",
    "/.vscode-server/extensions/",
    "/.vscode/extensions/",
    "/.windsurf/extensions/",
    "/JetBrains/plugins/",
]);
/// What editors run when they begin.
static EDITOR_SCRIPTS: TextSet = TextSet::new()
    .starts_with(&["/etc/emacs/", "/etc/vim/", "/usr/share/vim/", "/usr/share/nvim/", "/etc/xdg/nvim/"])
    .contains(&[
        "/.config/nvim/",
        "/.emacs.d/",
        "/.local/share/nvim/site/",
        "/.vim/after/",
        "/.vim/autoload/",
        "/.vim/ftplugin/",
        "/.vim/plugin/",
    ])
    .ends_with(&["/.emacs", "/.exrc", "/.nanorc", "/.vimrc"]);
static PACKAGE_HABITS: Habits =
    Habits { owners: TextSet::new().equals(&["apt-config", "unattended-upgrade"]), editors: TextSet::new() };

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/package-hook-write")
        .summary("What a package manager runs as root whenever it is used was changed, or the script of an installed package")
        .severity(High)
        .attack("T1546.016")
        .attack("T1546")
        .property("maturity", "stable")
        .property("misses", "hooks that the command line of a package manager names");
    on_write(rule, &PACKAGE_HOOKS, |_, change, out| {
        // Proxies and the like: settings, and nothing that runs.
        report(change, &PACKAGE_HABITS, out);
    });

    r.rule("persistence/package-script")
        .summary("The script of a package did what packages have no need for while it was installed")
        .severity(Medium)
        .attack("T1546.016")
        .attack("T1195.002")
        .property("maturity", "incubating")
        .property("misses", "scripts that do all by themselves, without other programs")
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = image.name();
            let suspicious = NOT_FOR_PACKAGES.matches(name)
                || (is_world_writable(image.exe()) && !image.exe().starts_with("/var/tmp/rpm-tmp."))
                || (is_shell(&image) && image.args().any(|word| word.contains("/dev/tcp/") || word == "-i"));
            if !suspicious || !is_package_management(&image) {
                return;
            }
            let script = lineage(&image).skip(1).find(|each| {
                PACKAGE_SCRIPTS.matches(each.script()) || each.args().take(3).any(|word| PACKAGE_SCRIPTS.matches(word))
            });
            if let Some(script) = script {
                let local = from_local_package(&image);
                let finding = out.finding(format!("{} ran {}", label(&script), image.command_line()));
                if local && (is_shell(&image) || is_world_writable(image.exe())) {
                    finding.severity(High);
                }
            }
        });

    let rule = r
        .rule("persistence/git-hook-write")
        .summary("A script was written that git runs when it is used in a repository")
        .severity(Medium)
        .attack("T1546")
        .property("maturity", "incubating")
        .property("misses", "hooks in a folder that core.hooksPath names, and filters in .gitattributes");
    on_write(rule, &GIT_HOOKS, |_, change, out| {
        let process = &change.process;
        let is_tool = process.name() == "git" || !is_by_hand(process) || is_language_tool(process);
        if change.path.ends_with(".sample") || is_copying(process) {
            return;
        }
        let finding = report(change, &NOBODY, out);
        if let Some(finding) = finding.filter(|_| is_tool || is_interactive(process)) {
            finding.severity(Low);
        }
    });

    let rule = r
        .rule("persistence/browser-extension-write")
        .summary(
            "An extension of a browser was written by something else than the browser, or a policy that installs some",
        )
        .severity(Medium)
        .attack("T1176.001")
        .property("maturity", "incubating")
        .property("misses", "extensions that the browser itself was told to install")
        .property("cost", "opens for writing below the folders of browsers");
    on_write(rule, &BROWSERS, |_, change, out| {
        let process = &change.process;
        let by_browser = lineage(process)
            .take(3)
            .any(|each| BROWSER_PROGRAMS.matches(each.name()) && !is_world_writable(each.exe()));
        if EXTENSIONS.matches(change.path) && !by_browser && !is_copying(process) {
            report(change, &NOBODY, out);
        }
    });

    r.rule("persistence/extension-on-command-line")
        .summary("A browser or an editor was started or told to load an extension from a folder or a file")
        .severity(Medium)
        .attack("T1176.001")
        .attack("T1176.002")
        .property("maturity", "incubating")
        .property("misses", "extensions that come from a store")
        .only(exec::image::argv().contains(["--install-extension", "--load-extension", "--pack-extension"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let from_file = image.args().any(|word| word.ends_with(".vsix") || word.contains("load-extension="));
            report_exec(e, if from_file { Medium } else { Low }, "loads an extension", out);
        });

    let rule = r
        .rule("persistence/editor-extension-write")
        .summary("An extension of a programmers' editor was written by hand")
        .severity(Medium)
        .attack("T1176.002")
        .property("maturity", "incubating")
        .property("misses", "extensions that the editor itself was told to install");
    on_write(rule, &EDITOR_EXTENSIONS, |_, change, out| {
        if is_by_hand(&change.process) && !is_copying(&change.process) && !is_language_tool(&change.process) {
            report(change, &NOBODY, out);
        }
    });

    let rule = r
        .rule("persistence/editor-script-write")
        .summary("A script was written that an editor runs when it begins")
        .severity(Medium)
        .attack("T1546")
        .property("maturity", "sandbox")
        .property("misses", "modelines, and projects' own settings");
    on_write(rule, &EDITOR_SCRIPTS, |_, change, out| {
        let process = &change.process;
        let path = change.path;
        if !is_by_hand(process)
            || is_copying(process)
            || !(in_home(path).is_some() || path.starts_with("/etc/") || path.starts_with("/usr/"))
        {
            return;
        }
        // What everybody has and writes, and what plug-ins are fetched by.
        let is_setting =
            path.file_name().starts_with(".") || path.file_name().starts_with("init.") || path.ends_with("/plug.vim");
        let finding = report(change, &NOBODY, out);
        if let Some(finding) = finding.filter(|_| is_setting) {
            finding.severity(Low);
        }
    });
}
