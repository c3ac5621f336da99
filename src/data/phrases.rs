//! Phrases in the messages of [`Fault`](crate::data::error_kind::Fault).

use crate::data::schema::column::Kind;
use crate::text::{Count, Quoted, QuotedCounts, QuotedNames};

/// How to convert a file of the encoding that it may have.
pub(crate) fn converter(guess: Option<&str>) -> String {
    let told = |guess| format!(", for example, if it is {guess}, with `iconv -f {guess} -t UTF-8 OLD > NEW`");
    guess.map(told).unwrap_or_default()
}

/// What can take the place of a file that is none.
pub(crate) fn instead(kind: &str) -> &'static str {
    if kind.contains("pipe") { ", or standard input (`path = \"-\"` in [data])" } else { "" }
}

pub(crate) fn differences(missing: &[String], extra: &[String]) -> String {
    let list = |what: &str, names: &[String]| format!("{what} {}", QuotedNames(names));
    match (missing, extra) {
        (missing, []) => list("missing", missing),
        ([], extra) => list("unknown", extra),
        (missing, extra) => format!("{}, {}", list("missing", missing), list("unknown", extra)),
    }
}

/// A semicolon, with a question where there are names that may have been meant.
pub(crate) fn did_you_mean(names: &[impl AsRef<str>]) -> String {
    if names.is_empty() { ";".to_owned() } else { format!("; did you mean {}?", QuotedNames(names)) }
}

/// A column whose texts tell rows apart.
#[derive(Debug)]
pub(crate) struct ManyTexts {
    pub(crate) column: String,
    /// How many different ones there are; none if they were not counted to the end.
    pub(crate) texts: Option<usize>,
}

pub(crate) fn also_missing(columns: &[(String, usize)]) -> String {
    match columns.len() {
        0 | 1 => String::new(),
        _ => format!("; columns with missing values: {}", QuotedCounts(columns)),
    }
}

pub(crate) fn tells_rows_apart(many: &[ManyTexts], rows: usize) -> String {
    let shown = |many: &ManyTexts| match many.texts {
        Some(texts) => format!("{} ({texts})", Quoted(&many.column)),
        None => format!("{} (over 1000)", Quoted(&many.column)),
    };
    let shown: Vec<String> = many.iter().take(8).map(shown).collect();
    let (has, are) = if many.len() == 1 { ("has", "the text column") } else { ("have", "the text columns") };
    let dots = if many.len() > 8 { ", ..." } else { "" };
    format!(
        "{are} {}{dots} {has} so many different values in {} that they tell rows apart; put them under \
         data.ignore, or make them \"id\", or \"categorical\" after all, in [data.columns]",
        shown.join(", "),
        Count(rows, "row")
    )
}

pub(crate) fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Numeric => "numeric",
        Kind::Categorical => "categorical",
        Kind::Boolean => "boolean",
    }
}

pub(crate) fn constant_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Numeric => "a number",
        Kind::Categorical => "a text, the name of a category",
        Kind::Boolean => "a number from 0 to 1 or a word such as \"yes\"",
    }
}

/// Nothing for an empty cell; else the word that stands for a missing value.
pub(crate) fn spelled(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {}", Quoted(text)) }
}
