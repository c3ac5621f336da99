//! Maps of each element by what is known of its column: normalising, shifting, and the way back.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::blocks::each_block;
use super::columns::{Strips, each_strip, put, take};
use super::moments::{BatchMoments, Moments};
use super::rows::{Rows, RowsMut};
use super::{Team, wide};
use crate::real::Real;

/// The [moments](super::batch_moments) of each column, `inv_std = 1 / sqrt(var + eps)`, and with
/// them `x_hat = (x - mean) * inv_std` and `y = gamma * x_hat + beta`.
///
/// # Shapes
///
/// `x`, `x_hat`, `y`: `(n, width)` with `n >= 1`; `moments`, `inv_std`, `gamma`, `beta`: `width`.
pub fn normalise_batch<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (eps, gamma, beta): (f64, &[F], &[F]),
    (moments, inv_std): (&mut BatchMoments, &mut [f64]),
    x_hat: &mut ArrayViewMut2<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!((x.dim(), x.dim()), (x_hat.dim(), y.dim()), "shapes of a normalisation");
    let (width, cost) = (x.ncols(), x.len());
    let x = Rows::new(x);
    let BatchMoments { origin, shift, var } = moments;
    let statistics = ((&mut origin[..], &mut shift[..], &mut var[..]), inv_std);
    let maps = (RowsMut::new(x_hat.view_mut()), RowsMut::new(y.view_mut()));
    each_block(team, width, cost, (statistics, maps), |columns, (statistics, (x_hat, y))| {
        let ((origin, shift, var), inv_std) = statistics;
        wide(
            #[inline(always)]
            || {
                let x = x.columns_from(columns.start);
                each_strip(columns.len(), &mut Moments { x, origin, shift, var });
                for (inv_std, var) in inv_std.iter_mut().zip(&*var) {
                    *inv_std = 1.0 / (var + eps).sqrt();
                }
                let (gamma, beta) = (&gamma[columns.clone()], &beta[columns.clone()]);
                let (origin, shift, inv_std) = (&*origin, &*shift, &*inv_std);
                let mut map = Normalise { rows: 0..0, x, origin, shift, inv_std, gamma, beta, x_hat, y };
                for first in (0..x.count).step_by(ROWS) {
                    map.rows = first..x.count.min(first + ROWS);
                    each_strip(columns.len(), &mut map);
                }
            },
        );
    });
}

/// Rows of a strip that are mapped before the next strip: enough that what belongs to the columns is
/// not loaded for every row, and few enough that the rows are read and written as they lie in memory.
const ROWS: usize = 2;

/// Some rows of [`normalise_batch`].
struct Normalise<'a, F> {
    rows: Range<usize>,
    x: Rows<'a, F>,
    origin: &'a [f64],
    shift: &'a [f64],
    inv_std: &'a [f64],
    gamma: &'a [F],
    beta: &'a [F],
    x_hat: RowsMut<'a, F>,
    y: RowsMut<'a, F>,
}

impl<F: Real> Strips for Normalise<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [origin, shift, inv_std] =
            [self.origin, self.shift, self.inv_std].map(|all| take::<f64, LEN>(all, start));
        let [gamma, beta] = [self.gamma, self.beta].map(|all| take::<F, LEN>(all, start));
        for row in self.rows.clone() {
            let x = *self.x.strip::<LEN>(row, start);
            let (mut x_hat, mut y) = ([F::zero(); LEN], [F::zero(); LEN]);
            for lane in 0..LEN {
                x_hat[lane] = F::from_f64(((x[lane].to_f64() - origin[lane]) - shift[lane]) * inv_std[lane]);
                y[lane] = gamma[lane] * x_hat[lane] + beta[lane];
            }
            *self.x_hat.strip(row, start) = x_hat;
            *self.y.strip(row, start) = y;
        }
    }
}

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
    let (width, cost) = (dy.ncols(), dy.len());
    let (dy, x_hat) = (Rows::new(dy), Rows::new(x_hat));
    let n = dy.count as f64;
    let ProjectionSums { dbeta, dgamma, terms: [factor, mean, slope] } = sums;
    let terms = (&mut factor[..], &mut mean[..], &mut slope[..]);
    let outputs = ((&mut dbeta[..], &mut dgamma[..]), terms, dx.map(RowsMut::new));
    each_block(team, width, cost, outputs, |columns, ((dbeta, dgamma), (factor, mean, slope), dx)| {
        let (dy, x_hat) = (dy.columns_from(columns.start), x_hat.columns_from(columns.start));
        wide(
            #[inline(always)]
            || {
                each_strip(columns.len(), &mut Sums { dy, x_hat, dbeta, dgamma });
                let Some(dx) = dx else { return };
                let factors = gamma[columns.clone()].iter().zip(&inv_std[columns.clone()]);
                for (factor, (&gamma, &inv_std)) in factor.iter_mut().zip(factors) {
                    *factor = gamma * F::from_f64(inv_std);
                }
                for (means, sums) in [(&mut *mean, dbeta), (&mut *slope, dgamma)] {
                    means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = F::from_f64(*sum / n));
                }
                let (factor, mean, slope) = (&*factor, &*mean, &*slope);
                let mut map = Project { rows: 0..0, dy, x_hat, factor, mean, slope, dx };
                for first in (0..dy.count).step_by(ROWS) {
                    map.rows = first..dy.count.min(first + ROWS);
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
}

impl<F: Real> ProjectionSums<F> {
    /// Room for `width` columns.
    pub fn new(width: usize) -> Self {
        let terms = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { dbeta: vec![0.0; width], dgamma: vec![0.0; width], terms }
    }
}

/// The sums of [`centre_and_project`].
struct Sums<'a, F> {
    dy: Rows<'a, F>,
    x_hat: Rows<'a, F>,
    dbeta: &'a mut [f64],
    dgamma: &'a mut [f64],
}

impl<F: Real> Strips for Sums<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let (mut sums, mut products) = ([0.0; LEN], [0.0; LEN]);
        for row in 0..self.dy.count {
            let (dy, x_hat) = (self.dy.strip::<LEN>(row, start), self.x_hat.strip::<LEN>(row, start));
            for lane in 0..LEN {
                let dy = dy[lane].to_f64();
                sums[lane] += dy;
                products[lane] += dy * x_hat[lane].to_f64();
            }
        }
        put(self.dbeta, start, sums);
        put(self.dgamma, start, products);
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

/// `y = gamma * (x - mean) / sqrt(var + eps) + beta`, per column, from given statistics.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `mean`, `var`, `gamma`, `beta`: `width`.
pub fn normalise_by<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (mean, var, eps): (&[F], &[F], f64),
    (gamma, beta): (&[F], &[F]),
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a normalisation");
    let (width, cost) = (x.ncols(), x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, RowsMut::new(y.view_mut()), |columns, y| {
        let [mean, var, gamma, beta] = [mean, var, gamma, beta].map(|all| &all[columns.clone()]);
        wide(
            #[inline(always)]
            || {
                let x = x.columns_from(columns.start);
                each_strip(columns.len(), &mut NormaliseBy { x, mean, var, eps, gamma, beta, y });
            },
        );
    });
}

struct NormaliseBy<'a, F> {
    x: Rows<'a, F>,
    mean: &'a [F],
    var: &'a [F],
    eps: f64,
    gamma: &'a [F],
    beta: &'a [F],
    y: RowsMut<'a, F>,
}

