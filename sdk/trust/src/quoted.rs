//! Strings of others in our sentences.

use std::fmt;

/// The most characters that are shown of one.
const MAX_SHOWN: usize = 200;

/// A string that somebody else wrote: in quotes, all but ASCII escaped, cut when it is long. So it cannot move the cursor
/// of a terminal, nor pass for words of ours, nor look like another string.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars().take(MAX_SHOWN) {
            write!(f, "{}", c.escape_default())?;
        }
        if self.0.chars().nth(MAX_SHOWN).is_some() {
            f.write_str("…")?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(Quoted("a b/é'").to_string(), r#""a b/\u{e9}\'""#);
        assert_eq!(Quoted("a\"\n\u{1b}[0m\u{202e}\\").to_string(), r#""a\"\n\u{1b}[0m\u{202e}\\""#);
        assert_eq!(Quoted(&"x".repeat(201)).to_string(), format!("\"{}…\"", "x".repeat(200)));
    }
}
