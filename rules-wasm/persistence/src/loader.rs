//! What is loaded into other programs when they begin: libraries that come first, and start-up code of languages.

use common::changes::on_write;
use common::programs::{is_interpreter, is_world_writable, label};
use common::tools::is_language_tool;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, is_by_hand, is_copying, report};

/// What every dynamically linked program loads.
static PRELOAD: TextSet = TextSet::new().equals(&["/etc/ld.so.preload"]);
/// Where libraries are looked for.
static SEARCH_PATHS: TextSet =
    TextSet::new().equals(&["/etc/ld.so.cache", "/etc/ld.so.conf"]).starts_with(&["/etc/ld.so.conf.d/"]);
static SEARCH_HABITS: Habits =
    Habits { owners: TextSet::new().equals(&["ldconfig", "ldconfig.real"]), editors: TextSet::new() };
/// Folders of the system's libraries; only `.so` files in them matter here.
static LIBRARIES: TextSet = TextSet::new().starts_with(&["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"]);
/// What Python runs whenever it begins.
static PYTHON: TextSet = TextSet::new().ends_with(&[".pth", "/sitecustomize.py", "/usercustomize.py"]);
/// The same for others: Perl, Ruby, Node, PHP, Java, and what gdb and tmux read.
static OTHER_LANGUAGES: TextSet = TextSet::new()
    .equals(&["/etc/gdb/gdbinit", "/etc/perl/sitecustomize.pl", "/etc/tmux.conf", "/etc/inputrc"])
    .ends_with(&[
        "/.gdbinit",
        "/.irbrc",
        "/.pythonrc",
        "/.pythonrc.py",
        "/.Rprofile",
        "/.psqlrc",
        "/.config/lldb/lldbinit",
    ]);

/// Where libraries of somebody's own lie, who is not everybody.
static OWN_PLACES: TextSet =
    TextSet::new().starts_with(&["/etc/", "/home/", "/mnt/", "/root/", "/run/", "/srv/", "/var/"]);

/// Variables that name libraries which a program loads before its own.
const LOADED_FIRST: [&str; 2] = ["LD_PRELOAD", "LD_AUDIT"];

/// Releases of xz that let in whoever has a certain key, where they are part of an SSH server (CVE-2024-3094).
static BACKDOORED: TextSet = TextSet::new().ends_with(&["/liblzma.so.5.6.0", "/liblzma.so.5.6.1"]);

