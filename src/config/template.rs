//! A config template for a data file, with comments, ready to train.

use std::path::PathBuf;

use crate::config::document::inline::{inline, key};
use crate::data::{
    ColumnKind, ColumnProfile, DataPaths, DataSpec, DateFormat, Nature, Profile, is_missing_text,
};
use crate::nn::Task;
use crate::text::toml_text;

/// Columns up to which all are listed; of a wider table only those that are not plain numbers.
const FEW_COLUMNS: usize = 100;
/// Rows from which a network can learn from many inputs for each number.
const MANY_ROWS: usize = 1_000;
/// Distinct whole numbers up to which they may be classes.
const FEW_CLASSES: usize = 20;

/// The column to predict, given or guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGuess {
    /// The name of the column.
    pub column: String,
    /// Whether to predict its classes or its values.
    pub task: Task,
    /// Whether it was guessed.
    pub is_guess: bool,
}

impl TargetGuess {
    /// The last column that can be one: its values if they are numbers with decimals or more than 20 distinct ones,
    /// else its classes. None if there are no columns.
    pub fn guess(profile: &Profile) -> Option<Self> {
        let may_be = |column: &&ColumnProfile| {
            let is_out = matches!(
                column.nature,
                Nature::Empty | Nature::Constant | Nature::UnclearDate | Nature::Kind(ColumnKind::Date)
            );
            !is_out && !column.name.is_empty()
        };
        let last = profile.columns.iter().rev().find(may_be).or(profile.columns.last())?;
        Some(Self { column: last.name.clone(), task: task_of(last), is_guess: true })
    }
}

fn task_of(column: &ColumnProfile) -> Task {
    let is_numeric = matches!(column.nature, Nature::Kind(ColumnKind::Numeric) | Nature::Identifier)
        || column.proposed_markers.is_some();
    let are_whole = column.numbers.is_some_and(|range| range.are_whole);
    let is_few = column.distinct.is_some_and(|distinct| distinct <= FEW_CLASSES);
    match is_numeric && column.numbers.is_some() && !(are_whole && is_few) {
        true => Task::Regression,
        false => Task::Classification,
    }
}

/// A config for the files of `profile` that trains as it is: `reading` says how to read them, `paths` are their paths
/// in the config. `leaks` are columns that are suspected to give away the label or target, with the strength of
/// the suspicion; they get a comment.
pub fn template(
    profile: &Profile,
    target: &TargetGuess,
    reading: &DataSpec,
    paths: &DataPaths,
    leaks: &[(String, f64)],
) -> String {
    let mut text = String::from(
        "# Made by `bntrain init`. Try: bntrain check -c FILE, then bntrain -c FILE\n\n[data]\n",
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!("path = {}", path_value(paths)));
    let name = match target.task {
        Task::Classification => "label",
        Task::Regression => "target",
    };
    let is_last = profile.columns.last().is_some_and(|last| last.name == target.column);
    let remark = match (target.is_guess, is_last) {
        (true, true) => "# the last column; a guess",
        (true, false) => "# the last column that can be it; a guess",
        (false, _) => "",
    };
    line(format!("{name} = {} {remark}", quoted(&target.column)).trim_end().to_owned());
    format_lines(reading).into_iter().for_each(&mut line);
    let nameless = profile.columns.iter().enumerate().filter(|(_, column)| column.name.is_empty());
    let nameless: Vec<usize> = nameless.map(|(index, _)| index).collect();
    if !nameless.is_empty() {
        let ignored = format!("ignore = {nameless:?}");
        line(format!("{ignored:<31} # by index, since without a name"));
    }
    line("valid = 0.2                     # fraction of the rows for validation".to_owned());
    line("# test = 0.1                    # and for a final test".to_owned());
    let is_dated = |column: &&ColumnProfile| {
        column.nature == Nature::Kind(ColumnKind::Date)
            && column.name != target.column
            && column.date_formats.iter().any(|format| format.has_year())
    };
    if let Some(dated) = profile.columns.iter().find(is_dated) {
        line(format!(
            "# split_by = {{ order_of = {} }}  # hold out the last rows, if later ones will be predicted",
            quoted(&dated.name)
        ));
    }
    line("# missing = \"refuse\"            # for columns without missing values here".to_owned());
    if (1..=FEW_COLUMNS).contains(&numbers(profile, target)) {
        let more = if profile.rows < MANY_ROWS { "" } else { ", \"piecewise_linear\"" };
        line(format!("numeric = [\"standardize\", \"quantile\"{more}]  # the inputs of a number"));
    }
    let columns: Vec<String> =
        profile.columns.iter().filter_map(|column| column_line(profile, target, leaks, column)).collect();
    if !columns.is_empty() {
        line("\n[data.columns]                  # inferred; correct what is wrong".to_owned());
        columns.into_iter().for_each(&mut line);
    }
    let size = Size::of(profile);
    line(format!("\n[model]\nhidden = {:?}", size.hidden));
    line("norm = \"batch_norm\"\nactivation = \"relu\"".to_owned());
    line(format!("dropout = {:?}", size.dropout));
    line("\n[optimizer]\ntype = \"adamw\"\nlearning_rate = 5e-3\nweight_decay = 0.3".to_owned());
    line(format!("\n[training]\nepochs = {}\nbatch_size = {}\nseed = 1", size.epochs, size.batch_size));
    line("schedule = { type = \"cosine\" }".to_owned());
    if target.task == Task::Classification {
        line("# class_weights = \"balanced\"    # weights classes inversely to their frequency".to_owned());
    }
    line("# ensemble = 5                  # as many networks, whose predictions are averaged".to_owned());
    line(format!(
        "early_stopping = {{ metric = \"valid_loss\", patience = {} }}  # all epochs; the best one is kept",
        size.epochs
    ));
    line("\n# What batch norm does here, over five seeds:\n# [compare]\n# norms = [\"batch_norm\", \"none\"]\n# seeds = 5".to_owned());
    text
}

