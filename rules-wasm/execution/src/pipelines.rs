//! Shells that take their commands from a pipe: from what decodes them, from what talks to a host, from a named pipe. No single
//! event shows it, so the halves are remembered by who started them.

use common::command::{Command, line};
use common::families;
use common::programs::{is_interpreter, is_package_management, is_shell, label};
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;

use crate::Execution;
use crate::shells::is_bare;
use crate::state::Half;

/// How far up the one who typed the pipeline is looked for: a subshell and a `sudo` may come between.
const GENERATIONS: usize = 3;
/// Programs of a pipeline are forked within this, ns; one command after the other takes longer, most often.
const TOGETHER: u64 = 150_000_000;
const S_IFMT: u32 = 0o170_000;
const S_IFIFO: u32 = 0o010_000;

static MAKERS: TextSet = TextSet::new().equals(&["busybox", "mkfifo", "mknod", "toybox"]);
static TALKERS: TextSet = TextSet::new().equals(families::RELAYS).equals(&["gs-netcat", "openssl", "websocat"]);

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/decoded-script")
        .summary("What a program decoded was run by a shell or an interpreter, without ever being a file")
        .severity(High)
        .attack("T1059.004")
        .attack("T1027.010")
        .attack("T1140")
        .property("maturity", "stable")
        .property("misses", "decoding by a shell itself; what is decoded first and is an argument of the shell then")
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            if let Some(strength) = decodes(&image) {
                if let Some(reader) = take(&mut pack.state.readers, now, &image) {
                    raise(&reader.what, &line(&image), strength, out).because_of(reader.seq);
                } else {
                    let half =
                        Half { seq: e.seq(), start: image.start(), strength: strength as u8, what: line(&image) };
                    keep(&mut pack.state.decoders, now, &image, &half);
                }
            } else if reads_commands(e) {
                if let Some(decoder) = take(&mut pack.state.decoders, now, &image) {
                    let strength = if decoder.strength == High as u8 { High } else { Medium };
                    raise(&label(&image), &decoder.what, strength, out).because_of(decoder.seq);
                } else {
                    let half = Half { seq: e.seq(), start: image.start(), strength: 0, what: label(&image) };
                    keep(&mut pack.state.readers, now, &image, &half);
                }
            }
        });

    r.rule("execution/decoded-script-on-command-line")
        .summary("A shell was told to decode something and to run it")
        .severity(High)
        .attack("T1059.004")
        .attack("T1027.010")
        .attack("T1140")
        .property("maturity", "stable")
        .property("misses", "decoders of other names, and what stands in a script")
        .only(exec::image::argv().contains(["base64", "base32", "xxd", "openssl"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !is_shell(&image) || is_package_management(&image) {
                return;
            }
            if let Some(commands) = image.args().skip(1).find(|word| decodes_and_runs(word.as_bytes())) {
                out.finding(format!("{} was told: {commands}", label(&image)));
            }
        });

    r.rule("execution/shell-in-network-pipeline")
        .summary("A shell reads its commands from, or writes its answers to, a tool that has a connection")
        .severity(High)
        .attack("T1059.004")
        .attack("T1095")
        .property("maturity", "stable")
        .property("misses", "tools of other names")
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            let (name, arguments) = Command::of(&image).parts();
            let has = |texts: &[&str]| arguments.iter().any(|word| word.one_of(texts));
            // Probes of ports, and what openssl does without a connection.
            let talks = TALKERS.matches(name)
                && !has(&["-z", "-h", "--help"])
                && (name != "openssl" || has(&["s_client", "s_server"]));
            let probes =
                arguments.iter().any(|word| word.starts_with("-") && !word.starts_with("--") && word.contains("z"));
            if talks && !probes {
                // The shell may have begun first; its half is the decoders' too.
                if let Some(reader) = peek(&pack.state.readers, now, &image) {
                    let (what, seq) = (reader.what.clone(), reader.seq);
                    out.finding(format!("{what} is connected by: {}", line(&image))).because_of(seq);
                } else {
                    let half = Half { seq: e.seq(), start: image.start(), strength: 0, what: line(&image) };
                    keep(&mut pack.state.talkers, now, &image, &half);
                }
            } else if reads_commands(e)
                && let Some(talker) = take(&mut pack.state.talkers, now, &image)
            {
                out.finding(format!("{} is connected by: {}", label(&image), talker.what)).because_of(talker.seq);
            }
        });

    r.rule("execution/shell-from-named-pipe")
        .summary("A shell reads its commands from a pipe right after a named pipe was made in its session: somebody else writes them")
        .severity(Medium)
        .attack("T1559")
        .attack("T1059.004")
        .property("maturity", "incubating")
        .property("misses", "pipes that were made long before, or in another session")
        .only(mknod::path().starts_with(["/dev/shm/", "/run/", "/tmp/", "/var/tmp/", "/home/", "/root/"]))
        .on_mknod(|pack, e, _| {
            let process = e.process();
            // Others have such pipes as a part of how they work.
            let by_hand = is_interpreter(&process) || is_shell(&process) || MAKERS.matches(process.name());
            let made = by_hand && !e.failed() && e.mode() & S_IFMT == S_IFIFO;
            if let Some(session) = process.sid().filter(|_| made && !common::context::is_build(&process)) {
                let half = Half { seq: e.seq(), start: e.time(), strength: 0, what: e.path().to_string() };
                pack.state.fifos.insert(e.time(), session, half);
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            if !reads_commands(e) || !is_shell(&image) {
                return;
            }
            let fifo = image.sid().and_then(|session| pack.state.fifos.take(e.time(), &session));
            if let Some(fifo) = fifo {
                let message = format!("{} reads commands from a pipe, after {} was made", label(&image), fifo.what);
                out.finding(message).field("pipe", fifo.what).because_of(fifo.seq);
            }
        });
}