impl<F: Real> Strips for NormaliseBy<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let mean = take::<F, LEN>(self.mean, start);
        let inv_std =
            take::<F, LEN>(self.var, start).map(|var| F::from_f64(1.0 / (var.to_f64() + self.eps).sqrt()));
        let (gamma, beta) = (take::<F, LEN>(self.gamma, start), take::<F, LEN>(self.beta, start));
        for row in 0..self.x.count {
            let x = *self.x.strip::<LEN>(row, start);
            let mut y = [F::zero(); LEN];
            for lane in 0..LEN {
                y[lane] = gamma[lane] * ((x[lane] - mean[lane]) * inv_std[lane]) + beta[lane];
            }
            *self.y.strip(row, start) = y;
        }
    }
}

/// `y = (x - origin) - shift + beta`, per column.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `origin`, `shift`, `beta`: `width`.
pub fn translate<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (origin, shift): (&[f64], &[f64]),
    beta: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a translation");
    let (width, cost) = (x.ncols(), x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, RowsMut::new(y.view_mut()), |columns, mut y| {
        let x = x.columns_from(columns.start);
        let [origin, shift] = [origin, shift].map(|all| &all[columns.clone()]);
        let beta = &beta[columns.clone()];
        wide(
            #[inline(always)]
            || {
                for row in 0..x.count {
                    let terms = origin.iter().zip(shift).zip(beta);
                    let x = x.row(row, columns.len());
                    for ((y, &x), ((origin, shift), &beta)) in y.row(row).iter_mut().zip(x).zip(terms) {
                        *y = F::from_f64((x.to_f64() - origin) - shift) + beta;
                    }
                }
            },
        );
    });
}

/// Adds `row` to every row of `y`.
///
/// # Shapes
///
/// `row`: `width`; `y`: `(n, width)`.
pub fn add_row<F: Real>(team: &Team, row: &[F], y: &mut ArrayViewMut2<'_, F>) {
    assert_eq!(row.len(), y.ncols(), "shapes of a sum");
    let (width, cost) = (y.ncols(), y.len());
    each_block(team, width, cost, RowsMut::new(y.view_mut()), |columns, mut y| {
        let row = &row[columns];
        wide(
            #[inline(always)]
            || {
                for n in 0..y.count() {
                    y.row(n).iter_mut().zip(row).for_each(|(y, &x)| *y += x);
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_row_is_added_to_every_row_whatever_the_team() {
        // Enough that a team shares them, and a width that does not divide evenly.
        let row: Vec<f32> = (0..101).map(|column| column as f32).collect();
        let expected = Array2::from_shape_fn((120, 101), |(_, column)| column as f32 + 0.5);
        for members in 1..=4 {
            let team = Team::new(NonZeroUsize::new(members).expect("at least one"));
            let mut y = Array2::from_elem((120, 101), 0.5);
            add_row(&team, &row, &mut y.view_mut());
            assert_eq!(y, expected, "{members} members");
        }
    }
}