static LIBRARY_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["ldconfig", "ldconfig.real"]),
    editors: TextSet::new().equals(&["dkms", "update-alternatives"]),
};

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/ld-preload-write")
        .summary(
            "The list of libraries that every program loads first was written: the way of most rootkits in user space",
        )
        .severity(Critical)
        .attack("T1574.006")
        .attack("T1014")
        .property("maturity", "stable")
        .property(
            "misses",
            "a dynamic linker that was patched to read another file, which the rule about system libraries sees",
        );
    on_write(rule, &PRELOAD, |_, change, out| {
        report(change, &NOBODY, out);
    });

    r.rule("persistence/ld-preload-environment")
        .summary("A program was made to load a library first that lies where everybody may write, or among somebody's own files")
        .severity(High)
        .attack("T1574.006")
        .property("maturity", "stable")
        .property("misses", "libraries elsewhere, and programs that are linked statically")
        .only(exec::image::environment().contains(LOADED_FIRST.map(|name| format!("{name}="))))
        .on_exec(|_, e, out| {
            let image = e.image();
            for name in LOADED_FIRST {
                // The dynamic linker takes the last of several.
                let parts =
                    image.envs(name).flat_map(|value| value.as_bytes().split(|byte| matches!(byte, b':' | b' ')));
                let libraries: Vec<_> = parts.map(Text::new).collect();
                if let Some(library) = libraries.iter().find(|library| is_writable_library(**library, image.cwd())) {
                    out.finding(format!("{} was started with {name}={library}", label(&image)));
                } else if let Some(library) = libraries.iter().find(|library| OWN_PLACES.matches(**library)) {
                    let is_work = is_language_tool(&image) || common::context::is_build(&image);
                    out.finding(format!("{} was started with {name}={library}", label(&image)))
                        .severity(if is_work { Low } else { Medium });
                }
            }
        });

    r.rule("persistence/backdoored-library")
        .summary("The SSH server loaded a library that is known to have a back door in it")
        .severity(High)
        .attack("T1554")
        .attack("T1195.002")
        .property("maturity", "incubating")
        .property("misses", "the same code under the number of another version, and other programs that have it loaded")
        .only(open::path().matches(&BACKDOORED))
        .only(process::exe().ends_with(["/sshd", "/sshd-auth", "/sshd-session"]))
        .on_open(|_, e, out| {
            if e.is_read() && !e.failed() {
                out.finding(format!("{} loaded {}", label(&e.process()), e.path())).fact("path", e.path().to_string());
            }
        });

    let rule = r
        .rule("persistence/library-path-write")
        .summary("Where programs look for their libraries was changed")
        .severity(Medium)
        .attack("T1574.006")
        .attack("T1574.001")
        .attack("T1574")
        .property("maturity", "stable")
        .property("misses", "RPATHs in programs, and folders that are on the path already");
    on_write(rule, &SEARCH_PATHS, |_, change, out| {
        report(change, &SEARCH_HABITS, out);
    });

    let rule = r
        .rule("persistence/system-library-write")
        .summary("A library of the system was written that no package brought")
        .severity(High)
        .attack("T1574.006")
        .attack("T1554")
        .property("maturity", "incubating")
        .property("misses", "libraries outside of the system's folders, such as /usr/local/lib and /opt")
        .property("cost", "opens for writing below /usr/lib, of package managers most of them");
    on_write(rule, &LIBRARIES, |_, change, out| {
        let name = change.path.file_name();
        let is_library = name.ends_with(".so") || name.contains(".so.");
        let has_rule = name.starts_with("libnss_") || change.path.contains("/security/");
        if !is_library || has_rule || is_language_tool(&change.process) || change.path.contains("/site-packages/") {
            return;
        }
        let finding = report(change, &LIBRARY_HABITS, out);
        // `make install` as it is told to.
        if let Some(finding) = finding.filter(|_| common::context::is_build(&change.process)) {
            finding.severity(Low);
        }
    });

    let rule = r
        .rule("persistence/python-startup-write")
        .summary("Code was laid where Python runs it whenever it begins")
        .severity(High)
        .attack("T1546.018")
        .property("maturity", "stable")
        .property(
            "misses",
            "modules that programs import anyway, and PYTHONSTARTUP; a hook that a package manager of Python brings",
        );
    on_write(rule, &PYTHON, |_, change, out| {
        let path = change.path;
        let is_hook = path.ends_with("customize.py") || path.contains("-packages/");
        let by_python = is_interpreter(&change.process) && !is_by_hand(&change.process);
        if !is_hook || is_language_tool(&change.process) || is_copying(&change.process) {
            return;
        }
        let finding = report(change, &NOBODY, out);
        // Those that every Python of a user, or of the machine, reads; one of a virtual environment is its own affair.
        let is_everybodys = path.contains("/.local/lib/python") || path.starts_with("/usr/");
        let is_made = by_python && !is_everybodys;
        if let Some(finding) = finding.filter(|_| is_made || change.paths().all(is_world_writable)) {
            // A virtual environment, or what makes one.
            finding.severity(Low);
        }
    });

    let rule = r
        .rule("persistence/startup-file-write")
        .summary("A file was changed that an interpreter, a debugger or a database's client runs when it begins")
        .severity(Low)
        .attack("T1546")
        .property("maturity", "sandbox")
        .property("misses", "what is named in the environment");
    on_write(rule, &OTHER_LANGUAGES, |_, change, out| {
        if !is_copying(&change.process) {
            report(change, &Habits { owners: TextSet::new(), editors: TextSet::new() }, out);
        }
    });
}

/// Whether a library that is named so lies where everybody may write. What is no path is looked for among the system's own.
fn is_writable_library(library: Text<'_>, cwd: Text<'_>) -> bool {
    let library = library.as_bytes();
    let own = library.strip_prefix(b"/proc/self/cwd/".as_slice());
    let path = match own.unwrap_or(library) {
        relative if own.is_some() || !relative.starts_with(b"/") => [cwd.as_bytes(), b"/", relative].concat(),
        path => path.to_vec(),
    };
    let mut plain = Vec::with_capacity(path.len());
    for byte in path {
        if !(byte == b'/' && plain.last() == Some(&b'/')) {
            plain.push(byte);
        }
    }
    library.contains(&b'/') && is_world_writable(Text::new(&plain))
}
