//! Programs: stripped, with what debuggers need in a file beside them, and what they need of the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Release, said};

/// The section by which a debugger finds the file.
const LINK: &str = ".gnu_debuglink";

/// A program as it is handed out.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) file: PathBuf,
    pub(super) debug: PathBuf,
    pub(super) needs: Needs,
}

/// The shared libraries that a program needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Their names.
    pub(super) libraries: BTreeSet<String>,
    /// Which versions of their symbols, with the library that has them.
    pub(super) versions: BTreeSet<(String, String)>,
}

/// Strips a program into the folder of what is made.
pub(super) fn strip(release: &Release, binaries: &Path, name: &'static str) -> Result<Program> {
    let built = binaries.join(name);
    ensure!(
        built.exists(),
        "{} is missing; build it first: cargo build --profile dist --bin {name}, or say with --binaries where it is",
        built.display()
    );
    // Tools run in another folder.
    let built = fs::canonicalize(&built).with_context(|| built.display().to_string())?;
    let file = release.out.join(name);
    let debug = release.out.join(format!("{name}.debug"));
    // Where it is stripped in its place, and was already.
    let is_done = debug.exists() && built == file && sections(&built)?.contains(LINK);
    if !is_done {
        let (new, new_debug) = (release.work.join(name), release.work.join(format!("{name}.debug")));
        let objcopy = |arguments: &[&str], files: &[&Path]| {
            said(Command::new("objcopy").current_dir(&release.work).args(arguments).args(files))
        };
        objcopy(&["--only-keep-debug"], &[&built, &new_debug])?;
        // By its name alone: a debugger looks beside the program, and in /usr/lib/debug.
        let link = format!("--add-gnu-debuglink={name}.debug");
        objcopy(&["--strip-all", &link], &[&built, &new])?;
        for (from, to) in [(new, &file), (new_debug, &debug)] {
            fs::rename(&from, to).with_context(|| to.display().to_string())?;
        }
    }
    let needs = Needs::of(&said(Command::new("objdump").env("LC_ALL", "C").arg("-p").arg(&file))?)?;
    Ok(Program { name, file, debug, needs })
}

fn sections(file: &Path) -> Result<String> {
    said(Command::new("objdump").env("LC_ALL", "C").arg("-h").arg(file))
}

impl Needs {
    /// From what `objdump -p` says.
    fn of(text: &str) -> Result<Self> {
        let mut needs = Self::default();
        let mut library = None;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match *words {
                ["NEEDED", name] => {
                    needs.libraries.insert(name.to_owned());
                }
                ["required", "from", name] => library = Some(name.trim_end_matches(':').to_owned()),
                [hash, _, _, version] if hash.starts_with("0x") => {
                    if let Some(library) = &library {
                        needs.versions.insert((library.clone(), version.to_owned()));
                    }
                }
                _ => library = None,
            }
        }
        ensure!(!needs.libraries.is_empty(), "objdump says of no library that the program needs it");
        Ok(needs)
    }

    /// The packages of Debian that have them, with the version of the C library that is needed.
    pub(super) fn of_debian(&self) -> Result<Vec<String>> {
        let mut packages = BTreeSet::new();
        for library in &self.libraries {
            match library.as_str() {
                "libc.so.6" | "libm.so.6" | "libpthread.so.0" | "libdl.so.2" => {}
                name if name.starts_with("ld-linux") => {}
                "libgcc_s.so.1" => {
                    packages.insert("libgcc-s1".to_owned());
                }
                other => bail!("it is not known which package of Debian has {other}, which is needed"),
            }
        }
        let glibc = self.glibc().context("the program needs no version of the C library")?;
        packages.insert(format!("libc6 (>= {glibc})"));
        Ok(packages.into_iter().collect())
    }

    /// The newest version of the C library that is needed.
    pub(super) fn glibc(&self) -> Option<String> {
        let numbers =
            |version: &str| -> Option<Vec<u32>> { version.split('.').map(|part| part.parse().ok()).collect() };
        let versions = self.versions.iter().filter_map(|(_, version)| version.strip_prefix("GLIBC_"));
        versions.filter_map(|version| Some((numbers(version)?, version))).max().map(|(_, version)| version.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "
lanner:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libgcc_s.so.1
  NEEDED               libc.so.6
  NEEDED               ld-linux-x86-64.so.2
  INIT                 0x0000000000401000

Version References:
  required from libgcc_s.so.1:
    0x0b792653 0x00 06 GCC_3.3
  required from libc.so.6:
    0x09691a75 0x00 05 GLIBC_2.2.5
    0x06969194 0x00 03 GLIBC_2.34
    0x0963cf85 0x00 04 GLIBC_2.4
";

    #[test]
    fn what_a_program_needs_is_read() {
        let needs = Needs::of(SAID).expect("it is read");
        assert_eq!(needs.libraries.len(), 3);
        assert_eq!(needs.versions.len(), 4);
        assert_eq!(needs.glibc().as_deref(), Some("2.34"));
        assert_eq!(needs.of_debian().expect("known"), ["libc6 (>= 2.34)", "libgcc-s1"]);
        let other = SAID.replace("libgcc_s.so.1\n", "libother.so.1\n");
        let other = Needs::of(&other).expect("it is read").of_debian().expect_err("not known").to_string();
        assert!(other.contains("libother.so.1"), "{other}");
    }
}
