//! `lanner record`: keep what happens for later.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use lanner_abi::Kind;
use lanner_contract::Wanted;
use lanner_engine::Order;
use lanner_pipeline::{Flow, Intake, Sources};
use lanner_source::capture::{CaptureError, CaptureWriter, Problem};
use lanner_source::record::{Machine, Record};
use lanner_source::{Live, Source};

use super::buffer::Buffer;
use super::print;
use super::signals::{Asked, Asks, Signals};
use super::standing::{parts, say_degraded};
use super::{Failure, duration};

/// What was recorded is on disk after this time at the latest, whatever happens to the recorder.
const FLUSH: Duration = Duration::from_secs(1);

/// Instead of a file: events are printed. A file of that name is `./events`.
const EVENTS: &str = "events";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write; `events` prints them as JSON lines instead
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file where it exists
    #[arg(long)]
    force: bool,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    buffer: Buffer,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let signals = Signals::listen()?;
    let mut source = Live::start(arguments.buffer.bytes())?;
    source.want_at_once(&Kind::ALL.map(|kind| Wanted { kind, condition: None }))?;
    let (orders, obeyed) = channel();
    if arguments.output.as_os_str() == EVENTS {
        obey_signals(signals, orders, arguments.duration)?;
        tracing::info!("printing events; Ctrl-C stops");
        return print::print(Box::new(source), &obeyed);
    }
    let writer = CaptureWriter::create(&arguments.output, source.machine(), arguments.force)?;
    obey_signals(signals, orders, arguments.duration)?;
    let began = Instant::now();
    let path = arguments.output.display();
    tracing::info!("recording to {path}; Ctrl-C stops");
    say_degraded(parts(source.degraded()));
    let machine = source.machine().clone();
    let mut recording =
        Recording { writer, path: arguments.output.clone(), machine, earlier: 0, began, flushed: began };
    let mut flow = Flow::new(Box::new(source) as Box<dyn Source>, &obeyed);
    flow.take_in(&mut recording)?;
    let aside = if recording.writer.is_in_place() { "" } else { " (it was moved aside)" };
    let events = recording.earlier + recording.writer.finish()?.events;
    let lost = flow.sources().lost();
    tracing::info!("recorded {events} events in {:.1?} to {path}{aside}, {lost} lost", began.elapsed());
    Ok(ExitCode::SUCCESS)
}

/// Takes records in to be kept.
struct Recording {
    writer: CaptureWriter,
    path: PathBuf,
    machine: Machine,
    /// Events in the files that were moved aside.
    earlier: u64,
    began: Instant,
    flushed: Instant,
}

impl Recording {
    /// Begins a new file where the last one was moved aside; that one is whole then.
    fn reopen(&mut self, sources: &mut Sources) -> Result<(), Failure> {
        let path = self.path.display();
        self.writer.flush_block()?;
        if self.writer.is_in_place() {
            tracing::info!("{path} was not moved aside: recording goes on in it");
            return Ok(());
        }
        let writer = match CaptureWriter::create(&self.path, &self.machine, false) {
            Ok(writer) => writer,
            Err(error) => {
                tracing::error!(
                    "no new recording is begun: {error}; the one that was moved goes on, until the next SIGHUP"
                );
                return Ok(());
            }
        };
        self.earlier += std::mem::replace(&mut self.writer, writer).finish()?.events;
        tracing::info!("{path} was moved aside, or removed, and is whole: a new recording is begun");
        Ok(sources.begin_anew()?)
    }
}

impl Intake for Recording {
    type Error = Failure;

    fn has_room(&self) -> bool {
        true
    }

    fn is_heard(&self) -> bool {
        true
    }

    fn take(&mut self, _source: usize, record: Record) -> Result<(), Failure> {
        match self.writer.record(&record) {
            // One record that cannot be kept is no reason to keep none.
            Err(CaptureError { problem: Problem::Record(problem), .. }) => {
                tracing::warn!("a record is left out: {problem}");
                Ok(())
            }
            written => Ok(written?),
        }
    }

    fn catch_up(&mut self) -> Result<(), Failure> {
        if self.flushed.elapsed() >= FLUSH {
            self.writer.flush_block()?;
            self.flushed = Instant::now();
        }
        Ok(())
    }

    fn pause(&mut self, _quiet: Option<u64>, _nothing: bool) -> Result<(), Failure> {
        Ok(())
    }

    fn apply(&mut self, order: Order, sources: &mut Sources, ending: bool) -> Result<(), Failure> {
        match order {
            Order::Reopen if !ending => self.reopen(sources)?,
            Order::Tell { .. } => {
                let events = self.earlier + self.writer.progress().events;
                let lost = sources.lost();
                tracing::info!("status: recording for {:.0?}; {events} events, {lost} lost", self.began.elapsed());
                say_degraded(parts(sources.degraded()));
            }
            // There are no packs.
            _ => {}
        }
        Ok(())
    }
}

/// Has done what signals ask for, and stops it when the time is over.
fn obey_signals(signals: Signals, orders: Sender<Order>, duration: Option<Duration>) -> Result<(), Failure> {
    // A time that no clock can tell never comes.
    let end = duration.and_then(|duration| Instant::now().checked_add(duration));
    let obey = async move |asks: &mut Asks| {
        let over = async {
            match end {
                Some(end) => tokio::time::sleep_until(end.into()).await,
                None => std::future::pending().await,
            }
        };
        let asked = async {
            loop {
                let order = match asks.next().await {
                    Asked::Stop => return,
                    Asked::Reload => Order::Reopen,
                    Asked::Status => Order::Tell { reply: channel().0 },
                };
                // It may have ended by itself.
                let _ = orders.send(order);
            }
        };
        tokio::select! {
            () = asked => {}
            () = over => {}
        }
        let _ = orders.send(Order::Stop);
        // A second one: what has arrived is not written any more.
        while asks.next().await != Asked::Stop {}
        let _ = orders.send(Order::GiveUp);
    };
    let signals = signals.and_ends()?;
    std::thread::Builder::new().name("lanner-signals".into()).spawn(move || signals.serve(obey))?;
    Ok(())
}
