//! The rows of a file: every cell of every record, checked.

use ndarray::Array2;

use super::Rows;
use super::cell::{self, is_missing_label, number, trim};
use super::error::At;
use super::fault::Fault;
use super::file::width;
use super::format::Format;
use super::lexer::{Field, Lexer, LineEnds};
use super::schema::Role;
use super::text::line_ends;

/// The rows of a file, as they were written.
#[derive(Debug)]
pub(super) struct RawRows {
    pub(super) rows: Rows<f64>,
    pub(super) line_ends: LineEnds,
}

/// Reads all rows. `roles` are those of the columns; `class_of` turns a label and its place into a
/// number.
pub(super) fn read_rows(
    body: &str,
    format: Format,
    roles: &[Role],
    mut class_of: impl FnMut(&str, usize) -> Result<u32, Box<At>>,
) -> Result<RawRows, Box<At>> {
    let features = roles.iter().filter(|role| matches!(role, Role::Feature(_))).count();
    let mut x = reserve(body, format, features).map_err(|fault| At::new(0, fault))?;
    let mut labels = Vec::new();
    let mut lexer = Lexer::new(body, format.delimiter);
    if format.header && lexer.next_record()? {
        width(&mut lexer)?;
    }
    while lexer.next_record()? {
        let start = x.len();
        x.resize(start + features, 0.0);
        labels.push(read_row(&mut lexer, format.delimiter, roles, &mut x[start..], &mut class_of)?);
    }
    if labels.is_empty() {
        return Err(At::new(0, Fault::NoRows));
    }
    let x = Array2::from_shape_vec((labels.len(), features), x).expect("each row adds its features");
    Ok(RawRows { rows: Rows { x, labels }, line_ends: lexer.line_ends() })
}

/// Room for the features of as many rows as there are lines, or a fault.
fn reserve(body: &str, format: Format, features: usize) -> Result<Vec<f64>, Fault> {
    let lines = line_ends(body.as_bytes()) + usize::from(!body.ends_with(['\n', '\r']));
    let rows = lines.saturating_sub(usize::from(format.header));
    let limit = format.limit;
    let needs = (rows as u64).saturating_mul(features as u64).saturating_mul(size_of::<f64>() as u64);
    if needs > limit {
        return Err(Fault::TooManyCells { needs, rows, features, limit });
    }
    let mut x = Vec::new();
    match x.try_reserve_exact(rows * features) {
        Ok(()) => Ok(x),
        Err(_) => Err(Fault::OutOfMemory { needs }),
    }
}

/// Reads the cells of the current record into `row` and returns its class.
fn read_row(
    lexer: &mut Lexer<'_>,
    delimiter: u8,
    roles: &[Role],
    row: &mut [f64],
    class_of: &mut impl FnMut(&str, usize) -> Result<u32, Box<At>>,
) -> Result<u32, Box<At>> {
    let mut class = 0;
    let mut fault = None; // the first of the row
    let mut found = 0;
    let mut last;
    loop {
        last = lexer.next_field()?;
        match roles.get(found) {
            Some(Role::Feature(feature)) => {
                let cell = lexer.content(last);
                match number(&cell) {
                    Some(value) => row[*feature] = value,
                    None => {
                        fault.get_or_insert_with(|| At::field(last.start(), found, cell::fault(&cell)));
                    }
                }
            }
            Some(Role::Label) => match label(lexer, last, class_of) {
                Ok(id) => class = id,
                Err(at) => {
                    fault.get_or_insert(At::field(at.offset, found, at.fault));
                }
            },
            Some(Role::Ignored) | None => {}
        }
        found += 1;
        if last.is_last {
            break;
        }
    }
    // A row that lacks a field has its later values in the wrong columns, so this comes first.
    if found != roles.len() {
        let hint = width_hint(roles.len(), found, &lexer.content(last), delimiter);
        return Err(At::new(lexer.record_start(), Fault::Ragged { expected: roles.len(), found, hint }));
    }
    match fault {
        None => Ok(class),
        Some(mut at) => {
            if let (0, Fault::NotANumber { why, .. }) = (lexer.record_start(), &mut at.fault) {
                *why = "if the first line names the columns, set `header = true` in [data]";
            }
            Err(at)
        }
    }
}

/// What may have made a record too long; `last` is its last field.
fn width_hint(expected: usize, found: usize, last: &str, delimiter: u8) -> &'static str {
    if found < expected {
        ""
    } else if last.is_empty() {
        "; is there a delimiter too many at the end?"
    } else if delimiter == b',' {
        "; a value with a comma in it needs quotes, a decimal comma must be a point"
    } else {
        "; a value with the delimiter in it needs quotes"
    }
}

/// The class of a label cell.
fn label(
    lexer: &Lexer<'_>,
    field: Field,
    class_of: &mut impl FnMut(&str, usize) -> Result<u32, Box<At>>,
) -> Result<u32, Box<At>> {
    let cell = lexer.content(field);
    let label = trim(&cell);
    if is_missing_label(label) {
        return Err(At::new(field.start(), Fault::Missing(label.to_owned())));
    }
    class_of(label, field.start())
}
