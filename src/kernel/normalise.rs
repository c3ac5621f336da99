//! Maps of each element by what is known of its column: normalising, shifting, and the way back.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::blocks::each_block;
use super::columns::{Rows, STRIP, contiguous, strips};
use super::moments::BatchMoments;
use super::{Team, wide};
use crate::real::Real;

/// `x_hat = (x - mean) * inv_std` and `y = gamma * x_hat + beta`, per column.
///
/// # Shapes
///
/// `x`, `x_hat`, `y`: `(n, width)`; `moments`, `inv_std`, `gamma`, `beta`: `width`.
pub fn normalise<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (moments, inv_std): (&BatchMoments, &[f64]),
    (gamma, beta): (&[F], &[F]),
    x_hat: &mut ArrayViewMut2<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!((x.dim(), x.dim()), (x_hat.dim(), y.dim()), "shapes of a normalisation");
    let (width, cost) = (x.ncols(), 4 * x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, (x_hat.view_mut(), y.view_mut()), |columns, (mut x_hat, mut y)| {
        let range = columns.clone();
        let (origin, shift) = (&moments.origin[range.clone()], &moments.shift[range.clone()]);
        let (inv_std, gamma, beta) = (&inv_std[range.clone()], &gamma[range.clone()], &beta[range]);
        wide(
            #[inline(always)]
            || {
                for (row, (mut x_hat, mut y)) in x_hat.rows_mut().into_iter().zip(y.rows_mut()).enumerate() {
                    let x = x.row(row, columns.start, columns.len());
                    let (x_hat, y) = (contiguous(x_hat.as_slice_mut()), contiguous(y.as_slice_mut()));
                    let centres = origin.iter().zip(shift).zip(inv_std);
                    for ((x_hat, &x), ((origin, shift), inv_std)) in x_hat.iter_mut().zip(x).zip(centres) {
                        *x_hat = F::from_f64(((x.to_f64() - origin) - shift) * inv_std);
                    }
                    for ((y, &x_hat), (&gamma, &beta)) in
                        y.iter_mut().zip(&*x_hat).zip(gamma.iter().zip(beta))
                    {
                        *y = gamma * x_hat + beta;
                    }
                }
            },
        );
    });
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
    let (width, cost) = (x.ncols(), 2 * x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, y.view_mut(), |columns, mut y| {
        wide(
            #[inline(always)]
            || {
                strips(
                    columns.clone(),
                    #[inline(always)]
                    |start, len| {
                        let range = start..start + len;
                        let (mean, gamma, beta) =
                            (&mean[range.clone()], &gamma[range.clone()], &beta[range.clone()]);
                        let mut inv_std = [F::zero(); STRIP];
                        for (inv_std, &var) in inv_std.iter_mut().zip(&var[range]) {
                            *inv_std = F::from_f64(1.0 / (var.to_f64() + eps).sqrt());
                        }
                        for (row, mut y) in y.rows_mut().into_iter().enumerate() {
                            let y = &mut contiguous(y.as_slice_mut())[start - columns.start..][..len];
                            let statistics = mean.iter().zip(&inv_std).zip(gamma.iter().zip(beta));
                            for ((y, &x), ((&mean, &inv_std), (&gamma, &beta))) in
                                y.iter_mut().zip(x.row(row, start, len)).zip(statistics)
                            {
                                *y = gamma * ((x - mean) * inv_std) + beta;
                            }
                        }
                    },
                );
            },
        );
    });
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
    let (width, cost) = (x.ncols(), 2 * x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, y.view_mut(), |columns, mut y| {
        let (origin, shift, beta) =
            (&origin[columns.clone()], &shift[columns.clone()], &beta[columns.clone()]);
        wide(
            #[inline(always)]
            || {
                for (row, mut y) in y.rows_mut().into_iter().enumerate() {
                    let x = x.row(row, columns.start, columns.len());
                    let terms = origin.iter().zip(shift).zip(beta);
                    for ((y, &x), ((origin, shift), &beta)) in
                        contiguous(y.as_slice_mut()).iter_mut().zip(x).zip(terms)
                    {
                        *y = F::from_f64((x.to_f64() - origin) - shift) + beta;
                    }
                }
            },
        );
    });
}

/// `dx = factor * (dy - mean - x_hat * slope)`, per column: takes out of `dy` its mean and its
/// projection on `x_hat`.
///
/// # Shapes
///
/// `dy`, `x_hat`, `dx`: `(n, width)`; `factor`, `mean`, `slope`: `width`.
pub fn centre_and_project<F: Real>(
    team: &Team,
    dy: &ArrayView2<'_, F>,
    x_hat: &ArrayView2<'_, F>,
    [factor, mean, slope]: [&[F]; 3],
    dx: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!((dy.dim(), x_hat.dim()), (dx.dim(), dx.dim()), "shapes of a projection");
    let (width, cost) = (dy.ncols(), 4 * dy.len());
    let (dy, x_hat) = (Rows::new(dy), Rows::new(x_hat));
    each_block(team, width, cost, dx.view_mut(), |columns, mut dx| {
        let [factor, mean, slope] = [factor, mean, slope].map(|all| &all[columns.clone()]);
        wide(
            #[inline(always)]
            || {
                for (row, mut dx) in dx.rows_mut().into_iter().enumerate() {
                    let dx = contiguous(dx.as_slice_mut());
                    let dy = dy.row(row, columns.start, columns.len());
                    let x_hat = x_hat.row(row, columns.start, columns.len());
                    let terms = factor.iter().zip(mean).zip(slope);
                    for (((dx, &dy), &x_hat), ((&factor, &mean), &slope)) in
                        dx.iter_mut().zip(dy).zip(x_hat).zip(terms)
                    {
                        *dx = factor * (dy - mean - x_hat * slope);
                    }
                }
            },
        );
    });
}
