//! Matrix products.
//!
//! The columns of `c = a b` are computed panel by panel. The part of `b` that a panel needs is packed once
//! into contiguous memory; then tiles of `c`, a few rows by a few vectors, are accumulated in registers.
//!
//! Every element of `c` is one sum, taken in the order of the inner index with one rounding per term (fused
//! multiply-add, where the processor has it). Only for many inputs and few units, in `y = x W`, it is taken
//! in [`PARTS`](product::PARTS) parts, which are then added in order. An element therefore depends on its row of `a`, its
//! column of `b` and the number of columns alone: not on the other rows of a batch, on tiles or on
//! threads. The gradient of weights can be taken in [blocks](crate::blocks) of the rows: a sum for each, added in
//! their tree.

mod block_tile;
mod epilogue;
mod pack;
mod product;
mod scratch;
mod tile;

use std::sync::atomic::AtomicBool;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::blocks::RowBlocks;
use crate::matmul::epilogue::Epilogue;
pub use crate::matmul::epilogue::{relu, relu_derivative};
pub use crate::matmul::pack::ColumnTransform;
use crate::matmul::pack::Operand;
use crate::matmul::product::Matmul;
use crate::matrix_view::MatrixView;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;

/// `c = a b`.
///
/// # Shapes
///
/// `a`: `(m, k)`; `b`: `(k, n)`; `c`: `(m, n)`, with `c` in row-major layout. `a` and `b` may be
/// transposed views of arrays in row-major layout, at about the same speed.
///
/// # Panics
///
/// If the shapes do not fit, or an array has another layout.
pub(crate) fn matmul<F: Real>(
    pool: &ThreadPool,
    a: &ArrayView2<'_, F>,
    b: &ArrayView2<'_, F>,
    c: &mut ArrayViewMut2<'_, F>,
) {
    Matmul::new(a, b).compute(pool, c);
}

/// The gradient of the weights, `dw = x' dy`. Returns whether all of it is finite, which costs little while
/// the numbers are in registers. With `blocks`, it is taken in these blocks of the rows, which are all that `x` and `dy`
/// have; they are a branch of the [tree](crate::blocks) in which their sums are added.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `dy`: `(n, units)`; `dw`: `(inputs, units)`, in row-major layout.
///
/// # Panics
///
/// As [`matmul`].
pub(crate) fn weight_gradient<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    dy: &ArrayView2<'_, F>,
    blocks: Option<RowBlocks>,
    dw: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let not_finite = AtomicBool::new(false);
    let matmul = Matmul::weight_gradient(x, dy, blocks);
    Matmul { not_finite: Some(&not_finite), ..matmul }.compute(pool, dw);
    !not_finite.into_inner()
}

/// The weights of an affine layer, `(inputs, units)`.
#[derive(Clone, Copy)]
pub struct Weights<'a, F> {
    /// As they are stored.
    pub values: ArrayView2<'a, F>,
    /// What makes [normalized](crate::NormalizedWeights) weights of them; a column is a unit.
    ///
    /// It is done while they are packed, so that these weights are never in memory.
    pub transform: Option<ColumnTransform<'a, F>>,
}

impl<'a, F> From<ArrayView2<'a, F>> for Weights<'a, F> {
    fn from(values: ArrayView2<'a, F>) -> Self {
        Self { values, transform: None }
    }
}

/// The output of an affine layer, `y = x w + bias`; without a bias, `y = x w`.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `weights`: `(inputs, units)`; `bias`: `units`; `y`: `(n, units)`, in row-major layout.
///
/// # Panics
///
/// As [`matmul`].
pub(crate) fn affine<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    weights: Weights<'_, F>,
    bias: Option<&[F]>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    forward(pool, x, weights, bias.map_or(Epilogue::None, Epilogue::Bias), y);
}

/// The output of an affine layer and the ReLU after it, `y = max(0, x w + bias)`.
///
/// Shapes and panics are those of [`affine`].
pub(crate) fn affine_relu<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    weights: Weights<'_, F>,
    bias: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    forward(pool, x, weights, Epilogue::BiasRelu(bias), y);
}

fn forward<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    Weights { values, transform }: Weights<'_, F>,
    epilogue: Epilogue<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    if let Epilogue::Bias(bias) | Epilogue::BiasRelu(bias) = epilogue {
        assert_eq!(bias.len(), values.ncols(), "shapes of a matrix product");
    }
    let matmul = Matmul::new(x, &values);
    Matmul { b: Operand { transform, ..matmul.b }, epilogue, ..matmul }.compute(pool, y);
}

