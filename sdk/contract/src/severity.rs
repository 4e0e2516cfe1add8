//! How bad a finding is.

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth keeping.
    Info,
    /// Worth a look when there is time.
    Low,
    /// Worth a look.
    #[default]
    Medium,
    /// Likely an attack.
    High,
    /// An attack, or as bad as one.
    Critical,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name, as it travels and as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}
