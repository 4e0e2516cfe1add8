//! Lanner's registry: an OCI registry for rule packs and everything else.
//!
//! A request comes in ([`serve`]), is allowed or not ([`access`]), means something ([`api`], in the words of [`oci`]),
//! and is answered from the storage ([`store`]). [`mirror`] fetches what another registry has, [`packs`] knows what rule
//! packs are.

#![forbid(unsafe_code)]

pub mod access;
pub mod api;
pub mod cli;
pub mod config;
pub mod metrics;
pub mod mirror;
pub mod oci;
pub mod packs;
pub mod registry;
pub mod serve;
pub mod store;
