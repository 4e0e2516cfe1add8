//! What fields hold, and the tests that go with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::{Bound, RangeBounds};

use lanner_abi::event_flag;
use lanner_contract::Filter;
use lanner_contract::filter::{Literal, Test};

use super::scope::Narrow;
use super::{Field, File, Only, all, any};
use crate::lists::List;
use crate::matching::{Networks, TextSet, network};

/// A text: paths, names, arguments. Compared as bytes.
#[derive(Debug)]
pub enum Text {}

/// A number, or bits.
#[derive(Debug)]
pub enum Number {}

/// What the call returned: a number, a negative errno where it failed.
#[derive(Debug)]
pub enum Returned {}

/// The number of a kind.
#[derive(Debug)]
pub enum KindNumber {}

/// Yes or no.
#[derive(Debug)]
pub enum YesNo {}

/// An address.
#[derive(Debug)]
pub enum Address {}

/// What is compared as a number.
pub trait Numeric {}

impl Numeric for Number {}
impl Numeric for Returned {}

/// Bits, to be compared with those of a field.
pub trait Bits {
    /// Of 64.
    fn bits(self) -> u64;
}

/// An address to compare with: one, or as it is written.
pub trait ToAddress {
    /// The address.
    ///
    /// # Panics
    /// It is written wrongly.
    fn to_address(self) -> IpAddr;
}

impl<S, V> Field<S, V> {
    fn only(self, test: Test) -> Only<S> {
        Only::new(Filter::Field(self.name.to_owned(), test))
    }

    /// Is known. A text that is known may be empty, a number 0.
    pub fn known(self) -> Only<S> {
        self.only(Test::Known)
    }
}

/// Texts are given as strings or as bytes.
impl<S> Field<S, Text> {
    /// Is one of these.
    pub fn equals(self, texts: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        self.only(Test::Equals(bytes(texts).into_iter().map(Literal::Bytes).collect()))
    }

    /// Begins with one of these.
    pub fn starts_with(self, texts: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        self.only(Test::StartsWith(bytes(texts)))
    }

    /// Ends with one of these.
    pub fn ends_with(self, texts: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        self.only(Test::EndsWith(bytes(texts)))
    }

    /// Has one of these somewhere in it.
    pub fn contains(self, texts: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        self.only(Test::Contains(bytes(texts)))
    }

    /// Stands in the list, as that is when the event is judged.
    pub fn listed(self, list: List<Text>) -> Only<S> {
        Only::new(Filter::Listed(self.name.to_owned(), list.name.to_owned()))
    }

    /// Is in the set: what [`TextSet::matches`] says, and the handler need not ask again.
    ///
    /// # Panics
    /// The set has globs or regular expressions, which a host does not compare. Ask for them in the handler.
    pub fn matches(self, set: &TextSet) -> Only<S> {
        let filter = |test| Filter::Field(self.name.to_owned(), test);
        Only::new(any(set.tests().into_iter().map(filter).collect()))
    }
}

/// A test holds where it holds of one of its paths.
impl<S: Narrow<S, To = S>> File<S> {
    /// Is called one of these.
    pub fn equals(self, paths: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        let paths = bytes(paths);
        self.path.equals(&paths).or(self.host_path.equals(&paths))
    }

    /// Is called by what begins with one of these.
    pub fn starts_with(self, paths: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        let paths = bytes(paths);
        self.path.starts_with(&paths).or(self.host_path.starts_with(&paths))
    }

    /// Is called by what ends with one of these.
    pub fn ends_with(self, paths: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        let paths = bytes(paths);
        self.path.ends_with(&paths).or(self.host_path.ends_with(&paths))
    }

    /// Is called by what has one of these somewhere in it.
    pub fn contains(self, paths: impl IntoIterator<Item: AsRef<[u8]>>) -> Only<S> {
        let paths = bytes(paths);
        self.path.contains(&paths).or(self.host_path.contains(&paths))
    }

    /// Is called by what stands in the list.
    pub fn listed(self, list: List<Text>) -> Only<S> {
        self.path.listed(list).or(self.host_path.listed(list))
    }

    /// Is called by what is in the set.
    ///
    /// # Panics
    /// The set has globs or regular expressions, which a host does not compare. Ask for them in the handler.
    pub fn matches(self, set: &TextSet) -> Only<S> {
        self.path.matches(set).or(self.host_path.matches(set))
    }
}

fn bytes(texts: impl IntoIterator<Item: AsRef<[u8]>>) -> Vec<Vec<u8>> {
    texts.into_iter().map(|text| text.as_ref().to_vec()).collect()
}

impl<S, V: Numeric> Field<S, V> {
    /// Stands in the list, as that is when the event is judged.
    pub fn listed(self, list: List<Number>) -> Only<S> {
        Only::new(Filter::Listed(self.name.to_owned(), list.name.to_owned()))
    }

    /// Is this number.
    pub fn equals(self, number: impl Into<i128>) -> Only<S> {
        self.one_of([number])
    }

    /// Is one of these numbers.
    pub fn one_of(self, numbers: impl IntoIterator<Item: Into<i128>>) -> Only<S> {
        let literal = |number| Literal::Number(number);
        self.only(Test::Equals(numbers.into_iter().map(Into::into).map(literal).collect()))
    }

