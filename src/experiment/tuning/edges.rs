//! Usable ranges of a key, and best values at an edge.

use crate::experiment::tuning::types::{Edge, EdgeWarning, TunedPoint, UsableRange};

/// A key that is a number at every point.
#[derive(Clone, Copy)]
pub(crate) struct NumericKey<'k> {
    pub(crate) name: &'k str,
    /// Its place in [`TunedPoint::values`].
    pub(crate) place: usize,
    pub(crate) is_log: bool,
    /// Whether nothing else is tuned, so that points are next to each other along it.
    pub(crate) is_alone: bool,
}

/// From the least to the largest value of a usable point; none without any.
pub(crate) fn usable(key: NumericKey<'_>, points: &[TunedPoint]) -> Option<UsableRange> {
    let ends = |points: &mut dyn Iterator<Item = &TunedPoint>| -> Option<(f64, f64)> {
        let values = points.filter_map(|point| point.value(key.place));
        values.map(|value| (value, value)).reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    };
    let (least, largest) = ends(&mut points.iter())?;
    let (low, high) = ends(&mut points.iter().filter(|point| point.is_usable))?;
    Some(UsableRange {
        key: key.name.to_owned(),
        low,
        high,
        decades: key.is_log.then(|| (high / low).log10()),
        is_low_open: low <= least,
        is_high_open: largest <= high,
    })
}

/// Why there may be a better value than that of the best point, at this place in `points`.
pub(crate) fn warnings(key: NumericKey<'_>, points: &[TunedPoint], best: usize) -> Vec<EdgeWarning> {
    let value_of = |point: &TunedPoint| point.value(key.place);
    let Some(value) = points.get(best).and_then(value_of) else { return Vec::new() };
    let next = |is_after: bool| {
        let beyond = points.iter().filter_map(|point| Some((value_of(point)?, point)));
        let beyond = beyond.filter(|(other, _)| if is_after { value < *other } else { *other < value });
        beyond.min_by(|left, right| (left.0 - value).abs().total_cmp(&(right.0 - value).abs()))
    };
    let mut edges = Vec::new();
    for (is_after, end) in [(false, Edge::Lowest), (true, Edge::Highest)] {
        match next(is_after) {
            None => edges.push(end),
            Some((_, point)) if key.is_alone && 0 < point.n_lost => edges.push(Edge::NextToLost),
            Some(_) => {}
        }
    }
    edges.dedup();
    edges.into_iter().map(|edge| EdgeWarning { key: key.name.to_owned(), value, edge }).collect()
}
