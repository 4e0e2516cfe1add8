//! The picture in the README: a real run of the host, as its terminal shows it.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::root;

/// How long the run is.
const RUN: &str = "6s";
/// When the secret is read: the self-test is over by then.
const READ_AFTER: Duration = Duration::from_secs(4);

/// Runs the host (as root), reads /etc/shadow in a shell, and draws what the host wrote into docs/run.svg.
pub(crate) fn run() -> Result<()> {
    let lanner = root().join("target/release/lanner");
    let (mut output, pen) = std::io::pipe()?;
    let mut host = Command::new(&lanner)
        .args(["--color", "always", "run", "--self-test", "--for", RUN, "--rules"])
        .arg(root().join("target/packs"))
        .stdin(Stdio::null())
        .stdout(pen.try_clone()?)
        .stderr(pen)
        .spawn()
        .with_context(|| format!("{} cannot be started; `make run` builds it", lanner.display()))?;
    std::thread::sleep(READ_AFTER);
    // The second command keeps the shell from becoming the first.
    let shell = Command::new("bash").args(["-c", "cat /etc/shadow; true"]).stdout(Stdio::null()).status()?;
    ensure!(shell.success(), "bash did not run");
    let mut text = String::new();
    output.read_to_string(&mut text)?;
    ensure!(host.wait()?.success(), "the host failed:\n{text}");
    let text = format!("\u{1b}[1m# make run\u{1b}[0m\n{text}");
    let svg = anstyle_svg::Term::new().render_svg(&text);
    let path = root().join("docs/run.svg");
    fs::write(&path, svg).with_context(|| path.display().to_string())?;
    eprintln!("wrote docs/run.svg");
    Ok(())
}
