//! Correlations of Sigma's rules: how many of them, of what values, together, or one after the other.

use lanner_conditions::{Builder, Correlation as Of, Counted, MAX_COUNT, MAX_MEMBERS, Made, Together};
use lanner_document::suggestion;
use lanner_document::{Place, Wrong};

use super::compile::{Arm, Lowered, finding, lower};
use super::fields::{self, Answer};
use super::modifiers::Placeholders;
use super::yaml::{Correlation, Item, Rule};
use crate::Difference;
use crate::rule::Refused;

const SECOND: u64 = 1_000_000_000;

/// Adds a correlation.
///
/// # Errors
/// It cannot be.
pub(super) fn add(
    of: &Correlation,
    id: &str,
    items: &[Item],
    placeholders: Placeholders<'_>,
    builder: &mut Builder,
) -> Result<(String, Vec<Difference>), Refused> {
    let head = &of.head;
    let wrong = |at: Place, what: String| head.wrong(at, what);
    let members = of.rules.iter().map(|(at, name)| named(items, name).map_err(|what| wrong(*at, what)));
    let members = members.collect::<Result<Vec<&Rule>, Wrong>>()?;
    if members.is_empty() || members.len() > usize::from(MAX_MEMBERS) {
        return Err(wrong(of.kind.0, format!("it has {} rules; 1 to {MAX_MEMBERS} are allowed", members.len())).into());
    }
    let mut differences: Vec<Difference> =
        head.notes.iter().map(|note| Difference { matters: false, what: note.clone() }).collect();
    let together = together(of, members.len(), &mut differences)?;
    let timespan = timespan(&of.timespan.1)
        .ok_or_else(|| wrong(of.timespan.0, format!("{:?} is no time, such as 30s, 5m, 1h or 7d", of.timespan.1)))?;
    let counts_values = matches!(together, Together::Values(_));
    match (&of.field, counts_values) {
        (None, true) => {
            return Err(wrong(
                of.kind.0,
                "a value_count has a `field` in its condition, whose values are counted".to_owned(),
            )
            .into());
        }
        (Some(field), false) => {
            return Err(wrong(
                of.kind.0,
                format!("only a value_count has a `field` in its condition, and here is {field}"),
            )
            .into());
        }
        _ => {}
    }
    for (alias, names) in &of.aliases {
        for (rule, _) in names {
            if !members.iter().any(|member| member.head.is_called(rule)) {
                return Err(wrong(
                    of.kind.0,
                    format!("the alias {alias} names the rule {rule:?}, which the correlation does not"),
                )
                .into());
            }
        }
    }
    let mut made = Vec::new();
    // What comes later is counted first, so that one event is not two things in a row.
    for (place, member) in members.iter().enumerate().rev() {
        let Lowered { arms, differences: more, .. } = lower(member, placeholders, builder).map_err(|refused| {
            let what = format!("the rule {:?} cannot be imported: {}", member.head.title, refused.why);
            // What is wrong there is said there.
            Refused { why: wrong(of.kind.0, what), is_wrong: false }
        })?;
        for difference in more {
            if !differences.contains(&difference) {
                differences.push(difference);
            }
        }
        let mut some = false;
        let mut missing = String::new();
        for Arm { kind, record, condition } in arms {
            let mut field = |name: &str| {
                let alias = of.aliases.iter().find(|(alias, _)| alias == name).map(|(_, names)| names);
                let called = alias.and_then(|names| names.iter().find(|(rule, _)| member.head.is_called(rule)));
                let name = match (called, alias) {
                    (Some((_, field)), _) => field.as_str(),
                    // The alias says nothing of this rule.
                    (None, Some(_)) => return None,
                    (None, None) => name,
                };
                match fields::value(&record, name) {
                    Answer::Field(field, _) => Some(builder.field(field)),
                    _ => None,
                }
            };
            let group = of.group_by.iter().map(|name| field(name).ok_or(name)).collect::<Result<Vec<_>, _>>();
            let value = of.field.as_ref().map(|name| field(name).ok_or(name)).transpose();
            let (group, value) = match (group, value) {
                (Ok(group), Ok(value)) => (group, value),
                (Err(name), _) | (_, Err(name)) => {
                    missing.clone_from(name);
                    continue;
                }
            };
            some = true;
            let (message, facts) = finding(head, &of.group_by, &record, builder, &mut differences);
            let counted = Some(Counted { member: place as u16, group, value });
            made.push(Made { kind, condition, message, facts, counted });
        }
        if !some {
            let what = format!("{missing} is not told of the rule {:?}", member.head.title);
            return Err(wrong(of.kind.0, what).into());
        }
        if !missing.is_empty() {
            let what = format!(
                "{missing} is not told of all events of the rule {:?}: the others are not counted",
                member.head.title
            );
            differences.push(Difference { matters: true, what });
        }
    }
    let correlation = Of { name: id.to_owned(), together, timespan, members: members.len() as u16 };
    builder.rule(made, Some(correlation));
    Ok((format!("correlation {}", of.kind.1), differences))
}

