//! Logging in and out.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::response::{IntoResponse as _, Response};
use lanner_access::LoginError;
use lanner_store::Deed;

use crate::actions::write_down;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::guard::{Fields, back};
use crate::pages::sign_in;

/// Asks who it is.
pub(crate) async fn ask(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Response {
    let wanted = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes())
        .find_map(|(name, value)| (name == "back").then(|| value.into_owned()));
    if !desk.access.has_users() || caller.name.is_some() {
        return (StatusCode::SEE_OTHER, [(LOCATION, back(wanted.as_deref()).to_owned())]).into_response();
    }
    sign_in::page(&desk, &caller, back(wanted.as_deref()), None).into_response()
}

/// Logs somebody in, and leads on.
pub(crate) async fn log_in(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    let wanted = back(fields.get("back"));
    let (name, password) = (fields.get("name").unwrap_or_default(), fields.get("password").unwrap_or_default());
    let refused =
        |status, sentence: &str| (status, sign_in::page(&desk, &caller, wanted, Some(sentence))).into_response();
    match desk.access.log_in(peer.ip(), name, password.to_owned().into()).await {
        Ok(cookie) => {
            tracing::info!(client = %peer.ip(), "{name} has signed in to the console");
            let deed = Deed {
                who: name.to_owned(),
                way: peer.ip().to_string(),
                what: "signed in".to_owned(),
                ..Deed::default()
            };
            write_down(&desk, deed).await;
            (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, wanted.to_owned())]).into_response()
        }
        Err(LoginError::Wrong) => refused(StatusCode::UNAUTHORIZED, "The name or the password is wrong."),
        Err(LoginError::Slowed(wait)) => {
            let seconds = wait.as_secs() + 1;
            let sentence = format!("Too many have failed: try again in {seconds} seconds.");
            let page = sign_in::page(&desk, &caller, wanted, Some(&sentence));
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())], page).into_response()
        }
        Err(LoginError::Busy) => refused(StatusCode::SERVICE_UNAVAILABLE, "Too many sign in at the moment: try again."),
    }
}

/// Logs somebody out.
pub(crate) async fn log_out(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>) -> Response {
    let cookie = desk.access.log_out(&caller);
    let to = if desk.access.has_users() { "/login" } else { "/" };
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, to.to_owned())]).into_response()
}
