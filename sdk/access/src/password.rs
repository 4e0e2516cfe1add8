//! A line for the file of users.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::htpasswd::check_name;

/// There is no line.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The name cannot be used.
    #[error("--user: {0}")]
    Name(String),
    /// There is no password.
    #[error("the password is empty; write it on stdin, or start this in a terminal")]
    Empty,
    /// It was mistyped.
    #[error("the two passwords differ; try again")]
    Differ,
    /// It is too long to be one.
    #[error("the password is longer than {LONGEST} bytes; use a shorter one")]
    Long,
    /// It cannot be read.
    #[error("the password cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// No salt, or no memory.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// What fits into a request's head with ease.
const LONGEST: usize = 1024;

/// The argon2id hash of a password, with a salt of its own.
///
/// # Errors
/// There are no random numbers, or there is no memory.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// Reads a password from a terminal, unseen and twice, or else the first line of stdin; gives the line for the file, or
/// the hash alone without a name.
///
/// # Errors
/// The name cannot be used, or there is no password.
pub fn htpasswd_line(user: Option<&str>) -> Result<String, PasswordError> {
    if let Some(name) = user {
        check_name(name).map_err(PasswordError::Name)?;
    }
    let password = match std::io::stdin().is_terminal() {
        true => {
            let first = ask("Password: ")?;
            if !first.is_empty() && *first != *ask("Again: ")? {
                return Err(PasswordError::Differ);
            }
            first
        }
        false => line()?,
    };
    match password.len() {
        0 => Err(PasswordError::Empty),
        1..=LONGEST => {
            let hash = hash_password(&password)?;
            Ok(user.map_or_else(|| hash.clone(), |name| format!("{name}:{hash}")))
        }
        _ => Err(PasswordError::Long),
    }
}

/// Asks on the terminal, which does not show what is typed.
fn ask(question: &str) -> Result<Zeroizing<String>, PasswordError> {
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(std::io::Error::from)?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    unseen.local_modes.insert(LocalModes::ECHONL);
    let mut stderr = std::io::stderr();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    tcsetattr(&stdin, OptionalActions::Flush, &unseen).map_err(std::io::Error::from)?;
    let answer = line();
    tcsetattr(&stdin, OptionalActions::Flush, &before).map_err(std::io::Error::from)?;
    answer
}

fn line() -> Result<Zeroizing<String>, PasswordError> {
    // One more than is allowed is enough to refuse it, with the end of the line.
    let most = LONGEST as u64 + 3;
    let mut text = Zeroizing::new(String::with_capacity(LONGEST + 3));
    std::io::Read::take(std::io::stdin().lock(), most).read_line(&mut text)?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    Ok(text)
}
