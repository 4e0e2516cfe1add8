//! Globs: read at compile time to see whether they make sense, and at run time to make them ready.
//!
//! A glob is run as an automaton that is in several states at once, a bit each (Baeza-Yates and Gonnet, 1992): each byte of
//! the text moves all of them by one step. There is nothing to go back to, whatever the glob and the text are.

/// Characters that a glob stands for at the most, `*` and `**` not counted: each is a state, and there is one more.
const MAX_LENGTH: usize = 127;
/// Globs that one with `{…,…}` stands for at the most.
const MAX_ALTERNATIVES: usize = 64;

/// A glob without alternatives, ready to be compared with texts.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// What every text begins and ends with; what lies between the two is for the automaton.
    begin: Vec<u8>,
    end: Vec<u8>,
    automaton: Automaton,
}

/// The state 0 is its first, and a step over a character leads from each state to the next.
#[derive(Clone, Debug)]
struct Automaton {
    /// By byte: which of `steps` it is. Bytes that make the same steps are one class.
    classes: Box<[u8; 256]>,
    /// The states that a byte leads on from.
    steps: Vec<u128>,
    /// The states that stay whatever comes (`**`), and those that stay unless a `/` comes (`*`).
    stay: u128,
    stay_in_name: u128,
    /// The states that are the next one too when they are entered: `**/` may stand for nothing.
    skip: u128,
    last: u128,
}

/// A piece of a glob, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// A byte that stands for itself.
    Byte(u8),
    /// `?`.
    One,
    /// `*`.
    Star,
    /// `**`, or more of them.
    Deep,
    /// `[…]`: where what is between the two lies.
    Class { from: usize, to: usize },
    /// `{`.
    Open,
    /// `,`.
    Comma,
    /// `}`.
    Close,
}

/// What is wrong with a glob, in a sentence.
type Wrong = &'static str;

/// What is wrong with a glob.
pub(super) const fn wrong(glob: &str) -> Option<Wrong> {
    let glob = glob.as_bytes();
    let (mut at, mut length, mut alternatives) = (0, 0, 1);
    // Of the braces that it is in: how many alternatives, the length of this one, and of the longest one.
    let (mut inside, mut here, mut longest) = (0, 0, 0);
    while at < glob.len() {
        let (token, next) = match token(glob, at) {
            Ok(token) => token,
            Err(wrong) => return Some(wrong),
        };
        at = next;
        match token {
            Token::Open if inside > 0 => return Some("a { of a glob lies between { and }"),
            Token::Open => (inside, here, longest) = (1, 0, 0),
            Token::Comma | Token::Close if inside > 0 => {
                if here > longest {
                    longest = here;
                }
                here = 0;
                if matches!(token, Token::Comma) {
                    inside += 1;
                } else {
                    length += longest;
                    alternatives *= inside;
                    inside = 0;
                }
            }
            Token::Close => return Some("a } of a glob has no { before it"),
            Token::Star | Token::Deep => {}
            Token::Byte(_) | Token::One | Token::Class { .. } | Token::Comma if inside > 0 => here += 1,
            Token::Byte(_) | Token::One | Token::Class { .. } | Token::Comma => length += 1,
        }
        if length + here > MAX_LENGTH {
            return Some("a glob stands for more than 127 characters");
        }
        if alternatives > MAX_ALTERNATIVES || inside > MAX_ALTERNATIVES {
            return Some("a glob has more than 64 alternatives");
        }
    }
    if inside > 0 { Some("a { of a glob has no } after it") } else { None }
}

