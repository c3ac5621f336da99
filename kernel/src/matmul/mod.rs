//! Matrix products.
//!
//! The columns of `c = a b` are computed panel by panel. The part of `b` that a panel needs is packed once
//! into contiguous memory; then tiles of `c`, a few rows by a few vectors, are accumulated in registers.
//!
//! Every element of `c` is one sum, taken in the order of the inner index with one rounding per term (fused
//! multiply-add, where the processor has it). Only for many inputs and few units, in `y = x W`, it is taken
//! in [`PARTS`] parts, which are then added in order. An element therefore depends on its row of `a`, its
//! column of `b` and the number of columns alone: not on the other rows of a batch, on blocking or on
//! threads.

mod block_tile;
mod epilogue;
mod pack;
mod scratch;
mod tile;

use std::sync::atomic::AtomicBool;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::blocks::RowBlocks;
use crate::matmul::epilogue::Epilogue;
pub use crate::matmul::epilogue::{relu, relu_derivative};
use crate::matmul::pack::Operand;
use crate::matmul::scratch::{PANEL, STACK, SUMS, buffer, with_scratch};
use crate::matmul::tile::{MatmulTask, multiply};
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::{EqualParts, par_chunks, par_tiles};
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::{SimdLevel, simd_level, with_simd};

/// Parts of a long sum.
const PARTS: usize = 4;

/// The least length of a sum that is taken in parts.
const LONG: usize = 512;

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
/// the numbers are in registers.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `dy`: `(n, units)`; `dw`: `(inputs, units)`, in row-major layout.
///
/// # Panics
///
/// As [`matmul`].
pub(crate) fn matmul_tn<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    dy: &ArrayView2<'_, F>,
    dw: &mut ArrayViewMut2<'_, F>,
) -> bool {
    gradient_of_weights(pool, x, dy, None, dw)
}

/// [`matmul_tn`] with sums in these blocks of the rows, which are all that `x` and `dy` have; they are a branch of the
/// [tree](crate::blocks) in which they are added.
pub(crate) fn matmul_tn_blocks<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    dy: &ArrayView2<'_, F>,
    blocks: RowBlocks,
    dw: &mut ArrayViewMut2<'_, F>,
) -> bool {
    assert_eq!(blocks.rows().len(), x.nrows(), "rows of the blocks");
    gradient_of_weights(pool, x, dy, Some(blocks), dw)
}

fn gradient_of_weights<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    dy: &ArrayView2<'_, F>,
    blocks: Option<RowBlocks>,
    dw: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let not_finite = AtomicBool::new(false);
    Matmul { blocks, not_finite: Some(&not_finite), ..Matmul::new(&x.t(), dy) }.compute(pool, dw);
    !not_finite.into_inner()
}

/// The gradient of the input of a ReLU, whose outputs `y` are the input of an affine layer: `dx = a b` where
/// `y` is positive, and 0 elsewhere.
///
/// # Shapes
///
/// As those of [`matmul`], with `y` and `dx` like its `c`, both in row-major layout.
///
/// # Panics
///
/// As [`matmul`].
pub(crate) fn matmul_relu_backward<F: Real>(
    pool: &ThreadPool,
    a: &ArrayView2<'_, F>,
    b: &ArrayView2<'_, F>,
    y: &ArrayView2<'_, F>,
    dx: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(y.dim(), dx.dim(), "shapes of a matrix product");
    Matmul { epilogue: Epilogue::ReluMask(MatrixView::new(y)), ..Matmul::new(a, b) }.compute(pool, dx);
}

/// The output of an affine layer, `y = x w + bias`.
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
    weights: &ArrayView2<'_, F>,
    bias: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(bias.len(), weights.ncols(), "shapes of a matrix product");
    Matmul { epilogue: Epilogue::Bias(bias), ..Matmul::new(x, weights) }.compute(pool, y);
}

/// The output of an affine layer and the ReLU after it, `y = max(0, x w + bias)`.
///
/// Shapes and panics are those of [`affine`].
pub(crate) fn affine_relu<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    weights: &ArrayView2<'_, F>,
    bias: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(bias.len(), weights.ncols(), "shapes of a matrix product");
    Matmul { epilogue: Epilogue::BiasRelu(bias), ..Matmul::new(x, weights) }.compute(pool, y);
}

/// A matrix product to compute.
struct Matmul<'a, F> {
    a: &'a ArrayView2<'a, F>,
    b: &'a ArrayView2<'a, F>,
    epilogue: Epilogue<'a, F>,
    /// The blocks of the inner index in which sums are taken, if `a` is transposed.
    blocks: Option<RowBlocks>,
    /// Set if a sum is not finite.
    not_finite: Option<&'a AtomicBool>,
}

