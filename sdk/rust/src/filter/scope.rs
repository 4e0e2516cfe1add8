//! Which events a filter is for, or the handlers that follow it: types that the compiler reckons with.

use lanner_abi::{Event, Kind};

/// Events of all kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyKind {}

/// Events of all kinds that are somebody's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithProcess {}

/// Events that are somebody's doing, so that they have a process.
#[diagnostic::on_unimplemented(message = "`{Self}` events are nobody's doing: they have no process")]
pub trait HasProcess {}

/// Events of one kind.
pub trait OneKind {
    /// The kind.
    const KIND: Kind;
    /// What its handlers are given.
    type View<'a>;

    /// The event as one of the kind, where it is one.
    fn view<'a>(event: &Event<'a>) -> Option<Self::View<'a>>;
}

/// Narrows what came before by a filter that is for `F`.
#[diagnostic::on_unimplemented(message = "no event has the fields of both filters", label = "for `{F}` only")]
pub trait Narrow<F> {
    /// What is left.
    type To;
}

/// Leaves events of the kind `K`.
#[diagnostic::on_unimplemented(
    message = "a filter before this handler is on a field that its events do not have",
    note = "`.unfiltered()` drops the filters for the handlers that follow"
)]
pub trait Admits<K> {}

impl HasProcess for WithProcess {}

impl<F> Narrow<F> for AnyKind {
    type To = F;
}

impl Narrow<AnyKind> for WithProcess {
    type To = Self;
}

impl<F: HasProcess> Narrow<F> for WithProcess {
    type To = F;
}

impl<K: OneKind> Narrow<AnyKind> for K {
    type To = K;
}

impl<K: OneKind + HasProcess> Narrow<WithProcess> for K {
    type To = K;
}

impl<K: OneKind> Narrow<K> for K {
    type To = K;
}

impl<K> Admits<K> for AnyKind {}

// What is left of the kinds that a handler names is seen when the pack is described.
impl Admits<AnyKind> for WithProcess {}

impl<K: OneKind + HasProcess> Admits<K> for WithProcess {}

impl<K: OneKind> Admits<K> for K {}

macro_rules! kinds {
    ($($name:ident $kind:ident $view:ident $as:ident $on:ident $doc:literal;)*) => {$(
        #[doc = concat!("Events of the kind `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $kind {}

        impl OneKind for $kind {
            const KIND: Kind = Kind::$kind;
            type View<'a> = lanner_abi::$view<'a>;

            #[inline]
            fn view<'a>(event: &Event<'a>) -> Option<Self::View<'a>> {
                event.$as()
            }
        }
    )*};
}

lanner_abi::for_each_kind!(kinds);
