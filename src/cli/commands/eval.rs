//! `bntrain eval`: a trained model on labelled rows.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::args::ThreadArgs;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::model_arg::{load_model, unfinished_notes};
use crate::cli::output::Output;
use crate::cli::reading_args::ReadingArgs;
use crate::cli::require::Condition;
use crate::data::{
    BadRows, Encoding, LabelledRows, ReadingNotes, STANDARD_INPUT, TargetEncoding, fingerprint, unusual_notes,
};
use crate::eval::{EvalInput, Evaluation, OutputKind, Statistics, evaluate};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::Metrics;
use crate::nn::Network;
use crate::report;
use crate::text::{Count, DisplayPath, Quoted, QuotedNames, shortened};
use crate::train::with_dtype;

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// A model file, or a run directory with only one or an ensemble
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The rows: a CSV file, plain, .gz or .zst; - for standard input
    #[arg(short, long, value_name = "CSV")]
    pub(crate) data: PathBuf,
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

pub(crate) fn run(args: &EvalArgs, output: &Output) -> Result<(), CliError> {
    let (mut model, path) = load_model(&args.model)?;
    let note = args.reading.footer_note(&model.description.encoding, &args.data);
    note.iter().chain(&unfinished_notes([&args.model])).for_each(|note| output.note(note));
    args.reading.apply(&mut model.description.encoding);
    rename_labels(&mut model.description.encoding, &args.label_names)?;
    let batch_size = args.batch_size.map_or(model.plan.training.batch_size, |rows| rows as usize);
    let encoding = model.description.encoding.clone();
    let subject = Subject { args, encoding: &encoding, batch_size };
    let (evaluation, notes) = with_dtype!(model.plan.training.dtype, F => {
        subject.evaluate::<F>(&mut model.networks_mut())?
    });
    show_notes(&notes, args, output);
    // Standard input is gone.
    let is_file = args.data.as_os_str() != STANDARD_INPUT;
    let is_trained_on =
        is_file && fingerprint(&args.data).is_ok_and(|sha256| sha256 == model.description.data_sha256);
    if is_trained_on {
        output.note(&format!(
            "warning: the model was trained on {}: the metrics of rows that were trained on are better than those of \
             others",
            DisplayPath(&args.data)
        ));
    }
    if output.json {
        let mut value = evaluation.to_json();
        value["model"] = json!(path.to_string_lossy());
        value["model_sha256"] = json!(model.sha256);
        value["data"] = json!(args.data.to_string_lossy());
        value["skipped_rows"] = json!(notes.skipped);
        value["unseen_categories"] = json!(notes.unseen);
        value["is_training_file"] = json!(is_trained_on);
        value["unusual_cells"] = notes
            .unusual
            .iter()
            .map(|cells| json!({ "column": cells.column, "cells": cells.cells, "note": cells.to_string() }))
            .collect();
        output.result(&format!("{value}\n"))?;
    } else {
        let shown = |path: &std::path::Path| shortened(&path.to_string_lossy());
        let what = what(&model.description.encoding, &evaluation);
        let text = report::evaluation(&evaluation);
        output.result(&format!("{} on {}\n{what}\n\n{text}", shown(&path), shown(&args.data)))?;
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

/// Parses `LABEL=CLASS`.
fn renaming(text: &str) -> Result<String, String> {
    if text.contains('=') { Ok(text.to_owned()) } else { Err("expected LABEL=CLASS".to_owned()) }
}

/// Adds names of labels to those of the model.
fn rename_labels(encoding: &mut Encoding, names: &[String]) -> Result<(), CliError> {
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
        let rows = LabelledRows::<F>::read(&args.data, encoding, bad_rows, threads).map_err(|error| {
            let is_of_a_cell = error.line().is_some() && error.column().is_some();
            let is_about_delimiter = error.reading_key() == Some("delimiter");
            let mut error = CliError::from(error);
            if is_about_delimiter {
                error.message.push_str(", or use --delimiter");
            }
            if is_of_a_cell && !args.skip_bad_rows {
                error.message.push_str("; use --skip-bad-rows to evaluate the other rows");
            }
            error
        })?;
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
        };
        let mut choices: Vec<Statistics> = Vec::new();
        for choice in args.stats.iter().map(|&choice| statistics(choice)) {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
        let evaluation = evaluate(networks, &ThreadPool::new(threads), &question, &choices, batch_size);
        let evaluation = evaluation.map_err(|error| {
            CliError::new(exit_code::DATA, format!("{}: {error}", shortened(&args.data.to_string_lossy())))
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

/// Reports anything unusual about the rows.
fn show_notes(notes: &ReadingNotes, args: &EvalArgs, output: &Output) {
    let counted = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    if !notes.unknown_columns.is_empty() {
        let names = notes.unknown_columns.iter().take(8).map(|name| Quoted(name).to_string());
        let names: Vec<String> = names.collect();
        let dots = if notes.unknown_columns.len() > names.len() { ", ..." } else { "" };
        let count = counted(notes.unknown_columns.len() as u64, "column");
        output.note(&format!("note: ignoring {count} unknown to the model: {}{dots}", names.join(", ")));
    }
    if let Some(kinds) = &notes.mixed_line_ends {
        output.note(&format!("note: {} has mixed line endings: {kinds}", DisplayPath(&args.data)));
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
    if let Some((line, first)) = &notes.first_skipped {
        output.note(&format!(
            "note: {} of {} skipped; the first, line {line}: {first}",
            counted(notes.skipped, "row"),
            shortened(&args.data.to_string_lossy())
        ));
    }
}

/// Such as `500 rows, 3 classes of "kind"`.
fn what(encoding: &Encoding, evaluation: &Evaluation) -> String {
    let rows =
        if evaluation.n_rows == 1 { "1 row".to_owned() } else { format!("{} rows", evaluation.n_rows) };
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
