//! Scaling of features, fitted on training rows.

use ndarray::Array2;

use super::fault::Fault;
use super::spec::Scale;
use super::{Rows, Scaling};
use crate::real::Real;

/// The scaling of each feature, and which features are constant in the rows it was fitted on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fitted {
    pub(super) scaling: Vec<Scaling>,
    pub(super) constant: Vec<usize>,
}

impl Scaling {
    /// The scaled value of a raw one: `(raw - offset) / divisor`, in double precision.
    pub fn apply(&self, raw: f64) -> f64 {
        (raw - self.offset) / self.divisor
    }
}

/// What is known of a feature after one pass over the rows.
#[derive(Clone, Copy)]
struct Extent {
    low: f64,
    high: f64,
    mean: f64,
}

/// Fits `scale` on some rows of `x`, at least one.
///
/// The mean is summed over distances from the first row, the spread over distances from the mean;
/// so an offset of 1e9 times the spread costs no accuracy.
pub(super) fn fit(x: &Array2<f64>, rows: &[usize], scale: Scale) -> Fitted {
    let extents = extents(x, rows);
    let constant = extents
        .iter()
        .enumerate()
        .filter(|(_, extent)| extent.low == extent.high)
        .map(|(index, _)| index)
        .collect();
    let deviations = match scale {
        Scale::Standardize => deviations(x, rows, &extents),
        Scale::Center | Scale::MinMax | Scale::None => vec![1.0; extents.len()],
    };
    let scaling = extents.iter().zip(deviations).map(|(extent, deviation)| {
        let (offset, divisor) = match scale {
            Scale::None => (0.0, 1.0),
            _ if extent.low == extent.high => (extent.low, 1.0),
            Scale::Standardize => (extent.mean, deviation),
            Scale::Center => (extent.mean, 1.0),
            Scale::MinMax => (extent.low, extent.high - extent.low),
        };
        Scaling { offset, divisor }
    });
    Fitted { scaling: scaling.collect(), constant }
}

/// Scales some rows; `features` are the names of the columns.
pub(super) fn scaled<F: Real>(
    raw: &Rows<f64>,
    rows: &[usize],
    scaling: &[Scaling],
    features: &[String],
) -> Result<Rows<F>, Fault> {
    let cells = rows.len() * scaling.len();
    let mut x: Vec<F> = Vec::new();
    if x.try_reserve_exact(cells).is_err() {
        return Err(Fault::OutOfMemory { needs: (cells * size_of::<F>()) as u64 });
    }
    for &row in rows {
        for ((&value, scaling), feature) in raw.x.row(row).iter().zip(scaling).zip(features) {
            let scaled = scaling.apply(value);
            let narrow = F::from_f64(scaled);
            if !narrow.is_finite() {
                let feature = feature.clone();
                return Err(Fault::ScaledOutOfRange { feature, row: row + 1, value, scaled, dtype: F::NAME });
            }
            x.push(narrow);
        }
    }
    let x = Array2::from_shape_vec((rows.len(), scaling.len()), x).expect("each row adds its features");
    Ok(Rows { x, labels: rows.iter().map(|&row| raw.labels[row]).collect() })
}

/// The range and the mean of each feature.
fn extents(x: &Array2<f64>, rows: &[usize]) -> Vec<Extent> {
    let first = x.row(rows[0]);
    let at = |&value: &f64| Extent { low: value, high: value, mean: 0.0 };
    let mut extents: Vec<Extent> = first.iter().map(at).collect();
    for &row in rows {
        for ((extent, &value), first) in extents.iter_mut().zip(x.row(row)).zip(first) {
            extent.low = extent.low.min(value);
            extent.high = extent.high.max(value);
            extent.mean += value - first;
        }
    }
    for (extent, first) in extents.iter_mut().zip(first) {
        extent.mean = first + extent.mean / rows.len() as f64;
    }
    extents
}

/// The biased standard deviation of each feature; of no meaning for a constant one.
fn deviations(x: &Array2<f64>, rows: &[usize], extents: &[Extent]) -> Vec<f64> {
    let units: Vec<f64> = extents.iter().map(Extent::unit).collect();
    let inverses: Vec<f64> = units.iter().map(|unit| 1.0 / unit).collect();
    let mut sums = vec![(0.0, 0.0); extents.len()];
    for &row in rows {
        for (((sum, extent), inverse), value) in sums.iter_mut().zip(extents).zip(&inverses).zip(x.row(row)) {
            let distance = (value - extent.mean) * inverse;
            sum.0 += distance;
            sum.1 += distance * distance;
        }
    }
    let n = rows.len() as f64;
    let deviation = |((sum, squares), unit): ((f64, f64), f64)| {
        // What is left of the first sum is the rounding of the mean.
        let variance = squares / n - (sum / n).powi(2);
        // A spread that no normal double holds is no spread.
        (unit * variance.sqrt()).max(f64::MIN_POSITIVE)
    };
    sums.into_iter().zip(units).map(deviation).collect()
}

impl Extent {
    /// A power of 2 near the largest distance from the mean: squares of distances measured in it
    /// neither overflow nor vanish, and multiplying by it rounds nothing.
    fn unit(&self) -> f64 {
        const EXPONENT: u64 = 0x7FF0_0000_0000_0000;
        let largest = (self.high - self.mean).max(self.mean - self.low);
        f64::from_bits(largest.to_bits() & EXPONENT).max(f64::MIN_POSITIVE)
    }
}
