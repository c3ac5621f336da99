//! Some rows and columns of a product, tile by tile.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::matmul::epilogue::Finish;
use crate::matmul::pack::{Operand, pack};
use crate::matmul::room;
use crate::matrix_view::RowsMut;
use crate::real::Real;
use crate::vector::{Vector, WIDEST};

/// What a member computes: some rows or some columns of `a b`, or a part of the sums in them.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a, F> {
    pub(crate) a: Operand<'a, F>,
    pub(crate) b: Operand<'a, F>,
    /// The first inner index, and how many there are.
    pub(crate) inner: (usize, usize),
    /// The row of `a` that belongs to the first one of `c`.
    pub(crate) row: usize,
    /// The column of `b` that belongs to the first one of `c`.
    pub(crate) column: usize,
    /// Whether the sums are added to what is in `c`.
    pub(crate) adds: bool,
    /// What becomes of the sums in the end.
    pub(crate) finish: Finish<'a, F>,
    /// Raised where a sum is not finite, if anyone wants to know.
    pub(crate) is_bad: Option<&'a AtomicBool>,
}

/// All panels of `c`, each up to `VECTORS` vectors wide.
///
/// Copying a panel and each tile are functions of their own, compiled for the vectors: between them,
/// nothing competes for their registers.
pub(crate) fn multiply<V: Vector<Element: Real>, const VECTORS: usize>(
    task: Task<'_, V::Element>,
    c: &mut RowsMut<'_, V::Element>,
    panel: &mut Vec<V::Element>,
) {
    let (n, widest) = (c.width(), VECTORS * V::LANES);
    let panel = room(panel, task.inner.1 * widest);
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
    let panel = &mut panel[..task.inner.1 * VECTORS * V::LANES];
    let of_b = task.column + columns.start..task.column + columns.end;
    V::compiled(
        #[inline(always)]
        || pack::<V, VECTORS>(task.b, (task.inner.0, of_b), panel),
    );
    let m = c.count();
    let mut row = 0;
    let mut poison = [num_traits::zero(); WIDEST];
    while row < m {
        let place = (row, columns.clone());
        row += V::compiled(
            #[inline(always)]
            || match m - row {
                ..=2 => one_tile::<V, 2, VECTORS>(task, c, place, (panel, &mut poison)),
                3..=4 => one_tile::<V, 4, VECTORS>(task, c, place, (panel, &mut poison)),
                _ => one_tile::<V, 6, VECTORS>(task, c, place, (panel, &mut poison)),
            },
        );
    }
    if let Some(is_bad) = task.is_bad
        && poison.iter().any(|lane| *lane != num_traits::zero())
    {
        is_bad.store(true, Ordering::Relaxed);
    }
}

/// Some columns of the rows from `row` on, as many as a tile has, which it returns. Beyond the last
/// row of `c` it computes that one again, and stores it once. If someone wants to know whether all is
/// finite, `poison` does not stay 0 where it is not.
#[inline(always)]
fn one_tile<V: Vector<Element: Real>, const ROWS: usize, const VECTORS: usize>(
    Task { a, inner: (first, len), row: above, column: left, adds, is_bad, finish, .. }: Task<'_, V::Element>,
    c: &mut RowsMut<'_, V::Element>,
    (row, columns): (usize, Range<usize>),
    (panel, poison): (&[V::Element], &mut [V::Element; WIDEST]),
) -> usize {
    let last = c.count() - 1;
    let mut sums = if !a.transposed {
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
    if is_bad.is_some() {
        // x * 0 is 0 for finite x and NaN otherwise.
        let zero = V::splat(num_traits::zero());
        sums.iter().flatten().fold(V::load(poison), |sum, x| x.mul_add(zero, sum)).store(poison);
    }
    if adds {
        for (sums, r) in sums.iter_mut().zip(row..) {
            let before = load::<V, VECTORS>(&c.row(r.min(last))[columns.clone()]);
            sums.iter_mut().zip(before).for_each(|(sum, before)| *sum = before.add(*sum));
        }
    }
    let sums = finish.tile(
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

/// The numbers of one row of a tile, which may end within the last vector.
#[inline(always)]
pub(crate) fn load<V: Vector, const VECTORS: usize>(row: &[V::Element]) -> [V; VECTORS] {
    let (whole, rest) = row.split_at((VECTORS - 1) * V::LANES);
    std::array::from_fn(
        #[inline(always)]
        |v| if v < VECTORS - 1 { V::load(&whole[v * V::LANES..]) } else { V::load_front(rest) },
    )
}

/// Stores them.
#[inline(always)]
fn store<V: Vector, const VECTORS: usize>(sums: &[V; VECTORS], row: &mut [V::Element]) {
    let (whole, rest) = row.split_at_mut((VECTORS - 1) * V::LANES);
    for (v, &sum) in sums[..VECTORS - 1].iter().enumerate() {
        sum.store(&mut whole[v * V::LANES..]);
    }
    sums[VECTORS - 1].store_front(rest);
}
