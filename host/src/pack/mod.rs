//! Packs as files: finding them, reading them, noticing that they change.

mod load;
mod locate;
mod watch;

pub use load::{Loaded, load};
pub use locate::{LocateError, Located, locate};
pub use watch::{WatchError, Watcher};
