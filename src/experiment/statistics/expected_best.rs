//! How good the best of some trials is.

/// The expected largest of `k` values drawn from `values` without replacement: the mean over all choices
/// of `k`, `sum_i C(i, k - 1) v_(i + 1) / C(n, k)` with the values in ascending order from `v_1`. This is
/// unbiased, unlike the form with replacement. None unless `1 <= k <= n`.
///
/// Dodge et al., "Show your work", 2019; Tang et al., "Showing your work doesn't always work", 2020.
pub fn expected_best(values: &[f64], k: usize) -> Option<f64> {
    let n = values.len();
    if k == 0 || n < k {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // C(i, k - 1) / C(n, k) for i = n - 1 is k / n; each one before it is (i - k + 1) / i of that.
    let mut share = k as f64 / n as f64;
    let mut expected = 0.0;
    for i in (k - 1..n).rev() {
        expected += share * sorted[i];
        share *= (i as f64 - k as f64 + 1.0) / (i as f64).max(1.0);
    }
    Some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_more_trials_is_better() {
        let values = [0.93, 0.97, 0.90, 0.95, 0.91, 0.96, 0.92, 0.94];
        let cases = [(1, 0.935), (2, 0.950), (4, 0.962), (8, 0.970)];
        for (k, expected) in cases {
            let actual = expected_best(&values, k).unwrap();
            assert!((actual - expected).abs() < 1e-12, "{k}: {actual}");
        }
        assert_eq!((expected_best(&values, 0), expected_best(&values, 9)), (None, None));
        assert_eq!(expected_best(&[7.0], 1), Some(7.0));
    }

    /// That of a lost trial, of which the best of two is free.
    #[test]
    fn a_value_that_cannot_be_the_best_has_no_share() {
        let values = [f64::NEG_INFINITY, 1.0, 2.0];
        assert_eq!(expected_best(&values, 1), Some(f64::NEG_INFINITY));
        assert!((expected_best(&values, 2).unwrap() - 5.0 / 3.0).abs() < 1e-15);
    }
}
