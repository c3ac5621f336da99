//! `bntrain eval`: a trained model on labelled rows.

use std::path::{Path, PathBuf};
use std::slice;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::model::labelled::{
    reading_error, rename_labels, renaming, rows_and_targets, show_notes, threshold_note, trained_on_warning,
};
use crate::cli::commands::model::training_files::training_files;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::model_arg::{load_model, unfinished_notes};
use crate::cli::out_file::{OutFolder, Replacing};
use crate::cli::output::Output;
use crate::cli::reading_args::ReadingArgs;
use crate::data::{BadRows, DataPaths, Encoding, LabelledRows, ReadingNotes, TargetEncoding};
use crate::eval::{EvalInput, Evaluation, OutputKind, Statistics, evaluate};
use crate::experiment::Condition;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::Metrics;
use crate::nn::Network;
use crate::report;
use crate::text::{DisplayPath, Quoted, shortened};
use crate::train::with_dtype;

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// A model file, or a run directory with only one or an ensemble
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The rows: a CSV file, plain, .gz or .zst; - for standard input; several, by a pattern in quotes or repeated, are
    /// read as one table
    #[arg(short, long, value_name = "CSV", required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// The statistics that batch norm uses; several are compared, the first is shown in full
    #[arg(long, value_name = "CHOICES", value_delimiter = ',', default_value = "running")]
    pub(crate) stats: Vec<StatisticsChoice>,
    /// Batch size for --stats batch [default: training.batch_size of the model]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) batch_size: Option<u32>,
    /// Skip rows that cannot be evaluated, and count them
    #[arg(long)]
    pub(crate) skip_bad_rows: bool,
    /// Exit with code 1 unless a metric meets this condition, such as 'accuracy >= 0.9' or
    /// 'spam.recall > 0.8' for a class called spam; repeatable
    #[arg(long = "require", value_name = "CONDITION")]
    pub(crate) require: Vec<Condition>,
    /// Read a label as a class of the model, such as 'yes.=yes'; repeatable
    #[arg(long = "label-name", value_name = "LABEL=CLASS", value_parser = renaming)]
    pub(crate) label_names: Vec<String>,
    /// Write ROC, precision-recall, lift and reliability curves as CSV, SVG and one HTML page to this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) curves: Option<PathBuf>,
    /// Replace files of --curves that exist
    #[arg(long, requires = "curves")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

/// The statistics that batch norm uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatisticsChoice {
    /// The running statistics of the model, as in prediction
    Running,
    /// Mean and variance over all rows of the file, layer by layer
    Recomputed,
    /// Mean and variance of each batch, as in training
    Batch,
}

impl EvalArgs {
    /// The files of --data.
    fn rows(&self) -> DataPaths {
        self.data.iter().cloned().collect()
    }
}

pub(crate) fn run(args: &EvalArgs, output: &Output) -> Result<(), CliError> {
    let data = args.rows();
    let data_name = data.name();
    let (mut model, path) = load_model(&args.model)?;
    let note = args.reading.footer_note(&model.description.encoding, &data_name);
    note.iter().chain(&unfinished_notes([&args.model])).for_each(|note| output.note(note));
    args.reading.apply(&mut model.description.encoding);
    rename_labels(&mut model.description.encoding, &args.label_names)?;
    if args.curves.is_some() && model.description.encoding.classes().is_empty() {
        return Err(CliError::new(
            exit_code::USAGE,
            "--curves: the model predicts values; curves are of classes",
        ));
    }
    let curves = args.curves.as_deref().map(|named| OutFolder { named, option: "--curves" });
    let inputs: Vec<&Path> = [&path].into_iter().chain(&args.data).map(PathBuf::as_path).collect();
    let replacing = Replacing { force: args.force, inputs: &inputs, models: &[] };
    if let Some(folder) = curves {
        let replacing = Replacing { models: slice::from_ref(&model), ..replacing };
        folder.refuse_replacing(report::CURVE_FILES, replacing)?;
    }
    let batch_size = args.batch_size.map_or(model.plan.training.batch_size, |rows| rows as usize);
    let encoding = model.description.encoding.clone();
    let subject = Subject { args, encoding: &encoding, batch_size };
    let (evaluation, notes) = with_dtype!(model.plan.training.dtype, F => {
        subject.evaluate::<F>(&mut model.networks_mut())?
    });
    show_notes(&notes, &data_name, output);
    threshold_note(&model.description.encoding).iter().for_each(|note| output.note(note));
    let trained_on = training_files(&data, slice::from_ref(&model), slice::from_ref(&path));
    if let Some(trained_on) = &trained_on {
        let consequence = "the metrics of rows that were trained on are better than those of others";
        output.note(&trained_on_warning(slice::from_ref(&model), trained_on, consequence));
    }
    let files = curve_files(args, &evaluation, &path, output)?;
    let written = match curves {
        Some(folder) if !files.is_empty() => {
            folder.write(&files, Replacing { models: slice::from_ref(&model), ..replacing })?
        }
        _ => Vec::new(),
    };
    if output.json {
        let mut value = evaluation.to_json();
        value["model"] = json!(path.to_string_lossy());
        value["model_sha256"] = json!(model.sha256);
        value["data"] = data.to_json();
        value["skipped_rows"] = json!(notes.skipped);
        value["unseen_categories"] = json!(notes.unseen);
        value["is_training_file"] = json!(trained_on.is_some());
        value["unusual_cells"] = notes
            .unusual
            .iter()
            .map(|cells| json!({ "column": cells.column, "cells": cells.cells, "note": cells.to_string() }))
            .collect();
        output.result(&format!("{value}\n"))?;
    } else {
        let shown = |path: &std::path::Path| shortened(&path.to_string_lossy());
        let what = rows_and_targets(&model.description.encoding, evaluation.n_rows);
        let text = report::evaluation(&evaluation);
        let written: String = written.iter().map(|path| format!("{}\n", DisplayPath(path))).collect();
        let written = if written.is_empty() { written } else { format!("\n{written}") };
        output.result(&format!("{} on {}\n{what}\n\n{text}{written}", shown(&path), shown(&data_name)))?;
    }
    let unmet: Vec<String> = args
        .require
        .iter()
        .filter_map(|condition| unmet(condition, &evaluation).transpose())
        .collect::<Result<_, _>>()?;
    match unmet.is_empty() {
        true => Ok(()),
        false => Err(CliError::new(exit_code::CHECK_FAILED, unmet.join("\n"))),
    }
}

