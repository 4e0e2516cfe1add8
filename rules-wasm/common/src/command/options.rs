//! Options as getopt(3) takes them: combined letters, values joined or apart, operands among them, and, as getopt_long(3),
//! abbreviations.

use lanner_sdk::prelude::*;

/// Letters that an abbreviation has at least.
const ABBREVIATION: usize = 3;

/// Which options of a program take a value.
#[derive(Clone, Copy, Debug)]
pub struct Syntax<'s> {
    short: &'s str,
    long: &'s [&'s str],
    abbreviates: bool,
}

impl<'s> Syntax<'s> {
    /// `short` are the letters of options that take a value, `long` the names of those, without dashes.
    #[must_use]
    pub const fn new(short: &'s str, long: &'s [&'s str]) -> Self {
        Self { short, long, abbreviates: false }
    }

    /// Of a program that takes the beginning of a long option for it: what uses getopt_long(3), which not all do.
    #[must_use]
    pub const fn abbreviated(self) -> Self {
        Self { abbreviates: true, ..self }
    }

    /// Whether this is the whole name of one that takes a value.
    fn knows(&self, given: &[u8]) -> bool {
        self.long.iter().any(|long| long.as_bytes() == given)
    }

    fn takes_value(&self, given: &[u8]) -> bool {
        self.knows(given) || (self.abbreviates && self.long.iter().any(|long| begins(given, long)))
    }
}

fn begins(given: &[u8], long: &str) -> bool {
    given.len() >= ABBREVIATION && long.as_bytes().starts_with(given)
}

/// The options and operands of a command line. An option goes by its letter, or by its name without dashes.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    options: Vec<Given<'a>>,
    operands: Vec<Text<'a>>,
}

#[derive(Clone, Debug)]
struct Given<'a> {
    name: &'a [u8],
    /// Whether it may be the beginning of a longer name. What is an option as it is stands for no other.
    may_begin: bool,
    value: Option<Text<'a>>,
}

impl<'a> Options<'a> {
    /// Reads arguments, without the program's name.
    #[must_use]
    pub fn read(args: &[Text<'a>], syntax: &Syntax<'_>) -> Self {
        let mut read = Self::default();
        let mut rest = args.iter().copied();
        while let Some(arg) = rest.next() {
            match arg.as_bytes() {
                b"--" => read.operands.extend(rest.by_ref()),
                [b'-', b'-', long @ ..] => {
                    let mut parts = long.splitn(2, |byte| *byte == b'=');
                    let name = parts.next().unwrap_or_default();
                    let value = match parts.next() {
                        Some(value) => Some(Text::new(value)),
                        None if syntax.takes_value(name) => rest.next(),
                        None => None,
                    };
                    let may_begin = syntax.abbreviates && !syntax.knows(name);
                    read.options.push(Given { name, may_begin, value });
                }
                [b'-', letters @ ..] if !letters.is_empty() => {
                    for (at, letter) in letters.iter().enumerate() {
                        let takes = syntax.short.as_bytes().contains(letter);
                        let joined = letters.get(at + 1..).filter(|joined| !joined.is_empty()).map(Text::new);
                        let value = if takes { joined.or_else(|| rest.next()) } else { None };
                        read.options.push(Given { name: &letters[at..=at], may_begin: false, value });
                        if takes {
                            break;
                        }
                    }
                }
                _ => read.operands.push(arg),
            }
        }
        read
    }

    /// What is no option and no value of one.
    #[must_use]
    pub fn operands(&self) -> &[Text<'a>] {
        &self.operands
    }

    /// Whether one of these options was given.
    #[must_use]
    pub fn has(&self, options: &[&str]) -> bool {
        self.given(options).next().is_some()
    }

    /// The values that these options were given, in their order.
    pub fn values<'s>(&'s self, options: &'s [&'s str]) -> impl DoubleEndedIterator<Item = Text<'a>> + 's {
        self.given(options).filter_map(|given| given.value)
    }

    /// The last value of one of these options: it is the one that most programs go by.
    #[must_use]
    pub fn value(&self, options: &[&str]) -> Option<Text<'a>> {
        self.given(options).rev().find_map(|given| given.value)
    }

    fn given<'s>(&'s self, options: &'s [&'s str]) -> impl DoubleEndedIterator<Item = &'s Given<'a>> {
        self.options.iter().filter(move |given| {
            options
                .iter()
                .any(|option| option.as_bytes() == given.name || (given.may_begin && begins(given.name, option)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERADD: Syntax<'static> = Syntax::new("ugGdsp", &["group", "groups", "password", "uid"]).abbreviated();

    fn read<'a>(arguments: &[&'a str], syntax: &Syntax<'_>) -> Options<'a> {
        let arguments: Vec<_> = arguments.iter().map(|argument| Text::new(argument.as_bytes())).collect();
        Options::read(&arguments, syntax)
    }

    #[test]
    fn options_are_read_as_getopt_reads_them() {
        let options = read(&["-Mou0", "--pass", "x", "--groups=sudo", "-s", "/bin/sh", "ada", "--", "-r"], &USERADD);
        assert!(options.has(&["M"]) && options.has(&["o", "non-unique"]) && !options.has(&["r", "system"]));
        assert!(options.value(&["u", "uid"]).unwrap() == "0");
        assert!(options.value(&["p", "password"]).unwrap() == "x");
        assert!(options.value(&["G", "groups"]).unwrap() == "sudo");
        assert_eq!(options.operands().len(), 2);
    }

    #[test]
    fn the_last_value_counts() {
        let options = read(&["-u1", "--uid", "2", "-u", "3"], &USERADD);
        assert!(options.value(&["u", "uid"]).unwrap() == "3");
        assert_eq!(options.values(&["u", "uid"]).count(), 3);
    }

    #[test]
    fn what_is_an_option_itself_abbreviates_no_other() {
        let options = read(&["--group", "x", "--no-cr"], &USERADD);
        assert!(!options.has(&["groups"]) && options.has(&["group"]) && options.has(&["no-create-home"]));
        let curl = Syntax::new("", &["header"]);
        let options = read(&["--head", "x"], &curl);
        assert!(!options.has(&["header"]) && options.operands().len() == 1);
    }

    #[test]
    fn what_is_cut_off_has_no_value() {
        assert!(read(&["-u"], &USERADD).value(&["u", "uid"]).is_none());
        assert_eq!(read(&["-", "x"], &USERADD).operands().len(), 2);
    }
}
