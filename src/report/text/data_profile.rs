//! The columns of a data file, as a table.

use crate::data::{ColumnKind, ColumnProfile, Encoding, FeatureEncoding, Nature, Profile, Role};
use crate::report::text::layout::{Align, aligned};
use crate::report::text::number::four_digits;
use crate::text::{shortened, shortened_to};

/// Characters of a name before it is cut.
const MAX_NAME: usize = 18;
/// A file with more columns lists only those that are not numeric, or have missing values.
const MAX_COLUMNS: usize = 100;
/// Characters of a value before it is cut.
const MAX_VALUE: usize = 18;

/// A line for each column, at most 80 characters wide, then the reasons for their types.
pub fn data_profile(profile: &Profile) -> String {
    let mut rows = vec![["column", "type", "missing", "distinct", "values"].map(str::to_owned).to_vec()];
    let is_wide = profile.columns.len() > MAX_COLUMNS;
    let is_listed = |column: &&ColumnProfile| !is_wide || is_notable(column) || column.missing > 0;
    rows.extend(profile.columns.iter().filter(is_listed).map(row));
    let columns = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Left];
    let path = shortened(&profile.path.to_string_lossy());
    let files = match profile.files.len() {
        0 => String::new(),
        files => format!(" in {files} files"),
    };
    let mut text = format!("{path}: {} rows{files}, {} columns\n\n", profile.rows, profile.columns.len());
    text.push_str(&aligned(&columns, &rows));
    let notable: Vec<&ColumnProfile> = profile.columns.iter().filter(|column| is_notable(column)).collect();
    let left_out = profile.columns.len() + 1 - rows.len();
    if left_out > 0 {
        text.push_str(&format!(
            "{left_out} numeric columns without missing values are not listed; --json has all\n"
        ));
    }
    let n_plain = profile.columns.len() - notable.len();
    let plain_ones = if notable.is_empty() { "all columns are" } else { "the others are" };
    text.push_str("\nwhy:\n");
    for column in notable {
        let (name, is) = (name(column), nature(column.nature));
        text.push_str(&format!("  {name} is {is}: {}\n", shortened(&column.reason)));
    }
    if n_plain > 0 {
        text.push_str(&format!("  {plain_ones} numeric: all of their values are numbers\n"));
    }
    if let Some(format) = profile.proposed_format {
        text.push_str(&format!(
            "\nnumbers: with {} in [data], all that look like numbers are\n",
            format.keys().join(", ")
        ));
    }
    if profile.repeated_rows > 0 {
        text.push_str(&format!("\nduplicate rows: {}\n", profile.repeated_rows));
    }
    text
}

/// A line for each column that `encoding` uses differently than the profile suggests; empty without any.
pub fn other_uses(profile: &Profile, encoding: &Encoding) -> String {
    let mut text = String::new();
    for (column, encoded) in profile.columns.iter().zip(&encoding.columns) {
        let kind = encoded.feature.as_ref().map(FeatureEncoding::kind);
        if kind.map(Nature::Kind) == Some(column.nature) {
            continue;
        }
        let used = kind.map_or_else(|| role(encoded.role), |kind| nature(Nature::Kind(kind)));
        text.push_str(&format!("  {} is {used}\n", name(column)));
    }
    if text.is_empty() { text } else { format!("in this config:\n{text}") }
}

fn name(column: &ColumnProfile) -> String {
    if column.name.is_empty() { "(no name)".to_owned() } else { shortened_to(&column.name, MAX_NAME) }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Feature => "a feature",
        Role::Label => "the label",
        Role::Target => "a target",
        Role::Weight => "the weight of the row",
        Role::Group => "the group of the row",
        Role::Split => "the split of the row",
        Role::Id => "an id",
        Role::Ignore => "ignored",
    }
}

fn row(column: &ColumnProfile) -> Vec<String> {
    let values = match (&column.nature, &column.numbers, &column.top) {
        (
            Nature::Kind(ColumnKind::Numeric) | Nature::Mixed | Nature::Identifier | Nature::Constant,
            Some(range),
            _,
        ) => {
            let [low, mean, high] = [range.low, range.mean, range.high].map(four_digits);
            if range.low == range.high { low } else { format!("{low} to {high}, mean {mean}") }
        }
        (_, _, Some((value, count))) => format!("{} ({count})", shortened_to(value, MAX_VALUE)),
        _ => String::new(),
    };
    vec![
        name(column),
        nature(column.nature).to_owned(),
        if column.missing == 0 { "-".to_owned() } else { column.missing.to_string() },
        column.distinct.map_or("> 10000".to_owned(), |distinct| distinct.to_string()),
        values,
    ]
}

fn is_notable(column: &ColumnProfile) -> bool {
    column.nature != Nature::Kind(ColumnKind::Numeric)
}

fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Kind(ColumnKind::Numeric) => "numeric",
        Nature::Kind(ColumnKind::Categorical) => "categorical",
        Nature::Kind(ColumnKind::Boolean) => "boolean",
        Nature::Kind(ColumnKind::Date) => "date",
        Nature::UnclearDate => "date?",
        Nature::Mixed => "mixed",
        Nature::Identifier => "id",
        Nature::FreeText => "free text",
        Nature::Constant => "constant",
        Nature::Empty => "empty",
    }
}
