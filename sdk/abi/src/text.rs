//! Texts of the kernel: bytes, most often UTF-8, never certainly.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::{self, Write as _};
use core::hash::{Hash, Hasher};

/// A text of the kernel.
///
/// Compares with strings as bytes. Shown with `{}` it is safe to print: what is not UTF-8 becomes U+FFFD, control
/// characters are escaped (`\n`, `\x1b`), and so are those that change the direction of text (`\u{202e}`), so that
/// whoever names a file cannot act on the terminal or deceive the eye of the one who reads it.
///
/// It may be unknown, which is not the same as empty: an unknown text equals no other, and nothing is in it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'a>(Option<&'a [u8]>);

impl<'a> Text<'a> {
    /// Takes bytes as a text.
    #[inline]
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(Some(bytes))
    }

    #[inline]
    pub(crate) const fn known_or_not(bytes: Option<&'a [u8]>) -> Self {
        Self(bytes)
    }

    /// Whether it is known.
    #[inline]
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The bytes, where it is known.
    #[inline]
    #[must_use]
    pub const fn known(&self) -> Option<&'a [u8]> {
        self.0
    }

    /// The bytes; none where it is unknown.
    #[inline]
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self.0 {
            Some(bytes) => bytes,
            None => &[],
        }
    }

    /// Bytes in it.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether nothing is in it, as also where it is unknown.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The text, where it is known, and UTF-8.
    #[must_use]
    pub fn to_str(&self) -> Option<&'a str> {
        core::str::from_utf8(self.0?).ok()
    }

    /// The text as it is, but for what is not UTF-8, which becomes U+FFFD. Nothing is escaped: to print, use `{}`.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// Whether it begins with `prefix`.
    #[inline]
    #[must_use]
    pub fn starts_with(&self, prefix: impl AsRef<[u8]>) -> bool {
        self.0.is_some_and(|text| text.starts_with(prefix.as_ref()))
    }

    /// Whether it ends with `suffix`.
    #[inline]
    #[must_use]
    pub fn ends_with(&self, suffix: impl AsRef<[u8]>) -> bool {
        self.0.is_some_and(|text| text.ends_with(suffix.as_ref()))
    }

    /// Whether `part` is anywhere in it. What is empty is in every text that is known.
    #[must_use]
    pub fn contains(&self, part: impl AsRef<[u8]>) -> bool {
        let part = part.as_ref();
        let Some(text) = self.0 else { return false };
        let Some((first, rest)) = part.split_first() else { return true };
        let Some(last) = text.len().checked_sub(part.len()) else { return false };
        let begins = text.get(..=last).unwrap_or_default();
        begins
            .iter()
            .enumerate()
            .any(|(at, byte)| byte == first && text.get(at + 1..).is_some_and(|following| following.starts_with(rest)))
    }

    /// Whether it is one of these.
    #[inline]
    #[must_use]
    pub fn one_of<T: AsRef<[u8]>>(&self, texts: &[T]) -> bool {
        self.0.is_some_and(|known| texts.iter().any(|text| known == text.as_ref()))
    }

    /// As a path: what follows the last `/`.
    #[inline]
    #[must_use]
    pub fn file_name(&self) -> Text<'a> {
        let name = |text: &'a [u8]| match text.iter().rposition(|byte| *byte == b'/') {
            Some(at) => text.get(at + 1..).unwrap_or_default(),
            None => text,
        };
        Text(self.0.map(name))
    }

    /// As a path: what stands before the last `/`; `/` for what lies at the top, empty where there is no `/`.
    #[must_use]
    pub fn directory(&self) -> Text<'a> {
        let directory = |text: &'a [u8]| match text.iter().rposition(|byte| *byte == b'/') {
            Some(at) => text.get(..at.max(1)).unwrap_or_default(),
            None => &[],
        };
        Text(self.0.map(directory))
    }

    /// As a path: whether it lies below `directory`, at any depth. A path is not below itself, and `/etc/cron.daily`
    /// not below `/etc/cron`.
    #[inline]
    #[must_use]
    pub fn is_under(&self, directory: impl AsRef<[u8]>) -> bool {
        let directory = directory.as_ref();
        let directory = directory.strip_suffix(b"/").unwrap_or(directory);
        match self.as_bytes().strip_prefix(directory) {
            Some([b'/', rest @ ..]) => !rest.is_empty(),
            _ => false,
        }
    }
}

// === impl Text: shown ===

