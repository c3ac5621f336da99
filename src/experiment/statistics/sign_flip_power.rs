//! How often the sign-flip test shows an effect.
//!
//! What is clear is decided by [`sign_flip_p`](super::sign_flip_p), whose values for few pairs are far apart: with 6
//! pairs and one comparison all signs have to be equal, which happens less often than a t test shows the same effect.
//! Where only a few choices of signs may reach the sum that was measured, studies of normal differences are simulated;
//! where many may, the power is that of the t test. Where it begins, its 80 % are 80 % for one comparison with 12 pairs, 79 %
//! for one of five with 14, and 77 % for one of 78 with 18.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ndarray_rand::rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::experiment::statistics::smallest_sign_flip_p;
use crate::metrics::CONFIDENCE;
use crate::random::stream;

/// Studies that are simulated for a number of pairs. The standard error of a power is below 0.5 %.
const STUDIES: usize = 10_000;
/// The test is simulated where at most this many choices of signs may reach the sum.
const MAX_SIMULATED: u64 = 64;
/// Least effects by pairs, family and power, since a grid asks for the same ones over and over.
static LEAST: Mutex<BTreeMap<(u64, usize, u64), f64>> = Mutex::new(BTreeMap::new());

/// How the power of a number of pairs is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    /// They can never be clear.
    TooFew,
    /// Up to this many choices of signs, of which those with the opposite signs count once, may reach the sum.
    Simulated(u64),
    /// As good as the t test.
    StudentT,
}

impl Method {
    /// Of one of `family` comparisons with `n_pairs` each.
    pub(super) fn of(n_pairs: u64, family: usize) -> Self {
        let n = usize::try_from(n_pairs).unwrap_or(usize::MAX);
        let level = (1.0 - CONFIDENCE + 1e-12) / family.max(1) as f64;
        if level < smallest_sign_flip_p(n) {
            return Self::TooFew;
        }
        let choices = level * 2.0_f64.powf(n_pairs as f64 - 1.0);
        if choices < (MAX_SIMULATED + 1) as f64 { Self::Simulated(choices as u64) } else { Self::StudentT }
    }
}

/// The least effect that `n_pairs` show with a chance of `wanted`, where at most `choices` of signs may reach the sum.
/// It is searched from `start` up, the effect of the t test.
pub(super) fn least_effect((n_pairs, family): (u64, usize), choices: u64, wanted: f64, start: f64) -> f64 {
    let key = (n_pairs, family, wanted.to_bits());
    let known = || LEAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&effect) = known().get(&key) {
        return effect;
    }
    let studies = Studies::new(n_pairs, choices);
    let at = |effect: f64| (effect, studies.power(effect));
    let (mut low, mut high) = (at(start), at(start));
    while high.1 < wanted {
        low = high;
        high = at(1.25 * low.0);
    }
    for _ in 0..3 {
        let middle = at(0.5 * (low.0 + high.0));
        if middle.1 < wanted { low = middle } else { high = middle }
    }
    let share = if low.1 < high.1 { (wanted - low.1) / (high.1 - low.1) } else { 0.0 };
    let effect = low.0 + share.clamp(0.0, 1.0) * (high.0 - low.0);
    known().insert(key, effect);
    effect
}

/// The chance that `n_pairs` show `effect`.
pub(super) fn simulated_power(effect: f64, n_pairs: u64, choices: u64) -> f64 {
    Studies::new(n_pairs, choices).power(effect)
}

/// Differences without an effect, always the same ones.
struct Studies {
    n_pairs: usize,
    choices: u64,
    /// Empty where a formula is enough.
    noise: Vec<f64>,
}