impl<'a, F: Real> Matmul<'a, F> {
    fn new(a: &'a ArrayView2<'a, F>, b: &'a ArrayView2<'a, F>) -> Self {
        Self { a, b, epilogue: Epilogue::None, blocks: None, not_finite: None }
    }

    fn compute(self, pool: &ThreadPool, c: &mut ArrayViewMut2<'_, F>) {
        let Self { a, b, epilogue, blocks, not_finite } = self;
        let ((m, k), n) = (a.dim(), b.ncols());
        assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "shapes of a matrix product");
        let (a, b) = (Operand::new(a), Operand::new(b));
        // A single row or column looks as if it was not transposed.
        let a = if blocks.is_some() { Operand { stride: m, transposed: true, ..a } } else { a };
        // In the time that a loop takes for one number, about 32 terms are added.
        let cost = m * k * n / 32;
        let is_long = !a.transposed && !b.transposed && k >= LONG && k >= PARTS * n;
        let parts = if is_long { PARTS } else { 1 };
        let whole = MatmulTask {
            a,
            b,
            inner: 0..k,
            blocks,
            first_row: 0,
            first_column: 0,
            accumulate: false,
            epilogue,
            not_finite,
        };
        let inner = |part: usize| k * part / parts..k * (part + 1) / parts;
        // The parts of a long sum can be divided among the threads themselves. Each thread then has rows of
        // the weights to itself, the same ones for which it computes the gradient and the update: no core
        // waits for weights that another one has changed. The threads exchange sums, which are no more than
        // the weights.
        let divides = pool.threads() > 1 && PARTS.is_multiple_of(pool.threads());
        if is_long && divides && PARTS * m <= k && !c.is_empty() {
            return with_scratch(&SUMS, |sums| {
                let size = m * n;
                let sums = buffer(sums, PARTS * size);
                par_chunks(pool, PARTS, cost, EqualParts::new(sums, size), |numbers, outputs| {
                    for (part, output) in numbers.zip(outputs.into_parts()) {
                        let output = ArrayViewMut2::from_shape((m, n), output).expect("the size of a part");
                        let task =
                            MatmulTask { inner: inner(part), epilogue: Epilogue::None, ..whole.clone() };
                        run(task, &mut MatrixViewMut::new(output));
                    }
                });
                add_in_order(sums, c, epilogue);
            });
        }
        par_tiles(pool, cost, [c.view_mut()], |rows, columns, [mut c]| {
            for part in 0..parts {
                let task = MatmulTask {
                    inner: inner(part),
                    first_row: rows.start,
                    first_column: columns.start,
                    accumulate: part > 0,
                    epilogue: if part + 1 < parts { Epilogue::None } else { epilogue },
                    ..whole.clone()
                };
                run(task, &mut c);
            }
        });
    }
}

fn run<F: Real>(task: MatmulTask<'_, F>, c: &mut MatrixViewMut<'_, F>) {
    // Six rows by this many vectors fill the registers: 32 of them with AVX-512, else 16.
    with_scratch(&PANEL, |panel| {
        with_scratch(&STACK, |stack| match simd_level() {
            SimdLevel::Avx512 => multiply::<F::Avx512, 4>(&task, c, panel, stack),
            SimdLevel::Avx2 => multiply::<F::Avx2, 2>(&task, c, panel, stack),
            SimdLevel::Baseline => multiply::<F::Baseline, 2>(&task, c, panel, stack),
        });
    });
}

/// Sets `c` to the sum of matrices of its size, and applies the epilogue.
fn add_in_order<F: Real>(matrices: &[F], c: &mut ArrayViewMut2<'_, F>, epilogue: Epilogue<'_, F>) {
    let width = c.ncols();
    let c = c.as_slice_mut().expect("outputs are in row-major layout");
    let (first, others) = matrices.split_at(c.len());
    with_simd(
        #[inline(always)]
        || {
            c.copy_from_slice(first);
            for other in others.chunks_exact(c.len()) {
                c.iter_mut().zip(other).for_each(|(c, &other)| *c += other);
            }
            for (row, sums) in c.chunks_exact_mut(width).enumerate() {
                epilogue.row(row, sums);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, s};

    use super::*;

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
    fn matmul_tn_finds_one_bad_number_at_any_place() {
        let pool = ThreadPool::new(NonZeroUsize::new(2).expect("two"));
        // By rows and by columns, with and without a partial vector at the end.
        for (n, inputs, units) in [(5, 3, 2), (40, 100, 64), (40, 100, 130), (33, 70, 7)] {
            let (x, dy) = (matrix::<f32>(n, inputs, 1), matrix::<f32>(n, units, 2));
            let mut dw = Array2::zeros((inputs, units));
            let mut is_finite = |x: &Array2<f32>, dy: &Array2<f32>| {
                let is_finite = matmul_tn(&pool, &x.view(), &dy.view(), &mut dw.view_mut());
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
