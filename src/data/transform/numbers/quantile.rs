//! Quantiles of a sample.

/// The quantile at `level`, from 0 to 1, of numbers in rising order, at least one: linear between the order statistics,
/// the smallest of which is at 0 and the largest at 1 (definition 7 of Hyndman and Fan, "Sample quantiles in
/// statistical packages", 1996; the default of NumPy, R and scikit-learn).
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * (sorted.len() - 1) as f64;
    let below = (place as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    let share = place - below as f64;
    // In this form it is exact where both are equal; rounding must not lift it above the second.
    (sorted[below] + share * (sorted[above] - sorted[below])).min(sorted[above])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_between_order_statistics() {
        let sorted = [1.0, 2.0, 4.0, 4.0, 10.0];
        let levels = [0.0, 0.125, 0.25, 0.5, 0.6, 0.75, 0.875, 1.0];
        // numpy.quantile([1, 2, 4, 4, 10], levels)
        let expected = [1.0, 1.5, 2.0, 4.0, 4.0, 4.0, 7.0, 10.0];
        assert_eq!(levels.map(|level| quantile(&sorted, level)), expected);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
    }
}
