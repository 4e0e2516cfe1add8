//! Programs that change their looks: compiled where they are used, packed, or made longer.

use std::time::Duration;

use common::command::{Command, called};
use common::context::{is_build, is_ci, is_provisioning};
use common::families;
use common::programs::{is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

const OUTPUTS: usize = 256;
const KEEP: Duration = Duration::from_secs(10 * 60);
const APPENDED: usize = 64;
const APPENDED_FOR: Duration = Duration::from_secs(10);

/// What was compiled lately, and programs that a shell opened to write at their end.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Compiled {
    outputs: Recent<Vec<u8>, Output>,
    appended: Recent<u64, Vec<u8>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Output {
    seq: u64,
    what: String,
}

impl Default for Compiled {
    fn default() -> Self {
        Self { outputs: Recent::new(OUTPUTS, KEEP), appended: Recent::new(APPENDED, APPENDED_FOR) }
    }
}

impl Compiled {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            outputs: self.outputs.with_limits(OUTPUTS, KEEP),
            appended: self.appended.with_limits(APPENDED, APPENDED_FOR),
        }
    }
}

static COMPILERS: TextSet =
    TextSet::new().equals(&["c++", "cc", "clang", "clang++", "fpc", "g++", "gcc", "ghc", "go", "rustc", "tcc"]);
static SOURCES: TextSet =
    TextSet::new().ends_with(&[".c", ".cc", ".cpp", ".cxx", ".go", ".hs", ".pas", ".rs", ".s", ".S"]);
static SHELLS: TextSet = TextSet::new().file_name(families::SHELLS);
static PADDERS: TextSet = TextSet::new().ends_with(&["/busybox", "/coreutils", "/dd", "/truncate"]);
const PACKERS: [&str; 10] =
    ["upx", "upx-ucl", "gzexe", "shc", "ezuri", "midgetpack", "pyarmor", "bashfuscator", "obfsh", "kiteshield"];
