//! How loops over columns visit a matrix: strip by strip, and within a strip row by row.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

/// Columns of a strip: four vectors of doubles on AVX-512.
pub(crate) const WIDE: usize = 32;

/// Columns of the strips at the end of a block.
const NARROW: usize = 8;

/// A loop over the rows of a block in which columns do not depend on each other.
pub(crate) trait ColumnKernel {
    /// Runs the loop for `LEN` columns from `start` on. `LEN` is a constant, so that the values of these
    /// columns stay in registers from row to row; for that, implementations must be inlined.
    fn strip<const LEN: usize>(&mut self, start: usize);
}

/// Runs `kernel` for all `width` columns. If they do not divide evenly, the last strip overlaps the one
/// before: its columns are computed twice, with the same result.
#[inline(always)]
pub(crate) fn for_each_strip(width: usize, kernel: &mut impl ColumnKernel) {
    let start = whole_strips(width, kernel);
    if start < width && width >= NARROW {
        kernel.strip::<NARROW>(width - NARROW);
    } else {
        (start..width).for_each(|column| kernel.strip::<1>(column));
    }
}

/// Like [`for_each_strip`], for loops that read what they write: strips do not overlap.
#[inline(always)]
pub(crate) fn for_each_strip_once(width: usize, kernel: &mut impl ColumnKernel) {
    let start = whole_strips(width, kernel);
    for column in start..width {
        kernel.strip::<1>(column);
    }
}

/// Runs `kernel` for as many columns as whole strips have, and returns their number.
#[inline(always)]
fn whole_strips(width: usize, kernel: &mut impl ColumnKernel) -> usize {
    let mut start = 0;
    while start + WIDE <= width {
        kernel.strip::<WIDE>(start);
        start += WIDE;
    }
    while start + NARROW <= width {
        kernel.strip::<NARROW>(start);
        start += NARROW;
    }
    start
}

/// The numbers of a strip.
#[inline(always)]
pub(crate) fn take<T: Copy, const LEN: usize>(numbers: &[T], start: usize) -> [T; LEN] {
    *numbers[start..].first_chunk().expect("as many numbers as columns")
}

/// Writes the numbers of a strip.
#[inline(always)]
pub(crate) fn put<T: Copy, const LEN: usize>(numbers: &mut [T], start: usize, strip: [T; LEN]) {
    *numbers[start..].first_chunk_mut().expect("as many numbers as columns") = strip;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count(Vec<u32>);

    impl ColumnKernel for Count {
        fn strip<const LEN: usize>(&mut self, start: usize) {
            let counted = take::<_, LEN>(&self.0, start).map(|count| count + 1);
            put(&mut self.0, start, counted);
        }
    }

    #[test]
    fn every_column_is_visited() {
        for width in 0..100 {
            let mut count = Count(vec![0; width]);
            for_each_strip(width, &mut count);
            assert!(count.0.iter().all(|count| (1..=2).contains(count)), "{width}: {:?}", count.0);
            let mut once = Count(vec![0; width]);
            for_each_strip_once(width, &mut once);
            assert!(once.0.iter().all(|count| *count == 1), "{width}: {:?}", once.0);
        }
    }
}
