//! Options that say how a CSV file is written, for commands without a config.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::data::{
    DataPaths, DataSpec, MAX_SKIP_FOOTER, MAX_SKIP_ROWS, Mark, Profile, TableGuess, is_measured,
};
use crate::text::shortened;

/// How a CSV file is written.
#[derive(Debug, Args)]
pub(crate) struct CsvArgs {
    /// The first line is data, not column names
    #[arg(long)]
    no_header: bool,
    /// The first line has the column names, even if they look like numbers
    #[arg(long, conflicts_with = "no_header")]
    header: bool,
    /// The character between fields; \t for a tab [default: ,]
    #[arg(long, value_name = "CHAR", value_parser = character)]
    delimiter: Option<char>,
    /// The quote character; empty for none [default: "]
    #[arg(long, value_name = "CHAR", value_parser = optional_character)]
    quote: Option<Mark>,
    /// Skip lines that start with this character [default: none]
    #[arg(long, value_name = "CHAR", value_parser = optional_character)]
    comment: Option<Mark>,
    /// Skip the first lines, such as a title
    #[arg(long, value_name = "N", value_parser = skipped_rows)]
    skip_rows: Option<usize>,
    /// Skip the last lines, such as totals
    #[arg(long, value_name = "N", value_parser = skipped_footer)]
    skip_footer: Option<usize>,
}

impl CsvArgs {
    /// A data table that reads the files as the options say.
    pub(crate) fn data_spec(&self, paths: &DataPaths) -> DataSpec {
        let default = DataSpec::default();
        DataSpec {
            path: paths.clone(),
            header: !self.no_header,
            delimiter: self.delimiter,
            quote: self.quote.unwrap_or(default.quote),
            comment: self.comment,
            skip_rows: self.skip_rows,
            skip_footer: self.skip_footer,
            ..default
        }
    }

    /// Puts into `spec` where the table of its file seems to be, as far as no option says it; the keys of `[data]`, each
    /// with the reason.
    pub(crate) fn find_table(&self, spec: &mut DataSpec) -> Vec<(String, String)> {
        let Some(guess) = TableGuess::of(spec) else { return Vec::new() };
        guess.apply(spec);
        guess.reasons()
    }

    /// The columns of a file in which all cells that look like numbers are numbers, if one format does that; its keys
    /// of `[data]`, which are put into `spec`.
    pub(crate) fn profile_with_format(
        &self,
        spec: &mut DataSpec,
    ) -> Result<(Profile, Option<String>), CliError> {
        let profile = self.profile(spec)?;
        let Some(format) = profile.proposed_format else { return Ok((profile, None)) };
        format.apply(spec);
        Ok((self.profile(spec)?, Some(format.keys().join(", "))))
    }

    /// The columns of a file. A file that seems to have no header is refused unless an option says
    /// whether it has one.
    pub(crate) fn profile(&self, spec: &DataSpec) -> Result<Profile, CliError> {
        let profile = Profile::of(spec).map_err(|error| {
            let option = error.reading_key();
            let mut error = CliError::from(error);
            if let Some(option) = option {
                error.message.push_str(&format!(" (here: --{option})"));
            }
            error
        })?;
        let is_number = |name: &&String| name.parse::<f64>().is_ok();
        let mut names = profile.columns.iter().map(|column| &column.name);
        if !spec.header || self.header {
            return Ok(profile);
        }
        let measured = || profile.columns.iter().map(|column| &column.name).filter(|name| is_measured(name));
        let is_row = 2 * measured().count() > profile.columns.len();
        match names.find(is_number).or_else(|| measured().next().filter(|_| is_row)) {
            None => Ok(profile),
            Some(number) => Err(CliError::new(
                exit_code::DATA,
                format!(
                    "{}:{}: the column name {} is a number or date; if the file has no header line, use --no-header, \
                     otherwise --header",
                    shortened(&spec.path.name().to_string_lossy()),
                    profile.first_line,
                    shortened(number)
                ),
            )),
        }
    }
}

/// Parses one character; a tab can be written as `\t`.
/// Lines before a table, at most as many as in a config.
pub(crate) fn skipped_rows(text: &str) -> Result<usize, String> {
    lines(text, MAX_SKIP_ROWS)
}

/// Lines after a table, likewise.
pub(crate) fn skipped_footer(text: &str) -> Result<usize, String> {
    lines(text, MAX_SKIP_FOOTER)
}

fn lines(text: &str, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count <= most);
    count.ok_or_else(|| format!("it must be a whole number, at most {most}"))
}

pub(crate) fn character(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("\\t" | "tab", ..) => Ok('\t'),
        (_, Some(char), None) => Ok(char),
        _ => Err("expected one character".to_owned()),
    }
}

/// Parses one character, or an empty text as none.
fn optional_character(text: &str) -> Result<Mark, String> {
    match text.is_empty() {
        true => Ok(Mark(None)),
        false => character(text).map(|char| Mark(Some(char))),
    }
}
