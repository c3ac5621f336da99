//! `bntrain predict`: a trained model on new rows.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::model::labelled::{scores_on_rows, threshold_note};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::model_arg::{Models, load_models, unfinished_notes};
use crate::cli::out_file::{OutFile, Replacing, STANDARD_OUTPUT, WithoutFile};
use crate::cli::output::Output;
use crate::cli::reading_args::ReadingArgs;
use crate::cli::signals::survive_file_size_limit;
use crate::cli::terminal_text::TerminalText;
use crate::data::{BadRows, DataPaths, unusual_notes};
use crate::model::Model;
use crate::output_file::NewFile;
use crate::predict::{Conformal, PredictError, PredictOptions, PredictSummary, predict};
use crate::text::{Count, DisplayPath, Quoted, STANDARD_INPUT, shortened};

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A model file, or a run directory; the predictions of several models, or of all seeds of a run, are averaged
    #[arg(value_name = "MODEL", required = true)]
    pub(crate) models: Vec<PathBuf>,
    /// The rows: a CSV file, plain, .gz or .zst; - for standard input; several, by a pattern in quotes or repeated, are
    /// read as one table
    #[arg(short, long, value_name = "CSV", required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// The file for the predictions; - for standard output [default: -]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace --out if it exists
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Copy all columns to the output, not only those of type "id"
    #[arg(long)]
    pub(crate) keep_columns: bool,
    /// Continue after a row that cannot be predicted, with the reason in a column "problem"
    #[arg(long)]
    pub(crate) mark_bad_rows: bool,
    /// Do not put a ' before text that a spreadsheet would run as a formula
    #[arg(long)]
    pub(crate) keep_formulas: bool,
    /// Also write sets of classes, or intervals of values, that hold the true one with this probability, such as 0.9
    #[arg(long, value_name = "SHARE", value_parser = coverage)]
    pub(crate) coverage: Option<f64>,
    /// Labelled rows that the sets or intervals follow from [default: the validation rows of the model]
    #[arg(long, value_name = "CSV", requires = "coverage")]
    pub(crate) calibrate: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

impl PredictArgs {
    /// The files of --data.
    fn rows(&self) -> DataPaths {
        self.data.iter().cloned().collect()
    }
}

pub(crate) fn run(args: &PredictArgs, output: &Output) -> Result<(), CliError> {
    let data = args.rows();
    let is_stdin = |path: &PathBuf| path == Path::new(STANDARD_INPUT);
    if data.is_standard_input() && args.calibrate.as_ref().is_some_and(is_stdin) {
        let message = "--data and --calibrate cannot both be standard input; name a file for one of them";
        return Err(CliError::new(exit_code::USAGE, message));
    }
    let out = args.out.as_deref().filter(|out| *out != Path::new(STANDARD_OUTPUT));
    out.map_or(Ok(()), refuse_compression)?;
    let Models { mut models, paths } = load_models(&args.models)?;
    let note = args.reading.footer_note(&models[0].description.encoding, &data.name());
    note.iter().chain(&unfinished_notes(&args.models)).for_each(|note| output.note(note));
    models.iter_mut().for_each(|model| args.reading.apply(&mut model.description.encoding));
    let out = out.map(|out| OutFile::new(out, WithoutFile::Prints)).transpose()?;
    if let Some(out) = &out {
        let inputs: Vec<&Path> =
            paths.iter().chain(&args.data).chain(&args.calibrate).map(PathBuf::as_path).collect();
        out.refuse_replacing(Replacing { force: args.force, inputs: &inputs, models: &models })?;
    }
    if models.len() > 1 {
        output.note(&format!("note: predictions are the mean of {}", Count(models.len(), "model")));
    }
    let conformal =
        args.coverage.map(|coverage| conformal(coverage, &models, &paths, args, output)).transpose()?;
    let options = PredictOptions {
        keep_columns: args.keep_columns,
        bad_rows: if args.mark_bad_rows { BadRows::Mark } else { BadRows::Refuse },
        escape_formulas: !args.keep_formulas,
        json: output.json,
        conformal: conformal.as_ref(),
        threads: args.threads.count(),
    };
    survive_file_size_limit()?;
    let predicted = match &out {
        None => {
            let mut stdout: Box<dyn Write + Send> = match io::stdout().is_terminal() {
                true => Box::new(TerminalText::new(io::stdout())),
                false => Box::new(io::stdout()),
            };
            let written = predict(&models, &data, &options, &mut *stdout);
            written.map_err(|error| cli_error(error, None, args, &paths))?
        }
        Some(out) => to_file(&models, args, &options, out, &paths)?,
    };
    if let Some(note) = threshold_note(&models[0].description.encoding) {
        output.note(&note);
    } else if models.iter().any(|model| model.description.encoding.targets.class_weights().is_some()) {
        output.note(
            "note: probabilities are corrected for training.class_weights; a prediction is the class of the \
             largest product of probability and weight",
        );
    }
    note_rows(&predicted, args, output);
    Ok(())
}

