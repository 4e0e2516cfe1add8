//! What operators change: what becomes of findings, and which versions of packs run. All of it is written down.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use lanner_control::host::Turn as Steer;
use lanner_store::{Change, Deed, State as Standing};

use crate::caller::Caller;
use crate::desk::Desk;
use crate::guard::{Fields, back};
use crate::pages::layout;

/// Findings that may be changed at once: a page of them.
const MOST: usize = 200;

/// What is done with a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The candidate takes the place of the version that runs.
    Promote,
    /// The candidate ends.
    Unshadow,
    /// It goes back to the version before.
    RollBack,
    /// It goes on, where it rests or is quarantined.
    Release,
}

impl Turn {
    const ALL: [Self; 4] = [Self::Promote, Self::Unshadow, Self::RollBack, Self::Release];

    /// As forms have it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Unshadow => "unshadow",
            Self::RollBack => "rollback",
            Self::Release => "release",
        }
    }

    /// As it is written down when it was done.
    fn done(self) -> &'static str {
        match self {
            Self::Promote => "promoted",
            Self::Unshadow => "ended the shadow of",
            Self::RollBack => "rolled back",
            Self::Release => "released",
        }
    }

    /// The one of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|turn| turn.word() == word)
    }
}

/// Writes down what people make of findings.
pub(crate) async fn change_findings(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Response {
    // Browsers end lines as HTTP does.
    let text = fields.get("text").map(|text| text.replace("\r\n", "\n"));
    let change = match (fields.get("change"), text) {
        (Some("acknowledge"), why) => Change::State(Standing::Acknowledged, why),
        (Some("close"), why) => Change::State(Standing::Closed, why),
        (Some("reopen"), why) => Change::State(Standing::Open, why),
        (Some("assign"), to) => Change::Assign(to),
        (Some("take"), _) => Change::Assign(Some(caller.who().to_owned())),
        (Some("comment"), Some(text)) => Change::Comment(text),
        (Some("comment"), None) => return refuse(&desk, &caller, "The comment is empty: write something."),
        _ => return refuse(&desk, &caller, "The form does not say what is to be done."),
    };
    let ids: Vec<String> = fields.all("id").map(str::to_owned).collect();
    if ids.is_empty() {
        return refuse(&desk, &caller, "No finding was chosen: go back, and choose some.");
    }
    if ids.len() > MOST {
        return refuse(&desk, &caller, &format!("At most {MOST} findings can be changed at once."));
    }
    let Some(kept) = &desk.kept else { return refuse(&desk, &caller, layout::NOT_KEPT) };
    let who = caller.who().to_owned();
    match kept.ask(move |store| store.change(&ids, &change, &who)).await {
        Ok(()) => lead(back(fields.get("back"))),
        Err(error) => refuse(&desk, &caller, &layout::sentence(&error.to_string())),
    }
}

/// Changes which version of a pack runs.
pub(crate) async fn change_pack(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    let (Some(pack), Some(turn)) = (fields.get("pack"), fields.get("turn").and_then(Turn::of)) else {
        return refuse(&desk, &caller, "The form does not say what is to be done.");
    };
    let steer = match turn {
        Turn::Promote => Some(Steer::Promote(pack.to_owned())),
        Turn::Unshadow => Some(Steer::Unshadow(pack.to_owned())),
        Turn::RollBack => Some(Steer::RollBack(pack.to_owned())),
        Turn::Release => None,
    };
    let outcome = match steer {
        Some(steer) => desk.inquiry.steer(steer).await.map(drop),
        None => match desk.inquiry.release(pack).await {
            Some(true) => Ok(()),
            Some(false) => Err(format!("there is no pack {pack:?}")),
            None => Err("the host does not answer".to_owned()),
        },
    };
    let (who, way) = (caller.who(), peer.ip());
    match &outcome {
        Ok(()) => tracing::info!("{who} at {way} has {} the pack {pack:?} in the console", turn.done()),
        Err(error) => {
            tracing::warn!("{who} at {way} wanted to {} the pack {pack:?} in the console: {error}", turn.word());
        }
    }
    let what = if outcome.is_ok() { turn.done() } else { turn.word() };
    let deed = Deed {
        who: who.to_owned(),
        way: way.to_string(),
        what: what.to_owned(),
        about: pack.to_owned(),
        refused: outcome.as_ref().err().cloned(),
    };
    write_down(&desk, deed).await;
    match outcome {
        Ok(()) => lead("/packs"),
        Err(error) => refuse(&desk, &caller, &layout::sentence(&error)),
    }
}

/// Writes down what was done, where something is kept; the log has it in any case.
pub(crate) async fn write_down(desk: &Desk, deed: Deed) {
    let Some(kept) = &desk.kept else { return };
    if let Err(error) = kept.ask(move |store| store.record(&deed)).await {
        tracing::warn!("what was done in the console is not written down: {error}");
    }
}

fn lead(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, to.to_owned())]).into_response()
}

fn refuse(desk: &Desk, caller: &Caller, sentence: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, layout::message(desk, caller, "This is not done", sentence)).into_response()
}
