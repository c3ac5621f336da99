//! Prediction sets and intervals with a promised coverage: split conformal prediction.
//!
//! With `n` calibration rows that the network was not trained on, exchangeable with a new row, and `s_(k)` the
//! `k`-th smallest of their scores, a new row has a score of at most `s_(k)` with a probability of at least
//! `k / (n + 1)`. So for the coverage `c`, `k = ceil((n + 1) c)`, which must be at most `n`.
//!
//! | targets | score of a row | set or interval |
//! |---|---|---|
//! | classes | `1 - p`, `p` the probability of its class | classes whose `1 - p` is at most `s_(k)`; there may be none |
//! | values | absolute error, of each target | the prediction, `s_(k)` to each side |
//!
//! Sources: Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005; Lei et al., "Distribution-free
//! predictive inference for regression", 2018; Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with
//! bounded error levels", 2019.

use crate::kernel::real::Real;
use crate::model::CalibrationScores;
use crate::predict::prediction::Prediction;

/// What prediction sets or intervals follow from.
#[derive(Clone, Debug, PartialEq)]
pub enum Conformal {
    /// A class is in the set if it has at least this probability.
    Classes {
        /// From 0 to 1.
        least: f64,
    },
    /// Half the width of the interval of each target.
    Values {
        /// In the unit of the file.
        half_widths: Vec<f64>,
    },
}

/// There are not enough calibration rows for a coverage.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "a coverage of {coverage} needs at least {needed} calibration rows, but there are {rows}; {}add rows",
    lower_coverage(*.rows)
)]
pub struct TooFewRows {
    /// What was asked for.
    pub coverage: f64,
    /// The rows that there are.
    pub rows: usize,
    /// The rows that it needs.
    pub needed: u64,
}

/// The other way out if there are rows: a coverage of `n / (n + 1)`, rounded down to what can be typed.
fn lower_coverage(rows: usize) -> String {
    let most = (rows as f64 / (rows as f64 + 1.0) * 1e4).floor() / 1e4;
    if rows == 0 { String::new() } else { format!("ask for at most {most}, or ") }
}

/// `ceil((n + 1) coverage)`, where a product that rounding puts above a whole number is that number.
fn rank(rows: usize, coverage: f64) -> usize {
    let product = (rows as f64 + 1.0) * coverage;
    (product - 1e-9 * product).ceil() as usize
}

impl Conformal {
    /// For sets or intervals that hold the true class or value of a new row with a probability of at least `coverage`, above
    /// 0 and below 1; with several targets, each of their intervals. Scores are probabilities of the true class, from 0
    /// to 1, or absolute errors in the unit of the target, sorted upwards, as [`CalibrationScores`] has them.
    ///
    /// # Errors
    ///
    /// If `ceil((n + 1) coverage)` is more than the number `n` of rows, as it always is without rows.
    pub fn new(scores: &CalibrationScores, coverage: f64) -> Result<Self, TooFewRows> {
        let rows = scores.rows();
        let rank = rank(rows, coverage).max(1);
        if rank > rows {
            let needed = (coverage / (1.0 - coverage) * (1.0 - 1e-9)).ceil() as u64;
            return Err(TooFewRows { coverage, rows, needed });
        }
        Ok(match scores {
            CalibrationScores::Classes(classes) => {
                let mut all: Vec<f64> = classes.iter().flatten().copied().collect();
                all.sort_unstable_by(f64::total_cmp);
                // The k-th largest probability is that of the k-th smallest score.
                Self::Classes { least: all[rows - rank] }
            }
            CalibrationScores::Values(targets) => {
                Self::Values { half_widths: targets.iter().map(|errors| errors[rank - 1]).collect() }
            }
        })
    }

