//! Rows with their labels or targets, to evaluate a trained network on.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::num::NonZeroUsize;

use ndarray::Array2;

use crate::data::Role;
use crate::data::error::{DataError, ErrorKind};
use crate::data::limits::MAX_INPUT_BYTES;
use crate::data::schema::mapping::missing_columns;
use crate::data::source::paths::DataPaths;
use crate::data::stream::chunk::{BadRows, RowChunk, RowProblem};
use crate::data::stream::reading_notes::ReadingNotes;
use crate::data::stream::truth::{Place, Truths, find, weight_at};
use crate::data::stream::{RowStream, StreamEnd, StreamError};
use crate::data::transform::encode::Encoder;
use crate::data::transform::encoding::Encoding;
use crate::data::transform::usual::{CellCheck, UnusualCounts};
use crate::kernel::real::Real;
use crate::targets::Targets;

/// The encoded rows of files with their labels or targets.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledRows<F> {
    /// `(n, inputs)`.
    pub x: Array2<F>,
    /// The class or target values of each row.
    pub truth: Targets,
    /// The weight of each row, if the file has the weight column.
    pub weights: Option<Vec<f64>>,
    /// The value of each feature as it is in the file, `(n, features)`, if they were asked for: a number, the number
    /// of a category, NaN if it is missing.
    pub features: Option<Array2<f64>>,
    /// What is unusual about the file.
    pub notes: ReadingNotes,
}

/// The rows of a chunk.
struct LabelledChunk<F> {
    x: Vec<F>,
    features: Vec<f64>, // if they are kept, row after row
    rows: usize,
    classes: Vec<u32>, // for classification
    values: Vec<f64>,  // for regression, row after row
    weights: Vec<f64>, // if the file has them
    without_weight: u64,
    skipped: u64,
    first_skipped: Option<(u64, String)>,
    unseen: BTreeMap<usize, u64>, // by feature
    unusual: UnusualCounts,
}

/// How rows are read.
struct Reading<'e> {
    encoder: Encoder,
    cells: CellCheck,
    truths: Truths<'e>,
    /// The column of the weights.
    weight: Option<Place>,
    bad_rows: BadRows,
    keeps_features: bool,
}

/// The rows exceed the limit.
struct TooMany {
    rows: usize,
}

impl<F: Real> LabelledRows<F> {
    /// Reads one or more files, or standard input, whose columns are found as by [`RowStream::open`]; the
    /// label or target columns are required. Invalid rows are an error, or left out and counted with
    /// [`BadRows::Mark`].
    ///
    /// # Errors
    ///
    /// The first error in the file.
    pub fn read(
        paths: &DataPaths,
        encoding: &Encoding,
        bad_rows: BadRows,
        threads: NonZeroUsize,
    ) -> Result<Self, DataError> {
        Self::read_keeping(false, paths, encoding, bad_rows, threads)
    }

    /// The same with the values of the [`features`](Self::features).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_with_features(
        paths: &DataPaths,
        encoding: &Encoding,
        bad_rows: BadRows,
        threads: NonZeroUsize,
    ) -> Result<Self, DataError> {
        Self::read_keeping(true, paths, encoding, bad_rows, threads)
    }

    fn read_keeping(
        keeps_features: bool,
        paths: &DataPaths,
        encoding: &Encoding,
        bad_rows: BadRows,
        threads: NonZeroUsize,
    ) -> Result<Self, DataError> {
        let name = paths.name();
        let failed = |fault| DataError::new(&name, fault);
        let roles = [Role::Label, Role::Target, Role::Weight];
        let stream = RowStream::open(paths, encoding, &roles, bad_rows)?;
        let truths = Truths::new(encoding, &stream).map_err(|missing| {
            stream.fail(missing_columns("the model", missing, stream.unknown(), stream.names(), 0))
        })?;
        let no_rows = stream.no_rows();
        let weight = encoding.weight_column().and_then(|name| find(&stream, name));
        let names: Vec<String> = encoding.features().map(|(name, _)| name.to_owned()).collect();
        let unknown_columns = stream.unknown().map(str::to_owned).collect();
        let (encoder, cells) = (Encoder::new(encoding), CellCheck::new(encoding));
        let reading = Reading { encoder, cells, truths, weight, bad_rows, keeps_features };
        let inputs = reading.encoder.inputs();
        // Two predictions at a time, since choices of statistics are compared.
        let outputs = encoding.outputs() * 2 * size_of::<f64>();
        let kept = if keeps_features { names.len() * size_of::<f64>() } else { 0 };
        let bytes_of_row =
            kept + inputs * size_of::<F>() + outputs + encoding.outputs().max(2) * size_of::<f64>();
        let limit = MAX_INPUT_BYTES as usize / bytes_of_row;
        let mut all = LabelledChunk::new();
        let ended = stream.run(
            threads,
            |_: &mut (), chunk| LabelledChunk::of(chunk, &reading),
            |labelled: LabelledChunk<F>, lines| {
                all.append(labelled, lines);
                match all.rows > limit {
                    true => Err(TooMany { rows: all.rows }),
                    false => Ok(()),
                }
            },
        );
        let StreamEnd { mixed_line_ends, comments, lines } = ended.map_err(|error| match error {
            StreamError::Data(error) => error,
            StreamError::Consumer(TooMany { rows }) => {
                let needs = (rows * bytes_of_row) as u64;
                failed(ErrorKind::TooManyCells { needs, rows, features: inputs, limit: MAX_INPUT_BYTES })
            }
        })?;
        let LabelledChunk {
            x,
            features,
            rows,
            classes,
            values,
            weights,
            without_weight,
            skipped,
            first_skipped,
            unseen,
            unusual,
        } = all;
        let first_skipped = first_skipped.map(|(line, problem)| (lines.name_of(line), problem));
        if rows == 0 {
            return Err(match first_skipped {
                Some((place, first)) => failed(ErrorKind::NothingToEvaluate { rows: skipped, place, first }),
                None if without_weight > 0 => failed(ErrorKind::NoRowCountsHere),
                None => no_rows,
            });
        }
        let weights = weight.map(|_| weights);
        let x = Array2::from_shape_vec((rows, inputs), x).expect("each row has all inputs");
        let features = keeps_features.then(|| {
            Array2::from_shape_vec((rows, names.len()), features).expect("each row has all features")
        });
        let unseen = unseen.into_iter().map(|(feature, cells)| (names[feature].clone(), cells)).collect();
        let unusual = reading.cells.found(&unusual);
        let truth = match &reading.truths {
            Truths::Classes(..) => Targets::Classes(classes),
            Truths::Values(columns) => Targets::Values(
                Array2::from_shape_vec((rows, columns.len()), values).expect("each row has all values"),
            ),
        };
        let missing_weights = encoding.weight_column().filter(|_| weights.is_none()).map(str::to_owned);
        let notes = ReadingNotes {
            without_weight,
            missing_weights,
            skipped,
            first_skipped,
            unknown_columns,
            mixed_line_ends,
            comments,
            unseen,
            unusual,
        };
        Ok(Self { x, truth, weights, features, notes })
    }
}

