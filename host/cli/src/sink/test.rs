//! `lanner sink test`: send a finding to sinks, and say what came of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use lanner_engine::{Description, Rule};
use lanner_finding::{Finding, Severity};
use lanner_sink::settings::Sinks;
use lanner_sink::try_once;

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file of sinks, as `lanner run --sinks` takes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only the sink of this name
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let sinks = Sinks::read(&arguments.file)?.sinks;
    let names = sinks.iter().map(|sink| sink.name.clone()).collect::<Vec<_>>().join(", ");
    let meant = |name: &str| arguments.name.as_deref().is_none_or(|meant| meant == name);
    let chosen: Vec<_> = sinks.into_iter().filter(|sink| meant(&sink.name)).collect();
    if chosen.is_empty() {
        let file = arguments.file.display();
        return Err(match &arguments.name {
            Some(name) => format!("{file} has no sink {name}; it has {names}").into(),
            None => format!("{file} has no [[sink]]").into(),
        });
    }
    let host = hostname();
    let finding = finding().ok_or("the test has no rule")?;
    let mut failed = 0;
    for sink in &chosen {
        match try_once(sink, &finding, &host) {
            Ok(()) => println!("{}: took it", sink.name),
            Err(why) => {
                failed += 1;
                println!("{}: {why}", sink.name);
            }
        }
    }
    match failed {
        0 => Ok(ExitCode::SUCCESS),
        failed => Err(format!("{failed} of {} sinks did not take the finding", chosen.len()).into()),
    }
}

/// It says itself that it is a test.
fn finding() -> Option<Finding> {
    let rule = Rule {
        id: "lanner/sink-test".into(),
        summary: "Somebody tries whether findings arrive here; nothing has happened".into(),
        severity: Severity::Info,
        ..Rule::default()
    };
    let pack = Description {
        name: "lanner".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        rules: vec![rule],
        ..Description::default()
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    Finding::new(Arc::new(pack), 0, "a test by `lanner sink test`".into(), now)
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
