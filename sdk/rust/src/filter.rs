//! Filters: what of a kind's events a handler wants to see at all.
//!
//! ```
//! # use lanner_sdk::prelude::*;
//! # #[derive(Default)]
//! # struct Example;
//! # impl Pack for Example {
//! # const INFO: PackInfo = pack_info!("example", "");
//! # fn rules(r: &mut Rules<Self>) {
//! r.rule("persistence/cron-write")
//!     .only(path().starts_with(["/etc/cron.d/", "/var/spool/cron/"]))
//!     .on_open(|_, e, out| {
//!         if e.is_write() {
//!             out.finding(format!("{} wrote {}", e.process(), e.path()));
//!         }
//!     });
//! # }
//! # }
//! ```
//!
//! The host compares before it hands events over, once for all packs: a filter costs next to nothing, and saves most
//! of what a rule costs. A filter on a field that the handler's events do not have does not compile:
//!
//! ```compile_fail
//! # use lanner_sdk::prelude::*;
//! # #[derive(Default)]
//! # struct Example;
//! # impl Pack for Example {
//! # const INFO: PackInfo = pack_info!("example", "");
//! # fn rules(r: &mut Rules<Self>) {
//! r.rule("persistence/cron-write").only(path().equals(["/etc/crontab"])).on_connect(|_, _, _| {});
//! # }
//! # }
//! ```

use std::marker::PhantomData;

use lanner_abi::{Event, FilterField};

/// A comparison of a field with literals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Literal {
    pub(crate) field: FilterField,
    pub(crate) test: Test,
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Test {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
}

impl Literal {
    pub(crate) fn passes(&self, event: &Event<'_>) -> bool {
        let text = self.field.of(event);
        let mut values = self.values.iter();
        match self.test {
            Test::Equals => values.any(|value| text == *value),
            Test::StartsWith => values.any(|value| text.starts_with(value)),
            Test::EndsWith => values.any(|value| text.ends_with(value)),
            Test::Contains => values.any(|value| text.contains(value)),
        }
    }
}

/// Which events a filter, or the handlers that follow it, are for.
pub mod scope {
    /// Events of all kinds.
    #[derive(Debug)]
    pub enum AnyKind {}

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

    impl<F> Narrow<F> for AnyKind {
        type To = F;
    }

    impl<K> Admits<K> for AnyKind {}

    macro_rules! kinds {
        ($($kind:ident),*) => {$(
            #[doc = concat!("Events of the kind `", stringify!($kind), "`.")]
            #[derive(Debug)]
            pub enum $kind {}

            impl Narrow<AnyKind> for $kind {
                type To = $kind;
            }

            impl Narrow<$kind> for $kind {
                type To = $kind;
            }

            impl Admits<$kind> for $kind {}
        )*};
    }

    kinds!(Exec, Fork, Exit, Open, Connect, Loss);
}

/// A field that can be compared.
#[derive(Clone, Copy, Debug)]
pub struct Field<S>(FilterField, PhantomData<S>);

/// A filter; for [`Rule::only`](crate::Rule::only).
#[derive(Clone, Debug)]
pub struct Only<S>(pub(crate) Literal, PhantomData<S>);

impl<S> Field<S> {
    fn compared<T: Into<String>>(self, test: Test, values: impl IntoIterator<Item = T>) -> Only<S> {
        let values = values.into_iter().map(Into::into).collect();
        Only(Literal { field: self.0, test, values }, PhantomData)
    }

    /// Is one of these.
    pub fn equals<T: Into<String>>(self, values: impl IntoIterator<Item = T>) -> Only<S> {
        self.compared(Test::Equals, values)
    }

    /// Begins with one of these.
    pub fn starts_with<T: Into<String>>(self, values: impl IntoIterator<Item = T>) -> Only<S> {
        self.compared(Test::StartsWith, values)
    }

    /// Ends with one of these.
    pub fn ends_with<T: Into<String>>(self, values: impl IntoIterator<Item = T>) -> Only<S> {
        self.compared(Test::EndsWith, values)
    }

    /// Has one of these somewhere in it.
    pub fn contains<T: Into<String>>(self, values: impl IntoIterator<Item = T>) -> Only<S> {
        self.compared(Test::Contains, values)
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $field:ident of $scope:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name() -> Field<scope::$scope> {
            Field(FilterField::$field, PhantomData)
        }
    )*};
}

fields! {
    /// Path of the executable of the process that did it; for an exec of the one before.
    exe: ProcessExe of AnyKind;
    /// The kernel's short name of the process that did it. A process chooses it for itself.
    comm: ProcessComm of AnyKind;
    /// Path of the file that was opened.
    path: OpenPath of Open;
    /// Path of the executable of the image that begins.
    image_exe: ExecExe of Exec;
    /// The file as it was named to exec; for a script the script.
    filename: ExecFilename of Exec;
    /// Path of the unix socket that was connected to.
    unix_path: ConnectUnixPath of Connect;
}
