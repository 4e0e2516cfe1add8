//! Which client a request is of, behind proxies: what they say of it is believed only from those that are trusted.

use std::net::IpAddr;

use axum::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are trusted.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this is one of them.
    pub(super) fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client: the last one in front of which only trusted proxies stand. What it says itself of
    /// others before it counts for nothing.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let plain = self.last(peer, values(headers, &X_FORWARDED_FOR).rev().map(str::trim));
        let named = self.last(peer, values(headers, &FORWARDED).rev().map(forwarded_for));
        match (plain, named) {
            (Some(client), None) | (None, Some(client)) => client,
            (Some(client), Some(other)) if client == other => client,
            // A proxy that writes one of them hands the other on as the client sent it.
            _ => peer,
        }
    }

    /// By the hops from the last to the first; `None` if there are none.
    fn last<'a>(&self, peer: IpAddr, hops: impl Iterator<Item = &'a str>) -> Option<IpAddr> {
        let mut client = None;
        for hop in hops {
            // A name, `unknown`, or nonsense: who told it is the last that is known.
            let Some(address) = address(hop) else { return client.or(Some(peer)) };
            client = Some(address);
            if !self.trust(address) {
                break;
            }
        }
        client
    }
}

/// The elements of a list that may be spread over several headers. Neither addresses nor names hold a comma.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    let all = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    all.flat_map(|value| value.split(','))
}

/// `for=` of an element of `Forwarded` (RFC 7239).
fn forwarded_for(element: &str) -> &str {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let value = pairs.find_map(|(name, value)| name.trim().eq_ignore_ascii_case("for").then_some(value.trim()));
    value.unwrap_or_default().trim_matches('"')
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    address.or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[(HeaderName, &str)]) -> String {
        let proxies = Proxies::new(["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse().unwrap()).into());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::try_from(*value).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn who_is_the_client() {
        const X: HeaderName = X_FORWARDED_FOR;
        for (peer, headers, expected) in [
            ("192.0.2.1", vec![(X, "198.51.100.1")], "192.0.2.1"),
            ("192.0.2.1", vec![(FORWARDED, "for=198.51.100.1")], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(X, "198.51.100.1")], "198.51.100.1"),
            ("::ffff:10.0.0.1", vec![(X, "198.51.100.1:1234")], "198.51.100.1"),
            // What the client says of itself stands before what the proxy says of it.
            ("10.0.0.1", vec![(X, "203.0.113.9, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(X, "203.0.113.9"), (X, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(X, "203.0.113.9, 198.51.100.1, 10.9.9.9")], "198.51.100.1"),
            ("10.0.0.1", vec![(X, "10.0.0.7, 10.0.0.8")], "10.0.0.7"),
            ("10.0.0.1", vec![(X, "198.51.100.1, nonsense")], "10.0.0.1"),
            ("10.0.0.1", vec![(X, "198.51.100.1, nonsense, 10.0.0.8")], "10.0.0.8"),
            ("10.0.0.1", vec![(X, "")], "10.0.0.1"),
            ("10.0.0.1", vec![(X, "2a00::1")], "2a00::1"),
            ("2001:db8::1", vec![(FORWARDED, "for=\"[2a00::1]:47\";proto=https")], "2a00::1"),
            ("10.0.0.1", vec![(FORWARDED, "proto=http;For=198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(FORWARDED, "for=203.0.113.9, for=198.51.100.1;by=10.0.0.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(FORWARDED, "for=_hidden")], "10.0.0.1"),
            // One of them is the client's own word.
            ("10.0.0.1", vec![(X, "198.51.100.1"), (FORWARDED, "for=203.0.113.9")], "10.0.0.1"),
            ("10.0.0.1", vec![(X, "198.51.100.1"), (FORWARDED, "for=198.51.100.1")], "198.51.100.1"),
        ] {
            assert_eq!(client(peer, &headers), expected, "{peer} {headers:?}");
        }
    }
}
