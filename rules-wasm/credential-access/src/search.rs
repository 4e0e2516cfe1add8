//! Searching for secrets: in what files say, and by what they are called.

use common::command::Command;
use common::context::{is_build, is_ci, is_configuration_management, is_interactive, is_scanner, is_scheduled};
use common::programs::{is_package_management, label};
use lanner_sdk::prelude::*;

use crate::CredentialAccess;

/// Programs that search.
static SEARCHERS: TextSet = TextSet::new().file_name(&[
    "ack", "ag", "bfs", "busybox", "egrep", "fd", "fdfind", "fgrep", "find", "gawk", "grep", "locate", "mawk",
    "plocate", "rg", "sed", "strings", "ugrep", "zgrep",
]);
/// What secrets are called where they are written down.
static SECRETS: TextSet = TextSet::new().contains(&[
    "access_key",
    "accesskey",
    "akia",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "authorization:",
    "aws_secret",
    "bearer ",
    "client_secret",
    "connectionstring",
    "credential",
    "db_pass",
    "ghp_",
    "pass=",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "pwd=",
    "secret",
    "token=",
]);
/// How private keys begin.
static KEY_HEADERS: TextSet =
    TextSet::new().contains(&["private key", "begin rsa", "begin openssh", "begin dsa", "begin ec"]);
/// What files are called that have keys in them.
static KEY_FILES: TextSet = TextSet::new()
    .equals(&[
        "*.asc",
        "*.cer",
        "*.gpg",
        "*.jks",
        "*.key",
        "*.p12",
        "*.pem",
        "*.pfx",
        "*.pgp",
        "*.ppk",
        "*.keytab",
        ".ssh",
        "authorized_keys",
    ])
    .contains(&["id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", ".ssh/", "identity", "id_*"]);
/// What files are called that have passwords in them.
static PASSWORD_FILES: TextSet = TextSet::new()
    .equals(&[".env", "*.env", ".env*", "*.kdb", "*.ovpn", "*.rdp", "*.vnc", "secrets.*", "settings.php"])
    .contains(&[
        ".aws",
        ".azure",
        ".boto",
        ".docker/config",
        ".git-credentials",
        ".htpasswd",
        ".kdbx",
        ".kube",
        ".my.cnf",
        ".netrc",
        ".npmrc",
        ".pgpass",
        ".s3cfg",
        "config.php",
        "cookies.sqlite",
        "cred",
        "database.yml",
        "key4.db",
        "kubeconfig",
        "login data",
        "logins.json",
        "passw",
        "secret",
        "shadow",
        "terraform.tfstate",
        "tomcat-users",
        "unattend",
        "vault",
        "web.config",
        "*pass*",
    ]);
/// What histories are called.
static HISTORY_FILES: TextSet = TextSet::new().contains(&["_history", ".history", ".histfile"]);
/// Where whole machines, and what people keep, begin.
static WIDE: TextSet = TextSet::new()
    .equals(&[
        "/",
        "/etc",
        "/home",
        "/mnt",
        "/opt",
        "/root",
        "/srv",
        "/usr",
        "/var",
        "/var/www",
        "/var/www/html",
        "~",
        "/tmp",
    ])
    .starts_with(&["/etc/", "/proc/"])
    .glob(&["/home/*", "/home/*/.*", "/root/.*"]);
/// What a search is for that clears up.
static CHORES: TextSet = TextSet::new().equals(&[
    "-delete",
    "-mtime",
    "-mmin",
    "-newer",
    "chmod",
    "chown",
    "rm",
    "-ctime",
    "-atime",
    "-checkend",
]);

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/password-search")
        .summary("Somebody searched files for passwords and tokens")
        .severity(Medium)
        .attack("T1552.001")
        .property("maturity", "incubating")
        .property("misses", "searches by a program of one's own, and in other words")
        .only(exec::image::exe().matches(&SEARCHERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let found = greps_for(&image, &command, &SECRETS)
                .or_else(|| finds(&command, &PASSWORD_FILES))
                .or_else(|| finds(&command, &HISTORY_FILES));
            if let Some(wide) = found {
                raise(e, wide, out);
            }
        });

    r.rule("credential-access/private-key-search")
        .summary("Somebody searched files for private keys")
        .severity(Medium)
        .attack("T1552.004")
        .property("maturity", "incubating")
        .property("misses", "searches by a program of one's own")
        .only(exec::image::exe().matches(&SEARCHERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if let Some(wide) = greps_for(&image, &command, &KEY_HEADERS).or_else(|| finds(&command, &KEY_FILES)) {
                raise(e, wide, out);
            }
        });

    r.rule("credential-access/credential-tool")
        .summary("A tool was run that gathers passwords from memory, browsers and files")
        .severity(High)
        .attack("T1003.007")
        .attack("T1555")
        .attack("T1552.001")
        .property("maturity", "incubating")
        .property("misses", "tools under other names")
        .on_exec(|_, e, out| {
            static TOOLS: TextSet = TextSet::new().contains(&[
                "3snake",
                "firefox_decrypt",
                "gitleaks",
                "lazagne",
                "linikatz",
                "mimipenguin",
                "mimipy",
                "noseyparker",
                "pypykatz",
                "secretsdump",
                "swap_digger",
                "swapdigger",
                "trufflehog",
                "hackbrowserdata",
                "hack-browser-data",
            ]);
            // Of these developers run some on their own sources.
            static SCANNERS: TextSet = TextSet::new().contains(&["gitleaks", "noseyparker", "trufflehog"]);
            let image = e.image();
            let command = Command::of(&image);
            let name = command.name().as_bytes().to_ascii_lowercase();
            let script = common::command::script_of(&image).file_name().as_bytes().to_ascii_lowercase();
            let tool = [name, script].into_iter().find(|name| TOOLS.matches(name.as_slice()));
            if let Some(tool) = tool.filter(|_| !is_package_management(&image)) {
                let severity = if SCANNERS.matches(tool.as_slice()) { Low } else { High };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
            }
        });
}

