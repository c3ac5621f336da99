//! `bntrain threshold`: a model that decides between two classes at another probability than the most probable one.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::slice;

use clap::Args;
use serde_json::json;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::model::labelled::scores_on_rows;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::model_arg::load_model;
use crate::cli::out_file::{OutFile, Replacing, WithoutFile};
use crate::cli::output::Output;
use crate::cli::reading_args::ReadingArgs;
use crate::data::{DataPaths, TargetEncoding};
use crate::metrics::{DecisionCounts, ThresholdGoal, choose_threshold};
use crate::model::{CalibrationScores, Model};
use crate::report::decision_table;
use crate::text::{Count, DisplayPath, Quoted, QuotedNames, shortened};

#[derive(Debug, Args)]
#[group(id = "rule", required = true, multiple = false, args = ["cost", "precision", "recall", "at", "remove"])]
pub(crate) struct ThresholdArgs {
    /// A model file, or a run directory with only one or an ensemble
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The file for the model with the threshold
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// The lowest cost, if a false positive costs X and a false negative Y
    #[arg(long, value_name = "fp=X,fn=Y", value_parser = costs)]
    cost: Option<(f64, f64)>,
    /// The largest recall with at least this precision
    #[arg(long, value_name = "SHARE", value_parser = share)]
    precision: Option<f64>,
    /// The largest precision with at least this recall
    #[arg(long, value_name = "SHARE", value_parser = share)]
    recall: Option<f64>,
    /// This threshold
    #[arg(long, value_name = "PROBABILITY", value_parser = share)]
    at: Option<f64>,
    /// No threshold: predict the most probable class, or with class weights that of the largest product of probability
    /// and weight
    #[arg(long)]
    remove: bool,
    /// The class that counts as positive [default: the second one of the model]
    #[arg(long, value_name = "CLASS")]
    positive: Option<String>,
    /// Labelled rows to choose the threshold on [default: the validation rows of the model]
    #[arg(short, long, value_name = "CSV")]
    data: Vec<PathBuf>,
    /// Replace --out if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl ThresholdArgs {
    /// The files of --data, if there are any.
    fn rows(&self) -> Option<DataPaths> {
        (!self.data.is_empty()).then(|| self.data.iter().cloned().collect())
    }
}

pub(crate) fn run(args: &ThresholdArgs, output: &Output) -> Result<(), CliError> {
    let (mut model, path) = load_model(&args.model)?;
    let out = OutFile::new(&args.out, WithoutFile::Fails)?;
    let inputs: Vec<&Path> = [&path].into_iter().chain(&args.data).map(PathBuf::as_path).collect();
    out.refuse_replacing(Replacing { force: args.force, inputs: &inputs, models: slice::from_ref(&model) })?;
    let classes = model.description.encoding.classes().to_vec();
    let positive = positive_class(args, &classes)?;
    // Options say how these rows are written, not those that the new model is for.
    let as_trained = model.description.encoding.clone();
    args.reading.apply(&mut model.description.encoding);
    let scores = scores(args, &model, &path, output)?;
    model.description.encoding = as_trained;
    // Without other rows, a threshold that was given needs none.
    let (positive_rows, negative_rows) =
        scores.as_ref().map(|scores| split(scores, positive)).unwrap_or_default();
    let goal = match (args.cost, args.precision, args.recall) {
        (Some((false_positive, false_negative)), ..) => {
            Some(ThresholdGoal::Cost { false_positive, false_negative })
        }
        (_, Some(precision), _) => Some(ThresholdGoal::Precision(precision)),
        (.., recall) => recall.map(ThresholdGoal::Recall),
    };
    let chosen = match (goal, args.at) {
        (Some(goal), _) => {
            let chosen = choose_threshold(goal, &positive_rows, &negative_rows);
            Some(chosen.map_err(|error| CliError::new(exit_code::DATA, error.to_string()))?)
        }
        (None, at) => at,
    };
    let before = of_positive(&model, positive);
    if let TargetEncoding::Classes { threshold, .. } = &mut model.description.encoding.targets {
        // The file has that of the second class.
        *threshold = chosen.map(|threshold| if positive == 1 { threshold } else { 1.0 - threshold });
    }
    // Without a threshold, class weights decide again.
    let now = chosen.unwrap_or_else(|| of_positive(&model, positive));
    out.write(&model.to_bytes().map_err(|error| out.unwritten(&error))?)?;
    let counts = |threshold: f64| DecisionCounts::at(threshold, &positive_rows, &negative_rows);
    let rows = positive_rows.len() + negative_rows.len();
    let shown: Vec<(&str, f64, DecisionCounts)> = [("before", before), ("now", now)]
        .into_iter()
        .filter(|_| rows > 0)
        .map(|(name, threshold)| (name, threshold, counts(threshold)))
        .collect();
    let class = &classes[positive];
    if output.json {
        let decisions = shown.iter().map(|(name, threshold, counts)| {
            json!({
                "name": name,
                "threshold": threshold,
                "precision": counts.precision(),
                "recall": counts.recall(),
                "cost": args.cost.map(|(fp, fal)| counts.cost(fp, fal)),
                "tp": counts.true_positives, "fp": counts.false_positives,
                "fn": counts.false_negatives, "tn": counts.true_negatives,
            })
        });
        let value = json!({
            "written": args.out.to_string_lossy(), "positive": class, "threshold": chosen, "rows": rows,
            "decisions": decisions.collect::<Vec<_>>(),
        });
        return output.result(&format!("{value}\n"));
    }
    let rule = match chosen {
        Some(threshold) => {
            format!("predicts {} where its probability is greater than {threshold:.4}", Quoted(class))
        }
        None if model.description.encoding.targets.class_weights().is_some() => format!(
            "predicts the class of the largest product of probability and class weight: {} where its probability is \
             greater than {now:.4}",
            Quoted(class)
        ),
        None => "predicts the most probable class".to_owned(),
    };
    let on = match args.rows() {
        _ if rows == 0 => String::new(),
        Some(data) => {
            format!("on {} of {}\n\n", Count(rows, "row"), shortened(&data.name().to_string_lossy()))
        }
        None => format!("on the {} of the training\n\n", Count(rows, "validation row")),
    };
    let table = decision_table(&shown, args.cost);
    output.result(&format!("{} {rule}\n{on}{table}", DisplayPath(&args.out)))
}