/// How to read the file, if not with the defaults.
fn format_lines(reading: &DataSpec) -> Vec<String> {
    let usual = DataSpec::default();
    let mark = |mark: Option<char>| quoted(&mark.map(String::from).unwrap_or_default());
    let mut lines = Vec::new();
    if !reading.header {
        lines.push("header = false                  # so the columns are c0, c1, ...".to_owned());
    }
    if let Some(delimiter) = reading.delimiter {
        lines.push(format!("delimiter = {}", quoted(&delimiter.to_string())));
    }
    if reading.quote != usual.quote {
        lines.push(format!("quote = {}", mark(reading.quote.0)));
    }
    if let Some(lines_before) = reading.skip_rows {
        lines.push(format!("skip_rows = {lines_before}"));
    }
    if let Some(lines_after) = reading.skip_footer {
        lines.push(format!("skip_footer = {lines_after}"));
    }
    if let Some(decimal) = reading.decimal {
        lines.push(format!("decimal = {}", quoted(&decimal.to_string())));
    }
    if let Some(thousands) = reading.thousands {
        lines.push(format!("thousands = {}", quoted(&thousands.to_string())));
    }
    if !reading.number_signs.is_empty() {
        let signs: Vec<String> = reading.number_signs.iter().map(|sign| quoted(sign.name())).collect();
        lines.push(format!("number_signs = [{}]", signs.join(", ")));
    }
    if let Some(comment) = reading.comment {
        lines.push(format!("comment = {}", mark(comment.0)));
    }
    lines
}

/// The line about a column; none for the column to predict, or for one that needs no comment.
fn column_line(
    profile: &Profile,
    target: &TargetGuess,
    leaks: &[(String, f64)],
    column: &ColumnProfile,
) -> Option<String> {
    if column.name.is_empty() {
        return None;
    }
    if column.name == target.column {
        return learnt_line(profile, target, column);
    }
    if let (Nature::Kind(ColumnKind::Date), [format]) = (column.nature, column.date_formats.as_slice()) {
        return Some(date_line(profile, column, format));
    }
    if let Some(markers) = &column.proposed_markers {
        return Some(format!(
            "{} = {{ type = \"numeric\", missing_markers = {}, missing = \"median\", indicator = true }}  # {}",
            key(&column.name),
            list(markers),
            visible(&column.reason)
        ));
    }
    let (word, missing) = match column.nature {
        Nature::Kind(ColumnKind::Numeric) => ("numeric", "\"median\""),
        Nature::Kind(ColumnKind::Boolean) => ("boolean", "\"most_frequent\""),
        Nature::Kind(ColumnKind::Categorical) => ("categorical", "{ constant = \"(missing)\" }"),
        Nature::Kind(ColumnKind::Date) => ("date", "\"median\""),
        Nature::Identifier => ("id", ""),
        Nature::UnclearDate | Nature::Mixed | Nature::FreeText | Nature::Constant | Nature::Empty => {
            ("ignore", "")
        }
    };
    let is_plain = word == "numeric" && column.missing == 0;
    let leak = leaks.iter().find(|(name, _)| *name == column.name);
    if is_plain && leak.is_none() && profile.columns.len() > FEW_COLUMNS {
        return None;
    }
    let name = key(&column.name);
    let mut line = match (column.missing, missing) {
        (0, _) | (_, "") => format!("{name} = \"{word}\""),
        // A category for missing values makes an indicator redundant.
        _ if word == "categorical" => format!("{name} = {{ type = \"{word}\", missing = {missing} }}"),
        _ => format!("{name} = {{ type = \"{word}\", missing = {missing}, indicator = true }}"),
    };
    let mut remarks = Vec::new();
    if let Some((_, strength)) = leak {
        remarks.push(format!(
            "suspected leak ({strength:.4}): predicts the target by itself; \"ignore\" it unless it is known at prediction time"
        ));
    }
    if !is_plain || column.numbers.is_some_and(|range| range.are_whole) {
        remarks.push(column.reason.clone());
    }
    if column.nature == Nature::UnclearDate {
        remarks.push("to use it, write { type = \"date\", format = \"..\" } with the right one".to_owned());
    }
    if column.missing > 0 && column.nature != Nature::Empty {
        remarks.push(gaps(profile, column));
    }
    let is_code = is_plain && column.distinct.is_some_and(|distinct| distinct <= FEW_CLASSES);
    if is_code && column.numbers.is_some_and(|range| range.are_whole) {
        remarks.push(format!(
            "{} distinct values; \"categorical\" if they are codes",
            column.distinct.unwrap_or(0)
        ));
    }
    if !remarks.is_empty() {
        line = format!("{line:<31} # {}", visible(&remarks.join(", ")));
    }
    Some(line)
}

