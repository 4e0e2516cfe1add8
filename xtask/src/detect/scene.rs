//! Where a case happens: namespaces and folders that are thrown away (`tests/detect/scene.sh` sets them up).

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::case::{Case, Place};

/// Only what hangs takes longer.
const PATIENCE: Duration = Duration::from_secs(180);
/// The shell's way to say that a program was not found, or could not be run.
const NOT_RUN: [i32; 2] = [126, 127];
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a container is called.
const CONTAINER: &str = "de7ec70000000000000000000000000000000000000000000000000000000000";

/// What is the same for all scenes.
pub(super) struct Stage {
    /// `tests/detect`.
    corpus: PathBuf,
    /// A folder of our own.
    folder: PathBuf,
    /// This program: it is the internet of scenes.
    own: PathBuf,
}

/// What came of a case.
pub(super) struct Outcome {
    /// By what findings are told to be about it; nothing where it was not done.
    pub(super) trace: Option<Trace>,
    /// What it ended with, where that says that it was not done.
    pub(super) failed: Option<String>,
    /// What it wrote.
    pub(super) said: String,
}

impl Stage {
    /// Plants what scenes have: a user, keys, logs, documents.
    pub(super) fn new(corpus: &Path, folder: &Path) -> Result<Self> {
        let own = std::env::current_exe().context("the path of this program")?;
        let stage = Self { corpus: corpus.to_owned(), folder: folder.to_owned(), own };
        let planted = Command::new("sh").arg(corpus.join("plant.sh")).arg(folder.join("planted")).status()?;
        ensure!(planted.success(), "tests/detect/plant.sh failed");
        Ok(stage)
    }

    /// Runs the case.
    pub(super) fn run(&self, case: &Case) -> Result<Outcome> {
        let folder = self.folder.join("scene");
        clear(&folder)?;
        fs::create_dir_all(folder.join("srv")).with_context(|| folder.display().to_string())?;
        let built = case.source().map(|source| compile(&source, &folder.join("srv/built"))).transpose();
        if let Err(error) = built {
            let failed = Some(format!("{error:#}"));
            return Ok(Outcome { trace: None, failed, said: String::new() });
        }
        let mut scene = Scene::start(self, case, &folder)?;
        let acted = scene.wait_for("ready").and_then(|_| {
            let (pid, namespace) = (scene.child.id(), scene.namespace());
            let trace = Trace { from_ns: now_ns(), until_ns: u64::MAX, pid, namespace };
            scene.go()?;
            let status = scene.wait_for("done")?.parse::<i32>().context("the status of a case is a number")?;
            Ok((trace, status))
        });
        scene.end();
        let ended_ns = now_ns();
        let own = if case.place == Place::Host { "srv/out" } else { "own/srv/out" };
        let said = String::from_utf8_lossy(&fs::read(folder.join(own)).unwrap_or_default()).into_owned();
        clear(&folder)?;
        // One scene that breaks does not keep others from being set.
        let (trace, status) = match acted {
            Ok(acted) => acted,
            Err(error) => return Ok(Outcome { trace: None, failed: Some(format!("{error:#}")), said }),
        };
        let failed = NOT_RUN.contains(&status).then(|| last_lines(&said));
        if status != 0 {
            eprintln!("    ended with {status}: {}", last_lines(&said));
        }
        Ok(Outcome { trace: Some(Trace { until_ns: ended_ns, ..trace }), failed, said })
    }

    /// Whether a finding is about what was done in a scene; `next_ns` is when the next case began. What a rule finds as time
    /// goes by may come after its end.
    pub(super) fn is_of(&self, finding: &Value, trace: &Trace, next_ns: u64) -> bool {
        let process = &finding["process"];
        let mut line = finding["lineage"].as_array().into_iter().flatten();
        let is_of_scene = line.any(|ancestor| ancestor["pid"] == trace.pid)
            || trace.namespace.is_some_and(|namespace| process["namespaces"]["pid"] == namespace);
        let time_ns = finding["time_ns"].as_u64().unwrap_or_default();
        let until_ns = if finding["event"].is_null() { next_ns } else { trace.until_ns };
        is_of_scene && (trace.from_ns..until_ns).contains(&time_ns) && process["exe"] != *self.own.to_string_lossy()
    }
}

/// By what findings are told to be about a case.
pub(super) struct Trace {
    /// When it began, ns since 1970.
    pub(super) from_ns: u64,
    /// When all of it had ended.
    until_ns: u64,
    /// The process that its others descend from.
    pid: u32,
    /// The pid namespace of its scene. Its number may be used again.
    namespace: Option<u64>,
}

fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// A script that is set up, and waits for its turn.
struct Scene {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    place: Place,
}

impl Scene {
    fn start(stage: &Stage, case: &Case, folder: &Path) -> Result<Self> {
        let script = fs::read_to_string(&case.script).with_context(|| case.script.display().to_string())?;
        let mut command = Command::new("setsid");
        if case.place != Place::Host {
            command.args(["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]);
            command.arg("--mount-proc");
        }
        let own = case.script.file_name().context("a script has a name")?;
        fs::copy(&case.script, folder.join("srv").join(own)).with_context(|| case.script.display().to_string())?;
        command.arg("sh").arg(stage.corpus.join("scene.sh")).arg(own).args(interpreter(&script));
        let place = match case.place {
            Place::Host => "host",
            Place::Namespace => "namespace",
            Place::Container => "container",
        };
        command
            .env_clear()
            .envs([("PATH", PATH), ("LANG", "C.UTF-8"), ("TERM", "dumb"), ("SHELL", "/bin/sh")])
            .envs([("DETECT_PLACE", place), ("DETECT_WRITES", &case.writes.join(" "))])
            .env("DETECT_AS", if case.unprivileged { "ann" } else { "root" })
            .env("DETECT_TTY", if case.terminal { "yes" } else { "" })
            .env("DETECT_DISK", if case.disk { "yes" } else { "" })
            .env("DETECT_SCENE", folder)
            .env("DETECT_CONTAINER", CONTAINER)
            .env("DETECT_PLANTED", stage.folder.join("planted"))
            .env("DETECT_INTERNET", &stage.own);
        let mut child = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("setsid of util-linux is missing")?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().context("its stdout is a pipe")?);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Ok(Self { child, stdin, lines, place: case.place })
    }

    /// Waits until it says this; gives what it says after it.
    fn wait_for(&self, what: &str) -> Result<String> {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                bail!("is not {what}: it has ended, or hangs for {PATIENCE:?}");
            };
            if let Some(rest) = line.strip_prefix(what) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    fn go(&mut self) -> Result<()> {
        let mut stdin = self.stdin.take().context("it was told already")?;
        stdin.write_all(b"go\n").context("it does not listen")
    }

    /// The pid namespace that it has made, by its inode number.
    fn namespace(&self) -> Option<u64> {
        if self.place == Place::Host {
            return None;
        }
        let link = fs::read_link(format!("/proc/{}/ns/pid_for_children", self.child.id())).ok()?;
        link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.parse().ok()
    }

    /// Ends it, and with its namespace whatever it has left.
    fn end(&mut self) {
        // It has ended, unless it hangs.
        if self.lines.recv_timeout(PATIENCE / 10).is_ok() || !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        if self.place == Place::Container {
            remove_control_group();
        }
    }
}

/// Removes what a case in a container ran in: that only its scene could make, and only from outside can it go.
fn remove_control_group() {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let unified = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let place = words.next()?;
        (words.next() == Some("cgroup2")).then(|| Path::new(place).join("docker"))
    });
    for folder in unified.take(1) {
        // The folder above stays where somebody else has a container in it.
        let _ = fs::remove_dir(folder.join(CONTAINER)).and_then(|()| fs::remove_dir(&folder));
    }
}

/// What the first line of a script says runs it.
fn interpreter(script: &str) -> Vec<&str> {
    let line = script.lines().next().and_then(|line| line.strip_prefix("#!"));
    let words = line.unwrap_or("/bin/sh").split_whitespace();
    words.map(|word| word.rsplit('/').next().unwrap_or(word)).filter(|word| *word != "env").collect()
}

fn compile(source: &Path, program: &Path) -> Result<()> {
    let output = Command::new("cc").args(["-O1", "-w", "-o"]).arg(program).arg(source).arg("-lpthread").output();
    let output = output.context("cc cannot be run")?;
    ensure!(output.status.success(), "{}: {}", source.display(), last_lines(&String::from_utf8_lossy(&output.stderr)));
    Ok(())
}

/// Removes a folder, whatever it has in it.
fn clear(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    if fs::remove_dir_all(folder).is_err() {
        // Files may have been made immutable.
        Command::new("chattr").args(["-R", "-i", "-a"]).arg(folder).stderr(Stdio::null()).status()?;
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().rev().take(2).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_a_script() {
        assert_eq!(interpreter("#!/usr/bin/env python3\n"), ["python3"]);
        assert_eq!(interpreter("#!/usr/bin/perl -w\n"), ["perl", "-w"]);
        assert_eq!(interpreter("# title: x\n"), ["sh"]);
    }
}
