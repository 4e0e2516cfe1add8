//! What was fetched from the network and run without ever being a file: by pipes and substitutions of shells.

use common::command::{Command, line};
use common::families;
use common::programs::{is_interpreter, is_shell, label};
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;

use crate::CommandAndControl;
use crate::download::Half;

/// How far up the one who typed the pipeline is looked for: `curl … | sudo -u x bash` is two.
const GENERATIONS: usize = 3;
/// Programs that write what they fetch to standard output, in pipelines of every day.
pub(crate) static FETCHERS: TextSet = TextSet::new().equals(&["curl", "lftp", "wget", "wget2"]);
/// What a shell is given to read that another process of the pipeline writes.
static SUBSTITUTED: TextSet = TextSet::new().starts_with(&["/dev/fd/", "/proc/self/fd/", "/dev/stdin"]);

/// What takes commands from there itself.
static SHELLS: TextSet = TextSet::new().file_name(families::SHELLS);

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("execution/download-piped-to-shell")
        .summary("A download was piped into a shell: it ran without ever being a file")
        .severity(Medium)
        .attack("T1105")
        .attack("T1059.004")
        .property("maturity", "stable")
        .property("misses", "eval \"$(curl …)\", which starts nothing anew")
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            if streams(&image) {
                let Some(parent) = image.parent() else { return };
                let command = line(&image);
                // A substitution has a shell of its own: `bash <(curl …)`, `sh -c "$(curl …)"`.
                let above = parent.parent().filter(|_| is_shell(&parent));
                let starters: Vec<u64> =
                    [Some(parent), above].into_iter().flatten().map(|starter| starter.id()).collect();
                let reader = starters.iter().find_map(|starter| pack.downloads.readers.take(now, starter));
                if let Some(reader) = reader {
                    piped(&reader.what, &command, out).because_of(reader.seq);
                } else {
                    for starter in starters {
                        let half = Half { seq: e.seq(), what: command.clone() };
                        pack.downloads.pipes.insert(now, starter, half);
                    }
                }
            } else if reads_commands_from_pipe(e) || is_given_much(&image) {
                let parents: Vec<u64> = image.ancestors().take(GENERATIONS).map(|parent| parent.id()).collect();
                // A shell that the script's shell becomes: `exec bash <(…)`.
                let own = [image.id()];
                let download = own.iter().chain(&parents).find_map(|process| pack.downloads.pipes.take(now, process));
                if let Some(download) = download {
                    piped(&label(&image), &download.what, out).because_of(download.seq);
                    pack.downloads.stages.insert(now, image.id(), Half { seq: e.seq(), what: download.what });
                } else if !is_given_much(&image) {
                    let starter = parents.first().copied();
                    // What the shell itself has become reads what its own substitution writes.
                    for reader in own.into_iter().chain(starter) {
                        pack.downloads.readers.insert(now, reader, Half { seq: e.seq(), what: label(&image) });
                    }
                }
            }
        })
        // `source <(curl …)` reads it in the shell that is there.
        .only(open::asked().starts_with(["/dev/fd/", "/proc/self/fd/"]))
        // What these lead to.
        .only(open::path().starts_with(["pipe:", "/dev/fd/", "/proc/self/fd/"]).and(process::exe().matches(&SHELLS)))
        .on_open(|pack, e, out| {
            let process = e.process();
            if !is_shell(&process) || e.failed() || !e.is_read() || e.is_write() {
                return;
            }
            if let Some(download) = pack.downloads.pipes.take(e.time(), &process.id()) {
                piped(&label(&process), &download.what, out).because_of(download.seq);
            }
        });
}

fn piped<'o>(shell: &str, command: &str, out: &'o mut Out<'_>) -> lanner_sdk::FindingBuilder<'o> {
    out.finding(format!("{shell} runs what was downloaded by: {command}")).field("downloaded by", command)
}

/// Whether a shell or interpreter has no other place to take its commands from than standard input, a pipe, or a
/// descriptor that it was given.
fn reads_commands_from_pipe(e: &ExecEvent<'_>) -> bool {
    let image = e.image();
    if !(is_shell(&image) || is_interpreter(&image)) {
        return false;
    }
    let mut arguments = image.args().skip(1);
    if arguments.clone().find(|argument| !argument.starts_with("-")).is_some_and(|first| SUBSTITUTED.matches(first)) {
        return true;
    }
    if e.stdio() & stdio_flag::STDIN_PIPE == 0 {
        return false;
    }
    // `-` and `-s` say so, whatever follows; otherwise a word is the script, after `-c` too.
    arguments.clone().any(|argument| argument.one_of(&["-", "-s"]))
        || arguments.all(|argument| argument.starts_with("-"))
}

/// Whether it writes what it fetches to standard output.
fn streams(image: &Process<'_>) -> bool {
    let (name, args) = Command::of(image).parts();
    let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
    let cluster = |letter: u8| {
        args.iter().any(|arg| arg.starts_with("-") && !arg.starts_with("--") && arg.as_bytes().contains(&letter))
    };
    match () {
        () if name == "curl" => {
            !says(&["--output", "--remote-name", "--head"]) && !cluster(b'o') && !cluster(b'O') && !cluster(b'I')
        }
        () if name.one_of(&["wget", "wget2"]) => {
            cluster(b'O') || args.iter().any(|arg| arg.starts_with("--output-document"))
        }
        () => FETCHERS.matches(name),
    }
}

/// Whether a shell was given a whole script as an argument: `bash -c "$(curl …)"`.
fn is_given_much(image: &Process<'_>) -> bool {
    let mut arguments = image.args().skip(1);
    let given = arguments.find(|argument| *argument == "-c").and_then(|_| arguments.next());
    is_shell(image) && given.is_some_and(|script| script.starts_with("#!"))
}
