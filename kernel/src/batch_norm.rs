//! Maps of each element by what is known of its column: normalising and shifting.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::areas::each_area;
use crate::matrix_view::{Rows, RowsMut};
use crate::moments::{BatchMoments, batch_moments};
use crate::real::Real;
use crate::simd::wide;
use crate::strips::{Strips, each_strip, take};
use crate::threads::ThreadPool;

/// What a batch is normalised by, per column: found by [`normalise_batch`], and used again on the
/// [way back](crate::centre_and_project).
#[derive(Clone, Debug, Default)]
pub struct Normaliser<F> {
    /// Of the batch.
    pub moments: BatchMoments,
    /// `1 / sqrt(var + eps)`, `width`.
    pub inv_std: Vec<f64>,
    /// The mean as far as an `F` holds it, `width`.
    pub(crate) centre: Vec<F>,
    /// What the centre lacks of the mean, `width`.
    pub(crate) lacking: Vec<f64>,
    /// `gamma * inv_std`, `width`.
    pub(crate) factor: Vec<F>,
    /// `beta - lacking * gamma * inv_std`, `width`.
    term: Vec<F>,
}

impl<F: Real> Normaliser<F> {
    /// Room for `width` columns.
    pub fn new(width: usize) -> Self {
        let [inv_std, lacking] = std::array::from_fn(|_| vec![0.0; width]);
        let [centre, factor, term] = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { moments: BatchMoments::new(width), inv_std, centre, lacking, factor, term }
    }

    /// Goes by the moments.
    #[inline(always)]
    fn follow(&mut self, eps: f64, gamma: &[F], beta: &[F]) {
        let Self { moments, inv_std, centre, lacking, factor, term } = self;
        inv_std.iter_mut().zip(&moments.var).for_each(|(inv_std, var)| *inv_std = 1.0 / (var + eps).sqrt());
        let means = moments.origin.iter().zip(&moments.shift);
        for ((centre, lacking), (origin, shift)) in centre.iter_mut().zip(&mut *lacking).zip(means) {
            *centre = F::from_f64(origin + shift);
            *lacking = (origin - centre.to_f64()) + shift;
        }
        let known = gamma.iter().zip(beta).zip(inv_std.iter().zip(&*lacking));
        for ((factor, term), ((&gamma, &beta), (inv_std, lacking))) in factor.iter_mut().zip(term).zip(known)
        {
            let exact = gamma.to_f64() * inv_std;
            *factor = F::from_f64(exact);
            *term = F::from_f64(beta.to_f64() - lacking * exact);
        }
    }
}

/// Normalises a batch by its own [moments](crate::batch_moments): with `inv_std = 1 / sqrt(var + eps)`,
///
/// ```text
/// y = gamma * (x - mean) * inv_std + beta
/// ```
///
/// or, if it `rectifies`, `max(0, y)` of that.
///
/// The arithmetic on each `x` is that of `F`, in which differences to the mean must fit. They are exact
/// where `x` and the mean are within a factor of 2 of each other, as they are under a large offset, and
/// rounded once elsewhere. What the mean loses when it is rounded is made up for in what is added.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)` with `n >= 1`; `gamma`, `beta`: `width`.
pub(crate) fn normalise_batch<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    (eps, gamma, beta): (f64, &[F], &[F]),
    rectifies: bool,
    normaliser: &mut Normaliser<F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a normalisation");
    batch_moments(pool, x, &mut normaliser.moments);
    wide(
        #[inline(always)]
        || normaliser.follow(eps, gamma, beta),
    );
    let Normaliser { centre, factor, term, .. } = &*normaliser;
    let (cost, x) = (x.len(), Rows::new(x));
    let floor = if rectifies { F::zero() } else { F::neg_infinity() };
    each_area(pool, cost, [y.view_mut()], |rows, columns, [y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [centre, factor, term] = [&centre[..], &factor[..], &term[..]].map(|all| &all[columns.clone()]);
        let mut map = Normalise { rows: 0..0, x, centre, factor, term, floor, y };
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
pub(crate) const ROWS: usize = 2;

/// Some rows of [`normalise_batch`].
struct Normalise<'a, F> {
    rows: Range<usize>,
    x: Rows<'a, F>,
    centre: &'a [F],
    factor: &'a [F],
    term: &'a [F],
    floor: F, // the least `y`
    y: RowsMut<'a, F>,
}

impl<F: Real> Strips for Normalise<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [centre, factor, term] =
            [self.centre, self.factor, self.term].map(|all| take::<F, LEN>(all, start));
        let (from, floor, mut to) = (self.x, self.floor, self.y.reborrow());
        for row in self.rows.clone() {
            let x = *from.strip::<LEN>(row, start);
            let mut y = [F::zero(); LEN];
            for lane in 0..LEN {
                y[lane] = (x[lane] - centre[lane]) * factor[lane] + term[lane];
                // NaN stays.
                y[lane] = if y[lane] < floor { floor } else { y[lane] };
            }
            *to.strip(row, start) = y;
        }
    }
}

