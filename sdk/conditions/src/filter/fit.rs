//! Has the filters of a pack fit into what a pack may have.

use lanner_contract::Filter;
use lanner_contract::filter::Test as FilterTest;

/// What a pack may have of values, and of values that texts are searched for: something is left to spare, for what is joined.
const MAX_VALUES: usize = 4000;
const MAX_PARTS: usize = 500;

/// Makes filters of one pack fit what a pack may have: what takes most is said less exactly, until they do. Those of kinds that are
/// frequent (`true`) come last, as they save most.
pub fn fit<'f>(filters: impl Iterator<Item = (bool, &'f mut Option<Filter>)>) {
    let mut filters: Vec<(bool, &mut Option<Filter>)> = filters.collect();
    let mut sizes: Vec<(usize, usize)> =
        filters.iter().map(|(_, filter)| filter.as_ref().map_or((0, 0), size)).collect();
    loop {
        let (values, parts) = sizes.iter().fold((0, 0), |(v, p), (values, parts)| (v + values, p + parts));
        let by_parts = parts > MAX_PARTS;
        if !by_parts && values <= MAX_VALUES {
            return;
        }
        let weight = |(place, (values, parts)): (usize, &(usize, usize))| {
            let weight = if by_parts { *parts } else { *values };
            let is_frequent = filters.get(place).is_some_and(|(is_frequent, _)| *is_frequent);
            (weight > 0, !is_frequent, weight, place)
        };
        let Some((_, _, _, largest)) = sizes.iter().enumerate().map(weight).max() else { return };
        let (Some((_, filter)), Some(size_of)) = (filters.get_mut(largest), sizes.get_mut(largest)) else { return };
        **filter = filter.take().and_then(|filter| weaker(filter, by_parts));
        *size_of = filter.as_ref().map_or((0, 0), size);
    }
}

/// Values as the contract counts them, and of those the ones that texts are searched for.
fn size(filter: &Filter) -> (usize, usize) {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters
            .iter()
            .map(size)
            .fold((1, 0), |(values, parts), (more, more_parts)| (values + more, parts + more_parts)),
        Filter::Not(filter) => {
            let (values, parts) = size(filter);
            (values + 1, parts)
        }
        Filter::Field(_, test) => {
            let values = test.len().max(1);
            (values, if matches!(test, FilterTest::Contains(_)) { values } else { 0 })
        }
        Filter::Listed(..) | Filter::Unknown(_) => (1, 0),
    }
}

/// A filter without its largest part; nothing where that is all of it.
fn weaker(filter: Filter, by_parts: bool) -> Option<Filter> {
    let weight = |filter: &Filter| if by_parts { size(filter).1 } else { size(filter).0 };
    let Filter::All(mut filters) = filter else { return None };
    let largest = (0..filters.len()).max_by_key(|place| weight(&filters[*place]))?;
    match weaker(filters.remove(largest), by_parts) {
        Some(rest) => filters.insert(largest, rest),
        None if filters.is_empty() => return None,
        None => {}
    }
    Some(if filters.len() == 1 { filters.remove(0) } else { Filter::All(filters) })
}
