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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Point;

    const KEY: NumericKey<'_> = NumericKey { name: "k", place: 0, is_log: false, is_alone: true };

    /// The value of each point, and how many of its runs are lost.
    type ValuesAndLost<'a> = &'a [(f64, usize)];

    fn points(of: ValuesAndLost<'_>) -> Vec<TunedPoint> {
        let point = |(index, &(value, n_lost)): (usize, &(f64, usize))| TunedPoint {
            point: Point { index: index + 1, settings: String::new() },
            values: vec![Some(value)],
            n_runs: 2,
            n_lost,
            mean: None,
            low: None,
            high: None,
            is_usable: false,
        };
        of.iter().enumerate().map(point).collect()
    }

    #[test]
    fn the_nearest_points_on_both_sides_of_the_best_one_count() {
        use Edge::{Highest, Lowest, NextToLost};
        let cases: [(ValuesAndLost<'_>, &[Edge]); 8] = [
            (&[(-10.0, 0)], &[Lowest, Highest]),
            (&[(-10.0, 0), (-11.0, 0), (-9.0, 0)], &[]),
            (&[(-10.0, 0), (-11.0, 0)], &[Highest]),
            (&[(-10.0, 0), (-11.0, 0), (-9.0, 1)], &[NextToLost]),
            (&[(-10.0, 0), (-11.0, 2), (-9.0, 1)], &[NextToLost]),
            // One farther away does not count, whichever was tried first.
            (&[(-10.0, 0), (-11.0, 0), (-9.0, 0), (1.0, 1)], &[]),
            (&[(-10.0, 0), (-11.0, 0), (1.0, 1), (-9.0, 0)], &[]),
            (&[(-10.0, 0), (-11.0, 0), (20.0, 1), (-9.0, 0)], &[]),
        ];
        for (of, expected) in cases {
            let edges = |key| warnings(key, &points(of), 0).into_iter().map(|warning| warning.edge);
            assert!(edges(KEY).eq(expected.iter().copied()), "{of:?}");
            // Of several keys, points are near in one of them only.
            let others = expected.iter().copied().filter(|edge| *edge != NextToLost);
            assert!(edges(NumericKey { is_alone: false, ..KEY }).eq(others), "{of:?}");
        }
    }

    #[test]
    fn a_range_is_open_where_the_last_value_is_usable() {
        let open = |usable: &[usize]| {
            let mut points = points(&[(3.0, 0), (1.0, 0), (2.0, 0)]);
            usable.iter().for_each(|&place| points[place].is_usable = true);
            super::usable(KEY, &points)
                .map(|range| (range.low, range.is_low_open, range.high, range.is_high_open))
        };
        assert_eq!(open(&[]), None);
        assert_eq!(open(&[2]), Some((2.0, false, 2.0, false)));
        assert_eq!(open(&[2, 1]), Some((1.0, true, 2.0, false)));
        assert_eq!(open(&[0, 2]), Some((2.0, false, 3.0, true)));
    }
}
