//! Options that say how a file of new rows differs from the training file.

use clap::Args;

use crate::cli::csv_args::character;
use crate::data::Encoding;

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
    #[arg(long, value_name = "N")]
    skip_rows: Option<usize>,
    /// Lines to skip after the table, if not as many as in the training file
    #[arg(long, value_name = "N")]
    skip_footer: Option<usize>,
}

impl ReadingArgs {
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
