//! Lists that a pack goes by, and that the people who run the host replace and extend.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use lanner_abi::{Event, Kind, Value};
use lanner_contract::{FieldRef, Happening, ListType};

use crate::filter::value::{Address, Number, Text};

/// A list that is being added: its last word says what it holds, and what it has where nobody says otherwise.
///
/// ```
/// # use lanner_sdk::prelude::*;
/// # #[derive(Default)]
/// # struct Example;
/// # impl Pack for Example {
/// # const INFO: PackInfo = pack_info!("example", "");
/// # fn rules(r: &mut Rules<Self>) {
/// let readers = r.list("secret-readers").summary("Programs that may read secrets").paths(["/usr/sbin/sshd", "/opt/vault/"]);
/// let inside = r.list("own-networks").summary("Where machines of ours are").networks(["10.0.0.0/8"]);
/// // The host looks, once for all packs: what stands in the list does not reach the pack.
/// r.rule("test/secret").only(open::file().equals(["/etc/shadow"])).only(!process::exe().listed(readers)).on_open(|_, e, out| {
///     out.finding(format!("{} opened {}", e.process().exe(), e.path()));
/// });
/// // The pack asks: some 100 ns, however long the list is.
/// r.rule("test/outside").on_connect(move |_, e, out| {
///     if e.address().is_some_and(|address| !inside.contains(address)) {
///         out.finding(format!("{} connects to the outside", e.process().exe()));
///     }
/// });
/// # }
/// # }
/// ```
pub struct ListBuilder<'r> {
    list: &'r mut lanner_contract::List,
    name: &'static str,
    number: u32,
}

/// A list of a pack. What it has may change between two batches.
pub struct List<V> {
    pub(crate) name: &'static str,
    number: u32,
    holds: PhantomData<V>,
}

type Ask = fn(u32, &[u8]) -> bool;

thread_local! {
    /// How lists are asked for. Set by who adds one: a pack that has none does not even import what asks.
    static ASK: Cell<Option<Ask>> = const { Cell::new(None) };
}

impl<'r> ListBuilder<'r> {
    pub(crate) fn add(lists: &'r mut Vec<lanner_contract::List>, name: &'static str) -> Self {
        ASK.set(Some(crate::host::is_listed));
        let number = lists.len() as u32;
        let list = lists.push_mut(lanner_contract::List { name: name.to_owned(), ..Default::default() });
        Self { list, name, number }
    }

    /// One line that says what it is for.
    pub fn summary(self, summary: impl Into<String>) -> Self {
        self.list.summary = summary.into();
        self
    }

    /// Holds texts: it has what is equal to one.
    pub fn texts(self, entries: impl IntoIterator<Item: Into<String>>) -> List<Text> {
        self.of(ListType::Text, entries)
    }

    /// Holds paths: it has these, and all that lies below those that end with `/`.
    pub fn paths(self, entries: impl IntoIterator<Item: Into<String>>) -> List<Text> {
        self.of(ListType::Path, entries)
    }

    /// Holds images by their repositories, such as `registry.example/library/nginx` or `images.example/team/`: likewise.
    pub fn images(self, entries: impl IntoIterator<Item: Into<String>>) -> List<Text> {
        self.of(ListType::Image, entries)
    }

    /// Holds domains: it has these, and all below them.
    pub fn domains(self, entries: impl IntoIterator<Item: Into<String>>) -> List<Text> {
        self.of(ListType::Domain, entries)
    }

    /// Holds networks and addresses: it has the addresses in them.
    pub fn networks(self, entries: impl IntoIterator<Item: Into<String>>) -> List<Address> {
        self.of(ListType::Cidr, entries)
    }

    /// Holds numbers, and ranges such as `8000-8100`.
    pub fn numbers(self, entries: impl IntoIterator<Item: Into<String>>) -> List<Number> {
        self.of(ListType::Number, entries)
    }

    fn of<V>(self, holds: ListType, entries: impl IntoIterator<Item: Into<String>>) -> List<V> {
        self.list.holds = holds;
        self.list.entries = entries.into_iter().map(Into::into).collect();
        List { name: self.name, number: self.number, holds: PhantomData }
    }
}

impl List<Text> {
    /// Whether it has this text.
    #[must_use]
    pub fn contains(&self, text: impl AsRef<[u8]>) -> bool {
        ask(self.number, text.as_ref())
    }
}

impl List<Address> {
    /// Whether it has this address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        ask(self.number, &address.octets())
    }
}

impl List<Number> {
    /// Whether it has this number.
    #[must_use]
    pub fn contains(&self, number: impl Into<i64>) -> bool {
        ask(self.number, &number.into().to_le_bytes())
    }
}

impl<V> Clone for List<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for List<V> {}

impl<V> fmt::Debug for List<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("List").field(&self.name).finish()
    }
}

impl fmt::Debug for ListBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListBuilder").field(&self.list).finish()
    }
}

fn ask(list: u32, value: &[u8]) -> bool {
    ASK.get().is_some_and(|ask| ask(list, value))
}

/// An event of which the pack itself finds out whether it passes a filter: the host is asked for lists.
pub(crate) struct Asking<'e, 'f>(pub(crate) &'e Event<'f>);

impl Happening for Asking<'_, '_> {
    #[inline]
    fn kind(&self) -> Option<Kind> {
        self.0.kind()
    }

    #[inline]
    fn value(&self, field: &FieldRef) -> Option<Value<'_>> {
        Happening::value(self.0, field)
    }

    fn is_listed(&self, list: u32, value: Value<'_>) -> bool {
        let number = |number: Option<i64>| number.is_some_and(|number| ask(list, &number.to_le_bytes()));
        match value {
            Value::Text(text) => ask(list, text),
            Value::Bytes16(address) => ask(list, &address),
            Value::Unsigned(unsigned) => number(unsigned.try_into().ok()),
            Value::Signed(signed) => number(Some(signed)),
            Value::Bool(_) => false,
        }
    }
}
