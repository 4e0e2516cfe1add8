//! Code on the command line of an interpreter: what it does is read from it, as far as it can be read.

use common::command::line;
use common::programs::{is_named, is_package_management, is_shell, label};
use lanner_sdk::prelude::*;

use crate::Execution;
use crate::places::is_expected;

/// What code has in it that opens a connection.
static CONNECTS: TextSet = TextSet::new().contains(&[
    "/dev/tcp/",
    "/inet/tcp/",
    "IO::Socket",
    "Socket",
    "TCPSocket",
    "create_connection",
    "fsockopen",
    "io.connect",
    "net.connect",
    "net.createConnection",
    "net').",
    "net\").",
    "net.Socket",
    "require('net')",
    "require(\"net\")",
    "socket",
    "stream_socket_client",
]);
/// What code has in it that gives a connection to a shell, or takes commands from it.
static GIVES_SHELL: TextSet = TextSet::new().contains(&[
    "/bin/ash",
    "/bin/bash",
    "/bin/dash",
    "/bin/sh",
    "/bin/zsh",
    "child_process",
    "dup2",
    "io.popen",
    "os.execute",
    "popen(",
    "proc_open",
    "pty.spawn",
    "shell_exec",
    "subprocess",
    "\"sh\"",
    "'sh'",
    "cmd | getline",
    "|& getline",
    "exec(",
]);
/// What code has in it that turns letters into code.
static DECODES: TextSet = TextSet::new().contains(&[
    "Base64",
    "MIME::Base64",
    "a2b_hex",
    "atob(",
    "b32decode",
    "b64decode",
    "b85decode",
    "base64_decode",
    "bytes.fromhex",
    "codecs.decode",
    "decode64",
    "decode_base64",
    "gzinflate",
    "marshal.loads",
    "pack('H",
    "pack(\"H",
    "rot13",
    "str_rot13",
    "unhexlify",
    "unpack('m",
    "unpack(\"m",
    "zlib.decompress",
    "'base64'",
    "\"base64\"",
    "fromCharCode",
]);
/// What code has in it that runs code.
static EVALUATES: TextSet = TextSet::new().contains(&[
    "Function(",
    "eval ",
    "eval(",
    "eval{",
    "exec(",
    "exec (",
    "instance_eval",
    "load(",
    "loadstring(",
    "runInThisContext",
    "system(",
]);
/// What code has in it that fetches something.
static FETCHES: TextSet = TextSet::new().contains(&[
    "HTTP::Tiny",
    "LWP",
    "Net::HTTP",
    "URI.open",
    "fetch(",
    "file_get_contents('http",
    "file_get_contents(\"http",
    "http.get",
    "https.get",
    "open-uri",
    "requests.get",
    "socket.http",
    "urlopen",
    "urlretrieve",
]);
/// What code has in it that runs programs.
static RUNS: TextSet = TextSet::new().contains(&[
    "Popen(",
    "`",
    "check_output",
    "child_process",
    "exec \"",
    "exec '",
    "exec(",
    "execSync",
    "execl(",
    "execv",
    "io.popen",
    "os.execute",
    "os.popen",
    "os.spawn",
    "os.system",
    "passthru",
    "popen(",
    "proc_open",
    "pty.spawn",
    "shell_exec",
    "spawn(",
    "subprocess.",
    "system \"",
    "system '",
    "system(",
]);
/// What code has in it that starts a shell for somebody.
static STARTS_SHELL: TextSet = TextSet::new().contains(&[
    "exec \"/bin/",
    "exec '/bin/",
    "execl(\"/bin/",
    "execl('/bin/",
    "execv(\"/bin/",
    "execv('/bin/",
    "pty.spawn",
    "spawn(\"/bin/",
    "spawn('/bin/",
    "system \"/bin/sh",
    "system '/bin/sh",
    "system(\"/bin/bash",
    "system(\"/bin/sh",
    "system('/bin/bash",
    "system('/bin/sh",
    "execute(\"/bin/",
    "execute('/bin/",
]);
/// What code has in it that calls the kernel past the language.
static NATIVE: TextSet = TextSet::new().contains(&[
    "CDLL(",
    "cdll.",
    "ctypes",
    "ffi.cdef",
    "ffi.C",
    "memfd_create",
    "syscall(",
    "syscall (",
]);

