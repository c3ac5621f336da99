//! Fitting the scaling of features on the training rows.

use std::ops::Range;

use crate::data::Scaling;
use crate::data::error::ErrorKind;
use crate::data::spec::ScalingMethod;
use crate::data::table::matrix::{Cells, Matrix};
use crate::data::transform::encoding::{FeatureEncoding, TrainedRange, ValueEncoding};
use crate::kernel::real::Real;
use crate::kernel::with_simd;

/// The scaling of each column, and the range of its values.
#[derive(Debug)]
pub(crate) struct FittedScaling {
    pub(crate) scaling: Vec<Scaling>,
    extents: Extents,
}

impl FittedScaling {
    /// The smallest and the largest value of a column.
    pub(crate) fn range(&self, column: usize) -> TrainedRange {
        TrainedRange { low: self.extents.low[column], high: self.extents.high[column] }
    }

    /// Whether all values of a column are equal.
    pub(crate) fn is_constant(&self, column: usize) -> bool {
        self.extents.is_constant(column)
    }
}

impl Scaling {
    /// The scaled value of a raw one: `(raw - offset) * (1 / divisor)`, in double precision.
    pub fn apply(&self, raw: f64) -> f64 {
        (raw - self.offset) * self.factor()
    }

    /// The raw value of a scaled one, up to rounding.
    pub fn undo(&self, scaled: f64) -> f64 {
        scaled * self.divisor + self.offset
    }

    /// The factor of the distance from the offset.
    pub(crate) fn factor(&self) -> f64 {
        1.0 / self.divisor
    }
}

/// Fits a scaling of each column, by the method in `scale`, on some rows of `matrix`, at least one; `filled` replaces
/// missing values.
/// A column whose missing values are not replaced gets a meaningless scaling.
///
/// The mean is summed over distances from the first row, the spread over distances from the mean;
/// so an offset of 1e9 times the spread costs no accuracy.
pub(crate) fn fit_scaling(
    matrix: &Matrix,
    rows: &[usize],
    filled: &[Option<f64>],
    scale: &[ScalingMethod],
) -> FittedScaling {
    let fills: Vec<f64> = filled.iter().map(|fill| fill.unwrap_or(f64::NAN)).collect();
    let extents = Extents::of(matrix, rows, &fills);
    let columns = 0..matrix.columns();
    let deviations = match scale.contains(&ScalingMethod::Standardize) {
        true => deviations(matrix, rows, &extents, &fills),
        false => vec![1.0; matrix.columns()],
    };
    let scaling = columns.map(|column| {
        let Extents { low, high, mean } = &extents;
        let (offset, divisor) = match scale[column] {
            ScalingMethod::None => (0.0, 1.0),
            _ if extents.is_constant(column) => (low[column], 1.0),
            ScalingMethod::Standardize => (mean[column], deviations[column]),
            ScalingMethod::Center => (mean[column], 1.0),
            ScalingMethod::MinMax => (low[column], high[column] - low[column]),
        };
        // The inverse of a subnormal divisor could be infinite.
        Scaling { offset, divisor: divisor.max(f64::MIN_POSITIVE) }
    });
    FittedScaling { scaling: scaling.collect(), extents }
}

/// Checks that the scaled values of some rows are in the range of `F`; `features` are the columns. Those that
/// are bounded are.
pub(crate) fn check_range<'f, F: Real>(
    matrix: &Matrix,
    rows: &[usize],
    features: impl Iterator<Item = (&'f str, &'f FeatureEncoding)>,
) -> Result<(), ErrorKind> {
    let fits = |scaled: f64| F::from_f64(scaled).is_finite();
    // Scaling is monotonic, so values between two that fit also fit.
    let suspect = |(column, (name, feature)): (usize, (&'f str, &'f FeatureEncoding))| {
        let ValueEncoding::Numeric { scaling, fill, clip: None, inputs, .. } = &feature.values else {
            return None;
        };
        if !inputs.scaled {
            return None;
        }
        let (low, high) = matrix.extent(column);
        let fits = fits(scaling.apply(low)) && fits(scaling.apply(high));
        (!fits).then_some((column, name, *scaling, fill.unwrap_or(f64::NAN)))
    };
    let suspects: Vec<(usize, &str, Scaling, f64)> = features.enumerate().filter_map(suspect).collect();
    for &row in rows {
        for &(column, name, scaling, fill) in &suspects {
            let value = or_fill(matrix.value(row, column), fill);
            let scaled = scaling.apply(value);
            if !fits(scaled) {
                let feature = name.to_owned();
                return Err(ErrorKind::ScaledOutOfRange {
                    feature,
                    row: row + 1,
                    value,
                    scaled,
                    dtype: F::NAME,
                });
            }
        }
    }
    Ok(())
}

/// What one pass over the rows finds about each column.
#[derive(Debug)]
struct Extents {
    low: Vec<f64>,
    high: Vec<f64>,
    mean: Vec<f64>,
}

