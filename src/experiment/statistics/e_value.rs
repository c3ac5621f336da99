//! Evidence that may be looked at after every seed.
//!
//! A p value holds for one look at a number of pairs that was fixed before. With `S` the sum and `V` the
//! sum of squares of `n` differences, and `c = 1` fixed beforehand, the *e-value*
//!
//! `E = sqrt(c / (n + c)) ((n + c) V / ((n + c) V - S^2))^(n / 2)`
//!
//! is that of the t test mixed over all effects. If the mean difference is 0, the chance that it ever
//! reaches `1 / a`, however often one looks, is at most `a`. So seeds can be added until it is
//! clear. The differences that `E` does not refute are the *confidence sequence*.
//!
//! Lai, "On confidence sequences", 1976; Wang and Ramdas, "Anytime-valid t-tests and confidence
//! sequences for Gaussian means with unknown variance", 2024.

use crate::metrics::Interval;

/// The e-value from which a difference is clear: false alarms in at most 1 of 20 studies.
pub const CLEAR_EVIDENCE: f64 = 20.0;

/// `c` above.
const PRIOR_PAIRS: f64 = 1.0;

/// The evidence that the mean of `differences` is not 0: 1 for fewer than two, infinite where all are
/// the same and not 0.
pub fn e_value(differences: &[f64]) -> f64 {
    let n = differences.len() as f64;
    let sum: f64 = differences.iter().sum();
    let squares: f64 = differences.iter().map(|difference| difference * difference).sum();
    if differences.len() < 2 || squares == 0.0 {
        return 1.0;
    }
    let all = (n + PRIOR_PAIRS) * squares;
    (PRIOR_PAIRS / (n + PRIOR_PAIRS)).sqrt() * (all / (all - sum * sum)).powf(0.5 * n)
}

/// The means that are not refuted at an e-value of `bound`; none where no mean is.
pub fn confidence_sequence(differences: &[f64], bound: f64) -> Option<Interval> {
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    sequence_of(differences.len(), mean, squares, bound)
}

/// The same for `n` differences with this mean and sum of squared distances from it.
pub(super) fn sequence_of(n: usize, mean: f64, squares: f64, bound: f64) -> Option<Interval> {
    // E of the differences minus `mean + distance` is `bound` where, with `m = n + c`,
    // m (squares + n distance^2) = ratio (m squares + n c distance^2).
    let (is_enough, n) = (2 <= n, n as f64);
    let m = n + PRIOR_PAIRS;
    let ratio = (bound * (m / PRIOR_PAIRS).sqrt()).powf(2.0 / n);
    let left = m - ratio * PRIOR_PAIRS;
    if !is_enough || left <= 0.0 {
        return None;
    }
    let half = (m * squares * (ratio - 1.0) / (n * left)).sqrt();
    Some(Interval { low: mean - half, high: mean + half })
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::random::stream;

    #[test]
    fn the_ends_of_the_sequence_have_the_evidence_of_the_bound() {
        let differences = crate::experiment::statistics::example::differences();
        let Interval { low, high } = confidence_sequence(&differences, CLEAR_EVIDENCE).unwrap();
        for end in [low, high] {
            let shifted: Vec<f64> = differences.iter().map(|difference| difference - end).collect();
            let evidence = e_value(&shifted);
            assert!((evidence - CLEAR_EVIDENCE).abs() < 1e-9, "{evidence}");
        }
        assert!(low < 0.0 && 0.0 < high && e_value(&differences) < CLEAR_EVIDENCE);
        assert_eq!(confidence_sequence(&differences[..2], CLEAR_EVIDENCE), None);
    }

    #[test]
    fn few_or_equal_differences() {
        assert_eq!((e_value(&[]), e_value(&[3.0]), e_value(&[0.0; 5])), (1.0, 1.0, 1.0));
        // (n + c) V - S^2 = 6 * 5 - 25: 6^(5/2) / sqrt(6) = 36.
        assert!((e_value(&[1.0; 5]) - 36.0).abs() < 1e-12);
        // 3 * 2 - 4: 3 / sqrt(3).
        assert!((e_value(&[1.0; 2]) - 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(confidence_sequence(&[], CLEAR_EVIDENCE), None);
    }

    /// Twelve uniform numbers minus 6 are near enough to a normal distribution.
    #[test]
    fn looking_after_every_seed_raises_few_false_alarms() {
        let (mut by_evidence, studies) = (0, 1000);
        for study in 0..studies {
            let mut random = stream(study, "test", &[]);
            let mut differences = Vec::new();
            let mut is_alarm = false;
            for _ in 0..40 {
                differences.push((0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0);
                is_alarm |= CLEAR_EVIDENCE <= e_value(&differences);
            }
            by_evidence += usize::from(is_alarm);
        }
        assert!(by_evidence <= 50, "{by_evidence} of {studies}");
    }
}
