//! The way back through a normalised batch.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::areas::each_area;
use super::columns::{Strips, each_strip, take};
use super::normalise::ROWS;
use super::rows::{Rows, RowsMut};
use super::sums::{Summands, room_for_parts, sum_columns};
use super::{Team, wide};
use crate::real::Real;

/// The way back through a normalised batch. With the sums over the rows
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
/// `dy`, `x_hat`, `dx`: `(n, width)` with `n >= 1`; all others: `width`.
pub fn centre_and_project<F: Real>(
    team: &Team,
    (dy, x_hat): (&ArrayView2<'_, F>, &ArrayView2<'_, F>),
    (gamma, inv_std): (&[F], &[f64]),
    sums: &mut ProjectionSums<F>,
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    assert_eq!(dy.dim(), x_hat.dim(), "shapes of a projection");
    assert!(dx.as_ref().is_none_or(|dx| dx.dim() == dy.dim()), "shapes of a projection");
    let (shape, cost) = (dy.dim(), dy.len());
    let (dy, x_hat) = (Rows::new(dy), Rows::new(x_hat));
    let ProjectionSums { dbeta, dgamma, terms: [factor, mean, slope], parts } = sums;
    sum_columns(team, shape, Products { dy, x_hat }, parts, [&mut dbeta[..], &mut dgamma[..]]);
    let Some(dx) = dx else { return };
    let n = dy.count as f64;
    wide(
        #[inline(always)]
        || {
            for (factor, (&gamma, &inv_std)) in factor.iter_mut().zip(gamma.iter().zip(inv_std)) {
                *factor = gamma * F::from_f64(inv_std);
            }
            for (means, sums) in [(&mut *mean, dbeta), (&mut *slope, dgamma)] {
                means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = F::from_f64(*sum / n));
            }
        },
    );
    each_area(team, cost, [dx], |rows, columns, [dx]| {
        let [dy, x_hat] = [dy, x_hat].map(|all| all.rows_from(rows.start).columns_from(columns.start));
        let [factor, mean, slope] = [&*factor, &*mean, &*slope].map(|all| &all[columns.clone()]);
        let mut map = Project { rows: 0..0, dy, x_hat, factor, mean, slope, dx };
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

/// What [`centre_and_project`] finds on its way.
#[derive(Clone, Debug, Default)]
pub struct ProjectionSums<F> {
    /// Sum of `dy`, `width`.
    pub dbeta: Vec<f64>,
    /// Sum of `dy * x_hat`, `width`.
    pub dgamma: Vec<f64>,
    /// `gamma * inv_std`, `dbeta / n` and `dgamma / n`, `width` each.
    terms: [Vec<F>; 3],
    /// Room for sums over some of the rows.
    parts: Vec<f64>,
}

impl<F: Real> ProjectionSums<F> {
    /// Room for `width` columns.
    pub fn new(width: usize) -> Self {
        let terms = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { dbeta: vec![0.0; width], dgamma: vec![0.0; width], terms, parts: room_for_parts(width) }
    }
}

/// `dy`, and its products with `x_hat`.
#[derive(Clone, Copy)]
struct Products<'a, F> {
    dy: Rows<'a, F>,
    x_hat: Rows<'a, F>,
}

impl<F: Real> Summands for Products<'_, F> {
    #[inline(always)]
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
        let (mut sums, mut products) = ([0.0; LEN], [0.0; LEN]);
        for row in rows {
            let (dy, x_hat) = (self.dy.strip::<LEN>(row, column), self.x_hat.strip::<LEN>(row, column));
            for lane in 0..LEN {
                let dy = dy[lane].to_f64();
                sums[lane] += dy;
                products[lane] += dy * x_hat[lane].to_f64();
            }
        }
        [sums, products]
    }
}

/// Some rows of [`centre_and_project`].
struct Project<'a, F> {
    rows: Range<usize>,
    dy: Rows<'a, F>,
    x_hat: Rows<'a, F>,
    factor: &'a [F],
    mean: &'a [F],
    slope: &'a [F],
    dx: RowsMut<'a, F>,
}

impl<F: Real> Strips for Project<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [factor, mean, slope] =
            [self.factor, self.mean, self.slope].map(|all| take::<F, LEN>(all, start));
        for row in self.rows.clone() {
            let (dy, x_hat) = (*self.dy.strip::<LEN>(row, start), *self.x_hat.strip::<LEN>(row, start));
            let mut dx = [F::zero(); LEN];
            for lane in 0..LEN {
                dx[lane] = factor[lane] * (dy[lane] - mean[lane] - x_hat[lane] * slope[lane]);
            }
            *self.dx.strip(row, start) = dx;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;

    #[test]
    fn the_way_back_is_that_of_the_formula_whatever_the_team() {
        // One is shared by rows and one by columns, and neither divides evenly.
        for shape @ (rows, width) in [(201, 67), (67, 201)] {
            let number = |(row, column), salt| ((row * 37 + column * 11 + salt) % 101) as f32 / 50.0 - 1.0;
            let dy = Array2::from_shape_fn(shape, |place| number(place, 0));
            let x_hat = Array2::from_shape_fn(shape, |place| number(place, 53));
            let gamma: Vec<f32> = (1..=width).map(|column| column as f32 / 64.0).collect();
            let inv_std: Vec<f64> = (1..=width).map(|column| 2.0 / column as f64).collect();
            for members in 1..=4 {
                let team = Team::new(NonZeroUsize::new(members).expect("at least one"));
                let (mut sums, mut dx) = (ProjectionSums::new(width), Array2::from_elem(shape, f32::NAN));
                let batch = (&dy.view(), &x_hat.view());
                centre_and_project(&team, batch, (&gamma, &inv_std), &mut sums, Some(dx.view_mut()));
                for column in 0..width {
                    let of = |row| (f64::from(dy[[row, column]]), f64::from(x_hat[[row, column]]));
                    let dbeta: f64 = (0..rows).map(|row| of(row).0).sum();
                    let dgamma: f64 = (0..rows).map(|row| of(row).0 * of(row).1).sum();
                    // Each term is at most 1 and rounded once.
                    let bound = rows as f64 * f64::EPSILON;
                    assert!((sums.dbeta[column] - dbeta).abs() <= bound, "{shape:?}");
                    assert!((sums.dgamma[column] - dgamma).abs() <= bound, "{shape:?}");
                    for row in 0..rows {
                        let (dy, x_hat) = of(row);
                        let n = rows as f64;
                        let factor = f64::from(gamma[column]) * inv_std[column];
                        let expected = factor * (dy - dbeta / n - x_hat * dgamma / n);
                        // A few roundings of numbers below 1.
                        assert!((f64::from(dx[[row, column]]) - expected).abs() < 1e-6, "{shape:?}");
                    }
                }
            }
        }
    }
}
