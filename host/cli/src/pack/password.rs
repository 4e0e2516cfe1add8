//! Secrets that a user gives.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::Failure;

/// Where the password of a key may stand: ours, and the one that cosign reads.
const VARIABLES: [&str; 2] = ["LANNER_KEY_PASSWORD", "COSIGN_PASSWORD"];
/// Bytes of a password at most.
const MAX: u64 = 64 << 10;

/// The password of a private key: from the environment, or asked for.
pub(super) fn of_key(prompt: &str) -> Result<String, Failure> {
    for variable in VARIABLES {
        if let Some(value) = std::env::var_os(variable) {
            return value.into_string().map_err(|_| format!("{variable} is not UTF-8").into());
        }
    }
    ask(prompt).map_err(|error| format!("{error}; give it as {} instead", VARIABLES[0]).into())
}

/// The first line of stdin.
pub(super) fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().lock().take(MAX).read_line(&mut text).map_err(|error| format!("stdin cannot be read: {error}"))?;
    let text = text.trim_end_matches(['\n', '\r']);
    match text.is_empty() {
        true => Err("there is no password on stdin".into()),
        false => Ok(text.to_owned()),
    }
}

/// Asks at the terminal, without showing what is typed.
pub(super) fn ask(prompt: &str) -> Result<String, Failure> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let terminal = terminal.map_err(|_| "there is no terminal to ask for a password at")?;
    let before = tcgetattr(&terminal)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let mut line = String::new();
    let read = (&terminal)
        .write_all(prompt.as_bytes())
        .and_then(|()| BufReader::new(&terminal).take(MAX).read_line(&mut line));
    tcsetattr(&terminal, OptionalActions::Flush, &before)?;
    let _ = (&terminal).write_all(b"\n");
    read?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
