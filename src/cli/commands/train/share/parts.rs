//! The run directories that are put together: read, and checked to be parts of one comparison.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::commands::report::results_of;
use crate::cli::commands::train::CONFIG;
use crate::cli::commands::train::share::of_directory;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::config::{ChangedKey, changed_keys, has_effect};
use crate::experiment::{ConfusionCell, HoldoutSet, RunId, RunRecord, RunSummary, Share, Subject};
use crate::nn::Task;
use crate::report::{ConfusionRow, RunResults};
use crate::run_dir::{DirectoryState, RunFile, read_of_run, state_of};
use crate::text::{DisplayPath, shortened};
use crate::train::{Quality, Score};

/// A finished run directory.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    /// None if all runs of the comparison were planned there.
    pub(crate) share: Option<Share>,
    pub(crate) results: RunResults,
    /// Its runs, as they were when they ended.
    pub(crate) records: Vec<RunRecord>,
}

/// A run directory whose runs have not all ended.
pub(crate) struct UnfinishedPart {
    pub(crate) path: PathBuf,
    pub(crate) share: Option<Share>,
}

/// Reads run directories, those that are finished and those that are not. One that is given twice counts once.
pub(crate) fn read(paths: &[PathBuf]) -> Result<(Vec<Part>, Vec<UnfinishedPart>), CliError> {
    let (mut parts, mut unfinished) = (Vec::new(), Vec::new());
    let mut read = HashSet::new();
    for path in paths {
        if path.canonicalize().is_ok_and(|path| !read.insert(path)) {
            continue;
        }
        match state_of(path)? {
            DirectoryState::Finished => parts.push(Part::read(path)?),
            DirectoryState::Unfinished => {
                unfinished.push(UnfinishedPart { path: path.clone(), share: of_directory(path)? });
            }
            DirectoryState::Absent | DirectoryState::Empty | DirectoryState::Other => {
                let message = format!("{} is not a run directory", DisplayPath(path));
                return Err(CliError::new(exit_code::DATA, message));
            }
        }
    }
    Ok((parts, unfinished))
}

impl Part {
    fn read(path: &Path) -> Result<Self, CliError> {
        let results = results_of(path, "", None)?;
        let records = complete_records(&results);
        Ok(Self { path: path.to_owned(), share: of_directory(path)?, results, records })
    }

    fn run(&self, place: usize) -> (&RunRecord, &RunSummary) {
        (&self.records[place], &self.results.summary.runs[place])
    }

    /// The path of its config.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.path.join(CONFIG)
    }
}

/// Refuses parts of different comparisons: another version, config or data.
pub(crate) fn refuse_others(parts: &[Part]) -> Result<(), CliError> {
    let [first, others @ ..] = parts else { return Ok(()) };
    let data = |part: &Part| -> Vec<Value> {
        let sources = part.results.run["data"].as_array().into_iter().flatten();
        sources.map(|source| source["sha256"].clone()).collect()
    };
    for other in others {
        let [left, right] = [first, other].map(|part| DisplayPath(&part.path));
        let refused = |what: String| {
            let message = format!("{right} does not belong to the same comparison as {left}: {what}");
            Err(CliError::new(exit_code::REFUSED, message))
        };
        let [version, other_version] =
            [first, other].map(|part| part.results.run["version"].as_str().unwrap_or("unknown").to_owned());
        if version != other_version {
            return refused(format!(
                "it is from bntrain {}, the other from {}; train all shares with one version",
                shortened(&other_version),
                shortened(&version)
            ));
        }
        let mut changes = changed_keys(&first.results.config, &other.results.config);
        changes.retain(|change| has_effect(&change.key));
        if !changes.is_empty() {
            let changes: Vec<String> = changes.iter().map(ChangedKey::to_string).collect();
            return refused(format!("the config differs: {}", changes.join("; ")));
        }
        if data(first) != data(other) {
            return refused(format!(
                "the data files differ: {} and {}{}",
                hashes(&data(other)),
                hashes(&data(first)),
                if [first, other].into_iter().any(has_several_files) {
                    "; the same rows spread over other files count as other data"
                } else {
                    ""
                }
            ));
        }
    }
    Ok(())
}

/// Whether several data files were one table.
fn has_several_files(part: &Part) -> bool {
    part.results.run["data"].as_array().into_iter().flatten().any(|source| source["files"].is_array())
}

/// The start of each hash.
fn hashes(data: &[Value]) -> String {
    let start = |hash: &Value| hash.as_str().unwrap_or("none").chars().take(12).collect::<String>();
    format!("sha256 {}", data.iter().map(start).collect::<Vec<_>>().join(", "))
}

