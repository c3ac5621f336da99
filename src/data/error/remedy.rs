//! What to do about a cell that cannot be used, when the other cells of its column are known.

use crate::data::csv::number::CORRECT_IT;
use crate::data::dates::date_guess::date_formats;
use crate::data::error::ErrorKind;
use crate::data::error::phrases::{Advice, date_entries, undecided};
use crate::data::schema::column::Role;
use crate::data::schema::column_stats::{CellType, ColumnStats};
use crate::data::schema::layout::{CORRECT_DATE, Vocabulary};
use crate::data::schema::profile::proposed_format;
use crate::text::{Count, toml_text};

/// Distinct words of a column of numbers up to which they may mean missing values.
pub(crate) const FEW_WORDS: usize = 8;

impl ErrorKind {
    /// Whether the remedy depends on the other cells of the column.
    pub(crate) fn depends_on_column(&self) -> bool {
        matches!(
            self,
            Self::NotANumber { advice: Advice::Config(_), .. }
                | Self::NotADate { advice: Advice::Config(_), .. }
                | Self::NotBoolean { advice: Advice::Cell(_), .. }
                | Self::Missing { .. }
        )
    }
}

/// Puts into the error what the cells of its column suggest, after the `first` remedy.
pub(crate) fn explain(error: &mut ErrorKind, role: Role, stats: &ColumnStats, first: &str) {
    match error {
        ErrorKind::Missing { rows, .. } => {
            let is_number = role != Role::Label;
            let of_numbers = if is_number { stats.count(CellType::MissingNumber) } else { 0 };
            *rows = stats.count(CellType::Missing) + of_numbers;
        }
        ErrorKind::NotADate { text, advice, .. } => {
            let mut others = date_formats(stats);
            // It may not be among the cells that were kept.
            others.retain(|format| format.read(text).is_some());
            *advice = Advice::Column(match others.is_empty() {
                true => format!("{first}{CORRECT_DATE}"),
                false => {
                    let cells = match stats.is_cut {
                        true => format!("the {} distinct cells that were looked at", stats.texts.len()),
                        false => "all cells of the column".to_owned(),
                    };
                    let entries = date_entries(&others);
                    format!("{cells} fit {entries} in [data.columns]{}", undecided(&others))
                }
            });
        }
        ErrorKind::NotBoolean { advice, .. } if !first.is_empty() => {
            *advice = Advice::Column(format!("{first}{advice}"));
        }
        ErrorKind::NotANumber { text, advice } => {
            let is_word = matches!(stats.texts.get(text), Some((CellType::Word, _)));
            let better = match is_word {
                true if *advice == Advice::Config(CORRECT_IT) => for_words(role, stats),
                true => None,
                false => proposed_format(std::slice::from_ref(stats)).map(|format| match format.is_plain() {
                    true => "remove `decimal`, `thousands` and `number_signs` from [data]".to_owned(),
                    false => format!("set {} in [data]", format.keys().join(", ")),
                }),
            };
            if let Some(better) = better {
                let first = if is_word { first } else { "" };
                *advice = Advice::Column(format!("{first}{better}"));
            }
        }
        _ => {}
    }
}

/// What to do about words among numbers.
fn for_words(role: Role, stats: &ColumnStats) -> Option<String> {
    let (numbers, words) = (stats.numbers(), stats.count(CellType::Word));
    let is_boolean = |(text, (cell_type, _)): (&String, &(CellType, usize))| {
        *cell_type == CellType::Missing || Vocabulary::Boolean.number(text).is_some()
    };
    if role == Role::Feature && !stats.is_cut && stats.texts.iter().all(is_boolean) {
        return Some("make the column \"boolean\" in [data.columns]".to_owned());
    }
    if role == Role::Target && words > numbers {
        return Some("to learn classes instead of values, set data.label in place of data.target".to_owned());
    }
    if role == Role::Feature && numbers == 0 {
        return Some(
            "no cell of it is a number: make the column \"categorical\" or \"ignore\" in [data.columns]"
                .to_owned(),
        );
    }
    let markers = markers_with_words(stats)?;
    let missing = if role == Role::Feature { "median" } else { "drop_row" };
    let drops = if role == Role::Feature { "" } else { ", which leaves them out" };
    let otherwise = match role {
        Role::Feature => "; or make the column \"categorical\" or \"ignore\"",
        _ => "",
    };
    Some(format!(
        "correct it, or, if words among the numbers ({}) mean missing values, write {{ missing_markers = [{}], missing = \
         \"{missing}\" }} for the column in [data.columns]{drops}{otherwise}",
        Count(words, "cell"),
        markers.iter().map(|word| toml_text(word)).collect::<Vec<_>>().join(", ")
    ))
}

/// The words of a column of numbers, the most frequent first, and the words that mean missing values anyway; none
/// if there are too many to mean them, or if not all of them were kept.
pub(crate) fn markers_with_words(stats: &ColumnStats) -> Option<Vec<String>> {
    let kinds = [CellType::Word, CellType::Missing, CellType::MissingNumber];
    let of_kinds = kinds.map(|kind| stats.texts_of(kind));
    let are_kept = kinds
        .iter()
        .zip(&of_kinds)
        .all(|(kind, texts)| texts.iter().map(|(_, count)| count).sum::<usize>() == stats.count(*kind));
    if of_kinds[0].is_empty() || of_kinds[0].len() > FEW_WORDS || !are_kept {
        return None;
    }
    Some(of_kinds.into_iter().flatten().map(|(text, _)| text).filter(|text| !text.is_empty()).collect())
}
