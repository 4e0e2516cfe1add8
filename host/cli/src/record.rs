//! `lanner record`: keep what happens for later.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lanner_probes::ProbeKind;
use lanner_source::capture::{CaptureError, CaptureWriter, Problem};
use lanner_source::record::Record;
use lanner_source::{Drained, Live, Source as _};
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
    source.want(&ProbeKind::ALL.into_iter().collect::<BTreeSet<_>>())?;
    let mut writer = CaptureWriter::create(&arguments.output, source.machine(), arguments.force)?;
    let stop = stop_on_signal()?;
    let began = Instant::now();
    let mut flushed = began;
    let path = arguments.output.display();
    tracing::info!("recording to {path}; Ctrl-C stops");
    let mut stopping = false;
    loop {
        if !stopping
            && (stop.load(Ordering::SeqCst) || arguments.duration.is_some_and(|limit| began.elapsed() >= limit))
        {
            // What has arrived is kept, and that is all.
            source.close()?;
            stopping = true;
        }
        let mut kept = Ok(());
        let drained = source.drain(&mut |record| keep(&mut writer, &record, &mut kept))?;
        kept?;
        if stopping {
            if drained != Drained::Some {
                break;
            }
            continue;
        }
        if flushed.elapsed() >= FLUSH {
            writer.flush_block()?;
            flushed = Instant::now();
        }
        source.wait(drained, Duration::from_millis(100))?;
    }
    let mut kept = Ok(());
    source.finish(&mut |record| keep(&mut writer, &record, &mut kept))?;
    kept?;
    let totals = writer.finish()?;
    let lost = source.lost();
    tracing::info!("recorded {} events in {:.1?} to {path}, {lost} lost", totals.events, began.elapsed());
    Ok(ExitCode::SUCCESS)
}

/// Writes a record; no more are taken once one cannot be written.
fn keep(writer: &mut CaptureWriter, record: &Record, kept: &mut Result<(), CaptureError>) -> ControlFlow<()> {
    match writer.record(record) {
        Ok(()) => return ControlFlow::Continue(()),
        // One record that cannot be kept is no reason to keep none.
        Err(CaptureError { problem: Problem::Record(problem), .. }) => {
            tracing::warn!("a record is left out: {problem}");
            return ControlFlow::Continue(());
        }
        Err(error) => *kept = Err(error),
    }
    ControlFlow::Break(())
}

/// Becomes true when the process is asked to end.
fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _entered = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("lanner-signals".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        told.store(true, Ordering::SeqCst);
    })?;
    Ok(stop)
}
