//! For which events something may hold, and what is left of several such.

use lanner_contract::Filter;
use lanner_contract::filter::Test as FilterTest;

/// For which events something may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum May {
    Always,
    Never,
    Where(Filter),
}

impl May {
    pub(super) fn all(every: impl IntoIterator<Item = Self>) -> Self {
        let mut filters = Vec::new();
        for may in every {
            match may {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::Where(Filter::All(inner)) => filters.extend(inner),
                Self::Where(filter) => filters.push(filter),
            }
        }
        match filters.len() {
            0 => Self::Always,
            1 => Self::Where(filters.remove(0)),
            _ => Self::Where(Filter::All(filters)),
        }
    }

    pub(super) fn any(some: impl IntoIterator<Item = Self>) -> Self {
        let mut filters: Vec<Filter> = Vec::new();
        for may in some {
            match may {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Where(Filter::Any(inner)) => inner.into_iter().for_each(|filter| join(&mut filters, filter)),
                Self::Where(filter) => join(&mut filters, filter),
            }
        }
        match filters.len() {
            0 => Self::Never,
            1 => Self::Where(filters.remove(0)),
            _ => Self::Where(Filter::Any(filters)),
        }
    }
}

/// Adds a filter to those of which one has to hold: the same test of the same field has the values of both.
fn join(filters: &mut Vec<Filter>, filter: Filter) {
    use FilterTest::{Between, Contains, EndsWith, Equals, StartsWith, Within};
    if filters.contains(&filter) {
        return;
    }
    if let Filter::Field(name, test) = &filter {
        for known in filters.iter_mut() {
            let Filter::Field(known, into) = known else { continue };
            match (into, test) {
                _ if known != name => {}
                (Equals(all), Equals(more)) => return add(all, more),
                (StartsWith(all), StartsWith(more))
                | (EndsWith(all), EndsWith(more))
                | (Contains(all), Contains(more)) => return add(all, more),
                (Between(all), Between(more)) => return add(all, more),
                (Within(all), Within(more)) => return add(all, more),
                _ => {}
            }
        }
    }
    filters.push(filter);
}

fn add<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}
