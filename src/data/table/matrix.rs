//! The features of a data set as they were read, in the smallest precision that is exact.

use std::ops::Range;
use std::sync::Arc;

use crate::data::error::ErrorKind;
use crate::kernel::{Numbers, with_simd};

/// Rows of numbers, in the blocks in which they were read.
///
/// A column of a block is in single precision if that changes none of its values, else in double
/// precision. So nothing is lost, and whole numbers and pixels take half the memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    columns: usize,
    blocks: Vec<Block>,
    /// For each block, the row after its last one.
    ends: Vec<usize>,
}

/// Some rows of a [`Matrix`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    rows: usize,
    runs: Arc<[Run]>,
    /// Row after row, the columns in single precision.
    narrow: Numbers<f32>,
    /// Row after row, the other ones.
    wide: Numbers<f64>,
    /// The smallest and the largest value of each column.
    extent: (Box<[f64]>, Box<[f64]>),
}

/// Adjacent columns in the same precision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    columns: Range<usize>,
    is_narrow: bool,
    /// Their first position in the row of their precision.
    start: usize,
}

/// Adjacent numbers of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cells<'m> {
    Narrow(&'m [f32]),
    Wide(&'m [f64]),
}

impl Matrix {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns, blocks: Vec::new(), ends: Vec::new() }
    }

    /// Appends rows.
    pub(crate) fn push(&mut self, mut block: Block) {
        if block.rows == 0 {
            return;
        }
        // Most blocks have the same layout; they share it.
        if let Some(last) = self.blocks.last().filter(|last| last.runs == block.runs) {
            block.runs = Arc::clone(&last.runs);
        }
        self.ends.push(self.rows() + block.rows);
        self.blocks.push(block);
    }

    /// Bytes of the numbers that are in memory, not mapped.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes).sum()
    }

    /// Its blocks, in order.
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = Block> {
        self.blocks.into_iter()
    }

    pub(crate) fn rows(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The numbers of a row: ranges of columns and their cells, in order.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (Range<usize>, Cells<'_>)> {
        let index = self.ends.partition_point(|&end| end <= row);
        let block = &self.blocks[index];
        let row = row - (self.ends[index] - block.rows);
        let narrow = block.narrow.len() / block.rows;
        let wide = block.wide.len() / block.rows;
        block.runs.iter().map(move |run| {
            let Run { columns, is_narrow, start } = run;
            let cells = if *is_narrow {
                Cells::Narrow(&block.narrow[row * narrow + start..][..columns.len()])
            } else {
                Cells::Wide(&block.wide[row * wide + start..][..columns.len()])
            };
            (columns.clone(), cells)
        })
    }

    /// The number in a row and column.
    pub(crate) fn value(&self, row: usize, column: usize) -> f64 {
        let holds = |(columns, _): &(Range<usize>, Cells<'_>)| columns.contains(&column);
        let (columns, cells) = self.row(row).find(holds).expect("the column is one of the matrix");
        match cells {
            Cells::Narrow(cells) => f64::from(cells[column - columns.start]),
            Cells::Wide(cells) => cells[column - columns.start],
        }
    }

    /// The smallest and the largest value of a column, missing ones aside.
    pub(crate) fn extent(&self, column: usize) -> (f64, f64) {
        let extents = self.blocks.iter().map(|block| (block.extent.0[column], block.extent.1[column]));
        extents.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (least, most)| {
            (low.min(least), high.max(most))
        })
    }
}

impl Block {
    /// From finite values in the range of `f32` or NaN, row after row.
    pub(crate) fn pack(values: &[f64], columns: usize) -> Result<Self, ErrorKind> {
        let rows = values.len() / columns;
        let found = Ranges::of(values, columns);
        let same = found.loss.chunk_by(|left, right| (*left == 0.0) == (*right == 0.0));
        let runs = runs(same.map(|same| (same.len(), same[0] == 0.0)));
        let width = |is_narrow| {
            let same = runs.iter().filter(|run| run.is_narrow == is_narrow);
            same.map(|run| run.columns.len()).sum::<usize>()
        };
        let mut narrow = reserve(rows * width(true))?;
        let mut wide = reserve(rows * width(false))?;
        for row in values.chunks_exact(columns) {
            for run in &runs {
                let cells = &row[run.columns.clone()];
                match run.is_narrow {
                    true => narrow.extend(cells.iter().map(|&value| value as f32)),
                    false => wide.extend_from_slice(cells),
                }
            }
        }
        let extent = (found.low.into(), found.high.into());
        let (narrow, wide) = (Numbers::Owned(narrow), Numbers::Owned(wide));
        Ok(Self { rows, runs: runs.into(), narrow, wide, extent })
    }

