//! How different the rows of a batch still are inside a network.

use ndarray::{Array1, ArrayView2, Axis};

use crate::kernel::real::Real;

/// The mean over all pairs of rows of the cosine between them, from -1 to 1; NaN with fewer than two rows that
/// are not 0.
///
/// With `u` for rows divided by their length: `(|sum u|^2 - n) / (n (n - 1))`. Rows that are all 0 have no direction and are left out. After many
/// layers of batch norm and ReLU it tends to `1 / pi`, that of independent Gaussian numbers through a ReLU; without
/// a norm to 1.
///
/// # Shapes
///
/// `rows`: `(n, width)`.
pub fn mean_cosine<F: Real>(rows: ArrayView2<'_, F>) -> f64 {
    let mut sum = Array1::<f64>::zeros(rows.ncols());
    let mut count = 0.0;
    for row in rows.rows() {
        let row = row.mapv(Real::to_f64);
        let length = row.dot(&row).sqrt();
        if length > 0.0 {
            sum.scaled_add(1.0 / length, &row);
            count += 1.0;
        }
    }
    if count < 2.0 { f64::NAN } else { (sum.dot(&sum) - count) / (count * (count - 1.0)) }
}

/// The participation rank `(tr M)^2 / |M|_F^2` of `M = A' A / n`: 1 if all rows are multiples of one, up to the
/// smaller of rows and columns if they spread evenly. NaN if all rows are 0.
///
/// Source: the soft rank of Daneshmand et al., "Batch normalization provably avoids rank collapse for randomly
/// initialised deep networks", 2020.
///
/// # Shapes
///
/// `A`: `(n, width)`.
pub fn participation_rank<F: Real>(a: ArrayView2<'_, F>) -> f64 {
    let a = a.mapv(Real::to_f64);
    // Both products have the same trace and length.
    let m = if a.nrows() < a.ncols() { a.dot(&a.t()) } else { a.t().dot(&a) };
    let trace = m.diag().sum();
    let squares = m.map_axis(Axis(1), |row| row.dot(&row)).sum();
    trace * trace / squares
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn cosines_of_pairs_are_averaged() {
        let rows = array![[1.0, 0.0], [2.0, 0.0], [0.0, 0.0], [0.0, 3.0]];
        assert!((mean_cosine(rows.view()) - 1.0 / 3.0).abs() < 1e-15);
        assert!(mean_cosine(array![[1.0, 2.0], [0.0, 0.0]].view()).is_nan());
    }

    #[test]
    fn the_rank_counts_directions() {
        assert!((participation_rank(Array2::<f64>::eye(5).view()) - 5.0).abs() < 1e-14);
        let one = array![[1.0, 2.0, 3.0], [-2.0, -4.0, -6.0]];
        assert!((participation_rank(one.view()) - 1.0).abs() < 1e-14);
    }
}
