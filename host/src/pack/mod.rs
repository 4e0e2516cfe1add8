//! Packs: finding them, in files and in registries; verifying, keeping and reading them; noticing that they change.

pub mod artifact;
pub mod credentials;
pub mod digest;
mod load;
mod locate;
pub mod reference;
pub mod remote;
pub mod store;
mod watch;

pub use load::{Loaded, load};
pub use locate::{LocateError, Located, locate};
pub use watch::{WatchError, Watcher};
