//! What was encoded so that nobody reads it: decoded, and run.

use std::time::Duration;

use common::command::{Command, commands, shell_text, shells};
use common::context::{is_build, is_ci, is_provisioning};
use common::families;
use common::programs::{is_interpreter, is_shell, is_world_writable, label};
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

/// Decoders, and shells that read from a pipe, whose other half has not begun yet; files that shells opened for what they
/// are about to start.
const HALVES: usize = 256;
const PIPELINE: Duration = Duration::from_secs(10);
/// What is decoded on the way to a command line is used at once.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Files that were decoded lately.
const FILES: usize = 512;
const KEEP: Duration = Duration::from_secs(30 * 60);
/// How far up who typed the pipeline is looked for: `base64 -d | sudo bash` is two.
const GENERATIONS: usize = 3;

/// What was decoded lately.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Decoded {
    /// Decoders by the process that started them.
    pipes: Recent<u64, Half>,
    /// Shells that read from a pipe, likewise.
    readers: Recent<u64, Half>,
    /// Where output of what a shell is about to start goes, by the process.
    redirected: Recent<u64, Vec<u8>>,
    /// Files that decoders wrote, by path.
    files: Recent<Vec<u8>, Half>,
    /// Decoders by the shell that may have taken in what they said: `bash -c "$(… | base64 -d)"`.
    taken_in: Recent<u64, Half>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Half {
    seq: u64,
    what: String,
}

impl Default for Decoded {
    fn default() -> Self {
        Self {
            pipes: Recent::new(HALVES, PIPELINE),
            readers: Recent::new(HALVES, PIPELINE),
            redirected: Recent::new(HALVES, PIPELINE),
            files: Recent::new(FILES, KEEP),
            taken_in: Recent::new(HALVES, AT_ONCE),
        }
    }
}

impl Decoded {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            pipes: self.pipes.with_limits(HALVES, PIPELINE),
            readers: self.readers.with_limits(HALVES, PIPELINE),
            redirected: self.redirected.with_limits(HALVES, PIPELINE),
            files: self.files.with_limits(FILES, KEEP),
            taken_in: self.taken_in.with_limits(HALVES, AT_ONCE),
        }
    }
}

static SHELLS: TextSet = TextSet::new().file_name(families::SHELLS);
/// Parts of programs on a command line that decode something.
static DECODING: TextSet = TextSet::new().contains(&[
    "Base64.decode64",
    "MIME::Base64",
    "a85decode",
    "atob(",
    "b32decode",
    "b64decode",
    "base64_decode",
    "bytes.fromhex",
    "codecs.decode",
    "decode_base64",
    "from_hex",
    "hex2bin",
    "pack(\"H",
    "pack('H",
    "unhexlify",
    "unpack(\"u",
    "zlib.decompress",
]);
/// Parts of programs on a command line that run something.
static RUNNING: TextSet =
    TextSet::new().contains(&["eval", "exec", "os.popen", "popen(", "spawn", "subprocess", "system(", "qx", "`"]);