/// Which processors the runs are from.
pub(crate) fn processors(parts: &[Part]) -> BTreeSet<String> {
    let processor = |part: &Part| {
        let processor = &part.results.run["processor"];
        ["architecture", "vectors"].map(|key| processor[key].as_str().unwrap_or("unknown")).join(" ")
    };
    parts.iter().map(processor).collect()
}

/// Where each run is: the place of its part and in it. A run that is in several parts is in the first one.
///
/// # Errors
///
/// If two parts have different results of a run.
pub(crate) fn places(parts: &[Part]) -> Result<HashMap<String, (usize, usize)>, CliError> {
    let mut places: HashMap<String, (usize, usize)> = HashMap::new();
    for (number, part) in parts.iter().enumerate() {
        for (place, record) in part.records.iter().enumerate() {
            match places.get(&key(&record.id)) {
                Some(&(first, first_place)) => refuse_different((&parts[first], first_place), (part, place))?,
                None => {
                    places.insert(key(&record.id), (number, place));
                }
            }
        }
    }
    Ok(places)
}

/// Tells runs apart, also those of two points with the same settings.
pub(crate) fn key(id: &RunId) -> String {
    format!("{:?}", (id.norm, &id.point, id.seed))
}

fn refuse_different(first: (&Part, usize), second: (&Part, usize)) -> Result<(), CliError> {
    let [left, right] = [first, second].map(|(part, place)| part.run(place));
    let id = &left.0.id;
    let steps = |part: &Part| read_of_run(&part.path, id, RunFile::Steps);
    let what = if left.0.result_hash != right.0.result_hash {
        "the hashes of their weights differ"
    } else if without_times(left) != without_times(right) {
        "their numbers differ"
    } else if steps(first.0)? != steps(second.0)? {
        "their steps.csv differ"
    } else {
        return Ok(());
    };
    let [left, right] = [first, second].map(|(part, _)| DisplayPath(&part.path));
    let message = format!(
        "{id} is in {left} and in {right} with different results: {what}; leave out the directory that is wrong"
    );
    Err(CliError::new(exit_code::REFUSED, message))
}

/// Everything that is known of a run but its times, as text, since NaN is not equal to itself.
fn without_times((record, summary): (&RunRecord, &RunSummary)) -> String {
    let (mut record, mut summary) = (record.clone(), summary.clone());
    record.seconds = 0.0;
    for epoch in &mut record.epochs {
        (epoch.train_seconds, epoch.eval_seconds) = (0.0, 0.0);
    }
    (summary.seconds, summary.train_seconds, summary.eval_seconds) = (0.0, 0.0, 0.0);
    format!("{record:?} {summary:?}")
}

/// The runs of a directory as they were when they ended: with the scores of all training rows and of the test rows, and
/// what was found on held-out rows.
fn complete_records(results: &RunResults) -> Vec<RunRecord> {
    let task = results.summary.task;
    let runs = results.records.iter().zip(&results.summary.runs);
    runs.map(|(record, run)| RunRecord {
        train: score(task, run.train_loss, run.train_quality),
        test: score(task, run.test_loss, run.test_quality),
        assessments: run
            .assessments
            .iter()
            .cloned()
            .map(|mut assessment| {
                if assessment.of == Subject::Network {
                    assessment.confusion = confusion(results, &record.id, assessment.rows);
                }
                assessment
            })
            .collect(),
        ..record.clone()
    })
    .collect()
}

/// Numbers that are not finite are not in summaries.
fn score(task: Task, loss: Option<f64>, quality: Option<f64>) -> Option<Score> {
    (loss.is_some() || quality.is_some()).then(|| Score {
        loss: loss.unwrap_or(f64::NAN),
        quality: Quality::new(task, quality.unwrap_or(f64::NAN)),
    })
}

fn confusion(results: &RunResults, id: &RunId, rows: HoldoutSet) -> Vec<ConfusionCell> {
    let rows = match rows {
        HoldoutSet::ValidationRows => "validation_rows",
        HoldoutSet::TestRows => "test_rows",
    };
    let settings = id.point.as_ref().map_or("", |(_, settings)| &**settings);
    let is_of_run = |row: &&ConfusionRow| {
        (&*row.norm, &*row.point, row.seed, &*row.rows) == (id.norm.name(), settings, id.seed, rows)
    };
    let cells = results.confusion.iter().filter(is_of_run);
    cells
        .map(|row| ConfusionCell {
            truth: row.truth.clone(),
            prediction: row.prediction.clone(),
            count: row.count,
        })
        .collect()
}
