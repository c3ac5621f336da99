//! The results of a training command, read back from the files of its run directory.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::data::Encoding;
use crate::diagnose::RunDiagnostics;
use crate::experiment::{RunId, RunRecord, RunSummary, Summary, SummaryError};
use crate::nn::Task;
use crate::report::csv::read_diagnostics;
use crate::report::labels::Labels;
use crate::text::of_a_parser;
use crate::train::{EpochRecord, Quality, Score};

/// The texts of the files.
#[derive(Clone, Debug, Default)]
pub struct ResultTexts {
    /// `config.toml`.
    pub config: String,
    /// `run.json`.
    pub run: String,
    /// `summary.json`.
    pub summary: String,
    /// `metrics.csv`.
    pub metrics: String,
    /// `confusion.csv`; none of regression, and of older versions.
    pub confusion: Option<String>,
    /// `diagnostics.csv`, where there is one.
    pub diagnostics: Option<String>,
    /// `start.jsonl`, where there is one: of comparisons.
    pub start: Option<String>,
    /// `fork.json`, where there is one: of forks.
    pub fork: Option<String>,
    /// `unchanged.csv`, where there is one: the epochs of the runs that were forked.
    pub unchanged: Option<String>,
    /// The columns as the first model has them, where it can be read.
    pub encoding: Option<Encoding>,
    /// Names of further files that a report may link to.
    pub further_files: Vec<String>,
}

/// What a report is made from.
#[derive(Clone, Debug)]
pub struct RunResults {
    /// The name of the run directory.
    pub name: String,
    /// As it was written.
    pub texts: ResultTexts,
    /// `config.toml`.
    pub config: toml::Table,
    /// `run.json`.
    pub run: Value,
    /// `summary.json`.
    pub summary: Summary,
    /// The runs of the summary, in its order, with their epochs.
    pub records: Vec<RunRecord>,
    /// `confusion.csv`.
    pub confusion: Vec<ConfusionRow>,
    /// `diagnostics.csv`.
    pub diagnostics: Vec<RunDiagnostics>,
    /// `start.jsonl`: the networks before training, as `bntrain probe --json` has them.
    pub start: Vec<Value>,
    /// `fork.json`: where the runs go on from; null if from their start.
    pub fork: Value,
    /// `[report.labels]` of the config.
    pub labels: Labels,
}

/// A row of `confusion.csv`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ConfusionRow {
    /// The name of the norm.
    pub norm: String,
    /// Settings of the point; empty without a grid.
    pub point: String,
    /// Of the run.
    pub seed: u64,
    /// Which rows were predicted: `validation_rows` or `test_rows`.
    pub rows: String,
    /// Names of the classes.
    pub truth: String,
    /// As what the rows were predicted.
    pub prediction: String,
    /// How many rows.
    pub count: u64,
}

/// Why results cannot be read.
#[derive(Debug, Error)]
pub enum ResultsError {
    /// `config.toml`.
    #[error("config.toml: {}", of_a_parser(.0))]
    Config(#[from] toml::de::Error),
    /// `run.json`.
    #[error("run.json: {}", of_a_parser(.0))]
    Run(serde_json::Error),
    /// `start.jsonl`.
    #[error("start.jsonl: {}", of_a_parser(.0))]
    Start(serde_json::Error),
    /// `fork.json`.
    #[error("fork.json: {}", of_a_parser(.0))]
    Fork(serde_json::Error),
    /// `summary.json`.
    #[error("summary.json: {0}")]
    Summary(#[from] SummaryError),
    /// `metrics.csv`: an epoch of a run is left out, or there twice.
    #[error(
        "metrics.csv: {run}: epoch {found} where epoch {expected} is expected; the rows of a run have epochs 0, 1, 2 and so on"
    )]
    Epochs {
        /// Its norm, the settings of its point, and its seed.
        run: String,
        /// As it is in the file.
        found: u64,
        /// The one after that of the row before.
        expected: u64,
    },
    /// `metrics.csv`, `confusion.csv` or `diagnostics.csv`.
    #[error("{file}: {}", of_a_parser(.source))]
    Table {
        /// Its name.
        file: &'static str,
        /// What is wrong with it.
        source: csv::Error,
    },
}