    /// Lies in this range: `1..1024`, `1024..`, `0..=3`.
    pub fn between<T: Into<i128> + Copy>(self, range: impl RangeBounds<T>) -> Only<S> {
        // No field holds less, or more.
        let from = match range.start_bound() {
            Bound::Included(from) => (*from).into(),
            Bound::Excluded(before) => (*before).into() + 1,
            Bound::Unbounded => i64::MIN.into(),
        };
        let to = match range.end_bound() {
            Bound::Included(to) => (*to).into(),
            Bound::Excluded(after) => (*after).into() - 1,
            Bound::Unbounded => u64::MAX.into(),
        };
        self.only(Test::Between(vec![(from, to)]))
    }

    /// Has at least one of these bits.
    pub fn any(self, bits: impl Bits) -> Only<S> {
        self.only(Test::AnyBits(bits.bits()))
    }

    /// Has all of these bits.
    pub fn all(self, bits: impl Bits) -> Only<S> {
        self.only(Test::AllBits(bits.bits()))
    }

    /// Has none of these bits.
    pub fn none(self, bits: impl Bits) -> Only<S> {
        self.only(Test::NoBits(bits.bits()))
    }
}

impl<S> Field<S, Returned> {
    fn flags(self) -> Field<S, Number> {
        Field::new("event.flags")
    }

    /// The call failed, as [`Event::failed`](lanner_abi::Event::failed) says. What is under way did not.
    pub fn failed(self) -> Only<S> {
        self.flags().any(event_flag::FAILED)
    }

    /// The call did what it was to do, or that is under way.
    pub fn succeeded(self) -> Only<S> {
        let returned = Self::new(self.name).known().into_filter();
        Only::new(all(vec![returned, self.flags().none(event_flag::FAILED).into_filter()]))
    }

    /// The call failed with one of these, such as 13 for `EACCES` (errno(3)).
    pub fn errno(self, errnos: impl IntoIterator<Item = u16>) -> Only<S> {
        self.one_of(errnos.into_iter().map(|errno| -i32::from(errno)))
    }
}

impl<S> Field<S, KindNumber> {
    /// Is this kind.
    pub fn equals(self, kind: lanner_abi::Kind) -> Only<S> {
        self.one_of([kind])
    }

    /// Is one of these kinds.
    pub fn one_of(self, kinds: impl IntoIterator<Item = lanner_abi::Kind>) -> Only<S> {
        self.only(Test::Equals(kinds.into_iter().map(|kind| kind.number().into()).collect()))
    }
}

impl<S> Field<S, YesNo> {
    /// Is so, or is known not to be.
    pub fn is(self, yes: bool) -> Only<S> {
        self.only(Test::Equals(vec![yes.into()]))
    }
}

impl<S> Field<S, Address> {
    /// Stands in the list, as that is when the event is judged.
    pub fn listed(self, list: List<Address>) -> Only<S> {
        Only::new(Filter::Listed(self.name.to_owned(), list.name.to_owned()))
    }

    /// Is this address: an [`IpAddr`], or as it is written, such as `"192.0.2.7"`.
    ///
    /// # Panics
    /// It is written wrongly.
    pub fn equals(self, address: impl ToAddress) -> Only<S> {
        self.one_of([address])
    }

    /// Is one of these addresses.
    ///
    /// # Panics
    /// One is written wrongly.
    pub fn one_of(self, addresses: impl IntoIterator<Item: ToAddress>) -> Only<S> {
        let literal = |address: IpAddr| Literal::Bytes(octets(address).to_vec());
        self.only(Test::Equals(addresses.into_iter().map(ToAddress::to_address).map(literal).collect()))
    }

    /// Lies in this network, such as `"10.0.0.0/8"` or `"fd00::/8"`.
    ///
    /// # Panics
    /// It is written wrongly.
    pub fn within(self, network: impl AsRef<str>) -> Only<S> {
        self.within_any([network])
    }

    /// Lies in one of these networks.
    ///
    /// # Panics
    /// One is written wrongly.
    pub fn within_any(self, networks: impl IntoIterator<Item: AsRef<str>>) -> Only<S> {
        let parsed = |written: &str| match network::parse(written) {
            Some(network) => network,
            None => panic!("{written:?} is not a network such as 10.0.0.0/8 or fd00::/8"),
        };
        self.only(Test::Within(networks.into_iter().map(|network| parsed(network.as_ref())).collect()))
    }

    /// Lies in a network of the set: what [`Networks::contains`] says.
    pub fn matches(self, networks: &Networks) -> Only<S> {
        self.only(Test::Within(networks.all().collect()))
    }
}

/// As events hold it.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl ToAddress for IpAddr {
    fn to_address(self) -> IpAddr {
        self
    }
}

impl ToAddress for Ipv4Addr {
    fn to_address(self) -> IpAddr {
        self.into()
    }
}

impl ToAddress for Ipv6Addr {
    fn to_address(self) -> IpAddr {
        self.into()
    }
}

impl ToAddress for &str {
    fn to_address(self) -> IpAddr {
        match self.parse() {
            Ok(address) => address,
            Err(_) => panic!("{self:?} is not an address such as 192.0.2.7 or 2001:db8::7"),
        }
    }
}

macro_rules! bits {
    ($($ty:ty),*) => {$(
        impl Bits for $ty {
            fn bits(self) -> u64 {
                self.into()
            }
        }
    )*};
}

bits!(u8, u16, u32, u64);

/// What a number is of which nothing else is said.
impl Bits for i32 {
    fn bits(self) -> u64 {
        self.cast_unsigned().into()
    }
}
