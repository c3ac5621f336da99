//! Matrix products.
//!
//! The columns of `c = a b` are computed panel by panel. The part of `b` that a panel needs is
//! copied beside itself once; then tiles, some rows by some vectors of `c`, are held in registers
//! while the products are added up.
//!
//! Every element of `c` is one sum, taken in the order of the inner index with one rounding per
//! term (fused multiply-add, where the processor has it). It therefore depends on its own row of
//! `a` and its own column of `b` alone: not on the other rows of a batch, on blocking or on
//! threads.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::any::Any;
use std::cell::RefCell;
use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use super::aligned::{spare, start};
use super::blocks::{LINE, Lines, each_block};
use super::rows::RowsMut;
use super::vector::{Vector, prefetch};
use super::{Level, Team, level};
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
pub fn product<F: Real>(
    team: &Team,
    a: &ArrayView2<'_, F>,
    b: &ArrayView2<'_, F>,
    c: &mut ArrayViewMut2<'_, F>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "shapes of a product");
    let (a, b) = (Operand::new(a), Operand::new(b));
    // Products are added up some 32 in the time that a loop takes for one number.
    let cost = m * k * n / 32;
    let compute = |task: Task<'_, F>, mut c: RowsMut<'_, F>| {
        // Six rows by this many vectors fill the registers: 32 of them with AVX-512, else 16.
        with_panel(|panel| match level() {
            Level::Avx512 => multiply::<F::Avx512, 4>(task, &mut c, panel),
            Level::Avx2 => multiply::<F::Avx2, 2>(task, &mut c, panel),
            Level::Baseline => multiply::<F::Baseline, 2>(task, &mut c, panel),
        });
    };
    // The gradient of weights, `x' dy`, is shared out by rows, as the update of the weights is. Every
    // member then copies all panels of `dy`, which is little beside many rows, but not beside few. Of
    // a few columns, such as scores, there is no part for everyone.
    if a.transposed && m >= n || n <= LINE {
        each_block(team, m, cost, Lines(c.view_mut()), |rows, Lines(c)| {
            compute(Task { a, b, k, row: rows.start, column: 0 }, RowsMut::new(c));
        });
    } else {
        each_block(team, n, cost, RowsMut::new(c.view_mut()), |columns, c| {
            compute(Task { a, b, k, row: 0, column: columns.start }, c);
        });
    }
}

/// What a member computes: some rows or some columns of `a b`.
#[derive(Clone, Copy)]
struct Task<'a, F> {
    a: Operand<'a, F>,
    b: Operand<'a, F>,
    /// The inner length.
    k: usize,
    /// The row of `a` that belongs to the first one of `c`.
    row: usize,
    /// The column of `b` that belongs to the first one of `c`.
    column: usize,
}

/// A matrix whose rows or columns are contiguous.
#[derive(Clone, Copy)]
struct Operand<'a, F> {
    data: &'a [F],
    /// From one row (or column) to the next.
    stride: usize,
    transposed: bool,
}

impl<'a, F: Real> Operand<'a, F> {
    fn new(array: &'a ArrayView2<'_, F>) -> Self {
        if let Some(data) = array.as_slice() {
            return Self { data, stride: array.ncols(), transposed: false };
        }
        // Column-major: the memory order is that of the transpose.
        let data = array.as_slice_memory_order().filter(|_| array.stride_of(Axis(0)) == 1);
        Self {
            data: data.expect("operands are in row-major layout or transposed"),
            stride: array.nrows(),
            transposed: true,
        }
    }
}

/// Calls `body` with this thread's panel, so that memory is asked for only while panels grow.
fn with_panel<F: Real>(body: impl FnOnce(&mut Vec<F>)) {
    thread_local! {
        static PANEL: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
    }
    PANEL.with_borrow_mut(|panel| {
        if !panel.as_ref().is_some_and(|panel| panel.is::<Vec<F>>()) {
            *panel = Some(Box::new(Vec::<F>::new()));
        }
        body(panel.as_mut().and_then(|panel| panel.downcast_mut()).expect("it was just made"));
    });
}

