//! How many pairs it takes to see an effect.
//!
//! An effect is seen where the sign-flip test is clear. For few pairs its power is simulated (see
//! [`sign_flip_power`](super::sign_flip_power)), and never taken for more than that of the t test; for more pairs it is
//! that of the t test.
//!
//! The effect is the mean difference divided by its standard deviation over pairs. The power of the
//! two-sided paired t test at level `1 - CONFIDENCE` with `v = n - 1` degrees of freedom is
//! `P(|T| > t)`, where `T = (Z + effect sqrt(n)) / s`, `Z` is standard normal, `v s^2` has a chi-squared
//! distribution with `v` degrees of freedom, and `t` is the quantile of Student's t. It is integrated over
//! `s` by Simpson's rule.
//!
//! Cohen, "Statistical power analysis for the behavioral sciences", 1988, chapter 2.

use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

use crate::experiment::statistics::sign_flip_power::{Method, least_effect, simulated_power};
use crate::metrics::{CONFIDENCE, student_t_quantile};

/// More pairs than anyone trains.
const MAX_PAIRS: u64 = 1 << 20;
/// More pairs have no smaller p values.
const MAX_FEWEST: u64 = 30;
/// Pieces of the integral.
const PIECES: u32 = 200;

/// The chance that `n_pairs` show an effect; 0 for so few that their p value cannot be small enough.
pub fn power(effect: f64, n_pairs: u64) -> f64 {
    let of_t = || beyond(effect, n_pairs, quantile(n_pairs, 1));
    match Method::of(n_pairs, 1) {
        Method::TooFew => 0.0,
        Method::Simulated(choices) => of_t().min(simulated_power(effect, n_pairs, choices)),
        Method::StudentT => of_t(),
    }
}

/// The fewest pairs that can be clear as one of `family` comparisons, whatever the effect; none where no number can.
pub fn fewest_pairs(family: usize) -> Option<u64> {
    (2..=MAX_FEWEST).find(|n| Method::of(*n, family) != Method::TooFew)
}

/// Where the difference of one of `family` comparisons begins to be clear.
fn quantile(n_pairs: u64, family: usize) -> f64 {
    let tail = 0.5 * (1.0 - CONFIDENCE) / family.max(1) as f64;
    student_t_quantile(1.0 - tail, n_pairs as f64 - 1.0)
}

/// The fewest pairs that show an effect with a chance of at least `power`; none for an effect of 0, and
/// where it takes more than a million.
pub fn seeds_needed(effect: f64, wanted: f64) -> Option<u64> {
    seeds_needed_among(effect, wanted, 1)
}

