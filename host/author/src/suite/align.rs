//! What differs between the findings that are expected and those that there are.

use super::expect::{Expected, Found};

/// Pairs that are compared at most to find the best way to set both side by side; beyond it they are taken as they stand.
const MAX_PAIRS: usize = 4_000_000;

/// How what is expected and what was found stand to each other, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// This was expected, and found: by their places.
    Same(usize, usize),
    /// This one was expected and that one found, which differ: part, what was wanted, and what there is.
    Other(usize, usize, Vec<(String, String, String)>),
    /// This was expected and not found.
    Missing(usize),
    /// This was found and not expected.
    Unexpected(usize),
}

impl Difference {
    /// Whether it is none.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Same(..))
    }
}

/// Sets both side by side, so that as much as can be is the same.
pub(super) fn align(expected: &[Expected], found: &[Found], id_of: impl Fn(&str) -> Option<u64>) -> Vec<Difference> {
    let differs = |i: usize, j: usize| expected[i].differs(&found[j], &id_of);
    let (n, m) = (expected.len(), found.len());
    if n.saturating_mul(m) > MAX_PAIRS {
        return in_order(n, m, differs);
    }
    // What a pair costs: less than one that is missing and one that is not expected, where it is of one rule.
    let same_rule = |i: usize, j: usize| expected[i].rule().is_none_or(|rule| rule == found[j].rule());
    let cost = |i: usize, j: usize| match differs(i, j).is_empty() {
        true => 0,
        false if same_rule(i, j) => 3,
        false => 5,
    };
    let costs: Vec<Vec<usize>> = (0..n).map(|i| (0..m).map(|j| cost(i, j)).collect()).collect();
    // Of what is left from i and j on.
    let mut best = vec![vec![0_usize; m + 1]; n + 1];
    for i in (0..=n).rev() {
        for j in (0..=m).rev() {
            let pair = (i < n && j < m).then(|| costs[i][j] + best[i + 1][j + 1]);
            let missing = (i < n).then(|| 2 + best[i + 1][j]);
            let unexpected = (j < m).then(|| 2 + best[i][j + 1]);
            best[i][j] = [pair, missing, unexpected].into_iter().flatten().min().unwrap_or(0);
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < n || j < m {
        if i < n && j < m && best[i][j] == costs[i][j] + best[i + 1][j + 1] {
            all.push(pair(i, j, differs(i, j)));
            (i, j) = (i + 1, j + 1);
        } else if i < n && best[i][j] == 2 + best[i + 1][j] {
            all.push(Difference::Missing(i));
            i += 1;
        } else {
            all.push(Difference::Unexpected(j));
            j += 1;
        }
    }
    all
}

fn pair(i: usize, j: usize, differs: Vec<(String, String, String)>) -> Difference {
    if differs.is_empty() { Difference::Same(i, j) } else { Difference::Other(i, j, differs) }
}

fn in_order(n: usize, m: usize, differs: impl Fn(usize, usize) -> Vec<(String, String, String)>) -> Vec<Difference> {
    let both = n.min(m);
    let pairs = (0..both).map(|place| pair(place, place, differs(place, place)));
    pairs.chain((both..n).map(Difference::Missing)).chain((both..m).map(Difference::Unexpected)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::document::Document;

    fn expected(text: &str) -> Vec<Expected> {
        let document = Document::parse(Path::new("x"), text.to_owned()).expect("YAML");
        document.root.list("expect").expect("a list").iter().map(|node| Expected::read(node).expect("good")).collect()
    }

    fn found(rules: &[(&str, &str)]) -> Vec<Found> {
        let one = |(rule, message): &(&str, &str)| json!({"rule": rule, "message": message, "severity": "high"});
        rules.iter().map(|found| Found(one(found).as_object().expect("an object").clone())).collect()
    }

    fn kinds(differences: &[Difference]) -> String {
        let kind = |difference: &Difference| match difference {
            Difference::Same(..) => '=',
            Difference::Other(..) => '~',
            Difference::Missing(_) => '-',
            Difference::Unexpected(_) => '+',
        };
        differences.iter().map(kind).collect()
    }

    #[test]
    fn as_much_as_can_be_is_the_same() {
        let three = expected("[{rule: a/a}, {rule: b/b, message: x}, {rule: c/c}]");
        let align = |rules: &[(&str, &str)]| kinds(&align(&three, &found(rules), |_| None));
        assert_eq!(align(&[("a/a", ""), ("b/b", "x"), ("c/c", "")]), "===");
        assert_eq!(align(&[("a/a", ""), ("c/c", "")]), "=-=");
        assert_eq!(align(&[("a/a", ""), ("b/b", "y"), ("c/c", "")]), "=~=");
        assert_eq!(align(&[("a/a", ""), ("d/d", ""), ("b/b", "x"), ("c/c", "")]), "=+==");
        // Of another rule: one is missing, and another not expected.
        assert_eq!(align(&[("a/a", ""), ("d/d", ""), ("c/c", "")]), "=-+=");
        assert_eq!(align(&[]), "---");
    }

    #[test]
    fn parts_that_differ_are_named() {
        let one =
            expected("[{rule: a/a, severity: low, message: {contains: y}, facts: {n: 1, gone: null}, process: web}]");
        let [Difference::Other(0, 0, parts)] = &align(&one, &found(&[("a/a", "x")]), |_| None)[..] else {
            panic!("one")
        };
        let names: Vec<&str> = parts.iter().map(|(part, ..)| part.as_str()).collect();
        assert_eq!(names, ["severity", "message", "facts.n", "process"]);
        assert_eq!(parts[1], ("message".into(), "a text with \"y\" in it".into(), "\"x\"".into()));
    }
}
