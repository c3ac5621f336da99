//! Divides a matrix product among threads, and long sums into parts.

use std::sync::atomic::AtomicBool;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::blocks::RowBlocks;
use crate::matmul::epilogue::Epilogue;
use crate::matmul::pack::{ColumnTransform, Operand};
use crate::matmul::scratch::{PANEL, STACK, SUMS, buffer, with_scratch};
use crate::matmul::tile::{MatmulTask, multiply};
use crate::matrix_view::MatrixViewMut;
use crate::parallel::partition::{EqualParts, even_part, par_chunks, par_tiles};
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::{SimdLevel, simd_level, with_simd};

/// Parts of a long sum.
pub(crate) const PARTS: usize = 4;

/// The least length of a sum that is taken in parts.
pub(crate) const LONG: usize = 512;

/// A matrix product to compute.
pub(crate) struct Matmul<'a, F> {
    pub(crate) a: Operand<'a, F>,
    pub(crate) b: Operand<'a, F>,
    /// Rows of `a`, terms of each sum, columns of `b`.
    pub(crate) shape: [usize; 3],
    pub(crate) epilogue: Epilogue<'a, F>,
    /// The blocks of the inner index in which sums are taken, if `a` is transposed.
    pub(crate) blocks: Option<RowBlocks>,
    /// Set if an element is not finite.
    pub(crate) not_finite: Option<&'a AtomicBool>,
}

impl<'a, F: Real> Matmul<'a, F> {
    pub(crate) fn new(a: &'a ArrayView2<'a, F>, b: &'a ArrayView2<'a, F>) -> Self {
        Self::of([a.nrows(), a.ncols()], Operand::new(a), [b.nrows(), b.ncols()], Operand::new(b))
    }

    /// `a b'` for row-major `b`, with something done to each number of it.
    pub(crate) fn by_transpose(
        a: &'a ArrayView2<'a, F>,
        b: &'a ArrayView2<'a, F>,
        transform: Option<ColumnTransform<'a, F>>,
    ) -> Self {
        let transpose = Operand { transform, ..Operand::transpose(b) };
        Self::of([a.nrows(), a.ncols()], Operand::new(a), [b.ncols(), b.nrows()], transpose)
    }

    /// `x' dy`, with sums in `blocks` of the rows.
    pub(crate) fn weight_gradient(
        x: &'a ArrayView2<'a, F>,
        dy: &'a ArrayView2<'a, F>,
        blocks: Option<RowBlocks>,
    ) -> Self {
        assert!(blocks.is_none_or(|blocks| blocks.rows().len() == x.nrows()), "rows of the blocks");
        let matmul = Self::of(
            [x.ncols(), x.nrows()],
            Operand::transpose(x),
            [dy.nrows(), dy.ncols()],
            Operand::new(dy),
        );
        Self { blocks, ..matmul }
    }

    fn of([m, k]: [usize; 2], a: Operand<'a, F>, [rows, n]: [usize; 2], b: Operand<'a, F>) -> Self {
        assert_eq!(k, rows, "shapes of a matrix product");
        Self { a, b, shape: [m, k, n], epilogue: Epilogue::None, blocks: None, not_finite: None }
    }

    /// What a thread does of it, from the first row and column on.
    fn task(&self) -> MatmulTask<'a, F> {
        let &Self { a, b, shape: [_, k, _], epilogue, blocks, not_finite } = self;
        let inner = 0..k;
        MatmulTask {
            a,
            b,
            inner,
            blocks,
            first_row: 0,
            first_column: 0,
            accumulate: false,
            epilogue,
            not_finite,
        }
    }

    pub(crate) fn compute(self, pool: &ThreadPool, c: &mut ArrayViewMut2<'_, F>) {
        let Self { a, b, shape: [m, k, n], epilogue, .. } = self;
        assert_eq!(c.dim(), (m, n), "shapes of a matrix product");
        // In the time that a loop takes for one number, about 32 terms are added.
        let cost = m * k * n / 32;
        let is_long = !a.transposed && !b.transposed && k >= LONG && k >= PARTS * n;
        let parts = if is_long { PARTS } else { 1 };
        let whole = self.task();
        let inner = |part: usize| even_part(k, parts, part);
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

/// Computes the task.
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