/// The same for one of `family` comparisons, each tested at a level so much smaller (Bonferroni).
pub fn seeds_needed_among(effect: f64, wanted: f64, family: usize) -> Option<u64> {
    let is_enough = |n: u64| {
        let of_t = || wanted <= beyond(effect, n, quantile(n, family));
        match Method::of(n, family) {
            Method::TooFew => false,
            Method::Simulated(_) => {
                of_t() && detectable_effect_among(n, wanted, family).is_some_and(|least| least <= effect)
            }
            Method::StudentT => of_t(),
        }
    };
    // The first power of 2 that is enough, then halves.
    let mut enough = 2;
    while !is_enough(enough) {
        enough *= 2;
        if enough > MAX_PAIRS {
            return None;
        }
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if is_enough(middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

/// The least effect that `n_pairs` show with a chance of `wanted`; none for so few that their p value cannot be small
/// enough.
pub fn detectable_effect(n_pairs: u64, wanted: f64) -> Option<f64> {
    detectable_effect_among(n_pairs, wanted, 1)
}

/// The same for one of `family` comparisons.
pub fn detectable_effect_among(n_pairs: u64, wanted: f64, family: usize) -> Option<f64> {
    let method = Method::of(n_pairs, family);
    if method == Method::TooFew {
        return None;
    }
    let t = quantile(n_pairs, family);
    // Where the mean is as far out as the quantile, the power is near a half; at four times that, near 1.
    let (mut too_small, mut enough) = (0.0, 4.0 * (t + 3.0) / (n_pairs as f64).sqrt());
    for _ in 0..26 {
        let middle = 0.5 * (too_small + enough);
        if wanted <= beyond(middle, n_pairs, t) { enough = middle } else { too_small = middle }
    }
    match method {
        Method::Simulated(choices) => Some(least_effect((n_pairs, family), choices, wanted, enough)),
        _ => Some(enough),
    }
}

/// `P(|T| > t)`.
fn beyond(effect: f64, n_pairs: u64, t: f64) -> f64 {
    let (n, v) = (n_pairs as f64, n_pairs as f64 - 1.0);
    let shift = effect * n.sqrt();
    let log_scale = std::f64::consts::LN_2 + 0.5 * v * (0.5 * v).ln() - ln_gamma(0.5 * v);
    let density = |s: f64| match s {
        // For one degree of freedom the density is that of |Z|.
        0.0 if v == 1.0 => log_scale.exp(),
        0.0 => 0.0,
        _ => (log_scale + (v - 1.0) * s.ln() - 0.5 * v * s * s).exp(),
    };
    let outside = |s: f64| normal(shift - t * s) + normal(-shift - t * s);
    let spread = 10.0 / (2.0 * v).sqrt();
    let (from, to) = ((1.0 - spread).max(0.0), 1.0 + spread);
    let step = (to - from) / f64::from(PIECES);
    let mut sum = 0.0;
    for piece in 0..=PIECES {
        let s = from + f64::from(piece) * step;
        let factor = match piece {
            0 | PIECES => 1.0,
            _ if piece % 2 == 1 => 4.0,
            _ => 2.0,
        };
        sum += factor * density(s) * outside(s);
    }
    sum * step / 3.0
}

/// The distribution function of the standard normal distribution.
fn normal(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_grows_with_the_pairs() {
        for (n, expected) in [(3, 0.0), (5, 0.0), (6, 0.355), (8, 0.66), (10, 0.795), (12, 0.88)] {
            let actual = power(1.0, n);
            assert!((actual - expected).abs() < 0.01, "{n}: {actual}");
        }
        // All six signs are equal; the t test has 80 %.
        assert!((power(1.435, 6) - 0.6229).abs() < 0.01, "{}", power(1.435, 6));
        assert!((beyond(1.435, 6, quantile(6, 1)) - 0.80).abs() < 0.001);
        assert_eq!((detectable_effect(1, 0.8), detectable_effect(5, 0.8)), (None, None));
        // Without an effect it is the level.
        for n in [3, 5, 20, 1000] {
            let level = beyond(0.0, n, quantile(n, 1));
            assert!((level - 0.05).abs() < 1e-5, "{n}: {level}");
        }
    }

    #[test]
    fn more_comparisons_at_once_need_more_pairs() {
        // By SciPy's noncentral t at the level 0.05 / 5: a power of 0.7967 with 15 pairs, and 0.8346 with 16.
        assert_eq!([1, 5].map(|family| seeds_needed_among(1.0, 0.8, family)), [Some(11), Some(16)]);
        assert!(seeds_needed_among(1.0, 0.8, 78) > Some(20));
        let found = detectable_effect_among(16, 0.8, 5).unwrap();
        assert!(found <= 1.0 && 1.0 < detectable_effect_among(15, 0.8, 5).unwrap(), "{found}");
    }

    #[test]
    fn smaller_effects_need_more_pairs() {
        for (effect, expected) in [(0.5, 34), (0.8, 15), (1.01, 10), (1.5, 7), (2.0, 6)] {
            assert_eq!(seeds_needed(effect, 0.8), Some(expected), "{effect}");
            let found = detectable_effect(expected, 0.8).unwrap();
            assert!(found <= effect, "{found}");
            assert!(detectable_effect(expected - 1, 0.8).is_none_or(|fewer| effect < fewer));
            assert!((power(found, expected) - 0.8).abs() < 0.003);
        }
        assert_eq!((seeds_needed(0.0, 0.8), detectable_effect(1, 0.8)), (None, None));
    }

    #[test]
    fn no_effect_is_so_large_that_fewer_pairs_than_can_be_clear_show_it() {
        assert_eq!([1, 3, 5, 78].map(fewest_pairs), [6, 7, 8, 12].map(Some));
        for family in [1, 3, 5, 78] {
            assert_eq!(seeds_needed_among(100.0, 0.8, family), fewest_pairs(family));
        }
        assert_eq!(fewest_pairs(usize::MAX), None);
    }
}
