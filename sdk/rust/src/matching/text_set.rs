//! Sets of texts.

use std::fmt;
use std::sync::OnceLock;

use lanner_abi::Text;
use lanner_contract::filter::{Literal, Test};
use lanner_contract::sieve::{Equals, Parts, Prefixes, Suffixes};

use super::glob::{self, Glob};
#[cfg(feature = "regex")]
use super::regex::Expression;

/// Lists of one set in the source.
const MAX_LISTS: usize = 8;

/// Texts that other texts are compared with: paths, names, arguments.
///
/// A text is in the set where it passes any of its comparisons. Texts are compared as bytes; one that is not known is in no
/// set. What a set costs depends on the text, and hardly on how many texts are in the set:
///
/// | comparison | holds where the text | costs |
/// | --- | --- | --- |
/// | `equals` | is one of these | a binary search |
/// | `starts_with` | begins with one | a binary search |
/// | `ends_with` | ends with one | a binary search |
/// | `file_name` | is a path whose last part is one, or is one itself | two binary searches |
/// | `contains` | has one somewhere in it | a search for all at once; the longer the shortest of them, the faster |
/// | `glob` | is a path of that form | for each glob a look at how it begins and ends; where that fits, a step a byte |
/// | `regex` | has what the expression describes | for each expression a search that is slow, some ten times a glob |
///
/// Whatever the text is, the time grows with its length and no faster.
///
/// Sets are made in the source ([`new`](Self::new)), or at run time ([`with`](Self::with)). See the [module](super) for an
/// example.
#[derive(Clone, Debug)]
pub struct TextSet {
    lists: [(Comparison, &'static [&'static str]); MAX_LISTS],
    /// How many of the lists there are.
    used: usize,
    /// Those that were told at run time.
    told: Vec<(Comparison, String)>,
    /// Makes globs ready. Nothing does where there are none, so that only a pack with globs carries its code.
    read_glob: fn(&str) -> Vec<Glob>,
    prepared: OnceLock<Box<Prepared>>,
}

/// How a text is compared with those of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// It is the same.
    Equals,
    /// It begins with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// It has it somewhere.
    Contains,
    /// As a path, it is called so, in whatever folder.
    FileName,
    /// It is what the glob stands for: see [`TextSet::glob`].
    Glob,
    /// The regular expression finds something in it: see [`TextSet::regex`].
    #[cfg(feature = "regex")]
    Regex,
}

/// A glob, a network or a regular expression that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(String);

/// A set, ready to be compared with texts.
#[derive(Clone, Debug, Default)]
struct Prepared {
    equals: Equals,
    prefixes: Prefixes,
    suffixes: Suffixes,
    parts: Parts,
    globs: Vec<(u32, Glob)>,
    #[cfg(feature = "regex")]
    expressions: Vec<(u32, Expression)>,
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident $comparison:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// The set has 8 lists already. In a `static` it does not compile then.
        #[must_use]
        pub const fn $name(self, texts: &'static [&'static str]) -> Self {
            self.list(Comparison::$comparison, texts)
        }
    )*};
}

impl TextSet {
    /// Without any text, so that no text is in it.
    #[must_use]
    pub const fn new() -> Self {
        let lists = [(Comparison::Equals, [].as_slice()); MAX_LISTS];
        Self { lists, used: 0, told: Vec::new(), read_glob: |_| Vec::new(), prepared: OnceLock::new() }
    }

    lists! {
        /// Texts that are one of these.
        equals Equals;
        /// Texts that begin with one of these. What lies below a folder begins with its name and a `/`: `/etc/cron.d/`.
        starts_with StartsWith;
        /// Texts that end with one of these.
        ends_with EndsWith;
        /// Texts that have one of these somewhere in them.
        contains Contains;
        /// Paths that have one of these after their last `/`, and names that are one of these.
        file_name FileName;
    }

