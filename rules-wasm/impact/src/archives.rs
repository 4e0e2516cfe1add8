//! Archives: of what is valuable, with a password, where everybody may write.

use common::command::{Command, called, line, one_liner};
use common::context::{is_backup, is_build, is_ci, is_scheduled};
use common::peers::find;
use common::programs::{is_interpreter, is_package_management, is_shell, label};
use lanner_sdk::prelude::*;

use crate::valuables::{Value, absolute, is_drop, value};
use crate::{Impact, LIKELY};

const PACKERS: [&str; 26] = [
    "7z",
    "7za",
    "7zr",
    "7zz",
    "ar",
    "arj",
    "bsdtar",
    "bzip2",
    "cpio",
    "gtar",
    "gzip",
    "jar",
    "lz4",
    "lzma",
    "mksquashfs",
    "p7zip",
    "pax",
    "pigz",
    "rar",
    "tar",
    "xz",
    "zip",
    "zstd",
    "zpaq",
    "dar",
    "lrzip",
];
/// How the names of archives end.
static ARCHIVES: TextSet = TextSet::new().ends_with(&[
    ".7z", ".bz2", ".gz", ".lz4", ".rar", ".tar", ".tbz2", ".tgz", ".txz", ".xz", ".zip", ".zst", ".cpio",
]);
/// What an archiver is told to keep what it packs unreadable to others by.
static COMPRESSION: [&[u8]; 8] = [
    b"import gzip",
    b"import bz2",
    b"import zlib",
    b"zipfile",
    b"tarfile",
    b"make_archive",
    b"ZipArchive",
    b"Archive::Tar",
];
/// Tools that hide one file in another.
const HIDERS: [&str; 9] =
    ["outguess", "steghide", "stegosuite", "stegolsb", "openstego", "jphide", "stegsnow", "stegano-lsb", "zsteg"];
static PICTURES: TextSet = TextSet::new().ends_with(&[".bmp", ".gif", ".jpeg", ".jpg", ".png", ".wav", ".mp3"]);

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("collection/archive-with-password")
        .summary("An archive was made that only opens with a password")
        .severity(Medium)
        .attack("T1560.001")
        .attack("T1486")
        .property("maturity", "stable")
        .property("misses", "archives that are encrypted by another tool afterwards: another rule sees that")
        .only(called(&["zip", "7z", "7za", "7zr", "7zz", "rar"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let first = args.iter().find(|arg| !arg.starts_with("-")).copied().unwrap_or_default();
            let option = |option: &str| args.iter().any(|arg| arg.starts_with(option));
            let cluster = |letter: u8| {
                args.iter()
                    .any(|arg| arg.starts_with("-") && !arg.starts_with("--") && arg.as_bytes().contains(&letter))
            };
            let locked = match () {
                () if name == "zip" => option("--password") || option("--encrypt") || cluster(b'P') || cluster(b'e'),
                () if name == "rar" => first.one_of(&["a", "m", "u"]) && (option("-p") || option("-hp")),
                () if name.starts_with("7z") => first.one_of(&["a", "u"]) && (option("-p") || option("-mhe")),
                () => false,
            };
            if locked {
                let finding = out.finding(format!("{} makes an archive with a password", line(&image)));
                if is_ci(&image) || is_backup(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("collection/valuables-packed")
        .summary("An archive was made of what is valuable")
        .severity(Medium)
        .attack("T1560.001")
        .attack("T1005")
        .attack("T1074.001")
        .property("maturity", "incubating")
        .property("misses", "archives by a program's own code, and what is given to an archiver as a list")
        .only(called(&PACKERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            if !name.one_of(&PACKERS) || is_package_management(&image) || is_unpacking(name, &args) {
                return;
            }
            let mut inside = image.cwd();
            if let Some(pair) = args.windows(2).find(|pair| pair[0].one_of(&["-C", "--directory"])) {
                inside = pair[1];
            }
            let paths: Vec<Vec<u8>> = args
                .iter()
                .skip(usize::from(name == "tar"))
                .filter(|arg| !arg.starts_with("-"))
                .map(|arg| absolute(*arg, inside))
                .collect();
            let worth = paths
                .iter()
                .filter(|path| !ARCHIVES.matches(path.as_slice()))
                .filter_map(|path| Some((path, value(Text::new(path))?)));
            let Some((path, worth)) = worth.max_by_key(|(_, worth)| *worth) else { return };
            let drops = args.iter().any(|arg| {
                let output = arg.as_bytes().rsplit(|byte| *byte == b'=').next().unwrap_or_default();
                let output = absolute(Text::new(output), image.cwd());
                ARCHIVES.matches(output.as_slice()) && is_drop(&output)
            });
            // To standard output, and from there wherever somebody likes.
            let streams = args.windows(2).any(|pair| pair[0].ends_with("f") && pair[1] == "-")
                || args.iter().any(|arg| arg.one_of(&["-c", "--stdout"])) && !name.starts_with("tar");
            let is_expected = is_scheduled(&image) || is_backup(&image) || is_ci(&image);
            let severity = match worth {
                Value::Secret if !is_expected => Medium,
                Value::Tree if drops && !is_expected => Medium,
                _ => Low,
            };
            let finding = out.finding(format!("{} packs {}", line(&image), Text::new(path)));
            finding.fact("path", Text::new(path)).field("to standard output", streams).severity(severity);
        });

    r.rule("collection/archive-by-code")
        .summary("A script packed files where everybody may write")
        .severity(Medium)
        .attack("T1560.002")
        .property("maturity", "incubating")
        .property("misses", "archives with other names, and those in working trees")
        .only(exec::image::exe().matches(&LIKELY))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(program) = one_liner(&image) else { return };
            let bytes = program.as_bytes();
            let says = |part: &[u8]| find(bytes, part).is_some();
            let packs = COMPRESSION.iter().any(|part| says(part));
            let writes = says(b"'w") || says(b"\"w") || says(b"write") || says(b"make_archive") || says(b"compress");
            let valuable = says(b"/etc/") || says(b"/root") || says(b"/home/") || says(b"/tmp/") || says(b".ssh");
            if packs && writes && valuable {
                out.finding(format!("{} packs files", line(&image))).field("program", program);
            }
        })
        .unfiltered()
        .only(
            open::created()
                .is(true)
                .and(open::path().starts_with(["/tmp/", "/var/tmp/", "/dev/shm/"]))
                .and(open::path().matches(&ARCHIVES)),
        )
        .on_open(|_, e, out| {
            let process = e.process();
            // What is fetched is an archive as well; who fetches is told by what it is called.
            let is_script = is_interpreter(&process) && !is_shell(&process);
            let is_expected =
                is_build(&process) || is_ci(&process) || is_package_management(&process) || is_installer(&process);
            if e.failed() || !is_script || is_expected || !is_drop(e.path().as_bytes()) {
                return;
            }
            out.finding(format!("{} made the archive {}", label(&process), e.path())).fact("path", e.path());
        });

    r.rule("collection/hidden-in-picture")
        .summary("A file was hidden in a picture or a sound, or taken out of one")
        .severity(Medium)
        .attack("T1001.002")
        .attack("T1027.003")
        .property("maturity", "incubating")
        .property("misses", "programs that do so by themselves")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_hider = name.one_of(&HIDERS) && !args.iter().any(|arg| arg.one_of(&["--version", "--help", "info"]));
            let has_picture = args.iter().any(|arg| PICTURES.matches(arg.as_bytes().to_ascii_lowercase().as_slice()));
            let has_archive = args.iter().any(|arg| ARCHIVES.matches(*arg));
            // An archive at the end of a picture is still both.
            let is_joined = name == "cat" && has_picture && has_archive;
            let is_opened = name.one_of(&["unzip", "7z", "binwalk"])
                && has_picture
                && !has_archive
                && !args.iter().any(|arg| arg.one_of(&["a", "-l"]));
            if is_hider || is_joined || is_opened {
                out.finding(format!("{} hides or finds a file in a picture", line(&image)));
            }
        });
}