static PYTHON: TextSet = TextSet::new().equals(&["pypy", "python"]);
static JAVASCRIPT: TextSet = TextSet::new().equals(&["bun", "deno", "node", "nodejs"]);
static LUA: TextSet = TextSet::new().equals(&["lua", "luajit", "texlua"]);
static OTHERS: TextSet =
    TextSet::new().equals(&["awk", "gawk", "mawk", "original-awk", "perl", "php", "ruby", "tclsh"]);

/// A language: the rule, its technique, its name, its programs, and the letters of the options that code follows.
struct Language {
    rule: &'static str,
    technique: &'static str,
    name: &'static str,
    programs: &'static TextSet,
    letters: &'static [u8],
}

static LANGUAGES: [Language; 4] = [
    Language {
        rule: "execution/python-one-liner",
        technique: "T1059.006",
        name: "Python",
        programs: &PYTHON,
        letters: b"c",
    },
    Language {
        rule: "execution/javascript-one-liner",
        technique: "T1059.007",
        name: "JavaScript",
        programs: &JAVASCRIPT,
        letters: b"ep",
    },
    Language { rule: "execution/lua-one-liner", technique: "T1059.011", name: "Lua", programs: &LUA, letters: b"e" },
    Language {
        rule: "execution/script-one-liner",
        technique: "T1059",
        name: "a script language",
        programs: &OTHERS,
        letters: b"eEr",
    },
];