    /// Paths that have the form of one of these globs, as a whole:
    ///
    /// | in the glob | stands for |
    /// | --- | --- |
    /// | `*` | bytes but `/`, or none |
    /// | `**` | bytes, `/` too, or none; `**/` between two `/` or at the beginning stands for any folders, or none |
    /// | `?` | a byte but `/` |
    /// | `[a-z_]`, `[!a-z]` | one of these ASCII characters, or none of these and no `/` |
    /// | `{etc,usr/etc}` | one of these, which may be globs; they do not lie in one another |
    /// | `\*` | the character itself |
    ///
    /// A glob stands for 127 characters at the most, `*` not counted, and for 64 globs without `{…}`.
    ///
    /// # Panics
    /// One is no glob. In a `static` it does not compile then:
    ///
    /// ```compile_fail,E0080
    /// # use lanner_sdk::prelude::*;
    /// static TERMINALS: TextSet = TextSet::new().glob(&["/dev/tty[0-9"]);
    /// ```
    #[must_use]
    pub const fn glob(mut self, globs: &'static [&'static str]) -> Self {
        self.read_glob = glob::globs;
        let mut at = 0;
        while at < globs.len() {
            match glob::wrong(globs[at]) {
                Some(wrong) => panic!("{}", wrong),
                None => at += 1,
            }
        }
        self.list(Comparison::Glob, globs)
    }

    /// Texts in which one of these regular expressions finds something; `^` and `$` bind it to the beginning and the end.
    ///
    /// They are those of the crate `regex-lite`: without Unicode classes, and a search takes a time that grows with the text
    /// and no faster. What is not UTF-8 in a text is U+FFFD to them. The cargo feature `regex` has them, as they make a pack
    /// larger.
    ///
    /// Whether they make sense is seen when the set is prepared. Let that be when the pack is loaded:
    /// [`Rules::prepare`](crate::Rules::prepare).
    #[cfg(feature = "regex")]
    #[must_use]
    pub const fn regex(self, expressions: &'static [&'static str]) -> Self {
        self.list(Comparison::Regex, expressions)
    }

    const fn list(mut self, comparison: Comparison, texts: &'static [&'static str]) -> Self {
        assert!(self.used < MAX_LISTS, "a set has 8 lists at the most");
        self.lists[self.used] = (comparison, texts);
        self.used += 1;
        self
    }

    /// The same with texts that are known at run time only, such as those of a setting.
    ///
    /// ```
    /// # use lanner_sdk::matching::{BadPattern, Comparison};
    /// # use lanner_sdk::prelude::*;
    /// # let texts = ["/srv/*/tmp/**".to_owned()];
    /// let quiet = TextSet::new().with(Comparison::Glob, texts)?;
    /// assert!(quiet.matches("/srv/web/tmp/x"));
    /// # Ok::<(), BadPattern>(())
    /// ```
    ///
    /// # Errors
    /// One is no glob, or no regular expression.
    pub fn with(
        mut self,
        comparison: Comparison,
        texts: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Self, BadPattern> {
        self.prepared = OnceLock::new();
        if comparison == Comparison::Glob {
            self.read_glob = glob::globs;
        }
        for text in texts {
            let text = text.into();
            check(comparison, &text)?;
            self.told.push((comparison, text));
        }
        Ok(self)
    }

    /// Whether a text is in the set. Takes a [`Text`], a string or bytes.
    #[inline]
    #[must_use]
    pub fn matches<'t>(&self, text: impl Into<Text<'t>>) -> bool {
        text.into().known().is_some_and(|text| self.number(text).is_some())
    }

    /// Which of the set's texts it is that a text equals, begins with and so on, as it is written there; of several, one
    /// that is cheap to find. Nothing where the text is not in the set.
    #[must_use]
    pub fn find<'t>(&self, text: impl Into<Text<'t>>) -> Option<&str> {
        let number = self.number(text.into().known()?)?;
        self.all().nth(number as usize).map(|(_, text)| text)
    }

    fn number(&self, text: &[u8]) -> Option<u32> {
        self.prepared.get_or_init(|| Box::new(Prepared::new(self))).find(text)
    }

    /// All texts.
    fn all(&self) -> impl Iterator<Item = (Comparison, &str)> {
        let listed = self.lists.iter().take(self.used);
        let listed = listed.flat_map(|(comparison, texts)| texts.iter().map(|text| (*comparison, *text)));
        listed.chain(self.told.iter().map(|(comparison, text)| (*comparison, text.as_str())))
    }

    /// Prepares it now rather than when it is first asked.
    ///
    /// # Panics
    /// It has a regular expression that is none.
    pub(crate) fn prepare(&self) {
        let _ = self.number(&[]);
    }

    /// What a host can compare: tests of which one has to hold.
    ///
    /// # Panics
    /// The set has globs or regular expressions, which a host cannot compare.
    pub(crate) fn tests(&self) -> Vec<Test> {
        let (mut equals, mut starts, mut ends, mut parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (comparison, text) in self.all() {
            let bytes = text.as_bytes().to_vec();
            match comparison {
                Comparison::Equals => equals.push(Literal::Bytes(bytes)),
                Comparison::StartsWith => starts.push(bytes),
                Comparison::EndsWith => ends.push(bytes),
                Comparison::Contains => parts.push(bytes),
                Comparison::FileName => {
                    ends.push(below(text));
                    equals.push(Literal::Bytes(bytes));
                }
                _ => panic!(
                    "the set with {text:?} cannot be a filter: the host compares no globs and no regular expressions"
                ),
            }
        }
        let tests = [Test::Equals(equals), Test::StartsWith(starts), Test::EndsWith(ends), Test::Contains(parts)];
        tests.into_iter().filter(|test| !test.is_empty()).collect()
    }
}

