//! Regular expressions.

use regex_lite::Regex;

/// A regular expression, ready to be compared with texts.
#[derive(Clone, Debug)]
pub(super) struct Expression(Regex);

impl Expression {
    /// # Errors
    /// It is none; what is wrong with it.
    pub(super) fn new(written: &str) -> Result<Self, String> {
        Regex::new(written).map(Self).map_err(|error| error.to_string())
    }

    /// Whether it is found in the text. What is not UTF-8 in it is U+FFFD here, as it is where texts are shown.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        self.0.is_match(&String::from_utf8_lossy(text))
    }
}
