//! A block of a matrix product, tile by tile.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::blocks::RowBlocks;
use crate::matmul::block_tile::{block_tile, stack_size};
use crate::matmul::epilogue::{Epilogue, load};
use crate::matmul::pack::{Operand, pack};
use crate::matmul::scratch::buffer;
use crate::matrix_view::MatrixViewMut;
use crate::real::Real;
use crate::simd::vector::{Vector, WIDEST};

/// What a thread computes: a block of `a b`, or a part of the sums in it.
#[derive(Clone)]
pub(crate) struct MatmulTask<'a, F> {
    pub(crate) a: Operand<'a, F>,
    pub(crate) b: Operand<'a, F>,
    /// The inner indices to sum over.
    pub(crate) inner: Range<usize>,
    /// The blocks of them in which they are summed, if `a` is transposed.
    pub(crate) blocks: Option<RowBlocks>,
    /// The row of `a` for the first row of `c`.
    pub(crate) first_row: usize,
    /// The column of `b` for the first column of `c`.
    pub(crate) first_column: usize,
    /// Whether the sums are added to `c`.
    pub(crate) accumulate: bool,
    /// What is done with the sums.
    pub(crate) epilogue: Epilogue<'a, F>,
    /// Set if a sum is not finite.
    pub(crate) not_finite: Option<&'a AtomicBool>,
}

/// Computes all panels of `c`, each up to `VECTORS` vectors wide.
///
/// Packing a panel and computing a tile are separate functions, compiled for the vectors, so that no other
/// code competes for their registers.
pub(crate) fn multiply<V: Vector<Element: Real>, const VECTORS: usize>(
    task: &MatmulTask<'_, V::Element>,
    c: &mut MatrixViewMut<'_, V::Element>,
    panel: &mut Vec<V::Element>,
    stack: &mut Vec<V::Element>,
) {
    let (n, widest) = (c.width(), VECTORS * V::LANES);
    let panel = buffer(panel, task.inner.len() * widest);
    let stack = buffer(stack, stack_size(task.blocks, widest));
    for start in (0..n).step_by(widest) {
        let columns = start..n.min(start + widest);
        match columns.len().div_ceil(V::LANES) {
            1 => one_panel::<V, 1>(task, c, columns, panel, stack),
            2 => one_panel::<V, 2>(task, c, columns, panel, stack),
            3 => one_panel::<V, 3>(task, c, columns, panel, stack),
            _ => one_panel::<V, 4>(task, c, columns, panel, stack),
        }
    }
}

/// Computes some columns of `c`, in tiles of six rows and fewer at the edge.
fn one_panel<V: Vector<Element: Real>, const VECTORS: usize>(
    task: &MatmulTask<'_, V::Element>,
    c: &mut MatrixViewMut<'_, V::Element>,
    columns: Range<usize>,
    panel: &mut [V::Element],
    stack: &mut [V::Element],
) {
    let panel = &mut panel[..task.inner.len() * VECTORS * V::LANES];
    let of_b = task.first_column + columns.start..task.first_column + columns.end;
    V::compiled(
        #[inline(always)]
        || pack::<V, VECTORS>(task.b, task.inner.start, of_b, panel),
    );
    let m = c.count();
    let mut row = 0;
    let mut poison = [num_traits::zero(); WIDEST];
    while row < m {
        let tile = Tile { row, columns: columns.clone(), panel };
        row += match task.blocks {
            None => V::compiled(
                #[inline(always)]
                || match m - row {
                    ..=2 => one_tile::<V, 2, VECTORS>(task, c, tile, &mut poison),
                    3..=4 => one_tile::<V, 4, VECTORS>(task, c, tile, &mut poison),
                    _ => one_tile::<V, 6, VECTORS>(task, c, tile, &mut poison),
                },
            ),
            Some(blocks) => V::compiled(
                #[inline(always)]
                || match m - row {
                    ..=2 => tile_of_blocks::<V, 2, VECTORS>(task, blocks, c, tile, stack, &mut poison),
                    3..=4 => tile_of_blocks::<V, 4, VECTORS>(task, blocks, c, tile, stack, &mut poison),
                    _ => tile_of_blocks::<V, 6, VECTORS>(task, blocks, c, tile, stack, &mut poison),
                },
            ),
        };
    }
    if let Some(not_finite) = task.not_finite
        && poison.iter().any(|lane| *lane != num_traits::zero())
    {
        not_finite.store(true, Ordering::Relaxed);
    }
}

/// Where a tile is in `c`.
struct Tile<'a, F> {
    row: usize,
    columns: Range<usize>,
    /// The packed columns of `b`.
    panel: &'a [F],
}

