//! Runs cases as nobody's child: the lineage of what they do must not lead to `make` or `cargo`, as rules are milder with what
//! a build does.

use std::env;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Said to the one apart: its parent has ended.
const GO: u8 = b'g';
/// Said by the one apart: it went well. Whatever else it says is why it did not.
const WELL: &str = "well";

/// Has this very command run again, apart, with this flag, and waits for it. It ends when this process does.
pub(super) fn again(flag: &str) -> Result<()> {
    let (mut line, its) = UnixStream::pair()?;
    let status = Command::new("setsid")
        .arg("--fork")
        .arg(env::current_exe()?)
        .args(env::args_os().skip(1))
        .arg(flag)
        .stdin(OwnedFd::from(its))
        .status()
        .context("setsid of util-linux is missing")?;
    ensure!(status.success(), "setsid: {status}");
    // What forked it has ended: it is a child of whoever takes in orphans.
    line.write_all(&[GO])?;
    let mut said = String::new();
    line.read_to_string(&mut said)?;
    match said.as_str() {
        WELL => Ok(()),
        "" => bail!("what runs the cases has ended without a word"),
        why => bail!("{why}"),
    }
}

/// Does this as the one apart, and says how it went.
pub(super) fn run(work: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut line = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    line.read_exact(&mut [0]).context("whoever started it is gone")?;
    let mut watched = line.try_clone()?;
    std::thread::spawn(move || {
        // Nothing more is said: its end is when that process ends. Then ours, with all of our group; the scenes have
        // namespaces to end with.
        let _ = watched.read(&mut [0]);
        let _ = Command::new("kill").args(["-TERM", "0"]).status();
    });
    let said = work().map_or_else(|error| format!("{error:#}"), |()| WELL.to_owned());
    line.write_all(said.as_bytes()).context("whoever waits is gone")
}