/// The token that begins there, and where the next one does.
const fn token(glob: &[u8], at: usize) -> Result<(Token, usize), Wrong> {
    let token = match glob[at] {
        b'?' => Token::One,
        b'{' => Token::Open,
        b',' => Token::Comma,
        b'}' => Token::Close,
        b'*' => {
            let mut end = at + 1;
            while end < glob.len() && glob[end] == b'*' {
                end += 1;
            }
            return Ok((if end == at + 1 { Token::Star } else { Token::Deep }, end));
        }
        b'[' => return class(glob, at + 1),
        b'\\' if at + 1 == glob.len() => return Err("a glob ends with a \\"),
        b'\\' => return Ok((Token::Byte(glob[at + 1]), at + 2)),
        byte => Token::Byte(byte),
    };
    Ok((token, at + 1))
}

/// The rest of a `[…]`.
const fn class(glob: &[u8], from: usize) -> Result<(Token, usize), Wrong> {
    let (mut at, _) = members(glob, from);
    let first = at;
    while at < glob.len() {
        if glob[at] == b']' {
            return if at == first {
                Err("a [ and ] of a glob have nothing between them")
            } else {
                Ok((Token::Class { from, to: at }, at + 1))
            };
        }
        let Some((low, high, next)) = member(glob, at) else { break };
        if low > high {
            return Err("a range of a glob ends before it begins");
        }
        if !low.is_ascii() || !high.is_ascii() {
            return Err("a letter between [ and ] of a glob is not ASCII");
        }
        at = next;
    }
    Err("a [ of a glob has no ] after it")
}

/// Where the members of a class begin, and whether it is of all others.
const fn members(glob: &[u8], from: usize) -> (usize, bool) {
    let negated = from < glob.len() && matches!(glob[from], b'!' | b'^');
    (if negated { from + 1 } else { from }, negated)
}

/// A member of a class: from, to, and where the next one begins. Nothing where the glob ends in it.
const fn member(glob: &[u8], at: usize) -> Option<(u8, u8, usize)> {
    let Some((low, at)) = letter(glob, at) else { return None };
    if at + 1 < glob.len() && glob[at] == b'-' && glob[at + 1] != b']' {
        return match letter(glob, at + 1) {
            Some((high, at)) => Some((low, high, at)),
            None => None,
        };
    }
    Some((low, low, at))
}

const fn letter(glob: &[u8], at: usize) -> Option<(u8, usize)> {
    if at >= glob.len() {
        return None;
    }
    match glob[at] {
        b'\\' if at + 1 < glob.len() => Some((glob[at + 1], at + 2)),
        b'\\' => None,
        letter => Some((letter, at + 1)),
    }
}

/// Those that a glob stands for; of a wrong one, what comes before that.
pub(super) fn globs(glob: &str) -> Vec<Glob> {
    let glob = glob.as_bytes();
    let mut all = vec![Vec::new()];
    // Between braces: the alternatives.
    let mut inside: Option<Vec<Vec<Token>>> = None;
    let mut at = 0;
    while at < glob.len()
        && let Ok((token, next)) = token(glob, at)
    {
        at = next;
        match (token, &mut inside) {
            (Token::Open, _) => inside = Some(vec![Vec::new()]),
            (Token::Comma, Some(alternatives)) => alternatives.push(Vec::new()),
            (Token::Close, _) => {
                let alternatives = inside.take().unwrap_or_default();
                all = all
                    .iter()
                    .flat_map(|begin| alternatives.iter().map(move |end| [&begin[..], &end[..]].concat()))
                    .collect();
            }
            (token, inside) => {
                let token = if token == Token::Comma { Token::Byte(b',') } else { token };
                match inside {
                    Some(alternatives) => alternatives.last_mut().into_iter().for_each(|tokens| tokens.push(token)),
                    None => all.iter_mut().for_each(|tokens| tokens.push(token)),
                }
            }
        }
    }
    all.iter().map(|tokens| Glob::new(glob, tokens)).collect()
}