/// The probability of the positive class above which the model predicts it: its threshold, or what follows from class
/// weights, or 0.5.
fn of_positive(model: &Model, positive: usize) -> f64 {
    let targets = &model.description.encoding.targets;
    let of_second = match (targets.threshold(), targets.class_weights()) {
        (Some(threshold), _) => threshold,
        // The class of the largest product of probability and weight.
        (None, Some(weights)) => weights[0] / (weights[0] + weights[1]),
        (None, None) => 0.5,
    };
    if positive == 1 { of_second } else { 1.0 - of_second }
}

fn positive_class(args: &ThresholdArgs, classes: &[String]) -> Result<usize, CliError> {
    let usage = |message: String| CliError::new(exit_code::USAGE, message);
    if classes.len() != 2 {
        let what = match classes {
            [] => "values".to_owned(),
            classes => format!("{} classes", classes.len()),
        };
        return Err(usage(format!("a threshold decides between two classes, but the model predicts {what}")));
    }
    match &args.positive {
        None => Ok(1),
        Some(wanted) => classes.iter().position(|class| class == wanted).ok_or_else(|| {
            usage(format!(
                "--positive {}: the classes of the model are {}",
                shortened(wanted),
                QuotedNames(classes)
            ))
        }),
    }
}

/// The predicted probabilities of the rows of each class; none if they are not needed and there are none.
fn scores(
    args: &ThresholdArgs,
    model: &Model,
    model_path: &PathBuf,
    output: &Output,
) -> Result<Option<CalibrationScores>, CliError> {
    let Some(paths) = args.rows() else {
        let Some(calibration) = &model.description.calibration else {
            return match args.at.is_some() || args.remove {
                true => Ok(None),
                false => Err(CliError::new(
                    exit_code::USAGE,
                    "the model has no probabilities of validation rows (trained without, or by an earlier version); add \
                     --data CSV with labelled rows that it was not trained on",
                )),
            };
        };
        if calibration.chose_epoch {
            output.note(
                "note: the validation rows also chose the epoch of the weights, so costs and shares are slightly too \
                 good; --data CSV takes other rows",
            );
        }
        return Ok(Some(calibration.scores.clone()));
    };
    let consequence = "costs and shares on other rows are worse";
    let (models, model_paths) = (slice::from_ref(model), slice::from_ref(model_path));
    scores_on_rows(models, model_paths, &paths, args.threads.count(), consequence, output).map(Some)
}

/// The probabilities of the positive class, of rows of it and of the others.
fn split(scores: &CalibrationScores, positive: usize) -> (Vec<f64>, Vec<f64>) {
    let CalibrationScores::Classes(classes) = scores else { return Default::default() };
    let others = classes[1 - positive].iter().map(|probability| 1.0 - probability);
    (classes[positive].clone(), others.collect())
}

/// The costs that can be given: sums of them over rows, and their ratio, are far from the ends of what a number can be.
const COSTS: RangeInclusive<f64> = 1e-9..=1e9;

/// Parses `fp=X,fn=Y`.
fn costs(text: &str) -> Result<(f64, f64), String> {
    let expected = || "expected fp=X,fn=Y with numbers from 1e-9 to 1e9, such as fp=1,fn=5".to_owned();
    let number = |text: &str| text.parse().ok().filter(|cost| COSTS.contains(cost));
    let parts: Vec<&str> = text.split(',').collect();
    let of = |name: &str| parts.iter().find_map(|part| part.trim().strip_prefix(name)).and_then(number);
    match (&parts[..], of("fp="), of("fn=")) {
        ([_, _], Some(false_positive), Some(false_negative)) => Ok((false_positive, false_negative)),
        _ => Err(expected()),
    }
}

/// Parses a share from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    parsed.ok_or_else(|| "expected a number from 0 to 1, such as 0.9".to_owned())
}
