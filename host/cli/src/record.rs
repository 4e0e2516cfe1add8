//! `lanner record`: keep what happens for later.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use lanner_abi::Kind;
use lanner_engine::Order;
use lanner_pipeline::{Flow, Intake, Sources};
use lanner_source::capture::{CaptureError, CaptureWriter, Problem};
use lanner_source::record::Record;
use lanner_source::{Live, Source};
use tokio::signal::unix::{SignalKind, signal};

use super::buffer::Buffer;
use super::{Failure, duration};

/// What was recorded is on disk after this time at the latest, whatever happens to the recorder.
const FLUSH: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write
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
    let mut source = Live::start(arguments.buffer.bytes())?;
    source.want(&Kind::ALL.into_iter().collect::<BTreeSet<_>>())?;
    let writer = CaptureWriter::create(&arguments.output, source.machine(), arguments.force)?;
    let (stop, orders) = channel();
    stop_on_signal(stop, arguments.duration)?;
    let began = Instant::now();
    let path = arguments.output.display();
    tracing::info!("recording to {path}; Ctrl-C stops");
    let mut recording = Recording { writer, flushed: began };
    let mut flow = Flow::new(Box::new(source) as Box<dyn Source>, &orders);
    flow.take_in(&mut recording)?;
    let totals = recording.writer.finish()?;
    let lost = flow.sources().lost();
    tracing::info!("recorded {} events in {:.1?} to {path}, {lost} lost", totals.events, began.elapsed());
    Ok(ExitCode::SUCCESS)
}

/// Takes records in to be kept.
struct Recording {
    writer: CaptureWriter,
    flushed: Instant,
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

    fn apply(&mut self, _order: Order, _sources: &mut Sources, _ending: bool) -> Result<(), Failure> {
        Ok(()) // There are no packs.
    }
}

/// Stops it when the process is asked to end, or the time is over.
fn stop_on_signal(stop: Sender<Order>, duration: Option<Duration>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _entered = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("lanner-signals".into()).spawn(move || {
        runtime.block_on(async {
            let over = async {
                match duration {
                    Some(duration) => tokio::time::sleep(duration).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = over => {}
            }
        });
        // It may have ended by itself.
        let _ = stop.send(Order::Stop);
    })?;
    Ok(())
}
