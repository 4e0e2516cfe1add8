//! A program that is fed lines.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lanner_spool::Record;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::records::open::OpenError;
use crate::records::settings::Exec as Settings;
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// How long a program that is to end may take, before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct Exec {
    settings: Settings,
    written: Written,
    child: Option<Running>,
}

impl Exec {
    pub(crate) fn open(settings: Settings, written: Written) -> Result<Self, OpenError> {
        match settings.command.first() {
            None => Err(OpenError::Wrong("`command` is empty: it is a program's path and its arguments".to_owned())),
            Some(program) if !program.starts_with('/') => {
                let text = format!("{program:?} is no absolute path: which program it is must not depend on PATH");
                Err(OpenError::Wrong(text))
            }
            Some(_) => Ok(Self { settings, written, child: None }),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let ended = self.child.as_mut().and_then(Running::ended);
        if let Some(ended) = ended {
            self.child = None;
            return Err(ended);
        }
        if self.child.is_none() {
            self.child = Some(Running::start(&self.settings.command).map_err(|error| error.to_string())?);
        }
        let Some(child) = &mut self.child else { return Ok(()) };
        child.write(bytes, self.settings.timeout).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => child.ended_soon(),
            io::ErrorKind::TimedOut => {
                format!("it does not read within {:?}, and is started anew", self.settings.timeout)
            }
            _ => error.to_string(),
        })
    }
}

impl Place for Exec {
    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let mut bytes = Vec::new();
        for record in records {
            bytes.extend_from_slice(&self.written.of(record));
            bytes.push(b'\n');
        }
        self.write(&bytes).map_err(|why| {
            // Half a line is never gone on with: another one begins.
            self.child = None;
            Refusal::later(format!("{}: {why}", self.settings.command[0]))
        })?;
        Ok(Answer::default())
    }

    fn reopen(&mut self) {
        self.child = None;
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(child) = self.child.take() else { return Ok(()) };
        child.end(self.settings.timeout).map_err(|why| format!("{}: {why}", self.settings.command[0]))
    }
}

/// The program. It is told to end by the end of its input when this is dropped.
struct Running(Child);

impl Running {
    fn start(command: &[String]) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let running = Self(child);
        if let Some(stdin) = running.stdin() {
            // This end alone does not wait.
            let flags = rustix::fs::fcntl_getfl(stdin)?;
            rustix::fs::fcntl_setfl(stdin, flags | OFlags::NONBLOCK)?;
        }
        Ok(running)
    }

    fn stdin(&self) -> Option<BorrowedFd<'_>> {
        self.0.stdin.as_ref().map(|stdin| stdin.as_fd())
    }

    /// How it ended, if it did.
    fn ended(&mut self) -> Option<String> {
        match self.0.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("it ended ({status})")),
            Err(error) => Some(error.to_string()),
        }
    }

    /// The same of one that does not read any more: it ends, or is ended.
    fn ended_soon(&mut self) -> String {
        let end = Instant::now() + GRACE;
        loop {
            match self.ended() {
                Some(ended) => return ended,
                None if Instant::now() > end => return "it closed its input".to_owned(),
                None => std::thread::sleep(LOOK),
            }
        }
    }

    /// Tells it to end, and waits until it has.
    fn end(mut self, timeout: Duration) -> Result<(), String> {
        drop(self.0.stdin.take());
        let end = Instant::now() + timeout;
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("it ended ({status})")),
                Ok(None) if Instant::now() > end => {
                    return Err(format!("its input has ended, and it goes on for more than {timeout:?}"));
                }
                Ok(None) => std::thread::sleep(LOOK),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn write(&self, mut bytes: &[u8], timeout: Duration) -> io::Result<()> {
        let Some(stdin) = self.stdin() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let end = Instant::now() + timeout;
        while !bytes.is_empty() {
            match rustix::io::write(stdin, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    let left = Timespec::try_from(left).map_err(io::Error::other)?;
                    match poll(&mut [PollFd::new(&stdin, PollFlags::OUT)], Some(&left)) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let end = Instant::now() + GRACE;
        while matches!(self.0.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::records::tests::record;

    fn exec(script: &str, timeout: &str) -> Exec {
        let text = format!("command = [\"/bin/sh\", \"-c\", {script:?}]\ntimeout = {timeout:?}");
        Exec::open(toml::from_str(&text).expect("settings"), Written::default()).expect("it opens")
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).expect("text")
    }

    #[test]
    fn it_is_fed_lines_and_ends_with_its_input() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let mut exec = exec(&format!("cat > {}", out.display()), "60s");
        for number in 0..3 {
            exec.send(&[record(number, &json!({ "number": number }))]).expect("taken");
        }
        drop(exec);
        assert_eq!(text(&out), "{\"number\":0}\n{\"number\":1}\n{\"number\":2}\n");
    }

    #[test]
    fn one_that_ends_is_said_and_started_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let mut exec = exec(&format!("read line; echo \"$line\" >> {}; exit 3", out.display()), "60s");
        let one = |number: u64| record(number, &json!({ "number": number }));
        exec.send(&[one(1)]).expect("it is in the pipe");
        let refusal = loop {
            match exec.send(&[one(2)]) {
                // It has not ended yet.
                Ok(_) => std::thread::yield_now(),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(refusal.why(), "/bin/sh: it ended (exit status: 3)");
        exec.send(&[one(3)]).expect("another one takes it");
        drop(exec);
        assert_eq!(text(&out), "{\"number\":1}\n{\"number\":3}\n");
    }

    #[test]
    fn one_that_does_not_read_is_not_waited_for_for_ever() {
        let mut exec = exec("exec sleep 600", "50ms");
        // More than a pipe holds.
        let long = record(1, &json!({ "message": "x".repeat(1 << 20) }));
        let refusal = exec.send(&[long]).expect_err("nobody reads it");
        assert_eq!(refusal.why(), "/bin/sh: it does not read within 50ms, and is started anew");
    }

    #[test]
    fn what_a_program_says_at_its_end_is_what_a_try_says() {
        let tried = |script: &str| {
            let mut exec = exec(script, "60s");
            exec.send(&[record(1, &json!({}))]).expect("it is in the pipe");
            exec.end()
        };
        assert_eq!(tried("cat > /dev/null"), Ok(()));
        assert_eq!(tried("cat > /dev/null; exit 4"), Err("/bin/sh: it ended (exit status: 4)".to_owned()));
        let mut slow = exec("exec sleep 600", "50ms");
        slow.send(&[record(1, &json!({}))]).expect("it is in the pipe");
        assert_eq!(slow.end(), Err("/bin/sh: its input has ended, and it goes on for more than 50ms".to_owned()));
    }

    #[test]
    fn a_program_is_named_by_its_path() {
        for command in ["[]", "[\"sh\"]"] {
            let settings = toml::from_str(&format!("command = {command}")).expect("settings");
            assert!(matches!(Exec::open(settings, Written::default()), Err(OpenError::Wrong(_))), "{command}");
        }
    }
}
