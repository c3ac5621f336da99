//! What stands in the columns of a file, counted before it is decided what they are.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

pub(crate) use crate::data::schema::column_stats::{ColumnSurvey, Sort};

use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::file::width;
use crate::data::csv::format::Format;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::trim;
use crate::data::csv::ordered_pool::{Work, in_order};
use crate::data::csv::parser::Lexer;
use crate::data::csv::position::line_of;
use crate::data::csv::reader::check_width;
use crate::data::csv::trailing_blank::BlankEnd;
use crate::data::error::{At, Told};
use crate::data::error_kind::Fault;

/// What stands in a file.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) columns: Vec<ColumnSurvey>,
    pub(crate) rows: usize,
    /// One for each row, the same for rows with the same cells; none unless asked for.
    pub(crate) hashes: Vec<u64>,
}

/// How columns are surveyed.
#[derive(Clone, Debug)]
pub(crate) struct Surveyor<'s> {
    pub(crate) format: Format,
    pub(crate) markers: &'s Markers,
    /// For each column of the file, how many different texts are kept; 0 leaves the column out.
    pub(crate) most: Vec<usize>,
    /// The line of the first record.
    pub(crate) first_line: u64,
    /// Whether rows are compared with each other.
    pub(crate) hashes_rows: bool,
}

impl Surveyor<'_> {
    /// Surveys all rows; what is not in the `first` chunk is still in `chunks`.
    ///
    /// # Errors
    ///
    /// The first fault of the records, or one of the file as a whole.
    pub(crate) fn survey(&self, first: &Chunk, chunks: &mut Chunks) -> Result<Survey, Box<Told>> {
        let mut hashes = Vec::new();
        let mut sum = vec![ColumnSurvey::default(); self.most.len()];
        let (mut lines, mut records, mut blank) = (0, 0, BlankEnd::default());
        let mut fault: Option<Box<Told>> = None;
        in_order(self, first, chunks, &mut |outcome: Surveyed| {
            let before = lines;
            lines += outcome.lines;
            let goes_on =
                outcome.records > 0 || outcome.columns.as_ref().is_err_and(|told| told.fault.weight() == 0);
            let first_blank = outcome.blank.map(|line| line + before);
            fault = match (fault.take(), outcome.columns) {
                (None, columns) => match (blank.add(goes_on, first_blank, lines), columns) {
                    (Err(told), _) => Some(told),
                    (Ok(()), Err(told)) => Some(told.below(before)),
                    (Ok(()), Ok(columns)) => {
                        for ((sum, column), &most) in sum.iter_mut().zip(columns).zip(&self.most) {
                            sum.merge(column, most);
                        }
                        None
                    }
                },
                (Some(first), Err(told)) => Some(first.or_weightier(told.below(before))),
                (first, Ok(_)) => first,
            };
            hashes.extend(outcome.hashes);
            records += outcome.records;
            if fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match fault {
            Some(fault) => Err(chunks.skip(fault, lines)),
            None if records == 0 => Err(Told::at_line(self.first_line, Fault::NoRows)),
            None => Ok(Survey { columns: sum, rows: records, hashes }),
        }
    }

    /// Surveys the rows of the first chunk of a file, as far as there is no fault.
    pub(crate) fn glance(&self, first: &Chunk) -> Vec<ColumnSurvey> {
        let mut columns = vec![ColumnSurvey::default(); self.most.len()];
        if let Ok(text) = first.text() {
            // Whatever is wrong is found again by who reads the whole file.
            let lexer = &mut Lexer::new(text, self.format.dialect);
            let _ = self.count(lexer, true, &mut columns, &mut Vec::new());
        }
        columns
    }

    /// Counts the rows, and what is in them.
    fn count(
        &self,
        lexer: &mut Lexer<'_>,
        is_first: bool,
        columns: &mut [ColumnSurvey],
        hashes: &mut Vec<u64>,
    ) -> Result<usize, Box<At>> {
        let Format { dialect, header, .. } = self.format;
        if header && is_first && lexer.next_record()? {
            width(lexer)?;
        }
        let mut records = 0;
        while lexer.next_record()? {
            records += 1;
            let mut hash = DefaultHasher::new();
            let mut found = 0;
            let mut last;
            loop {
                last = lexer.next_field()?;
                if let Some(column) = columns.get_mut(found)
                    && self.most[found] > 0
                {
                    let cell = lexer.content(last);
                    column.add(trim(&cell), self.markers, self.most[found]);
                    if self.hashes_rows {
                        trim(&cell).hash(&mut hash);
                    }
                }
                found += 1;
                if last.is_last {
                    break;
                }
            }
            check_width(lexer, columns.len(), found, last, (dialect, self.first_line))?;
            hashes.extend(self.hashes_rows.then(|| hash.finish()));
        }
        Ok(records)
    }
}

/// What is known of a chunk.
pub(crate) struct Surveyed {
    lines: u64,
    records: usize,
    /// The first of the blank lines at the end.
    blank: Option<u64>,
    hashes: Vec<u64>,
    columns: Result<Vec<ColumnSurvey>, Box<Told>>,
}

impl Work for Surveyor<'_> {
    type Scratch = ();
    type Outcome = Surveyed;

    fn read(&self, chunk: &Chunk, (): &mut ()) -> Surveyed {
        let text = match chunk.text() {
            Ok(text) => text,
            Err(told) => return Surveyed { lines: chunk.lines(), ..self.damaged(told) },
        };
        let mut lexer = Lexer::new(text, self.format.dialect);
        let mut columns = vec![ColumnSurvey::default(); self.most.len()];
        let mut hashes = Vec::new();
        let counted = self.count(&mut lexer, chunk.index == 0, &mut columns, &mut hashes);
        let blank = lexer.blank_end().map(|offset| line_of(text.as_bytes(), offset));
        let (records, columns) = match counted {
            Ok(records) => (records, Ok(columns)),
            Err(at) => (0, Err(at.told(text.as_bytes()))),
        };
        Surveyed { lines: chunk.lines(), records, blank, hashes, columns }
    }

    fn damaged(&self, told: Box<Told>) -> Surveyed {
        Surveyed { lines: 0, records: 0, blank: None, hashes: Vec::new(), columns: Err(told) }
    }

    fn threads(&self) -> usize {
        self.format.reading.threads.get()
    }
}
