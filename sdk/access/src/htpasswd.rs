//! Files of users and the hashes of their passwords, as Apache's `htpasswd` writes them.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;

/// Means everybody who is logged in, where people write who may do what.
pub const LOGGED_IN: &str = "*";
/// Means everybody, logged in or not.
pub const ANONYMOUS: &str = "anonymous";

/// What a login may cost at most, for bcrypt: each step doubles the time, this one takes some seconds.
const MOST_BCRYPT_COST: u32 = 16;
/// What a login may cost at most, for argon2, in KiB of memory.
const MOST_ARGON2_KIB: u32 = 1 << 20;
/// And in passes over it.
const MOST_ARGON2_PASSES: u32 = 64;

const REMEDY: &str = "write the line anew with `lanner-registry hash-password --user NAME` or `htpasswd -nB NAME`";

/// A file of users cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HtpasswdError {
    /// It cannot be read.
    #[error("the users in {path} cannot be read: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line is not as it has to be.
    #[error("{path}, line {line}: {reason}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why, and what to do. Never holds a hash.
        reason: String,
    },
}

/// The hash of a password, known to be well-formed.
#[derive(Clone, PartialEq, Eq)]
pub enum Hash {
    /// As bcrypt makes it.
    Bcrypt(Box<str>),
    /// As argon2id makes it.
    Argon2id(Box<str>),
}

/// A hash is as good as a password to who has the time.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

impl Hash {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(format!("the hash is missing; {REMEDY}"));
        }
        let bad = |kind: &str, error: &dyn fmt::Display| format!("this is no {kind} hash ({error}); {REMEDY}");
        if ["$2y$", "$2b$", "$2a$"].iter().any(|prefix| text.starts_with(prefix)) {
            let parts: bcrypt::HashParts = text.parse().map_err(|error| bad("bcrypt", &error))?;
            return match parts.get_cost() {
                4..=MOST_BCRYPT_COST => Ok(Self::Bcrypt(text.into())),
                cost => Err(format!("the bcrypt cost is {cost}; it must be from 4 to {MOST_BCRYPT_COST}; {REMEDY}")),
            };
        }
        if text.starts_with("$argon2id$") {
            let hash = PasswordHash::new(text).map_err(|error| bad("argon2id", &error))?;
            let params = argon2::Params::try_from(&hash).map_err(|error| bad("argon2id", &error))?;
            if hash.hash.is_none() || hash.salt.is_none() {
                return Err(bad("argon2id", &"its end is missing"));
            }
            if params.m_cost() > MOST_ARGON2_KIB || params.t_cost() > MOST_ARGON2_PASSES {
                return Err(format!(
                    "argon2id may take {MOST_ARGON2_KIB} KiB and {MOST_ARGON2_PASSES} passes at most; {REMEDY}"
                ));
            }
            return Ok(Self::Argon2id(text.into()));
        }
        let kind = match text {
            _ if text.starts_with("$apr1$") || text.starts_with("$1$") => "MD5",
            _ if text.starts_with("{SHA}") => "SHA-1",
            _ if text.starts_with("$5$") || text.starts_with("$6$") => "SHA crypt",
            _ if text.starts_with("$argon2") => "argon2 in another variant than argon2id",
            _ => "of an unknown kind, or no hash at all",
        };
        Err(format!("the hash is {kind}; only bcrypt and argon2id are accepted: {REMEDY}"))
    }

    /// Whether it is the hash of this password. Takes as long for any; slow on purpose.
    pub fn verifies(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Argon2id(hash) => PasswordHash::new(hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
        }
    }

    /// As it stands in the file.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bcrypt(hash) | Self::Argon2id(hash) => hash.as_bytes(),
        }
    }
}

/// Who can log in.
#[derive(Debug, Default)]
pub struct Users {
    by_name: HashMap<String, Hash>,
    /// All hashes, for those who are not there.
    hashes: Vec<Hash>,
}

impl Users {
    /// Reads a file; its bytes as well, to see later whether they are others.
    ///
    /// # Errors
    /// It cannot be read, or a line is not as it has to be.
    pub fn read(path: &Path) -> Result<(Self, Vec<u8>), HtpasswdError> {
        let bytes = std::fs::read(path).map_err(|error| HtpasswdError::Unreadable { path: path.into(), error })?;
        Ok((Self::parse(path, &bytes)?, bytes))
    }

