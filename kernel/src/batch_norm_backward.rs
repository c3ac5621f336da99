//! The way back through a normalised batch.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::areas::each_area;
use crate::batch_norm::{Normaliser, ROWS};
use crate::column_sums::{Summands, room_for_parts, sum_columns};
use crate::matrix_view::{Rows, RowsMut};
use crate::real::Real;
use crate::simd::wide;
use crate::strips::{Strips, each_strip, take};
use crate::threads::ThreadPool;

/// The way back through a batch that was [normalised](crate::normalise_batch). With
/// `x_hat = (x - mean) * inv_std` and the sums over the rows
///
/// ```text
/// dbeta = sum dy      dgamma = sum dy * x_hat
/// ```
///
/// takes out of `dy` its mean and its projection on `x_hat`:
///
/// ```text
/// dx = gamma * inv_std * (dy - dbeta / n - x_hat * dgamma / n)
/// ```
///
/// # Shapes
///
/// `dy`, `x`, `dx`: `(n, width)` with `n >= 1`.
pub(crate) fn centre_and_project<F: Real>(
    pool: &ThreadPool,
    (dy, x): (&ArrayView2<'_, F>, &ArrayView2<'_, F>),
    normaliser: &Normaliser<F>,
    sums: &mut ProjectionSums<F>,
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    assert_eq!(dy.dim(), x.dim(), "shapes of a projection");
    assert!(dx.as_ref().is_none_or(|dx| dx.dim() == dy.dim()), "shapes of a projection");
    let (shape, cost) = (dy.dim(), dy.len());
    let (dy, x) = (Rows::new(dy), Rows::new(x));
    let Normaliser { centre, factor, .. } = normaliser;
    let products = Products { dy, x, centre };
    sum_columns(pool, shape, products, &mut sums.parts, [&mut sums.dbeta[..], &mut sums.dgamma[..]]);
    wide(
        #[inline(always)]
        || sums.follow(dy.count as f64, normaliser),
    );
    let Some(dx) = dx else { return };
    let ProjectionSums { constant, slope, .. } = &*sums;
    each_area(pool, cost, [dx], |rows, columns, [dx]| {
        let [dy, x] = [dy, x].map(|all| all.rows_from(rows.start).columns_from(columns.start));
        let [factor, constant, slope, centre] =
            [&factor[..], &constant[..], &slope[..], &centre[..]].map(|all| &all[columns.clone()]);
        let mut map = Project { rows: 0..0, dy, x, centre, factor, constant, slope, dx };
        wide(
            #[inline(always)]
            || {
                for first in (0..rows.len()).step_by(ROWS) {
                    map.rows = first..rows.len().min(first + ROWS);
                    each_strip(columns.len(), &mut map);
                }
            },
        );
    });
}

/// What [`centre_and_project`] finds on its way, per column.
#[derive(Clone, Debug, Default)]
pub struct ProjectionSums<F> {
    /// Sum of `dy`, `width`.
    pub dbeta: Vec<f64>,
    /// Sum of `dy * x_hat`, `width`.
    pub dgamma: Vec<f64>,
    /// What is taken out of `dy` where `x` is the rounded mean, `width`.
    constant: Vec<F>,
    /// And how much more of it for each unit by which `x` is above that, `width`.
    slope: Vec<F>,
    /// Room for sums over some of the rows.
    parts: Vec<f64>,
}

impl<F: Real> ProjectionSums<F> {
    /// Room for `width` columns.
    pub fn new(width: usize) -> Self {
        let [dbeta, dgamma] = std::array::from_fn(|_| vec![0.0; width]);
        let [constant, slope] = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { dbeta, dgamma, constant, slope, parts: room_for_parts(width) }
    }

    /// Goes by the sums of `n` rows, where `dgamma` is still the sum of `dy` times the differences of `x`
    /// to its rounded mean.
    #[inline(always)]
    fn follow(&mut self, n: f64, normaliser: &Normaliser<F>) {
        let Self { dbeta, dgamma, constant, slope, .. } = self;
        let Normaliser { inv_std, lacking, .. } = normaliser;
        let sums = dbeta.iter().zip(dgamma).zip(inv_std.iter().zip(lacking));
        for ((constant, slope), ((dbeta, dgamma), (inv_std, lacking))) in
            constant.iter_mut().zip(slope).zip(sums)
        {
            *dgamma = (*dgamma - lacking * dbeta) * inv_std;
            let exact = *dgamma / n * inv_std;
            *slope = F::from_f64(exact);
            *constant = F::from_f64(dbeta / n - lacking * exact);
        }
    }
}