/// The gradient of the input of an affine layer, `dx = dy w'`. If the input is the output of a ReLU, `relu_output`, it is
/// the gradient of the input of that: 0 where the output is not positive.
///
/// # Shapes
///
/// `dy`: `(n, units)`; `weights`: `(inputs, units)`; `relu_output`, `dx`: `(n, inputs)`, in row-major layout.
///
/// # Panics
///
/// As [`matmul`].
pub(crate) fn affine_backward<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    Weights { values, transform }: Weights<'_, F>,
    relu_output: Option<&ArrayView2<'_, F>>,
    dx: &mut ArrayViewMut2<'_, F>,
) {
    assert!(relu_output.is_none_or(|output| output.dim() == dx.dim()), "shapes of a matrix product");
    let epilogue = relu_output.map_or(Epilogue::None, |output| Epilogue::ReluMask(MatrixView::new(output)));
    let matmul = Matmul::by_transpose(dy, &values, transform);
    Matmul { epilogue, ..matmul }.compute(pool, dx);
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, s};

    use super::*;
    use crate::matmul::product::{LONG, PARTS};

    fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
        let entry = |(i, j)| F::from_f64(((i * 31 + j * 17 + salt * 7) % 23) as f64 / 11.0 - 1.0);
        Array2::from_shape_fn((rows, columns), entry)
    }

    fn naive<F: Real>(a: &ArrayView2<'_, F>, b: &ArrayView2<'_, F>) -> Array2<f64> {
        let entry = |(i, j)| (0..a.ncols()).map(|p| a[[i, p]].to_f64() * b[[p, j]].to_f64()).sum();
        Array2::from_shape_fn((a.nrows(), b.ncols()), entry)
    }

    fn check<F: Real>(tolerance: f64) {
        for m in [1, 2, 5, 6, 7, 13] {
            for k in [1, 3, 16, 17, 40] {
                for n in [1, 2, 8, 15, 16, 17, 33, 48, 63, 64, 65, 130] {
                    let (a, at) = (matrix::<F>(m, k, 1), matrix::<F>(k, m, 2));
                    let (b, bt) = (matrix::<F>(k, n, 3), matrix::<F>(n, k, 4));
                    for (a, b) in
                        [(a.view(), b.view()), (at.t(), b.view()), (a.view(), bt.t()), (at.t(), bt.t())]
                    {
                        let mut c = Array2::from_elem((m, n), F::nan());
                        matmul(&ThreadPool::single(), &a, &b, &mut c.view_mut());
                        let error =
                            (c.mapv(Real::to_f64) - naive(&a, &b)).fold(0.0, |max: f64, e| max.max(e.abs()));
                        // Each of the k terms is at most 1 and rounded once.
                        assert!(error <= tolerance * k as f64, "{m} {k} {n}: {error:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn agrees_with_sums_in_double_precision() {
        check::<f32>(1.2e-7);
        check::<f64>(2.3e-16);
    }

    #[test]
    fn long_sums_are_right_and_the_same_whatever_the_team_and_the_batch() {
        // The first two batches are divided by parts of the sum, the others have too many rows for it.
        for (m, k, n) in [(60, 784, 100), (128, 515, 17), (129, 515, 17), (300, 512, 128)] {
            let (a, b) = (matrix::<f32>(m, k, 1), matrix::<f32>(k, n, 2));
            let mut whole = Array2::zeros((m, n));
            matmul(&ThreadPool::single(), &a.view(), &b.view(), &mut whole.view_mut());
            let error = (whole.mapv(f64::from) - naive(&a.view(), &b.view()))
                .fold(0.0, |max: f64, e| max.max(e.abs()));
            // Each term is at most 1 and rounded once, and so is each part.
            assert!(error <= 1.2e-7 * (k + PARTS) as f64, "{m} {k} {n}: {error:e}");
            for threads in 2..=5 {
                let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
                let mut shared = Array2::from_elem((m, n), f32::NAN);
                matmul(&pool, &a.view(), &b.view(), &mut shared.view_mut());
                assert_eq!(shared, whole, "{m} {k} {n}, {threads} threads");
            }
            let mut few = Array2::zeros((2, n));
            matmul(&ThreadPool::single(), &a.slice(s![3..5, ..]), &b.view(), &mut few.view_mut());
            assert_eq!(few, whole.slice(s![3..5, ..]), "{m} {k} {n}");
        }
    }

    #[test]
    fn empty_outputs_are_allowed() {
        let pool = ThreadPool::new(NonZeroUsize::new(2).expect("two"));
        for (m, n) in [(0, 10), (10, 0), (0, 0)] {
            let (a, b) = (matrix::<f32>(m, LONG, 1), matrix::<f32>(LONG, n, 2));
            matmul(&pool, &a.view(), &b.view(), &mut Array2::zeros((m, n)).view_mut());
        }
    }

    #[test]
    fn weight_gradient_finds_one_bad_number_at_any_place() {
        let pool = ThreadPool::new(NonZeroUsize::new(2).expect("two"));
        // By rows and by columns, with and without a partial vector at the end.
        for (n, inputs, units) in [(5, 3, 2), (40, 100, 64), (40, 100, 130), (33, 70, 7)] {
            let (x, dy) = (matrix::<f32>(n, inputs, 1), matrix::<f32>(n, units, 2));
            let mut dw = Array2::zeros((inputs, units));
            let mut is_finite = |x: &Array2<f32>, dy: &Array2<f32>| {
                let is_finite = weight_gradient(&pool, &x.view(), &dy.view(), None, &mut dw.view_mut());
                let sums = dw.iter().all(|sum| sum.is_finite());
                assert_eq!(is_finite, sums, "{n} {inputs} {units}");
                is_finite
            };
            assert!(is_finite(&x, &dy));
            for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
                for place in [[0, 0], [n - 1, units - 1], [n / 2, units / 2]] {
                    let mut dy = dy.clone();
                    dy[place] = bad;
                    // The largest number is finite, four times it is not.
                    assert!(!is_finite(&(&x * 4.0 + 5.0), &dy), "{bad} at {place:?}");
                }
            }
        }
    }

    #[test]
    fn an_element_depends_on_its_row_and_column_alone() {
        let (a, b) = (matrix::<f32>(97, 150, 1), matrix::<f32>(150, 100, 2));
        let mut whole = Array2::zeros((97, 100));
        matmul(&ThreadPool::single(), &a.view(), &b.view(), &mut whole.view_mut());
        let pool = ThreadPool::new(NonZeroUsize::new(3).expect("three"));
        for rows in [0..1, 3..4, 5..96] {
            for columns in [0..100, 0..1, 7..90] {
                let mut part = Array2::zeros((rows.len(), columns.len()));
                let b = b.slice(s![.., columns.clone()]).to_owned();
                matmul(&pool, &a.slice(s![rows.clone(), ..]), &b.view(), &mut part.view_mut());
                assert_eq!(part, whole.slice(s![rows.clone(), columns]));
            }
        }
    }
}