/// All panels of `c`, each up to `VECTORS` vectors wide.
///
/// Copying a panel and each tile are functions of their own, compiled for the vectors: between them,
/// nothing competes for their registers.
fn multiply<V: Vector<Element: Real>, const VECTORS: usize>(
    task: Task<'_, V::Element>,
    c: &mut RowsMut<'_, V::Element>,
    panel: &mut Vec<V::Element>,
) {
    let (n, widest) = (c.width(), VECTORS * V::LANES);
    let size = task.k * widest;
    if panel.len() < size + spare::<V::Element>() {
        panel.resize(size + spare::<V::Element>(), num_traits::zero());
    }
    let first = start(panel);
    let panel = &mut panel[first..][..size];
    for start in (0..n).step_by(widest) {
        let columns = start..n.min(start + widest);
        match columns.len().div_ceil(V::LANES) {
            1 => one_panel::<V, 1>(task, c, columns, panel),
            2 => one_panel::<V, 2>(task, c, columns, panel),
            3 => one_panel::<V, 3>(task, c, columns, panel),
            _ => one_panel::<V, 4>(task, c, columns, panel),
        }
    }
}

/// Some columns of `c`, in tiles of six rows and lower ones at the edge.
fn one_panel<V: Vector<Element: Real>, const VECTORS: usize>(
    task: Task<'_, V::Element>,
    c: &mut RowsMut<'_, V::Element>,
    columns: Range<usize>,
    panel: &mut [V::Element],
) {
    let panel = &mut panel[..task.k * VECTORS * V::LANES];
    let of_b = task.column + columns.start..task.column + columns.end;
    V::compiled(
        #[inline(always)]
        || pack::<V, VECTORS>(task.b, of_b, panel),
    );
    let m = c.count();
    let mut row = 0;
    while row < m {
        let place = (row, columns.clone());
        row += V::compiled(
            #[inline(always)]
            || match m - row {
                ..=2 => one_tile::<V, 2, VECTORS>(task, c, place, panel),
                3..=4 => one_tile::<V, 4, VECTORS>(task, c, place, panel),
                _ => one_tile::<V, 6, VECTORS>(task, c, place, panel),
            },
        );
    }
}

/// Some columns of the rows from `row` on, as many as a tile has, which it returns. Beyond the last
/// row of `c` it computes that one again, and stores it once.
#[inline(always)]
fn one_tile<V: Vector<Element: Real>, const ROWS: usize, const VECTORS: usize>(
    Task { a, k, row: above, .. }: Task<'_, V::Element>,
    c: &mut RowsMut<'_, V::Element>,
    (row, columns): (usize, Range<usize>),
    panel: &[V::Element],
) -> usize {
    let last = c.count() - 1;
    let sums = if !a.transposed {
        let rows: [&[V::Element]; ROWS] =
            std::array::from_fn(|r| &a.data[(above + (row + r).min(last)) * a.stride..][..k]);
        tile::<V, ROWS, VECTORS>(
            panel,
            #[inline(always)]
            |r, p| rows[r][p],
        )
    } else if row + ROWS <= c.count() {
        let columns = &a.data[above + row..];
        tile::<V, ROWS, VECTORS>(
            panel,
            #[inline(always)]
            |r, p| columns[p * a.stride + r],
        )
    } else {
        tile::<V, ROWS, VECTORS>(
            panel,
            #[inline(always)]
            |r, p| a.data[p * a.stride + above + (row + r).min(last)],
        )
    };
    for (sums, row) in sums.iter().zip(row..=last) {
        store(sums, &mut c.row(row)[columns.clone()]);
    }
    ROWS
}

/// The sums of one tile: over `p`, `a(r, p)` times row `p` of the panel.
#[inline(always)]
fn tile<V: Vector, const ROWS: usize, const VECTORS: usize>(
    panel: &[V::Element],
    a: impl Fn(usize, usize) -> V::Element,
) -> [[V; VECTORS]; ROWS] {
    let mut sums = [[V::splat(num_traits::zero()); VECTORS]; ROWS];
    for (p, b) in panel.chunks_exact(VECTORS * V::LANES).enumerate() {
        let b: [V; VECTORS] = std::array::from_fn(
            #[inline(always)]
            |v| V::load(&b[v * V::LANES..]),
        );
        for (r, sums) in sums.iter_mut().enumerate() {
            let a = V::splat(a(r, p));
            for (sum, &b) in sums.iter_mut().zip(&b) {
                *sum = a.mul_add(b, *sum);
            }
        }
    }
    sums
}

