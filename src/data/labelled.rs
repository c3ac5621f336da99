//! Rows for a trained network whose truth is in the file with them.

use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::num::NonZeroUsize;
use std::path::Path;

use ndarray::Array2;

use super::cell::trim;
use super::encoding::{Encoding, TargetEncoding};
use super::error::DataError;
use super::fault::Fault;
use super::limits::MAX_BYTES;
use super::markers::Markers;
use super::piece::{BadRows, Piece, RowProblem};
use super::row_stream::{RowStream, StreamError};
use super::{Encoder, Role};
use crate::metrics::Truth;
use crate::real::Real;

/// The rows of a file as a network takes them, with what is true of them.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledRows<F> {
    /// `(n, inputs)`.
    pub x: Array2<F>,
    /// Of each row.
    pub truth: Truth,
    /// Rows that were left out.
    pub skipped: u64,
    /// Why the first of them was.
    pub first_skipped: Option<String>,
    /// Columns that the encoding does not know.
    pub unknown_columns: Vec<String>,
    /// Cells with a category that was not among those of the training rows, by the name of the column.
    pub unseen: BTreeMap<String, u64>,
}

/// What is known of a piece.
struct Portion<F> {
    x: Vec<F>,
    classes: Vec<u32>,
    skipped: u64,
    first_skipped: Option<String>,
    unseen: BTreeMap<usize, u64>, // by feature
}

/// There is not enough memory for so many rows.
struct TooMany {
    rows: usize,
}

impl<F: Real> LabelledRows<F> {
    /// Reads a file, or standard input, whose columns are found as by [`RowStream::open`]; the column
    /// of the truth must be there too. Rows whose values or truth cannot be used are an error, or left
    /// out and counted with [`BadRows::Mark`].
    ///
    /// # Errors
    ///
    /// The first fault of the file.
    pub fn read(
        path: &Path,
        encoding: &Encoding,
        bad_rows: BadRows,
        threads: NonZeroUsize,
    ) -> Result<Self, DataError> {
        let failed = |fault| DataError::new(path, fault);
        let stream = RowStream::open(path, encoding, &[Role::Label], bad_rows)?;
        let labels = Labels::new(encoding);
        let Some(&label) = stream.cells().first() else {
            let missing = vec![labels.column.to_owned()];
            return Err(failed(Fault::MissingColumns { missing, found: stream.names().to_vec() }));
        };
        let names: Vec<String> = encoding.features().map(|(name, _)| name.to_owned()).collect();
        let unknown_columns = stream.unknown().map(str::to_owned).collect();
        let encoder = Encoder::new(encoding);
        let inputs = encoder.inputs();
        let limit = MAX_BYTES as usize / (inputs * size_of::<F>());
        let mut all = Portion::new();
        let ended = stream.run(
            threads,
            |_: &mut (), piece| Portion::of(piece, &encoder, &labels, label, bad_rows),
            |portion: Portion<F>| {
                all.append(portion);
                match all.classes.len() > limit {
                    true => Err(TooMany { rows: all.classes.len() }),
                    false => Ok(()),
                }
            },
        );
        ended.map_err(|error| match error {
            StreamError::Data(error) => error,
            StreamError::Taker(TooMany { rows }) => {
                let needs = (rows * inputs * size_of::<F>()) as u64;
                failed(Fault::TooManyCells { needs, rows, features: inputs, limit: MAX_BYTES })
            }
        })?;
        let Portion { x, classes, skipped, first_skipped, unseen } = all;
        if classes.is_empty() {
            return Err(failed(match first_skipped {
                Some(first) => Fault::NothingToEvaluate { rows: skipped, first },
                None => Fault::NoRows,
            }));
        }
        let x = Array2::from_shape_vec((classes.len(), inputs), x).expect("each row has all inputs");
        let unseen = unseen.into_iter().map(|(feature, cells)| (names[feature].clone(), cells)).collect();
        let truth = Truth::Classes(classes);
        Ok(Self { x, truth, skipped, first_skipped, unknown_columns, unseen })
    }
}

/// How labels are read.
struct Labels<'e> {
    column: &'e str,
    names: &'e [String],
    numbers: HashMap<&'e str, u32>,
    renamed: &'e BTreeMap<String, String>,
    markers: Markers,
}

impl<'e> Labels<'e> {
    fn new(encoding: &'e Encoding) -> Self {
        let TargetEncoding::Classes { column, names, renamed, .. } = &encoding.targets;
        let numbers = names.iter().map(String::as_str).zip(0..).collect();
        let markers = Markers::new(encoding.reading.missing_markers.as_deref());
        Self { column, names, numbers, renamed, markers }
    }

    /// The number of the class that a cell names.
    fn class(&self, cell: &str) -> Result<u32, Fault> {
        let cell = trim(cell);
        if self.markers.in_texts(cell) {
            return Err(Fault::MissingLabel(cell.to_owned()));
        }
        let name = self.renamed.get(cell).map_or(cell, String::as_str);
        self.numbers
            .get(name)
            .copied()
            .ok_or_else(|| Fault::ForeignClass { class: name.to_owned(), known: self.names.to_vec() })
    }
}

impl<F: Real> Portion<F> {
    fn new() -> Self {
        Self { x: Vec::new(), classes: Vec::new(), skipped: 0, first_skipped: None, unseen: BTreeMap::new() }
    }

    /// The rows of a piece whose labels are in the column `label`.
    fn of(
        piece: &Piece<'_>,
        encoder: &Encoder,
        labels: &Labels<'_>,
        label: usize,
        bad_rows: BadRows,
    ) -> Result<Self, RowProblem> {
        let mut portion = Self::new();
        let inputs = encoder.inputs();
        for row in 0..piece.rows() {
            let start = portion.x.len();
            portion.x.resize(start + inputs, F::zero());
            let class = match piece.problem(row) {
                Some(problem) => Err(problem.to_string()),
                None => {
                    let x = &mut portion.x[start..];
                    encoder.encode(piece.values(row), x);
                    let overflow = x.iter().position(|x| !x.is_finite());
                    let class = labels.class(&piece.cells(row)[0]);
                    let class = class.map_err(|fault| piece.refuse(row, label, fault));
                    let used = match overflow {
                        Some(input) => Err(piece.not_finite(row, encoder.scaled_feature(input), F::NAME)),
                        None => class,
                    };
                    match (used, bad_rows) {
                        (Err(problem), BadRows::Refuse) => return Err(problem),
                        (Err(problem), BadRows::Mark) => Err(problem.to_string()),
                        (Ok(class), _) => Ok(class),
                    }
                }
            };
            match class {
                Ok(class) => {
                    portion.classes.push(class);
                    for feature in piece.unseen(row) {
                        *portion.unseen.entry(feature).or_default() += 1;
                    }
                }
                Err(problem) => {
                    portion.x.truncate(start);
                    portion.skipped += 1;
                    portion.first_skipped.get_or_insert(problem);
                }
            }
        }
        Ok(portion)
    }

    /// Adds the rows of the next piece.
    fn append(&mut self, next: Self) {
        self.x.extend(next.x);
        self.classes.extend(next.classes);
        self.skipped += next.skipped;
        self.first_skipped = self.first_skipped.take().or(next.first_skipped);
        for (feature, cells) in next.unseen {
            *self.unseen.entry(feature).or_default() += cells;
        }
    }
}
