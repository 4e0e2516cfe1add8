//! Tokens: what somebody is allowed, signed by this registry, for a while.
//!
//! They are JWTs with HMAC-SHA-256, as nobody but this registry has to verify them. Access and refresh tokens have keys
//! of their own, so that none can be taken for the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lanner_access::{Hash, Users};
use serde::{Deserialize, Serialize};

use super::Identity;
use super::scope::Granted;

const ISSUER: &str = "lanner-registry";
/// How long a client need not ask its user for the password: a quarter of a year.
const REFRESH_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);
/// Longer ones were not made here: they are not even decoded. As many scopes as may
/// be asked for fit in.
const LONGEST: usize = 32 << 10;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Requests to the registry.
    Access,
    /// Other tokens.
    Refresh,
}

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    /// In seconds since 1970, as all times here.
    exp: u64,
    iat: u64,
    jti: String,
    /// The user; nobody in particular without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// What the user's password was: with another, the token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(default)]
    pub(super) access: Vec<Granted>,
}

struct Keys {
    sign: EncodingKey,
    verify: DecodingKey,
}

/// Makes tokens and knows them again.
pub(super) struct Tokens {
    access: Keys,
    refresh: Keys,
    credentials: hmac::Key,
    service: String,
    lifetime: Duration,
}

/// A token just made.
pub(super) struct Issued {
    pub(super) token: String,
    pub(super) at: u64,
    pub(super) lifetime: Duration,
}

