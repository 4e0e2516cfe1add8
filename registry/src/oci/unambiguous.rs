//! Documents whose fields every client reads alike.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::ManifestError;

/// The fields that decide what a document is and what it leads to.
const FIELDS: [&str; 8] =
    ["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];

/// Refuses a document with a field that is one of [`FIELDS`] but for the case of its letters: Go's clients would take
/// it for that one, and others would not.
pub(super) fn check_fields(bytes: &[u8]) -> Result<(), ManifestError> {
    let found = serde_json::Deserializer::from_slice(bytes).deserialize_map(Lookalikes)?;
    found.map_or(Ok(()), |(name, field)| Err(ManifestError::Lookalike(name, field)))
}

/// Finds such a field. Nothing is collected: a document may have a million of them.
struct Lookalikes;

impl<'de> Visitor<'de> for Lookalikes {
    type Value = Option<(String, &'static str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            // The longest field, where each letter may be one of several bytes.
            const LONGEST: usize = 4 * 16;
            if found.is_none() && name.len() <= LONGEST && !FIELDS.contains(&name.as_str()) {
                let folded = fold(&name);
                found = FIELDS.iter().find(|field| fold(field) == folded).map(|field| (name, *field));
            }
        }
        Ok(found)
    }
}

/// Without the case of letters, as Unicode folds them: `ſ` is an s, and the Kelvin sign a k.
fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_look_alike() {
        for good in [r#"{"layers":[],"Layerz":1,"x":{"Layers":1}}"#, "{}", r#"{"":1,"LAYERS2":[]}"#] {
            check_fields(good.as_bytes()).unwrap();
        }
        for (bad, field) in [
            (r#"{"Layers":[]}"#, "layers"),
            (r#"{"layers":[],"LAYERS":[]}"#, "layers"),
            (r#"{"layer\u017f":[]}"#, "layers"),
            (r#"{"MediaType":""}"#, "mediaType"),
            (r#"{"a":1,"Manifests":[]}"#, "manifests"),
        ] {
            let error = check_fields(bad.as_bytes()).unwrap_err();
            assert!(matches!(error, ManifestError::Lookalike(_, found) if found == field), "{bad}: {error}");
        }
    }
}
