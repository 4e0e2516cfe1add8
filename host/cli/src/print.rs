//! Events for people to look at: what the host saw, as JSON lines on stdout.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::Receiver;

use lanner_engine::Order;
use lanner_enrich::Enricher;
use lanner_pipeline::{Flow, Intake, Sources};
use lanner_sink::append_event;
use lanner_source::Source;
use lanner_source::record::Record;

use super::Failure;
use super::standing::{parts, say_degraded};

/// Prints all events of a source, until it ends, an order stops it, or nobody reads any more.
pub(super) fn print(source: Box<dyn Source>, orders: &Receiver<Order>) -> Result<ExitCode, Failure> {
    let enricher = Enricher::new(source.machine(), None);
    let mut printing =
        Printing { enricher, out: BufWriter::new(io::stdout()), line: Vec::new(), events: 0, read: true };
    let mut flow = Flow::new(source, orders);
    flow.take_in(&mut printing)?;
    printing.flush()?;
    tracing::info!("printed {} events, {} lost", printing.events, flow.sources().lost());
    Ok(ExitCode::SUCCESS)
}

struct Printing {
    enricher: Enricher,
    out: BufWriter<Stdout>,
    line: Vec<u8>,
    events: u64,
    /// Somebody reads.
    read: bool,
}

impl Printing {
    fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.out.flush();
        self.look_at(flushed)
    }

    /// A reader who has seen enough is no failure.
    fn look_at(&mut self, written: io::Result<()>) -> Result<(), Failure> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.read = false,
            Err(error) => return Err(format!("events cannot be written to stdout: {error}").into()),
            Ok(()) => {}
        }
        Ok(())
    }
}

impl Intake for Printing {
    type Error = Failure;

    fn has_room(&self) -> bool {
        true
    }

    fn is_heard(&self) -> bool {
        self.read
    }

    fn take(&mut self, _source: usize, record: Record) -> Result<(), Failure> {
        let Some(event) = self.enricher.take(record).filter(|_| self.read) else { return Ok(()) };
        self.line.clear();
        append_event(&event, &mut self.line);
        self.events += 1;
        let written = self.out.write_all(&self.line);
        self.look_at(written)
    }

    fn catch_up(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn pause(&mut self, _quiet: Option<u64>, _nothing: bool) -> Result<(), Failure> {
        self.flush()
    }

    fn apply(&mut self, order: Order, sources: &mut Sources, _ending: bool) -> Result<(), Failure> {
        if let Order::Tell { .. } = order {
            let lost = sources.lost();
            tracing::info!("status: printed {} events, {lost} lost", self.events);
            say_degraded(parts(sources.degraded()));
        }
        Ok(())
    }
}
