//! The middle of differences within pairs, by ranks.
//!
//! The *Walsh averages* of `d_1 ... d_n` are `(d_i + d_j) / 2` for all `i <= j`. Their median is the
//! estimate of Hodges and Lehmann; the `k`-th smallest and the `k`-th largest are the ends of the
//! interval that belongs to Wilcoxon's signed-rank test, where `k - 1` is the largest rank sum whose
//! tail has a probability of at most `(1 - confidence) / 2`. A few wild values move neither, and
//! infinite ones are allowed. Differences are taken for symmetric around their middle.
//!
//! Hodges and Lehmann, "Estimates of location based on rank tests", 1963; Hollander, Wolfe and
//! Chicken, "Nonparametric statistical methods", 2014, sections 3.2 and 3.3.

/// The number of Walsh averages grows with the square; for more pairs the mean is as good.
pub(crate) const MAX_PAIRS: usize = 400;

/// The median of the Walsh averages; none without differences, and for more than 400.
pub fn hodges_lehmann(differences: &[f64]) -> Option<f64> {
    let averages = walsh_averages(differences)?;
    let middle = averages.len() / 2;
    match averages.len() {
        0 => None,
        length if length % 2 == 1 => Some(averages[middle]),
        _ => Some(average(averages[middle - 1], averages[middle])),
    }
}

/// The ends of the signed-rank interval at `confidence`; none for fewer than 6 differences at 95 %, which
/// no rank sum can tell apart, and for more than 400.
pub fn signed_rank_interval(differences: &[f64], confidence: f64) -> Option<(f64, f64)> {
    let averages = walsh_averages(differences)?;
    let n_outside = quantile(differences.len(), (1.0 - confidence) / 2.0)?;
    Some((averages[n_outside], averages[averages.len() - 1 - n_outside]))
}

/// Sorted.
fn walsh_averages(differences: &[f64]) -> Option<Vec<f64>> {
    if differences.len() > MAX_PAIRS {
        return None;
    }
    let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (index, first) in differences.iter().enumerate() {
        averages.extend(differences[index..].iter().map(|second| average(*first, *second)));
    }
    averages.sort_by(f64::total_cmp);
    Some(averages)
}

/// Of two infinities of opposite signs: 0.
fn average(first: f64, second: f64) -> f64 {
    let average = 0.5 * first + 0.5 * second;
    if average.is_nan() { 0.0 } else { average }
}

/// The largest rank sum `w` with `P(W <= w) <= tail`; none if there is none.
fn quantile(n: usize, tail: f64) -> Option<usize> {
    let probabilities = rank_sum_probabilities(n);
    let mut below = 0.0;
    let beyond = probabilities.iter().position(|probability| {
        below += probability;
        // Sums of powers of 2 are exact for fewer than 50 pairs, and near enough for more.
        tail < below
    })?;
    beyond.checked_sub(1)
}

/// The probability of each sum of the ranks `1 ... n` of which every one counts or does not.
fn rank_sum_probabilities(n: usize) -> Vec<f64> {
    let mut probabilities = vec![0.0; n * (n + 1) / 2 + 1];
    probabilities[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..probabilities.len()).rev() {
            let with = if rank <= sum { probabilities[sum - rank] } else { 0.0 };
            probabilities[sum] = 0.5 * (probabilities[sum] + with);
        }
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::statistics::example;

    #[test]
    fn the_middle_of_the_example() {
        let middle = hodges_lehmann(&example::differences()).unwrap();
        assert!((middle - 0.00595).abs() < 1e-12, "{middle}");
        assert_eq!(hodges_lehmann(&[]), None);
        assert_eq!(hodges_lehmann(&[3.0]), Some(3.0));
    }

    /// The rank sum of the example is 1: two-sided p 0.015625.
    #[test]
    fn rank_sums_have_their_probabilities() {
        let probabilities = rank_sum_probabilities(8);
        assert_eq!(2.0 * (probabilities[0] + probabilities[1]), 0.015_625);
        assert_eq!(probabilities.iter().sum::<f64>(), 1.0);
    }

    #[test]
    fn the_interval_leaves_out_as_many_averages_as_the_tables_say() {
        for (n, n_outside) in [(5, None), (6, Some(0)), (8, Some(3)), (10, Some(8)), (20, Some(52))] {
            assert_eq!(quantile(n, 0.025), n_outside, "{n}");
        }
        let tenth = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
        let averages = walsh_averages(&tenth).unwrap();
        assert_eq!(averages.len(), 55);
        assert_eq!(signed_rank_interval(&tenth, 0.95), Some((averages[8], averages[46])));
        assert_eq!(signed_rank_interval(&tenth[..5], 0.95), None);
        assert_eq!(signed_rank_interval(&[0.5; 401], 0.95), None);
    }

    #[test]
    fn infinite_differences_have_a_place() {
        let infinite = f64::INFINITY;
        assert_eq!(hodges_lehmann(&[1.0, 2.0, 3.0, infinite]), Some(2.75));
        assert_eq!(hodges_lehmann(&[infinite, -infinite, infinite]), Some(infinite));
        let one_end = [1.0, 2.0, 3.0, 4.0, 5.0, infinite];
        assert_eq!(signed_rank_interval(&one_end, 0.95), Some((1.0, infinite)));
    }
}
