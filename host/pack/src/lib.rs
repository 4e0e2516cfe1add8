//! Packs: finding them, in files and in registries; verifying, keeping and reading them; noticing that they change.

#![forbid(unsafe_code)]

pub mod amend;
pub mod apply;
pub mod artifact;
mod board;
mod configure;
pub mod credentials;
pub mod digest;
mod exchange;
mod follow;
mod guard;
pub mod index;
pub mod layout;
mod listed;
mod load;
mod locate;
pub mod lock;
pub mod obtain;
pub mod reference;
mod reload;
pub mod remote;
mod running;
mod steer;
pub mod store;
pub mod transfer;
pub mod trust;
mod watch;
mod way;

pub use board::Board;
pub use configure::{Configured, Wanted};
pub use follow::{Followed, Follower, MIN_INTERVAL};
pub use guard::Guard;
pub use listed::{ListFollower, RegistryList};
pub use load::{Loaded, load, read};
pub use locate::{LocateError, Located, locate, locate_what_is_there};
pub use running::{Running, Table};
pub use steer::Steered;
pub use watch::{Reload, Steering, Watcher};
