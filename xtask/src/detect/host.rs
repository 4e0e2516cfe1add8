//! The host that watches: `lanner run`, and all that it finds.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// How long to wait for what must come. Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(300);
/// After this a mark is made again: it may have been lost, as events may.
const MARK_AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether packs have judged what waits for them.
const LOOK: Duration = Duration::from_millis(200);
/// Room for the events of a busy machine, MiB.
const BUFFER: &str = "64";
/// The rule of the test pack `losses` that finds opens of this file, and losses.
const MARK: &str = "lanner-after-loss";
const MARK_RULE: &str = "test/loss";

/// A host that runs. Killed when dropped.
pub(super) struct Host {
    child: Child,
    findings: Receiver<Value>,
    marks: PathBuf,
    mark: u32,
    log: PathBuf,
    lanner: PathBuf,
    control: PathBuf,
}

impl Host {
    /// Starts it with these rules, and waits until it watches. `folder` is its own.
    pub(super) fn start(lanner: &Path, rules: &[PathBuf], folder: &Path) -> Result<Self> {
        let marks = folder.join("marks");
        fs::create_dir_all(&marks).with_context(|| marks.display().to_string())?;
        let control = folder.join("lanner.sock");
        let mut command = Command::new(lanner);
        command.args(["run", "--output", "json", "--buffer", BUFFER]);
        for rules in rules {
            command.arg("--rules").arg(rules);
        }
        let mut child = command
            .env("NO_COLOR", "1")
            .env("LANNER_CONTROL", &control)
            .env_remove("LANNER_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", lanner.display()))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (sender, findings) = channel();
        let copy = folder.join("lanner.log");
        let lanner = lanner.to_owned();
        let mut host = Self { child, findings, marks, mark: 0, log: copy.clone(), lanner, control };
        let (stdout, stderr) = stdout.zip(stderr).context("its outputs are pipes")?;
        std::thread::spawn(move || read_findings(stdout, &sender));
        let (said, log) = channel();
        std::thread::spawn(move || read_log(stderr, &copy, &said));
        host.wait_until_it_watches(&log)?;
        Ok(host)
    }

    fn wait_until_it_watches(&mut self, log: &Receiver<String>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        while let Ok(line) = log.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains("watching kernel") {
                return Ok(());
            }
            lines.push(line);
        }
        bail!("the host does not watch: {}", lines.join("\n"))
    }

    /// What it has complained of so far: packs that were stopped find less.
    pub(super) fn complaints(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let complaints = log.lines().filter_map(|line| line.split_once(" ERROR "));
        complaints.map(|(_, complaint)| complaint.to_owned()).collect()
    }

    /// Makes a mark: an open that the test pack finds.
    fn mark(&mut self) -> Result<String> {
        self.mark += 1;
        let folder = self.marks.join(self.mark.to_string());
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let path = folder.join(MARK);
        File::create(&path).with_context(|| path.display().to_string())?;
        Ok(path.display().to_string())
    }

    /// Waits until all that has happened so far is judged, ends it, and gives all that was found. Packs do not all judge at
    /// the same pace, so no finding of one says how far another is.
    pub(super) fn finish(mut self) -> Result<Found> {
        let mut found = Found::default();
        let mut until = vec![self.mark()?];
        let end = Instant::now() + PATIENCE;
        let mut again = Instant::now() + MARK_AGAIN;
        while !found.marks.iter().any(|mark| until.contains(mark)) {
            match self.findings.recv_timeout(again.saturating_duration_since(Instant::now())) {
                Ok(finding) => found.take(finding),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the host has ended; its log says why"),
            }
            // Others' findings may come without end where a mark was lost.
            if Instant::now() >= again {
                ensure!(Instant::now() < end, "the host does not come to what was done last; its log says why");
                until.push(self.mark()?);
                again = Instant::now() + MARK_AGAIN;
            }
        }
        while self.is_behind()? {
            ensure!(Instant::now() < end, "a pack does not come to an end with what waits for it");
            std::thread::sleep(LOOK);
        }
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().context("kill")?;
        while let Ok(finding) = self.findings.recv_timeout(PATIENCE) {
            found.take(finding);
        }
        let status = self.child.wait().context("the host")?;
        if !status.success() {
            // What came after the last case may not be judged: on a busy machine that is no reason to say nothing of the cases.
            found.lost.push(format!("what happened last: the host ended with {status}"));
        }
        Ok(found)
    }

    /// Whether events wait for some pack.
    fn is_behind(&self) -> Result<bool> {
        let said =
            Command::new(&self.lanner).args(["status", "--output", "json", "--control"]).arg(&self.control).output();
        let said = said.context("lanner status")?;
        let status: Value = serde_json::from_slice(&said.stdout).context("the host does not say how it stands")?;
        let packs = status["packs"].as_array().map(Vec::as_slice).unwrap_or_default();
        ensure!(!packs.is_empty(), "the host has no packs");
        Ok(packs.iter().any(|pack| pack["waiting"] != 0))
    }
}

/// All that a host has found.
#[derive(Default)]
pub(super) struct Found {
    /// But for marks and losses.
    pub(super) findings: Vec<Value>,
    /// Events that were lost.
    pub(super) lost: Vec<String>,
    /// Marks that came.
    marks: Vec<String>,
}

impl Found {
    fn take(&mut self, finding: Value) {
        if finding["rule"] != MARK_RULE {
            self.findings.push(finding);
            return;
        }
        let message = finding["message"].as_str().unwrap_or_default();
        match message.strip_prefix("opened ") {
            Some(path) => self.marks.push(path.to_owned()),
            None => self.lost.push(message.to_owned()),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_findings(stdout: impl Read, sender: &Sender<Value>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let Ok(finding) = serde_json::from_str(&line) else { continue };
        if sender.send(finding).is_err() {
            return;
        }
    }
}

/// Keeps the log in a file, and hands it over as long as somebody listens.
fn read_log(stderr: impl Read, copy: &Path, sender: &Sender<String>) {
    use std::io::Write as _;
    let mut copy = File::create(copy).ok();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some(copy) = &mut copy {
            // A log that cannot be kept keeps nobody from testing.
            let _ = writeln!(copy, "{line}");
        }
        let _ = sender.send(line);
    }
}