/// Whether it searches many files for one of these words: and if it does, whether all over the machine.
fn greps_for(image: &Process<'_>, command: &Command<'_>, words: &TextSet) -> Option<bool> {
    let name = command.name().as_bytes();
    if !matches!(
        name,
        b"grep"
            | b"egrep"
            | b"fgrep"
            | b"zgrep"
            | b"rg"
            | b"ag"
            | b"ack"
            | b"ugrep"
            | b"gawk"
            | b"mawk"
            | b"awk"
            | b"strings"
            | b"sed"
    ) {
        return None;
    }
    let is_word = |arg: &Text<'_>| words.matches(arg.as_bytes().to_ascii_lowercase().as_slice());
    // What is searched for is no path, and the paths are no words.
    let pattern = command.args().iter().find(|arg| !arg.starts_with("/") && !arg.starts_with("--") && is_word(arg))?;
    // Who counts failed logins looks for no password.
    let lower = Text::new(pattern.as_bytes()).to_string().to_ascii_lowercase();
    if ["failed password", "accepted password", "invalid", "passwords"].iter().any(|part| lower.contains(part)) {
        return None;
    }
    let files: Vec<_> = command.words().filter(|word| word != pattern).collect();
    let recursive = matches!(name, b"rg" | b"ag" | b"ack")
        || command.has('r', "")
        || command.has('R', "")
        || command.says(&["--recursive"]);
    // find and xargs hand over one file after the other.
    let parents = image.ancestors().take(2);
    let by_find =
        parents.into_iter().any(|parent| matches!(Command::of(&parent).name().as_bytes(), b"find" | b"xargs"));
    if !recursive && files.len() < 4 && !by_find {
        return None;
    }
    let wide = files.iter().any(|file| WIDE.matches(trimmed(*file)))
        || (recursive && files.is_empty() && WIDE.matches(trimmed(image.cwd())));
    Some(wide)
}

/// Whether it looks for files of such names, likewise.
fn finds(command: &Command<'_>, names: &TextSet) -> Option<bool> {
    let args = command.args();
    let is_name = |arg: Text<'_>| names.matches(arg.as_bytes().to_ascii_lowercase().as_slice());
    match command.name().as_bytes() {
        b"find" | b"bfs" => {
            let values = args.iter().zip(args.iter().skip(1)).filter(|(option, _)| {
                option.one_of(&["-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename", "-regex", "-iregex"])
            });
            // What is left out of a search is not what it is for.
            let mut asked = false;
            for (option, value) in values {
                let place = args.iter().position(|arg| std::ptr::eq(arg, option)).unwrap_or(0);
                let left_out = place > 0 && args[place - 1].one_of(&["!", "-not"]);
                asked |= !left_out && is_name(*value);
            }
            if !asked || args.iter().any(|arg| CHORES.matches(*arg)) {
                return None;
            }
            Some(command.words().take_while(|word| !word.starts_with("(")).any(|word| WIDE.matches(trimmed(word))))
        }
        b"fd" | b"fdfind" => {
            let asked = command.words().next().is_some_and(is_name);
            asked.then(|| command.words().skip(1).any(|word| WIDE.matches(trimmed(word))))
        }
        b"locate" | b"plocate" => command.words().any(is_name).then_some(true),
        _ => None,
    }
}

fn trimmed<'a>(path: Text<'a>) -> &'a [u8] {
    match path.as_bytes() {
        [all @ .., b'/'] if !all.is_empty() => all,
        all => all,
    }
}

/// Raises the finding: developers search their own sources for such words all day.
fn raise(e: &ExecEvent<'_>, wide: bool, out: &mut Out<'_>) {
    let image = e.image();
    let expected = is_package_management(&image)
        || is_build(&image)
        || is_ci(&image)
        || is_scanner(&image)
        || is_scheduled(&image)
        || is_configuration_management(&image);
    let severity = if !wide || expected || is_interactive(&image) { Low } else { Medium };
    out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
}
