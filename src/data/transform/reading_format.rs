//! How a file is written: the part of an encoding that comes before its columns.

use serde::{Deserialize, Serialize};

use crate::data::csv::missing::CellFormat;
use crate::data::csv::number_format::{NumberFormat, NumberSign};
use crate::data::spec::{DataSpec, Mark};

/// How the text of a file is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingFormat {
    /// Whether the first record names the columns.
    pub header: bool,
    /// The character between fields.
    pub delimiter: char,
    /// The character around fields.
    pub quote: Mark,
    /// What comment lines start with; by default, a line that starts with `#` is refused.
    pub comment: Option<Mark>,
    /// Cells that mean a missing value; by default the usual words.
    pub missing_markers: Option<Vec<String>>,
    /// The character before the decimals of numbers; by default a point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// The character between groups of three digits, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// Signs in numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub number_signs: Vec<NumberSign>,
    /// Lines before the table that are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<usize>,
    /// Lines after the table that are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_footer: Option<usize>,
}

impl ReadingFormat {
    /// The format in `spec`.
    pub(crate) fn of(spec: &DataSpec) -> Self {
        let spec = spec.clone();
        Self {
            header: spec.header,
            delimiter: spec.delimiter(),
            quote: spec.quote,
            comment: spec.comment,
            missing_markers: spec.missing_markers,
            decimal: spec.decimal,
            thousands: spec.thousands,
            number_signs: spec.number_signs,
            skip_rows: spec.skip_rows,
            skip_footer: spec.skip_footer,
        }
    }

    /// How cells are read.
    pub(crate) fn cells(&self) -> CellFormat<'_> {
        let numbers = NumberFormat::new(self.decimal, self.thousands, &self.number_signs);
        CellFormat { markers: self.missing_markers.as_deref(), numbers }
    }
}