/// `dy`, and its products with the differences of `x` to its rounded mean.
#[derive(Clone, Copy)]
struct Products<'a, F> {
    dy: Rows<'a, F>,
    x: Rows<'a, F>,
    centre: &'a [F],
}

impl<F: Real> Summands for Products<'_, F> {
    #[inline(always)]
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
        let (mut sums, mut products) = ([0.0; LEN], [0.0; LEN]);
        let centre = take::<F, LEN>(self.centre, column);
        for row in rows {
            let (dy, x) = (self.dy.strip::<LEN>(row, column), self.x.strip::<LEN>(row, column));
            for lane in 0..LEN {
                let dy = dy[lane].to_f64();
                sums[lane] += dy;
                products[lane] += dy * (x[lane] - centre[lane]).to_f64();
            }
        }
        [sums, products]
    }
}

/// Some rows of [`centre_and_project`].
struct Project<'a, F> {
    rows: Range<usize>,
    dy: Rows<'a, F>,
    x: Rows<'a, F>,
    centre: &'a [F],
    factor: &'a [F],
    constant: &'a [F],
    slope: &'a [F],
    dx: RowsMut<'a, F>,
}

impl<F: Real> Strips for Project<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [centre, factor, constant, slope] =
            [self.centre, self.factor, self.constant, self.slope].map(|all| take::<F, LEN>(all, start));
        let (from, beside, mut to) = (self.dy, self.x, self.dx.reborrow());
        for row in self.rows.clone() {
            let (dy, x) = (*from.strip::<LEN>(row, start), *beside.strip::<LEN>(row, start));
            let mut dx = [F::zero(); LEN];
            for lane in 0..LEN {
                dx[lane] =
                    factor[lane] * (dy[lane] - constant[lane] - (x[lane] - centre[lane]) * slope[lane]);
            }
            *to.strip(row, start) = dx;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;
    use crate::normalise_batch;

    #[test]
    fn the_way_back_is_that_of_the_formula_whatever_the_team() {
        // One is shared by rows and one by columns, and neither divides evenly; far from 0, a mean has
        // more digits than an f32.
        for (shape @ (rows, width), offset) in [((201, 67), 0.0), ((67, 201), 0.0), ((201, 67), 12345.0)] {
            let number = |(row, column), salt| ((row * 37 + column * 11 + salt) % 101) as f32 / 50.0 - 1.0;
            let dy = Array2::from_shape_fn(shape, |place| number(place, 0));
            let x = Array2::from_shape_fn(shape, |place| number(place, 53) + offset);
            let (gamma, beta): (Vec<f32>, _) =
                ((1..=width).map(|column| column as f32 / 64.0).collect(), vec![0.0; width]);
            for members in 1..=4 {
                let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
                let (mut normaliser, mut y) = (Normaliser::new(width), Array2::zeros(shape));
                let affine = (1e-3, &gamma[..], &beta[..]);
                normalise_batch(&pool, &x.view(), affine, false, &mut normaliser, &mut y.view_mut());
                let (mut sums, mut dx) = (ProjectionSums::new(width), Array2::from_elem(shape, f32::NAN));
                let batch = (&dy.view(), &x.view());
                centre_and_project(&pool, batch, &normaliser, &mut sums, Some(dx.view_mut()));
                for column in 0..width {
                    let (mean, inv_std) = (normaliser.moments.mean(column), normaliser.inv_std[column]);
                    let of =
                        |row| (f64::from(dy[[row, column]]), (f64::from(x[[row, column]]) - mean) * inv_std);
                    let dbeta: f64 = (0..rows).map(|row| of(row).0).sum();
                    let dgamma: f64 = (0..rows).map(|row| of(row).0 * of(row).1).sum();
                    // Terms of at most 1 and rounded once, and terms of at most 2 with an x that is
                    // rounded once to an f32.
                    let n = rows as f64;
                    assert!((sums.dbeta[column] - dbeta).abs() <= n * f64::EPSILON, "{shape:?}");
                    assert!((sums.dgamma[column] - dgamma).abs() <= n * 1.2e-7, "{shape:?}");
                    for row in 0..rows {
                        let (dy, x_hat) = of(row);
                        let factor = f64::from(gamma[column]) * inv_std;
                        let expected = factor * (dy - dbeta / n - x_hat * dgamma / n);
                        // A few roundings of numbers below 6.
                        assert!((f64::from(dx[[row, column]]) - expected).abs() < 2e-6, "{shape:?}");
                    }
                }
            }
        }
    }
}
