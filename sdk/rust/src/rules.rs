//! Rules, as a pack adds them.

use std::marker::PhantomData;

use lanner_abi::{ConnectEvent, Event, ExecEvent, ExitEvent, ForkEvent, Kind, LossEvent, OpenEvent};

use crate::filter::scope::{Admits, AnyKind, Narrow};
use crate::filter::{Literal, Only, scope};
use crate::finding::{Out, Severity};
use crate::handlers::{Handlers, Wants};

/// What a rule says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleInfo {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) severity: Severity,
    pub(crate) attack: Vec<String>,
    pub(crate) properties: Vec<(String, String)>,
}

/// The rules of a pack.
pub struct Rules<P> {
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) handlers: Handlers<P>,
}

/// A rule that is being added.
///
/// Handlers are given the pack's state, the event, and where findings go. A rule may have several.
pub struct Rule<'r, P, S = AnyKind> {
    rules: &'r mut Rules<P>,
    index: u32,
    filters: Vec<Literal>,
    scope: PhantomData<S>,
}

impl<P> Rules<P> {
    pub(crate) fn new() -> Self {
        Self { rules: Vec::new(), handlers: Handlers::default() }
    }

    /// Adds a rule. The id is unique among all packs that a host runs: lower-case words, `-` and one `/`, such as
    /// `credential-access/shadow-read`.
    pub fn rule(&mut self, id: impl Into<String>) -> Rule<'_, P> {
        let index = self.rules.len() as u32;
        self.rules.push(RuleInfo { id: id.into(), ..RuleInfo::default() });
        Rule { rules: self, index, filters: Vec::new(), scope: PhantomData }
    }
}

impl<'r, P, S> Rule<'r, P, S> {
    fn set(self, set: impl FnOnce(&mut RuleInfo)) -> Self {
        if let Some(info) = self.rules.rules.last_mut() {
            set(info);
        }
        self
    }

    fn scoped<T>(self) -> Rule<'r, P, T> {
        Rule { rules: self.rules, index: self.index, filters: self.filters, scope: PhantomData }
    }

    fn wants(&self) -> Wants {
        Wants { rule: self.index, filters: self.filters[..].into() }
    }

    /// One line that says what it means when this rule raises a finding.
    pub fn summary(self, summary: impl Into<String>) -> Self {
        self.set(|info| info.summary = summary.into())
    }

    /// How bad its findings are; `Medium` where nothing is said.
    pub fn severity(self, severity: Severity) -> Self {
        self.set(|info| info.severity = severity)
    }

    /// A MITRE ATT&CK technique that it detects, such as `T1003.008`. May be said several times.
    pub fn attack(self, technique: impl Into<String>) -> Self {
        self.set(|info| info.attack.push(technique.into()))
    }

    /// Anything else worth saying. May be said several times.
    pub fn property(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(|info| info.properties.push((name.into(), value.into())))
    }

    /// Narrows what the handlers that follow see: see [`filter`](crate::filter). Said several times, all must pass.
    pub fn only<F>(mut self, filter: Only<F>) -> Rule<'r, P, S::To>
    where
        S: Narrow<F>,
    {
        self.filters.push(filter.0);
        self.scoped()
    }

    /// Drops the filters for the handlers that follow.
    pub fn unfiltered(mut self) -> Rule<'r, P, AnyKind> {
        self.filters.clear();
        self.scoped()
    }

    /// Handles events of several kinds.
    pub fn on_any(
        self,
        kinds: impl IntoIterator<Item = Kind>,
        run: impl Fn(&mut P, &Event<'_>, &mut Out<'_>) + 'static,
    ) -> Self
    where
        S: Admits<AnyKind>,
    {
        let wants = self.wants();
        self.rules.handlers.add_any(wants, kinds, run);
        self
    }

    /// Is called as event time goes on, at least once a second while events flow: with the time, ns since 1970 (UTC).
    pub fn on_tick(self, run: impl Fn(&mut P, u64, &mut Out<'_>) + 'static) -> Self {
        self.rules.handlers.add_tick(self.index, run);
        self
    }
}

macro_rules! handlers {
    ($($(#[$doc:meta])* $on:ident: $kind:ident $view:ident $add:ident;)*) => {
        impl<P, S> Rule<'_, P, S> {
            $(
                $(#[$doc])*
                pub fn $on(self, run: impl Fn(&mut P, &$view<'_>, &mut Out<'_>) + 'static) -> Self
                where
                    S: Admits<scope::$kind>,
                {
                    let wants = self.wants();
                    self.rules.handlers.$add(wants, run);
                    self
                }
            )*
        }
    };
}

handlers! {
    /// Handles execs: `process()` is the image before, `image()` the one that begins.
    on_exec: Exec ExecEvent add_exec;
    /// Handles forks: `process()` is the parent, `child()` the child.
    on_fork: Fork ForkEvent add_fork;
    /// Handles ends of processes.
    on_exit: Exit ExitEvent add_exit;
    /// Handles opens of files, failed ones too.
    on_open: Open OpenEvent add_open;
    /// Handles connects, failed ones too.
    on_connect: Connect ConnectEvent add_connect;
    /// Handles reports that events were lost.
    on_loss: Loss LossEvent add_loss;
}
