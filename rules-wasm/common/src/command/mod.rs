//! What a command line says: which tool it is, whatever stands around it, with which options and words, and what a shell or an
//! interpreter was given to run.

mod options;
mod source;

use lanner_sdk::filter::{Only, scope};
use lanner_sdk::prelude::*;

pub use options::{Options, Syntax};
pub use source::{commands, inline_source, one_liner, script_of, shell_text};

use crate::programs::{is_in_system, is_installed, is_interpreter, is_system, unversioned};
use source::{Source, source};

/// Programs that are many: which of them one is says what it was called as, or its first argument.
static MANY_IN_ONE: TextSet = TextSet::new()
    .equals(&["coreutils", "kmod", "toybox", "xtables-legacy-multi", "xtables-multi", "xtables-nft-multi"])
    // `busybox.static`, `busybox-extras`.
    .starts_with(&["busybox"]);
/// Programs of several names, which do not take one as an argument.
static SEVERAL_NAMES: TextSet = TextSet::new().equals(&["pgrep"]);
/// As filters have them, which compare ends of paths.
const MANY_PATHS: [&str; 11] = [
    "/busybox",
    "/busybox-extras",
    "/busybox-static",
    "/busybox.static",
    "/coreutils",
    "/kmod",
    "/pgrep",
    "/toybox",
    "/xtables-legacy-multi",
    "/xtables-multi",
    "/xtables-nft-multi",
];
/// What distributions add to the names of programs that there are several of.
const VARIANTS: [&str; 8] = [".procps", ".openbsd", ".traditional", ".basic", ".tiny", ".gnu", ".distrib", ".real"];
/// What coreutils, where it is one program, is told by which of them it is.
const COREUTILS: &str = "--coreutils-prog=";
/// Programs that start another and are given its whole command line.
static STARTERS: TextSet = TextSet::new().equals(&[
    "chroot", "doas", "env", "flock", "ionice", "nice", "nohup", "nsenter", "runuser", "setpriv", "setsid", "stdbuf",
    "strace", "su", "sudo", "taskset", "time", "timeout", "unshare", "watch", "xargs",
]);
/// Arguments that are looked at, so that no command line takes long.
const ARGUMENTS: usize = 4096;

/// A command: what a person would have typed.
#[derive(Clone, Debug, Default)]
pub struct Command<'a> {
    name: Text<'a>,
    args: Vec<Text<'a>>,
}

impl<'a> Command<'a> {
    /// The command that a process runs. Of a script it is the script's, whether the kernel or the command line tells of it; of a
    /// program of many the one that was asked for. Names are without folders, and those of interpreters without versions.
    #[must_use]
    pub fn of(process: &Process<'a>) -> Self {
        let mut args: Vec<Text<'a>> = process.args().take(ARGUMENTS).collect();
        if let Source::File { path, after } = source(process) {
            args.drain(..after.min(args.len()));
            return Self { name: path.file_name(), args };
        }
        let called = if args.is_empty() { Text::default() } else { without_dash(args.remove(0).file_name()) };
        let mut name = process.name();
        if MANY_IN_ONE.matches(name) {
            name = if called.is_empty() { name } else { called };
            if MANY_IN_ONE.matches(name) && !args.is_empty() {
                let applet = args.remove(0);
                name = match applet.as_bytes().strip_prefix(COREUTILS.as_bytes()) {
                    Some(applet) => Text::new(applet),
                    None => applet.file_name(),
                };
            }
        } else if SEVERAL_NAMES.matches(name) && !called.is_empty() {
            name = called;
        } else if is_interpreter(process) {
            name = Text::new(unversioned(name));
        }
        let plain = VARIANTS.iter().find_map(|variant| name.as_bytes().strip_suffix(variant.as_bytes()));
        Self { name: plain.map_or(name, Text::new), args }
    }

    /// The name and the arguments.
    #[must_use]
    pub fn parts(self) -> (Text<'a>, Vec<Text<'a>>) {
        (self.name, self.args)
    }

