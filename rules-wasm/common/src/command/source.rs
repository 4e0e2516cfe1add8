//! What shells and interpreters are given to run: a file, or a text on the command line.

use lanner_sdk::prelude::*;

use crate::programs::{is_interpreter, is_shell, unversioned};

/// Where the source is that is run.
pub(super) enum Source<'a> {
    /// In a file; after so many arguments, the name among them, those of the script begin.
    File { path: Text<'a>, after: usize },
    /// On the command line.
    Inline(Text<'a>),
    /// Elsewhere: it comes from the input, or is a module; or this is no shell and no interpreter.
    Other,
}

/// How a language's program takes what it runs.
struct Language {
    /// Letters after which the source stands.
    inline: &'static [u8],
    /// Whether it may be joined to the letter.
    joins: bool,
    /// Letters that take the rest of their argument, or the next one.
    valued: &'static [u8],
    /// Letters that take the rest of their argument, if anything.
    greedy: &'static [u8],
    /// Letters after which no file follows.
    elsewhere: &'static [u8],
    /// Letters after which the file stands.
    file: &'static [u8],
    /// Long options after which the source stands.
    long: &'static [&'static str],
    /// Long options that take a value.
    long_valued: &'static [&'static str],
}

const NOTHING: Language = Language {
    inline: b"",
    joins: false,
    valued: b"",
    greedy: b"",
    elsewhere: b"",
    file: b"",
    long: &[],
    long_valued: &[],
};
const SHELL: Language =
    Language { inline: b"c", valued: b"oO", elsewhere: b"s", long_valued: &["--init-file", "--rcfile"], ..NOTHING };
const PYTHON: Language = Language { inline: b"c", joins: true, valued: b"WXQ", elsewhere: b"m", ..NOTHING };
const PERL: Language = Language { inline: b"eE", joins: true, valued: b"I", greedy: b"CDFMVimx", ..NOTHING };
const RUBY: Language = Language { inline: b"e", joins: true, valued: b"CEIr", greedy: b"FKTWix", ..NOTHING };
const PHP: Language =
    Language { inline: b"BERr", joins: true, valued: b"cdtz", elsewhere: b"S", file: b"fF", ..NOTHING };
const NODE: Language = Language {
    inline: b"ep",
    valued: b"Cr",
    long: &["--eval", "--print"],
    long_valued: &["--conditions", "--import", "--loader", "--require"],
    ..NOTHING
};
const LUA: Language = Language { inline: b"e", joins: true, valued: b"l", ..NOTHING };

impl Language {
    fn of(process: &Process<'_>) -> Option<Self> {
        if is_shell(process) {
            return Some(SHELL);
        }
        match unversioned(process.name()) {
            b"python" => Some(PYTHON),
            b"perl" => Some(PERL),
            b"ruby" => Some(RUBY),
            b"php" => Some(PHP),
            b"node" => Some(NODE),
            b"lua" => Some(LUA),
            _ => is_interpreter(process).then_some(NOTHING),
        }
    }
}

pub(super) fn source<'a>(process: &Process<'a>) -> Source<'a> {
    let script = process.script();
    if !script.is_empty() {
        return of_kernel(process, script);
    }
    let Some(language) = Language::of(process) else { return Source::Other };
    let mut args = process.args().enumerate();
    let called = args.next().map(|(_, called)| called.file_name()).unwrap_or_default();
    if called.starts_with("busybox") {
        args.next();
    }
    if process.name() == "pwsh" {
        return of_powershell(args);
    }
    while let Some((at, arg)) = args.next() {
        match arg.as_bytes() {
            b"-" => return Source::Other,
            b"--" => break,
            [b'-', b'-', ..] => {
                let bytes = arg.as_bytes();
                let end = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
                let (name, value) = (Text::new(&bytes[..end]), bytes.get(end + 1..).map(Text::new));
                if name.one_of(language.long) {
                    return Source::Inline(value.or_else(|| args.next().map(|(_, arg)| arg)).unwrap_or_default());
                }
                if name.one_of(language.long_valued) && value.is_none() {
                    args.next();
                }
            }
            [b'-', letters @ ..] => {
                if let Some(source) = of_letters(&language, letters, &mut args) {
                    return source;
                }
            }
            [b'+', ..] => {}
            _ => return Source::File { path: arg, after: at + 1 },
        }
    }
    match args.next() {
        Some((at, path)) => Source::File { path, after: at + 1 },
        None => Source::Other,
    }
}

/// What the letters of one argument say, if they say it.
fn of_letters<'a>(
    language: &Language,
    letters: &'a [u8],
    args: &mut impl Iterator<Item = (usize, Text<'a>)>,
) -> Option<Source<'a>> {
    // A shell reads all of them first: of `-ce` too the text stands in what follows.
    if !language.joins && letters.iter().any(|letter| language.inline.contains(letter)) {
        let mut text = args.map(|(_, arg)| arg).skip_while(|arg| arg.starts_with("-") || arg.starts_with("+"));
        return Some(Source::Inline(text.next().unwrap_or_default()));
    }
    for (at, letter) in letters.iter().enumerate() {
        let joined = letters.get(at + 1..).filter(|joined| !joined.is_empty()).map(Text::new);
        if language.inline.contains(letter) {
            return Some(Source::Inline(joined.or_else(|| args.next().map(|(_, arg)| arg)).unwrap_or_default()));
        }
        if language.elsewhere.contains(letter) {
            return Some(Source::Other);
        }
        if language.file.contains(letter) {
            let (at, path) = args.next()?;
            return Some(Source::File { path, after: at + 1 });
        }
        if language.valued.contains(letter) {
            if joined.is_none() {
                args.next();
            }
            return None;
        }
        if language.greedy.contains(letter) {
            return None;
        }
    }
    None
}

