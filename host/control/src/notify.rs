//! What systemd is told of a host that it runs (sd_notify(3)); nothing where it is none of systemd's.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::host::Inquiry;

/// It is not said more often than that.
const SHORTEST: Duration = Duration::from_millis(50);

/// The host watches.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The host begins to look at its rules anew.
pub fn reloading() {
    let Ok(now) = NotifyState::monotonic_usec_now() else { return };
    tell(&[NotifyState::Reloading, now]);
}

/// The host ends.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// How often systemd wants to hear that the host is well, where it wants to: twice in the time after which it takes it for
/// dead (`WatchdogSec=`).
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| SHORTEST.max(limit / 2))
}

/// Says that the host is well, as long as it is.
pub(crate) async fn watchdog(every: Duration, inquiry: &Inquiry, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if inquiry.is_well().await {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("systemd cannot be told how the host stands: {error}");
    }
}
