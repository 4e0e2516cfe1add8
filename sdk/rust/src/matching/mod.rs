//! Sets of texts and of networks, prepared once: whether a path is in one of them costs about as much for a hundred texts as
//! for ten. A rule that compares with more than two or three texts should have a set.
//!
//! ```
//! # use lanner_sdk::prelude::*;
//! /// Files with secrets in them.
//! static SECRETS: TextSet = TextSet::new()
//!     .equals(&["/etc/shadow", "/etc/gshadow"])
//!     .starts_with(&["/etc/ssl/private/", "/root/.ssh/"])
//!     .file_name(&["id_rsa", "id_ed25519"])
//!     .contains(&["/.aws/", "/.kube/"])
//!     .glob(&["/home/*/.config/{gcloud,doctl}/**"]);
//! /// Programs that may read them.
//! static READERS: TextSet = TextSet::new().file_name(&["sshd", "ssh-agent"]);
//!
//! # #[derive(Default)]
//! # struct Example;
//! # impl Pack for Example {
//! # const INFO: PackInfo = pack_info!("example", "");
//! # fn rules(r: &mut Rules<Self>) {
//! r.rule("credential-access/secret-read").on_open(|_, e, out| {
//!     if let Some(pattern) = SECRETS.find(e.path())
//!         && !READERS.matches(e.process().exe())
//!     {
//!         out.finding(format!("{} opened {}", e.process().exe(), e.path())).field("pattern", pattern);
//!     }
//! });
//! # }
//! # }
//! ```
//!
//! A set is a `static`, beside the rules that use it, or a field of the pack where its texts come from the settings:
//! [`TextSet::with`]. It is prepared when it is first asked; [`Rules::prepare`](crate::Rules::prepare) does so when the pack is
//! loaded.
//!
//! The cheapest event is one that never reaches the pack. Most sets can be filters too, so that the host compares:
//! `.only(open::file().matches(&SECRETS))`, `.only(connect::address().matches(&NETWORKS))`.

mod glob;
pub(crate) mod network;
mod networks;
#[cfg(feature = "regex")]
mod regex;
mod text_set;

pub use networks::Networks;
pub use text_set::{BadPattern, Comparison, TextSet};
