//! `lanner dev`: build, test and judge at each save, and say what changed.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};

use lanner_author::dev::{Judged, Session, watch};
use lanner_author::language::{Language, Mode};
use lanner_control::socket::{Answer, Client, Sought};

use super::super::colour::Colour;
use super::super::{control, lists};
use super::{Failure, setting};

/// Live events that are judged at once.
const PORTION: usize = 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Judge what this holds at each save: a capture, or events as lines of JSON
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    capture: Option<PathBuf>,
    /// Judge what the running host sees, as it happens; what it saw lately is judged again at each save
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    asked: control::Asked,
    /// Set something in the pack; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    #[command(flatten)]
    lists: lists::GivenLists,
    /// Build as for a host: slower, and traps do not say where they happened
    #[arg(long)]
    release: bool,
    /// End after so many builds
    #[arg(long, value_name = "NUMBER", hide = true)]
    turns: Option<u32>,
}

enum Happened {
    Saved,
    Event(String),
    Found(String),
    Gone(String),
}

pub(crate) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    let folder = std::fs::canonicalize(&arguments.folder)
        .map_err(|error| format!("{} cannot be read: {error}", arguments.folder.display()))?;
    let language = Language::of(&folder)?;
    let judged = match (&arguments.capture, arguments.live) {
        (Some(path), _) => {
            std::fs::metadata(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            Judged::Capture(path.clone())
        }
        (None, true) => Judged::Live,
        (None, false) => Judged::Nothing,
    };
    let (send, receive) = channel();
    let saved = send.clone();
    let _watched = watch(&folder, move || drop(saved.send(Happened::Saved)))?;
    if judged == Judged::Live {
        follow(arguments.asked.connect()?, send.clone())?;
    }
    let (tell, told) = channel();
    std::thread::Builder::new().name("lanner-findings".into()).spawn(move || {
        while let Ok(line) = told.recv() {
            if send.send(Happened::Found(line)).is_err() {
                return;
            }
        }
    })?;
    let mode = if arguments.release { Mode::Release } else { Mode::Debug };
    let coloured = colour.on(&std::io::stdout());
    let mut session =
        Session::new(folder, mode, judged, arguments.settings.clone(), arguments.lists.open()?, coloured, tell);
    say(&format!("a pack in {}, which is built now; Ctrl-C stops", language.title))?;
    say(&session.turn())?;
    let mut turns = 1;
    while arguments.turns.is_none_or(|all| turns < all) {
        turns += u32::from(happens(&receive, &mut session)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until something happens. Says whether it was a save.
fn happens(receive: &Receiver<Happened>, session: &mut Session) -> Result<bool, Failure> {
    let mut next = Some(receive.recv().map_err(|_| "nothing more can happen")?);
    let (mut saved, mut events) = (false, Vec::new());
    while let Some(happened) = next {
        match happened {
            Happened::Saved => saved = true,
            Happened::Event(line) => events.push(line),
            Happened::Found(line) => say(&line)?,
            Happened::Gone(why) => return Err(why.into()),
        }
        next = if events.len() < PORTION { receive.try_recv().ok() } else { None };
    }
    if !events.is_empty() {
        say(&session.live(events))?;
    }
    if saved {
        say("")?;
        say(&session.turn())?;
    }
    Ok(saved)
}

/// Prints something, where there is something.
fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let said = if text.is_empty() { Ok(()) } else { writeln!(out, "{text}").and_then(|()| out.flush()) };
    Ok(said.map_err(|error| format!("nobody reads what there is to say: {error}"))?)
}

/// Passes on what a host tells.
fn follow(mut client: Client, send: Sender<Happened>) -> Result<(), Failure> {
    let hang_up = client.listen(Sought::default())?;
    std::thread::Builder::new().name("lanner-live".into()).spawn(move || {
        let _hang_up = hang_up;
        let mut line = Vec::new();
        loop {
            let happened = match client.answer_in(&mut line) {
                Ok(Answer::Event) => Happened::Event(String::from_utf8_lossy(&line).trim_end().to_owned()),
                Ok(_) => continue,
                Err(error) => Happened::Gone(error.to_string()),
            };
            let ends = matches!(happened, Happened::Gone(_));
            if send.send(happened).is_err() || ends {
                return;
            }
        }
    })?;
    Ok(())
}
