//! Programs of the system that are told to run something else, in the place of who wants it run.

use common::command::{Command, shells};
use common::context::{is_build, is_ci, is_provisioning};
use common::escape::shell_host;
use common::programs::{is_in_system, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// Options of browsers and their like that name a program to start their parts by.
const PREFIXES: [&str; 5] = [
    "--browser-subprocess-path=",
    "--gpu-launcher=",
    "--ppapi-plugin-launcher=",
    "--renderer-cmd-prefix=",
    "--utility-cmd-prefix=",
];
static EDITORS: TextSet = TextSet::new().equals(&[
    "ex",
    "nvim",
    "rview",
    "rvim",
    "vi",
    "view",
    "vim",
    "vim.basic",
    "vim.nox",
    "vim.tiny",
    "vimdiff",
]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/shell-through-program")
        .summary("A program that is made for something else was told to start a shell")
        .severity(Medium)
        .attack("T1218")
        .attack("T1059.004")
        .attack("T1202")
        .property("maturity", "incubating")
        .property("misses", "Shells that are given what to run")
        .only(shells())
        .on_exec(|_, e, out| {
            if let Some(host) = shell_host(e).filter(|host| !is_build(host) || host.name() == "make") {
                let image = e.image();
                let finding = out
                    .finding(format!("{} started {}", host.command_line(), image.command_line()))
                    .field("through", label(&host));
                // Editors and pagers of somebody who sits there start shells for him.
                if image.tty().is_some() || is_ci(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("defense-evasion/command-through-program")
        .summary("A program was told by its options to run a command, as nobody needs it to")
        .severity(Medium)
        .attack("T1218")
        .attack("T1202")
        .attack("T1218.015")
        .property("maturity", "incubating")
        .property("misses", "Options that stand in a program's settings")
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if !is_provisioning(&e.process()) && runs_command(&image, &command) {
                let finding = out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
                if is_build(&e.process()) || is_ci(&image) {
                    finding.severity(Low);
                }
            }
        });
}

fn names_shell(text: Text<'_>) -> bool {
    let word = text.as_bytes().split(|byte| matches!(byte, b' ' | b'=')).next().unwrap_or_default();
    let name = Text::new(word).file_name();
    name.one_of(&["ash", "bash", "dash", "ksh", "sh", "zsh"])
        || text.contains("/bin/sh")
        || text.contains("/bin/bash")
        || text.contains("sh -c")
}

fn runs_command(image: &Process<'_>, command: &Command<'_>) -> bool {
    let any = |test: &dyn Fn(Text<'_>) -> bool| command.args().iter().any(|arg| test(*arg));
    let value = |letter, long| command.value(letter, long);
    // Compilers go by many names.
    if command.says(&["-wrapper"]) {
        return true;
    }
    match command.name().to_str().unwrap_or_default() {
        "tar" | "bsdtar" => {
            any(&|arg| arg.starts_with("--checkpoint-action") && arg.contains("exec") || arg.starts_with("exec="))
                || value('I', "use-compress-program").is_some_and(names_shell)
                || value('\0', "to-command").is_some_and(|program| names_shell(program) || is_world_writable(program))
        }
        "zip" => command.says(&["-TT", "--unzip-command"]),
        "ssh" | "scp" | "sftp" => any(&|arg| {
            let lower = arg.as_bytes().to_ascii_lowercase();
            let option = Text::new(&lower);
            let runs = option.contains("proxycommand=") || option.contains("localcommand=");
            runs && (arg.contains(";")
                || names_shell(Text::new(lower.splitn(2, |byte| *byte == b'=').nth(1).unwrap_or_default())))
        }),
        "tcpdump" => {
            value('z', "").is_some()
                && !value('z', "").is_some_and(|program| program.one_of(&["gzip", "bzip2", "xz", "zstd"]))
        }
        "awk" | "gawk" | "mawk" | "nawk" | "busybox" => {
            any(&|arg| (arg.contains("system(") || arg.contains("| \"") || arg.contains("|\"")) && names_shell(arg))
        }
        "nmap" => {
            command.says(&["--interactive"]) || value('\0', "script").is_some_and(|script| is_world_writable(script))
        }
        "split" => value('\0', "filter").is_some_and(names_shell),
        "rsync" => value('e', "rsh").is_some_and(names_shell),
        "apt" | "apt-get" | "aptitude" | "dpkg" => {
            any(&|arg| arg.contains("::Pre-Invoke") || arg.contains("::Post-Invoke") || arg.starts_with("--pre-invoke"))
        }
        "openssl" => {
            value('\0', "engine").is_some_and(is_path) || any(&|arg| is_world_writable(arg) && arg.ends_with(".so"))
        }
        "git" => any(&|arg| {
            (arg.starts_with("alias.") || arg.starts_with("core.pager=") || arg.starts_with("core.fsmonitor="))
                && (arg.contains("=!") || names_shell(arg.after_equals()))
        }),
        "find" => false,
        "man" => value('P', "pager").is_some_and(names_shell),
        "systemd-run" => any(&is_world_writable) && !is_in_system(image.script()),
        "run-parts" => command.words().last().is_some_and(is_world_writable),
        name if EDITORS.matches(name) => any(&|arg| {
            arg.starts_with(":!")
                || arg.starts_with("+!")
                || arg.starts_with("+:!")
                || (arg.contains("!") && names_shell(arg))
                || arg.contains("os.exec")
                || arg.contains("os.system")
        }),
        _ => any(&|arg| PREFIXES.iter().any(|prefix| arg.starts_with(prefix))),
    }
}

fn is_path(text: Text<'_>) -> bool {
    text.contains("/")
}

trait AfterEquals<'a> {
    fn after_equals(&self) -> Text<'a>;
}

impl<'a> AfterEquals<'a> for Text<'a> {
    fn after_equals(&self) -> Text<'a> {
        let at = self.as_bytes().iter().position(|byte| *byte == b'=');
        Text::new(at.and_then(|at| self.as_bytes().get(at + 1..)).unwrap_or_default())
    }
}
