//! The ratio of the best values of two norms, and how sure it is.
//!
//! The bootstrap draws the tuning seeds anew, with replacement and the same for both norms; each draw chooses its own
//! best points. The interval is from the 2.5th to the 97.5th percentile of the ratios (Efron and Tibshirani, "An
//! introduction to the bootstrap", 1993, chapter 13). Its ends are ratios of values that were
//! tried: it is about other seeds, not about values between the points.
//!
//! An interval that lies within what `n` seeds show holds the median over all seeds with a chance of at most
//! `1 - 2^(1 - n)`, which is that of the range of `n` values: 75 % for three seeds, 94 % for five. So there is none
//! below six.

use rand::Rng;

use crate::experiment::statistics::{CONFIDENCE, Interval};
use crate::experiment::tuning::trials::{Judge, Trial};
use crate::random::stream;

/// The fewest tuning seeds that have an interval of 95 %.
pub(crate) const MIN_SEEDS: usize = 6;
/// Enough for two digits.
const DRAWS: u64 = 2000;

/// The trials of two norms at each point, by seed.
type Trials<'t> = [&'t [Vec<Trial>]; 2];

/// Ratio and interval; `values` are those of the key at each point. None where a norm has no best point.
pub(crate) fn best_ratio(
    judge: &Judge,
    trials: Trials<'_>,
    values: &[Option<f64>],
) -> Option<(f64, Option<Interval>)> {
    let n_seeds = trials.iter().flat_map(|points| points.iter().map(Vec::len)).min()?;
    let all: Vec<usize> = (0..n_seeds).collect();
    let ratio = ratio(judge, trials, values, &all)?;
    if n_seeds < MIN_SEEDS {
        return Some((ratio, None));
    }
    let draw = |draw: u64| {
        let mut random = stream(0, "tune_bootstrap", &[draw]);
        let seeds: Vec<usize> = (0..n_seeds).map(|_| random.random_range(0..n_seeds)).collect();
        self::ratio(judge, trials, values, &seeds)
    };
    let mut ratios: Vec<f64> = (0..DRAWS).filter_map(draw).collect();
    ratios.sort_by(f64::total_cmp);
    let at =
        |share: f64| ratios.get((share * (ratios.len().checked_sub(1)?) as f64).round() as usize).copied();
    let tail = 0.5 * (1.0 - CONFIDENCE);
    let interval = at(tail).zip(at(1.0 - tail)).map(|(low, high)| Interval { low, high });
    Some((ratio, interval))
}

fn ratio(judge: &Judge, trials: Trials<'_>, values: &[Option<f64>], seeds: &[usize]) -> Option<f64> {
    let best = |points: &[Vec<Trial>]| {
        let score = |trials: &Vec<Trial>| {
            judge.score(&seeds.iter().filter_map(|seed| trials.get(*seed)).collect::<Vec<_>>())
        };
        values[judge.best(&points.iter().map(score).collect::<Vec<_>>())?]
    };
    let [first, second] = trials;
    Some(best(first)? / best(second)?)
}
