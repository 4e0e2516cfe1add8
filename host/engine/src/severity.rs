//! How bad a finding is.

use serde::{Deserialize, Serialize};

use crate::contract;

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl From<contract::Severity> for Severity {
    fn from(severity: contract::Severity) -> Self {
        match severity {
            contract::Severity::Info => Self::Info,
            contract::Severity::Low => Self::Low,
            contract::Severity::Medium => Self::Medium,
            contract::Severity::High => Self::High,
            contract::Severity::Critical => Self::Critical,
        }
    }
}