/// Whether an archiver was told to unpack, or to list.
fn is_unpacking(name: Text<'_>, args: &[Text<'_>]) -> bool {
    let first = args.first().copied().unwrap_or_default();
    let cluster = |letter: u8| {
        let in_first = !first.starts_with("--") && !first.contains("/") && first.as_bytes().contains(&letter);
        in_first
            || args.iter().any(|arg| arg.starts_with("-") && !arg.starts_with("--") && arg.as_bytes().contains(&letter))
    };
    let long = |option: &str| args.iter().any(|arg| *arg == option);
    match () {
        () if name.one_of(&["tar", "bsdtar", "gtar"]) => {
            let makes = cluster(b'c') || cluster(b'r') || cluster(b'u') || long("--create") || long("--append");
            !makes
        }
        () if name.one_of(&["gzip", "bzip2", "xz", "zstd", "lz4", "pigz", "lzma"]) => {
            cluster(b'd')
                || cluster(b'l')
                || cluster(b't')
                || long("--decompress")
                || long("--uncompress")
                || long("--list")
        }
        () if name.starts_with("7z") || name == "rar" => first.one_of(&["x", "e", "l", "t", "i", "lb", "lt"]),
        () if name == "cpio" => cluster(b'i') || cluster(b't') || long("--extract") || long("--list"),
        () if name == "ar" => first.starts_with("x") || first.starts_with("t") || first.starts_with("p"),
        () => false,
    }
}

/// Whether it installs packages of a language. Goes by names that anybody can give.
fn is_installer(process: &Process<'_>) -> bool {
    common::context::lineage(process).take(4).any(|each| {
        let (name, args) = Command::of(&each).parts();
        name.one_of(&["pip", "pip3", "npm", "npm-cli.js", "yarn", "poetry", "setup.py", "gem", "bundle", "conda"])
            || args.windows(2).any(|pair| pair[0] == "-m" && pair[1].one_of(&["pip", "build", "venv", "ensurepip"]))
    })
}
