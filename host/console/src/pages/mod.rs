//! The pages, and what they have in common.

pub(crate) mod audit;
mod chart;
pub(crate) mod counts;
pub(crate) mod coverage;
pub(crate) mod facets;
pub(crate) mod finding;
pub(crate) mod findings;
pub(crate) mod host;
pub(crate) mod layout;
pub(crate) mod packs;
mod process;
pub(crate) mod sign_in;
pub(crate) mod text;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::caller::Caller;
use crate::desk::Desk;

/// What there is not.
pub(crate) async fn missing(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>) -> Response {
    let page =
        layout::message(&desk, &caller, "There is no such page", "The links above lead to those that there are.");
    (StatusCode::NOT_FOUND, page).into_response()
}