    /// The program's or script's name, without its folder.
    #[must_use]
    pub fn name(&self) -> Text<'a> {
        self.name
    }

    /// What follows the name.
    #[must_use]
    pub fn args(&self) -> &[Text<'a>] {
        &self.args
    }

    /// Whether it is called one of these.
    #[must_use]
    pub fn is(&self, names: &TextSet) -> bool {
        names.matches(self.name)
    }

    /// Its options and operands, where it is known which options take a value.
    #[must_use]
    pub fn options(&self, syntax: &Syntax<'_>) -> Options<'a> {
        Options::read(&self.args, syntax)
    }

    /// What follows the name and is no option. What an option is set to stands among them where it is a word of its own.
    pub fn words(&self) -> impl Iterator<Item = Text<'a>> {
        self.args.iter().copied().filter(|arg| !arg.starts_with("-"))
    }

    /// The word at a place, from 0; an empty one where there is none.
    #[must_use]
    pub fn word(&self, place: usize) -> &'a [u8] {
        self.words().nth(place).unwrap_or_default().as_bytes()
    }

    /// Whether one of these is an argument as it is, or a long option (`--all`) with what it is set to (`--all=x`).
    #[must_use]
    pub fn says(&self, arguments: &[&str]) -> bool {
        self.args.iter().any(|arg| {
            arguments.iter().any(|wanted| match arg.as_bytes().strip_prefix(wanted.as_bytes()) {
                Some([]) => true,
                Some([b'=', ..]) => wanted.starts_with("--"),
                _ => false,
            })
        })
    }

    /// Whether a part is anywhere in its arguments.
    #[must_use]
    pub fn mentions(&self, part: &str) -> bool {
        self.args.iter().any(|arg| arg.contains(part))
    }

    /// Whether it has an option: by its letter, also among others (`-xvf`), or as `--long` and `--long=…`. Letters of values that
    /// are joined to their options count too: where that matters, ask [`Command::options`].
    #[must_use]
    pub fn has(&self, letter: char, long: &str) -> bool {
        let mut options = self.args.iter().take_while(|arg| **arg != "--").map(Text::as_bytes);
        options.any(|arg| match arg {
            [b'-', b'-', name @ ..] => {
                !long.is_empty() && name.split(|byte| *byte == b'=').next() == Some(long.as_bytes())
            }
            [b'-', letters @ ..] => letters.iter().any(|byte| char::from(*byte) == letter),
            _ => false,
        })
    }

    /// What an option is given: `-o x`, `-ox`, `--long x` or `--long=x`.
    #[must_use]
    pub fn value(&self, letter: char, long: &str) -> Option<Text<'a>> {
        let mut args = self.args.iter().take_while(|arg| **arg != "--");
        while let Some(arg) = args.next() {
            let bytes = arg.as_bytes();
            if let Some(name) = bytes.strip_prefix(b"--") {
                match name.strip_prefix(long.as_bytes()) {
                    Some([]) if !long.is_empty() => return args.next().copied(),
                    Some([b'=', value @ ..]) if !long.is_empty() => return Some(Text::new(value)),
                    _ => {}
                }
            } else if let Some(letters) = bytes.strip_prefix(b"-") {
                match letters.iter().position(|byte| char::from(*byte) == letter) {
                    Some(at) if at + 1 < letters.len() => return letters.get(at + 1..).map(Text::new),
                    Some(_) => return args.next().copied(),
                    None => {}
                }
            }
        }
        None
    }
}

