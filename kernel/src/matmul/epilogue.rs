//! What becomes of the sums of a product while they are in registers.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::array::from_fn;
use std::ops::Range;

use crate::matmul::tile::load;
use crate::matrix_view::Rows;
use crate::real::Real;
use crate::vector::Vector;

/// What is done with each element of `c = a b`.
#[derive(Clone, Copy)]
pub(crate) enum Finish<'a, F> {
    Nothing,
    /// `c + bias`, with a number for each column.
    Add(&'a [F]),
    /// `max(0, c + bias)`, see [`rectified`].
    Rectify(&'a [F]),
    /// `c` times the [slope] of a rectifier that has these outputs, of the shape of `c`.
    Slope(Rows<'a, F>),
}

/// `max(0, x)`; NaN stays.
#[inline(always)]
pub fn rectified<F: Real>(x: F) -> F {
    if x < F::zero() { F::zero() } else { x }
}

/// The derivative of [`rectified`] where that is `y`; 0 at 0.
#[inline(always)]
pub fn slope<F: Real>(y: F) -> F {
    if y > F::zero() { F::one() } else { F::zero() }
}

impl<F: Real> Finish<'_, F> {
    /// The finished elements of a tile, which are in these rows and columns of `c`.
    #[inline(always)]
    pub(crate) fn tile<V: Vector<Element = F>, const ROWS: usize, const VECTORS: usize>(
        self,
        sums: [[V; VECTORS]; ROWS],
        rows: impl Fn(usize) -> usize,
        columns: Range<usize>,
    ) -> [[V; VECTORS]; ROWS] {
        match self {
            Self::Nothing => sums,
            Self::Add(bias) => each(sums, |_| &bias[columns.clone()], |sum, bias| sum + bias),
            Self::Rectify(bias) => each(sums, |_| &bias[columns.clone()], |sum, bias| rectified(sum + bias)),
            Self::Slope(outputs) => {
                let outputs = outputs.columns_from(columns.start);
                each(sums, |r| outputs.row(rows(r), columns.len()), |sum, y| sum * slope(y))
            }
        }
    }

    /// Finishes a whole row of `c`.
    #[inline(always)]
    pub(crate) fn row(self, row: usize, c: &mut [F]) {
        match self {
            Self::Nothing => {}
            Self::Add(bias) => c.iter_mut().zip(bias).for_each(|(c, &bias)| *c += bias),
            Self::Rectify(bias) => c.iter_mut().zip(bias).for_each(|(c, &bias)| *c = rectified(*c + bias)),
            Self::Slope(outputs) => {
                let outputs = outputs.row(row, c.len());
                c.iter_mut().zip(outputs).for_each(|(c, &y)| *c *= slope(y));
            }
        }
    }
}

/// `f` of each sum and the number that belongs to it, those of a row of the tile being `beside` it.
#[inline(always)]
fn each<'a, V: Vector<Element: 'a>, const ROWS: usize, const VECTORS: usize>(
    sums: [[V; VECTORS]; ROWS],
    beside: impl Fn(usize) -> &'a [V::Element],
    f: impl Fn(V::Element, V::Element) -> V::Element,
) -> [[V; VECTORS]; ROWS] {
    from_fn(
        #[inline(always)]
        |r| {
            let beside = load::<V, VECTORS>(beside(r));
            from_fn(
                #[inline(always)]
                |v| sums[r][v].zip_with(beside[v], &f),
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, Zip};

    use super::*;
    use crate::{ThreadPool, affine, product, product_before_rectifier};

    fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
        let entry = |(i, j)| F::from_f64(((i * 31 + j * 17 + salt * 7) % 23) as f64 / 11.0 - 1.0);
        Array2::from_shape_fn((rows, columns), entry)
    }

    fn check<F: Real>() {
        // Tiles and vectors at the edge; many inputs, which members share; many of both.
        for (m, k, n) in [(1, 3, 1), (7, 5, 17), (13, 40, 64), (60, 784, 100), (201, 70, 131)] {
            let (a, b, bias) = (matrix::<F>(m, k, 1), matrix::<F>(k, n, 2), matrix::<F>(1, n, 3));
            let mut whole = Array2::zeros((m, n));
            product(&ThreadPool::single(), &a.view(), &b.view(), &mut whole.view_mut());
            let added = &whole + &bias;
            let outputs = matrix::<F>(m, n, 4).mapv(rectified);
            let sloped = Zip::from(&whole).and(&outputs).map_collect(|&sum, &y| sum * slope(y));
            assert!(added.iter().any(|sum| *sum < F::zero()) && outputs.iter().any(|y| *y == F::zero()));
            for members in 1..=4 {
                let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
                let of_units = (&b.view(), bias.as_slice().expect("a row"));
                let finished = |rectifies| {
                    let mut c = Array2::from_elem((m, n), F::nan());
                    affine(&pool, &a.view(), of_units, rectifies, &mut c.view_mut());
                    c
                };
                assert_eq!(finished(false), added, "{m} {k} {n}, {members} members");
                assert_eq!(finished(true), added.mapv(rectified), "{m} {k} {n}, {members} members");
                let mut dx = Array2::from_elem((m, n), F::nan());
                let factors = (&a.view(), &b.view());
                product_before_rectifier(&pool, factors, &outputs.view(), &mut dx.view_mut());
                assert_eq!(dx, sloped, "{m} {k} {n}, {members} members");
            }
        }
    }

    #[test]
    fn sums_are_finished_as_they_would_be_afterwards() {
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn a_rectifier_lets_bad_numbers_through() {
        assert!(rectified(f32::NAN).is_nan());
        assert_eq!(
            [f32::NEG_INFINITY, -1.0, 0.0, 2.0, f32::INFINITY].map(rectified),
            [0.0, 0.0, 0.0, 2.0, f32::INFINITY]
        );
    }

    #[test]
    fn a_rectifier_at_0_does_not_hide_a_bad_gradient() {
        assert_eq!([0.0, 1e-45, 3.0, f32::NAN].map(slope::<f32>), [0.0, 1.0, 1.0, 0.0]);
        let a = ndarray::array![[f32::INFINITY], [f32::NAN], [-2.0]];
        let (b, y) = (Array2::ones((1, 20)), Array2::zeros((3, 20)));
        let mut dx = Array2::zeros((3, 20));
        product_before_rectifier(
            &ThreadPool::single(),
            (&a.view(), &b.view()),
            &y.view(),
            &mut dx.view_mut(),
        );
        assert!(dx.rows().into_iter().take(2).flatten().all(|dx| dx.is_nan()), "{dx}");
        assert!(dx.row(2).iter().all(|&dx| dx == 0.0), "{dx}");
    }
}
