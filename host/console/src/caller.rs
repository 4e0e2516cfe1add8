//! Who asks, and what they may.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use lanner_access::{LoginError, Logins};
use zeroize::Zeroizing;

use crate::sessions::{LASTS, Session, Sessions, secret};

/// What the cookie is called where there is TLS: browsers take one of this beginning only over TLS, for this host alone.
const SECURE_COOKIE: &str = "__Host-lanner-console";
/// And where there is none.
const COOKIE_NAME: &str = "lanner-console";

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Nothing, before they log in.
    Nothing,
    /// Look.
    View,
    /// Change something too.
    Operate,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Their name; nothing where nobody has logged in.
    pub(crate) name: Option<String>,
    /// What they may do.
    pub(crate) role: Role,
    /// What has to stand in each form of theirs.
    pub(crate) form: String,
    /// The secret of their session.
    pub(crate) session: Option<String>,
}

impl Caller {
    /// Their name, as it is written down.
    pub(crate) fn who(&self) -> &str {
        self.name.as_deref().unwrap_or("somebody on this machine")
    }

    /// Whether they may change something.
    pub(crate) fn operates(&self) -> bool {
        self.role == Role::Operate
    }
}

/// Who may do what.
pub(crate) struct Access {
    /// Nobody can log in without.
    logins: Option<Arc<Logins>>,
    operators: Vec<String>,
    anybody_operates: bool,
    tls: bool,
    sessions: Sessions,
    /// What stands in forms of those that have not logged in. Other pages cannot read it here.
    form: String,
}

impl Access {
    pub(crate) fn new(logins: Option<Arc<Logins>>, operators: Vec<String>, anybody_operates: bool, tls: bool) -> Self {
        Self { logins, operators, anybody_operates, tls, sessions: Sessions::default(), form: secret() }
    }

    /// Whether anybody can log in.
    pub(crate) fn has_users(&self) -> bool {
        self.logins.is_some()
    }

    /// Who asks, by the cookie.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Caller {
        let Some(logins) = &self.logins else {
            let role = if self.anybody_operates { Role::Operate } else { Role::View };
            return Caller { name: None, role, form: self.form.clone(), session: None };
        };
        let stranger = || Caller { name: None, role: Role::Nothing, form: self.form.clone(), session: None };
        let Some(secret) = self.cookie(headers) else { return stranger() };
        let Some(Session { name, form, credential, .. }) = self.sessions.get(secret) else { return stranger() };
        // Whoever is not in the file any more, or has another password there, is logged out.
        if logins.users().await.get(&name).is_none_or(|hash| hash.as_bytes() != credential) {
            self.sessions.end(secret);
            return stranger();
        }
        let role = if self.operators.contains(&name) { Role::Operate } else { Role::View };
        Caller { name: Some(name), role, form, session: Some(secret.to_owned()) }
    }

    /// Logs somebody in; says the cookie.
    pub(crate) async fn log_in(
        &self,
        address: IpAddr,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<String, LoginError> {
        let Some(logins) = &self.logins else { return Err(LoginError::Wrong) };
        logins.check(address, name, password).await?;
        let credential = logins.users().await.get(name).map(|hash| hash.as_bytes().to_vec());
        // Taken out just now.
        let credential = credential.ok_or(LoginError::Wrong)?;
        Ok(self.set_cookie(&self.sessions.begin(name.to_owned(), credential), LASTS.as_secs()))
    }

    /// Logs somebody out; says the cookie.
    pub(crate) fn log_out(&self, caller: &Caller) -> String {
        if let Some(secret) = &caller.session {
            self.sessions.end(secret);
        }
        self.set_cookie("", 0)
    }

    fn cookie_name(&self) -> &'static str {
        if self.tls { SECURE_COOKIE } else { COOKIE_NAME }
    }

    fn set_cookie(&self, secret: &str, seconds: u64) -> String {
        let secure = if self.tls { "; Secure" } else { "" };
        format!("{}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", self.cookie_name())
    }

    fn cookie<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = values.flat_map(|value| value.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        cookies.find(|(name, _)| *name == self.cookie_name()).map(|(_, value)| value)
    }
}

/// Whether two texts are the same, in a time that does not say where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn with(cookie: &str) -> HeaderMap {
        let cookie = cookie.split(';').next().unwrap_or_default();
        let value = HeaderValue::try_from(format!("other=1; {cookie}")).expect("a value");
        [(COOKIE, value)].into_iter().collect()
    }

    fn line(name: &str, password: &str) -> String {
        format!("{name}:{}\n", lanner_access::hash_password(password).expect("a hash"))
    }

    #[tokio::test]
    async fn who_logs_in_may_look_and_operators_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("users");
        std::fs::write(&file, line("alice", "a") + &line("bob", "b")).expect("written");
        let logins = Arc::new(Logins::open(file).expect("users"));
        for tls in [false, true] {
            let access = Access::new(Some(logins.clone()), vec!["alice".into()], false, tls);
            assert_eq!(access.identify(&HeaderMap::new()).await.role, Role::Nothing);
            assert_eq!(access.log_in(HOME, "alice", "b".to_owned().into()).await, Err(LoginError::Wrong));
            let cookie = access.log_in(HOME, "alice", "a".to_owned().into()).await.expect("it is hers");
            assert!(cookie.contains("; HttpOnly; SameSite=Strict; ") && cookie.contains("Secure") == tls, "{cookie}");
            assert_eq!(cookie.starts_with("__Host-"), tls);
            let alice = access.identify(&with(&cookie)).await;
            assert_eq!((alice.name.as_deref(), alice.role), (Some("alice"), Role::Operate));
            let cookie = access.log_in(HOME, "bob", "b".to_owned().into()).await.expect("it is his");
            let bob = access.identify(&with(&cookie)).await;
            assert_eq!((bob.who(), bob.role), ("bob", Role::View));
            assert_ne!(alice.form, bob.form);
            assert!(access.log_out(&bob).contains("Max-Age=0"));
            assert_eq!(access.identify(&with(&cookie)).await.role, Role::Nothing);
        }
    }

    #[tokio::test]
    async fn where_nobody_logs_in_all_may_look() {
        let access = Access::new(None, Vec::new(), false, false);
        assert_eq!(access.identify(&HeaderMap::new()).await.role, Role::View);
        let access = Access::new(None, Vec::new(), true, false);
        let caller = access.identify(&HeaderMap::new()).await;
        assert!(caller.operates() && caller.name.is_none());
        assert!(same(&caller.form, &access.form) && !same(&caller.form, "") && !same("ab", "ac"));
    }
}