/// A login shell is called `-sh`.
fn without_dash(called: Text<'_>) -> Text<'_> {
    called.as_bytes().strip_prefix(b"-").map_or(called, Text::new)
}

/// The command line, cut to what fits into a finding.
#[must_use]
pub fn line(process: &Process<'_>) -> String {
    const LINE: usize = 256;
    let mut line = process.command_line().to_string();
    if line.len() > LINE {
        line.truncate(line.floor_char_boundary(LINE));
        line.push('…');
    }
    line
}

/// Whether it only starts another program, and has that one's command line in its own: what is said there is looked at when
/// the other begins.
#[must_use]
pub fn only_starts_another(process: &Process<'_>) -> bool {
    is_installed(process, &STARTERS)
}

/// Whether it is one of these tools as installed; of busybox the one that it was called as. Who runs a script of his own that he
/// called so has none.
#[must_use]
pub fn is_installed_tool(process: &Process<'_>, names: &TextSet) -> bool {
    let script = script_of(process);
    is_system(process) && (script.is_empty() || is_in_system(script)) && Command::of(process).is(names)
}

/// Execs of programs, or scripts, that are called one of these, and of what is many in one: for a rule that asks
/// [`Command::of`] what it is then.
pub fn called(names: &[&str]) -> Only<scope::Exec> {
    let ends: Vec<String> = names.iter().map(|name| format!("/{name}")).collect();
    let many = MANY_PATHS.map(str::to_owned);
    exec::image::exe().ends_with(ends.iter().chain(&many)).or(exec::image::script().ends_with(&ends))
}

/// Execs of shells.
pub fn shells() -> Only<scope::Exec> {
    called(&["ash", "bash", "csh", "dash", "fish", "ksh", "ksh93", "mksh", "rbash", "sh", "tcsh", "zsh"])
}

#[cfg(test)]
mod tests {
    use lanner_sdk::testing::{PackTest, exec, process};
    use lanner_sdk::{Pack, PackInfo, Rules};

    use super::*;

    /// Says what it makes of each program that begins.
    #[derive(Default)]
    struct Probe;

    impl Pack for Probe {
        const INFO: PackInfo = lanner_sdk::pack_info!("probe", "Says what a command line says");

        fn rules(r: &mut Rules<Self>) {
            r.rule("test/command").on_exec(|_, e, out| {
                let image = e.image();
                let command = Command::of(&image);
                let args: Vec<_> = command.args().iter().map(ToString::to_string).collect();
                let (script, source) = (script_of(&image), inline_source(&image));
                out.finding(format!("{} {args:?} script={script} source={source}", command.name()));
            });
        }
    }

    fn read(exe: &str, line: &[&str], script: &str) -> String {
        let mut image = process(exe).args(line.iter().copied());
        if !script.is_empty() {
            image = image.script(script);
        }
        let mut test = PackTest::<Probe>::new();
        test.feed(exec(image))[0].message.clone()
    }

    #[test]
    fn which_tool_it_is() {
        let cases: [(&str, &[&str], &str); 13] = [
            ("/usr/bin/busybox", &["busybox", "ps", "-o"], "ps [\"-o\"]"),
            ("/bin/busybox.static", &["/bin/busybox.static", "/bin/ps"], "ps []"),
            ("/usr/bin/busybox", &["/bin/ps"], "ps []"),
            ("/usr/bin/kmod", &["lsmod"], "lsmod []"),
            ("/usr/bin/pgrep", &["pkill", "-9", "x"], "pkill [\"-9\", \"x\"]"),
            ("/usr/bin/coreutils", &["coreutils", "--coreutils-prog=rm", "x"], "rm [\"x\"]"),
            ("/usr/bin/w.procps", &["w", "-h"], "w [\"-h\"]"),
            ("/usr/bin/nc.openbsd", &["nc", "-l"], "nc [\"-l\"]"),
            ("/usr/bin/gcc", &["decoy"], "gcc []"),
            ("/usr/bin/python3.11", &["python3", "-c", "x"], "python [\"-c\", \"x\"]"),
            ("/usr/bin/python3.11", &["python3", "-Bu", "a/x.py", "-c"], "x.py [\"-c\"]"),
            ("/usr/bin/bash", &["bash", "-e", "x.sh", "-c"], "x.sh [\"-c\"]"),
            ("/usr/bin/busybox", &["busybox", "sh", "x.sh", "y"], "x.sh [\"y\"]"),
        ];
        for (exe, line, expected) in cases {
            let said = read(exe, line, "");
            assert!(said.starts_with(&format!("{expected} script=")), "{said}");
        }
    }

    #[test]
    fn which_script_it_is() {
        let script = "/usr/bin/lsb_release";
        let expected = "lsb_release [\"-a\"] script=/usr/bin/lsb_release source=?";
        assert_eq!(read("/usr/bin/dash", &["/bin/sh", "-e", script, "-a"], script), expected);
        assert_eq!(read("/usr/bin/dash", &["lsb_release", "-a"], script), expected);
    }

    #[test]
    fn what_it_is_given_to_run() {
        let cases: [(&str, &[&str], &str); 16] = [
            ("/usr/bin/bash", &["bash", "-xc", "id"], "id"),
            ("/usr/bin/bash", &["bash", "-o", "pipefail", "-ec", "id"], "id"),
            ("/usr/bin/bash", &["bash", "-c", "--", "id"], "id"),
            ("/usr/bin/bash", &["bash", "-s", "word"], "?"),
            ("/usr/bin/busybox", &["busybox", "ash", "-c", "id"], "id"),
            ("/usr/bin/busybox", &["sh", "-c", "id"], "id"),
            ("/usr/bin/pwsh", &["pwsh", "-NoProfile", "-Command", "id"], "id"),
            ("/usr/bin/python3", &["python3", "-Wignore", "-Ic", "x"], "x"),
            ("/usr/bin/python3", &["python3", "-cimport x"], "import x"),
            ("/usr/bin/python3", &["python3", "-m", "x", "-c", "y"], "?"),
            ("/usr/bin/perl", &["perl", "-MIO::Socket", "-e", "x"], "x"),
            ("/usr/bin/perl", &["perl", "-0777", "-lne", "x"], "x"),
            ("/usr/bin/ruby", &["ruby", "-rsocket", "-e", "x"], "x"),
            ("/usr/bin/php8.2", &["php8.2", "-d", "a=b", "-r", "x"], "x"),
            ("/usr/bin/node", &["node", "-pe", "x"], "x"),
            ("/usr/bin/node", &["node", "--eval=x"], "x"),
        ];
        for (exe, line, expected) in cases {
            let said = read(exe, line, "");
            assert!(said.ends_with(&format!("script=? source={expected}")), "{line:?}: {said}");
        }
    }

    #[test]
    fn what_it_says_where_its_syntax_is_not_known() {
        let line = [b"-tulpn".as_slice(), b"--type=service", b"--all", b"-ox", b"word", b"--", b"-z"];
        let command = Command { name: Text::new(b"x"), args: line.map(Text::new).to_vec() };
        assert!(command.has('p', "") && !command.has('z', "") && !command.has('y', ""));
        assert!(command.has('\0', "type") && !command.has('\0', "typ"));
        assert!(command.says(&["--type"]) && command.says(&["--all"]) && !command.says(&["--typ"]));
        assert!(command.value('\0', "type").unwrap() == "service" && command.value('o', "").unwrap() == "x");
        assert_eq!((command.word(0), command.word(1)), (b"word".as_slice(), b"".as_slice()));
    }
}
