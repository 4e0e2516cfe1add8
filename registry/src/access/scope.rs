//! Scopes: what a client asks a token for, and what a token says is allowed (`repository:team/app:pull,push`).

use serde::{Deserialize, Serialize};

use super::permissions::Permissions;
use super::{Action, Identity, Wanted};
use crate::oci::RepositoryName;

/// How many scopes one request may name: a mount needs two, and the token must fit into a request's head.
pub(super) const MOST: usize = 50;

const REPOSITORY: &str = "repository";
const REGISTRY: &str = "registry";
const CATALOG: &str = "catalog";
const EVERYTHING: &str = "*";

/// What a token says is allowed, as the distribution project writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Granted {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    actions: Vec<String>,
}

/// The scopes in a request: each parameter may hold several, with spaces between.
pub(super) fn split<'a>(parameters: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    parameters.flat_map(str::split_ascii_whitespace)
}

/// What of a scope somebody is allowed; nothing for what is not known here.
pub(super) fn granted(scope: &str, who: &Identity, permissions: &Permissions) -> Option<Granted> {
    // A name may hold a colon where it is no repository's, so the ends count.
    let (kind, rest) = scope.split_once(':')?;
    let (name, asked) = rest.rsplit_once(':')?;
    let asked: Vec<&str> = asked.split(',').collect();
    let actions: Vec<String> = match kind {
        REPOSITORY => {
            let repository: RepositoryName = name.parse().ok()?;
            let is_asked = |action: Action| asked.contains(&action.as_str()) || asked.contains(&EVERYTHING);
            let is_given = |action: &Action| is_asked(*action) && permissions.allow(who, &repository, *action);
            Action::ALL.iter().filter(|action| is_given(action)).map(|action| action.as_str().to_owned()).collect()
        }
        // What the catalog shows is what may be pulled.
        REGISTRY if name == CATALOG && asked.contains(&EVERYTHING) && may_list(who, permissions) => {
            vec![EVERYTHING.to_owned()]
        }
        _ => return None,
    };
    (!actions.is_empty()).then(|| Granted { kind: kind.to_owned(), name: name.to_owned(), actions })
}

/// Whether somebody may list repositories at all; each is another question.
pub(super) fn may_list(who: &Identity, permissions: &Permissions) -> bool {
    matches!(who, Identity::User(_)) || permissions.allow_somewhere(who, Action::Pull)
}

/// Whether a token's grants are enough for a repository.
pub(super) fn cover(granted: &[Granted], name: &RepositoryName, action: Action) -> bool {
    covers(granted, REPOSITORY, name.as_str(), action.as_str())
}

/// Whether a token's grants are enough to list repositories.
pub(super) fn cover_catalog(granted: &[Granted]) -> bool {
    covers(granted, REGISTRY, CATALOG, EVERYTHING)
}

fn covers(granted: &[Granted], kind: &str, name: &str, action: &str) -> bool {
    granted.iter().any(|granted| {
        granted.kind == kind && granted.name == name && granted.actions.iter().any(|given| given == action)
    })
}

/// The scope to ask for.
pub(super) fn of(wanted: Wanted<'_>) -> Option<String> {
    match wanted {
        Wanted::Base => None,
        Wanted::Catalog => Some(format!("{REGISTRY}:{CATALOG}:{EVERYTHING}")),
        // Who pushes looks at what is there already.
        Wanted::Repository(name, Action::Push) => Some(format!("{REPOSITORY}:{name}:pull,push")),
        Wanted::Mount { to, from } => Some(format!("{REPOSITORY}:{to}:pull,push {REPOSITORY}:{from}:pull")),
        Wanted::Repository(name, action) => Some(format!("{REPOSITORY}:{name}:{}", action.as_str())),
    }
}

impl std::fmt::Display for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn permissions() -> Permissions {
        Permissions::new(
            &toml::from_str(
                "htpasswd = 'x'
                [[rule]]
                users = ['u']
                repositories = ['team/*']
                actions = ['pull', 'push']
                [[rule]]
                users = ['u']
                repositories = ['own']
                actions = ['*']",
            )
            .unwrap(),
        )
    }

    fn of_user(scope: &str) -> Option<String> {
        granted(scope, &Identity::User("u".to_owned()), &permissions()).map(|granted| granted.to_string())
    }

    #[test]
    fn only_what_is_allowed() {
        for (asked, given) in [
            ("repository:team/a:pull,push", Some("repository:team/a:pull,push")),
            ("repository:team/a:push", Some("repository:team/a:push")),
            ("repository:team/a:*", Some("repository:team/a:pull,push")),
            ("repository:team/a:delete", None),
            ("repository:own:*", Some("repository:own:pull,push,delete")),
            ("repository:own:pull,delete,admin", Some("repository:own:pull,delete")),
            ("repository:other:pull", None),
            ("repository:team/../other:pull", None),
            ("repository:TEAM/a:pull", None),
            ("repository(plugin):team/a:pull", None),
            ("registry:catalog:*", Some("registry:catalog:*")),
            ("registry:catalog:pull", None),
            ("registry:team/a:pull", None),
            ("repository:team/a", None),
            ("repository", None),
            ("", None),
        ] {
            assert_eq!(of_user(asked).as_deref(), given, "{asked}");
        }
        assert!(granted("registry:catalog:*", &Identity::Anonymous, &permissions()).is_none());
        assert!(granted("repository:own:pull", &Identity::Anonymous, &permissions()).is_none());
        let both: Vec<_> = split(["a:b:c  d:e:f", "", "g:h:i"].into_iter()).collect();
        assert_eq!(both, ["a:b:c", "d:e:f", "g:h:i"]);
    }

    proptest! {
        /// A scope that a client is told to ask for gives it what it wanted, and nothing about other repositories.
        #[test]
        fn asking_for_what_is_wanted(name in "[a-z]{1,3}(/[a-z]{1,3}){0,2}", other in "[a-z]{1,3}", action in 0..3usize) {
            let (name, other): (RepositoryName, RepositoryName) = (name.parse().unwrap(), other.parse().unwrap());
            let everything = Permissions::new(&super::super::AccessConfig::default());
            let wanted = Wanted::Repository(&name, Action::ALL[action]);
            let granted = granted(&of(wanted).unwrap(), &Identity::Anonymous, &everything);
            let granted = [granted.unwrap()];
            prop_assert!(cover(&granted, &name, Action::ALL[action]));
            prop_assert_eq!(cover(&granted, &other, Action::ALL[action]), name == other);
            prop_assert!(!cover_catalog(&granted));
        }

        #[test]
        fn nothing_panics(scope in "[a-z:,*/ é]{0,40}") {
            let _ = of_user(&scope);
        }
    }
}
