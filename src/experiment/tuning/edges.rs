//! Usable ranges of a key, and best values at an edge.

use crate::experiment::tuning::types::{Edge, EdgeWarning, TunedPoint, UsableRange};

/// A key that is a number at every point.
#[derive(Clone, Copy)]
pub(crate) struct NumericKey<'k> {
    pub(crate) name: &'k str,
    /// Its place in [`TunedPoint::values`].
    pub(crate) place: usize,
    pub(crate) is_log: bool,
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

/// Why there may be a better value of `key`, one of the `keys` that are tuned, than that of the best point, at this place in
/// `points`. Of several keys, a point is next to the best one along the key in which they differ most, as shares of what was
/// tried.
pub(crate) fn warnings(
    key: NumericKey<'_>,
    keys: &[NumericKey<'_>],
    points: &[TunedPoint],
    best: usize,
) -> Vec<EdgeWarning> {
    let value_of = |point: &TunedPoint| point.value(key.place);
    let Some((best, value)) = points.get(best).and_then(|best| Some((best, value_of(best)?))) else {
        return Vec::new();
    };
    let is_along = |other: &TunedPoint| {
        let distance = |key: &NumericKey<'_>| key.distance(points, best, other);
        let along = distance(&key);
        let others = keys.iter().filter(|other| other.place != key.place);
        others.map(distance).all(|across| across <= along) && has_same_words(keys, best, other)
    };
    let beyond = |is_after: bool| {
        let points = points.iter().filter_map(|point| Some((value_of(point)?, point)));
        points.filter(move |(other, _)| if is_after { value < *other } else { *other < value })
    };
    let mut edges = Vec::new();
    for (is_after, end) in [(false, Edge::Lowest), (true, Edge::Highest)] {
        let along = beyond(is_after).filter(|(_, point)| is_along(point));
        let next = along.min_by(|left, right| (left.0 - value).abs().total_cmp(&(right.0 - value).abs()));
        match next {
            Some((_, point)) if 0 < point.n_lost => edges.push(Edge::NextToLost),
            _ if beyond(is_after).next().is_none() => edges.push(end),
            _ => {}
        }
    }
    edges.dedup();
    edges.into_iter().map(|edge| EdgeWarning { key: key.name.to_owned(), value, edge }).collect()
}

impl NumericKey<'_> {
    /// How far two points are from each other along this key, as a share of the range of all `points`.
    fn distance(&self, points: &[TunedPoint], one: &TunedPoint, other: &TunedPoint) -> f64 {
        let place = |value: f64| if self.is_log { value.ln() } else { value };
        let all = points.iter().filter_map(|point| point.value(self.place)).map(place);
        let (low, high) =
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), of| (low.min(of), high.max(of)));
        let [one, other] = [one, other].map(|point| point.value(self.place).map_or(f64::NAN, place));
        // All have the same value.
        if low < high { (one - other).abs() / (high - low) } else { 0.0 }
    }
}

/// Whether two points have the same values of what is tuned besides the numeric `keys`, such as the type of the optimizer.
fn has_same_words(keys: &[NumericKey<'_>], one: &TunedPoint, other: &TunedPoint) -> bool {
    let is_word = |setting: &&str| {
        let key = setting.split_once('=').map_or(*setting, |(key, _)| key);
        !keys.iter().any(|numeric| numeric.name == key)
    };
    let words = |point: &'_ TunedPoint| -> Vec<String> {
        point.point.settings.split(';').filter(is_word).map(str::to_owned).collect()
    };
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Point;

    const KEY: NumericKey<'_> = NumericKey { name: "k", place: 0, is_log: false };

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
            let edges = warnings(KEY, &[KEY], &points(of), 0).into_iter().map(|warning| warning.edge);
            assert!(edges.eq(expected.iter().copied()), "{of:?}");
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

    /// A point next to the best one along a key differs less in the other ones.
    #[test]
    fn of_several_keys_the_points_around_the_best_one_count() {
        let other = NumericKey { name: "l", place: 1, is_log: true };
        let edges = |of: &[(f64, f64, &str, usize)]| {
            let mut points = points(&of.iter().map(|point| (point.0, point.3)).collect::<Vec<_>>());
            for (point, (value, other, word, _)) in points.iter_mut().zip(of) {
                point.values = vec![Some(*value), Some(*other), None];
                point.point.settings = format!("k={value};l={other};m={word}");
            }
            let of_key = |key| warnings(key, &[KEY, other], &points, 0).into_iter();
            of_key(KEY).chain(of_key(other)).map(|found| (found.key, found.edge)).collect::<Vec<_>>()
        };
        let around = [(5.0, 10.0, "a", 0), (0.0, 1.0, "a", 0), (10.0, 100.0, "a", 0)];
        assert_eq!(edges(&around), []);
        let lost = |key: &str| vec![(key.to_owned(), Edge::NextToLost)];
        assert_eq!(edges(&[&around[..], &[(6.0, 11.0, "a", 1)]].concat()), lost("k"));
        assert_eq!(edges(&[&around[..], &[(5.5, 50.0, "a", 1)]].concat()), lost("l"));
        // Behind one without lost runs, and with another word.
        assert_eq!(edges(&[&around[..], &[(6.0, 11.0, "a", 0), (7.0, 11.0, "a", 1)]].concat()), []);
        assert_eq!(edges(&[&around[..], &[(6.0, 11.0, "b", 1)]].concat()), []);
        let lowest = ("k".to_owned(), Edge::Lowest);
        assert_eq!(edges(&[around[0], around[2], (5.0, 1.0, "a", 0)]), [lowest]);
    }
}