/// What sets or intervals of this coverage follow from.
fn conformal(
    coverage: f64,
    models: &[Model],
    model_paths: &[PathBuf],
    args: &PredictArgs,
    output: &Output,
) -> Result<Conformal, CliError> {
    let usage = |message: String| CliError::new(exit_code::USAGE, message);
    let scores = match (&args.calibrate, models) {
        (Some(path), _) => {
            let consequence = "its coverage on other rows is lower than promised";
            scores_on_rows(models, model_paths, &path.into(), args.threads.count(), consequence, output)?
        }
        (None, [model]) => {
            let calibration = model.description.calibration.as_ref().ok_or_else(|| {
                usage(
                    "--coverage: the model has no scores of validation rows (trained without, or by an earlier \
                     version); add --calibrate CSV with labelled rows that it was not trained on"
                        .to_owned(),
                )
            })?;
            if calibration.chose_epoch {
                output.note(
                    "note: the validation rows that the coverage follows from also chose the epoch of the weights, so \
                     it can be slightly lower; --calibrate CSV takes other rows",
                );
            }
            calibration.scores.clone()
        }
        (None, several) => {
            return Err(usage(format!(
                "--coverage: {} models have no scores in common; add --calibrate CSV with labelled rows that they were \
                 not trained on, or train them as an ensemble",
                several.len()
            )));
        }
    };
    Conformal::new(&scores, coverage).map_err(|error| {
        let how = match &args.calibrate {
            Some(path) => format!("to {}", DisplayPath(path)),
            None => "with --calibrate CSV: labelled ones that the model was not trained on".to_owned(),
        };
        usage(format!("--coverage: {error} {how}"))
    })
}

/// Parses a share between 0 and 1.
fn coverage(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share: &f64| 0.0 < *share && *share < 1.0)
        .ok_or_else(|| "expected a number between 0 and 1, such as 0.9".to_owned())
}

/// Predicts into a file that appears when it is complete.
fn to_file(
    models: &[Model],
    args: &PredictArgs,
    options: &PredictOptions<'_>,
    out: &OutFile<'_>,
    paths: &[PathBuf],
) -> Result<PredictSummary, CliError> {
    let unwritten = |error: io::Error| out.unwritten(&error);
    let mut file = NewFile::at(&out.real).map_err(unwritten)?;
    let predicted = predict(models, &args.rows(), options, &mut file);
    let predicted = predicted.map_err(|error| cli_error(error, Some(out.named), args, paths))?;
    file.commit().map_err(unwritten)?;
    Ok(predicted)
}

/// Refuses the name of a compressed file, because predictions are plain text.
fn refuse_compression(out: &Path) -> Result<(), CliError> {
    let ends_in = |ending: &str| out.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
    for (ending, tool) in [("gz", "gzip"), ("zst", "zstd")] {
        if ends_in(ending) {
            let message = format!(
                "{}: predictions are plain text, so the name must not end in .{ending}; to compress them, omit -o \
                 and pipe them to `{tool}`",
                shortened(&out.to_string_lossy())
            );
            return Err(CliError::new(exit_code::USAGE, message));
        }
    }
    Ok(())
}

fn cli_error(error: PredictError, out: Option<&Path>, args: &PredictArgs, paths: &[PathBuf]) -> CliError {
    match (error, out) {
        (PredictError::Data(error), _) => {
            let is_of_a_cell = error.line().is_some() && error.column().is_some();
            let is_about_delimiter = error.reading_key() == Some("delimiter");
            let mut error = CliError::from(error);
            if is_about_delimiter {
                error.message.push_str(", or use --delimiter");
            }
            if is_of_a_cell && !args.mark_bad_rows {
                error.message.push_str("; use --mark-bad-rows to predict the other rows");
            }
            error
        }
        (error @ (PredictError::DuplicateColumn { .. } | PredictError::CalibrationNotFinite), _) => {
            CliError::new(
                exit_code::DATA,
                format!("{}: {error}", shortened(&args.rows().name().to_string_lossy())),
            )
        }
        (PredictError::Different { model }, _) => {
            let message = format!(
                "{}: it does not have the same columns, the same classes or targets, the same threshold and precision as the \
                 first model, so their predictions cannot be averaged",
                paths.get(model - 1).map(|path| DisplayPath(path).to_string()).unwrap_or_default()
            );
            CliError::new(exit_code::USAGE, message)
        }
        (PredictError::Write(error), Some(out)) => CliError::io("write", out, &error),
        (PredictError::Write(error), None) => CliError::stdout(&error),
    }
}

/// Reports anything unusual about the rows.
fn note_rows(predicted: &PredictSummary, args: &PredictArgs, output: &Output) {
    let PredictSummary {
        rows,
        bad_rows,
        unknown_columns,
        absent_ids,
        mixed_line_ends,
        comments,
        unseen,
        unusual,
        escaped,
    } = predicted;
    if *comments > 0 {
        output.note(&format!("note: {} skipped", Count(*comments, "comment line")));
    }
    if let Some(kinds) = mixed_line_ends {
        output.note(&format!("note: {} has mixed line endings: {kinds}", DisplayPath(&args.rows().name())));
    }
    for name in absent_ids {
        output.note(&format!("note: no column {}, so the predictions do not have it either", Quoted(name)));
    }
    let counted = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    if !unknown_columns.is_empty() {
        let names: Vec<String> =
            unknown_columns.iter().take(8).map(|name| Quoted(name).to_string()).collect();
        let dots = if unknown_columns.len() > names.len() { ", ..." } else { "" };
        output.note(&format!(
            "note: ignoring {} unknown to the model: {}{dots}",
            counted(unknown_columns.len() as u64, "column"),
            names.join(", ")
        ));
    }
    for column in unseen {
        output.note(&format!(
            "note: {} of column {} with an unknown category (not in the training rows), such as {}",
            counted(column.cells, "cell"),
            Quoted(&column.column),
            Quoted(&column.first)
        ));
    }
    unusual_notes(unusual).iter().for_each(|note| output.note(&format!("note: {note}")));
    if *escaped > 0 {
        output.note(&format!(
            "note: {} written with a ' in front, since a spreadsheet would run it as a formula; --keep-formulas \
             leaves texts as they are",
            counted(*escaped, "text")
        ));
    }
    if *bad_rows > 0 {
        let rows = counted(*rows, "row");
        output.note(&format!("note: no prediction for {bad_rows} of {rows}; see the column \"problem\""));
    }
}