    /// Reads a file's text; the file is for the refusal.
    ///
    /// # Errors
    /// A line is not as it has to be.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, HtpasswdError> {
        let mut users = Self::default();
        for (line, number) in bytes.split(|b| *b == b'\n').zip(1..) {
            let refuse = |reason: String| HtpasswdError::Line { path: path.into(), line: number, reason };
            let text = std::str::from_utf8(line).map_err(|_| refuse("this is not UTF-8; convert the file".into()))?;
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            // The line itself is not shown: it may be a password.
            let (name, hash) =
                text.split_once(':').ok_or_else(|| refuse(format!("a line is written NAME:HASH; {REMEDY}")))?;
            check_name(name).map_err(refuse)?;
            let hash = Hash::parse(hash).map_err(refuse)?;
            users.hashes.push(hash.clone());
            if users.by_name.insert(name.to_owned(), hash).is_some() {
                return Err(refuse(format!("the user {name} is there twice; remove one of the lines")));
            }
        }
        Ok(users)
    }

    /// The hash of the password of the user of this name.
    pub fn get(&self, name: &str) -> Option<&Hash> {
        self.by_name.get(name)
    }

    /// A hash to try the password of an unknown user on, so that they cost what known ones do: always the same for the
    /// same `seed`.
    pub(crate) fn stand_in(&self, seed: u64) -> Option<&Hash> {
        let index = usize::try_from(seed % self.hashes.len().max(1) as u64).unwrap_or(0);
        self.hashes.get(index)
    }
}

/// Whether a user may be called so.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    /// Longer than all that people use, shorter than all that is a burden in logs and tokens.
    const LONGEST: usize = 255;
    match name {
        "" => Err("the user's name is missing; a line is written NAME:HASH".to_owned()),
        ANONYMOUS | LOGGED_IN => {
            Err(format!("no user may be called {name:?}, which has another meaning in rules; choose another name"))
        }
        _ if name.len() > LONGEST => Err(format!("the user's name is longer than {LONGEST} bytes")),
        _ if name.contains(|c: char| c.is_control() || c == ':') => {
            Err("the user's name has a colon or a control character; choose another name".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Users, String> {
        Users::parse(Path::new("users"), text.as_bytes()).map_err(|error| error.to_string())
    }

    fn bcrypt(password: &str, version: bcrypt::Version) -> String {
        bcrypt::hash_with_result(password, 4).unwrap().format_for_version(version)
    }

    #[test]
    fn accepted() {
        let argon2 = crate::hash_password("secret").unwrap();
        let lines = [
            format!("a:{}", bcrypt("secret", bcrypt::Version::TwoY)),
            format!("b:{}\r", bcrypt("secret", bcrypt::Version::TwoB)),
            "# nobody".to_owned(),
            String::new(),
            format!("c:{}", bcrypt("secret", bcrypt::Version::TwoA)),
            format!("jürgen d:{argon2}"),
        ];
        let users = parse(&lines.join("\n")).unwrap();
        for name in ["a", "b", "c", "jürgen d"] {
            let hash = users.get(name).unwrap();
            assert!(hash.verifies("secret"), "{name}");
            for wrong in ["", "Secret", "secret ", "secret\0", "secre"] {
                assert!(!hash.verifies(wrong), "{name} {wrong:?}");
            }
        }
        assert!(users.get("nobody").is_none());
        let stand_ins: Vec<_> = (0..8).map(|seed| users.stand_in(seed).unwrap().as_bytes().to_vec()).collect();
        assert_eq!(stand_ins[0], stand_ins[4]);
        assert_ne!(stand_ins[0], stand_ins[1]);
        assert!(parse("").unwrap().stand_in(7).is_none());
    }

    #[test]
    fn refused_with_line_and_remedy() {
        let good = bcrypt("x", bcrypt::Version::TwoY);
        let dear = good.replace("$04$", "$31$");
        let argon2 = crate::hash_password("x").unwrap();
        for (line, named) in [
            ("u:$apr1$abcdefgh$0123456789012345678901".to_owned(), "MD5"),
            ("u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=".to_owned(), "SHA-1"),
            ("u:$6$abc$def".to_owned(), "SHA crypt"),
            ("u:plaintext".to_owned(), "no hash at all"),
            ("u:$2x$05$abcdefghijklmnopqrstuu".to_owned(), "unknown kind"),
            ("u:$argon2i$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo".to_owned(), "variant"),
            ("u:$2y$05$short".to_owned(), "bcrypt"),
            (format!("u:{dear}"), "cost is 31"),
            (format!("u:{}", argon2.replace("m=19456", "m=4000000")), "KiB"),
            (format!("u:{}", argon2.rsplit_once('$').unwrap().0), "argon2id"),
            ("u:".to_owned(), "hash is missing"),
            (format!(":{good}"), "name is missing"),
            (format!("anonymous:{good}"), "anonymous"),
            (format!("*:{good}"), "*"),
            (format!("a\tb:{good}"), "control"),
            ("secret".to_owned(), "NAME:HASH"),
            (format!("first:{good}"), "first is there twice"),
        ] {
            let refusal = parse(&format!("first:{good}\n{line}\n")).unwrap_err();
            assert!(refusal.starts_with("users, line 2: "), "{refusal}");
            assert!(refusal.contains(named), "{line}: {refusal}");
            // Neither hashes nor what may be a password get into logs.
            let hash = line.split_once(':').map_or(line.as_str(), |(_, hash)| hash);
            assert!(hash.is_empty() || !refusal.contains(hash), "{refusal}");
        }
        let error = Users::parse(Path::new("users"), b"\xff").unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a:$2yb04argonid=,./A\n#é]{0,120}") {
            let _ = parse(&text);
        }
    }
}