    /// Overwrites the set or the intervals of a prediction.
    pub(crate) fn apply<F: Real>(&self, prediction: &mut Prediction<F>) {
        prediction.in_set.clear();
        prediction.bounds.clear();
        match self {
            Self::Classes { least } => {
                let is_in = |probability: &F| Real::to_f64(*probability) >= *least;
                prediction.in_set.extend(prediction.probabilities.iter().map(is_in));
            }
            Self::Values { half_widths } => {
                let bounds = |(value, half): (&f64, &f64)| [value - half, value + half];
                prediction.bounds.extend(prediction.values.iter().zip(half_widths).flat_map(bounds));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;
    use statrs::distribution::{Binomial, DiscreteCDF};
    use statrs::function::gamma::ln_gamma;

    use super::*;
    use crate::random::stream;

    fn values(errors: &[f64]) -> CalibrationScores {
        let mut errors = errors.to_vec();
        errors.sort_by(f64::total_cmp);
        CalibrationScores::Values(vec![errors])
    }

    #[test]
    fn the_rank_is_that_of_the_finite_sample() {
        let half_width = |n: u32, coverage: f64| {
            let errors: Vec<f64> = (1..=n).map(f64::from).collect();
            Conformal::new(&values(&errors), coverage)
        };
        let wide = |width: f64| Ok(Conformal::Values { half_widths: vec![width] });
        // ceil(20 * 0.9) = 18, ceil(10 * 0.9) = 9, ceil(100 * 0.95) = 95, ceil(12 * 0.5) = 6.
        assert_eq!(half_width(19, 0.9), wide(18.0));
        assert_eq!(half_width(9, 0.9), wide(9.0));
        assert_eq!(half_width(99, 0.95), wide(95.0));
        assert_eq!(half_width(11, 0.5), wide(6.0));
        assert_eq!(half_width(8, 0.9), Err(TooFewRows { coverage: 0.9, rows: 8, needed: 9 }));
        assert_eq!(half_width(98, 0.99), Err(TooFewRows { coverage: 0.99, rows: 98, needed: 99 }));
        assert_eq!(half_width(99, 0.99), wide(99.0));
        let message = half_width(36, 0.99).expect_err("too few").to_string();
        assert_eq!(
            message,
            "a coverage of 0.99 needs at least 99 calibration rows, but there are 36; ask for at most 0.9729, or add rows"
        );
        assert!(half_width(36, 0.9729).is_ok());
        // Of classes, the probabilities of all rows.
        let classes = CalibrationScores::Classes(vec![vec![0.2, 0.9], vec![0.3, 0.5, 0.7]]);
        // ceil(6 * 0.5) = 3: the third largest of .9 .7 .5 .3 .2.
        assert_eq!(Conformal::new(&classes, 0.5), Ok(Conformal::Classes { least: 0.5 }));
    }

    /// `P(X = x)` of the beta-binomial distribution.
    fn beta_binomial(x: u64, trials: u64, a: f64, b: f64) -> f64 {
        let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
        let (x, n) = (x as f64, trials as f64);
        let ln_choose = ln_gamma(n + 1.0) - ln_gamma(x + 1.0) - ln_gamma(n - x + 1.0);
        (ln_choose + ln_beta(x + a, n - x + b) - ln_beta(a, b)).exp()
    }

    /// Of `n` calibration rows without ties, the number of `m` new rows that are covered is beta-binomial with
    /// `a = k` and `b = n + 1 - k`, exactly. How many of 2,000 samples are in its lower and upper tenth is binomial.
    #[test]
    fn the_coverage_has_the_distribution_of_theory() {
        let (n, m, coverage) = (37, 50, 0.8);
        let k = rank(n, coverage);
        assert_eq!(k, 31);
        let p: Vec<f64> = (0..=m).map(|x| beta_binomial(x, m, k as f64, (n + 1 - k) as f64)).collect();
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let mean: f64 = p.iter().zip(0..).map(|(p, x)| p * f64::from(x)).sum();
        assert!((mean / m as f64 - k as f64 / (n as f64 + 1.0)).abs() < 1e-9, "{mean}");
        let below = |bound: usize| p[..bound].iter().sum::<f64>();
        let (low, high) = (36, 46);
        for is_classes in [false, true] {
            let samples = 2000;
            let mut counts = [0, 0];
            for sample in 0..samples {
                let mut random = stream(sample, "test", &[u64::from(is_classes)]);
                let mut draw =
                    |count: usize| (0..count).map(|_| random.random::<f64>()).collect::<Vec<f64>>();
                let (calibration, new) = (draw(n), draw(m as usize));
                let covered = match is_classes {
                    // A row is its probability of the true class, which is the first.
                    true => {
                        let mut sorted = calibration.clone();
                        sorted.sort_by(f64::total_cmp);
                        let scores = CalibrationScores::Classes(vec![sorted, Vec::new()]);
                        let conformal = Conformal::new(&scores, coverage).expect("enough rows");
                        let is_covered = |p: &&f64| {
                            let mut prediction = Prediction::<f64> {
                                class: 0,
                                probabilities: vec![**p, 1.0 - **p],
                                values: Vec::new(),
                                in_set: Vec::new(),
                                bounds: Vec::new(),
                            };
                            conformal.apply(&mut prediction);
                            prediction.in_set[0]
                        };
                        new.iter().filter(is_covered).count()
                    }
                    // A row is its error; the prediction is 0.
                    false => {
                        let conformal = Conformal::new(&values(&calibration), coverage).expect("enough rows");
                        let mut prediction = Prediction::<f64> {
                            class: 0,
                            probabilities: Vec::new(),
                            values: vec![0.0],
                            in_set: Vec::new(),
                            bounds: Vec::new(),
                        };
                        conformal.apply(&mut prediction);
                        let [low, high] = prediction.bounds[..] else { panic!("two bounds") };
                        new.iter().filter(|error| low <= **error && **error <= high).count()
                    }
                };
                counts[0] += u64::from(covered < low);
                counts[1] += u64::from(covered >= high);
            }
            for (count, probability) in counts.into_iter().zip([below(low), 1.0 - below(high)]) {
                assert!((0.03..0.4).contains(&probability), "{probability}");
                let expected = Binomial::new(probability, samples).expect("a distribution");
                let (least, most) = (expected.inverse_cdf(5e-7), expected.inverse_cdf(1.0 - 5e-7));
                assert!((least..=most).contains(&count), "{count}, expected {least} to {most}");
            }
        }
    }
}
