//! Findings in the formats of others, made of Lanner's JSON of a finding. A file a format; what is called how in which of them
//! stands in one table.
//!
//! What comes in is believed to be no more than JSON: a field that is missing, or is of another type than it should be, is
//! left out, and what comes out is of the format all the same.

mod cef;
mod ecs;
mod facts;
mod falco;
mod kinds;
mod line;
mod ocsf;
mod place;
mod table;

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

pub use line::Formatted;
pub use table::markdown;

/// How a finding is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// As Lanner writes it: `docs/findings.md`.
    #[default]
    Json,
    /// As Falco 0.44 writes an alert with `json_output`.
    Falco,
    /// Elastic Common Schema 8.
    Ecs,
    /// A Detection Finding of OCSF 1.5.
    Ocsf,
    /// ArcSight's Common Event Format, version 0.
    Cef,
}

/// There is no such format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {0:?}; there are json, falco, ecs, ocsf and cef")]
pub struct UnknownFormat(String);

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::Falco, Self::Ecs, Self::Ocsf, Self::Cef];

    /// What it is called in settings and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Falco => "falco",
            Self::Ecs => "ecs",
            Self::Ocsf => "ocsf",
            Self::Cef => "cef",
        }
    }

    /// Whether what it makes is an object of JSON; else it is a line of text.
    pub const fn is_json(self) -> bool {
        !matches!(self, Self::Cef)
    }

    /// What a receiver is told that it is (`Content-Type`).
    pub const fn media_type(self) -> &'static str {
        if self.is_json() { "application/json" } else { "text/plain; charset=utf-8" }
    }

    /// A finding as one line, without a line feed at its end or in it.
    pub fn render(&self, finding: &Value) -> Vec<u8> {
        match self {
            Self::Json => written(finding),
            Self::Falco => written(&falco::of(finding)),
            Self::Ecs => written(&ecs::of(finding)),
            Self::Ocsf => written(&ocsf::of(finding)),
            Self::Cef => cef::of(finding).into_bytes(),
        }
    }
}

fn written(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
