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
        .args(["--color", "always", "run", "--no-control", "--self-test", "--for", RUN, "--rules"])
        // Times as the capture has them, wherever the picture is drawn.
        .env("TZ", "UTC")
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
    let text = format!("\u{1b}[1m# make run\u{1b}[0m\n{}", anonymous(&text));
    let svg = anstyle_svg::Term::new().render_svg(&text);
    let path = root().join("docs/run.svg");
    fs::write(&path, svg).with_context(|| path.display().to_string())?;
    eprintln!("wrote docs/run.svg");
    Ok(())
}

/// Without what belongs to the machine that drew it: where the tree lies, and who started this program.
fn anonymous(text: &str) -> String {
    const OURS: &str = " → xtask → ";
    /// What ends the colour of the name before a lineage.
    const PLAIN: &str = "\u{1b}[0m  ";
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version: Vec<&str> = release.trim().split(['.', '-']).take(2).collect();
    let text = text.replace(&format!("{}/", root().display()), "");
    let text = text.replace(&format!("kernel {}", release.trim()), &format!("kernel {}", version.join(".")));
    let lines = text.lines().map(|line| match (line.find("lineage"), line.find(OURS)) {
        (Some(_), Some(at)) => {
            let begin = line.rfind(PLAIN).map_or(0, |end| end + PLAIN.len());
            format!("{}… → {}", &line[..begin], &line[at + OURS.len()..])
        }
        _ => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_machine_is_drawn() {
        let name = "\u{1b}[2mlineage \u{1b}[0m  ";
        let line = format!("    {name}init → sh → xtask → bash → cat\n{}/target/x\n", root().display());
        assert_eq!(anonymous(&line), format!("    {name}… → bash → cat\ntarget/x\n"));
    }
}