impl Studies {
    /// The means are quantiles of their distribution, which makes results more exact.
    fn new(n_pairs: u64, choices: u64) -> Self {
        let n = n_pairs as usize;
        let mut random = stream(0, "power", &[n_pairs]);
        let count = if choices == 1 { 0 } else { n * STUDIES };
        let mut noise: Vec<f64> = (0..count).map(|_| StandardNormal.sample(&mut random)).collect();
        for (index, study) in noise.chunks_mut(n).enumerate() {
            let share = (index as f64 + 0.5) / STUDIES as f64;
            let mean = study.iter().sum::<f64>() / n as f64;
            let shift = Normal::standard().inverse_cdf(share) / (n as f64).sqrt() - mean;
            study.iter_mut().for_each(|value| *value += shift);
        }
        Self { n_pairs: n, choices, noise }
    }

    fn power(&self, effect: f64) -> f64 {
        if self.choices == 1 {
            // All signs are equal.
            let all = |effect: f64| Normal::standard().cdf(effect).powi(self.n_pairs as i32);
            return all(effect) + all(-effect);
        }
        let mut sizes = vec![0.0; self.n_pairs];
        let is_clear = |study: &&[f64]| {
            let (mut positive, mut negative) = (0.0, 0.0);
            for (size, noise) in sizes.iter_mut().zip(*study) {
                let difference = noise + effect;
                *if difference < 0.0 { &mut negative } else { &mut positive } += difference.abs();
                *size = difference.abs();
            }
            sizes.sort_unstable_by(f64::total_cmp);
            let rest = f64::min(positive, negative) * (1.0 + 1e-12);
            remaining(&sizes, rest, self.choices).is_some()
        };
        self.noise.chunks(self.n_pairs).filter(is_clear).count() as f64 * self.n_pairs as f64
            / self.noise.len() as f64
    }
}

/// What is left of `choices` after each set of `sizes`, the empty one included, whose sum is at most `rest`; none if
/// there are more sets. `sizes` ascend.
fn remaining(sizes: &[f64], rest: f64, choices: u64) -> Option<u64> {
    let mut left = choices.checked_sub(1)?;
    for (index, size) in sizes.iter().enumerate() {
        if rest < *size {
            break;
        }
        left = remaining(&sizes[index + 1..], rest - size, left)?;
    }
    Some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::statistics::sign_flip_p;

    #[test]
    fn the_power_is_that_of_other_simulations() {
        // 100,000 studies each, by another program with another generator.
        for (effect, n, family, expected) in [
            (1.435, 6, 1, 0.6229),
            (1.273, 7, 1, 0.7659),
            (1.156, 8, 1, 0.7790),
            (0.996, 10, 1, 0.7925),
            (1.434, 7, 1, 0.8530),
            (1.624, 7, 3, 0.6861),
            (1.332, 10, 5, 0.7686),
            (1.466, 14, 78, 0.7186),
        ] {
            let Method::Simulated(choices) = Method::of(n, family) else { panic!("{n} {family}") };
            let actual = simulated_power(effect, n, choices);
            assert!((actual - expected).abs() < 0.01, "{n} of {family}: {actual}");
        }
    }

    #[test]
    fn the_level_says_how_many_choices_may_reach_the_sum() {
        assert_eq!(Method::of(5, 1), Method::TooFew);
        let of = |n| Method::of(n, 1);
        assert_eq!([6, 7, 8].map(of), [1, 3, 6].map(Method::Simulated));
        assert_eq!([Method::of(7, 5), Method::of(8, 5)], [Method::TooFew, Method::Simulated(1)]);
        assert_eq!([Method::of(12, 1), Method::of(1_000_000, 1)], [Method::StudentT; 2]);
        // More than 30 pairs have a p of 1e-5 or more.
        assert_eq!([Method::of(31, 5_000), Method::of(31, 6_000)], [Method::StudentT, Method::TooFew]);
    }

    #[test]
    fn a_study_is_clear_where_its_p_is() {
        let studies = Studies::new(8, 6);
        for study in studies.noise.chunks(8).step_by(200) {
            let differences: Vec<f64> = study.iter().map(|noise| noise + 1.0).collect();
            let one = Studies { n_pairs: 8, choices: 6, noise: study.to_vec() };
            let is_clear = 0.0 < one.power(1.0);
            assert_eq!(is_clear, sign_flip_p(&differences) <= 0.05, "{differences:?}");
        }
    }
}