impl Glob {
    fn new(glob: &[u8], tokens: &[Token]) -> Self {
        let byte = |token: &Token| if let Token::Byte(byte) = token { Some(*byte) } else { None };
        let begin: Vec<u8> = tokens.iter().map_while(byte).collect();
        let rest = tokens.get(begin.len()..).unwrap_or_default();
        let mut end: Vec<u8> = rest.iter().rev().map_while(byte).collect();
        end.reverse();
        // The `/` of `**/` goes with it.
        let keeps = end.first() == Some(&b'/')
            && rest.len().checked_sub(end.len() + 1).and_then(|at| rest.get(at)) == Some(&Token::Deep);
        if keeps {
            end.remove(0);
        }
        let middle = rest.get(..rest.len() - end.len()).unwrap_or_default();
        let after_slash = begin.last().is_none_or(|last| *last == b'/');
        Self { automaton: Automaton::new(glob, middle, after_slash), begin, end }
    }

    /// Whether it stands for all of the text.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let middle = text.strip_prefix(self.begin.as_slice()).and_then(|rest| rest.strip_suffix(self.end.as_slice()));
        middle.is_some_and(|middle| self.automaton.matches(middle))
    }
}

impl Automaton {
    fn new(glob: &[u8], tokens: &[Token], after_slash: bool) -> Self {
        let (mut stay, mut stay_in_name, mut skip) = (0, 0, 0);
        let mut characters = Vec::new();
        let mut after_slash = after_slash;
        let mut left = tokens.iter().peekable();
        while let Some(token) = left.next() {
            let state = 1_u128 << characters.len();
            match token {
                Token::Star => stay_in_name |= state,
                Token::Deep => stay |= state,
                character => characters.push(*character),
            }
            if *token == Token::Deep && after_slash && left.peek() == Some(&&Token::Byte(b'/')) {
                // Folders, each with its `/`, or none. Another `**/` says the same again.
                skip |= state;
                characters.extend(left.next());
                while matches!((left.clone().next(), left.clone().nth(1)), (Some(Token::Deep), Some(Token::Byte(b'/'))))
                {
                    left.nth(1);
                }
                continue;
            }
            after_slash = *token == Token::Byte(b'/');
        }
        let (mut classes, mut steps) = (Box::new([0; 256]), Vec::new());
        for (byte, class) in (0..=u8::MAX).zip(classes.iter_mut()) {
            let accepts = |character: &Token| character.accepts(glob, byte);
            let step = (0..).zip(&characters).filter(|(_, character)| accepts(character));
            let step = step.fold(0, |step, (state, _)| step | 1_u128 << state);
            let known = steps.iter().position(|known| *known == step);
            let number = known.unwrap_or_else(|| {
                steps.push(step);
                steps.len() - 1
            });
            // There are no more classes than bytes.
            *class = number as u8;
        }
        Self { classes, steps, stay, stay_in_name, skip, last: 1 << characters.len() }
    }

    fn matches(&self, text: &[u8]) -> bool {
        let mut states = 1 | (self.skip & 1) << 1;
        for byte in text {
            let class = self.classes[usize::from(*byte)];
            let step = self.steps.get(usize::from(class)).copied().unwrap_or_default();
            let stay = if *byte == b'/' { self.stay } else { self.stay | self.stay_in_name };
            let mut entered = (states & step) << 1;
            entered |= (entered & self.skip) << 1;
            states = entered | states & stay;
            if states == 0 {
                return false;
            }
        }
        states & self.last != 0
    }
}

