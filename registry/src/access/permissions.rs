//! Which rules give whom what.

use lanner_access::{ANONYMOUS, LOGGED_IN};

use super::config::{AccessConfig, Grant, Rule};
use super::{Action, Identity};
use crate::oci::RepositoryName;
use crate::registry::matches;

/// What the rules give.
#[derive(Clone, Debug)]
pub(super) struct Permissions {
    /// Everybody, everywhere.
    anonymous: Vec<Grant>,
    rules: Vec<Rule>,
    /// Whether anybody can log in.
    users: bool,
}

impl Permissions {
    pub(super) fn new(config: &AccessConfig) -> Self {
        Self {
            anonymous: config.anonymous_grants().to_vec(),
            rules: config.rules.clone(),
            users: config.htpasswd.is_some(),
        }
    }

    /// Whether somebody may do something in a repository.
    pub(super) fn allow(&self, who: &Identity, name: &RepositoryName, action: Action) -> bool {
        self.given(who, |patterns| patterns.iter().any(|pattern| matches(pattern, name.as_str())), action)
    }

    /// Whether somebody may read anything, if it is there.
    pub(super) fn allow_somewhere(&self, who: &Identity, action: Action) -> bool {
        self.given(who, |_| true, action)
    }

    fn given(&self, who: &Identity, concerns: impl Fn(&[String]) -> bool, action: Action) -> bool {
        let includes = |grants: &[Grant]| grants.iter().any(|grant| grant.includes(action));
        let logged_in = matches!(who, Identity::User(_));
        includes(&self.anonymous)
            || (logged_in && self.users && self.rules.is_empty())
            || self.rules.iter().any(|rule| rule.is_for(who) && concerns(&rule.repositories) && includes(&rule.actions))
    }
}

impl Rule {
    fn is_for(&self, who: &Identity) -> bool {
        self.users.iter().any(|user| match (user.as_str(), who) {
            (ANONYMOUS, _) | (LOGGED_IN, Identity::User(_)) => true,
            (user, Identity::User(name)) => user == name,
            (_, Identity::Anonymous) => false,
        })
    }
}

impl Grant {
    fn includes(self, action: Action) -> bool {
        match self {
            Self::All => true,
            Self::Pull => action == Action::Pull,
            Self::Push => action == Action::Push,
            Self::Delete => action == Action::Delete,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn permissions(text: &str) -> Permissions {
        Permissions::new(&toml::from_str(text).unwrap())
    }

    fn user(name: &str) -> Identity {
        Identity::User(name.to_owned())
    }

    fn allow(permissions: &Permissions, who: &Identity, name: &str) -> Vec<Action> {
        let name = name.parse().unwrap();
        Action::ALL.into_iter().filter(|action| permissions.allow(who, &name, *action)).collect()
    }

    #[test]
    fn without_rules() {
        let open = permissions("");
        assert_eq!(allow(&open, &Identity::Anonymous, "a"), Action::ALL);
        let users = permissions("htpasswd = 'x'");
        assert_eq!(allow(&users, &Identity::Anonymous, "a"), []);
        assert_eq!(allow(&users, &user("u"), "a"), Action::ALL);
        let both = permissions("htpasswd = 'x'\nanonymous = ['pull']");
        assert_eq!(allow(&both, &Identity::Anonymous, "a"), [Action::Pull]);
        assert_eq!(allow(&both, &user("u"), "a"), Action::ALL);
        let closed = permissions("anonymous = []");
        assert!(!closed.allow_somewhere(&Identity::Anonymous, Action::Pull));
        let rules_only = "[[rule]]\nusers = ['anonymous']\nrepositories = ['public/*']\nactions = ['pull']";
        assert_eq!(allow(&permissions(rules_only), &Identity::Anonymous, "a"), []);
    }

    #[test]
    fn rules() {
        let permissions = permissions(
            "htpasswd = 'x'
            [[rule]]
            users = ['alice', 'bob']
            repositories = ['team/*']
            actions = ['pull', 'push']
            [[rule]]
            users = ['alice']
            repositories = ['team/own', 'alice/*']
            actions = ['*']
            [[rule]]
            users = ['*']
            repositories = ['shared']
            actions = ['pull']
            [[rule]]
            users = ['anonymous']
            repositories = ['public/*']
            actions = ['pull']",
        );
        assert_eq!(allow(&permissions, &user("bob"), "team/a"), [Action::Pull, Action::Push]);
        assert_eq!(allow(&permissions, &user("bob"), "team/own"), [Action::Pull, Action::Push]);
        assert_eq!(allow(&permissions, &user("alice"), "team/own"), Action::ALL);
        assert_eq!(allow(&permissions, &user("eve"), "team/a"), []);
        assert_eq!(allow(&permissions, &user("bob"), "teams/a"), []);
        assert_eq!(allow(&permissions, &user("eve"), "shared"), [Action::Pull]);
        assert_eq!(allow(&permissions, &Identity::Anonymous, "shared"), []);
        assert_eq!(allow(&permissions, &Identity::Anonymous, "public/a"), [Action::Pull]);
        assert_eq!(allow(&permissions, &user("eve"), "public/a"), [Action::Pull]);
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let some = |words: &'static [&'static str]| {
            prop::collection::vec(prop::sample::select(words).prop_map(str::to_owned), 1..3)
        };
        let grants = prop::collection::vec(
            prop::sample::select(&[Grant::Pull, Grant::Push, Grant::Delete, Grant::All][..]),
            1..3,
        );
        (some(&["alice", "bob", "*", "anonymous"]), some(&["a", "a/*", "*", "b"]), grants)
            .prop_map(|(users, repositories, actions)| Rule { users, repositories, actions })
    }

    proptest! {
        /// Nobody has less than anonymous clients, another rule never takes anything away, and `*` gives to all alike.
        #[test]
        fn rights_only_grow(rules in prop::collection::vec(any_rule(), 1..5), more in any_rule()) {
            let config = AccessConfig { htpasswd: Some("x".into()), rules, ..AccessConfig::default() };
            let before = Permissions::new(&config);
            let mut after = before.clone();
            after.rules.push(more);
            for name in ["a", "a/b", "b", "c"].map(|name| name.parse().unwrap()) {
                for action in Action::ALL {
                    for who in [Identity::Anonymous, user("alice"), user("bob"), user("eve")] {
                        let anonymous = before.allow(&Identity::Anonymous, &name, action);
                        let allowed = before.allow(&who, &name, action);
                        prop_assert!(allowed || !anonymous);
                        prop_assert!(after.allow(&who, &name, action) || !allowed);
                        prop_assert!(before.allow_somewhere(&who, action) || !allowed);
                        // Whom no rule names has what all have.
                        if who == user("eve") && allowed {
                            prop_assert!(before.allow(&user("alice"), &name, action));
                        }
                    }
                }
            }
        }
    }
}
