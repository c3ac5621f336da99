//! The operands of a matrix product, and how panels of them are packed.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, Axis};

use crate::real::Real;
use crate::simd::vector::{Vector, WIDEST, prefetch};

/// A matrix whose rows or columns are contiguous.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a, F> {
    pub(crate) data: &'a [F],
    /// The distance from one row (or column) to the next.
    pub(crate) stride: usize,
    pub(crate) transposed: bool,
    /// What is done with each number while it is packed; of a transposed matrix, the columns are the rows.
    pub(crate) transform: Option<ColumnTransform<'a, F>>,
}

/// `(x - mean) * scale + shift` for each number `x` of a column.
///
/// # Shapes
///
/// `width` numbers each.
#[derive(Clone, Copy, Debug)]
pub struct ColumnTransform<'a, F> {
    /// What is subtracted first.
    pub mean: &'a [F],
    /// The factor.
    pub scale: &'a [F],
    /// What is added last.
    pub shift: &'a [F],
}

impl<F: Real> ColumnTransform<'_, F> {
    /// The number that `x` in this column becomes.
    #[inline(always)]
    pub fn apply(self, column: usize, x: F) -> F {
        (x - self.mean[column]) * self.scale[column] + self.shift[column]
    }
}

impl<'a, F: Real> Operand<'a, F> {
    pub(crate) fn new(array: &'a ArrayView2<'_, F>) -> Self {
        if let Some(data) = array.as_slice() {
            return Self { data, stride: array.ncols(), transposed: false, transform: None };
        }
        // Column-major: the memory order is that of the transpose.
        let data = array.as_slice_memory_order().filter(|_| array.stride_of(Axis(0)) == 1);
        Self {
            data: data.expect("operands are in row-major layout or transposed"),
            stride: array.nrows(),
            transposed: true,
            transform: None,
        }
    }

    /// The transpose of a row-major `array`, also if that is a single row or column, which [`new`](Self::new) takes for
    /// one that is not transposed.
    pub(crate) fn transpose(array: &'a ArrayView2<'_, F>) -> Self {
        let data = array.as_slice().expect("operands are in row-major layout");
        Self { data, stride: array.ncols(), transposed: true, transform: None }
    }
}

/// How many rows of `b` ahead packing prefetches: the parts of two rows that belong to one panel are too far
/// apart for the hardware prefetcher.
const AHEAD: usize = 16;

/// Packs a block of `b`, its `columns` padded with zeros to whole vectors, and of the rows from `first` on
/// as many as fit into `panel`.
#[inline(always)]
pub(crate) fn pack<V: Vector<Element: Real>, const VECTORS: usize>(
    b: Operand<'_, V::Element>,
    first: usize,
    columns: Range<usize>,
    panel: &mut [V::Element],
) {
    let panel_width = VECTORS * V::LANES;
    if b.transposed {
        return pack_transposed(b, first, columns, panel, panel_width);
    }
    // Zeros stay zeros in the lanes beyond the last column.
    let mut of_columns = [[num_traits::zero(); 4 * WIDEST]; 3];
    if let Some(ColumnTransform { mean, scale, shift }) = b.transform {
        for (own, all) in of_columns.iter_mut().zip([mean, scale, shift]) {
            own[..columns.len()].copy_from_slice(&all[columns.clone()]);
        }
    }
    let [mean, scale, shift] = &of_columns;
    for (p, out) in (first..).zip(panel.chunks_exact_mut(panel_width)) {
        let row = &b.data[p * b.stride..][columns.clone()];
        for v in 0..VECTORS {
            prefetch(b.data, (p + AHEAD) * b.stride + columns.start + v * V::LANES);
        }
        let (whole, rest) = row.split_at((VECTORS - 1) * V::LANES);
        for v in 0..VECTORS - 1 {
            V::load(&whole[v * V::LANES..]).store(&mut out[v * V::LANES..]);
        }
        V::load_front(rest).store(&mut out[(VECTORS - 1) * V::LANES..]);
        if b.transform.is_some() {
            for (((x, &mean), &scale), &shift) in out.iter_mut().zip(mean).zip(scale).zip(shift) {
                *x = (*x - mean) * scale + shift;
            }
        }
    }
}

/// [`pack`] where the columns of `b` are contiguous.
#[inline(always)]
fn pack_transposed<F: Real>(
    b: Operand<'_, F>,
    start: usize,
    columns: Range<usize>,
    panel: &mut [F],
    panel_width: usize,
) {
    /// Columns and rows that are transposed together.
    const SQUARE: usize = 4;
    /// Rows of the panel that are filled in one go: a cache line of a column in `f32`.
    const RUN: usize = 16;

    for (block, out) in panel.chunks_mut(RUN * panel_width).enumerate() {
        let first = start + block * RUN;
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
        for (row, out) in (first..).zip(out.chunks_exact_mut(panel_width)) {
            let (whole, beyond) = out.split_at_mut(columns.len());
            if let Some(transform) = b.transform {
                let (mean, scale, shift) = (transform.mean[row], transform.scale[row], transform.shift[row]);
                whole.iter_mut().for_each(|x| *x = (*x - mean) * scale + shift);
            }
            beyond.fill(num_traits::zero());
        }
    }
}