/// What turns into text what was encoded by words of its own.
const OPENSSL_CODINGS: [&str; 4] = ["base64", "-base64", "-a", "enc"];
const O_WRITE: u32 = 0o3;

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/decoded-and-run")
        .summary("Something that was encoded was decoded and run: nobody who reads the command sees what it does")
        .severity(High)
        .attack("T1140")
        .attack("T1027.010")
        .attack("T1059.004")
        .property("maturity", "stable")
        .property("misses", "Text that a shell decodes by itself, and decoders of one's own")
        .only(process::exe().matches(&SHELLS).and(open::flags().any(O_WRITE)).and(!open::path().starts_with(["/dev/"])))
        .on_open(|pack, e, _| {
            if !e.failed() && !e.path().starts_with("/dev/") && is_shell(&e.process()) {
                pack.decoded.redirected.insert(e.time(), e.process().id(), e.path().as_bytes().to_vec());
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            let command = Command::of(&image);
            if decodes(&command) {
                decoder_begins(pack, e, &command, out);
            } else if reads_commands_from_pipe(e) {
                let parents: Vec<u64> = image.ancestors().take(GENERATIONS).map(|parent| parent.id()).collect();
                if let Some(decoder) = parents.iter().find_map(|parent| pack.decoded.pipes.take(now, parent)) {
                    piped(&label(&image), &decoder, out);
                } else if let Some(parent) = parents.first() {
                    pack.decoded.readers.insert(now, *parent, Half { seq: e.seq(), what: label(&image) });
                }
            }
            ran_file(pack, e, out);
            if inline_says(&image, &[]) || shell_text(&image).is_some() {
                let shells = [Some(image.id()), image.parent().map(|parent| parent.id())];
                if let Some(half) = shells.iter().flatten().find_map(|shell| pack.decoded.taken_in.take(now, shell)) {
                    // It may be about something else.
                    out.finding(format!(
                        "{} was given, right after {}: {}",
                        image.name(),
                        half.what,
                        image.command_line()
                    ))
                    .because_of(half.seq)
                    .severity(Medium);
                }
            }
        });

    r.rule("defense-evasion/obfuscated-command")
        .summary("A shell was given a command that is written so that nobody can read it")
        .severity(Medium)
        .attack("T1027.010")
        .attack("T1027")
        .property("maturity", "incubating")
        .property("misses", "Commands that stand in a script, or are typed")
        .only(shells())
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(text) = shell_text(&image) else { return };
            if !is_build(&e.process()) && is_obfuscated(text) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("defense-evasion/decoding")
        .summary("Something that was encoded was decoded, on a command line or into a file that everybody may write")
        .severity(Medium)
        .attack("T1140")
        .attack("T1027")
        .property("maturity", "incubating")
        .property("misses", "Decoding by a program's own code")
        .on_exec(|pack, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let inline = inline_says(&image, &[&DECODING]);
            if !decodes(&command) && !inline || is_provisioning(&image) {
                return;
            }
            let to = pack.decoded.redirected.get(e.time(), &image.id());
            // Right in such a folder, or hidden: not in one that somebody made there for his work.
            let lies_around = |path: Text<'_>| path.directory().one_of(&["/dev/shm", "/tmp", "/var/tmp"]);
            let writes = |path: Text<'_>| lies_around(path) || (is_world_writable(path) && path.contains("/."));
            let telling = inline
                || command.name().one_of(&["xxd", "uudecode", "b64decode", "tr"])
                || command.args().iter().any(|arg| writes(*arg))
                || to.is_some_and(|path| writes(Text::new(path)));
            let finding = out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            if !telling || is_ci(&image) || is_build(&image) {
                finding.severity(Low);
            }
        });

    r.rule("defense-evasion/inline-program-decodes-and-runs")
        .summary("A program on a command line decodes something and runs it")
        .severity(High)
        .attack("T1027.010")
        .attack("T1140")
        .attack("T1059")
        .property("maturity", "stable")
        .property("misses", "Programs in files, and what a program downloads")
        .on_exec(|_, e, out| {
            let image = e.image();
            if inline_says(&image, &[&DECODING, &RUNNING]) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });
}

/// Blanks written as variables, letters as numbers, names in pieces: `cat${IFS}x`, `$'\\x63at'`, `w"h"o"a"mi`.
fn is_obfuscated(text: Text<'_>) -> bool {
    let count = |part: &[u8]| text.as_bytes().windows(part.len()).filter(|window| *window == part).count();
    let piece = |part: &[u8]| match part {
        [a, quote @ (b'\'' | b'"'), b, same, c] => {
            quote == same && [a, b, c].iter().all(|byte| byte.is_ascii_lowercase())
        }
        _ => false,
    };
    let blanks = text.contains("${IFS}") || text.contains("$IFS$9") || text.contains("{IFS%");
    let numbers = text.contains("$'\\x") || text.contains("$'\\1") || count(b"\\x") >= 8;
    let evaluated =
        text.contains("eval") && (text.contains("base64 -d") || text.contains("| rev") || text.contains("xxd -r"));
    let computed = text.contains("$(printf \"\\x") || text.contains("$(printf '\\x") || text.contains("$(printf \\\\x");
    blanks
        || numbers
        || evaluated
        || computed
        || is_joined(text)
        || text.as_bytes().windows(5).filter(|part| piece(part)).count() >= 2
}

/// Whether a command's name is put together of variables: `$a$b$c`.
fn is_joined(text: Text<'_>) -> bool {
    let starts = |word: &[u8]| {
        let mut names = word.split(|byte| *byte == b'$');
        let is_name =
            |name: &[u8]| !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        names.next().is_some_and(<[u8]>::is_empty) && names.clone().count() >= 3 && names.all(is_name)
    };
    commands(text).iter().filter_map(|command| command.first()).any(|word| starts(word))
}

