//! Programs that begin where none should: in memory, in temporary folders, under names that hide.

use common::context::{is_build, is_ci, is_configuration_management, is_container_runtime, is_debugging, is_part_of};
use common::programs::{
    is_in_system, is_installed, is_interpreter, is_package_management, is_shell, is_system, is_world_writable, label,
};
use common::roots::is_in_root_of_own;
use common::tools::is_language_tool;
use lanner_sdk::prelude::*;

use crate::Execution;

/// File systems that are gone with the power: tmpfs and ramfs (statfs(2)).
const MEMORY_FILE_SYSTEMS: [u32; 2] = [0x0102_1994, 0x8584_58f6];
/// Where programs lie on machines whose root is a memory file system, beside the system's own folders.
static PROGRAM_FOLDERS: TextSet = TextSet::new().starts_with(&["/opt/", "/nix/store/", "/gnu/store/"]);
/// Container runtimes run a sealed copy of themselves from memory, so that no container can change them.
static RUNTIMES: TextSet = TextSet::new().equals(&["runc", "crun", "youki", "docker-runc", "containerd-shim-runc-v2"]);
/// Where k3s keeps its own.
const K3S: &str = "/var/lib/rancher/k3s/data";
const S_IWOTH: u32 = 0o002;
/// Folders in which everybody may create files, and where programs are made.
static TEMPORARY: TextSet = TextSet::new().starts_with(&["/tmp/", "/var/tmp/"]);
/// Ends of the paths of what writes programs: linkers, and compilers that link by themselves.
static LINKERS: TextSet = TextSet::new()
    .file_name(&[
        "as", "cargo", "clang", "collect2", "go", "gold", "ld", "ld.bfd", "ld.gold", "ld.lld", "ld64.lld", "link",
        "lld", "mold", "node", "objcopy", "rust-lld", "rustc", "strip", "tcc", "uv", "wasm-ld", "zig",
    ])
    .ends_with(&["-as", "-ld", "-ld.bfd", "-ld.gold", "-objcopy", "-strip"])
    .contains(&["/python3", "/bin/pip"]);