impl<F: Real> LabelledChunk<F> {
    fn new() -> Self {
        Self {
            x: Vec::new(),
            features: Vec::new(),
            rows: 0,
            classes: Vec::new(),
            values: Vec::new(),
            weights: Vec::new(),
            without_weight: 0,
            skipped: 0,
            first_skipped: None,
            unseen: BTreeMap::new(),
            unusual: UnusualCounts::default(),
        }
    }

    /// Encodes the rows of a chunk.
    fn of(chunk: &RowChunk<'_>, reading: &Reading<'_>) -> Result<Self, RowProblem> {
        let &Reading { ref encoder, ref cells, ref truths, weight, bad_rows, keeps_features } = reading;
        let mut labelled = Self { unusual: cells.counts(), ..Self::new() };
        let inputs = encoder.inputs();
        for row in 0..chunk.rows() {
            if weight.is_some_and(|(column, cell)| {
                chunk.markers(column).value(&chunk.cells(row)[cell]) == Some(0.0)
            }) {
                labelled.without_weight += 1;
                continue;
            }
            let start = labelled.x.len();
            labelled.x.resize(start + inputs, F::zero());
            let skipped = |problem: &RowProblem| (problem.error.line, problem.to_string());
            let used = match chunk.problem(row) {
                Some(problem) => Err(skipped(problem)),
                None => {
                    let x = &mut labelled.x[start..];
                    encoder.encode(chunk.values(row), x);
                    let overflow = x.iter().position(|x| !x.is_finite());
                    let used = match overflow {
                        Some(input) => Err(chunk.not_finite(row, encoder.scaled_feature(input), F::NAME)),
                        None => {
                            weight.map(|place| weight_at(chunk, row, place)).transpose().and_then(|weight| {
                                truths.read(chunk, row, &mut labelled.classes, &mut labelled.values)?;
                                labelled.weights.extend(weight);
                                Ok(())
                            })
                        }
                    };
                    match (used, bad_rows) {
                        (Err(problem), BadRows::Refuse) => return Err(problem),
                        (Err(problem), BadRows::Mark) => Err(skipped(&problem)),
                        (Ok(()), _) => Ok(()),
                    }
                }
            };
            match used {
                Ok(()) => {
                    labelled.rows += 1;
                    if keeps_features {
                        labelled.features.extend(chunk.values(row));
                    }
                    cells.add(chunk.values(row), &mut labelled.unusual);
                    for feature in chunk.unseen(row) {
                        *labelled.unseen.entry(feature).or_default() += 1;
                    }
                }
                Err(problem) => {
                    labelled.x.truncate(start);
                    labelled.skipped += 1;
                    labelled.first_skipped.get_or_insert(problem);
                }
            }
        }
        Ok(labelled)
    }

    /// Appends the rows of the next chunk; `lines` is the number of lines before it.
    fn append(&mut self, next: Self, lines: u64) {
        self.x.extend(next.x);
        self.features.extend(next.features);
        self.rows += next.rows;
        self.classes.extend(next.classes);
        self.values.extend(next.values);
        self.weights.extend(next.weights);
        self.without_weight += next.without_weight;
        self.skipped += next.skipped;
        let first_skipped = next.first_skipped.map(|(line, problem)| (line + lines, problem));
        self.first_skipped = self.first_skipped.take().or(first_skipped);
        self.unusual.append(&next.unusual);
        for (feature, cells) in next.unseen {
            *self.unseen.entry(feature).or_default() += cells;
        }
    }
}