impl RunResults {
    /// From the texts of the files.
    ///
    /// # Errors
    ///
    /// If a file is not of a run, or of a newer version.
    pub fn parse(name: String, texts: ResultTexts) -> Result<Self, ResultsError> {
        let config: toml::Table = toml::from_str(&texts.config)?;
        let run = serde_json::from_str(&texts.run).map_err(ResultsError::Run)?;
        let summary = Summary::from_json(&texts.summary)?;
        let table = |file| move |source| ResultsError::Table { file, source };
        let mut epochs = read_metrics(&texts.metrics, summary.task)?;
        let records = summary.runs.iter().map(|run| record(run, &mut epochs)).collect();
        let lines = texts.start.iter().flat_map(|text| text.lines());
        let start = lines.map(serde_json::from_str).collect::<Result<_, _>>().map_err(ResultsError::Start)?;
        let fork = texts.fork.as_deref().map(serde_json::from_str).transpose().map_err(ResultsError::Fork)?;
        let fork = fork.unwrap_or_default();
        let unchanged =
            texts.unchanged.as_deref().map_or(Ok(HashMap::new()), |text| read_epochs(text, summary.task));
        unchanged.map_err(table("unchanged.csv"))?;
        let confusion = match &texts.confusion {
            Some(text) => csv::Reader::from_reader(text.as_bytes()).deserialize().collect(),
            None => Ok(Vec::new()),
        };
        let confusion = confusion.map_err(table("confusion.csv"))?;
        let diagnostics = match &texts.diagnostics {
            Some(text) => read_diagnostics(text.as_bytes()).map_err(table("diagnostics.csv"))?,
            None => Vec::new(),
        };
        let labels = config.get("report").and_then(|report| report.get("labels")?.as_table());
        let labels = labels.into_iter().flatten();
        let labels = labels.filter_map(|(norm, label)| Some((norm.clone(), label.as_str()?.to_owned())));
        let labels = Labels::new(labels.collect());
        Ok(Self { name, config, run, summary, records, confusion, diagnostics, start, fork, labels, texts })
    }
}

/// Norm, settings of the point, and seed.
pub(crate) type RunKey = (String, String, u64);

/// A row of `metrics.csv`, without the score that depends on the task.
#[derive(Deserialize)]
struct MetricsRow {
    norm: String,
    point: String,
    seed: u64,
    epoch: u64,
    step: u64,
    learning_rate: Option<f64>,
    train_loss: Option<f64>,
    train_eval_loss: f64,
    #[serde(alias = "train_accuracy", alias = "train_r2")]
    train_quality: f64,
    valid_loss: Option<f64>,
    #[serde(alias = "valid_accuracy", alias = "valid_r2")]
    valid_quality: Option<f64>,
    train_seconds: f64,
    eval_seconds: f64,
}

/// Reads a whole `metrics.csv` back: every run has epochs 0, 1, 2 and so on.
///
/// # Errors
///
/// [`ResultsError::Table`] and [`ResultsError::Epochs`].
pub(crate) fn read_metrics(
    text: &str,
    task: Task,
) -> Result<HashMap<RunKey, Vec<EpochRecord>>, ResultsError> {
    let epochs =
        read_epochs(text, task).map_err(|source| ResultsError::Table { file: "metrics.csv", source })?;
    check_epochs(&epochs)?;
    Ok(epochs)
}

/// The key of the rows of a run.
pub(crate) fn run_key(id: &RunId) -> RunKey {
    let settings = id.point.as_ref().map(|(_, settings)| settings.clone()).unwrap_or_default();
    (id.norm.name().to_owned(), settings, id.seed)
}

/// Reads rows of a `metrics.csv` back, with the header.
pub(crate) fn read_epochs(text: &str, task: Task) -> csv::Result<HashMap<RunKey, Vec<EpochRecord>>> {
    let score = |loss, quality| {
        let quality = match task {
            Task::Classification => Quality::Accuracy(quality),
            Task::Regression => Quality::R2(quality),
        };
        Score { loss, quality }
    };
    let mut runs: HashMap<RunKey, Vec<EpochRecord>> = HashMap::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: MetricsRow = row?;
        let epoch = EpochRecord {
            epoch: row.epoch,
            step: row.step,
            learning_rate: row.learning_rate,
            train_loss: row.train_loss,
            train: score(row.train_eval_loss, row.train_quality),
            valid: row.valid_loss.zip(row.valid_quality).map(|(loss, quality)| score(loss, quality)),
            train_seconds: row.train_seconds,
            eval_seconds: row.eval_seconds,
        };
        runs.entry((row.norm, row.point, row.seed)).or_default().push(epoch);
    }
    Ok(runs)
}

/// Curves have a place for every epoch up to the last one, so a single wrong number would take all memory.
fn check_epochs(runs: &HashMap<RunKey, Vec<EpochRecord>>) -> Result<(), ResultsError> {
    for ((norm, point, seed), epochs) in runs {
        if let Some((expected, wrong)) = (0..).zip(epochs).find(|(expected, epoch)| epoch.epoch != *expected)
        {
            let names = [&norm[..], point].into_iter().filter(|name| !name.is_empty());
            let run = format!("{} seed {seed}", names.collect::<Vec<_>>().join(" "));
            return Err(ResultsError::Epochs { run, found: wrong.epoch, expected });
        }
    }
    Ok(())
}

fn record(run: &RunSummary, epochs: &mut HashMap<RunKey, Vec<EpochRecord>>) -> RunRecord {
    let id = RunId {
        norm: run.norm,
        point: run.point.as_ref().map(|point| (point.index, point.settings.clone())),
        seed: run.seed,
    };
    RunRecord {
        epochs: epochs.remove(&run_key(&id)).unwrap_or_default(),
        id,
        outcome: run.outcome.clone(),
        kept_epoch: run.kept_epoch,
        train: None,
        test: None,
        assessments: Vec::new(),
        constant_loss: run.constant_loss,
        parameters: run.parameters,
        result_hash: run.result_hash.clone(),
        seconds: run.seconds,
    }
}
