//! Merges the results of parsing chunks, in the order of the files.

use std::ops::ControlFlow;

use crate::data::csv::chunks::Chunks;
use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::chunks::ordered_pool::{ChunkReader, ChunkResult, read_in_order};
use crate::data::csv::line_ends::LineEnds;
use crate::data::error::{ErrorKind, Located};
use crate::data::limits::MAX_BLANK_LINES;

/// The result of reading all files, without their rows.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) records: usize,
    pub(crate) line_ends: LineEnds,
    /// Comment lines that were skipped.
    pub(crate) comments: usize,
    /// The first fault in the order of the files.
    pub(crate) fault: Option<Box<Located>>,
    /// A fault of a later chunk of the same file that happened to be read before reading stopped.
    later: Option<Box<Located>>,
    lines: u64,
    /// The number of lines before each file after the first.
    starts: Vec<u64>,
    /// The first of the blank lines that end what was read so far of a file.
    blank: Option<u64>,
}

/// Reads `first` and all that is left in `chunks`, on several threads. `append` gets the contents
/// in the order of the files, each with the number of lines before it in all files; a fault or a `Break` of it
/// ends the reading.
///
/// Which error is reported does not depend on threads or chunk size.
pub(crate) fn read_chunks<R: ChunkReader>(
    reader: &R,
    first: &Chunk,
    chunks: &mut Chunks,
    mut append: impl FnMut(R::Content, u64) -> Result<ControlFlow<()>, Box<Located>> + Send,
) -> Merged {
    let mut merged = Merged::default();
    let mut flow = ControlFlow::Continue(());
    read_in_order(reader, first, chunks, &mut |chunk: ChunkResult<R::Content>| {
        if flow.is_continue() {
            match merged.add(chunk, &mut append) {
                Ok(next) => flow = next,
                Err(fault) => {
                    merged.fault = Some(fault);
                    flow = ControlFlow::Break(());
                }
            }
        } else {
            merged.add_later(chunk);
        }
        flow
    });
    chunks.set_starts([0].into_iter().chain(merged.starts.iter().copied()).collect());
    merged
}

impl Merged {
    fn add<T>(
        &mut self,
        chunk: ChunkResult<T>,
        append: &mut impl FnMut(T, u64) -> Result<ControlFlow<()>, Box<Located>>,
    ) -> Result<ControlFlow<()>, Box<Located>> {
        let ChunkResult { file, lines, summary, content } = chunk;
        let before = self.lines;
        if file > self.starts.len() {
            self.starts.push(before);
            self.blank = None;
        }
        self.lines += lines;
        let has_rows =
            summary.records > 0 || summary.fault.as_ref().is_some_and(|error| error.kind.rank() == 0);
        self.check_blank_lines(has_rows, summary.blank.map(|line| line + before))?;
        // The rows before the fault may have an error that only `append` finds.
        let flow = content.map_or(Ok(ControlFlow::Continue(())), |content| append(content, before))?;
        if let Some(error) = summary.fault {
            return Err(error.below(before));
        }
        self.records += summary.records;
        self.line_ends.add(summary.line_ends);
        self.comments += summary.comments;
        Ok(flow)
    }

    /// Adds a chunk after the first fault, which nothing in another file explains.
    fn add_later<T>(&mut self, chunk: ChunkResult<T>) {
        if chunk.file > self.starts.len() {
            return;
        }
        if let Some(error) = chunk.summary.fault {
            let error = error.below(self.lines);
            self.later = Some(match self.later.take() {
                Some(first) => first.more_informative(error),
                None => error,
            });
        }
        self.lines += chunk.lines;
    }

    /// Refuses blank lines between records, and more than [`MAX_BLANK_LINES`] of them at the end.
    fn check_blank_lines(&mut self, has_rows: bool, first: Option<u64>) -> Result<(), Box<Located>> {
        match self.blank {
            Some(blank) if has_rows => return Err(Located::at_line(blank, ErrorKind::BlankLine)),
            Some(_) => {}
            None => self.blank = first,
        }
        match self.blank {
            Some(blank) if self.lines >= blank + MAX_BLANK_LINES => {
                Err(Located::at_line(blank, ErrorKind::TooManyBlankLines))
            }
            _ => Ok(()),
        }
    }

    /// The result, or its error: the rest of its file is searched for one that explains more.
    pub(crate) fn or_fault(mut self, chunks: &mut Chunks) -> Result<Self, Box<Located>> {
        let Some(first) = self.fault.take() else { return Ok(self) };
        let fault = match self.later.take() {
            Some(later) => first.more_informative(later),
            None => first,
        };
        Err(chunks.skip(fault, self.starts.len(), self.lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::row_reader::ReadSummary;

    #[test]
    fn blank_lines_end_a_file_and_are_not_too_many() {
        let check = |blank, lines, has_rows, first| {
            let mut merged = Merged { blank, lines, ..Merged::default() };
            let fault = merged.check_blank_lines(has_rows, first).err();
            (merged.blank, fault.map(|fault| (fault.line, fault.kind.to_string())))
        };
        let between = |line| Some((line, ErrorKind::BlankLine.to_string()));
        let too_many = |line| Some((line, ErrorKind::TooManyBlankLines.to_string()));
        let most = 2 + MAX_BLANK_LINES;
        for (blank, lines, has_rows, first, expected) in [
            (None, 5, true, None, (None, None)),
            (None, 5, true, Some(3), (Some(3), None)),
            (Some(3), 9, false, Some(6), (Some(3), None)),
            (Some(3), 9, true, None, (Some(3), between(3))),
            (None, most, true, Some(3), (Some(3), None)),
            (Some(3), most, false, Some(6), (Some(3), None)),
            (None, most + 1, true, Some(3), (Some(3), too_many(3))),
            (Some(3), most + 1, false, Some(6), (Some(3), too_many(3))),
        ] {
            assert_eq!(check(blank, lines, has_rows, first), expected, "{blank:?} {lines} {first:?}");
        }
    }

    #[test]
    fn of_later_chunks_those_of_the_same_file_count() {
        let chunk = |file, lines, fault: Option<ErrorKind>| {
            let fault = fault.map(|kind| Located::at_line(2, kind));
            ChunkResult::<()> {
                file,
                lines,
                summary: ReadSummary { fault, ..ReadSummary::default() },
                content: None,
            }
        };
        let mut merged = Merged { lines: 10, starts: vec![7], ..Merged::default() };
        merged.add_later(chunk(1, 5, None));
        merged.add_later(chunk(1, 4, Some(ErrorKind::Nul)));
        merged.add_later(chunk(1, 3, Some(ErrorKind::BlankLine)));
        merged.add_later(chunk(2, 6, Some(ErrorKind::Changed)));
        let later = merged.later.expect("a fault");
        assert_eq!((merged.lines, later.line, later.kind.to_string()), (22, 17, ErrorKind::Nul.to_string()));
    }
}