fn named<'i>(items: &'i [Item], name: &str) -> Result<&'i Rule, String> {
    let mut found = items.iter().filter(|item| item.head().is_called(name));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(format!("several rules are called {name:?}")),
        (Some(Item::Rule(rule)), None) => Ok(rule),
        (Some(Item::Correlation(_)), None) => {
            Err(format!("{name:?} is a correlation itself, and correlations of correlations are not known here"))
        }
        (Some(Item::Other(_, refused)), None) => Err(format!("the rule {name:?} cannot be imported: {}", refused.why)),
        (None, _) => {
            let known = items.iter().filter_map(|item| item.head().name.as_deref()).collect::<Vec<_>>();
            Err(format!("there is no rule of the name or id {name:?} in these files{}", suggestion(name, &known)))
        }
    }
}

/// What is asked of the events.
fn together(of: &Correlation, members: usize, differences: &mut Vec<Difference>) -> Result<Together, Wrong> {
    let wrong = |at: Place, what: String| of.head.wrong(at, what);
    let mut least = None;
    for (key, number) in &of.condition {
        let this = match key.name.as_str() {
            "gte" => *number,
            "gt" => number.saturating_add(1),
            "eq" => {
                let what = "it is found as soon as there are so many, whether or not more follow";
                differences.push(Difference { matters: true, what: what.to_owned() });
                *number
            }
            other => {
                let what = format!(
                    "`{other}` is known only when the time is over, and findings are raised when something happens; use `gte`"
                );
                return Err(wrong(key.at, what));
            }
        };
        if !(1..=i128::from(MAX_COUNT)).contains(&this) {
            return Err(wrong(key.at, format!("what is counted is 1 to {MAX_COUNT}")));
        }
        least = least.max(Some(this as u32));
    }
    let all = members as u32;
    let (at, kind) = &of.kind;
    let counted =
        || least.ok_or_else(|| wrong(*at, format!("a {kind} has a `condition` that says how many, such as `gte: 5`")));
    match kind.as_str() {
        "event_count" => Ok(Together::Events(counted()?)),
        "value_count" => Ok(Together::Values(counted()?)),
        "temporal" => match least.unwrap_or(all) {
            least if least <= all => Ok(Together::Members(least)),
            least => Err(wrong(*at, format!("{least} of {all} rules cannot hold"))),
        },
        "temporal_ordered" if least.is_none_or(|least| least == all) => Ok(Together::Ordered),
        "temporal_ordered" => {
            Err(wrong(*at, "all rules of a temporal_ordered have to hold; it takes no number".to_owned()))
        }
        other => {
            let known = ["event_count", "value_count", "temporal", "temporal_ordered"];
            Err(wrong(*at, format!("there is no correlation {other:?} here{}", suggestion(other, &known))))
        }
    }
}

/// Such as `15m`, in ns.
fn timespan(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'M' => 30 * 86_400,
        'y' => 365 * 86_400,
        _ => return None,
    };
    number.checked_mul(seconds)?.checked_mul(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(timespan("30s"), Some(30 * SECOND));
        assert_eq!(timespan("15m"), Some(900 * SECOND));
        assert_eq!(timespan("1M"), Some(30 * 86_400 * SECOND));
        for wrong in ["", "5", "m", "-1m", "0s", "1x", "5ü", "99999999999999999999y", "9999999999y"] {
            assert_eq!(timespan(wrong), None, "{wrong}");
        }
    }
}