impl Default for TextSet {
    fn default() -> Self {
        Self::new()
    }
}

impl Prepared {
    /// # Panics
    /// A regular expression is none; all others were checked before.
    fn new(set: &TextSet) -> Self {
        let (mut equals, mut prefixes, mut suffixes, mut parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut prepared = Self::default();
        for (number, (comparison, text)) in (0..).zip(set.all()) {
            let numbered = (number, text.as_bytes().to_vec());
            match comparison {
                Comparison::Equals => equals.push(numbered),
                Comparison::StartsWith => prefixes.push(numbered),
                Comparison::EndsWith => suffixes.push(numbered),
                Comparison::Contains => parts.push(numbered),
                Comparison::FileName => {
                    suffixes.push((number, below(text)));
                    equals.push(numbered);
                }
                Comparison::Glob => {
                    prepared.globs.extend((set.read_glob)(text).into_iter().map(|glob| (number, glob)));
                }
                #[cfg(feature = "regex")]
                Comparison::Regex => match Expression::new(text) {
                    Ok(expression) => prepared.expressions.push((number, expression)),
                    Err(wrong) => panic!("{}", BadPattern::new(text, "regular expression", &wrong)),
                },
            }
        }
        prepared.equals = Equals::new(equals);
        prepared.prefixes = Prefixes::new(prefixes);
        prepared.suffixes = Suffixes::new(suffixes);
        prepared.parts = Parts::new(parts);
        prepared
    }

    /// The number of a text that this one equals, begins with and so on; cheap comparisons first.
    fn find(&self, text: &[u8]) -> Option<u32> {
        let found = self.equals.find(text).or_else(|| self.prefixes.find(text)).or_else(|| self.suffixes.find(text));
        let found = found.or_else(|| self.parts.find(text));
        let glob = || self.globs.iter().find(|(_, glob)| glob.matches(text)).map(|(number, _)| *number);
        let found = found.or_else(glob);
        #[cfg(feature = "regex")]
        let found = found.or_else(|| {
            self.expressions.iter().find(|(_, expression)| expression.matches(text)).map(|(number, _)| *number)
        });
        found
    }
}

/// How the paths end of what is called so.
fn below(name: &str) -> Vec<u8> {
    [b"/", name.as_bytes()].concat()
}

fn check(comparison: Comparison, text: &str) -> Result<(), BadPattern> {
    match comparison {
        Comparison::Glob => glob::wrong(text).map_or(Ok(()), |wrong| Err(BadPattern::new(text, "glob", wrong))),
        #[cfg(feature = "regex")]
        Comparison::Regex => match Expression::new(text) {
            Ok(_) => Ok(()),
            Err(wrong) => Err(BadPattern::new(text, "regular expression", &wrong)),
        },
        _ => Ok(()),
    }
}

impl BadPattern {
    pub(super) fn new(pattern: &str, what: &str, wrong: &str) -> Self {
        Self(format!("{pattern:?} is no {what}: {wrong}"))
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPattern {}

/// For [`Pack::configure`](crate::Pack::configure).
impl From<BadPattern> for String {
    fn from(bad: BadPattern) -> Self {
        bad.0
    }
}