fn decoder_begins(pack: &mut DefenseEvasion, e: &ExecEvent<'_>, command: &Command<'_>, out: &mut Out<'_>) {
    let image = e.image();
    let now = e.time();
    let half = Half { seq: e.seq(), what: image.command_line().to_string() };
    let named = command.value('o', "out").or_else(|| after(command, "-out")).map(|path| absolute(&image, path));
    let last = command.words().last().filter(|_| command.name() == "xxd").map(|path| absolute(&image, path));
    let redirected = pack.decoded.redirected.get(now, &image.id()).cloned();
    for path in [redirected, named, last].into_iter().flatten() {
        pack.decoded.files.insert(now, path, half.clone());
    }
    for shell in image.ancestors().take(GENERATIONS).filter(is_shell) {
        pack.decoded.taken_in.insert(now, shell.id(), half.clone());
    }
    let Some(parent) = image.parent() else { return };
    if let Some(reader) = pack.decoded.readers.take(now, &parent.id()) {
        piped(&reader.what, &half, out);
    } else {
        pack.decoded.pipes.insert(now, parent.id(), half);
    }
}

/// Raises the finding where a file is run that a decoder wrote.
fn ran_file(pack: &mut DefenseEvasion, e: &ExecEvent<'_>, out: &mut Out<'_>) {
    let image = e.image();
    let is_program = is_shell(&image) || is_interpreter(&image);
    let given = image.args().nth(1).filter(|arg| is_program && !arg.starts_with("-")).map(|arg| absolute(&image, arg));
    let own = [image.exe(), image.script()].map(|path| path.as_bytes().to_vec());
    for path in own.into_iter().chain(given).filter(|path| !path.is_empty()) {
        if let Some(half) = pack.decoded.files.take(e.time(), path.as_slice()) {
            let shown = Text::new(&path);
            out.finding(format!("{} ran {shown}, which was decoded by: {}", label(&e.process()), half.what))
                .fact("path", shown)
                .because_of(half.seq);
        }
    }
}

fn piped(shell: &str, decoder: &Half, out: &mut Out<'_>) {
    out.finding(format!("{shell} runs what was decoded by: {}", decoder.what)).because_of(decoder.seq);
}

/// Whether it turns what is encoded into what it was.
fn decodes(command: &Command<'_>) -> bool {
    match command.name().to_str().unwrap_or_default() {
        "base32" | "base64" | "basenc" => command.has('d', "decode") || command.has('D', ""),
        "xxd" => command.has('r', "revert"),
        "uudecode" | "b64decode" => true,
        "openssl" => command.says(&["-d"]) && command.says(&OPENSSL_CODINGS),
        // Letters that are turned by half the alphabet.
        "tr" => command.words().any(|set| set.contains("N-ZA-M") || set.contains("n-za-m")),
        "getfattr" => command.says(&["--only-values"]),
        _ => false,
    }
}

/// Whether an interpreter was given a program on its command line, and one of its arguments is in each of these sets.
fn inline_says(image: &Process<'_>, sets: &[&TextSet]) -> bool {
    let inline = |arg: Text<'_>| {
        let bytes = arg.as_bytes();
        bytes.len() <= 4 && matches!(bytes, [b'-', .., b'c' | b'e' | b'r' | b'E'])
    };
    let says = |set: &&TextSet| image.args().skip(1).any(|arg| set.matches(arg));
    is_interpreter(image) && image.args().skip(1).any(inline) && sets.iter().all(says)
}

fn after<'a>(command: &Command<'a>, option: &str) -> Option<Text<'a>> {
    let at = command.args().iter().position(|arg| *arg == option)?;
    command.args().get(at + 1).copied()
}

fn absolute(image: &Process<'_>, path: Text<'_>) -> Vec<u8> {
    let path = path.as_bytes().strip_prefix(b"./").unwrap_or(path.as_bytes());
    match path.starts_with(b"/") {
        true => path.to_vec(),
        false => [image.cwd().as_bytes(), b"/", path].concat(),
    }
}

/// Whether a shell or interpreter has no other place to take its commands from than standard input, a pipe.
fn reads_commands_from_pipe(e: &ExecEvent<'_>) -> bool {
    let image = e.image();
    if e.stdio() & stdio_flag::STDIN_PIPE == 0 || !(is_shell(&image) || is_interpreter(&image)) {
        return false;
    }
    let is_busybox = image.name() == "busybox";
    let mut arguments = image.args().skip(1).skip_while(|argument| is_busybox && argument.one_of(&["ash", "sh"]));
    // `-` and `-s` say so, whatever follows; otherwise a word is the script, after `-c` too.
    arguments.clone().any(|argument| argument.one_of(&["-", "-s"]))
        || arguments.all(|argument| argument.starts_with("-"))
}