impl Token {
    /// Whether it is a character that stands for this byte.
    fn accepts(&self, glob: &[u8], byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::One => byte != b'/',
            Self::Class { from, to } => {
                let (mut at, negated) = members(glob, *from);
                let mut is_member = false;
                while at < *to
                    && let Some((low, high, next)) = member(glob, at)
                {
                    is_member |= (low..=high).contains(&byte);
                    at = next;
                }
                byte != b'/' && is_member != negated
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, text: &str) -> bool {
        wrong(glob).is_none() && globs(glob).iter().any(|glob| glob.matches(text.as_bytes()))
    }

    #[test]
    fn what_globs_stand_for() {
        let cases: [(&str, &[&str], &[&str]); 15] = [
            ("/etc/passwd", &["/etc/passwd"], &["/etc/passwd-", "/etc/passw", ""]),
            ("", &[""], &["/"]),
            (
                "/home/*/.ssh/id_*",
                &["/home/ada/.ssh/id_rsa", "/home//.ssh/id_"],
                &["/home/a/b/.ssh/id_rsa", "/home/a/.ssh/id_/x"],
            ),
            (
                "/home/**/id_*",
                &["/home/id_rsa", "/home/a/b/id_rsa"],
                &["/homeid_rsa", "/home/a/xid_rsa", "/home/a/id_rsa/x"],
            ),
            ("/srv/**", &["/srv/a", "/srv/a/b", "/srv/"], &["/srv", "/srvx"]),
            ("**/*.pem", &["/etc/a.pem", "a.pem", "/a.pem"], &["/a.pem/b"]),
            ("**/a/**/**/b", &["a/b", "/a/b", "/x/a/y/z/b"], &["/xa/b", "/a/xb"]),
            ("/a**z", &["/az", "/a/b/z", "/abz"], &["/a", "/b/az"]),
            ("/dev/tty?", &["/dev/tty1"], &["/dev/tty", "/dev/tty10", "/dev/tty/"]),
            ("/dev/tty[0-9a-c]", &["/dev/tty7", "/dev/ttyb"], &["/dev/ttyd", "/dev/tty-"]),
            ("/x[!0-9/]y", &["/xay", "/x\u{7f}y"], &["/x5y", "/x/y", "/xy"]),
            ("/x[\\]a-]", &["/x]", "/xa", "/x-"], &["/xb"]),
            ("/{usr/,}{bin,sbin}/*", &["/bin/a", "/usr/sbin/b"], &["/usr/lib/b", "/bin/a/b"]),
            ("/a\\*\\{b,c", &["/a*{b,c"], &["/ax{b,c"]),
            ("/***/x", &["/x", "/a/x"], &["x"]),
        ];
        for (glob, these, others) in cases {
            these.iter().for_each(|text| assert!(matches(glob, text), "{glob} {text}"));
            others.iter().for_each(|text| assert!(!matches(glob, text), "{glob} {text}"));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("/a/[", "a [ of a glob has no ] after it"),
            ("/a/[a", "a [ of a glob has no ] after it"),
            ("/a/[a-", "a [ of a glob has no ] after it"),
            ("/a/[a\\", "a [ of a glob has no ] after it"),
            ("/a/[]-]", "a [ and ] of a glob have nothing between them"),
            ("/a/[!]", "a [ and ] of a glob have nothing between them"),
            ("/a/[z-a]", "a range of a glob ends before it begins"),
            ("/a/[\u{e4}]", "a letter between [ and ] of a glob is not ASCII"),
            ("/{a,{b,c}}", "a { of a glob lies between { and }"),
            ("/{a,b", "a { of a glob has no } after it"),
            ("/a}", "a } of a glob has no { before it"),
            ("/a\\", "a glob ends with a \\"),
            ("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "a glob has more than 64 alternatives"),
        ];
        for (glob, expected) in cases {
            assert_eq!(wrong(glob), Some(expected), "{glob}");
        }
        assert_eq!(wrong(&"a".repeat(127)), None);
        assert_eq!(wrong(&"a".repeat(128)), Some("a glob stands for more than 127 characters"));
        assert_eq!(wrong(&format!("{{{},b}}", "a".repeat(128))), Some("a glob stands for more than 127 characters"));
        assert_eq!(wrong(&format!("{}*", "{a,b}".repeat(6))), None);
    }

    /// A text on which going back and trying again would take longer than anybody waits.
    #[test]
    fn no_text_takes_long() {
        let glob = format!("{}b", "*a".repeat(60));
        assert!(!matches(&glob, &"a".repeat(4096)));
        assert!(matches(&glob, &format!("{}b", "a".repeat(4095))));
    }
}
