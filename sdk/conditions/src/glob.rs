//! Globs as fnmatch(3) reads them without flags: `*` and `?` stand for `/` too, and `\` makes what follows it itself.

/// A glob, ready to be compared.
#[derive(Debug)]
pub(crate) struct Glob {
    tokens: Vec<Token>,
    fold: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Any bytes, or none.
    Any,
    /// Any one byte.
    One,
    /// This byte.
    Byte(u8),
    /// One of these, or none of these.
    Set(Vec<(u8, u8)>, bool),
}

impl Glob {
    pub(crate) fn new(glob: &[u8], fold: bool) -> Self {
        let mut tokens = Vec::new();
        let mut rest = glob;
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            let token = match byte {
                b'*' => Token::Any,
                b'?' => Token::One,
                b'\\' => match rest.split_first() {
                    Some((byte, after)) => {
                        rest = after;
                        Token::Byte(*byte)
                    }
                    None => Token::Byte(b'\\'),
                },
                b'[' => match set(rest) {
                    Some((token, after)) => {
                        rest = after;
                        token
                    }
                    // Without its end it is itself.
                    None => Token::Byte(b'['),
                },
                byte => Token::Byte(*byte),
            };
            if token != Token::Any || tokens.last() != Some(&Token::Any) {
                tokens.push(token);
            }
        }
        if fold {
            tokens.iter_mut().for_each(|token| {
                if let Token::Byte(byte) = token {
                    byte.make_ascii_lowercase();
                }
            });
        }
        Self { tokens, fold }
    }

    /// Takes a time that grows with the text times the glob, and no faster: only the last `*` is tried again.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let (mut at, mut token) = (0, 0);
        let mut again: Option<(usize, usize)> = None;
        loop {
            match (self.tokens.get(token), text.get(at)) {
                (Some(Token::Any), _) => {
                    again = Some((token + 1, at));
                    token += 1;
                    continue;
                }
                (Some(other), Some(byte)) if self.is(other, *byte) => {
                    at += 1;
                    token += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((after, from)) = again.filter(|(_, from)| *from < text.len()) else { return false };
            again = Some((after, from + 1));
            (token, at) = (after, from + 1);
        }
    }

    fn is(&self, token: &Token, byte: u8) -> bool {
        let byte = if self.fold { byte.to_ascii_lowercase() } else { byte };
        match token {
            Token::Any => false,
            Token::One => true,
            Token::Byte(same) => *same == byte,
            Token::Set(ranges, is) => {
                let within = |byte: u8| ranges.iter().any(|(from, to)| (*from..=*to).contains(&byte));
                (within(byte) || self.fold && within(byte.to_ascii_uppercase())) == *is
            }
        }
    }
}

/// What follows a `[`, and what follows its `]`.
fn set(glob: &[u8]) -> Option<(Token, &[u8])> {
    let (is, mut rest) = match glob {
        [b'!' | b'^', rest @ ..] => (false, rest),
        rest => (true, rest),
    };
    let mut ranges = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        if *byte == b']' && !ranges.is_empty() {
            return Some((Token::Set(ranges, is), after));
        }
        if let [b'[', b':', named @ ..] = rest {
            let end = named.windows(2).position(|two| two == b":]")?;
            ranges.extend(class(named.get(..end)?)?);
            rest = named.get(end + 2..)?;
            continue;
        }
        match after {
            [b'-', to, after @ ..] if *to != b']' => {
                ranges.push((*byte, *to));
                rest = after;
            }
            after => {
                ranges.push((*byte, *byte));
                rest = after;
            }
        }
    }
}

fn class(name: &[u8]) -> Option<Vec<(u8, u8)>> {
    Some(match name {
        b"alpha" => vec![(b'a', b'z'), (b'A', b'Z')],
        b"digit" => vec![(b'0', b'9')],
        b"alnum" => vec![(b'a', b'z'), (b'A', b'Z'), (b'0', b'9')],
        b"lower" => vec![(b'a', b'z')],
        b"upper" => vec![(b'A', b'Z')],
        b"xdigit" => vec![(b'0', b'9'), (b'a', b'f'), (b'A', b'F')],
        b"space" => vec![(b'\t', b'\r'), (b' ', b' ')],
        b"blank" => vec![(b'\t', b'\t'), (b' ', b' ')],
        b"punct" => vec![(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
        _ => return None,
    })
}

/// The bytes that every text of this form begins and ends with.
pub(crate) fn ends(glob: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let tokens = Glob::new(glob, false).tokens;
    let bytes = |tokens: &mut dyn Iterator<Item = &Token>| {
        let byte = |token: &Token| if let Token::Byte(byte) = token { Some(*byte) } else { None };
        tokens.map_while(byte).collect::<Vec<u8>>()
    };
    let begin = bytes(&mut tokens.iter());
    let mut end = bytes(&mut tokens.iter().rev());
    end.reverse();
    (begin, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_those_of_fnmatch() {
        let matches = |glob: &str, text: &str| Glob::new(glob.as_bytes(), false).matches(text.as_bytes());
        for (glob, text) in [
            ("/home/*/.ssh/*", "/home/a/b/.ssh/id"),
            ("*../*../*", "/srv/../../etc/x"),
            ("a?c", "a/c"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[^a]x", "bx"),
            ("[]]x", "]x"),
            ("\\*", "*"),
            ("*", ""),
            ("[[:digit:]]*", "4x"),
            ("[a", "[a"),
            ("in_r*", "in_rx"),
            ("**a", "a"),
        ] {
            assert!(matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in
            [("/home/*/.ssh/*", "/root/.ssh/id"), ("a?c", "ac"), ("[a-c]x", "dx"), ("\\*", "x"), ("", "a")]
        {
            assert!(!matches(glob, text), "{glob} {text}");
        }
        assert!(Glob::new(b"*ABC*", true).matches(b"xaBcx"));
        assert_eq!(ends(b"/proc/*/environ"), (b"/proc/".to_vec(), b"/environ".to_vec()));
        // It does not take for ever.
        assert!(!Glob::new(format!("{}b", "*a".repeat(50)).as_bytes(), false).matches("a".repeat(5000).as_bytes()));
    }
}