/// Whether a character acts on a terminal or on the direction of what surrounds it.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_escaped(text: &[u8], f: &mut fmt::Formatter<'_>, quoted: bool) -> fmt::Result {
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        let mut from = 0;
        for (at, character) in valid.char_indices() {
            let quote = quoted && matches!(character, '"' | '\\');
            if !acts(character) && !quote {
                continue;
            }
            f.write_str(valid.get(from..at).unwrap_or_default())?;
            from = at + character.len_utf8();
            match character {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '"' | '\\' => write!(f, "\\{character}")?,
                '\0'..='\u{7f}' => write!(f, "\\x{:02x}", u32::from(character))?,
                _ => write!(f, "\\u{{{:x}}}", u32::from(character))?,
            }
        }
        f.write_str(valid.get(from..).unwrap_or_default())?;
        if !chunk.invalid().is_empty() {
            f.write_char(char::REPLACEMENT_CHARACTER)?;
        }
    }
    Ok(())
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write_escaped(text, f, false),
            None => f.write_char('?'),
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = self.0 else { return f.write_char('?') };
        f.write_char('"')?;
        write_escaped(text, f, true)?;
        f.write_char('"')
    }
}

// === impl Text: compared and converted ===

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl AsRef<[u8]> for Text<'_> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Self(Some(bytes))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Self(Some(text.as_bytes()))
    }
}

macro_rules! compares_with {
    ($($other:ty),*) => {$(
        impl PartialEq<$other> for Text<'_> {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                self.0 == Some(AsRef::<[u8]>::as_ref(other))
            }
        }

        impl PartialEq<Text<'_>> for $other {
            #[inline]
            fn eq(&self, other: &Text<'_>) -> bool {
                Some(AsRef::<[u8]>::as_ref(self)) == other.0
            }
        }

        impl PartialOrd<$other> for Text<'_> {
            #[inline]
            fn partial_cmp(&self, other: &$other) -> Option<Ordering> {
                self.0.and_then(|text| text.partial_cmp(AsRef::<[u8]>::as_ref(other)))
            }
        }
    )*};
}

compares_with!(str, &str, String, [u8], &[u8]);

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::*;

    fn text(text: &str) -> Text<'_> {
        Text::from(text)
    }

    #[test]
    fn compares_as_bytes() {
        assert!(text("/etc/shadow") == "/etc/shadow" && *"/etc/shadow" == text("/etc/shadow"));
        assert!(Text::new(b"a\xff") != "a\u{fffd}");
        assert!(text("abc").contains("bc") && text("abc").contains("") && !text("abc").contains("abcd"));
        assert!(text("aab").contains("ab") && !text("").contains("a") && text("abc").contains("abc"));
        assert!(text("b").one_of(&["a", "b"]) && !text("c").one_of(&["a", "b"]));
    }

    #[test]
    #[allow(clippy::comparison_to_empty, clippy::nonminimal_bool, reason = "comparing is what is tested")]
    fn what_is_unknown_is_not_empty() {
        let unknown = Text::default();
        assert!(!unknown.is_known() && unknown.is_empty() && unknown != "" && "" != unknown);
        assert!(!unknown.starts_with("") && !unknown.ends_with("") && !unknown.contains("") && !unknown.one_of(&[""]));
        assert!(!unknown.file_name().is_known() && !unknown.directory().is_known() && !unknown.is_under("/"));
        assert_eq!((unknown.to_string(), format!("{unknown:?}"), unknown.to_str()), ("?".into(), "?".into(), None));
        assert!(Text::new(b"").is_known() && Text::new(b"") == "" && unknown < Text::new(b""));
    }

    #[test]
    fn is_shown_without_acting_on_a_terminal() {
        let hostile = Text::new(b"a\x1b[2J\n\x7f\xff\xc2\x9b b\xe2\x80\xae\"\\");
        assert_eq!(hostile.to_string(), "a\\x1b[2J\\n\\x7f\u{fffd}\\u{9b} b\\u{202e}\"\\");
        assert_eq!(format!("{:?}", text("a\"b\n")), r#""a\"b\n""#);
        assert_eq!(text("grüße 鷹").to_string(), "grüße 鷹");
    }

    #[test]
    fn paths() {
        assert_eq!(text("/usr/bin/cat").file_name(), "cat");
        assert_eq!(text("cat").file_name(), "cat");
        assert_eq!(text("/usr/bin/").file_name(), "");
        assert_eq!(text("/usr/bin/cat").directory(), "/usr/bin");
        assert_eq!(text("/init").directory(), "/");
        assert_eq!(text("init").directory(), "");
        assert!(text("/etc/cron.d/x").is_under("/etc/cron.d") && text("/etc/cron.d/x").is_under("/etc/cron.d/"));
        assert!(text("/x").is_under("/") && text("/etc/a/b").is_under("/etc"));
        assert!(!text("/etc/cron.daily/x").is_under("/etc/cron"));
        assert!(!text("/etc/cron.d").is_under("/etc/cron.d") && !text("/etc/cron.d/").is_under("/etc/cron.d"));
    }
}
