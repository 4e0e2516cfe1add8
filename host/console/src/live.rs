//! Findings as they come (server-sent events). Whoever does not take them in time misses some of them himself, and is told
//! how many; nobody waits for him.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use lanner_control::socket::{Next, Queue};
use lanner_store::{Filter, Record};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::caller::{Caller, Role};
use crate::desk::Desk;
use crate::pages::findings::row;
use crate::query::{Query, now_ns};

/// What comes within so long is sent together, so that a flood is a few messages a second.
const TOGETHER: Duration = Duration::from_millis(300);
/// Findings that are sent at once; the others are only counted.
const MOST: usize = 50;
/// That are looked at at once, so that other pages have their turn.
const LOOKED_AT: usize = 400;
/// Where nothing comes, something is sent after so long, by which a connection that is gone is noticed.
const SILENCE: Duration = Duration::from_secs(15);

/// One who follows.
struct Follower {
    desk: Arc<Desk>,
    headers: HeaderMap,
    queue: Arc<Queue>,
    filter: Filter,
    /// Whether several can be chosen.
    chooses: bool,
    _place: OwnedSemaphorePermit,
}

/// The findings from now on that are asked for.
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = match Query::parse(query.as_deref()) {
        Ok(query) => query,
        Err(sentence) => return (StatusCode::BAD_REQUEST, sentence).into_response(),
    };
    let Ok(place) = desk.streams.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "30")], "too many follow the findings\n")
            .into_response();
    };
    // What comes now is later than any time that was asked for back from now.
    let filter = Query { time: None, ..query }.filter(now_ns());
    let chooses = caller.operates() && desk.kept.is_some();
    let follower = Follower { queue: desk.followers.follow(), filter, chooses, desk, headers, _place: place };
    let events = unfold(Some(follower), async |follower| {
        let follower = follower?;
        let (event, goes_on) = follower.next().await;
        Some((Ok::<_, Infallible>(event), goes_on.then_some(follower)))
    });
    ([(CACHE_CONTROL, "no-store")], Sse::new(events)).into_response()
}

impl Follower {
    async fn is_signed_out(&self) -> bool {
        self.desk.access.identify(&self.headers).await.role == Role::Nothing
    }

    /// What is sent next, and whether more comes.
    async fn next(&self) -> (Event, bool) {
        let silent_until = Instant::now() + SILENCE;
        loop {
            let first = tokio::select! {
                first = timeout_at(silent_until, self.queue.next()) => first,
                () = self.desk.stop.cancelled() => Ok(None),
            };
            let first = match first {
                // Sessions end meanwhile.
                Err(_) if self.is_signed_out().await => {
                    return (Event::default().event("signed-out").data(""), false);
                }
                Err(_) => return (Event::default().comment(""), true),
                Ok(None) => return (Event::default().event("end").data(""), false),
                Ok(Some(first)) => first,
            };
            let mut batch = Batch::default();
            let together = Instant::now() + TOGETHER;
            batch.take(first, &self.filter, self.chooses);
            for _ in 1..LOOKED_AT {
                match timeout_at(together, self.queue.next()).await {
                    Ok(Some(next)) => batch.take(next, &self.filter, self.chooses),
                    Ok(None) | Err(_) => break,
                }
            }
            sleep_until(together).await;
            if !batch.is_empty() {
                // Also while much comes: whoever is signed out meanwhile has nothing more.
                if self.is_signed_out().await {
                    return (Event::default().event("signed-out").data(""), false);
                }
                return (Event::default().event("findings").data(batch.into_json()), true);
            }
            if Instant::now() >= silent_until {
                return (Event::default().comment(""), true);
            }
        }
    }
}

/// What is sent together.
#[derive(Default)]
struct Batch {
    /// Rows of the table, the oldest first.
    rows: Vec<String>,
    /// Findings that are asked for too, and were too many.
    more: u64,
    /// Findings that were not taken in time, asked for or not.
    missed: u64,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.missed == 0
    }

    fn take(&mut self, next: Next, filter: &Filter, chooses: bool) {
        let line = match next {
            Next::LeftOut(count) => {
                self.missed += count;
                return;
            }
            Next::Line(line) => line,
        };
        let Ok(text) = String::from_utf8(line.to_vec()) else { return };
        let Ok(finding) = serde_json::from_str::<Value>(&text) else { return };
        if !Record::new(text).is_ok_and(|record| filter.meets(&record)) {
            return;
        }
        match self.rows.len() < MOST {
            true => self.rows.push(row(&finding, None, chooses).into_string()),
            false => self.more += 1,
        }
    }

    /// The newest stands first.
    fn into_json(self) -> String {
        let Self { mut rows, more, missed } = self;
        rows.reverse();
        json!({"rows": rows.concat(), "more": more, "missed": missed}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, severity: &str) -> Next {
        let finding = json!({"id": format!("{number:032x}"), "time_ns": number, "severity": severity, "message": format!("<b>{number}\n")});
        Next::Line(finding.to_string().into_bytes().into())
    }

    #[test]
    fn only_what_is_asked_for_is_sent_and_the_rest_counted() {
        let filter = Query::parse(Some("severity=high")).expect("a query").filter(0);
        let mut batch = Batch::default();
        batch.take(line(0, "low"), &filter, false);
        batch.take(Next::Line((*b"{\"no\": \"finding\"}").into()), &filter, false);
        assert!(batch.is_empty());
        for number in 0..MOST as u64 + 3 {
            batch.take(line(number, "high"), &filter, number == 7);
        }
        batch.take(Next::LeftOut(5), &filter, false);
        let sent: Value = serde_json::from_str(&batch.into_json()).expect("JSON");
        assert_eq!((&sent["more"], &sent["missed"]), (&3.into(), &5.into()));
        let rows = sent["rows"].as_str().expect("rows");
        assert_eq!((rows.matches("<tr").count(), rows.matches("type=\"checkbox\"").count()), (MOST, 1));
        assert!(!rows.contains("<b>") && !rows.contains('\n') && rows.find("&lt;b&gt;49") < rows.find("&lt;b&gt;0\\n"));
    }
}
