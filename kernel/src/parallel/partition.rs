//! Arrays divided among the threads of a pool: in one dimension by [`par_chunks`], matrices by [`par_tiles`].
//!
//! Each chunk depends on no other, and one thread computes it in a fixed order: the result is the same for
//! any number of threads. A thread gets the same chunk every time, so that it stays in its core's cache.

use std::ops::Range;

use ndarray::{ArrayViewMut2, Axis};

use crate::matrix_view::MatrixViewMut;
use crate::parallel::thread_pool::ThreadPool;

/// The most threads that are used.
const MAX_THREADS: usize = 64;

/// Numbers in a cache line of `f32`, or in a vector of AVX-512.
const LINE: usize = 16;

/// Rows of a tile of a matrix product.
const TILE_ROWS: usize = 6;

/// Work on fewer numbers than this, about two microseconds, is done by the caller alone.
pub(crate) const MIN_PARALLEL_WORK: usize = 8 * 1024;

/// The `part`-th of `parts` parts of `0..len`: neighbors, in lengths that differ by at most one.
pub fn even_part(len: usize, parts: usize, part: usize) -> Range<usize> {
    len * part / parts..len * (part + 1) / parts
}

/// Something of a length, such as the columns of a matrix, that can be split in two.
pub(crate) trait Splittable: Send + Sized {
    /// Chunks are multiples of this length, but for the last.
    fn granularity(&self) -> usize {
        LINE
    }

    /// The part before `index`, and the rest.
    fn split_at(self, index: usize) -> (Self, Self);
}

impl Splittable for () {
    fn split_at(self, _index: usize) -> (Self, Self) {
        ((), ())
    }
}

impl<T: Send> Splittable for &mut [T] {
    fn split_at(self, index: usize) -> (Self, Self) {
        self.split_at_mut(index)
    }
}

impl<S: Splittable> Splittable for Option<S> {
    fn split_at(self, index: usize) -> (Self, Self) {
        self.map(|all| all.split_at(index)).unzip()
    }
}

impl<A: Splittable, B: Splittable> Splittable for (A, B) {
    fn split_at(self, index: usize) -> (Self, Self) {
        let ((a, a_rest), (b, b_rest)) = (self.0.split_at(index), self.1.split_at(index));
        ((a, b), (a_rest, b_rest))
    }
}

impl<A: Splittable, B: Splittable, C: Splittable> Splittable for (A, B, C) {
    fn split_at(self, index: usize) -> (Self, Self) {
        let ((ab, ab_rest), (c, c_rest)) = ((self.0, self.1).split_at(index), self.2.split_at(index));
        ((ab.0, ab.1, c), (ab_rest.0, ab_rest.1, c_rest))
    }
}

/// Divides `0..len` into one range for each thread, and calls `body` with each range and the part of
/// `outputs` in it. The caller does all of it alone if `cost`, in numbers visited, is too low.
pub(crate) fn par_chunks<O: Splittable>(
    pool: &ThreadPool,
    len: usize,
    cost: usize,
    outputs: O,
    body: impl Fn(Range<usize>, O) + Sync,
) {
    let granularity = outputs.granularity();
    let groups = len.div_ceil(granularity);
    let threads = pool.threads().min(groups).min(MAX_THREADS);
    if threads < 2 || cost < MIN_PARALLEL_WORK {
        return body(0..len, outputs);
    }
    let mut chunks: [Option<(Range<usize>, O)>; MAX_THREADS] = [const { None }; MAX_THREADS];
    let mut rest = outputs;
    let mut start = 0;
    for (thread, chunk) in chunks[..threads - 1].iter_mut().enumerate() {
        // The first threads get one more group if they do not divide evenly.
        let end = (groups * (thread + 1)).div_ceil(threads) * granularity;
        let (output, after) = rest.split_at(end - start);
        *chunk = Some((start..end, output));
        rest = after;
        start = end;
    }
    chunks[threads - 1] = Some((start..len, rest));
    pool.each(&mut chunks[..threads], |(range, output)| body(range, output));
}

/// A slice of parts of equal size, split between two of them.
pub(crate) struct EqualParts<'a, T> {
    numbers: &'a mut [T],
    size: usize,
}

impl<'a, T> EqualParts<'a, T> {
    pub(crate) fn new(numbers: &'a mut [T], size: usize) -> Self {
        Self { numbers, size }
    }

    /// The parts, in order.
    pub(crate) fn into_parts(self) -> impl Iterator<Item = &'a mut [T]> {
        self.numbers.chunks_exact_mut(self.size)
    }
}

impl<T: Send> Splittable for EqualParts<'_, T> {
    fn granularity(&self) -> usize {
        1
    }

    fn split_at(self, part: usize) -> (Self, Self) {
        let (left, right) = self.numbers.split_at_mut(part * self.size);
        (Self::new(left, self.size), Self::new(right, self.size))
    }
}

/// Whether [`par_tiles`] divides a matrix by rows. A few columns, such as logits, are not enough for all
/// threads.
pub(crate) fn is_tall((rows, columns): (usize, usize)) -> bool {
    rows >= columns || columns <= LINE
}

