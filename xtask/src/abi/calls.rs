//! `probes/calls.toml`: system calls and their numbers.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::schema::Schema;

/// Numbers of native calls are below; those of 32-bit ones stand behind (COMPAT_CALLS in call.bpf.h).
const COMPAT: u16 = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    call: Vec<Call>,
}

/// A system call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) name: String,
    x86_64: Option<u16>,
    x32: Option<u16>,
    #[serde(default)]
    i386: Vec<u16>,
    arm64: Option<u16>,
    /// The first Linux that has it.
    #[serde(default = "always")]
    pub(super) since: String,
}

/// Architectures, as Rust calls them.
pub(super) const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

/// A `tp_btf` program, which is what looks at calls.
fn always() -> String {
    "5.5".into()
}

impl Call {
    /// Where its program is entered on an architecture: at its numbers, native and 32-bit.
    pub(super) fn numbers(&self, architecture: &str) -> Vec<u16> {
        match architecture {
            "x86_64" => {
                let native = self.x86_64.into_iter().chain(self.x32);
                native.chain(self.i386.iter().map(|number| COMPAT + number)).collect()
            }
            "aarch64" => self.arm64.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// Those that some kind is about, checked.
pub(super) fn read(path: &Path, schema: &Schema) -> Result<Vec<Call>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let Calls { call: calls } = toml::from_str(&text).with_context(|| path.display().to_string())?;
    for architecture in ARCHITECTURES {
        let mut numbers = HashSet::new();
        for call in &calls {
            let twice = call.numbers(architecture).into_iter().find(|number| !numbers.insert(*number));
            ensure!(twice.is_none(), "{}: {} is another call's number on {architecture}", path.display(), call.name);
        }
    }
    for name in schema.kinds.iter().flat_map(|kind| &kind.calls) {
        ensure!(calls.iter().any(|call| call.name == *name), "{}: there is no call {name}", path.display());
    }
    let unused = calls.iter().find(|call| !schema.kinds.iter().any(|kind| kind.calls.contains(&call.name)));
    if let Some(call) = unused {
        anyhow::bail!("{}: no kind is about the call {}", path.display(), call.name);
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Linux's own lists, where they are installed (linux-libc-dev).
    const HEADERS: &str = "/usr/include/x86_64-linux-gnu/asm";

    fn header(name: &str) -> Option<HashMap<String, u16>> {
        let text = std::fs::read_to_string(format!("{HEADERS}/{name}")).ok()?;
        let numbers = text.lines().filter_map(|line| {
            let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
            let number = number.trim().trim_start_matches("(__X32_SYSCALL_BIT + ").trim_end_matches(')');
            Some((name.to_owned(), number.parse().ok()?))
        });
        Some(numbers.collect())
    }

    #[test]
    fn numbers_are_those_of_the_headers() {
        let root = crate::root();
        let schema = Schema::read(&root.join(super::super::SCHEMA)).expect("the schema is sound");
        let calls = read(&root.join(super::super::CALLS), &schema).expect("the calls are sound");
        let (Some(x86_64), Some(x32), Some(i386)) =
            (header("unistd_64.h"), header("unistd_x32.h"), header("unistd_32.h"))
        else {
            eprintln!("skipped: {HEADERS} is not there");
            return;
        };
        // Names that i386 has for the same call, with wider arguments, or with the older layout.
        let i386_name = |name: &str| match name {
            "mmap" => vec!["mmap2".to_owned()],
            "mmap_old" => vec!["mmap".to_owned()],
            "umount2" => vec!["umount".to_owned(), "umount2".to_owned()],
            name => ["", "32", "64", "_time64"].map(|end| format!("{name}{end}")).to_vec(),
        };
        let mut compared = 0;
        for call in &calls {
            // Headers older than the call do not have it.
            if let (Some(number), Some(theirs)) = (call.x86_64, x86_64.get(&call.name)) {
                assert_eq!(number, *theirs, "{}", call.name);
                compared += 1;
            }
            if let Some(number) = call.x32 {
                assert_eq!(Some(&number), x32.get(&call.name), "{}", call.name);
            }
            let theirs: Vec<u16> = i386_name(&call.name).iter().filter_map(|name| i386.get(name).copied()).collect();
            if !theirs.is_empty() {
                assert_eq!(call.i386, theirs, "{}", call.name);
            }
        }
        assert!(compared > 80, "{compared}");
    }
}
