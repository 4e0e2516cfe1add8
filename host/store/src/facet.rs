//! What findings can be filtered and counted by.

use std::fmt;
use std::str::FromStr;

/// Something that findings have, by which they are filtered and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// All of them.
    All,
    /// How bad: `info` to `critical`.
    Severity,
    /// The rule's id.
    Rule,
    /// The pack's name.
    Pack,
    /// An ATT&CK technique.
    Technique,
    /// The host's name.
    Host,
    /// The path of the program.
    Program,
    /// The user's name, or his number where he has none.
    User,
    /// The container's id.
    Container,
    /// The image that it runs.
    Image,
    /// The pod's namespace.
    Namespace,
    /// The process, by its id.
    Process,
    /// A label of the host: `name=value`.
    Label,
}

impl Facet {
    /// All, with their names and how they are stored.
    const TABLE: [(Self, &'static str, i64); 13] = [
        (Self::All, "all", 0),
        (Self::Severity, "severity", 1),
        (Self::Rule, "rule", 2),
        (Self::Pack, "pack", 3),
        (Self::Technique, "technique", 4),
        (Self::Host, "host", 5),
        (Self::Program, "program", 6),
        (Self::User, "user", 7),
        (Self::Container, "container", 8),
        (Self::Image, "image", 9),
        (Self::Namespace, "namespace", 10),
        (Self::Process, "process", 11),
        (Self::Label, "label", 12),
    ];

    /// Those that are worth counting: a process has few findings, and there is no end of processes.
    pub fn counted() -> impl Iterator<Item = Self> {
        Self::TABLE.into_iter().map(|(facet, ..)| facet).filter(|facet| *facet != Self::Process)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// The one that is stored so.
    pub(crate) fn of(number: i64) -> Option<Self> {
        Self::TABLE.into_iter().find(|(.., known)| *known == number).map(|(facet, ..)| facet)
    }

    /// As it is stored.
    pub(crate) fn number(self) -> i64 {
        Self::TABLE[self as usize].2
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Facet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::counted().find(|facet| facet.name() == text);
        named.ok_or_else(|| {
            let names: Vec<&str> = Self::counted().map(Self::name).collect();
            format!("findings are not counted by {text:?}: there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facet_is_where_it_is_looked_for() {
        for (place, (facet, name, number)) in Facet::TABLE.into_iter().enumerate() {
            assert_eq!((facet as usize, facet.name(), facet.number()), (place, name, number));
            assert_eq!(Facet::of(number), Some(facet));
        }
        assert_eq!("rule".parse(), Ok(Facet::Rule));
        assert!("process".parse::<Facet>().unwrap_err().contains("technique"));
    }
}
