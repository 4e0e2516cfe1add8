//! What people made of a finding, and who did what when.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{State, StoreError};

/// Bytes of what somebody says at most.
const MAX_TEXT: usize = 64 << 10;

/// How it stands with a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Where it is.
    pub state: State,
    /// Who looks after it.
    pub assignee: Option<String>,
    /// What was done with it, the oldest first.
    pub entries: Vec<Entry>,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// When, ns since 1970.
    pub at_ns: i64,
    /// By whom.
    pub who: String,
    /// What: `acknowledged`, `closed`, `reopened`, `assigned` or `commented`.
    pub change: String,
    /// To whom, why, or the comment.
    pub text: Option<String>,
}

/// Something to do with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is in this state now, for this reason.
    State(State, Option<String>),
    /// This one looks after it; nobody where it is none.
    Assign(Option<String>),
    /// Somebody says this.
    Comment(String),
}

impl Change {
    fn name(&self) -> &'static str {
        match self {
            Self::State(State::Open, _) => "reopened",
            Self::State(State::Acknowledged, _) => "acknowledged",
            Self::State(State::Closed, _) => "closed",
            Self::Assign(_) => "assigned",
            Self::Comment(_) => "commented",
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::State(_, text) | Self::Assign(text) => text.as_deref(),
            Self::Comment(text) => Some(text),
        }
    }
}

/// Writes down what is done with these findings, with all or none.
pub(crate) fn change(
    database: &mut Connection,
    ids: &[[u8; 16]],
    change: &Change,
    (at_ns, who): (i64, &str),
) -> Result<(), StoreError> {
    if let Some(text) = change.text().filter(|text| text.len() > MAX_TEXT) {
        return Err(StoreError::Unknown(format!("the text has {} bytes, and {MAX_TEXT} are kept", text.len())));
    }
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for id in ids {
        transaction.execute("INSERT OR IGNORE INTO work (id, state) VALUES (?, 0)", [id])?;
        match change {
            Change::State(state, _) => {
                transaction.execute("UPDATE work SET state = ? WHERE id = ?", params![state.number(), id])?;
            }
            Change::Assign(who) => {
                transaction.execute("UPDATE work SET assignee = ? WHERE id = ?", params![who, id])?;
            }
            Change::Comment(_) => {}
        }
        transaction.execute(
            "INSERT INTO entry (id, at_ns, who, change, text) VALUES (?, ?, ?, ?, ?)",
            params![id, at_ns, who, change.name(), change.text()],
        )?;
    }
    Ok(transaction.commit()?)
}

/// How it stands with a finding.
pub(crate) fn of(database: &Connection, id: [u8; 16]) -> Result<Work, StoreError> {
    let mut stands = database.prepare_cached("SELECT state, assignee FROM work WHERE id = ?")?;
    let stands = stands.query_row([id], |row| Ok((State::of(row.get(0)?), row.get(1)?))).optional()?;
    let (state, assignee) = stands.unwrap_or_default();
    let mut entries =
        database.prepare_cached("SELECT at_ns, who, change, text FROM entry WHERE id = ? ORDER BY number")?;
    let entries = entries.query_map([id], |row| {
        Ok(Entry { at_ns: row.get(0)?, who: row.get(1)?, change: row.get(2)?, text: row.get(3)? })
    })?;
    Ok(Work { state, assignee, entries: entries.collect::<rusqlite::Result<_>>()? })
}
