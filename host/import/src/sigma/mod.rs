//! Sigma's rules.

mod audit;
mod compile;
pub mod condition;
mod correlation;
mod fields;
mod licenses;
mod logsource;
mod lower;
mod modifiers;
pub mod value;
pub mod yaml;

pub use crate::rule::Refused;
pub(crate) use compile::compile;
