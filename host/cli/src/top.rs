//! `lanner top`: how the running host stands, in a terminal, as it changes.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use lanner_control::socket::{Ask, Client, ClientError};
use lanner_control::status::Report;
use lanner_control::top::{self, Course, Event, Screen, Top};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Failure;
use super::colour::Colour;
use super::control;
use super::signals::{Asked, Asks, Signals};

/// From one report to the next, ms.
const EVERY_MS: u64 = 1000;
/// Keys and reports that wait to be shown.
const WAITING: usize = 16;
/// Wrong usage.
const USAGE: u8 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: control::Asked,
    /// Show rules below their packs from the beginning; the key r does so later
    #[arg(long)]
    rules: bool,
}

/// What happens while it is shown.
enum Message {
    Report(Result<Box<Report>, ClientError>),
    Terminal(std::io::Result<Event>),
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        tracing::error!("`lanner top` draws in a terminal, and stdout is none: use `lanner status`");
        return Ok(ExitCode::from(USAGE));
    }
    let mut client = arguments.asked.connect()?;
    client.ask(Ask::Watch { every_ms: EVERY_MS })?;
    let top = Top::new(client.status()?, colour.on(&stdout)).with_rules(arguments.rules);
    // Whoever ends it finds the terminal as it was.
    let signals = Signals::listen()?.and_ends()?;
    let mut screen = Screen::open().map_err(|error| format!("the terminal cannot be drawn on: {error}"))?;
    let (tell, told) = channel(WAITING);
    let others = tell.clone();
    std::thread::Builder::new().name("lanner-reports".into()).spawn(move || read_reports(client, &others))?;
    std::thread::Builder::new().name("lanner-keys".into()).spawn(move || read_keys(&tell))?;
    signals.serve(async |asks| show(top, &mut screen, told, asks).await)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what comes, until somebody has seen enough or nothing more comes.
async fn show(mut top: Top, screen: &mut Screen, mut told: Receiver<Message>, asks: &mut Asks) -> Result<(), Failure> {
    loop {
        screen.draw(&mut top).map_err(|error| format!("the terminal cannot be drawn on: {error}"))?;
        let message = tokio::select! {
            message = told.recv() => message,
            asked = asks.next() => match asked {
                Asked::Stop => return Ok(()),
                Asked::Reload | Asked::Status => continue,
            },
        };
        match message {
            None => return Ok(()),
            Some(Message::Report(report)) => top.take(*report?),
            Some(Message::Terminal(Ok(Event::Key(key)))) if top.press(key) == Course::Quit => return Ok(()),
            // Where its size has changed it is drawn anew.
            Some(Message::Terminal(Ok(_))) => {}
            Some(Message::Terminal(Err(error))) => return Err(format!("no keys can be read: {error}").into()),
        }
    }
}

fn read_reports(mut client: Client, tell: &Sender<Message>) {
    loop {
        let report = client.status().map(Box::new);
        let last = report.is_err();
        if tell.blocking_send(Message::Report(report)).is_err() || last {
            return;
        }
    }
}

fn read_keys(tell: &Sender<Message>) {
    loop {
        let event = top::read();
        let last = event.is_err();
        if tell.blocking_send(Message::Terminal(event)).is_err() || last {
            return;
        }
    }
}
