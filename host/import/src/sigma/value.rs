//! Values of Sigma's rules, and what modifiers make of them.

/// A text with wildcards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern(pub Vec<Piece>);

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Text(Vec<u8>),
    /// Anything, or nothing: `*`.
    Any,
    /// One character: `?`.
    One,
}

impl Pattern {
    /// Reads a value: `*` and `?` are wildcards unless a `\` stands before them; a `\` before another one is one.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut rest = text.chars().peekable();
        let mut buffer = [0; 4];
        while let Some(c) = rest.next() {
            match c {
                '*' => pattern.0.push(Piece::Any),
                '?' => pattern.0.push(Piece::One),
                '\\' => {
                    let escaped = rest.next_if(|next| matches!(next, '*' | '?' | '\\')).unwrap_or('\\');
                    pattern.push(escaped.encode_utf8(&mut buffer).as_bytes());
                }
                c => pattern.push(c.encode_utf8(&mut buffer).as_bytes()),
            }
        }
        pattern
    }

    /// A text without wildcards.
    #[must_use]
    pub fn plain(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self(if text.is_empty() { Vec::new() } else { vec![Piece::Text(text)] })
    }

    fn push(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.extend_from_slice(bytes),
            _ => self.0.push(Piece::Text(bytes.to_vec())),
        }
    }

    /// Its text, where it has no wildcards.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [] => Some(&[]),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// With anything before it.
    pub fn any_before(&mut self) {
        if self.0.first() != Some(&Piece::Any) {
            self.0.insert(0, Piece::Any);
        }
    }

    /// With anything behind it.
    pub fn any_behind(&mut self) {
        if self.0.last() != Some(&Piece::Any) {
            self.0.push(Piece::Any);
        }
    }

    /// As a glob.
    #[must_use]
    pub fn glob(&self) -> Vec<u8> {
        let mut glob = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Any => glob.push(b'*'),
                Piece::One => glob.push(b'?'),
                Piece::Text(text) => {
                    for byte in text {
                        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
                            glob.push(b'\\');
                        }
                        glob.push(*byte);
                    }
                }
            }
        }
        glob
    }

    /// As it is written.
    #[must_use]
    pub fn shown(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Any => "*".into(),
                Piece::One => "?".into(),
                Piece::Text(text) => String::from_utf8_lossy(text),
            })
            .collect()
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in base64.
#[must_use]
pub fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or_default());
        let held = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = DIGITS[(held >> (18 - 6 * place) & 63) as usize];
            out.push(if place > three.len() { b'=' } else { digit });
        }
    }
    out
}

/// What of bytes is in base64 whatever stands before and behind them: where they begin at a multiple of three, and one and two
/// bytes behind one.
#[must_use]
pub fn base64_offsets(bytes: &[u8]) -> [Vec<u8>; 3] {
    [0, 1, 2].map(|offset: usize| {
        let encoded = base64(&[&vec![b' '; offset], bytes].concat());
        // Digits that other bytes take part in.
        let begin = [0, 2, 3][offset];
        let end = match (bytes.len() + offset) % 3 {
            0 => encoded.len(),
            1 => encoded.len() - 3,
            _ => encoded.len() - 2,
        };
        encoded.get(begin..end).unwrap_or_default().to_vec()
    })
}

/// Options of programs as Windows takes them too: for each `-` or `/` that begins a word all of the signs that may stand there.
/// Nothing where there are too many.
#[must_use]
pub fn dashes(text: &str) -> Option<Vec<String>> {
    const SIGNS: [char; 5] = ['-', '/', '–', '—', '―'];
    const MOST: usize = 625;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut all = vec![String::new()];
    let characters: Vec<char> = text.chars().collect();
    for (place, c) in characters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| characters.get(before));
        let begins = matches!(c, '-' | '/')
            && before.is_none_or(|before| !is_word(*before))
            && characters.get(place + 1).is_some_and(|after| is_word(*after));
        if begins {
            all = all.iter().flat_map(|text| SIGNS.map(|sign| format!("{text}{sign}"))).collect();
            if all.len() > MOST {
                return None;
            }
        } else {
            all.iter_mut().for_each(|text| text.push(*c));
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_escapes() {
        for (text, glob) in [
            ("a*b?", "a*b?"),
            (r"a\*b", r"a\*b"),
            (r"a\?", r"a\?"),
            (r"a\\*", r"a\\*"),
            (r"C:\x", r"C:\\x"),
            (r"end\", r"end\\"),
            ("[a]", r"\[a]"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&Pattern::read(text).glob()), glob, "{text}");
        }
        assert_eq!(Pattern::read(r"a\*").text(), Some(b"a*".as_slice()));
        assert_eq!(Pattern::read("a*").text(), None);
    }

    #[test]
    fn base64_is_written() {
        assert_eq!(base64(b"hello"), b"aGVsbG8=");
        assert_eq!(base64(b"hell"), b"aGVsbA==");
        assert_eq!(base64(b"hel"), b"aGVs");
        assert_eq!(base64(b""), b"");
        // As the specification of Sigma has it.
        let [one, two, three] = base64_offsets(b"/bin/bash").map(|text| String::from_utf8(text).expect("a text"));
        assert_eq!([one.as_str(), &two, &three], ["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]);
    }

    #[test]
    fn offsets_are_found_wherever_they_begin() {
        for length in 1..12_usize {
            let inner: Vec<u8> = (b'a'..).take(length).collect();
            for before in 0..6 {
                let whole = base64(&[vec![b'#'; before], inner.clone(), b"##".to_vec()].concat());
                let part = &base64_offsets(&inner)[before % 3];
                assert!(
                    whole.windows(part.len().max(1)).any(|window| window == part) || part.is_empty(),
                    "{length} {before}"
                );
            }
        }
    }

    #[test]
    fn dashes_stand_for_others() {
        assert_eq!(dashes(" -f x").map(|all| all.len()), Some(5));
        assert!(dashes(" -f").expect("few").contains(&" /f".to_owned()));
        assert_eq!(dashes("a-b").as_deref(), Some(["a-b".to_owned()].as_slice()));
        assert_eq!(dashes("-a -b").map(|all| all.len()), Some(25));
        assert_eq!(dashes(&" -a".repeat(10)), None);
    }
}
