//! Parts of the messages of [`ErrorKind`](crate::data::error::ErrorKind).

use std::fmt;
use std::path::{Path, PathBuf};

use crate::data::csv::table_guess::is_measured;
use crate::data::dates::date_format::DateFormat;
use crate::data::schema::column::ColumnKind;
use crate::text::{Count, DisplayPath, Quoted, QuotedCounts, QuotedNames, toml_text};

/// What to do about a cell that is not a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Change the cell.
    Cell(&'static str),
    /// Change the cell or `[data]`.
    Config(&'static str),
    /// What the other cells of the column suggest.
    Column(String),
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(text) | Self::Config(text) => f.write_str(text),
            Self::Column(text) => f.write_str(text),
        }
    }
}

/// What a path leads to in place of a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonRegularFile {
    NamedPipe,
    Socket,
    CharacterDevice,
    BlockDevice,
    Unknown,
}

impl fmt::Display for NonRegularFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NamedPipe => {
                "a named pipe, not a regular file; read it as standard input (`path = \"-\"` in [data])"
            }
            Self::Socket => "a socket, not a regular file",
            Self::CharacterDevice => "a character device, not a regular file",
            Self::BlockDevice => "a block device, not a regular file",
            Self::Unknown => "a special file, not a regular file",
        })
    }
}

/// How the columns of a file differ from those of the first one: the name that each has at this index, if it has one.
#[derive(Debug)]
pub(crate) struct OtherColumns {
    pub(crate) index: usize,
    pub(crate) expected: Option<String>,
    pub(crate) found: Option<String>,
    /// Whether the names are the same in another order.
    pub(crate) is_order: bool,
    pub(crate) first_file: PathBuf,
}

impl fmt::Display for OtherColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, is_order, .. } = self;
        let first = DisplayPath(&self.first_file);
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                write!(f, "the name here is {}, and {} in {first}", Quoted(found), Quoted(expected))?;
            }
            (Some(expected), None) => {
                write!(f, "no column {}, which {first} has at index {index}", Quoted(expected))?
            }
            (None, found) => {
                let found = found.as_deref().unwrap_or_default();
                write!(f, "column {} at index {index}, which {first} does not have", Quoted(found))?;
            }
        }
        f.write_str("; files that are read as one table need the same columns in the same order")?;
        f.write_str(if *is_order { " (these are the same in another order)" } else { "" })
    }
}

/// What a folder holds in which a pattern finds nothing; no names where there is no such folder.
pub(crate) fn no_match(folder: &Path, names: Option<&[String]>) -> String {
    let folder = DisplayPath(folder);
    match names {
        None => format!("there is no directory {folder}"),
        Some([]) => format!("{folder} is empty"),
        Some(names) => format!("{folder} has {}", QuotedNames(names)),
    }
}

/// How to convert a file from the encoding that it may have.
pub(crate) fn converter(guess: Option<&str>) -> String {
    let command =
        |guess| format!(", for example, if it is {guess}, with `iconv -f {guess} -t UTF-8 OLD > NEW`");
    guess.map(command).unwrap_or_default()
}

/// A semicolon, after a question where there are similar names.
pub(crate) fn did_you_mean(names: &[impl AsRef<str>]) -> String {
    if names.is_empty() { ";".to_owned() } else { format!("; did you mean {}?", QuotedNames(names)) }
}

/// A text column that looks like an identifier.
#[derive(Debug)]
pub(crate) struct ManyTexts {
    pub(crate) column: String,
    /// How many distinct texts there are; none if they were not counted to the end.
    pub(crate) texts: Option<usize>,
    /// Whether they are digits that were taken for codes.
    pub(crate) are_codes: bool,
    /// The formats in which all that were counted are dates.
    pub(crate) dates: Vec<DateFormat>,
}

pub(crate) fn also_missing(columns: &[(String, usize)]) -> String {
    match columns.len() {
        0 => String::new(),
        _ => format!("; columns with missing values: {}", QuotedCounts(columns)),
    }
}