/// Folders that begin with a dot and are full of programs: of languages and their tools.
static KNOWN_HIDDEN: TextSet = TextSet::new().contains(&[
    "/.ansible/",
    "/.bun/",
    "/.cache/",
    "/.cargo/",
    "/.config/",
    "/.deno/",
    "/.git/",
    "/.local/",
    "/.mount_",
    "/.nix-profile/",
    "/.npm/",
    "/.nvm/",
    "/.pyenv/",
    "/.rbenv/",
    "/.rustup/",
    "/.tox/",
    "/.venv/",
    "/.vscode",
    "/.cursor",
    "/.build/",
    "/.bin/",
]);
/// What runs jobs by the clock.
static CLOCKS: TextSet = TextSet::new().equals(&["anacron", "atd", "cron", "crond", "fcron"]);
static LOADERS: TextSet = TextSet::new().starts_with(&["ld-linux", "ld-musl", "ld.so", "ld-2."]);

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/exec-from-memory")
        .summary("A program was run that lies in memory only, or was deleted before it ran: it leaves no file behind")
        .severity(High)
        .attack("T1620")
        .attack("T1564")
        .attack("T1106")
        .property("self-test", "exec-from-memory")
        .property("maturity", "stable")
        .property("misses", "code that a running program loads into itself without an exec")
        .on_exec(|_, e, out| {
            let image = e.image();
            let exe = image.exe();
            if is_package_management(&image) {
                // Packages bring programs that run once, from where there is room.
            } else if image.is_memfd() {
                if !is_runtime(&e.process()) {
                    out.finding(format!("{} ran {exe}, which exists in memory only", label(&e.process())));
                }
            } else if is_on_memory_file_system(&image) && !exe.is_under("/tmp") && !is_program_folder(&image) {
                let finding = out.finding(format!("{} ran {exe}, on a memory file system", label(&e.process())));
                if is_expected(&image) {
                    finding.severity(Low);
                }
            } else if image.is_deleted() && !is_container_runtime(&e.process()) {
                // Programs that run themselves again right after their update do this too.
                out.finding(format!("{} ran {exe}, which had been deleted", label(&e.process()))).severity(Medium);
            } else if exe.is_under("/dev/shm") || exe.is_under("/dev/mqueue") {
                out.finding(format!("{} ran {exe}, where no programs belong", label(&e.process())));
            }
        });

    r.rule("execution/exec-from-world-writable")
        .summary("A program was run from where everybody may write")
        .severity(Medium)
        .attack("T1204.002")
        .attack("T1059.004")
        .attack("T1036.005")
        .property("maturity", "stable")
        .property(
            "misses",
            "programs in homes; what was built there a short while ago is a hint only, and so are scripts",
        )
        // What is made there is expected there: compilers and tools of languages write it.
        .only(open::file().matches(&TEMPORARY))
        .only(open::flags().any(0b11_u32))
        .only(process::exe().matches(&LINKERS))
        .on_open(|pack, e, _| {
            let process = e.process();
            let builds = !is_world_writable(process.exe()) && (!is_interpreter(&process) || is_language_tool(&process));
            if let Some(file) = e.dev().zip(e.inode()).filter(|_| e.is_write() && !e.failed() && builds) {
                pack.state.built.insert(e.time(), file, ());
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let (exe, script) = (image.exe(), image.script());
            if is_package_management(&image) || image.is_memfd() || image.is_deleted() || exe.is_under("/dev/shm") {
                // Not worth it, or the rule above has it.
            } else if is_world_writable(exe) {
                let is_built = image
                    .exe_dev()
                    .zip(image.exe_inode())
                    .is_some_and(|file| pack.state.built.get(e.time(), &file).is_some());
                let finding = out.finding(format!("{} ran {exe}", label(&e.process())));
                if is_built || is_expected(&image) || is_in_root_of_own(e) {
                    finding.severity(Low);
                } else if is_hidden(exe) {
                    finding.severity(High);
                }
            } else if is_world_writable(script) {
                let severity = script_severity(&image, script);
                out.finding(format!("{} ran the script {script}", label(&e.process()))).severity(severity);
            } else if image.exe_mode().is_some_and(|mode| mode & S_IWOTH != 0) {
                let finding = out.finding(format!("{} ran {exe}, which everybody may change", label(&e.process())));
                if is_expected(&image) || image.container().is_some() {
                    finding.severity(Low);
                }
            }
        });

    r.rule("execution/script-from-odd-place")
        .summary("A shell or an interpreter was given a file that is hidden, or lies in memory")
        .severity(Medium)
        .attack("T1059")
        .attack("T1059.004")
        .attack("T1059.006")
        .attack("T1564.001")
        .property("maturity", "stable")
        .property("misses", "files that a script reads in turn, and files that are piped in")
        .on_exec(|_, e, out| {
            let image = e.image();
            if !(is_shell(&image) || is_interpreter(&image)) || is_package_management(&image) || is_expected(&image) {
                return;
            }
            let Some(file) = script_file(&image) else { return };
            let is_in_memory = file.is_under("/dev/shm") || file.is_under("/dev/mqueue") || file.is_under("/run/shm");
            if is_in_memory || (is_world_writable(file) && is_hidden(file)) {
                out.finding(format!("{} was given {file}", label(&image))).fact("script", file);
            }
        });

    r.rule("execution/program-hidden")
        .summary("A program was run whose name or folder begins with a dot, where none of the known tools keep theirs")
        .severity(Medium)
        .attack("T1564.001")
        .attack("T1204.002")
        .property("maturity", "incubating")
        .property("misses", "programs in folders of known tools, such as .cache and .config")
        .only(exec::image::exe().contains(["/."]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let exe = image.exe();
            let known = KNOWN_HIDDEN.matches(exe) && !exe.file_name().starts_with(".");
            // Temporary folders have a rule of their own.
            let has_rule = is_world_writable(exe) || exe.is_under("/dev/shm") || image.is_memfd();
            // A hidden name has one, too: defense-evasion/hidden-program-run.
            let has_rule = has_rule || exe.file_name().starts_with(".");
            if is_hidden(exe) && !known && !has_rule && !is_expected(&image) && !is_package_management(&image) {
                out.finding(format!("{} ran {exe}", label(&e.process())));
            }
        });

    r.rule("execution/program-through-loader")
        .summary("A program was given to the dynamic linker to be run, which asks for no permission to execute")
        .severity(Medium)
        .attack("T1202")
        .attack("T1218")
        .attack("T1620")
        .attack("T1574.006")
        .attack("T1059.004")
        .property("maturity", "incubating")
        .property("misses", "loaders under other names")
        .only(exec::image::exe().contains(["/ld-linux", "/ld-musl", "/ld.so", "/ld-2."]))
        .only(!exec::image::environment().contains(["LD_TRACE_LOADED_OBJECTS="]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let asks = image
                .args()
                .skip(1)
                .any(|word| word.one_of(&["--verify", "--list", "--help", "--version", "--list-tunables"]));
            let program = image.args().skip(1).find(|word| !word.starts_with("-"));
            if LOADERS.matches(image.name()) && !asks && !is_package_management(&image) {
                let Some(program) = program else { return };
                let finding = out.finding(format!("{} ran {program} through {}", label(&e.process()), image.exe()));
                if is_world_writable(program) || program.is_under("/dev/shm") {
                    finding.severity(High);
                } else if is_expected(&image) {
                    finding.severity(Low);
                }
            }
        });
}

/// How bad a script is that lies where everybody may write.
fn script_severity(image: &Process<'_>, script: Text<'_>) -> Severity {
    if is_expected(image) {
        Low
    } else if is_hidden(script) || script.is_under("/dev/shm") || is_part_of(image, &CLOCKS) {
        // Jobs of the clock have no business there.
        Medium
    } else {
        Low
    }
}

/// The file that a shell or an interpreter runs, where its command line says one.
fn script_file<'a>(image: &Process<'a>) -> Option<Text<'a>> {
    if !image.script().is_empty() {
        return Some(image.script());
    }
    for argument in image.args().skip(1) {
        if argument.one_of(&["-c", "-e", "-r", "-m", "-"]) {
            return None;
        }
        if !argument.starts_with("-") {
            return Some(argument);
        }
    }
    None
}

/// Whether it is part of what makes, installs, tests or sets up programs, and so runs them where they lie.
pub(crate) fn is_expected(image: &Process<'_>) -> bool {
    is_build(image)
        || is_language_tool(image)
        || is_ci(image)
        || is_debugging(image)
        || is_configuration_management(image)
}

/// Whether its name or one of its folders begins with a dot.
pub(crate) fn is_hidden(path: Text<'_>) -> bool {
    let parts = path.as_bytes().split(|byte| *byte == b'/');
    parts.into_iter().any(|part| part.starts_with(b".") && part != b"." && part != b"..")
}

fn is_on_memory_file_system(image: &Process<'_>) -> bool {
    image.exe_fs().is_some_and(|fs| MEMORY_FILE_SYSTEMS.contains(&fs))
}

fn is_program_folder(image: &Process<'_>) -> bool {
    is_system(image) || is_in_system(image.exe()) || PROGRAM_FOLDERS.matches(image.exe())
}

fn is_runtime(process: &Process<'_>) -> bool {
    is_installed(process, &RUNTIMES) || (RUNTIMES.matches(process.name()) && process.exe().is_under(K3S))
}