/// Stores the sums of one row, cut to the width of `row`, which ends in the last vector.
#[inline(always)]
fn store<V: Vector, const VECTORS: usize>(sums: &[V; VECTORS], row: &mut [V::Element]) {
    let (whole, rest) = row.split_at_mut((VECTORS - 1) * V::LANES);
    for (v, sum) in sums[..VECTORS - 1].iter().enumerate() {
        sum.store(&mut whole[v * V::LANES..]);
    }
    sums[VECTORS - 1].store_front(rest);
}

/// Rows of `b` by which packing is ahead of itself in asking for them: the parts of a row that
/// belong to one panel lie too far apart for the processor to foresee the next one.
const AHEAD: usize = 16;

/// Copies some columns of `b` beside each other, filled up with zeros to whole vectors.
#[inline(always)]
fn pack<V: Vector<Element: Real>, const VECTORS: usize>(
    b: Operand<'_, V::Element>,
    columns: Range<usize>,
    panel: &mut [V::Element],
) {
    let panel_width = VECTORS * V::LANES;
    if b.transposed {
        return pack_transposed(b, columns, panel, panel_width);
    }
    for (p, out) in panel.chunks_exact_mut(panel_width).enumerate() {
        let row = &b.data[p * b.stride..][columns.clone()];
        for v in 0..VECTORS {
            prefetch(b.data, (p + AHEAD) * b.stride + columns.start + v * V::LANES);
        }
        let (whole, rest) = row.split_at((VECTORS - 1) * V::LANES);
        for v in 0..VECTORS - 1 {
            V::load(&whole[v * V::LANES..]).store(&mut out[v * V::LANES..]);
        }
        V::load_front(rest).store(&mut out[(VECTORS - 1) * V::LANES..]);
    }
}

/// [`pack`] where the columns of `b` are contiguous.
#[inline(always)]
fn pack_transposed<F: Real>(b: Operand<'_, F>, columns: Range<usize>, panel: &mut [F], panel_width: usize) {
    /// Columns and rows that are turned over together.
    const SQUARE: usize = 4;
    /// Rows of the panel that are filled before the next ones: a cache line of a column in `f32`.
    const RUN: usize = 16;

    for (block, out) in panel.chunks_mut(RUN * panel_width).enumerate() {
        let first = block * RUN;
        let rows = out.len() / panel_width;
        let column = |offset: usize| &b.data[(columns.start + offset) * b.stride + first..][..rows];
        for offset in 0..columns.len() {
            prefetch(b.data, (columns.start + offset) * b.stride + first + 2 * RUN);
        }
        let mut offset = 0;
        while rows == RUN && offset + SQUARE <= columns.len() {
            let lines: [&[F]; SQUARE] = std::array::from_fn(|i| column(offset + i));
            for row in (0..RUN).step_by(SQUARE) {
                let square = lines.map(|line| *line[row..].first_chunk().expect("the run is whole"));
                for (i, line) in F::transposed(square).into_iter().enumerate() {
                    out[(row + i) * panel_width + offset..][..SQUARE].copy_from_slice(&line);
                }
            }
            offset += SQUARE;
        }
        for offset in offset..columns.len() {
            for (out, &b) in out.chunks_exact_mut(panel_width).zip(column(offset)) {
                out[offset] = b;
            }
        }
        for out in out.chunks_exact_mut(panel_width) {
            out[columns.len()..].fill(num_traits::zero());
        }
    }
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
                        product(&Team::alone(), &a, &b, &mut c.view_mut());
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
    fn a_row_and_a_column_do_not_depend_on_the_others_nor_on_the_team() {
        let (a, b) = (matrix::<f32>(97, 150, 1), matrix::<f32>(150, 100, 2));
        let mut whole = Array2::zeros((97, 100));
        product(&Team::alone(), &a.view(), &b.view(), &mut whole.view_mut());
        let team = Team::new(NonZeroUsize::new(3).expect("three"));
        for rows in [0..1, 3..4, 5..96] {
            for columns in [0..100, 0..1, 7..90] {
                let mut part = Array2::zeros((rows.len(), columns.len()));
                let b = b.slice(s![.., columns.clone()]).to_owned();
                product(&team, &a.slice(s![rows.clone(), ..]), &b.view(), &mut part.view_mut());
                assert_eq!(part, whole.slice(s![rows.clone(), columns]));
            }
        }
    }
}