impl Extents {
    fn of(matrix: &Matrix, rows: &[usize], fills: &[f64]) -> Self {
        let first = |(column, &fill)| or_fill(matrix.value(rows[0], column), fill);
        let first: Vec<f64> = fills.iter().enumerate().map(first).collect();
        let (mut low, mut high, mut sum) = (first.clone(), first.clone(), vec![0.0; first.len()]);
        each_row(
            matrix,
            rows,
            #[inline(always)]
            |columns, cells| {
                let (low, high) = (&mut low[columns.clone()], &mut high[columns.clone()]);
                let (sum, first, fills) =
                    (&mut sum[columns.clone()], &first[columns.clone()], &fills[columns]);
                match cells {
                    Cells::Narrow(cells) => extend(cells, first, fills, low, high, sum),
                    Cells::Wide(cells) => extend(cells, first, fills, low, high, sum),
                }
            },
        );
        let n = rows.len() as f64;
        let mean = first.iter().zip(sum).map(|(first, sum)| first + sum / n).collect();
        Self { low, high, mean }
    }

    fn is_constant(&self, column: usize) -> bool {
        self.low[column] == self.high[column]
    }

    /// A power of 2 near the largest distance from the mean. Squares of distances in this unit neither
    /// overflow nor underflow, and multiplying by it is exact.
    fn unit(&self, column: usize) -> f64 {
        const EXPONENT: u64 = 0x7FF0_0000_0000_0000;
        let mean = self.mean[column];
        let largest = (self.high[column] - mean).max(mean - self.low[column]);
        f64::from_bits(largest.to_bits() & EXPONENT).max(f64::MIN_POSITIVE)
    }
}

#[inline(always)]
fn extend<T: Copy + Into<f64>>(
    cells: &[T],
    first: &[f64],
    fills: &[f64],
    low: &mut [f64],
    high: &mut [f64],
    sum: &mut [f64],
) {
    let extents = low.iter_mut().zip(high).zip(sum);
    for (((&cell, first), fill), ((low, high), sum)) in cells.iter().zip(first).zip(fills).zip(extents) {
        let value = or_fill(cell.into(), *fill);
        *low = if value < *low { value } else { *low };
        *high = if value > *high { value } else { *high };
        *sum += value - first;
    }
}

/// The biased standard deviation of each column; meaningless for a constant one.
fn deviations(matrix: &Matrix, rows: &[usize], extents: &Extents, fills: &[f64]) -> Vec<f64> {
    let units: Vec<f64> = (0..matrix.columns()).map(|column| extents.unit(column)).collect();
    let inverses: Vec<f64> = units.iter().map(|unit| 1.0 / unit).collect();
    let (mut sums, mut squares) = (vec![0.0; units.len()], vec![0.0; units.len()]);
    each_row(
        matrix,
        rows,
        #[inline(always)]
        |columns, cells| {
            let (mean, inverses) = (&extents.mean[columns.clone()], &inverses[columns.clone()]);
            let (sums, squares) = (&mut sums[columns.clone()], &mut squares[columns.clone()]);
            match cells {
                Cells::Narrow(cells) => add_squares(cells, mean, inverses, &fills[columns], sums, squares),
                Cells::Wide(cells) => add_squares(cells, mean, inverses, &fills[columns], sums, squares),
            }
        },
    );
    let n = rows.len() as f64;
    let deviation = |((sum, squares), unit): ((f64, f64), f64)| {
        // The sum of distances would be 0 but for the rounding error of the mean.
        let variance = squares / n - (sum / n).powi(2);
        unit * variance.sqrt()
    };
    sums.into_iter().zip(squares).zip(units).map(deviation).collect()
}

#[inline(always)]
fn add_squares<T: Copy + Into<f64>>(
    cells: &[T],
    mean: &[f64],
    inverses: &[f64],
    fills: &[f64],
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let sums = sums.iter_mut().zip(squares);
    let known = mean.iter().zip(inverses).zip(fills);
    for ((&cell, ((mean, inverse), fill)), (sum, square)) in cells.iter().zip(known).zip(sums) {
        let value = or_fill(cell.into(), *fill);
        let distance = (value - mean) * inverse;
        *sum += distance;
        *square += distance * distance;
    }
}

/// A value, or its replacement if it is missing.
#[inline(always)]
fn or_fill(value: f64, fill: f64) -> f64 {
    if value.is_nan() { fill } else { value }
}

/// Calls `see` with the numbers of some rows, in order.
fn each_row(matrix: &Matrix, rows: &[usize], mut see: impl FnMut(Range<usize>, Cells<'_>)) {
    with_simd(
        #[inline(always)]
        || {
            for &row in rows {
                for (columns, cells) in matrix.row(row) {
                    see(columns, cells);
                }
            }
        },
    );
}
