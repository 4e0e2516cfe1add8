//! What pages are answered from, and which there are.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use lanner_captures::Folder;
use lanner_control::Inquiry;
use lanner_control::socket::Followers;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::caller::Access;
use crate::kept::Kept;
use crate::names::Names;
use crate::pages::counts::Counts;
use crate::rules::Rules;
use crate::samples::Samples;
use crate::{Shown, actions, assets, guard, live, login, pages};

/// Browsers that follow findings at a time.
const STREAMS: usize = 64;

/// What pages are answered from.
pub(crate) struct Desk {
    pub(crate) access: Access,
    pub(crate) names: Names,
    /// Whether it is served over TLS.
    pub(crate) tls: bool,
    /// The host's name.
    pub(crate) host: String,
    pub(crate) inquiry: Inquiry,
    pub(crate) rules: Rules,
    pub(crate) counts: Counts,
    pub(crate) samples: Samples,
    /// Findings that are kept; nothing where none are.
    pub(crate) kept: Option<Kept>,
    pub(crate) captures: Option<Folder>,
    pub(crate) followers: Followers,
    pub(crate) streams: Arc<Semaphore>,
    /// The host ends.
    pub(crate) stop: CancellationToken,
}

impl Desk {
    pub(crate) fn new(access: Access, names: Names, tls: bool, shown: Shown, stop: CancellationToken) -> Self {
        let Shown { host, followers, store, captures } = shown;
        Self {
            access,
            names,
            tls,
            host: host.about().hostname,
            rules: Rules::default(),
            counts: Counts::default(),
            samples: Samples::default(),
            inquiry: Inquiry::new(host),
            kept: store.map(Kept::new),
            captures,
            followers,
            streams: Arc::new(Semaphore::new(STREAMS)),
            stop,
        }
    }
}

/// All pages.
pub(crate) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(pages::findings::answer))
        .route("/findings/change", post(actions::change_findings))
        .route("/findings/{id}", get(pages::finding::answer))
        .route("/live", get(live::answer))
        .route("/packs", get(pages::packs::answer))
        .route("/packs/confirm", get(pages::packs::confirm))
        .route("/packs/change", post(actions::change_pack))
        .route("/coverage", get(pages::coverage::answer))
        .route("/host", get(pages::host::answer))
        .route("/host/samples", get(pages::host::samples))
        .route("/audit", get(pages::audit::answer))
        .route("/login", get(login::ask).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/assets/{name}", get(assets::answer))
        .fallback(pages::missing)
        .layer(from_fn_with_state(desk.clone(), guard::guard))
        .with_state(desk)
}
