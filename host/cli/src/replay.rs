//! `lanner replay`: judge what a capture file holds.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::Instant;

use lanner_abi::Text;
use lanner_finding::{Findings, Labels};
use lanner_pipeline::Pipeline;
use lanner_sink::{Behind, Delivery};
use lanner_source::{Replay, Source};

use super::Failure;
use super::colour::Colour;
use super::output::Output;
use super::print;
use super::rules::{Loading, Ready, Rules, summary};
use super::store::Keeping;
use super::tuning;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The capture
    #[arg(value_name = "FILE")]
    capture: PathBuf,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    keeping: Keeping,
    #[command(flatten)]
    tuning: tuning::Options,
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    if arguments.output.is_events() {
        let source = Replay::open(&arguments.capture)?;
        // Nobody gives orders; the sender only has to live.
        let (_orders, obeyed) = channel();
        return print::print(Box::new(source), &obeyed);
    }
    let Ready { engine, verdicts, remote: _in_use, .. } = arguments.rules.load(Loading::default())?;
    let source = Replay::open(&arguments.capture)?;
    let mut sinks = arguments.output.open(&source.machine().hostname, &Labels::default(), colour)?;
    sinks.extend(arguments.keeping.open(&source.machine().hostname, &Labels::default(), false)?);
    let tuned = arguments.tuning.open(&source.machine().hostname, &Labels::default(), false)?;
    let path = arguments.capture.display();
    let hostname = Text::from(source.machine().hostname.as_str());
    tracing::info!("replaying {path}, recorded on {hostname}, with {}", summary(engine.packs().map(|(_, pack)| pack)));
    let delivery = Delivery::start(tuned.tune(Findings::from(verdicts)), sinks, Behind::Wait, None)?;
    let began = Instant::now();
    // Nobody gives orders; the sender only has to live.
    let (_orders, obeyed) = channel();
    let totals = Pipeline::new(Box::new(source) as Box<dyn Source>, engine, None)?.run(&obeyed);
    let findings = delivery.finish()?.findings;
    let totals = totals?;
    let excepted = tuned.finish();
    tracing::info!("judged {} events in {:.1?}: {findings} findings{excepted}", totals.events, began.elapsed());
    Ok(ExitCode::SUCCESS)
}
