//! Files of rows with labels or targets, for commands that compare them with predictions.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::cli::commands::model::training_files::training_files;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::data::{BadRows, DataError, DataPaths, Encoding, ReadingNotes, TargetEncoding, unusual_notes};
use crate::model::{CalibrationScores, Model};
use crate::predict::{PredictError, scores_on_file};
use crate::text::{Count, DisplayPath, Quoted, QuotedNames, shortened};

/// Parses `LABEL=CLASS`.
pub(crate) fn renaming(text: &str) -> Result<String, String> {
    if text.contains('=') { Ok(text.to_owned()) } else { Err("expected LABEL=CLASS".to_owned()) }
}

/// Adds names of labels to those of the model.
pub(crate) fn rename_labels(encoding: &mut Encoding, names: &[String]) -> Result<(), CliError> {
    let TargetEncoding::Classes { names: classes, renamed, .. } = &mut encoding.targets else {
        return match names.is_empty() {
            true => Ok(()),
            false => {
                Err(CliError::new(exit_code::USAGE, "--label-name: the model predicts values, not classes"))
            }
        };
    };
    for name in names {
        // Labels and classes may have an `=`, as in `<=50K.=<=50K`.
        let mut splits = name.match_indices('=').map(|(at, _)| (&name[..at], &name[at + 1..]));
        let found = splits.find(|(_, class)| classes.iter().any(|known| known == class));
        let Some((label, class)) = found else {
            let class = name.rsplit_once('=').map_or("", |(_, class)| class);
            let message = format!(
                "--label-name {name}: {} is not a class of the model; its classes are {}",
                Quoted(class),
                QuotedNames(classes)
            );
            return Err(CliError::new(exit_code::USAGE, message));
        };
        renamed.insert(label.to_owned(), class.to_owned());
    }
    Ok(())
}

/// The error of a file, with the options that help; `purpose` is what else happens to its rows.
pub(crate) fn reading_error(error: DataError, skips_bad_rows: bool, purpose: &str) -> CliError {
    let is_of_a_cell = error.line().is_some() && error.column().is_some();
    let is_about_delimiter = error.reading_key() == Some("delimiter");
    let mut error = CliError::from(error);
    if is_about_delimiter {
        error.message.push_str(", or use --delimiter");
    }
    if is_of_a_cell && !skips_bad_rows {
        error.message.push_str(&format!("; use --skip-bad-rows to {purpose} the other rows"));
    }
    error
}

/// What a model with a threshold predicts.
pub(crate) fn threshold_note(encoding: &Encoding) -> Option<String> {
    let (Some(threshold), [_, class]) = (encoding.targets.threshold(), encoding.classes()) else {
        return None;
    };
    Some(format!(
        "note: {} is predicted where its probability is greater than {threshold:.4}, the threshold of the model",
        Quoted(class)
    ))
}

/// The scores of `models`, read from `model_paths`, on the labelled rows of a file, from which an uncertainty or a threshold follows;
/// `consequence` is what follows from rows that the models were trained on.
pub(crate) fn scores_on_rows(
    models: &[Model],
    model_paths: &[PathBuf],
    paths: &DataPaths,
    threads: NonZeroUsize,
    consequence: &str,
    output: &Output,
) -> Result<CalibrationScores, CliError> {
    let name = paths.name();
    let found = scores_on_file(models, paths, BadRows::Refuse, threads);
    let (scores, notes) = found.map_err(|error| match error {
        // There is no option that skips rows here.
        PredictError::Data(error) => reading_error(error, true, "use"),
        error => CliError::new(exit_code::DATA, format!("{}: {error}", DisplayPath(&name))),
    })?;
    show_notes(&notes, &name, output);
    if let Some(trained_on) = training_files(paths, models, model_paths) {
        output.note(&trained_on_warning(models, &trained_on, consequence));
    }
    Ok(scores)
}

/// That the rows of a command are those that its models learnt from.
pub(crate) fn trained_on_warning(models: &[Model], files: &Path, consequence: &str) -> String {
    let which = if models.len() > 1 { "one of the models" } else { "the model" };
    format!("warning: {which} was trained on {}: {consequence}", DisplayPath(files))
}

/// Reports anything unusual about the rows.
pub(crate) fn show_notes(notes: &ReadingNotes, data: &Path, output: &Output) {
    let counted = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    if !notes.unknown_columns.is_empty() {
        let names = notes.unknown_columns.iter().take(8).map(|name| Quoted(name).to_string());
        let names: Vec<String> = names.collect();
        let dots = if notes.unknown_columns.len() > names.len() { ", ..." } else { "" };
        let count = counted(notes.unknown_columns.len() as u64, "column");
        output.note(&format!("note: ignoring {count} unknown to the model: {}{dots}", names.join(", ")));
    }
    if let Some(kinds) = &notes.mixed_line_ends {
        output.note(&format!("note: {} has mixed line endings: {kinds}", DisplayPath(data)));
    }
    if notes.comments > 0 {
        output.note(&format!("note: {} skipped", Count(notes.comments, "comment line")));
    }
    if let Some(column) = &notes.missing_weights {
        output.note(&format!(
            "note: no column {}, which weights the rows in training: here all weights are 1",
            Quoted(column)
        ));
    }
    if notes.without_weight > 0 {
        output.note(&format!("note: {} of weight 0 left out", counted(notes.without_weight, "row")));
    }
    for (column, cells) in &notes.unseen {
        output.note(&format!(
            "note: {} of column {} with an unknown category (not in the training rows)",
            counted(*cells, "cell"),
            Quoted(column)
        ));
    }
    unusual_notes(&notes.unusual).iter().for_each(|note| output.note(&format!("note: {note}")));
    if let Some((place, first)) = &notes.first_skipped {
        output.note(&format!(
            "note: {} of {} skipped; the first, {place}: {first}",
            counted(notes.skipped, "row"),
            shortened(&data.to_string_lossy())
        ));
    }
}

/// Such as `500 rows, 3 classes of "kind"`.
pub(crate) fn rows_and_targets(encoding: &Encoding, n_rows: usize) -> String {
    let rows = Count(n_rows, "row");
    match &encoding.targets {
        TargetEncoding::Classes { column, names, .. } => {
            format!("{rows}, {} classes of {}", names.len(), Quoted(column))
        }
        TargetEncoding::Values(values) => {
            let columns: Vec<String> = values.iter().map(|value| Quoted(&value.column).to_string()).collect();
            format!("{rows}, values of {}", columns.join(", "))
        }
    }
}