impl Tokens {
    pub(super) fn new(key: &[u8], service: String, lifetime: Duration) -> Self {
        // Another crate of the program may bring another provider; whichever is first does.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let root = hmac::Key::new(hmac::HMAC_SHA256, key);
        let keys = |purpose: &str| {
            let derived = hmac::sign(&root, purpose.as_bytes());
            let secret = derived.as_ref();
            Keys { sign: EncodingKey::from_secret(secret), verify: DecodingKey::from_secret(secret) }
        };
        let credentials = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"credentials").as_ref());
        Self { access: keys("access"), refresh: keys("refresh"), credentials, service, lifetime }
    }

    fn keys(&self, purpose: Purpose) -> &Keys {
        match purpose {
            Purpose::Access => &self.access,
            Purpose::Refresh => &self.refresh,
        }
    }

    /// A token for somebody; none if there is no such user any more.
    pub(super) fn issue(
        &self,
        purpose: Purpose,
        who: &Identity,
        users: &Users,
        access: Vec<Granted>,
    ) -> Option<Issued> {
        let (sub, credential) = match who {
            Identity::Anonymous => (None, None),
            Identity::User(name) => (Some(name.clone()), Some(self.credential(users.get(name)?))),
        };
        let lifetime = match purpose {
            Purpose::Access => self.lifetime,
            Purpose::Refresh => REFRESH_LIFETIME,
        };
        let at = now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: self.service.clone(),
            exp: at + lifetime.as_secs(),
            iat: at,
            jti: uuid::Uuid::new_v4().to_string(),
            sub,
            credential,
            access,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.keys(purpose).sign);
        // Text with a key of the right kind can always be signed.
        Some(Issued { token: token.ok()?, at, lifetime })
    }

    /// Who a token is of and what it says, if it was made here, for this purpose, has not ended, and its user has the
    /// same password still.
    pub(super) fn verify(&self, purpose: Purpose, token: &str, users: &Users) -> Option<(Identity, Claims)> {
        if token.len() > LONGEST {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_audience(&[&self.service]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.keys(purpose).verify, &validation).ok()?.claims;
        let identity = match (&claims.sub, &claims.credential) {
            (None, None) => Identity::Anonymous,
            (Some(name), Some(credential)) if *credential == self.credential(users.get(name)?) => {
                Identity::User(name.clone())
            }
            _ => return None,
        };
        Some((identity, claims))
    }

    fn credential(&self, hash: &Hash) -> String {
        /// Enough to tell passwords apart, in bytes; it is signed anyway.
        const SHOWN: usize = 16;
        hex::encode(&hmac::sign(&self.credentials, hash.as_bytes()).as_ref()[..SHOWN])
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const KEY: &[u8] = &[7; 32];
    /// Longer than a test takes.
    const LIFETIME: Duration = Duration::from_secs(3600);

    fn tokens() -> Tokens {
        Tokens::new(KEY, "service".to_owned(), LIFETIME)
    }

    fn users(password: &str) -> Users {
        let line = format!("u:{}", bcrypt::hash(password, 4).unwrap());
        Users::parse("users".as_ref(), line.as_bytes()).unwrap()
    }

    fn user() -> Identity {
        Identity::User("u".to_owned())
    }

    /// A token with something changed, signed by the right key.
    fn changed(tokens: &Tokens, users: &Users, change: impl FnOnce(&mut Value)) -> String {
        let token = tokens.issue(Purpose::Access, &user(), users, Vec::new()).unwrap().token;
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let mut claims: Value = serde_json::from_slice(&payload).unwrap();
        change(&mut claims);
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &tokens.access.sign).unwrap()
    }

    #[test]
    fn good_ones() {
        let (tokens, users) = (tokens(), users("x"));
        for who in [Identity::Anonymous, user()] {
            for purpose in [Purpose::Access, Purpose::Refresh] {
                let issued = tokens.issue(purpose, &who, &users, Vec::new()).unwrap();
                assert_eq!(tokens.verify(purpose, &issued.token, &users).unwrap().0, who);
                let other = if purpose == Purpose::Access { Purpose::Refresh } else { Purpose::Access };
                assert!(tokens.verify(other, &issued.token, &users).is_none(), "{purpose:?} for {other:?}");
                // After a restart.
                assert!(tests::tokens().verify(purpose, &issued.token, &users).is_some());
            }
        }
        let unchanged = changed(&tokens, &users, |_| {});
        assert!(tokens.verify(Purpose::Access, &unchanged, &users).is_some());
        assert!(tokens.issue(Purpose::Access, &Identity::User("v".to_owned()), &users, Vec::new()).is_none());
    }

    #[test]
    fn forged_ones() {
        let (tokens, users) = (tokens(), users("x"));
        let verify = |token: &str| tokens.verify(Purpose::Access, token, &users);
        let good = tokens.issue(Purpose::Access, &user(), &users, Vec::new()).unwrap().token;
        let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        for kind in ["none", "None", "HS512", "RS256", "ES256", ""] {
            let header = part(json!({ "typ": "JWT", "alg": kind }));
            assert!(verify(&format!("{header}.{payload}.")).is_none(), "{kind}");
            assert!(verify(&format!("{header}.{payload}.{signature}")).is_none(), "{kind}");
        }
        let more = part(
            json!({ "iss": ISSUER, "aud": "service", "exp": now() + LIFETIME.as_secs(), "iat": 0, "jti": "", "access": [] }),
        );
        assert!(verify(&format!("{header}.{more}.{signature}")).is_none());
        for other in [Tokens::new(&[8; 32], "service".to_owned(), LIFETIME), Tokens::new(KEY, "x".to_owned(), LIFETIME)]
        {
            let token = other.issue(Purpose::Access, &user(), &users, Vec::new()).unwrap().token;
            assert!(verify(&token).is_none());
        }
        for bad in ["", ".", "..", "a.b.c", &format!("{header}.{payload}"), &good[1..], &"a".repeat(LONGEST + 1)] {
            assert!(verify(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn ended_ones() {
        let (tokens, users) = (tokens(), users("x"));
        let changes: [(&str, Value); 7] = [
            ("exp", json!(now() - 1)),
            ("exp", Value::Null),
            ("aud", json!("another")),
            ("iss", json!("another")),
            ("sub", json!("v")),
            ("sub", Value::Null),
            ("credential", json!("00")),
        ];
        for (name, value) in changes {
            let token = changed(&tokens, &users, |claims| claims[name] = value.clone());
            assert!(tokens.verify(Purpose::Access, &token, &users).is_none(), "{name} {value}");
            let removed = changed(&tokens, &users, |claims| {
                claims.as_object_mut().unwrap().remove(name);
            });
            assert!(tokens.verify(Purpose::Access, &removed, &users).is_none(), "without {name}");
        }
        let token = tokens.issue(Purpose::Refresh, &user(), &users, Vec::new()).unwrap().token;
        assert!(tokens.verify(Purpose::Refresh, &token, &tests::users("new password")).is_none());
        assert!(tokens.verify(Purpose::Refresh, &token, &Users::default()).is_none());
    }
}