fn raise<'o>(shell: &str, decoder: &str, strength: Severity, out: &'o mut Out<'_>) -> lanner_sdk::FindingBuilder<'o> {
    out.finding(format!("{shell} runs what was decoded by: {decoder}")).field("decoded by", decoder).severity(strength)
}

/// How telling it is that a shell reads what this writes; `None` where it decodes nothing.
fn decodes(image: &Process<'_>) -> Option<Severity> {
    let (name, arguments) = Command::of(image).parts();
    let has = |texts: &[&str]| arguments.iter().any(|word| word.one_of(texts));
    let cluster = |letter: u8| {
        arguments.iter().any(|word| {
            let bytes = word.as_bytes();
            bytes.first() == Some(&b'-') && bytes.get(1) != Some(&b'-') && bytes.contains(&letter)
        })
    };
    match name.as_bytes() {
        b"base64" | b"base32" | b"basenc" => (has(&["--decode"]) || cluster(b'd') || cluster(b'D')).then_some(High),
        b"openssl" => (has(&["base64", "enc"]) && has(&["-d", "-decrypt"])).then_some(High),
        b"xxd" => cluster(b'r').then_some(High),
        b"uudecode" | b"gpg" | b"gpg2" | b"age" => Some(High),
        b"rev" => Some(Medium),
        // Letters that are moved along the alphabet.
        b"tr" => arguments.iter().any(|word| word.contains("n-z") || word.contains("N-Z")).then_some(Medium),
        b"python" | b"perl" | b"ruby" | b"php" => {
            let is_code = arguments.iter().any(|word| {
                word.contains("b64decode") || word.contains("decode_base64") || word.contains("base64_decode")
            });
            is_code.then_some(High)
        }
        _ => None,
    }
}

/// Whether a shell's command decodes something and gives it to a shell.
fn decodes_and_runs(command: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(command) else { return false };
    let decodes = [
        "base64 -d",
        "base64 --d",
        "base64 -D",
        "base64,-d",
        "base32 -d",
        "xxd -r",
        "-d -base64",
        "enc -d",
        "base64 -id",
    ]
    .iter()
    .filter_map(|decoder| text.find(decoder))
    .min();
    let Some(at) = decodes else { return false };
    let (before, after) = text.split_at(at);
    let piped = [
        "|sh", "| sh", "|bash", "| bash", "|python", "| python", "|perl", "| perl", "| sudo ", "|{bash", "| /bin/",
        "|/bin/", "|zsh", "| zsh",
    ];
    let given =
        ["eval ", "bash -c", "sh -c", "bash <(", "sh <(", "source <(", ". <(", "exec ", "python3 -c", "python -c"];
    piped.iter().any(|end| after.contains(end)) || given.iter().any(|begin| before.contains(begin))
}

/// Whether a shell or interpreter has no other place to take its commands from than standard input, a pipe, or a file that
/// stands for one.
fn reads_commands(e: &ExecEvent<'_>) -> bool {
    let image = e.image();
    if !(is_shell(&image) || is_interpreter(&image)) {
        return false;
    }
    let mut arguments = image.args().skip(1);
    // `bash <(…)`
    if arguments.clone().any(|argument| argument.starts_with("/dev/fd/") || argument.starts_with("/proc/self/fd/")) {
        return true;
    }
    let piped = e.stdio() & stdio_flag::STDIN_PIPE != 0;
    // `-` and `-s` say so, whatever follows; otherwise a word is the script, after `-c` too.
    piped
        && (is_bare(&image)
            || arguments.clone().any(|argument| argument.one_of(&["-", "-s", "/dev/stdin"]))
            || arguments
                .all(|argument| argument.starts_with("-") && !argument.one_of(&["-c", "-e", "-r", "-V", "--version"])))
}

fn keep(halves: &mut Recent<u64, Half>, now: u64, image: &Process<'_>, half: &Half) {
    for ancestor in image.ancestors().take(GENERATIONS - 1) {
        halves.insert(now, ancestor.id(), half.clone());
    }
}

fn take(halves: &mut Recent<u64, Half>, now: u64, image: &Process<'_>) -> Option<Half> {
    let ancestors: Vec<u64> = image.ancestors().take(GENERATIONS - 1).map(|ancestor| ancestor.id()).collect();
    let found = peek(halves, now, image)?.clone();
    // It was kept under each of its ancestors.
    for id in &ancestors {
        halves.remove(id);
    }
    Some(found)
}

fn peek<'h>(halves: &'h Recent<u64, Half>, now: u64, image: &Process<'_>) -> Option<&'h Half> {
    let half = image.ancestors().take(GENERATIONS - 1).find_map(|ancestor| halves.get(now, &ancestor.id()))?;
    (half.start.abs_diff(image.start()) <= TOGETHER).then_some(half)
}

#[cfg(test)]
mod tests {
    use super::decodes_and_runs;

    #[test]
    fn what_is_decoded_and_run_is_told_from_what_is_only_decoded() {
        for command in [
            "echo aGk= | base64 -d | bash",
            "bash -c {echo,aGk=}|{base64,-d}|{bash,-i}",
            "eval \"$(echo aGk= | base64 --decode)\"",
            "bash <(base64 -d /tmp/x)",
            "openssl enc -d -aes-256-cbc -in x | sh",
        ] {
            assert!(decodes_and_runs(command.as_bytes()), "{command}");
        }
        for command in ["echo $KEY | base64 -d > key.pem", "base64 -d x | tar x", "sh -x build.sh | base64"] {
            assert!(!decodes_and_runs(command.as_bytes()), "{command}");
        }
    }
}
