//! `lanner events`: events of the running host, as they come.

mod line;

use std::io::{self, BufWriter, Stdout, Write as _};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use lanner_abi::Kind;
use lanner_control::socket::{Answer, Client, ClientError, Sought};
use tokio::sync::oneshot::channel;

use super::Failure;
use super::control;
use super::format::Format;
use super::signals::{Asked, Asks, Signals};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: control::Asked,
    /// Only events of this kind; may be said several times
    #[arg(long = "kind", value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    kinds: Vec<String>,
    /// Only those of the process with this pid
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Only those of programs whose paths begin with this, or have the form of this glob, such as `/usr/**/python3*`;
    /// without a `/`, of those of this name
    #[arg(long, value_name = "PROGRAM")]
    exe: Option<String>,
    /// For people, a line each, or one JSON object a line, as `lanner record --output events` prints them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { asked, kinds, pid, exe, output } = arguments;
    let mut client = asked.connect()?;
    let hang_up = client.listen(Sought { kinds: kinds.clone(), pid: *pid, exe: exe.clone() })?;
    let signals = Signals::listen()?.and_ends()?;
    tracing::info!("listening to events that some loaded pack wants; Ctrl-C stops");
    let (tell, told) = channel();
    let mut printing = Printing::new(*output);
    std::thread::Builder::new().name("lanner-events".into()).spawn(move || {
        let ended = printing.print(&mut client);
        // Where it was ended at once, nobody waits for it.
        let _ = tell.send((printing, ended));
    })?;
    let outcome = signals.serve(async |asks| {
        tokio::pin!(told);
        tokio::select! {
            told = &mut told => return Some((told, false)),
            () = stop(asks) => hang_up.hang_up(),
        }
        tokio::select! {
            told = &mut told => Some((told, true)),
            // A second one: nobody reads what is printed.
            () = stop(asks) => None,
        }
    });
    let Some((told, stopped)) = outcome else {
        return Err("stopped at once, as asked twice; the last events are not printed".into());
    };
    let (printing, ended) = told.map_err(|_| "the thread that prints events panicked")?;
    tracing::info!("printed {} events, {} left out", printing.events, printing.left_out);
    match ended {
        Err(End::Host(ClientError::Ended(_))) if stopped => {}
        Err(End::Host(error)) => return Err(error.into()),
        Err(End::Stdout(error)) => return Err(format!("events cannot be written to stdout: {error}").into()),
        Ok(()) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Until somebody asks it to end.
async fn stop(asks: &mut Asks) {
    while asks.next().await != Asked::Stop {}
}

/// Why nothing more is printed.
enum End {
    Host(ClientError),
    Stdout(io::Error),
}

struct Printing {
    output: Format,
    zone: TimeZone,
    out: BufWriter<Stdout>,
    events: u64,
    left_out: u64,
}

impl Printing {
    fn new(output: Format) -> Self {
        Self { output, zone: TimeZone::system(), out: BufWriter::new(io::stdout()), events: 0, left_out: 0 }
    }

    /// Prints what comes, until no more does. A reader who has seen enough is no failure.
    fn print(&mut self, client: &mut Client) -> Result<(), End> {
        let mut line = Vec::new();
        loop {
            let answer = client.answer_in(&mut line);
            let is_last = answer.is_err() || !client.has_more();
            let written = answer.as_ref().map_or(Ok(()), |answer| self.write(answer, &line));
            match written.and_then(|()| if is_last { self.out.flush() } else { Ok(()) }) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(End::Stdout(error)),
                Ok(()) => {}
            }
            answer.map_err(End::Host)?;
        }
    }

    fn write(&mut self, answer: &Answer, line: &[u8]) -> io::Result<()> {
        match answer {
            Answer::Event => self.events += 1,
            Answer::LeftOut { events, .. } => self.left_out += events,
            _ => return Ok(()),
        }
        match (self.output, answer) {
            (Format::Json, _) => self.out.write_all(line),
            (Format::Text, Answer::LeftOut { events, .. }) => {
                writeln!(self.out, "… {events} events are left out here …")
            }
            (Format::Text, _) => self.out.write_all(line::of_event(line, &self.zone).as_bytes()),
        }
    }
}