/// `y = gamma * (x - mean) / sqrt(var + eps) + beta`, per column, from given statistics.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `mean`, `var`, `gamma`, `beta`: `width`.
pub(crate) fn normalise_by<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    (mean, var, eps): (&[F], &[F], f64),
    (gamma, beta): (&[F], &[F]),
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a normalisation");
    let (cost, x) = (x.len(), Rows::new(x));
    each_area(pool, cost, [y.view_mut()], |rows, columns, [y]| {
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
pub(crate) fn translate<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    (origin, shift): (&[f64], &[f64]),
    beta: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a translation");
    let (cost, x) = (x.len(), Rows::new(x));
    each_area(pool, cost, [y.view_mut()], |rows, columns, [mut y]| {
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;

    /// Shapes that are shared by rows and by columns, and divide evenly in neither way.
    const SHAPES: [(usize, usize); 2] = [(201, 67), (67, 201)];

    fn pool(members: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(members).expect("at least one"))
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
            let (gamma, beta) = (columns(width), columns(width));
            // Far from 0, a mean has more digits than an f32.
            for offset in [0.0, 12345.0] {
                let x = x(shape) + offset;
                for (members, rectifies) in [(1, false), (2, true), (3, false), (4, true)] {
                    let mut y = Array2::from_elem(shape, f32::NAN);
                    let (mut normaliser, affine) = (Normaliser::new(width), (0.5, &gamma[..], &beta[..]));
                    let pool = pool(members);
                    normalise_batch(&pool, &x.view(), affine, rectifies, &mut normaliser, &mut y.view_mut());
                    for (column, all) in x.columns().into_iter().enumerate() {
                        let mean = all.iter().map(|&x| f64::from(x)).sum::<f64>() / rows as f64;
                        let squares = all.iter().map(|&x| (f64::from(x) - mean).powi(2));
                        let inv_std = 1.0 / (squares.sum::<f64>() / rows as f64 + 0.5).sqrt();
                        assert!((normaliser.inv_std[column] / inv_std - 1.0).abs() < 1e-12, "{shape:?}");
                        for (row, &x) in all.iter().enumerate() {
                            let (gamma, beta) = (f64::from(gamma[column]), f64::from(beta[column]));
                            let expected = gamma * ((f64::from(x) - mean) * inv_std) + beta;
                            let expected = if rectifies { expected.max(0.0) } else { expected };
                            // A few roundings of numbers below 60.
                            assert!((f64::from(y[[row, column]]) - expected).abs() < 2e-5, "{shape:?}");
                        }
                    }
                }
            }
        }
    }

    /// By one member, with gamma 1 and beta 0.
    fn normalised<F: Real>(x: &Array2<F>, rectifies: bool) -> Array2<F> {
        let (ones, zeros) = (vec![F::one(); x.ncols()], vec![F::zero(); x.ncols()]);
        let (mut normaliser, mut y) = (Normaliser::new(x.ncols()), Array2::zeros(x.dim()));
        let affine = (1e-5, &ones[..], &zeros[..]);
        normalise_batch(
            &ThreadPool::single(),
            &x.view(),
            affine,
            rectifies,
            &mut normaliser,
            &mut y.view_mut(),
        );
        y
    }

    #[test]
    fn a_rectified_batch_is_the_batch_rectified_to_the_bit() {
        let mut x = x((9, 41)) - 5.0;
        x[[3, 5]] = f32::NAN;
        x[[4, 40]] = f32::INFINITY;
        let bits = |y: Array2<f32>| y.mapv(f32::to_bits);
        let plain = normalised(&x, false);
        assert!(plain.column(5).iter().chain(plain.column(40)).all(|y| y.is_nan()), "bad numbers are seen");
        assert_eq!(bits(normalised(&x, true)), bits(plain.mapv(crate::rectified)));
    }

    #[test]
    fn an_offset_costs_no_digits_of_a_double() {
        let x = Array2::from_shape_fn((7, 3), |(row, column)| ((row * row + column) % 5) as f64);
        // Out there whole numbers are all there is, and a mean is none.
        let moved = normalised(&(&x + 2_f64.powi(52)), false);
        // A few roundings of numbers below 3.
        assert!((normalised(&x, false) - moved).iter().all(|difference| difference.abs() < 1e-14));
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
                normalise_by(&pool(members), &x.view(), statistics, (gamma, beta), &mut by.view_mut());
                translate(&pool(members), &x.view(), (&doubles, &doubles), beta, &mut moved.view_mut());
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
}