/// Divides matrices of the same shape by rows if they have as many as columns, and otherwise by columns.
/// Calls `body` with each range of rows, of columns, and the blocks of `outputs` in them. The caller does
/// all of it alone if `cost`, in numbers visited, is too low.
///
/// By columns, threads share the cache lines at the border in every row: when a core loads the end of its
/// half, the prefetcher loads the start of the other half and takes it away from the other core. Rows are
/// many lines long and have one border, so they come first.
///
/// # Panics
///
/// If the outputs differ in shape.
pub(crate) fn par_tiles<F: Send, const N: usize>(
    pool: &ThreadPool,
    cost: usize,
    outputs: [ArrayViewMut2<'_, F>; N],
    body: impl Fn(Range<usize>, Range<usize>, [MatrixViewMut<'_, F>; N]) + Sync,
) {
    let shape @ (rows, columns) = outputs[0].dim();
    assert!(outputs.iter().all(|output| output.dim() == shape), "shapes of outputs");
    let blocks = outputs.map(MatrixViewMut::new);
    if is_tall(shape) {
        par_chunks(pool, rows, cost, ByRows(blocks), |rows, ByRows(blocks)| body(rows, 0..columns, blocks));
    } else {
        par_chunks(pool, columns, cost, ByColumns(blocks), |columns, ByColumns(blocks)| {
            body(0..rows, columns, blocks);
        });
    }
}

/// Matrices that are split between columns.
pub(crate) struct ByColumns<'a, F, const N: usize>(pub(crate) [MatrixViewMut<'a, F>; N]);

impl<F: Send, const N: usize> Splittable for ByColumns<'_, F, N> {
    fn split_at(self, column: usize) -> (Self, Self) {
        let (left, right) = split_each(self.0, |block| block.split_columns_at(column));
        (Self(left), Self(right))
    }
}

struct ByRows<'a, F, const N: usize>([MatrixViewMut<'a, F>; N]);

impl<F: Send, const N: usize> Splittable for ByRows<'_, F, N> {
    fn granularity(&self) -> usize {
        TILE_ROWS
    }

    fn split_at(self, row: usize) -> (Self, Self) {
        let (above, below) = split_each(self.0, |block| block.split_rows_at(row));
        (Self(above), Self(below))
    }
}

/// Both results of `split` for each of `blocks`.
fn split_each<T, const N: usize>(blocks: [T; N], split: impl Fn(T) -> (T, T)) -> ([T; N], [T; N]) {
    let mut seconds = [const { None }; N];
    let mut slots = seconds.iter_mut();
    let firsts = blocks.map(|block| {
        let (first, second) = split(block);
        slots.next().expect("a slot for each block").replace(second);
        first
    });
    (firsts, seconds.map(|second| second.expect("filled above")))
}

/// Rows of an output of [`par_rows`].
struct OutputRows<'a, F>(ArrayViewMut2<'a, F>);

impl<F: Send> Splittable for OutputRows<'_, F> {
    fn granularity(&self) -> usize {
        TILE_ROWS
    }

    fn split_at(self, row: usize) -> (Self, Self) {
        let (above, below) = self.0.split_at(Axis(0), row);
        (Self(above), Self(below))
    }
}

/// Divides the rows of `output` among the threads, and calls `body` with each range and these rows.
pub fn par_rows<F: Send>(
    pool: &ThreadPool,
    output: ArrayViewMut2<'_, F>,
    body: impl Fn(Range<usize>, ArrayViewMut2<'_, F>) + Sync,
) {
    let (rows, cost) = (output.nrows(), output.len());
    par_chunks(pool, rows, cost, OutputRows(output), |rows, OutputRows(output)| body(rows, output));
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;

    #[test]
    fn even_parts_differ_by_at_most_one() {
        for len in 0..50 {
            for parts in 1..60 {
                let all: Vec<_> = (0..parts).map(|part| even_part(len, parts, part)).collect();
                assert_eq!(all[0].start, 0);
                assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert_eq!(all[parts - 1].end, len);
                let lengths = || all.iter().map(Range::len);
                assert!(lengths().max() <= lengths().min().map(|least| least + 1), "{len} {parts}");
            }
        }
    }

    #[test]
    fn each_index_is_in_exactly_one_chunk() {
        for threads in 1..=5 {
            let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
            for width in [1, 15, 16, 17, 31, 32, 33, 100, 257] {
                let mut counts = Array2::<u32>::zeros((3, width));
                let mut places = vec![0_usize; width];
                par_chunks(
                    &pool,
                    width,
                    usize::MAX,
                    (ByColumns([MatrixViewMut::new(counts.view_mut())]), &mut places[..]),
                    |range, (ByColumns([mut block]), places)| {
                        assert_eq!((block.width(), places.len()), (range.len(), range.len()));
                        for row in 0..3 {
                            block.row(row).iter_mut().for_each(|count| *count += 1);
                        }
                        places.iter_mut().zip(range).for_each(|(place, column)| *place = column);
                    },
                );
                assert!(counts.iter().all(|&count| count == 1), "{width} columns, {threads} threads");
                assert_eq!(places, (0..width).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn each_element_is_in_exactly_one_tile() {
        for threads in 1..=5 {
            let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
            for shape in [(1, 1), (5, 3), (60, 16), (60, 60), (60, 100), (100, 60), (7, 257)] {
                let (mut counts, mut places) = (Array2::<usize>::zeros(shape), Array2::zeros(shape));
                let outputs = [counts.view_mut(), places.view_mut()];
                par_tiles(&pool, usize::MAX, outputs, |rows, columns, [mut counts, mut places]| {
                    assert_eq!((counts.count(), counts.width()), (rows.len(), columns.len()));
                    for row in 0..counts.count() {
                        counts.row(row).iter_mut().for_each(|count| *count += 1);
                        let place = |column| (rows.start + row) * shape.1 + columns.start + column;
                        let own = places.row(row).iter_mut().enumerate();
                        own.for_each(|(column, number)| *number = place(column));
                    }
                });
                assert!(counts.iter().all(|&count| count == 1), "{shape:?}, {threads} threads");
                assert!(places.iter().copied().eq(0..places.len()), "{shape:?}, {threads} threads");
            }
        }
    }
}
