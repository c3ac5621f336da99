//! What stands in the columns of a file, counted before it is decided what they are.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::cell::{is_numeric, trim};
use super::chunks::{Chunk, Chunks};
use super::error::{At, Told};
use super::fault::Fault;
use super::file::width;
use super::format::Format;
use super::lexer::Lexer;
use super::markers::Markers;
use super::place::line_of;
use super::records::check_width;
use super::workers::{Work, in_order};

/// What stands in a column.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnSurvey {
    /// The different texts of the column with what they are and how often they occur; not all of
    /// them if `is_cut`.
    pub(super) texts: HashMap<String, (Sort, usize)>,
    /// Whether there are more different texts than are kept.
    pub(super) is_cut: bool,
    counts: [usize; 4],
}

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Missing, whatever the column is.
    Missing,
    /// Missing among numbers, a word like any other among words.
    MissingNumber,
    /// A number, or meant as one.
    Number,
    Word,
}

impl ColumnSurvey {
    /// The number of cells of this sort.
    pub(super) fn count(&self, sort: Sort) -> usize {
        self.counts[sort as usize]
    }

    fn add(&mut self, text: &str, markers: &Markers, most: usize) {
        if let Some((sort, count)) = self.texts.get_mut(text) {
            *count += 1;
            self.counts[*sort as usize] += 1;
            return;
        }
        let sort = sort(text, markers);
        self.counts[sort as usize] += 1;
        if self.texts.len() < most {
            self.texts.insert(text.to_owned(), (sort, 1));
        } else {
            self.is_cut = true;
        }
    }

    fn merge(&mut self, other: Self, most: usize) {
        self.is_cut |= other.is_cut;
        for (text, (sort, count)) in other.texts {
            let is_full = self.texts.len() >= most;
            match self.texts.get_mut(&text) {
                Some((_, sum)) => *sum += count,
                None if is_full => self.is_cut = true,
                None => {
                    self.texts.insert(text, (sort, count));
                }
            }
        }
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += count;
        }
    }
}

fn sort(text: &str, markers: &Markers) -> Sort {
    if markers.in_texts(text) {
        Sort::Missing
    } else if is_numeric(text) {
        Sort::Number
    } else if text.is_empty() || markers.in_numbers(text) {
        Sort::MissingNumber
    } else {
        Sort::Word
    }
}

/// How columns are surveyed.
#[derive(Clone, Debug)]
pub(super) struct Surveyor<'s> {
    pub(super) format: Format,
    pub(super) markers: &'s Markers,
    /// For each column of the file, how many different texts are kept; 0 leaves the column out.
    pub(super) most: Vec<usize>,
    /// The line of the first record.
    pub(super) first_line: u64,
}

impl Surveyor<'_> {
    /// Surveys all rows; what is not in the `first` chunk is still in `chunks`.
    ///
    /// # Errors
    ///
    /// The first fault of the records, or one of the file as a whole.
    pub(super) fn survey(&self, first: &Chunk, chunks: &mut Chunks) -> Result<Vec<ColumnSurvey>, Box<Told>> {
        let mut sum = vec![ColumnSurvey::default(); self.most.len()];
        let (mut lines, mut records, mut blank) = (0, 0, None);
        let mut fault: Option<Box<Told>> = None;
        in_order(self, first, chunks, &mut |outcome: Surveyed| {
            let goes_on = outcome.records > 0 || outcome.columns.is_err();
            match outcome.columns {
                Ok(_) if fault.is_some() => {}
                _ if fault.is_none() && goes_on && blank.is_some() => {
                    fault = blank.map(|line| Told::at_line(line, Fault::BlankLine));
                }
                Ok(columns) => {
                    for ((sum, column), &most) in sum.iter_mut().zip(columns).zip(&self.most) {
                        sum.merge(column, most);
                    }
                }
                Err(told) => {
                    let told = told.below(lines);
                    fault = Some(match fault.take() {
                        Some(first) => first.or_weightier(told),
                        None => told,
                    });
                }
            }
            blank = blank.or(outcome.blank.map(|line| line + lines));
            records += outcome.records;
            lines += outcome.lines;
            if fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match fault {
            Some(fault) => Err(chunks.skip(fault, lines).0),
            None if records == 0 => Err(Told::at_line(1, Fault::NoRows)),
            None => Ok(sum),
        }
    }

    /// Surveys the rows of the first chunk of a file, as far as there is no fault.
    pub(super) fn glance(&self, first: &Chunk) -> Vec<ColumnSurvey> {
        let mut columns = vec![ColumnSurvey::default(); self.most.len()];
        if let Ok(text) = first.text() {
            // Whatever is wrong is found again by who reads the whole file.
            let _ = self.count(&mut Lexer::new(text, self.format.dialect), true, &mut columns);
        }
        columns
    }

    /// Counts the rows, and what is in them.
    fn count(
        &self,
        lexer: &mut Lexer<'_>,
        is_first: bool,
        columns: &mut [ColumnSurvey],
    ) -> Result<usize, Box<At>> {
        let Format { dialect, header, .. } = self.format;
        if header && is_first && lexer.next_record()? {
            width(lexer)?;
        }
        let mut records = 0;
        while lexer.next_record()? {
            records += 1;
            let mut found = 0;
            let mut last;
            loop {
                last = lexer.next_field()?;
                if let Some(column) = columns.get_mut(found)
                    && self.most[found] > 0
                {
                    column.add(trim(&lexer.content(last)), self.markers, self.most[found]);
                }
                found += 1;
                if last.is_last {
                    break;
                }
            }
            check_width(lexer, columns.len(), found, last, (dialect, self.first_line))?;
        }
        Ok(records)
    }
}

/// What is known of a chunk.
pub(super) struct Surveyed {
    lines: u64,
    records: usize,
    /// The first of the blank lines at the end.
    blank: Option<u64>,
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
        let counted = self.count(&mut lexer, chunk.index == 0, &mut columns);
        let blank = lexer.blank_end().map(|offset| line_of(text.as_bytes(), offset));
        let (records, columns) = match counted {
            Ok(records) => (records, Ok(columns)),
            Err(at) => (0, Err(at.told(text.as_bytes()))),
        };
        Surveyed { lines: chunk.lines(), records, blank, columns }
    }

    fn damaged(&self, told: Box<Told>) -> Surveyed {
        Surveyed { lines: 0, records: 0, blank: None, columns: Err(told) }
    }

    fn threads(&self) -> usize {
        self.format.reading.threads.get()
    }
}
