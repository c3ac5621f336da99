//! Maps of each element by what is known of its column: normalising and shifting.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::areas::each_area;
use super::columns::{Strips, each_strip, take};
use super::moments::{BatchMoments, batch_moments};
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
    batch_moments(team, x, moments);
    wide(
        #[inline(always)]
        || {
            inv_std
                .iter_mut()
                .zip(&moments.var)
                .for_each(|(inv_std, var)| *inv_std = 1.0 / (var + eps).sqrt())
        },
    );
    let (cost, x) = (x.len(), Rows::new(x));
    let outputs = [x_hat.view_mut(), y.view_mut()];
    each_area(team, cost, outputs, |rows, columns, [x_hat, y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [origin, shift, inv_std] =
            [&moments.origin, &moments.shift, &*inv_std].map(|all| &all[columns.clone()]);
        let [gamma, beta] = [gamma, beta].map(|all| &all[columns.clone()]);
        let mut map = Normalise { rows: 0..0, x, origin, shift, inv_std, gamma, beta, x_hat, y };
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

/// Rows of a strip that are mapped before the next strip: enough that what belongs to the columns is
/// not loaded for every row, and few enough that the rows are read and written as they lie in memory.
pub(super) const ROWS: usize = 2;

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
    let (cost, x) = (x.len(), Rows::new(x));
    each_area(team, cost, [y.view_mut()], |rows, columns, [y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [mean, var, gamma, beta] = [mean, var, gamma, beta].map(|all| &all[columns.clone()]);
        wide(
            #[inline(always)]
            || each_strip(columns.len(), &mut NormaliseBy { x, mean, var, eps, gamma, beta, y }),
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
        for row in 0..self.y.count() {
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
    let (cost, x) = (x.len(), Rows::new(x));
    each_area(team, cost, [y.view_mut()], |rows, columns, [mut y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [origin, shift] = [origin, shift].map(|all| &all[columns.clone()]);
        let beta = &beta[columns.clone()];
        wide(
            #[inline(always)]
            || {
                for row in 0..y.count() {
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
    each_area(team, y.len(), [y.view_mut()], |_, columns, [mut y]| {
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

    /// Shapes that are shared by rows and by columns, and divide evenly in neither way.
    const SHAPES: [(usize, usize); 2] = [(201, 67), (67, 201)];

    fn team(members: usize) -> Team {
        Team::new(NonZeroUsize::new(members).expect("at least one"))
    }

    fn x(shape: (usize, usize)) -> Array2<f32> {
        Array2::from_shape_fn(shape, |(row, column)| ((row * 37 + column * 11) % 101) as f32 / 10.0)
    }

    /// What belongs to the columns, `count` different numbers.
    fn columns(count: usize) -> Vec<f32> {
        (1..=count).map(|column| column as f32 / 8.0).collect()
    }

    #[test]
    fn batches_are_normalised_whatever_the_team() {
        for shape @ (rows, width) in SHAPES {
            let (x, gamma, beta) = (x(shape), columns(width), columns(width));
            for members in 1..=4 {
                let (mut x_hat, mut y) = (Array2::from_elem(shape, f32::NAN), Array2::zeros(shape));
                let (mut moments, mut inv_std) = (BatchMoments::new(width), vec![0.0; width]);
                let affine = (0.5, &gamma[..], &beta[..]);
                let maps = (&mut x_hat.view_mut(), &mut y.view_mut());
                normalise_batch(
                    &team(members),
                    &x.view(),
                    affine,
                    (&mut moments, &mut inv_std),
                    maps.0,
                    maps.1,
                );
                for (column, all) in x.columns().into_iter().enumerate() {
                    let mean = all.iter().map(|&x| f64::from(x)).sum::<f64>() / rows as f64;
                    let var = all.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / rows as f64;
                    for (row, &x) in all.iter().enumerate() {
                        let expected = (f64::from(x) - mean) / (var + 0.5).sqrt();
                        let affine = f64::from(gamma[column]) * expected + f64::from(beta[column]);
                        // A few roundings of numbers below 60.
                        assert!((f64::from(x_hat[[row, column]]) - expected).abs() < 1e-6, "{shape:?}");
                        assert!((f64::from(y[[row, column]]) - affine).abs() < 2e-5, "{shape:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn maps_by_column_are_the_same_whatever_the_team() {
        for shape @ (_, width) in SHAPES {
            let (x, of_columns) = (x(shape), columns(width));
            let doubles: Vec<f64> = of_columns.iter().map(|&number| f64::from(number)).collect();
            for members in 1..=4 {
                let (mut by, mut moved) = (Array2::zeros(shape), Array2::zeros(shape));
                let [mean, var, gamma, beta] = [&of_columns[..]; 4];
                let statistics = (mean, var, 0.5);
                normalise_by(&team(members), &x.view(), statistics, (gamma, beta), &mut by.view_mut());
                translate(&team(members), &x.view(), (&doubles, &doubles), beta, &mut moved.view_mut());
                for ((place, &x), (&by, &moved)) in x.indexed_iter().zip(by.iter().zip(&moved)) {
                    let of_column = of_columns[place.1];
                    let inv_std = (1.0 / (doubles[place.1] + 0.5).sqrt()) as f32;
                    assert_eq!(
                        by,
                        of_column * ((x - of_column) * inv_std) + of_column,
                        "{shape:?} {place:?}"
                    );
                    let centred = (f64::from(x) - doubles[place.1]) - doubles[place.1];
                    assert_eq!(moved, centred as f32 + of_column, "{shape:?} {place:?}");
                }
            }
        }
    }

    #[test]
    fn a_row_is_added_to_every_row_whatever_the_team() {
        // Enough that a team shares them, and a width that does not divide evenly.
        let row: Vec<f32> = (0..101).map(|column| column as f32).collect();
        let expected = Array2::from_shape_fn((120, 101), |(_, column)| column as f32 + 0.5);
        for members in 1..=4 {
            let mut y = Array2::from_elem((120, 101), 0.5);
            add_row(&team(members), &row, &mut y.view_mut());
            assert_eq!(y, expected, "{members} members");
        }
    }
}
