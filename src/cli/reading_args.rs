//! Options that say how a file of new rows differs from the training file.

use std::path::Path;

use clap::Args;

use crate::cli::csv_args::{character, skipped_footer, skipped_rows};
use crate::data::Encoding;
use crate::text::DisplayPath;

/// How a file of new rows is written.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// The character between fields, if it is not that of the training file; \t for a tab
    #[arg(long, value_name = "CHAR", value_parser = character)]
    delimiter: Option<char>,
    /// A cell that means a missing value, in place of those of the training file; repeatable
    #[arg(long = "missing-marker", value_name = "TEXT")]
    missing_markers: Vec<String>,
    /// Lines to skip before the table, if not as many as in the training file
    #[arg(long, value_name = "N", value_parser = skipped_rows)]
    skip_rows: Option<usize>,
    /// Lines to skip after the table, if not as many as in the training file
    #[arg(long, value_name = "N", value_parser = skipped_footer)]
    skip_footer: Option<usize>,
}

impl ReadingArgs {
    /// A note where lines at the end of `file` are skipped because the training file had such lines: they could be rows.
    pub(crate) fn footer_note(&self, encoding: &Encoding, file: &Path) -> Option<String> {
        let skipped =
            encoding.reading.skip_footer.filter(|lines| *lines > 0 && self.skip_footer.is_none())?;
        let (lines, are) = match skipped {
            1 => ("line".to_owned(), "is"),
            _ => (format!("{skipped} lines"), "are"),
        };
        Some(format!(
            "note: the last {lines} of {} {are} skipped, as in the training file; if it has no such lines, add \
             --skip-footer 0",
            DisplayPath(file)
        ))
    }

    /// Changes how files are read.
    pub(crate) fn apply(&self, encoding: &mut Encoding) {
        if let Some(delimiter) = self.delimiter {
            encoding.reading.delimiter = delimiter;
        }
        encoding.reading.skip_rows = self.skip_rows.or(encoding.reading.skip_rows);
        encoding.reading.skip_footer = self.skip_footer.or(encoding.reading.skip_footer);
        if !self.missing_markers.is_empty() {
            encoding.reading.missing_markers = Some(self.missing_markers.clone());
            encoding.columns.iter_mut().for_each(|column| column.missing_markers = None);
        }
    }
}
