//! The other end of the control socket: asks a running host.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::protocol::{Answer, Ask, Request, Sought};
use crate::host::PATIENCE;
use crate::status::Report;

/// How long an answer may take: longer than the host waits for its pipeline.
const ANSWER: Duration = PATIENCE.saturating_mul(2);
/// Bytes of a line that answers, at most: some thousand packs.
const MAX_ANSWER: u64 = 64 << 20;

/// Why a host could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody is there.
    #[error("no host runs here: nobody listens at {0}; start one with `lanner run`, or name its socket with --control")]
    Nobody(String),
    /// Not root.
    #[error("{0} may only be opened by root, or by the user who runs the host: try `sudo lanner …`")]
    NotAllowed(String),
    /// The host says no.
    #[error("the host says: {0}")]
    Refused(String),
    /// The host ends.
    #[error("the host at {0} has ended")]
    Ended(String),
    /// No answer.
    #[error("the host at {path} does not answer: {error}")]
    Silent {
        /// Its socket.
        path: String,
        /// What happened.
        error: io::Error,
    },
    /// Not a host of this protocol.
    #[error("what answers at {path} is no host of this version: {error}")]
    Foreign {
        /// Its socket.
        path: String,
        /// What it said.
        error: String,
    },
}

/// Ends a connection from another thread.
pub struct HangUp(UnixStream);

impl HangUp {
    /// Ends it: what has come can still be taken, and then the host has ended for who waits.
    pub fn hang_up(&self) {
        // It may have ended by itself.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// A connection to a running host.
pub struct Client {
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects to the host whose socket this is.
    ///
    /// # Errors
    /// Nobody listens there, or not to us.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let shown = path.display().to_string();
        let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::Nobody(shown.clone()),
            io::ErrorKind::PermissionDenied => ClientError::NotAllowed(shown.clone()),
            _ => ClientError::Silent { path: shown.clone(), error },
        })?;
        let limited = stream.set_read_timeout(Some(ANSWER)).and_then(|()| stream.set_write_timeout(Some(ANSWER)));
        limited.map_err(|error| ClientError::Silent { path: shown, error })?;
        Ok(Self { path: path.to_owned(), stream: BufReader::new(stream) })
    }

    /// Asks for something; the answers come with [`answer`](Self::answer).
    ///
    /// # Errors
    /// The host takes nothing.
    pub fn ask(&mut self, ask: Ask) -> Result<(), ClientError> {
        let mut line = serde_json::to_vec(&Request::new(ask)).unwrap_or_default();
        line.push(b'\n');
        match self.stream.get_mut().write_all(&line) {
            // It may have said why before it closed.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.silent(error)),
            _ => Ok(()),
        }
    }

    /// Waits for the next answer.
    ///
    /// # Errors
    /// None comes, or the answer is that what was asked for is not done.
    pub fn answer(&mut self) -> Result<Answer, ClientError> {
        self.answer_in(&mut Vec::new())
    }

    /// Waits for the next answer, and gives its line too, as it came.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn answer_in(&mut self, line: &mut Vec<u8>) -> Result<Answer, ClientError> {
        line.clear();
        let read = (&mut self.stream).take(MAX_ANSWER).read_until(b'\n', line);
        match read {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(self.ended()),
            Err(error) => Err(self.silent(error)),
            Ok(0) => Err(self.ended()),
            Ok(_) => match serde_json::from_slice(line) {
                Ok(Answer::Error { error }) => Err(ClientError::Refused(error)),
                Ok(Answer::Ending) => Err(self.ended()),
                Ok(answer) => Ok(answer),
                Err(error) => Err(self.foreign(error.to_string())),
            },
        }
    }

    /// Waits for a status, whatever else comes before.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn status(&mut self) -> Result<Report, ClientError> {
        loop {
            if let Answer::Status(report) = self.answer()? {
                return Ok(*report);
            }
        }
    }

    /// Waits until other rules are in place, which takes as long as it takes to compile them.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn applied(&mut self) -> Result<lanner_pack::apply::Report, ClientError> {
        self.stream.get_ref().set_read_timeout(None).map_err(|error| self.silent(error))?;
        loop {
            if let Answer::Applied(report) = self.answer()? {
                return Ok(report);
            }
        }
    }

    /// Waits until a pack is steered, which takes as long as it takes to compile it: for the first answer that tells of it.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn steered<T>(&mut self, told: impl Fn(Answer) -> Option<T>) -> Result<T, ClientError> {
        self.stream.get_ref().set_read_timeout(None).map_err(|error| self.silent(error))?;
        loop {
            if let Some(told) = told(self.answer()?) {
                return Ok(told);
            }
        }
    }

    /// Waits until events are sent; from then on it may be long until one comes. Gives what ends that.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub fn listen(&mut self, sought: Sought) -> Result<HangUp, ClientError> {
        self.ask(Ask::Events(sought))?;
        while self.answer()? != Answer::Listening {}
        let stream = self.stream.get_ref();
        let patient = stream.set_read_timeout(None).and_then(|()| stream.try_clone());
        patient.map(HangUp).map_err(|error| self.silent(error))
    }

    /// Whether more has come than was taken.
    pub fn has_more(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn ended(&self) -> ClientError {
        ClientError::Ended(self.shown())
    }

    fn silent(&self, error: io::Error) -> ClientError {
        ClientError::Silent { path: self.shown(), error }
    }

    fn foreign(&self, error: String) -> ClientError {
        ClientError::Foreign { path: self.shown(), error }
    }
}
