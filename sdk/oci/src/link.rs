//! Where a list goes on (RFC 8288).

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

/// Where a list goes on that was asked for at `of`, by its `Link`; what stands there is the registry's affair, but for its
/// being at the same server, below the same path.
pub fn next_page(headers: &HeaderMap, of: &Url) -> Option<Url> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let address = values.flat_map(links).find_map(|(address, parameters)| is_next(parameters).then_some(address))?;
    of.join(address).ok().filter(|next| next.origin() == of.origin() && next.path() == of.path())
}

/// The links of a header: address and parameters. A comma may stand in an address.
fn links(mut value: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let (_, rest) = value.split_once('<')?;
        let (address, rest) = rest.split_once('>')?;
        let end = rest.find('<').unwrap_or(rest.len());
        let (parameters, more) = rest.split_at(end);
        value = more;
        Some((address, parameters))
    })
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_list_goes_on() {
        let url = Url::parse("https://registry.example.org/v2/a/tags/list?n=5").expect("a URL");
        let next = |text: &str| {
            let headers = HeaderMap::from_iter([(LINK, text.parse().expect("a header"))]);
            next_page(&headers, &url).map(|url| url.to_string())
        };
        let there = Some("https://registry.example.org/v2/a/tags/list?last=y".to_owned());
        for link in [
            "</v2/a/tags/list?last=y>; rel=\"next\"",
            "<?last=y>; rel=next",
            "<https://registry.example.org/v2/a/tags/list?last=y>;REL=\"prev next\"",
            "</v2/x>; rel=\"prev\", <?last=y>; rel=\"next\"",
        ] {
            assert_eq!(next(link), there, "{link}");
        }
        // What it hands back is its own affair.
        let opaque = "<?cursor=a,b;c&n=1>; rel=\"next\"";
        assert_eq!(next(opaque).as_deref(), Some("https://registry.example.org/v2/a/tags/list?cursor=a,b;c&n=1"));
        for other in [
            "</v2/x>; rel=\"prev\"",
            "nonsense",
            "<https://other.example.org/v2/a/tags/list>; rel=\"next\"",
            "</v2/b/tags/list>; rel=\"next\"",
            "<?last=y>; rel=\"nextish\"",
            "<?last=y",
        ] {
            assert_eq!(next(other), None, "{other}");
        }
    }
}