const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const ANYBODY_RUNS: u32 = 0o111;
const O_WRITE: u32 = 0o3;
const O_APPEND: u32 = 0o2000;

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/compile-after-delivery")
        .summary("A program was compiled by hand from a source that lies around, and run")
        .severity(Medium)
        .attack("T1027.004")
        .property("maturity", "incubating")
        .property("misses", "Sources in a folder of their own, which look like anybody's work")
        .on_exec(|pack, e, out| {
            let image = e.image();
            if let Some(output) = pack.compiled.outputs.take(e.time(), image.exe().as_bytes()) {
                out.finding(format!("{} ran {}, compiled by: {}", label(&e.process()), image.exe(), output.what))
                    .fact("path", image.exe())
                    .because_of(output.seq);
            }
            if compiler(&image).is_none() || is_build(&e.process()) || is_ci(&image) || is_provisioning(&image) {
                return;
            }
            let args: Vec<Text<'_>> = image.args().skip(1).collect();
            let source = args.iter().find(|arg| SOURCES.matches(**arg) && !arg.starts_with("-"));
            let piped = args.iter().any(|arg| arg.starts_with("-x")) && args.iter().any(|arg| *arg == "-");
            let lies_around = source.is_some_and(|source| lies_around(&absolute(&image, *source)));
            let output =
                after(&args, "-o").map_or_else(|| absolute(&image, Text::new(b"a.out")), |path| absolute(&image, path));
            let hidden = is_hidden(&output) && is_world_writable(Text::new(&output));
            let library = args.iter().any(|arg| arg.one_of(&["-shared", "--shared"])) && lies_around;
            let in_place = args.iter().any(|arg| *arg == "-run") && (lies_around || piped);
            if !(lies_around || piped || hidden) {
                return;
            }
            let what = image.command_line().to_string();
            let finding = out.finding(format!("{} ran {what}", label(&e.process())));
            let telling = hidden || library || in_place || piped && is_world_writable(Text::new(&output));
            if !telling {
                finding.severity(Low);
            }
            pack.compiled.outputs.insert(e.time(), output, Output { seq: e.seq(), what });
        });

    r.rule("defense-evasion/program-packed")
        .summary("A program was packed, or a script made unreadable, so that it is not known again")
        .severity(Medium)
        .attack("T1027.002")
        .attack("T1027")
        .property("maturity", "stable")
        .property("misses", "Programs that were packed elsewhere, and packers by other names")
        .only(called(&PACKERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let looks = command.says(&["--help", "--version", "-V", "-h", "-l", "-t"]);
            if command.name().one_of(&PACKERS) && !looks && !is_provisioning(&image) {
                let finding = out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
                if is_ci(&image) || is_build(&e.process()) {
                    finding.severity(Low);
                }
            }
        })
        .unfiltered()
        // What UPX puts before a program unpacks it into such a file.
        .only(memfd::name().equals(["upX", "upx"]))
        .on_memfd(|_, e, out| {
            if !e.failed() {
                out.finding(format!("{} unpacks itself into memory", label(&e.process())));
            }
        });

    r.rule("defense-evasion/program-padded")
        .summary("Something was put at the end of a program: it runs as before, and has another checksum")
        .severity(Medium)
        .attack("T1027.001")
        .property("maturity", "incubating")
        .property("misses", "Programs that are copied and changed in one step")
        .only(process::exe().matches(&PADDERS).and(open::flags().any(O_WRITE)).and(open::file_mode().any(ANYBODY_RUNS)))
        .on_open(|_, e, out| {
            let process = e.process();
            let command = Command::of(&process);
            let pads = match command.name() {
                name if name == "dd" => command.args().iter().any(|arg| {
                    (arg.starts_with("conv=") && arg.contains("notrunc"))
                        || (arg.starts_with("oflag=") && arg.contains("append"))
                }),
                name if name == "truncate" => command.value('s', "size").is_some_and(|size| !size.one_of(&["0", "-0"])),
                _ => false,
            };
            if pads && is_program(e) && !e.is_created() && !e.failed() && !is_build(&process) {
                out.finding(format!("{} wrote into {}: {}", label(&process), e.path(), process.command_line()))
                    .fact("path", e.path());
            }
        })
        .unfiltered()
        .only(process::exe().matches(&SHELLS).and(open::flags().any(O_APPEND)).and(open::file_mode().any(ANYBODY_RUNS)))
        .on_open(|pack, e, _| {
            if is_program(e) && !e.is_created() && !e.failed() && e.appends() {
                pack.compiled.appended.insert(e.time(), e.process().id(), e.path().as_bytes().to_vec());
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let filler = image
                .args()
                .skip(1)
                .any(|arg| arg.contains("/dev/zero") || arg.contains("/dev/urandom") || arg.contains("/dev/random"));
            let Some(path) = pack.compiled.appended.take(e.time(), &image.id()).filter(|_| filler) else { return };
            let path = Text::new(&path);
            out.finding(format!(
                "{} put something at the end of {path}: {}",
                label(&e.process()),
                image.command_line()
            ))
            .fact("path", path);
        });
}

/// The compiler that it is, without versions.
fn compiler<'a>(image: &Process<'a>) -> Option<Text<'a>> {
    let called = image.args().next().unwrap_or_default().file_name();
    let plain = |name: Text<'a>| {
        let bytes = name.as_bytes();
        let end = bytes
            .iter()
            .rposition(|byte| !(byte.is_ascii_digit() || matches!(byte, b'.' | b'-')))
            .map_or(0, |at| at + 1);
        Text::new(bytes.get(..end).unwrap_or_default())
    };
    [plain(called), plain(image.name())].into_iter().find(|name| COMPILERS.matches(*name))
}

/// Whether it lies right in a folder that everybody may write into, or is hidden: not in a folder for it.
fn lies_around(path: &[u8]) -> bool {
    let path = Text::new(path);
    path.directory().one_of(&["/dev/shm", "/tmp", "/var/tmp"])
        || (is_world_writable(path) && is_hidden(path.as_bytes()))
}

fn is_hidden(path: &[u8]) -> bool {
    path.windows(2).any(|pair| pair == b"/.") && !path.windows(3).any(|part| part == b"/..")
}

fn is_program(e: &OpenEvent<'_>) -> bool {
    e.file_mode().is_some_and(|mode| mode & S_IFMT == S_IFREG && mode & ANYBODY_RUNS != 0)
}

fn after<'a>(args: &[Text<'a>], option: &str) -> Option<Text<'a>> {
    let at = args.iter().position(|arg| *arg == option)?;
    args.get(at + 1).copied()
}

fn absolute(image: &Process<'_>, path: Text<'_>) -> Vec<u8> {
    let path = path.as_bytes().strip_prefix(b"./").unwrap_or(path.as_bytes());
    match path.starts_with(b"/") {
        true => path.to_vec(),
        false => [image.cwd().as_bytes(), b"/", path].concat(),
    }
}
