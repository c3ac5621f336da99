//! A tile of a product whose sums are taken in blocks.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use crate::blocks::{RowBlocks, additions_after, stack_depth};
use crate::matmul::tile::tile;
use crate::real::Real;
use crate::simd::vector::Vector;

/// Numbers on a stack for sums of tiles of up to six rows of `width` numbers.
pub(crate) fn stack_size(blocks: Option<RowBlocks>, width: usize) -> usize {
    blocks.map_or(0, |blocks| stack_depth(blocks.len()) * 6 * width)
}

/// The sums of one tile over all `blocks`, added in the order of their tree: over the rows of the panel, with the numbers
/// that `a` gives for a row of the tile and of the panel.
///
/// The loops are plain ones: the longer chain of `flatten` becomes a function that is not compiled for the vectors.
#[inline(always)]
pub(crate) fn block_tile<V: Vector<Element: Real>, const ROWS: usize, const VECTORS: usize>(
    blocks: RowBlocks,
    stack: &mut [V::Element],
    panel: &[V::Element],
    a: impl Fn(usize, usize) -> V::Element,
) -> [[V; VECTORS]; ROWS] {
    let (width, size) = (VECTORS * V::LANES, ROWS * VECTORS * V::LANES);
    let (last, mut depth) = (blocks.len() - 1, 0);
    let mut sums = [[V::splat(num_traits::zero()); VECTORS]; ROWS];
    for block in 0..=last {
        let rows = blocks.nth(block);
        sums = tile::<V, ROWS, VECTORS>(
            &panel[rows.start * width..rows.end * width],
            #[inline(always)]
            |r, p| a(r, rows.start + p),
        );
        let additions = if block == last { depth } else { additions_after(block) };
        for _ in 0..additions {
            depth -= 1;
            let before = &stack[depth * size..][..size];
            for (r, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(&before[(r * VECTORS + v) * V::LANES..]).add(*sum);
                }
            }
        }
        if block < last {
            let place = &mut stack[depth * size..][..size];
            for (r, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    sum.store(&mut place[(r * VECTORS + v) * V::LANES..]);
                }
            }
            depth += 1;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::ops::Range;

    use ndarray::{Array2, s};

    use super::*;
    use crate::matmul::weight_gradient;
    use crate::parallel::thread_pool::ThreadPool;

    fn matrix(rows: usize, columns: usize, salt: usize) -> Array2<f32> {
        let entry = |(i, j)| ((i * 31 + j * 17 + salt * 7) % 23) as f32 / 11.0 - 1.0;
        Array2::from_shape_fn((rows, columns), entry)
    }

    #[test]
    fn sums_in_blocks_are_the_sums_of_their_parts_whatever_the_team() {
        for (n, inputs, units, count) in
            [(40, 100, 64, 8), (33, 70, 7, 5), (7, 1, 3, 7), (64, 13, 130, 6), (9, 5, 17, 1), (1, 4, 4, 1)]
        {
            let (x, dy) = (matrix(n, inputs, 1), matrix(n, units, 2));
            let blocks = RowBlocks::new(n, count, 0..count);
            let sums = |rows: Range<usize>| {
                let mut dw = Array2::zeros((inputs, units));
                let (x, dy) = (x.slice(s![rows.clone(), ..]), dy.slice(s![rows, ..]));
                weight_gradient(&ThreadPool::single(), &x, &dy, None, &mut dw.view_mut());
                dw
            };
            let mut parts: Vec<Array2<f32>> = blocks.each().map(sums).collect();
            let mut step = 1;
            while step < count {
                for block in (0..count - step).step_by(2 * step) {
                    let other = parts[block + step].clone();
                    parts[block] += &other;
                }
                step *= 2;
            }
            for threads in 1..=4 {
                let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
                let mut dw = Array2::from_elem((inputs, units), f32::NAN);
                let (x, dy) = (x.view(), dy.view());
                assert!(weight_gradient(&pool, &x, &dy, Some(blocks), &mut dw.view_mut()));
                assert_eq!(dw, parts[0], "{n} {inputs} {units} {count}, {threads} threads");
            }
        }
    }
}
