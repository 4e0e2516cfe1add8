//! Indexes of packs: which packs there are, by name, in which versions, and who publishes them.
//!
//! An index is a document in a registry, signed as packs are, and believed only as far as the trust policy trusts its
//! repository. What it says of a pack leads to that pack and nothing more: whether the pack is trusted, the policy says, by
//! the pack's own signatures. `docs/community.md` describes the form.

mod choose;
mod document;
mod obtain;
mod publish;
mod search;

pub use choose::{Chosen, NameError, Standing, Wanted, choose, standing};
pub use document::{DocumentError, Listed, ListedRule, PackIndex, Publisher, PublisherIdentity, Release};
pub use obtain::{Asking, IndexError, ObtainedIndex, Obtaining};
pub use publish::ListError;
pub use search::matches;