pub(crate) fn add(r: &mut Rules<Execution>) {
    for language in &LANGUAGES {
        r.rule(language.rule)
            .summary(format!(
                "Code in {} on a command line runs programs, opens connections or unpacks itself",
                language.name
            ))
            .severity(Medium)
            .attack(language.technique)
            .attack("T1059.004")
            .property("maturity", "incubating")
            .property("misses", "code in files, code that is piped in, and names that are put together when it runs")
            .on_exec(|_, e, out| {
                let image = e.image();
                if !is_named(&image, language.programs) || is_package_management(&image) {
                    return;
                }
                let Some(code) = code(&image, language) else { return };
                let Some((severity, what)) = judge(code) else { return };
                let severity = match severity {
                    // Tools of languages ask for versions so, and run what they built.
                    Medium if is_expected(&image) => Low,
                    // One program for its answer, as scripts of all kinds do.
                    Medium if image.name().contains("awk") && !STARTS_SHELL.matches(code) => Low,
                    Medium if is_named(&image, &OTHERS) && is_tame(code) => Low,
                    severity => severity,
                };
                let message = format!("{} {what}: {}", label(&image), line(&image));
                out.finding(message).severity(severity);
            });
    }

    r.rule("execution/powershell")
        .summary("PowerShell was given code on its command line, encoded or to be fetched")
        .severity(Medium)
        .attack("T1059.001")
        .property("maturity", "incubating")
        .property("misses", "scripts in files")
        .only(exec::image::exe().ends_with(["/pwsh"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let lower: Vec<String> =
                image.args().skip(1).map(|word| word.to_string_lossy().to_ascii_lowercase()).collect();
            let is_encoded = lower
                .iter()
                .any(|word| word.len() > 1 && "-encodedcommand".starts_with(word.as_str()) && word.starts_with("-e"));
            let fetches = lower.iter().any(|word| {
                word.contains("downloadstring") || word.contains("iex") || word.contains("invoke-expression")
            });
            let commands = lower.iter().any(|word| word.starts_with("-c"));
            if is_encoded || fetches {
                out.finding(format!("{} was given code: {}", label(&image), line(&image))).severity(High);
            } else if commands {
                let finding = out.finding(format!("{} was given code: {}", label(&image), line(&image)));
                if is_expected(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("execution/shell-command-from-environment")
        .summary("A shell was told to run what stands in a variable, put together from pieces that hide it")
        .severity(Medium)
        .attack("T1059.004")
        .attack("T1027.010")
        .property("maturity", "sandbox")
        .property("misses", "the same in a script")
        .only(exec::image::argv().contains([
            "${IFS}",
            "$IFS",
            "\\x2f",
            "\\x62\\x69\\x6e",
            "${PATH:",
            "${HOME:",
            "$'\\x",
            "$(printf",
            "| rev |",
            "|rev|",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !is_shell(&image) || is_package_management(&image) || is_expected(&image) {
                return;
            }
            let mut arguments = image.args().skip(1);
            if arguments.any(|word| word == "-c")
                && let Some(commands) = arguments.next()
                && is_obfuscated(commands)
            {
                out.finding(format!("{} was told: {commands}", label(&image)));
            }
        });
}

/// The code on a command line; of awk the program.
fn code<'a>(image: &Process<'a>, language: &Language) -> Option<Text<'a>> {
    if image.name().contains("awk") {
        return image.args().skip(1).find(|word| !word.starts_with("-"));
    }
    let mut arguments = image.args().skip(1);
    while let Some(argument) = arguments.next() {
        let bytes = argument.as_bytes();
        match bytes {
            [b'-', b'-', ..] => {
                if argument.one_of(&["--eval", "--print", "--run"]) {
                    return arguments.next();
                }
                if let Some(code) = bytes.strip_prefix(b"--eval=") {
                    return Some(Text::new(code));
                }
            }
            // `-we`, `-Bc`; what follows the letter at once is the code.
            [b'-', letters @ ..] => {
                if let Some(at) = letters.iter().position(|letter| language.letters.contains(letter))
                    // `-rsocket` of Ruby and `-MSocket` of Perl name what is loaded.
                    && letters[..at].iter().all(|letter| b"BEIOPWabdilnpqsuvwx0".contains(letter))
                {
                    let rest = &letters[at + 1..];
                    if image.name().starts_with("ruby") && letters[at] == b'r' {
                        continue;
                    }
                    return if rest.is_empty() { arguments.next() } else { Some(Text::new(rest)) };
                }
            }
            b"eval" => return arguments.next(),
            // A script, and what is its own.
            _ => return None,
        }
    }
    None
}

/// What the code does, the worst first.
fn judge(code: Text<'_>) -> Option<(Severity, &'static str)> {
    if CONNECTS.matches(code) && GIVES_SHELL.matches(code) {
        Some((High, "gives a connection to a shell, or takes commands from it"))
    } else if DECODES.matches(code) && EVALUATES.matches(code) {
        Some((High, "runs what it has unpacked"))
    } else if FETCHES.matches(code) && (RUNS.matches(code) || EVALUATES.matches(code)) {
        Some((High, "runs what it has fetched"))
    } else if STARTS_SHELL.matches(code) {
        Some((Medium, "starts a shell"))
    } else if NATIVE.matches(code) {
        Some((Medium, "calls the kernel past the language"))
    } else if RUNS.matches(code) {
        Some((Medium, "runs programs"))
    } else {
        None
    }
}

/// Whether what a one-liner runs is one program for its answer, as scripts of all kinds do.
fn is_tame(code: Text<'_>) -> bool {
    // What fetches, opens, decodes, lies around or looks who one is.
    static WILD: TextSet = TextSet::new().contains(&[
        "$ENV", "/dev/", "/tmp/", "ARGV", "\"id", "'id", "(id", "`id", "base64", "chmod", "curl", "nc ", "pack(",
        "python", "shadow", "socat", "sudo", "uname", "wget", "whoami",
    ]);
    !STARTS_SHELL.matches(code) && !code.contains("exec") && !WILD.matches(code)
}

fn is_obfuscated(commands: Text<'_>) -> bool {
    let count = |part: &[u8]| commands.as_bytes().windows(part.len()).filter(|window| *window == part).count();
    count(b"${IFS}") + count(b"$IFS") >= 2
        || count(b"\\x") >= 4
        || count(b"${PATH:") + count(b"${HOME:") >= 2
        || count(b"rev") >= 1
            && commands.contains("|")
            && (commands.ends_with("sh") || commands.contains("| bash") || commands.contains("|bash"))
}
