//! Which rules of a pack are tested: those that some test has found something by, and that were silent in some other though an
//! event of a kind that they ask for came by.

use std::collections::BTreeSet;

use lanner_abi::Kind;
use lanner_engine::{Description, Rule};

use super::Ran;

/// Of all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(pub Vec<OfRule>);

/// Of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfRule {
    /// Its id.
    pub rule: String,
    kinds: BTreeSet<Kind>,
    /// The tests in which it found something.
    pub hit_by: Vec<String>,
    /// The tests in which it could have, and did not.
    pub silent_in: Vec<String>,
}

impl Coverage {
    /// Before any test. Rules that cannot run here are not counted.
    pub fn new(pack: &Description) -> Self {
        let runs = |(number, _): &(u32, &Rule)| !pack.left_out.iter().any(|left_out| left_out.rule == *number);
        let of = |(_, rule): (u32, &Rule)| OfRule {
            rule: rule.id.clone(),
            kinds: rule.events.iter().filter_map(|event| Kind::from_name(&event.kind)).collect(),
            hit_by: Vec::new(),
            silent_in: Vec::new(),
        };
        Self((0..).zip(&pack.rules).filter(runs).map(of).collect())
    }

    /// A test has run, in which these rules were off.
    pub fn add(&mut self, test: &str, off: &[String], ran: &Ran) {
        for of in &mut self.0 {
            if ran.found.iter().any(|found| found.rule() == of.rule) {
                of.hit_by.push(test.to_owned());
            } else if !off.contains(&of.rule) && !of.kinds.is_disjoint(&ran.kinds) {
                of.silent_in.push(test.to_owned());
            }
        }
    }

    /// How much of it is tested: of both that there is to see of each rule.
    pub fn percent(&self) -> f64 {
        let seen = self.0.iter().map(|of| usize::from(!of.hit_by.is_empty()) + usize::from(!of.silent_in.is_empty()));
        match self.0.len() {
            0 => 100.0,
            rules => 50.0 * seen.sum::<usize>() as f64 / rules as f64,
        }
    }
}
