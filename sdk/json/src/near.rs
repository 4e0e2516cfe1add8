//! The known name that somebody may have meant.

use strsim::osa_distance;

/// Bytes of a name that is compared; longer ones are nothing that is known.
const MAX: usize = 64;

/// The name that is nearest, where one is near enough to be meant: by letters that have to be added, left out, replaced or
/// swapped with their neighbour.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    if name.is_empty() || name.len() > MAX {
        return None;
    }
    let far_enough = (1 + name.chars().count() / 3).min(3);
    let short = known.into_iter().filter(|other| other.len() <= MAX);
    let distances = short.map(|other| (osa_distance(&name, &plain(other)), other));
    let near = distances.filter(|(distance, _)| *distance <= far_enough).min_by_key(|(distance, _)| *distance);
    near.map(|(_, other)| other)
}

/// Without what is written one way or the other.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_is_near_is_meant() {
        let known = ["path", "flags", "result", "process", "file_mode"];
        assert_eq!(nearest("paht", known), Some("path"));
        assert_eq!(nearest("proces", known), Some("process"));
        assert_eq!(nearest("file-mode", known), Some("file_mode"));
        assert_eq!(nearest("Result", known), Some("result"));
        assert_eq!(nearest("something", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"p".repeat(100_000), known), None);
    }
}
