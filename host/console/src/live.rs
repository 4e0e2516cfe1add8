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
                Err(_) if self.desk.access.identify(&self.headers).await.role == Role::Nothing => {
                    return (Event::default().event("signed-out").data(""), false);
                }
                Err(_) => return (Event::default().comment(""), true),
                Ok(None) => return (Event::default().event("end").data(""), false),
                Ok(Some(first)) => first,
            };
            let (mut rows, mut more, mut missed) = (Vec::new(), 0_u64, 0);
            let together = Instant::now() + TOGETHER;
            self.take(first, &mut rows, &mut more, &mut missed);
            for _ in 1..LOOKED_AT {
                match timeout_at(together, self.queue.next()).await {
                    Ok(Some(next)) => self.take(next, &mut rows, &mut more, &mut missed),
                    Ok(None) | Err(_) => break,
                }
            }
            sleep_until(together).await;
            if rows.is_empty() && missed == 0 {
                if Instant::now() >= silent_until {
                    return (Event::default().comment(""), true);
                }
                continue;
            }
            // The newest stands first.
            rows.reverse();
            let data = json!({"rows": rows.concat(), "more": more, "missed": missed});
            return (Event::default().event("findings").data(data.to_string()), true);
        }
    }

    fn take(&self, next: Next, rows: &mut Vec<String>, more: &mut u64, missed: &mut u64) {
        let line = match next {
            Next::LeftOut(count) => {
                *missed += count;
                return;
            }
            Next::Line(line) => line,
        };
        let Ok(text) = String::from_utf8(line.to_vec()) else { return };
        let Ok(finding) = serde_json::from_str::<Value>(&text) else { return };
        if !Record::new(text).is_ok_and(|record| self.filter.meets(&record)) {
            return;
        }
        match rows.len() < MOST {
            true => rows.push(row(&finding, None, self.chooses).into_string()),
            false => *more += 1,
        }
    }
}
