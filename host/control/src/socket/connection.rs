//! One client of the control socket.

use std::time::Duration;

use lanner_pack::Steered;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{sleep, timeout};

use super::listen::{self, Filter};
use super::protocol::{Answer, Ask, MAX_REQUEST, Request};
use super::serve::Desk;
use super::tail::Next;
use crate::host::{PATIENCE, Turn};
use crate::status::one_line;

/// How long a client may take from one request to the next, with all of its line.
const IDLE: Duration = Duration::from_secs(60);
/// How long a client may take to read one line: a terminal may be stopped for a while.
const SLOW: Duration = Duration::from_secs(600);
/// How often it is looked whether a client is still there that has nothing more to say.
const LOOK: Duration = Duration::from_secs(1);

/// The client is gone, or does not keep to what was agreed.
struct Gone;

/// Answers a client until it goes.
pub(super) async fn attend(stream: UnixStream, desk: &Desk) {
    let (reader, writer) = stream.into_split();
    let mut client = Client { reader: BufReader::new(reader), writer, ended: false };
    // That it is gone is no news to anybody.
    let _ = client.attend(desk).await;
}

/// What is said where the pipeline is silent.
fn no_answer() -> Answer {
    Answer::error(format!("events are not judged, or not in time: no answer within {PATIENCE:?}"))
}

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// It asks for nothing more, but may still read.
    ended: bool,
}

impl Client {
    async fn attend(&mut self, desk: &Desk) -> Result<(), Gone> {
        loop {
            let line = tokio::select! {
                line = timeout(IDLE, self.line()) => line.map_err(|_| Gone)??,
                () = desk.stopping() => return self.say(&Answer::Ending).await,
            };
            let Some(line) = line else { return Ok(()) };
            let ask = match Request::parse(&line) {
                Ok(request) => request.ask,
                Err(sentence) => {
                    self.say(&Answer::error(sentence)).await?;
                    continue;
                }
            };
            match ask {
                Ask::Status => self.say_status(desk).await?,
                Ask::Watch { every_ms } => return self.watch(desk, Duration::from_millis(every_ms)).await,
                Ask::Tail => return self.tail(desk).await,
                Ask::Reload => {
                    desk.inquiry.host().reload();
                    self.say(&Answer::Reloading).await?;
                }
                Ask::Release { pack } => self.release(desk, pack).await?,
                Ask::Rollback { pack } => {
                    tracing::info!(
                        "{} asks for the version before of pack {} at the control socket",
                        self.who(),
                        one_line(&pack)
                    );
                    let said = |Steered { pack, now, .. }| Answer::RolledBack { pack, version: now };
                    self.steer(desk, Turn::RollBack(pack), said).await?;
                }
                Ask::Shadow { path } => {
                    tracing::info!(
                        "{} asks for {} to run in the shadow, at the control socket",
                        self.who(),
                        one_line(&path)
                    );
                    let said = |Steered { pack, before, now }| Answer::Shadowing { pack, version: now, beside: before };
                    self.steer(desk, Turn::Shadow(path.into()), said).await?;
                }
                Ask::Unshadow { pack } => {
                    tracing::info!("{} ends the shadow of pack {} at the control socket", self.who(), one_line(&pack));
                    let said = |Steered { pack, .. }| Answer::Unshadowed { pack };
                    self.steer(desk, Turn::Unshadow(pack), said).await?;
                }
                Ask::Promote { pack } => {
                    tracing::info!(
                        "{} promotes the shadow of pack {} at the control socket",
                        self.who(),
                        one_line(&pack)
                    );
                    let said = |Steered { pack, before, now }| Answer::Promoted { pack, version: now, before };
                    self.steer(desk, Turn::Promote(pack), said).await?;
                }
                Ask::Apply { paths, dry_run } => {
                    if !dry_run {
                        tracing::info!(
                            "{} asks for other rules at the control socket: {}",
                            self.who(),
                            one_line(&paths.join(", "))
                        );
                    }
                    let applied = desk.inquiry.apply(paths, dry_run).await;
                    self.say(&applied.map_or_else(Answer::error, Answer::Applied)).await?;
                }
                Ask::Events(sought) => match Filter::new(&sought) {
                    Ok(filter) => return self.listen(desk, filter).await,
                    Err(sentence) => self.say(&Answer::error(sentence)).await?,
                },
            }
        }
    }

    async fn steer(&mut self, desk: &Desk, turn: Turn, said: impl FnOnce(Steered) -> Answer) -> Result<(), Gone> {
        let steered = desk.inquiry.steer(turn).await;
        self.say(&steered.map_or_else(Answer::error, said)).await
    }

