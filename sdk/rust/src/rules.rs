//! Rules, as a pack adds them.

use std::marker::PhantomData;

use lanner_abi::{Event, Kind};
use lanner_contract::{Filter, List, Rule as RuleInfo, Setting, Severity};

use crate::filter::scope::{Admits, AnyKind, Narrow};
use crate::filter::{Only, all, scope};
use crate::finding::Out;
use crate::handlers::{Handlers, Wants};
use crate::lists::ListBuilder;
use crate::matching::TextSet;
use crate::settings::SettingBuilder;

/// The rules of a pack, and what can be set.
pub struct Rules<P> {
    /// Without the events that they want, which their handlers know.
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) lists: Vec<List>,
    pub(crate) handlers: Handlers<P>,
    lacks: Lacks,
}

/// A rule that is being added.
///
/// Handlers are given the pack's state, the event, and where findings go. A rule may have several.
pub struct Rule<'r, P, S = AnyKind> {
    rules: &'r mut Rules<P>,
    index: u32,
    filters: Vec<Filter>,
    scope: PhantomData<S>,
}

/// What a rule still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacks {
    /// Anything that would ever run.
    Handler,
    /// A handler after its last filter, which narrows nothing.
    HandlerAfterFilter,
    Nothing,
}

impl<P> Rules<P> {
    pub(crate) fn new() -> Self {
        let (rules, settings, lists, handlers) = Default::default();
        Self { rules, settings, lists, handlers, lacks: Lacks::Nothing }
    }

    /// Ends the rule that was added last.
    ///
    /// # Panics
    /// It can never raise a finding, or has a filter that is for nothing.
    pub(crate) fn end(&self) {
        let id = self.rules.last().map_or("", |rule| &rule.id);
        match self.lacks {
            Lacks::Handler => panic!("the rule {id} handles nothing; add an on_… to it"),
            Lacks::HandlerAfterFilter => {
                panic!("the rule {id} has an only(…) after its last on_…; it narrows the handlers that follow it")
            }
            Lacks::Nothing => {}
        }
    }

    /// Adds a rule. The id is unique among all packs that a host runs: lower-case words, `-` and one `/`, such as
    /// `credential-access/shadow-read`.
    pub fn rule(&mut self, id: impl Into<String>) -> Rule<'_, P> {
        self.end();
        self.lacks = Lacks::Handler;
        let index = self.rules.len() as u32;
        self.rules.push(RuleInfo { id: id.into(), ..RuleInfo::default() });
        Rule { rules: self, index, filters: Vec::new(), scope: PhantomData }
    }

    /// Makes a set ready when the pack is loaded, rather than when the set is first asked.
    ///
    /// # Panics
    /// It has a regular expression that is none: the pack is not loaded then, and the log says why.
    pub fn prepare(&mut self, set: &TextSet) {
        set.prepare();
    }

    /// Adds a list, which the people who run the host may replace and extend: lower-case words and `-`. Packs that give lists
    /// the same name share what is said of it.
    pub fn list(&mut self, name: &'static str) -> ListBuilder<'_> {
        ListBuilder::add(&mut self.lists, name)
    }

    /// Adds something that can be set: lower-case words and `-`. What it is set to is in the [`Settings`](crate::Settings)
    /// that [`Pack::configure`](crate::Pack::configure) is given.
    pub fn setting(&mut self, name: impl Into<String>) -> SettingBuilder<'_> {
        SettingBuilder::add(&mut self.settings, name.into())
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
        let filter = (!self.filters.is_empty()).then(|| all(self.filters.clone()));
        let list = |list: &List| List { name: list.name.clone(), holds: list.holds.clone(), ..List::default() };
        Wants { rule: self.index, filter, lists: self.rules.lists.iter().map(list).collect() }
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
        self.filters.push(filter.into_filter());
        if self.rules.lacks == Lacks::Nothing {
            self.rules.lacks = Lacks::HandlerAfterFilter;
        }
        self.scoped()
    }

    /// Drops the filters for the handlers that follow.
    pub fn unfiltered(mut self) -> Rule<'r, P, AnyKind> {
        self.filters.clear();
        self.scoped()
    }

    /// Handles events of several kinds. Where a filter before it is on the process, they must all have one.
    pub fn on_any(
        self,
        kinds: impl IntoIterator<Item = Kind>,
        run: impl Fn(&mut P, &Event<'_>, &mut Out<'_>) + 'static,
    ) -> Self
    where
        S: Admits<AnyKind>,
    {
        let wants = self.wants();
        self.rules.lacks = Lacks::Nothing;
        let kinds: Vec<Kind> = kinds.into_iter().collect();
        self.rules.handlers.add_any(wants, &kinds, run);
        self
    }

    /// Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC).
    pub fn on_tick(self, run: impl Fn(&mut P, u64, &mut Out<'_>) + 'static) -> Self {
        if self.rules.lacks == Lacks::Handler {
            self.rules.lacks = Lacks::Nothing;
        }
        self.rules.handlers.add_tick(self.index, run);
        self
    }
}

macro_rules! handlers {
    ($($name:ident $kind:ident $view:ident $as:ident $on:ident $doc:literal;)*) => {
        /// Handlers of one kind each.
        impl<P, S> Rule<'_, P, S> {
            $(
                #[doc = concat!("Handles events of the kind `", stringify!($name), "`. ", $doc)]
                pub fn $on(self, run: impl Fn(&mut P, &lanner_abi::$view<'_>, &mut Out<'_>) + 'static) -> Self
                where
                    S: Admits<scope::$kind>,
                {
                    let wants = self.wants();
                    self.rules.lacks = Lacks::Nothing;
                    self.rules.handlers.add::<scope::$kind>(wants, run);
                    self
                }
            )*
        }
    };
}

lanner_abi::for_each_kind!(handlers);
