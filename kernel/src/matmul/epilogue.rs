//! What is done with the sums of a matrix product while they are in registers: bias and ReLU.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use crate::matrix_view::MatrixView;
use crate::real::Real;
use crate::simd::vector::Vector;

/// What is done with each element of `c = a b`.
#[derive(Clone, Copy)]
pub(crate) enum Epilogue<'a, F> {
    None,
    /// `c + bias`, with one bias for each column.
    Bias(&'a [F]),
    /// `max(0, c + bias)`.
    BiasRelu(&'a [F]),
    /// `c` times the derivative of a ReLU that has these outputs, of the shape of `c`.
    ReluMask(MatrixView<'a, F>),
}

/// `max(0, x)`; NaN stays.
#[inline(always)]
pub fn relu<F: Real>(x: F) -> F {
    if x < F::zero() { F::zero() } else { x }
}

/// The derivative of [`relu`] by its output `y`; 0 at 0.
#[inline(always)]
pub fn relu_derivative<F: Real>(y: F) -> F {
    if y > F::zero() { F::one() } else { F::zero() }
}

impl<F: Real> Epilogue<'_, F> {
    /// Applies it to a tile, which is in these rows and columns of `c`.
    #[inline(always)]
    pub(crate) fn tile<V: Vector<Element = F>, const ROWS: usize, const VECTORS: usize>(
        self,
        sums: [[V; VECTORS]; ROWS],
        rows: impl Fn(usize) -> usize,
        columns: Range<usize>,
    ) -> [[V; VECTORS]; ROWS] {
        match self {
            Self::None => sums,
            Self::Bias(bias) => {
                let bias = load(&bias[columns]);
                each(sums, |_| bias, |sum, bias| sum + bias)
            }
            Self::BiasRelu(bias) => {
                let bias = load(&bias[columns]);
                each(sums, |_| bias, |sum, bias| relu(sum + bias))
            }
            Self::ReluMask(outputs) => {
                let outputs = outputs.columns_from(columns.start);
                each(
                    sums,
                    #[inline(always)]
                    |r| load(outputs.row(rows(r), columns.len())),
                    |sum, y| sum * relu_derivative(y),
                )
            }
        }
    }

    /// Applies it to a whole row of `c`.
    #[inline(always)]
    pub(crate) fn row(self, row: usize, c: &mut [F]) {
        match self {
            Self::None => {}
            Self::Bias(bias) => c.iter_mut().zip(bias).for_each(|(c, &bias)| *c += bias),
            Self::BiasRelu(bias) => c.iter_mut().zip(bias).for_each(|(c, &bias)| *c = relu(*c + bias)),
            Self::ReluMask(outputs) => {
                let outputs = outputs.row(row, c.len());
                c.iter_mut().zip(outputs).for_each(|(c, &y)| *c *= relu_derivative(y));
            }
        }
    }
}

/// `f` of each sum and its operand; `operands` gives those of a row of the tile.
#[inline(always)]
fn each<V: Vector, const ROWS: usize, const VECTORS: usize>(
    mut sums: [[V; VECTORS]; ROWS],
    operands: impl Fn(usize) -> [V; VECTORS],
    f: impl Fn(V::Element, V::Element) -> V::Element,
) -> [[V; VECTORS]; ROWS] {
    for (r, sums) in sums.iter_mut().enumerate() {
        let operands = operands(r);
        for (sum, operand) in sums.iter_mut().zip(operands) {
            *sum = sum.zip_with(operand, &f);
        }
    }
    sums
}

/// The numbers of one row of a tile, which may end within the last vector.
#[inline(always)]
pub(crate) fn load<V: Vector, const VECTORS: usize>(row: &[V::Element]) -> [V; VECTORS] {
    let (whole, rest) = row.split_at((VECTORS - 1) * V::LANES);
    std::array::from_fn(
        #[inline(always)]
        |v| if v < VECTORS - 1 { V::load(&whole[v * V::LANES..]) } else { V::load_front(rest) },
    )
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, Zip};

    use super::*;
    use crate::matmul::{affine, affine_backward, affine_relu, matmul};
    use crate::parallel::thread_pool::ThreadPool;

    fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
        let entry = |(i, j)| F::from_f64(((i * 31 + j * 17 + salt * 7) % 23) as f64 / 11.0 - 1.0);
        Array2::from_shape_fn((rows, columns), entry)
    }

    fn check<F: Real>() {
        // Tiles and vectors at the edge; many inputs, which are divided among threads; many of both.
        for (m, k, n) in [(1, 3, 1), (7, 5, 17), (13, 40, 64), (60, 784, 100), (201, 70, 131)] {
            let (a, b, bias) = (matrix::<F>(m, k, 1), matrix::<F>(k, n, 2), matrix::<F>(1, n, 3));
            let mut whole = Array2::zeros((m, n));
            matmul(&ThreadPool::single(), &a.view(), &b.view(), &mut whole.view_mut());
            let added = &whole + &bias;
            let outputs = matrix::<F>(m, n, 4).mapv(relu);
            // The weights are transposed, so their sums are not taken in parts.
            let (w, mut sums) = (b.t().as_standard_layout().into_owned(), Array2::zeros((m, n)));
            matmul(&ThreadPool::single(), &a.view(), &w.t(), &mut sums.view_mut());
            let masked = Zip::from(&sums).and(&outputs).map_collect(|&sum, &y| sum * relu_derivative(y));
            assert!(added.iter().any(|sum| *sum < F::zero()) && outputs.iter().any(|y| *y == F::zero()));
            for threads in 1..=4 {
                let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
                let (a, b, bias) = (a.view(), b.view(), bias.as_slice().expect("a row"));
                let [mut y, mut y_relu, mut dx] = [(); 3].map(|()| Array2::from_elem((m, n), F::nan()));
                affine(&pool, &a, b.into(), Some(bias), &mut y.view_mut());
                assert_eq!(y, added, "{m} {k} {n}, {threads} threads");
                affine_relu(&pool, &a, b.into(), bias, &mut y_relu.view_mut());
                assert_eq!(y_relu, added.mapv(relu), "{m} {k} {n}, {threads} threads");
                let outputs = outputs.view();
                affine_backward(&pool, &a, w.view().into(), Some(&outputs), &mut dx.view_mut());
                assert_eq!(dx, masked, "{m} {k} {n}, {threads} threads");
            }
        }
    }

    #[test]
    fn the_epilogue_equals_a_separate_pass() {
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn relu_keeps_nan() {
        assert!(relu(f32::NAN).is_nan());
        assert_eq!(
            [f32::NEG_INFINITY, -1.0, 0.0, 2.0, f32::INFINITY].map(relu),
            [0.0, 0.0, 0.0, 2.0, f32::INFINITY]
        );
    }

    #[test]
    fn the_relu_mask_does_not_hide_nan() {
        assert_eq!([0.0, 1e-45, 3.0, f32::NAN].map(relu_derivative::<f32>), [0.0, 1.0, 1.0, 0.0]);
        let a = ndarray::array![[f32::INFINITY], [f32::NAN], [-2.0]];
        let (w, y) = (Array2::ones((20, 1)), Array2::zeros((3, 20)));
        let mut dx = Array2::zeros((3, 20));
        affine_backward(
            &ThreadPool::single(),
            &a.view(),
            w.view().into(),
            Some(&y.view()),
            &mut dx.view_mut(),
        );
        assert!(dx.rows().into_iter().take(2).flatten().all(|dx| dx.is_nan()), "{dx}");
        assert!(dx.row(2).iter().all(|&dx| dx == 0.0), "{dx}");
    }
}
