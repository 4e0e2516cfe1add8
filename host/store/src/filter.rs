//! Which findings are asked for.

use rusqlite::types::Value;

use crate::{Facet, Record, text};

/// What became of a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody has dealt with it.
    #[default]
    Open,
    /// Somebody has seen it.
    Acknowledged,
    /// It is done with.
    Closed,
}

impl State {
    const TABLE: [(Self, &'static str); 3] =
        [(Self::Open, "open"), (Self::Acknowledged, "acknowledged"), (Self::Closed, "closed")];

    /// All there are.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Closed];

    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn of(number: i64) -> Self {
        usize::try_from(number).ok().and_then(|at| Self::TABLE.get(at)).map_or(Self::Open, |(state, _)| *state)
    }
}

impl std::str::FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::TABLE.into_iter().find(|(_, name)| *name == text);
        named.map(|(state, _)| state).ok_or_else(|| format!("a finding is open, acknowledged or closed, not {text:?}"))
    }
}

/// Which findings are asked for: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// From this time on, ns since 1970.
    pub since_ns: Option<i64>,
    /// Before this time.
    pub until_ns: Option<i64>,
    /// That have one of these values in each of these facets.
    pub facets: Vec<(Facet, Vec<String>)>,
    /// In one of these states; in any where there are none.
    pub states: Vec<State>,
    /// That these words stand in.
    pub text: Option<String>,
}

/// A question as SQL, and what is put into it.
#[derive(Default)]
pub(crate) struct Question {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

/// Values of a facet, by their numbers, and how many findings have each.
pub(crate) type Numbers = Vec<(i64, u64)>;

/// Where a question begins.
#[derive(Clone, Copy)]
enum Lead<'a> {
    /// With all findings.
    All,
    /// With those of a value.
    Value(i64),
    /// With those that words stand in.
    Text(&'a str),
}

impl Filter {
    /// Whether a finding that was just raised, and that nobody has dealt with, meets it. Words are looked for wherever they
    /// stand, also within longer ones.
    pub fn meets(&self, record: &Record) -> bool {
        let has = |(facet, values): &(Facet, Vec<String>)| {
            record.facets.iter().any(|(of, value)| of == facet && values.contains(value))
        };
        self.since_ns.is_none_or(|since| record.time_ns >= since)
            && self.until_ns.is_none_or(|until| record.time_ns < until)
            && (self.states.is_empty() || self.states.contains(&State::Open))
            && self.facets.iter().all(has)
            && self.text.as_deref().is_none_or(|words| text::stands_in(words, &record.text))
    }

    /// Asks for keys, the newest first, older than `before`. Nothing where no finding can be meant.
    pub(crate) fn question(&self, facets: &[Numbers], before: Option<i64>, most: u32) -> Option<Question> {
        let mut facets: Vec<&Numbers> = facets.iter().collect();
        facets.sort_by_key(|values| values.iter().map(|(_, findings)| *findings).sum::<u64>());
        if facets.first().is_some_and(|values| values.is_empty()) {
            return None;
        }
        let words = self.text.as_deref().map(text::query);
        let mut question = Question::default();
        match (words, facets.split_first()) {
            (Some(words), _) => self.add(&mut question, Lead::Text(&words?), &facets, before, most),
            (None, None) => self.add(&mut question, Lead::All, &[], before, most),
            // The rarest leads, and the others are looked up for each of its findings. The keys of one value are in order.
            (None, Some((rarest, others))) => {
                for (value, _) in *rarest {
                    if !question.sql.is_empty() {
                        question.sql += " UNION ";
                    }
                    question.sql += "SELECT key FROM (";
                    self.add(&mut question, Lead::Value(*value), others, before, most);
                    question.sql += ")";
                }
                question.sql += &format!(" ORDER BY key DESC LIMIT {most}");
            }
        }
        Some(question)
    }

    fn add(&self, question: &mut Question, lead: Lead<'_>, facets: &[&Numbers], before: Option<i64>, most: u32) {
        let key = match lead {
            Lead::All => {
                question.sql += "SELECT m.key AS key FROM finding m WHERE 1";
                "m.key"
            }
            Lead::Value(value) => {
                question.sql += "SELECT m.key AS key FROM facet m WHERE m.value = ?";
                question.values.push(value.into());
                "m.key"
            }
            Lead::Text(words) => {
                question.sql += "SELECT m.rowid AS key FROM words m WHERE m.said MATCH ?";
                question.values.push(words.to_owned().into());
                "m.rowid"
            }
        };
        for values in facets {
            let places = question.places(values.iter().map(|(number, _)| *number));
            question.sql +=
                &format!(" AND EXISTS (SELECT 1 FROM facet f WHERE f.value IN ({places}) AND f.key = {key})");
        }
        question.bound(&format!("{key} >= ?"), self.since_ns);
        question.bound(&format!("{key} < ?"), self.until_ns);
        question.bound(&format!("{key} < ?"), before);
        if !self.states.is_empty() {
            let places = question.places(self.states.iter().map(|state| state.number()));
            question.sql += &format!(
                " AND coalesce((SELECT w.state FROM work w JOIN finding n ON n.id = w.id WHERE n.key = {key}), 0) \
                 IN ({places})"
            );
        }
        question.sql += &format!(" ORDER BY {key} DESC LIMIT {most}");
    }
}

impl Question {
    fn places(&mut self, numbers: impl Iterator<Item = i64>) -> String {
        let before = self.values.len();
        self.values.extend(numbers.map(Value::from));
        vec!["?"; self.values.len() - before].join(", ")
    }

    fn bound(&mut self, condition: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.sql += &format!(" AND {condition}");
            self.values.push(value.into());
        }
    }
}