    /// The next line; none where no more come.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, Gone> {
        let mut line = Vec::new();
        let room = MAX_REQUEST as u64 + 1;
        let read = (&mut self.reader).take(room).read_until(b'\n', &mut line).await.map_err(|_| Gone)?;
        if read == 0 {
            return Ok(None);
        }
        if line.len() > MAX_REQUEST {
            let sentence = format!("a request may have {MAX_REQUEST} bytes, and this one has more");
            self.say(&Answer::error(sentence)).await?;
            return Err(Gone);
        }
        Ok(Some(line))
    }

    async fn say(&mut self, answer: &Answer) -> Result<(), Gone> {
        self.write(&answer.line()).await
    }

    async fn write(&mut self, line: &[u8]) -> Result<(), Gone> {
        timeout(SLOW, self.writer.write_all(line)).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    async fn say_status(&mut self, desk: &Desk) -> Result<(), Gone> {
        let answer = match desk.inquiry.report().await {
            Some(report) => Answer::Status(Box::new((*report).clone())),
            None => no_answer(),
        };
        self.say(&answer).await
    }

    async fn watch(&mut self, desk: &Desk, every: Duration) -> Result<(), Gone> {
        loop {
            self.say_status(desk).await?;
            tokio::select! {
                () = sleep(every) => {}
                gone = self.goes() => return gone,
                () = desk.stopping() => return self.say(&Answer::Ending).await,
            }
        }
    }

    async fn tail(&mut self, desk: &Desk) -> Result<(), Gone> {
        let queue = desk.followers.follow();
        self.say(&Answer::Tailing).await?;
        loop {
            let next = tokio::select! {
                next = queue.next() => next,
                gone = self.goes() => return gone,
            };
            match next {
                Some(Next::Line(line)) => self.write(&line).await?,
                Some(Next::LeftOut(findings)) => self.say(&Answer::LeftOut { findings, events: 0 }).await?,
                None => return self.say(&Answer::Ending).await,
            }
        }
    }

    /// Lets a pack go on; the log says who asked for it.
    async fn release(&mut self, desk: &Desk, pack: String) -> Result<(), Gone> {
        let answer = match desk.inquiry.release(&pack).await {
            Some(true) => {
                tracing::info!("pack {pack} is let go on, as {} asked for it at the control socket", self.who());
                Answer::Released { pack }
            }
            Some(false) => Answer::error(match desk.inquiry.report().await {
                Some(report) if report.packs.is_empty() => format!("there is no pack {pack:?}: none runs"),
                Some(report) => {
                    let packs: Vec<&str> = report.packs.iter().map(|pack| &*pack.name).collect();
                    format!("there is no pack {pack:?}; those that run are {}", packs.join(", "))
                }
                None => format!("there is no pack {pack:?}: `lanner status` says which run"),
            }),
            None => no_answer(),
        };
        self.say(&answer).await
    }

    async fn listen(&mut self, desk: &Desk, filter: Filter) -> Result<(), Gone> {
        let Filter { interest, programs } = filter;
        let mut lines = match listen::lines(desk.inquiry.host().listen(interest), programs) {
            Ok(lines) => lines,
            Err(error) => {
                let sentence = format!("the host has no thread for one more who listens ({error}): try again later");
                return self.say(&Answer::error(sentence)).await;
            }
        };
        self.say(&Answer::Listening).await?;
        loop {
            let next = tokio::select! {
                next = lines.recv() => next,
                gone = self.goes() => return gone,
            };
            match next {
                Some(lines) => self.write(&lines).await?,
                None => return self.say(&Answer::Ending).await,
            }
        }
    }

    /// Who the kernel says it is (unix(7): SO_PEERCRED).
    fn who(&self) -> String {
        let stream: &UnixStream = self.writer.as_ref();
        match stream.peer_cred() {
            Ok(peer) => {
                let pid = peer.pid().map_or_else(|| "not known here".to_owned(), |pid| pid.to_string());
                format!("uid {} (pid {pid})", peer.uid())
            }
            Err(error) => format!("somebody ({error})"),
        }
    }

    /// Until the client is gone; it may end what it says and go on reading, but not ask for more.
    async fn goes(&mut self) -> Result<(), Gone> {
        if !self.ended {
            if self.reader.read_u8().await.is_ok() {
                let sentence = "what is asked for here goes on until the connection is closed: ask for more in another";
                return self.say(&Answer::error(sentence)).await;
            }
            self.ended = true;
        }
        while self.is_there() {
            sleep(LOOK).await;
        }
        Err(Gone)
    }

    /// Whether the other end is still open: what is closed on both sides hangs up (poll(2)).
    fn is_there(&self) -> bool {
        let stream: &UnixStream = self.writer.as_ref();
        let mut looked = [PollFd::new(stream, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut looked, Some(&now)).is_ok() && !looked[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
    }
}
