//! The label or the targets of a row, and its weight, as the file has them.

use crate::data::Role;
use crate::data::csv::missing::{CellFormat, Markers};
use crate::data::csv::number;
use crate::data::csv::number::trim;
use crate::data::error::ErrorKind;
use crate::data::schema::layout::NumberedTexts;
use crate::data::schema::renaming::Renaming;
use crate::data::stream::RowStream;
use crate::data::stream::chunk::{RowChunk, RowProblem};
use crate::data::transform::encoding::{Encoding, TargetEncoding};

/// The index of a column in the file, and among the cells that are passed on.
pub(crate) type Place = (usize, usize);

/// The place of the column of this name; none if the file does not have it.
pub(crate) fn find(stream: &RowStream, name: &str) -> Option<Place> {
    let mut columns = stream.cells().iter().enumerate();
    let found = columns.find(|&(_, &column)| stream.names()[column] == name);
    found.map(|(cell, &column)| (column, cell))
}

/// The number in a place; `missing` says what a missing one means.
fn number_at(
    chunk: &RowChunk<'_>,
    row: usize,
    (column, cell): Place,
    missing: fn(String) -> ErrorKind,
) -> Result<f64, RowProblem> {
    let (text, markers) = (&chunk.cells(row)[cell], chunk.markers(column));
    markers.value(text).ok_or_else(|| {
        let fault = match number::fault(text, markers) {
            ErrorKind::MissingValue { text, .. } => missing(text),
            fault => fault.of_prediction(),
        };
        chunk.refuse(row, column, fault)
    })
}

/// The weight in a place.
pub(crate) fn weight_at(chunk: &RowChunk<'_>, row: usize, place: Place) -> Result<f64, RowProblem> {
    let weight = number_at(chunk, row, place, ErrorKind::NothingToFillIn)?;
    match weight < 0.0 {
        true => Err(chunk.refuse(row, place.0, ErrorKind::NegativeWeight(weight.to_string()))),
        false => Ok(weight),
    }
}

/// Where the label or the targets of a row are.
pub(crate) enum Truths<'e> {
    /// A class name.
    Classes(LabelReader<'e>, Place),
    /// Numbers.
    Values(Vec<Place>),
}

impl<'e> Truths<'e> {
    /// Finds the columns; the error is the names of those that are missing.
    pub(crate) fn new(encoding: &'e Encoding, stream: &RowStream) -> Result<Self, Vec<String>> {
        let find = |name: &str| find(stream, name).ok_or_else(|| name.to_owned());
        match &encoding.targets {
            TargetEncoding::Classes { column, .. } => {
                let place = find(column).map_err(|missing| vec![missing])?;
                Ok(Self::Classes(LabelReader::new(encoding), place))
            }
            TargetEncoding::Values(values) => {
                let (found, missing): (Vec<_>, Vec<_>) =
                    values.iter().map(|value| find(&value.column)).partition(Result::is_ok);
                match missing.is_empty() {
                    true => Ok(Self::Values(found.into_iter().flatten().collect())),
                    false => Err(missing.into_iter().filter_map(Result::err).collect()),
                }
            }
        }
    }

    /// Appends the class of a row to `classes`, or its targets to `values`; nothing if one of them cannot be read.
    pub(crate) fn read(
        &self,
        chunk: &RowChunk<'_>,
        row: usize,
        classes: &mut Vec<u32>,
        values: &mut Vec<f64>,
    ) -> Result<(), RowProblem> {
        match self {
            Self::Classes(labels, (column, cell)) => {
                let class = labels.class(&chunk.cells(row)[*cell]);
                classes.push(class.map_err(|fault| chunk.refuse(row, *column, fault))?);
            }
            Self::Values(columns) => {
                let first = values.len();
                for &place in columns {
                    match number_at(chunk, row, place, ErrorKind::MissingAnswer) {
                        Ok(value) => values.push(value),
                        Err(problem) => {
                            values.truncate(first);
                            return Err(problem);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// How labels are read.
pub(crate) struct LabelReader<'e> {
    names: &'e [String],
    numbers: NumberedTexts,
    renamed: Renaming<'e>,
    markers: Markers,
}

impl<'e> LabelReader<'e> {
    fn new(encoding: &'e Encoding) -> Self {
        let names = encoding.classes();
        let renamed = Renaming::new(encoding.renamed_labels());
        let label = encoding.columns.iter().find(|column| column.role == Role::Label);
        let own = label.and_then(|label| label.missing_markers.as_ref());
        let CellFormat { markers, numbers: format } = encoding.reading.cells();
        let markers = Markers::new(own.map(Vec::as_slice).or(markers), format);
        Self { names, numbers: NumberedTexts::new(names), renamed, markers }
    }

    /// The number of the class that a cell names.
    fn class(&self, cell: &str) -> Result<u32, ErrorKind> {
        let cell = trim(cell);
        if self.markers.in_texts(cell) {
            return Err(ErrorKind::MissingAnswer(cell.to_owned()));
        }
        let name = self.renamed.get(cell).map_or(cell, |(_, name)| name);
        self.numbers
            .get(name)
            .ok_or_else(|| ErrorKind::ForeignClass { class: name.to_owned(), known: self.names.to_vec() })
    }
}
