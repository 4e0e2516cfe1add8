//! `lanner explain`: why there is a finding, and why no exception had it.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_abi::Text;
use lanner_author::explain::why;
use lanner_author::pack::{Pack, default_cache};
use lanner_tuning::{Explained, Source, Standing, Tuning};
use serde_json::{Value, json};

use super::findings::Which;
use super::{DEFAULT, Failure};
use crate::format::{Format, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// The pack that raised it, to see by which of its filters the rule saw the event
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,
    /// The tuning [default: /etc/lanner/tuning where it is there]
    #[arg(long, value_name = "PATH")]
    tuning: Option<PathBuf>,
    /// For people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let finding = arguments.which.read()?;
    let tuning = match &arguments.tuning {
        Some(path) => Source::new(path),
        None => Source::optional(DEFAULT),
    };
    let tuning = tuning.read()?;
    let filters = arguments.pack.as_ref().map(|path| -> Result<_, Failure> {
        let pack = Pack::open(path, default_cache())?;
        Ok(why(&pack, &finding)?)
    });
    let filters = filters.transpose()?;
    let exceptions = tuning.explain(&finding);
    let text = match arguments.output {
        Format::Text => text(&finding, &tuning, filters.as_deref(), &exceptions),
        Format::Json => {
            json!({
                "finding": finding,
                "filters": filters,
                "exceptions": exceptions.iter().map(object).collect::<Vec<_>>(),
            })
            .to_string()
                + "\n"
        }
    };
    print("explanation", &text)?;
    Ok(ExitCode::SUCCESS)
}

fn object(exception: &Explained) -> Value {
    let standing = match exception.standing {
        Standing::Excepts => "excepts",
        Standing::Expired => "expired",
        Standing::Misses => "misses",
    };
    json!({"name": exception.name, "reason": exception.reason, "standing": standing, "holds": exception.holds,
        "fails": exception.fails})
}

fn text(finding: &Value, tuning: &Tuning, filters: Option<&str>, exceptions: &[Explained]) -> String {
    let part = |value: &Value| Text::from(value.as_str().unwrap_or_default()).to_string();
    let rule = finding["rule"].as_str().unwrap_or_default();
    let mut lines = Vec::new();
    let mut line = |name: &str, what: String| lines.push(format!("{name:<11}{what}"));
    line("finding", format!("{}  {}", part(&finding["id"]), part(&finding["time"])));
    let attack: Vec<String> = finding["attack"].as_array().into_iter().flatten().map(part).collect();
    line("rule", format!("{}  {}  {}", part(&finding["rule"]), part(&finding["severity"]), attack.join(" ")));
    line("", part(&finding["summary"]));
    line("pack", format!("{} {}", part(&finding["pack"]["name"]), part(&finding["pack"]["version"])));
    line("message", part(&finding["message"]));
    let process = &finding["process"];
    if process.is_object() {
        line("process", format!("{} (pid {}, uid {})", part(&process["exe"]), process["pid"], process["uid"]));
    }
    let line_up: Vec<String> =
        finding["lineage"].as_array().into_iter().flatten().map(|each| part(&each["exe"])).collect();
    if !line_up.is_empty() {
        line("lineage", line_up.join(" < "));
    }
    if finding["event"].is_object() {
        line("event", Text::from(finding["event"].to_string().as_str()).to_string());
    }
    match tuning.of_rule(rule) {
        (false, _) => line("tuning", "the rule is off".to_owned()),
        (true, Some(severity)) => line("tuning", format!("its findings are given the severity {}", severity.name())),
        (true, None) => {}
    }
    match filters {
        Some(filters) => lines.push(format!("filters\n{filters}")),
        None => line("filters", "--pack FILE says by which the rule saw the event".to_owned()),
    }
    if exceptions.is_empty() {
        lines.push("exceptions none is for this rule; `lanner except` writes one".to_owned());
    }
    for exception in exceptions {
        let stands = match exception.standing {
            Standing::Excepts => "excepts it",
            Standing::Expired => "would except it, and has expired",
            Standing::Misses => "does not except it",
        };
        lines.push(format!(
            "exception  {} {stands} ({})",
            Text::from(&*exception.name),
            Text::from(&*exception.reason)
        ));
        lines.extend(exception.holds.iter().map(|holds| format!("             yes  {}", Text::from(&**holds))));
        lines.extend(exception.fails.iter().map(|fails| format!("             no   {}", Text::from(&**fails))));
    }
    lines.join("\n") + "\n"
}
