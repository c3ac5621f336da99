//! ValueMoments and percentiles of activations, and units that are dead.

use ndarray::ArrayView2;
use serde::Serialize;

use crate::kernel::real::Real;

/// Mean and standard deviation of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ValueMoments {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, divided by their number.
    pub std: f64,
}

/// The moments of all numbers in `values`, over rows and columns; NaN without any.
pub fn moments<F: Real>(values: ArrayView2<'_, F>) -> ValueMoments {
    let n = values.len() as f64;
    let mean = values.iter().map(|&value| Real::to_f64(value)).sum::<f64>() / n;
    let squares = values.iter().map(|&value| (Real::to_f64(value) - mean).powi(2)).sum::<f64>();
    ValueMoments { mean, std: (squares / n).sqrt() }
}

/// The percentiles of all numbers in `values` at `shares`, each from 0 to 1, with linear interpolation between
/// neighbors (NumPy's default); NaN if there are no numbers. Numbers that are NaN count as the greatest. Between
/// infinity and another number it is infinity; only between negative and positive infinity there is no number (NaN).
pub fn percentiles<F: Real>(values: impl IntoIterator<Item = F>, shares: &[f64]) -> Vec<f64> {
    let mut values: Vec<F> = values.into_iter().collect();
    let compare = |a: &F, b: &F| Real::to_f64(*a).total_cmp(&Real::to_f64(*b));
    // What was selected has nothing larger before it, so greater shares are searched after it only.
    let mut start = 0;
    let mut percentile = |share: f64| {
        let place = share * values.len().saturating_sub(1) as f64;
        let index = place as usize;
        if index >= values.len() {
            return f64::NAN;
        }
        start = if index < start { 0 } else { start };
        let (_, &mut low, above) = values[start..].select_nth_unstable_by(index - start, compare);
        start = index;
        let high = above.iter().copied().min_by(compare).unwrap_or(low);
        let (low, high) = (Real::to_f64(low), Real::to_f64(high));
        between(low, high, place - index as f64)
    };
    shares.iter().map(|&share| percentile(share)).collect()
}

/// The number at `share` of the way from `low` to `high`.
fn between(low: f64, high: f64, share: f64) -> f64 {
    if low == high || share == 0.0 {
        return low;
    }
    match (low.is_infinite(), high.is_infinite()) {
        (false, false) => low + (high - low) * share,
        // Infinity, or NaN where the signs differ; not 0 times infinity.
        _ => low + high,
    }
}

/// The percentiles of each column of `values` over the rows: for each share one number for each column.
pub fn column_percentiles<F: Real>(values: ArrayView2<'_, F>, shares: &[f64]) -> Vec<Vec<f64>> {
    let columns: Vec<Vec<f64>> =
        values.columns().into_iter().map(|column| percentiles(column.iter().copied(), shares)).collect();
    (0..shares.len()).map(|share| columns.iter().map(|column| column[share]).collect()).collect()
}

/// The columns of `outputs` that have the same number in every row: units that pass nothing on about a row, such
/// as a ReLU that is never active.
pub fn dead_units<F: Real>(outputs: ArrayView2<'_, F>) -> usize {
    let Some(first) = outputs.rows().into_iter().next() else { return 0 };
    let columns = first.iter().zip(outputs.columns());
    columns.filter(|(first, column)| column.iter().all(|other| other == *first)).count()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// `numpy.percentile`
    #[test]
    fn percentiles_interpolate() {
        let found = percentiles([4.0, 1.0, 3.0, 2.0], &[0.0, 0.15, 0.5, 0.85, 1.0]);
        for (found, expected) in found.iter().zip([1.0, 1.45, 2.5, 3.55, 4.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        assert_eq!(
            percentiles([4.0, 1.0, 3.0, 2.0, 5.0], &[0.75, 0.25, 0.5, 1.0, 0.0]),
            [4.0, 2.0, 3.0, 5.0, 1.0]
        );
        assert_eq!(percentiles([7.0], &[0.3]), [7.0]);
        assert!(percentiles::<f64>([], &[0.3])[0].is_nan());
    }

    #[test]
    fn percentiles_may_be_infinite() {
        let infinity = f64::INFINITY;
        assert_eq!(percentiles([infinity; 3], &[0.0, 0.3, 0.5, 1.0]), [infinity; 4]);
        assert_eq!(percentiles([1.0, infinity, infinity], &[0.0, 0.3, 0.5]), [1.0, infinity, infinity]);
        assert_eq!(percentiles([1.0, 2.0, infinity], &[0.0, 0.5, 0.6, 1.0]), [1.0, 2.0, infinity, infinity]);
        assert_eq!(percentiles([-infinity, -infinity, 2.0], &[0.2, 0.6, 1.0]), [-infinity, -infinity, 2.0]);
        assert!(percentiles([-infinity, infinity], &[0.5])[0].is_nan());
    }

    #[test]
    fn dead_units_are_the_same_on_every_row() {
        let outputs = array![[0.0, 0.0, 1.0, f64::NAN], [0.0, 2.0, 1.0, f64::NAN]];
        assert_eq!(dead_units(outputs.view()), 2);
        assert_eq!(
            moments(array![[1.0, 2.0], [3.0, 6.0]].view()),
            ValueMoments { mean: 3.0, std: 3.5_f64.sqrt() }
        );
    }
}