/// PowerShell has words for options, in any case, and takes their beginnings.
fn of_powershell<'a>(mut args: impl Iterator<Item = (usize, Text<'a>)>) -> Source<'a> {
    while let Some((at, arg)) = args.next() {
        let option = arg.as_bytes().to_ascii_lowercase();
        match option.as_slice() {
            b"-ep" | b"-custompipename" | b"-settingsfile" => drop(args.next()),
            [b'-', b'c' | b'e', ..] if !option.starts_with(b"-ex") => {
                return Source::Inline(args.next().map(|(_, arg)| arg).unwrap_or_default());
            }
            [b'-', b'f', ..] => {}
            // These take a value.
            [b'-', b'e' | b'i' | b'o' | b'v' | b'w', ..] => drop(args.next()),
            [b'-', ..] => {}
            _ => return Source::File { path: arg, after: at + 1 },
        }
    }
    Source::Other
}

/// Of what begins with `#!`: what stands before the script is the interpreter's.
fn of_kernel<'a>(process: &Process<'a>, script: Text<'a>) -> Source<'a> {
    let place = |is_it: &dyn Fn(Text<'a>) -> bool| process.args().position(is_it);
    let name = script.file_name();
    let at = place(&|arg| arg == script).or_else(|| place(&|arg| arg.file_name() == name));
    Source::File { path: script, after: at.unwrap_or(0) + 1 }
}

/// The file that a shell or an interpreter runs: the kernel knows it of what begins with `#!`, and of `bash file` the command
/// line tells. Empty where what it runs is in its arguments, or comes from its input.
#[must_use]
pub fn script_of<'a>(process: &Process<'a>) -> Text<'a> {
    match source(process) {
        Source::File { path, .. } => path,
        Source::Inline(_) | Source::Other => Text::default(),
    }
}

/// The source that a shell or an interpreter was given as an argument, such as after `-c`; empty where there is none.
#[must_use]
pub fn inline_source<'a>(process: &Process<'a>) -> Text<'a> {
    match source(process) {
        Source::Inline(text) => text,
        Source::File { .. } | Source::Other => Text::default(),
    }
}

/// What a shell was told to run by `-c`, as it was written.
#[must_use]
pub fn shell_text<'a>(image: &Process<'a>) -> Option<Text<'a>> {
    Some(inline_source(image)).filter(|text| !text.is_empty() && is_shell(image))
}

/// The program that an interpreter (no shell) was given on its command line: of `python3 -c …`, `perl -e …`, `php -r …`.
#[must_use]
pub fn one_liner<'a>(process: &Process<'a>) -> Option<Text<'a>> {
    Some(inline_source(process)).filter(|text| !text.is_empty() && !is_shell(process))
}

/// The commands of a shell's text, each as its words, without quotes. What is computed only when it runs stays as written.
pub fn commands(text: Text<'_>) -> Vec<Vec<Vec<u8>>> {
    let mut commands = vec![vec![]];
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.as_bytes().iter().copied().peekable();
    let end_word = |word: &mut Option<Vec<u8>>, commands: &mut Vec<Vec<Vec<u8>>>| {
        if let (Some(word), Some(command)) = (word.take(), commands.last_mut()) {
            command.push(word);
        }
    };
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (Some(b'"') | None, b'\\') => word.get_or_insert_default().extend(bytes.next()),
            (None, b' ' | b'\t') => end_word(&mut word, &mut commands),
            (None, b';' | b'\n' | b'|' | b'&' | b'(' | b')') => {
                end_word(&mut word, &mut commands);
                if commands.last().is_some_and(|command| !command.is_empty()) {
                    commands.push(vec![]);
                }
            }
            _ => word.get_or_insert_default().push(byte),
        }
    }
    end_word(&mut word, &mut commands);
    commands.retain(|command| !command.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart_as_a_shell_does() {
        let commands = |text: &str| -> Vec<Vec<String>> {
            let words = |command: Vec<Vec<u8>>| command.iter().map(|word| Text::new(word).to_string()).collect();
            commands(Text::new(text.as_bytes())).into_iter().map(words).collect()
        };
        assert_eq!(commands("unset HISTFILE; ls -l"), [vec!["unset", "HISTFILE"], vec!["ls", "-l"]]);
        assert_eq!(commands("a 'b;c' \"d e\"f&&g|h"), [vec!["a", "b;c", "d ef"], vec!["g"], vec!["h"]]);
        assert_eq!(commands("(x \\; y)\n\n"), [["x", ";", "y"]]);
        assert!(commands(" ;; ").is_empty());
    }
}
