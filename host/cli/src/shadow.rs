//! `lanner shadow`: runs another version of a pack beside the one that runs, and says how their findings differ.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};
use lanner_control::status::{Pack, Report};

use super::Failure;
use super::control::Asked;
use super::format::{Format, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Another version of a pack that runs. It is given the same events, from a copy of the state; what it finds is compared,
    /// and not raised. Left out, it is said how those differ that run in the shadow
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// End the one in the shadow of this pack
    #[arg(long, value_name = "PACK", conflicts_with = "file")]
    end: Option<String>,
    #[command(flatten)]
    asked: Asked,
    /// For people, or one JSON object a pack
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { file, end, asked, output } = arguments;
    let mut client = asked.connect()?;
    match (file, end) {
        (Some(file), _) => {
            client.ask(Ask::Shadow { path: super::control::absolute(file)? })?;
            let said = client.steered(|answer| match answer {
                Answer::Shadowing { pack, version, beside } => Some(format!(
                    "pack {pack}: {version} runs in the shadow of {beside}; `lanner shadow` says how their findings differ, \
                     `lanner promote {pack}` puts it in place, `lanner shadow --end {pack}` ends it"
                )),
                _ => None,
            })?;
            print("answer", &said)?;
        }
        (None, Some(pack)) => {
            client.ask(Ask::Unshadow { pack: pack.clone() })?;
            let said = client.steered(|answer| match answer {
                Answer::Unshadowed { pack } => Some(format!("nothing runs in the shadow of pack {pack} any more")),
                _ => None,
            })?;
            print("answer", &said)?;
        }
        (None, None) => {
            client.ask(Ask::Status)?;
            print("report", &report(&client.status()?, *output)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn report(report: &Report, output: Format) -> Result<String, Failure> {
    let shadowed = report.packs.iter().filter(|pack| pack.shadow.is_some());
    let said = match output {
        Format::Text => shadowed.filter_map(Pack::render_shadow).collect::<Vec<_>>().join("\n"),
        Format::Json => shadowed.map(of_json).collect::<Result<Vec<_>, _>>()?.join("\n"),
    };
    match said.is_empty() {
        true => Err("nothing runs in the shadow of any pack; begin with `lanner shadow FILE`".into()),
        false => Ok(said),
    }
}

/// The shadow, with which pack it is of.
fn of_json(pack: &Pack) -> Result<String, serde_json::Error> {
    let mut shadow = serde_json::to_value(&pack.shadow)?;
    if let Some(object) = shadow.as_object_mut() {
        object.insert("pack".to_owned(), pack.name.clone().into());
        object.insert("beside".to_owned(), pack.version.clone().into());
    }
    serde_json::to_string(&shadow)
}
