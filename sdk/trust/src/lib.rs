//! Signatures of rule packs, and whom to trust.

#![forbid(unsafe_code)]