/// The line about a column of dates.
fn date_line(profile: &Profile, column: &ColumnProfile, format: &DateFormat) -> String {
    let missing = match column.missing {
        0 => "",
        _ => ", missing = \"median\", indicator = true",
    };
    let entry = format!("{{ type = \"date\", format = {}{missing} }}", toml_text(format.as_str()));
    let gaps = if column.missing == 0 { String::new() } else { format!(", {}", gaps(profile, column)) };
    format!("{} = {entry}  # {}", key(&column.name), visible(&format!("{}{gaps}", column.reason)))
}

/// The line about the column to predict; none if it needs none.
fn learnt_line(profile: &Profile, target: &TargetGuess, column: &ColumnProfile) -> Option<String> {
    let name = key(&column.name);
    if let (Task::Regression, Some(markers)) = (target.task, &column.proposed_markers) {
        return Some(format!(
            "{name} = {{ missing_markers = {}, missing = \"drop_row\" }}  # {}",
            list(markers),
            visible(&column.reason)
        ));
    }
    let kept = kept_class(target, column);
    let empty = column.missing - kept.map_or(0, |(_, count)| *count);
    let gaps = gaps(profile, column);
    match kept {
        Some((word, count)) => {
            let others = column.missing_words.iter().map(|(other, _)| other).filter(|other| *other != word);
            let others: Vec<String> = others.cloned().collect();
            let drops = if empty > 0 { ", missing = \"drop_row\"" } else { "" };
            Some(format!(
                "{name} = {{ missing_markers = {}{drops} }}  # {}",
                list(&others),
                visible(&format!(
                    "{} in {count} of {} rows is read as a class",
                    toml_text(word),
                    profile.rows
                ))
            ))
        }
        None if column.missing > 0 => {
            // A label is a text, in which fewer words mean a missing value.
            let words: Vec<String> = column.missing_words.iter().map(|(word, _)| word.clone()).collect();
            let are_usual = target.task == Task::Regression || words.iter().all(|word| is_missing_text(word));
            let markers =
                if are_usual { String::new() } else { format!("missing_markers = {}, ", list(&words)) };
            Some(format!("{name} = {{ {markers}missing = \"drop_row\" }}  # {}", visible(&gaps)))
        }
        None => None,
    }
}

/// The word of a label column that usually means a missing value but may be a class, such as `NA` for North
/// America next to `EU`, and how often it occurs.
pub fn kept_class<'p>(target: &TargetGuess, column: &'p ColumnProfile) -> Option<&'p (String, usize)> {
    let is_text = target.task == Task::Classification && column.numbers.is_none();
    column.missing_words.iter().find(|(word, _)| is_text && word.eq_ignore_ascii_case("na"))
}

fn gaps(profile: &Profile, column: &ColumnProfile) -> String {
    let words: Vec<String> = column.missing_words.iter().map(|(word, _)| toml_text(word)).collect();
    let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
    format!("{} of {} missing{words}", column.missing, profile.rows)
}

/// The number of numeric features.
fn numbers(profile: &Profile, target: &TargetGuess) -> usize {
    let is_numeric = |column: &&ColumnProfile| {
        column.name != target.column
            && (column.nature == Nature::Kind(ColumnKind::Numeric) || column.proposed_markers.is_some())
    };
    profile.columns.iter().filter(is_numeric).count()
}

/// A list of strings.
fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| toml_text(text)).collect::<Vec<_>>().join(", "))
}

/// A comment without control characters.
fn visible(comment: &str) -> String {
    comment.chars().filter(|char| !char.is_control()).collect()
}

/// Sizes that suit the number of rows.
struct Size {
    hidden: [usize; 2],
    dropout: f64,
    epochs: u32,
    batch_size: usize,
}

impl Size {
    fn of(profile: &Profile) -> Self {
        let (width, dropout, epochs, batch_size) = match profile.rows {
            0..MANY_ROWS => (64, 0.1, 200, 32),
            MANY_ROWS..10_000 => (128, 0.1, 150, 64),
            10_000..50_000 => (256, 0.1, 60, 128),
            _ => (256, 0.1, 40, 256),
        };
        Self { hidden: [width, width], dropout, epochs, batch_size }
    }
}

fn quoted(text: &str) -> String {
    inline(&toml::Value::from(text))
}

/// One path, or a list of them.
fn path_value(paths: &DataPaths) -> String {
    let text = |path: &PathBuf| quoted(&path.to_string_lossy());
    match paths.as_written() {
        [path] => text(path),
        paths => format!("[{}]", paths.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}