/// The files of the curves, name and content; none if they are not asked for or there are no curves.
fn curve_files(
    args: &EvalArgs,
    evaluation: &Evaluation,
    model: &Path,
    output: &Output,
) -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let Some(curves) = &evaluation.curves else { return Ok(Vec::new()) };
    if curves.is_empty() {
        output.note("note: all rows are of one class, which has no curves: --curves writes nothing");
        return Ok(Vec::new());
    }
    let (model, data) = (model.to_string_lossy(), args.rows().name());
    report::curve_files(curves, &evaluation.names, &model, &data.to_string_lossy())
        .map_err(|error| CliError::new(exit_code::IO, error.to_string()))
}

/// What is evaluated.
struct Subject<'a> {
    args: &'a EvalArgs,
    encoding: &'a Encoding,
    batch_size: usize,
}

impl Subject<'_> {
    fn evaluate<F: Real>(
        &self,
        networks: &mut [&mut Network<F>],
    ) -> Result<(Evaluation, ReadingNotes), CliError> {
        let Self { args, encoding, batch_size } = *self;
        let threads = args.threads.count();
        let bad_rows = if args.skip_bad_rows { BadRows::Mark } else { BadRows::Refuse };
        let rows = LabelledRows::<F>::read(&args.rows(), encoding, bad_rows, threads)
            .map_err(|error| reading_error(error, args.skip_bad_rows, "evaluate"))?;
        let scalings = encoding.value_scalings();
        let names = match &encoding.targets {
            TargetEncoding::Classes { names, .. } => names.clone(),
            TargetEncoding::Values(values) => values.iter().map(|value| value.column.clone()).collect(),
        };
        let question = EvalInput {
            rows: &rows.x,
            truth: &rows.truth,
            weights: rows.weights.as_deref(),
            output_kind: OutputKind::of(&encoding.targets, &scalings),
            names: &names,
            baseline: &encoding.baseline(),
            with_curves: args.curves.is_some(),
        };
        let mut choices: Vec<Statistics> = Vec::new();
        for choice in args.stats.iter().map(|&choice| statistics(choice)) {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
        let evaluation = evaluate(networks, &ThreadPool::new(threads), &question, &choices, batch_size);
        let evaluation = evaluation.map_err(|error| {
            CliError::new(
                exit_code::DATA,
                format!("{}: {error}", shortened(&args.rows().name().to_string_lossy())),
            )
        })?;
        Ok((evaluation, rows.notes))
    }
}

fn statistics(choice: StatisticsChoice) -> Statistics {
    match choice {
        StatisticsChoice::Running => Statistics::Running,
        StatisticsChoice::Recomputed => Statistics::Recomputed,
        StatisticsChoice::Batch => Statistics::Batch,
    }
}

/// Why a condition is not met; none if it is.
fn unmet(condition: &Condition, evaluation: &Evaluation) -> Result<Option<String>, CliError> {
    let Some(measure) = evaluation.measure(&condition.name) else {
        let known = evaluation.choices[0].metrics.measures(&evaluation.names);
        let known: Vec<String> = known.into_iter().map(|(name, _)| shortened(&name)).collect();
        let of_classes = match evaluation.choices[0].metrics {
            Metrics::Classes(_) => ", or CLASS.precision, CLASS.recall, CLASS.f1",
            Metrics::Values(_) => "",
        };
        let message = format!(
            "--require: {} is not a metric here; use one of {}{of_classes}",
            Quoted(&condition.name),
            known.join(", ")
        );
        return Err(CliError::new(exit_code::USAGE, message));
    };
    Ok(match (measure.value, measure.missing) {
        (Some(value), _) if condition.holds(value) => None,
        (Some(value), _) => Some(format!("required {condition}: it is {value:.6}")),
        (None, Some(why)) => Some(format!("required {condition}: it has no value, {why}")),
        (None, None) => Some(format!("required {condition}: it has no value")),
    })
}
