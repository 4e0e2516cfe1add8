//! Names of images, taken apart.

/// Tag of an image that is named with neither tag nor digest, of every runtime.
const DEFAULT_TAG: &str = "latest";
/// Characters that a tag has at most.
const MAX_TAG: usize = 128;
/// Hexadecimal digits that a digest has at least.
const MIN_DIGEST: usize = 32;
/// Those of an image's id.
const ID_DIGITS: usize = 64;

/// An image by its name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Image {
    /// The name without tag and digest; not there where the image was named by its id.
    pub(super) repository: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
}

impl Image {
    /// Takes a name apart: `registry:port/path:tag@algorithm:digest`, most of it optional. Nothing is known of what is no such
    /// name. The id of the image tells where the name is but its beginning.
    pub(super) fn of(name: &str, id: Option<&str>) -> Self {
        let hex = |id: &str| id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digits = name.strip_prefix("sha256:").unwrap_or(name);
        if digits.len() == ID_DIGITS && hex(digits) {
            return Self { digest: Some(format!("sha256:{digits}")), ..Self::default() };
        }
        let begins = |id: &str| id.strip_prefix("sha256:").is_some_and(|id| id.starts_with(digits));
        if !digits.is_empty() && id.is_some_and(begins) {
            return Self::default();
        }
        let (rest, digest) = match name.split_once('@') {
            None => (name, None),
            Some((rest, digest)) if is_digest(digest) => (rest, Some(digest)),
            Some(_) => return Self::default(),
        };
        // A colon before the last slash stands before a port.
        let path = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest.get(path..).and_then(|last| last.split_once(':')) {
            None => (rest, None),
            Some((last, tag)) if is_tag(tag) => (rest.get(..path + last.len()).unwrap_or_default(), Some(tag)),
            Some(_) => return Self::default(),
        };
        if !is_repository(repository) {
            return Self::default();
        }
        let tag = tag.or(digest.is_none().then_some(DEFAULT_TAG));
        Self { repository: Some(repository.to_owned()), tag: tag.map(str::to_owned), digest: digest.map(str::to_owned) }
    }
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        let separates = |byte: u8| matches!(byte, b'+' | b'.' | b'_' | b'-');
        algorithm.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric() || separates(byte))
            && hex.len() >= MIN_DIGEST
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= MAX_TAG
        && tag.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Of what a name is made: not how each part begins and ends, which no runtime would have let pass.
fn is_repository(repository: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':' | b'[' | b']');
    repository.split('/').all(|part| !part.is_empty() && part.bytes().all(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e473349e2e288fa9301c0087f3e48ac142ee10c765c1cc5b11cd3b5e62c91a3c";

    #[test]
    fn names_are_taken_apart() {
        let digest = format!("sha256:{HEX}");
        let cases: [(&str, [Option<&str>; 3]); 12] = [
            ("busybox", [Some("busybox"), Some("latest"), None]),
            ("lannertest:one", [Some("lannertest"), Some("one"), None]),
            ("docker.io/library/nginx:1.27-alpine", [Some("docker.io/library/nginx"), Some("1.27-alpine"), None]),
            ("localhost:5000/app", [Some("localhost:5000/app"), Some("latest"), None]),
            ("localhost:5000/team/app:v1", [Some("localhost:5000/team/app"), Some("v1"), None]),
            ("[2001:db8::1]:5000/app:v1", [Some("[2001:db8::1]:5000/app"), Some("v1"), None]),
            ("host:5000", [Some("host"), Some("5000"), None]),
            (&format!("app@{digest}"), [Some("app"), None, Some(&digest)]),
            (&format!("r:5000/app:v1@{digest}"), [Some("r:5000/app"), Some("v1"), Some(&digest)]),
            (HEX, [None, None, Some(&digest)]),
            (&digest, [None, None, Some(&digest)]),
            // The beginning of the image's id.
            ("e473349e2e28", [None, None, None]),
        ];
        for (name, [repository, tag, of]) in cases {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let expected = Image { repository: owned(repository), tag: owned(tag), digest: owned(of) };
            assert_eq!(Image::of(name, Some(&digest)), expected, "{name}");
        }
        assert_eq!(Image::of("e473349e2e28", None).repository.as_deref(), Some("e473349e2e28"));
    }

    #[test]
    fn what_is_no_name_says_nothing() {
        let long = format!("app:{}", "a".repeat(129));
        for name in ["", ":", "@", "/", "a//b", "a b", "app:", "app:-x", "app@", "app@sha256:1", "ä:1", "é@é", &long]
        {
            assert_eq!(Image::of(name, None), Image::default(), "{name}");
            assert_eq!(Image::of(name, Some("sha256:")), Image::default(), "{name}");
        }
    }
}
