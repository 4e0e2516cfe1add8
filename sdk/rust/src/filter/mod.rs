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
//!     .only(open::file().starts_with(["/etc/cron.d/", "/var/spool/cron/"]))
//!     .only(!process::exe().ends_with(["/cron", "/crontab"]))
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
//! of what a rule costs. [`fields`] has what can be compared, and the prelude has its modules; a field offers the tests that
//! go with what it holds, and [`Only`] says how they are put together. A test of a field that is not known does not hold,
//! and its negation does: `!connect::port().equals(443)` lets unix sockets through, which have no port.
//!
//! A filter on a field that the handler's events do not have does not compile:
//!
//! ```compile_fail,E0277
//! # use lanner_sdk::prelude::*;
//! # #[derive(Default)]
//! # struct Example;
//! # impl Pack for Example {
//! # const INFO: PackInfo = pack_info!("example", "");
//! # fn rules(r: &mut Rules<Self>) {
//! r.rule("persistence/cron-write").only(open::path().equals(["/etc/crontab"])).on_connect(|_, _, _| {});
//! # }
//! # }
//! ```
//!
//! Nor do fields of a process for events that nobody does, nor fields of two kinds in one filter, nor a test that does not
//! go with what the field holds:
//!
//! ```compile_fail,E0277
//! # use lanner_sdk::prelude::*;
//! # #[derive(Default)]
//! # struct Example;
//! # impl Pack for Example {
//! # const INFO: PackInfo = pack_info!("example", "");
//! # fn rules(r: &mut Rules<Self>) {
//! r.rule("test/lost").only(process::exe().equals(["/usr/bin/cat"])).on_loss(|_, _, _| {});
//! # }
//! # }
//! ```
//!
//! ```compile_fail,E0277
//! # use lanner_sdk::prelude::*;
//! let both = open::path().equals(["/etc/crontab"]).or(connect::port().equals(443));
//! ```
//!
//! ```compile_fail,E0599
//! # use lanner_sdk::prelude::*;
//! let text = connect::port().starts_with(["44"]);
//! ```

use std::marker::PhantomData;
use std::ops::Not;

use lanner_contract::Filter;

use scope::Narrow;

/// Functions of fields: their names, what they hold, how filters call them, and what they are.
macro_rules! fields {
    ($scope:ident: $($name:ident $value:ident $path:literal $doc:literal;)*) => {$(
        #[doc = $doc]
        pub const fn $name() -> $crate::filter::Field<$crate::filter::scope::$scope, $crate::filter::value::$value> {
            $crate::filter::Field::new($path)
        }
    )*};
}

pub mod fields;
pub mod scope;
pub mod value;

/// A field that can be compared: of events that `S` says, and holding what `V` says.
#[derive(Debug)]
#[must_use = "a field alone is no filter"]
pub struct Field<S, V> {
    name: &'static str,
    of: PhantomData<(S, V)>,
}

/// A file, to be compared by each path that is known of it. A rule about a file should ask for it so: what a container or a
/// bind mount shows under another path is that file all the same, and so is a hard link of what `equals` names.
///
/// ```
/// # use lanner_sdk::prelude::*;
/// # #[derive(Default)]
/// # struct Example;
/// # impl Pack for Example {
/// # const INFO: PackInfo = pack_info!("example", "");
/// # fn rules(r: &mut Rules<Self>) {
/// r.rule("test/shadow").only(open::file().equals(["/etc/shadow"])).on_open(|_, e, out| {
///     out.finding(format!("{} opened {}", e.process(), e.path()));
/// });
/// # }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a file alone is no filter"]
pub struct File<S> {
    path: Field<S, value::Text>,
    host_path: Field<S, value::Text>,
}

/// A filter, for [`Rule::only`](crate::Rule::only), on fields that events of `S` have.
///
/// ```
/// # use lanner_sdk::prelude::*;
/// # #[derive(Default)]
/// # struct Example;
/// # impl Pack for Example {
/// # const INFO: PackInfo = pack_info!("example", "");
/// # fn rules(r: &mut Rules<Self>) {
/// let inside = connect::address().within("10.0.0.0/8").or(connect::address().within("fd00::/8"));
/// r.rule("test/mail").only((!inside).and(connect::port().one_of([25, 587]))).on_connect(|_, e, out| {
///     out.finding(format!("{} sends mail", e.process()));
/// });
/// # }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a filter does nothing before a rule has it"]
pub struct Only<S>(Filter, PhantomData<S>);

impl<S, V> Field<S, V> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }
}

impl<S> File<S> {
    pub(crate) const fn new(path: Field<S, value::Text>, host_path: Field<S, value::Text>) -> Self {
        Self { path, host_path }
    }
}

impl<S> Only<S> {
    fn new(filter: Filter) -> Self {
        Self(filter, PhantomData)
    }

    pub(crate) fn into_filter(self) -> Filter {
        self.0
    }

    /// What passes both.
    pub fn and<F>(self, other: Only<F>) -> Only<S::To>
    where
        S: Narrow<F>,
    {
        Only::new(all(vec![self.0, other.0]))
    }

    /// What passes at least one of both. Events must have the fields of both: for different kinds there are different
    /// handlers.
    pub fn or<F>(self, other: Only<F>) -> Only<S::To>
    where
        S: Narrow<F>,
    {
        Only::new(any(vec![self.0, other.0]))
    }
}

/// What does not pass.
///
/// A `!` is of all that stands behind it, calls included: `!a.and(b)` is "not both", as `!(a.and(b))` is. What is not `a`, but is
/// `b`, is `(!a).and(b)`, or `b.and(!a)`, which cannot be misread.
///
/// ```
/// use lanner_sdk::prelude::*;
///
/// let shell = || exec::image::exe().equals(["/bin/sh"]);
/// let root = || exec::image::euid().equals(0);
/// assert_eq!(!shell().and(root()), !(shell().and(root())));
/// assert_ne!(!shell().and(root()), (!shell()).and(root()));
/// ```
impl<S> Not for Only<S> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(match self.0 {
            Filter::Not(filter) => *filter,
            filter => Filter::Not(Box::new(filter)),
        })
    }
}

/// What passes all of them. Side by side rather than in one another: a host takes filters only so deep.
pub(crate) fn all(filters: Vec<Filter>) -> Filter {
    let mut side_by_side = Vec::new();
    for filter in filters {
        match filter {
            Filter::All(all) => side_by_side.extend(all),
            one => side_by_side.push(one),
        }
    }
    match <[Filter; 1]>::try_from(side_by_side) {
        Ok([one]) => one,
        Err(several) => Filter::All(several),
    }
}

/// What passes one of them, likewise.
pub(crate) fn any(filters: Vec<Filter>) -> Filter {
    let mut side_by_side = Vec::new();
    for filter in filters {
        match filter {
            Filter::Any(any) => side_by_side.extend(any),
            one => side_by_side.push(one),
        }
    }
    match <[Filter; 1]>::try_from(side_by_side) {
        Ok([one]) => one,
        Err(several) => Filter::Any(several),
    }
}