    /// The same rows with their numbers elsewhere.
    pub(crate) fn with_numbers(self, narrow: Numbers<f32>, wide: Numbers<f64>) -> Self {
        Self { narrow, wide, ..self }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the numbers that are in memory, not mapped.
    pub(crate) fn bytes(&self) -> usize {
        let owned = |is_owned, bytes| if is_owned { bytes } else { 0 };
        owned(matches!(self.narrow, Numbers::Owned(_)), size_of_val::<[f32]>(&self.narrow))
            + owned(matches!(self.wide, Numbers::Owned(_)), size_of_val::<[f64]>(&self.wide))
    }

    /// The numbers in single precision, and those in double precision.
    pub(crate) fn numbers(&self) -> (&[f32], &[f64]) {
        (&self.narrow, &self.wide)
    }
}

/// What one pass over the values of a block finds about each column.
struct Ranges {
    low: Vec<f64>,
    high: Vec<f64>,
    /// The largest rounding error of single precision.
    loss: Vec<f64>,
}

impl Ranges {
    fn of(values: &[f64], columns: usize) -> Self {
        let mut low = vec![f64::INFINITY; columns];
        let mut high = vec![f64::NEG_INFINITY; columns];
        let mut loss = vec![0.0_f64; columns];
        with_simd(
            #[inline(always)]
            || {
                for row in values.chunks_exact(columns) {
                    for (((&value, low), high), loss) in
                        row.iter().zip(&mut low).zip(&mut high).zip(&mut loss)
                    {
                        let change = (value - f64::from(value as f32)).abs();
                        *low = if value < *low { value } else { *low };
                        *high = if value > *high { value } else { *high };
                        *loss = if change > *loss { change } else { *loss };
                    }
                }
            },
        );
        Self { low, high, loss }
    }
}

/// The runs of columns of these widths and precisions.
fn runs(layout: impl Iterator<Item = (usize, bool)>) -> Vec<Run> {
    let mut widths = [0, 0];
    let mut first = 0;
    layout
        .map(|(width, is_narrow)| {
            let taken = &mut widths[usize::from(is_narrow)];
            let run = Run { columns: first..first + width, is_narrow, start: *taken };
            *taken += width;
            first += width;
            run
        })
        .collect()
}

/// Memory for some numbers, or an error instead of an abort.
fn reserve<T>(count: usize) -> Result<Vec<T>, ErrorKind> {
    let mut numbers = Vec::new();
    match numbers.try_reserve_exact(count) {
        Ok(()) => Ok(numbers),
        Err(_) => Err(ErrorKind::OutOfMemory { needs: (count * size_of::<T>()) as u64 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of every value, which `row` and `value` agree on.
    fn bits(matrix: &Matrix) -> Vec<u64> {
        let mut bits = Vec::new();
        for row in 0..matrix.rows() {
            let mut columns = 0;
            for (range, cells) in matrix.row(row) {
                assert_eq!(range.start, columns);
                columns = range.end;
                match cells {
                    Cells::Narrow(cells) => bits.extend(cells.iter().map(|&cell| f64::from(cell).to_bits())),
                    Cells::Wide(cells) => bits.extend(cells.iter().map(|cell| cell.to_bits())),
                }
            }
            assert_eq!(columns, matrix.columns());
            let values = (0..columns).map(|column| matrix.value(row, column).to_bits());
            assert!(values.eq(bits[row * columns..].iter().copied()));
        }
        bits
    }

    #[test]
    fn values_are_exact_and_take_four_bytes_where_single_precision_holds_them() {
        let f32_max = f64::from(f32::MAX);
        let blocks: [&[f64]; 3] = [
            &[1.0, 0.1, 1e9 + 1.0, -0.0, 255.0, 2.0, 0.5, 1e9, 3.0, f32_max],
            &[1.0, 0.5, 1e9, 0.0, -f32_max],
            &[1e-45, 5e-324, 1e9, 16_777_217.0, 16_777_216.0],
        ];
        let mut matrix = Matrix::new(5);
        for block in blocks {
            matrix.push(Block::pack(block, 5).unwrap());
        }
        assert_eq!(bits(&matrix), blocks.concat().iter().map(|value| value.to_bits()).collect::<Vec<_>>());
        let sizes: Vec<_> =
            matrix.blocks.iter().map(|block| (block.narrow.len(), block.wide.len())).collect();
        assert_eq!(sizes, [(6, 4), (5, 0), (2, 3)]);
        assert_eq!(matrix.extent(1), (5e-324, 0.5));
        assert_eq!(matrix.extent(4), (-f32_max, f32_max));
    }

    #[test]
    fn blocks_without_rows_are_ignored() {
        let mut matrix = Matrix::new(2);
        matrix.push(Block::pack(&[], 2).unwrap());
        assert_eq!(matrix.rows(), 0);
        matrix.push(Block::pack(&[1.0, 2.0], 2).unwrap());
        matrix.push(Block::pack(&[], 2).unwrap());
        matrix.push(Block::pack(&[3.0, 4.0], 2).unwrap());
        assert_eq!((matrix.rows(), matrix.value(1, 0), matrix.blocks.len()), (2, 3.0, 2));
    }
}
