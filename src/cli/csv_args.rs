//! How a data file is read that no config describes.

use std::path::Path;

use crate::cli::args::ReadingArgs;
use crate::cli::{Failure, exit_code};
use crate::data::{DataSpec, Mark, Profile};
use crate::text::shortened;

/// The part of a config that says how the file at `path` is read.
pub(crate) fn reading(path: &Path, args: &ReadingArgs) -> DataSpec {
    let usual = DataSpec::default();
    DataSpec {
        path: path.to_owned(),
        header: !args.no_header,
        delimiter: args.delimiter,
        quote: args.quote.unwrap_or(usual.quote),
        comment: args.comment,
        ..usual
    }
}

/// What is in a file; one that seems to have no header is refused until somebody says so.
pub(crate) fn profile(spec: &DataSpec, args: &ReadingArgs) -> Result<Profile, Failure> {
    let profile = Profile::of(spec).map_err(|error| {
        let is_about_delimiter = error.is_about_delimiter();
        let mut failure = Failure::from(error);
        if is_about_delimiter {
            failure.message.push_str(" (here: --delimiter)");
        }
        failure
    })?;
    let is_number = |name: &&String| name.parse::<f64>().is_ok();
    let names = profile.columns.iter().map(|column| &column.name);
    if !spec.header || args.header {
        return Ok(profile);
    }
    match names.into_iter().find(is_number) {
        None => Ok(profile),
        Some(number) => Err(Failure::new(
            exit_code::DATA,
            format!(
                "{}:{}: the header line has the number {} among the names of the columns; if the file has no \
                 header, use --no-header, else --header",
                shortened(&spec.path.to_string_lossy()),
                profile.first_line,
                shortened(number)
            ),
        )),
    }
}

/// A tab can be written as `\t`.
pub(crate) fn character(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("\\t" | "tab", ..) => Ok('\t'),
        (_, Some(char), None) => Ok(char),
        _ => Err("expected one character".to_owned()),
    }
}

/// Nothing means that there is none.
pub(crate) fn mark(text: &str) -> Result<Mark, String> {
    match text.is_empty() {
        true => Ok(Mark(None)),
        false => character(text).map(|char| Mark(Some(char))),
    }
}