/// Columns that look like identifiers in this many rows, and what to do about them.
pub(crate) fn tells_rows_apart(many: &[ManyTexts], rows: usize) -> String {
    let column = |many: &ManyTexts| match many.texts {
        Some(texts) => format!("{} ({texts} distinct values)", Quoted(&many.column)),
        None => format!("{} (over 1000 distinct values)", Quoted(&many.column)),
    };
    let columns: Vec<String> = many.iter().take(8).map(column).collect();
    let dots = if many.len() > 8 { ", ..." } else { "" };
    let (subject, verb, types) = match many.len() {
        1 => ("text column", "looks like an identifier", "its type"),
        _ => ("text columns", "look like identifiers", "their types"),
    };
    let numeric = if many.iter().any(|many| many.are_codes) {
        " or \"numeric\" (digits after a 0, and all like 3E9, are taken for codes)"
    } else {
        ""
    };
    if let Some(dated) = many.iter().find(|many| !many.dates.is_empty()) {
        return format!(
            "the cells of column {}{} are dates; write {} for it in [data.columns]{}, or set its type to \"id\" or \
             \"ignore\", which keep it from the network",
            Quoted(&dated.column),
            if dated.texts.is_none() { " that were looked at" } else { "" },
            date_entries(&dated.dates),
            undecided(&dated.dates)
        );
    }
    format!(
        "{subject} {}{dots} in {} {verb}; set {types} in [data.columns] to \"categorical\"{numeric} if that is \
         intended, or to \"id\" or \"ignore\", which keep them from the network",
        columns.join(", "),
        Count(rows, "row")
    )
}

pub(crate) fn name_of(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Numeric => "numeric",
        ColumnKind::Categorical => "categorical",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
    }
}

pub(crate) fn constant_of(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Numeric => "a number",
        ColumnKind::Categorical => "a text, the name of a category",
        ColumnKind::Boolean => "a number from 0 to 1 or a word such as \"yes\"",
        ColumnKind::Date => "a date in the format of the column",
    }
}

/// What to write in `[data.columns]` for dates in one of these formats.
pub(crate) fn date_entries(formats: &[DateFormat]) -> String {
    let entry =
        |format: &DateFormat| format!("{{ type = \"date\", format = {} }}", toml_text(format.as_str()));
    formats.iter().map(entry).collect::<Vec<_>>().join(" or ")
}

/// That cells do not decide between several formats; nothing if there is one.
pub(crate) fn undecided(formats: &[DateFormat]) -> String {
    let names: Vec<String> = formats.iter().map(DateFormat::to_string).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => {
            format!(" (the cells do not decide between {} and {last})", others.join(", "))
        }
        _ => String::new(),
    }
}

/// Why a text is not a date in a format: impossible, or written otherwise.
pub(crate) fn not_a_date(text: &str, format: &DateFormat, advice: &Advice) -> String {
    let why = format.impossible(text).map(|why| format!(": {why}")).unwrap_or_default();
    format!(
        "{} is not a date in the format {}, such as {}{why}; {advice}",
        Quoted(text),
        toml_text(format.as_str()),
        format.example()
    )
}

/// How to keep a word that is taken for a missing value, to begin a list of remedies.
pub(crate) fn may_be_value(text: &str) -> &'static str {
    match text.is_empty() {
        true => "",
        false => "if it is a value, set missing_markers = [] for this column in [data.columns]; else ",
    }
}

/// What to do about a first line that seems to be a row, or a title, in place of the names of the columns.
pub(crate) fn names_missing(missing: &[String], found: &[String], skipped: usize) -> String {
    if skipped > 0 {
        return format!(
            "; {} above these were skipped, as in the training file: if the names are in another line, say so with \
             --skip-rows",
            Count(skipped, "line")
        );
    }
    let numbers = found.iter().filter(|name| is_measured(name)).count();
    let nameless = found.iter().filter(|name| name.is_empty()).count();
    let first = missing.first().map_or("", String::as_str);
    if 2 * numbers > found.len() {
        format!(
            "; its first line looks like a row: if it is one, put a line with the names of the columns above it, such as {}",
            Quoted(first)
        )
    } else if 2 * nameless > found.len() {
        "; its first line looks like a title: if it is one, skip it with --skip-rows (or skip_rows in [data])"
            .to_owned()
    } else {
        String::new()
    }
}

/// Two names of classes that are one number, and how to use one of them.
pub(crate) fn same_number(first: &str, second: &str) -> String {
    format!(
        "classes {} and {} are the same number in two spellings; use one, as label_names = {{ {} = {} }} in [data] does",
        Quoted(first),
        Quoted(second),
        toml_text(second),
        toml_text(first)
    )
}

/// The number of rows concerned, if it was counted.
pub(crate) fn in_all(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!(" ({} in all)", Count(rows, "row")) }
}

/// Nothing for an empty cell; else the marker of the missing value.
pub(crate) fn spelled(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {}", Quoted(text)) }
}
