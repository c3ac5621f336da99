//! How loops over columns visit a matrix: strip by strip, and within a strip row by row.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

/// Columns of a strip: four vectors of doubles on AVX-512.
const WIDE: usize = 32;

/// Columns of the strips at the end of a block.
const NARROW: usize = 8;

/// Work on the columns of a block that sees each column by itself.
pub(crate) trait Strips {
    /// Does it for `LEN` columns from `start` on. `LEN` is a constant to the compiler, so that what
    /// belongs to these columns stays in registers while the rows pass; for that, it must be
    /// inlined.
    fn strip<const LEN: usize>(&mut self, start: usize);
}

/// Does `work` for all of `width` columns. Where they do not divide evenly, the last strip overlaps
/// the one before: its columns are done twice, with the same result.
#[inline(always)]
pub(crate) fn each_strip(width: usize, work: &mut impl Strips) {
    let mut start = 0;
    while start + WIDE <= width {
        work.strip::<WIDE>(start);
        start += WIDE;
    }
    while start + NARROW <= width {
        work.strip::<NARROW>(start);
        start += NARROW;
    }
    if start < width && width >= NARROW {
        work.strip::<NARROW>(width - NARROW);
    } else {
        (start..width).for_each(|column| work.strip::<1>(column));
    }
}

/// The numbers of a strip.
#[inline(always)]
pub(crate) fn take<T: Copy, const LEN: usize>(numbers: &[T], start: usize) -> [T; LEN] {
    *numbers[start..].first_chunk().expect("as many numbers as columns")
}

/// Puts the numbers of a strip to their place.
#[inline(always)]
pub(crate) fn put<T: Copy, const LEN: usize>(numbers: &mut [T], start: usize, strip: [T; LEN]) {
    *numbers[start..].first_chunk_mut().expect("as many numbers as columns") = strip;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count(Vec<u32>);

    impl Strips for Count {
        fn strip<const LEN: usize>(&mut self, start: usize) {
            let counted = take::<_, LEN>(&self.0, start).map(|count| count + 1);
            put(&mut self.0, start, counted);
        }
    }

    #[test]
    fn every_column_is_visited() {
        for width in 0..100 {
            let mut count = Count(vec![0; width]);
            each_strip(width, &mut count);
            assert!(count.0.iter().all(|count| (1..=2).contains(count)), "{width}: {:?}", count.0);
        }
    }
}