/// Computes a tile and returns its number of rows. Beyond the last row of `c`, it computes that row again
/// and stores it once. If the task asks for it, lanes of `poison` become NaN if a sum is not finite.
#[inline(always)]
fn one_tile<V: Vector<Element: Real>, const ROWS: usize, const VECTORS: usize>(
    task: &MatmulTask<'_, V::Element>,
    c: &mut MatrixViewMut<'_, V::Element>,
    Tile { row, columns, panel }: Tile<'_, V::Element>,
    poison: &mut [V::Element; WIDEST],
) -> usize {
    let &MatmulTask { a, first_row: above, .. } = task;
    let (first, len) = (task.inner.start, task.inner.len());
    let last = c.count() - 1;
    let sums = if !a.transposed {
        let rows: [&[V::Element]; ROWS] =
            std::array::from_fn(|r| &a.data[(above + (row + r).min(last)) * a.stride + first..][..len]);
        tile::<V, ROWS, VECTORS>(
            panel,
            #[inline(always)]
            |r, p| rows[r][p],
        )
    } else if row + ROWS <= c.count() {
        let columns = &a.data[first * a.stride + above + row..];
        tile::<V, ROWS, VECTORS>(
            panel,
            #[inline(always)]
            |r, p| columns[p * a.stride + r],
        )
    } else {
        tile::<V, ROWS, VECTORS>(
            panel,
            #[inline(always)]
            |r, p| a.data[(first + p) * a.stride + above + (row + r).min(last)],
        )
    };
    finish(task, c, row, columns, sums, poison)
}

/// [`one_tile`] where sums are taken in blocks of the rows of a transposed `a`.
#[inline(always)]
fn tile_of_blocks<V: Vector<Element: Real>, const ROWS: usize, const VECTORS: usize>(
    task: &MatmulTask<'_, V::Element>,
    blocks: RowBlocks,
    c: &mut MatrixViewMut<'_, V::Element>,
    Tile { row, columns, panel }: Tile<'_, V::Element>,
    stack: &mut [V::Element],
    poison: &mut [V::Element; WIDEST],
) -> usize {
    let &MatmulTask { a, first_row: above, .. } = task;
    let last = c.count() - 1;
    let sums = if row + ROWS <= c.count() {
        let columns = &a.data[above + row..];
        block_tile::<V, ROWS, VECTORS>(
            blocks,
            stack,
            panel,
            #[inline(always)]
            |r, p| columns[p * a.stride + r],
        )
    } else {
        block_tile::<V, ROWS, VECTORS>(
            blocks,
            stack,
            panel,
            #[inline(always)]
            |r, p| a.data[p * a.stride + above + (row + r).min(last)],
        )
    };
    finish(task, c, row, columns, sums, poison)
}

/// What is done with the sums of a tile.
#[inline(always)]
fn finish<V: Vector<Element: Real>, const ROWS: usize, const VECTORS: usize>(
    task: &MatmulTask<'_, V::Element>,
    c: &mut MatrixViewMut<'_, V::Element>,
    row: usize,
    columns: Range<usize>,
    mut sums: [[V; VECTORS]; ROWS],
    poison: &mut [V::Element; WIDEST],
) -> usize {
    let &MatmulTask { first_row: above, first_column: left, accumulate, epilogue, not_finite, .. } = task;
    let last = c.count() - 1;
    if not_finite.is_some() {
        // x * 0 is 0 for finite x and NaN otherwise.
        let zero = V::splat(num_traits::zero());
        let mut sum = V::load(poison);
        for row in &sums {
            for x in row {
                sum = x.mul_add(zero, sum);
            }
        }
        sum.store(poison);
    }
    if accumulate {
        for (sums, r) in sums.iter_mut().zip(row..) {
            let before = load::<V, VECTORS>(&c.row(r.min(last))[columns.clone()]);
            sums.iter_mut().zip(before).for_each(|(sum, before)| *sum = before.add(*sum));
        }
    }
    let sums = epilogue.tile(
        sums,
        #[inline(always)]
        |r| above + (row + r).min(last),
        left + columns.start..left + columns.end,
    );
    for (sums, row) in sums.iter().zip(row..=last) {
        store(sums, &mut c.row(row)[columns.clone()]);
    }
    ROWS
}

/// The sums of one tile: over `p`, `a(r, p)` times row `p` of the panel.
#[inline(always)]
pub(crate) fn tile<V: Vector, const ROWS: usize, const VECTORS: usize>(
    panel: &[V::Element],
    a: impl Fn(usize, usize) -> V::Element,
) -> [[V; VECTORS]; ROWS] {
    let mut sums = [[V::splat(num_traits::zero()); VECTORS]; ROWS];
    for (p, b) in panel.chunks_exact(VECTORS * V::LANES).enumerate() {
        let mut row = [V::splat(num_traits::zero()); VECTORS];
        for (v, vector) in row.iter_mut().enumerate() {
            *vector = V::load(&b[v * V::LANES..]);
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            let a = V::splat(a(r, p));
            for (sum, &b) in sums.iter_mut().zip(&row) {
                *sum = a.mul_add(b, *sum);
            }
        }
    }
    sums
}

/// Stores the numbers of one row of a tile.
#[inline(always)]
fn store<V: Vector, const VECTORS: usize>(sums: &[V; VECTORS], row: &mut [V::Element]) {
    let (whole, rest) = row.split_at_mut((VECTORS - 1) * V::LANES);
    for (v, &sum) in sums[..VECTORS - 1].iter().enumerate() {
        sum.store(&mut whole[v * V::LANES..]);
    }
    sums[VECTORS - 1].store_front(rest);
}
