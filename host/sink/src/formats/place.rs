//! Where a value goes in an object: `a.b` is within an object, `a[].b` within the only item of a list.

use serde_json::{Map, Value};

/// Puts a value at a place, in objects and lists that are made where they are missing. What is there already, and is neither,
/// stays as it is.
pub(super) fn put(object: &mut Map<String, Value>, place: &str, value: Value) {
    let mut object = object;
    let mut rest = place;
    while let Some((part, inner)) = rest.split_once('.') {
        let (name, in_list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        let made = || if in_list { Value::Array(vec![Value::Object(Map::new())]) } else { Value::Object(Map::new()) };
        let next = match object.entry(name).or_insert_with(made) {
            Value::Array(items) => items.first_mut().and_then(Value::as_object_mut),
            next => next.as_object_mut(),
        };
        let Some(next) = next else { return };
        (object, rest) = (next, inner);
    }
    let name = rest.strip_suffix("[]").unwrap_or(rest);
    object.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_go_where_they_belong() {
        let mut object = Map::new();
        for (place, value) in [
            ("a", json!(1)),
            ("b.c", json!(2)),
            ("b.d.e", json!(3)),
            ("f[].g", json!(4)),
            ("f[].h.i", json!(5)),
            ("j[]", json!([6])),
            // Not into a number.
            ("a.b", json!(7)),
        ] {
            put(&mut object, place, value);
        }
        let expected = json!({"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": [{"g": 4, "h": {"i": 5}}], "j": [6]});
        assert_eq!(Value::Object(object), expected);
    }
}
