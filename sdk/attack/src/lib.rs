//! The techniques of MITRE ATT&CK that there are.

#![forbid(unsafe_code)]

/// The version that the list is of.
pub const VERSION: &str = "18.1";

/// Ids of ATT&CK for Enterprise, without those that were revoked or deprecated: a technique a line, with its sub-techniques
/// behind it. ATT&CK is a trademark of The MITRE Corporation; the ids are taken from its published STIX data.
const TECHNIQUES: &str = include_str!("techniques.txt");

/// Whether there is a technique of this id, such as `T1003.008`.
pub fn is_technique(id: &str) -> bool {
    let (technique, sub) = id.split_once('.').map_or((id, None), |(technique, sub)| (technique, Some(sub)));
    let mut words = TECHNIQUES.lines().map(|line| line.split(' ')).filter_map(|mut words| Some((words.next()?, words)));
    words.find(|(known, _)| *known == technique).is_some_and(|(_, mut subs)| match sub {
        None => true,
        Some(sub) => subs.any(|known| known.strip_prefix('.') == Some(sub)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_are_known() {
        assert!(is_technique("T1003") && is_technique("T1003.008") && is_technique("T1059.004"));
        for unknown in ["T1003.009", "T1002", "T9999", "T1003.", "", ".001", "T1001 .001"] {
            assert!(!is_technique(unknown), "{unknown}");
        }
        assert!(TECHNIQUES.lines().count() > 200);
        assert!(TECHNIQUES.lines().all(|line| line.starts_with('T') && !line.ends_with(' ')));
    }
}
