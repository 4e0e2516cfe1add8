//! Rules as conditions on events: the form that rules of other languages (Falco's, Sigma's) are compiled to, and what evaluates
//! it, natively and in WebAssembly.
//!
//! [`Builder`] makes rules of conditions, [`Rules::encode`] bytes of them; [`Evaluator`] reads the bytes and judges the events of
//! a frame. [`filter::of`] says what a host can compare beforehand. A condition is compiled for each kind of event that it can
//! hold for, so that all its fields are known by then.
//!
//! What is not known is not there: a test of it does not hold, and its negation does, as in the filters of the contract.

#![forbid(unsafe_code)]

mod build;
mod correlate;
mod evaluate;
mod field;
pub mod filter;
mod glob;
mod memory;
mod names;
mod rules;
mod test;
mod time;
mod transform;

pub use build::{Builder, Made};
pub use correlate::{Correlation, Counted, MAX_COUNT, MAX_MEMBERS, Together};
pub use evaluate::{Evaluator, Unreadable};
pub use field::{Constant, Field, Get, Owner, Socket, place};
pub use memory::is_kubernetes;
pub use names::Table;
pub use rules::{Arm, Condition, FieldId, Part, Rule, Rules, TestId};
pub use test::{Compare, How, Op, Test};
pub use transform::Transform;
