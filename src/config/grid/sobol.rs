//! Points between bounds that cover them evenly, however many there are.
//!
//! The Sobol sequence with Owen's scrambling (Owen, "Scrambling Sobol' and Niederreiter-Xing points", 1998; Burley,
//! "Practical hash-based Owen scrambling", 2020): point `k` is the same however many points follow, and the first
//! `2^m` have one value in each of `2^m` equal parts of every range.

use std::collections::HashSet;

use rand::RngCore;

use crate::config::plan::tune::{TuneAxis, TuneRange, short};
use crate::random::stream;

/// The sequence has no more points.
const MAX_INDEX: usize = 1 << 16;

/// The first `count` points of the sequence keyed by `key` over `axes`. Where one of these is a list of values, points
/// that repeat an earlier one are left out and the sequence goes on, so that there may be fewer: each combination once.
pub(crate) fn points(axes: &[TuneAxis], key: u64, count: usize) -> Vec<Vec<toml::Value>> {
    let all = (0..MAX_INDEX).map(|index| point(axes, key, index));
    if !axes.iter().any(|axis| matches!(axis.range, TuneRange::Values(_))) {
        return all.take(count).collect();
    }
    let combinations = axes.iter().fold(1, |all: usize, axis| all.saturating_mul(axis.range.count()));
    let mut seen = HashSet::new();
    let is_new = |point: &Vec<toml::Value>| seen.insert(toml::Value::Array(point.clone()).to_string());
    all.filter(is_new).take(count.min(combinations)).collect()
}

/// Point `index` of the sequence keyed by `key`: a value for each of `axes`.
fn point(axes: &[TuneAxis], key: u64, index: usize) -> Vec<toml::Value> {
    let scrambling = stream(key, "sobol", &[]).next_u32();
    let value = |(dimension, axis): (u32, &TuneAxis)| {
        axis.range.at(f64::from(sobol_burley::sample(index as u32, dimension, scrambling)))
    };
    (0..).zip(axes).map(value).collect()
}

impl TuneRange {
    /// The value at `share`, from 0 to below 1, of the range. Numbers have three digits, so that they can be read.
    fn at(&self, share: f64) -> toml::Value {
        match self {
            Self::Values(values) => {
                let place = (share * values.len() as f64) as usize;
                values[place.min(values.len() - 1)].clone()
            }
            &Self::Between { low, high, is_log, is_whole } => {
                let value = match is_log {
                    true => low * (high / low).powf(share),
                    false => low + (high - low) * share,
                };
                match is_whole {
                    true => toml::Value::Integer(value.round() as i64),
                    false => toml::Value::Float(short(value, 3).clamp(low, high)),
                }
            }
        }
    }

    /// How many values it has at most; numbers that are not whole count as without end.
    fn count(&self) -> usize {
        match *self {
            Self::Values(ref values) => values.len(),
            Self::Between { low, high, is_whole: true, .. } => ((high - low) as usize).saturating_add(1),
            Self::Between { .. } => usize::MAX,
        }
    }

    /// The ends of the range, or all values of a list.
    pub(crate) fn extremes(&self) -> Vec<toml::Value> {
        match self {
            Self::Values(values) => values.clone(),
            &Self::Between { low, high, is_whole, .. } => [low, high]
                .map(|end| if is_whole { toml::Value::Integer(end as i64) } else { toml::Value::Float(end) })
                .to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(low: f64, high: f64, is_log: bool, is_whole: bool) -> TuneAxis {
        TuneAxis { key: "a.b".to_owned(), range: TuneRange::Between { low, high, is_log, is_whole } }
    }

    #[test]
    fn every_part_of_the_range_has_one_of_the_first_points() {
        let axes = [axis(1e-3, 10.0, true, false), axis(0.0, 1.0, false, false)];
        for key in 0..20 {
            let points: Vec<_> = (0..16).map(|index| point(&axes, key, index)).collect();
            let mut parts: Vec<usize> = points
                .iter()
                .map(|point| (16.0 * (point[0].as_float().unwrap().log10() + 3.0 + 1e-9) / 4.0) as usize)
                .collect();
            parts.sort_unstable();
            // Three digits may move a value over the border of a part.
            let misplaced = parts.iter().enumerate().filter(|(part, found)| part != *found).count();
            assert!(misplaced <= 2, "{parts:?}");
            assert!(points.iter().all(|point| (0.0..=1.0).contains(&point[1].as_float().unwrap())));
        }
    }

    #[test]
    fn more_points_and_more_keys_move_no_earlier_one() {
        let one = axis(1e-3, 10.0, true, false);
        let few: Vec<_> = (0..8).map(|index| point(std::slice::from_ref(&one), 7, index)).collect();
        let many: Vec<_> =
            (0..64).map(|index| point(&[one.clone(), axis(1.0, 2.0, false, false)], 7, index)).collect();
        assert!(few.iter().zip(&many).all(|(few, many)| few[0] == many[0]));
        let others: Vec<_> = (0..8).map(|index| point(std::slice::from_ref(&one), 8, index)).collect();
        assert_ne!(few, others);
    }

    #[test]
    fn whole_numbers_stay_whole_and_values_of_a_list_are_all_tried() {
        let list = TuneRange::Values(vec!["a".into(), "b".into(), "c".into()]);
        let axes = [axis(8.0, 256.0, true, true), TuneAxis { key: "c".to_owned(), range: list }];
        let points: Vec<_> = (0..32).map(|index| point(&axes, 3, index)).collect();
        assert!(points.iter().all(|point| (8..=256).contains(&point[0].as_integer().unwrap())));
        let every = super::points(&axes, 3, 32);
        assert_eq!(every[..8], points[..8]);
        for value in ["a", "b", "c"] {
            assert!(points.iter().filter(|point| point[1].as_str() == Some(value)).count() >= 8, "{value}");
        }
    }

    #[test]
    fn a_combination_of_values_of_lists_is_tried_once() {
        let list = |key: &str, values: &[i64]| TuneAxis {
            key: key.to_owned(),
            range: TuneRange::Values(values.iter().map(|&value| value.into()).collect()),
        };
        let axes = [list("a.b", &[1, 2, 3]), list("a.c", &[4, 5]), axis(0.0, 2.0, false, true)];
        let all = points(&axes, 5, 1024);
        assert_eq!(all.len(), 18);
        assert_eq!(all.iter().map(|point| format!("{point:?}")).collect::<HashSet<_>>().len(), 18);
        // In the order of the sequence, so that more points keep the ones before.
        for count in 2..18 {
            assert_eq!(points(&axes, 5, count), all[..count]);
        }
        // Without a list, the sequence is as it is.
        let whole = [axis(1.0, 2.0, false, true)];
        assert_eq!(points(&whole, 5, 6), (0..6).map(|index| point(&whole, 5, index)).collect::<Vec<_>>());
    }
}
