//! `summary.json`. There, accuracy and R2 are called by their names: `final_accuracy`, `test_r2`.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::experiment::statistics::PairedComparison;
use crate::experiment::summary::types::{GroupSummary, Summary};
use crate::nn::Task;
use crate::text::of_a_parser;

/// The fields that have the name of the metric in files.
const FIELDS: [&str; 5] = ["train", "valid", "final", "best", "test"];

/// Files of versions before have other comparisons, which are left out.
const WITH_COMPARISONS_BY_MEASURE: u64 = 2;

/// Why a `summary.json` cannot be read.
#[derive(Debug, Error)]
pub enum SummaryError {
    /// From a later release.
    #[error(
        "written by a newer bntrain (format {found}); this one reads format {}: use the newer program",
        Summary::FORMAT_VERSION
    )]
    Newer {
        /// The version in the file.
        found: u64,
    },
    /// Not JSON, or not the JSON of a summary.
    #[error("not a summary of bntrain: {}", of_a_parser(.0))]
    Malformed(#[from] serde_json::Error),
    /// Not an object.
    #[error("not a summary of bntrain: it is not a JSON object")]
    NotAnObject,
    /// Numbers that cannot be true together, as after a change by hand.
    #[error("not a summary of bntrain: {0}")]
    Contradiction(&'static str),
}

impl Summary {
    /// The text of `summary.json`: indented, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut value = serde_json::to_value(self).expect("the keys are texts and nothing else can fail");
        rename(&mut value, "quality", name(self.task));
        let mut json =
            serde_json::to_string_pretty(&value).expect("the keys are texts and nothing else can fail");
        json.push('\n');
        json
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// If the text is not a summary, or one of a newer format.
    pub fn from_json(json: &str) -> Result<Self, SummaryError> {
        #[derive(Deserialize)]
        struct Header {
            format_version: u64,
            #[serde(default)]
            task: Task,
        }
        let Header { format_version: found, task } = serde_json::from_str(json)?;
        if u64::from(Self::FORMAT_VERSION) < found {
            return Err(SummaryError::Newer { found });
        }
        let mut value: Value = serde_json::from_str(json)?;
        rename(&mut value, name(task), "quality");
        let object = value.as_object_mut().ok_or(SummaryError::NotAnObject)?;
        if found < WITH_COMPARISONS_BY_MEASURE {
            object.insert("comparisons".to_owned(), Value::Array(Vec::new()));
        }
        let summary: Self = serde_json::from_value(value)?;
        let summary = summary.with_geometric_means();
        summary.contradiction().map_or(Ok(summary), |what| Err(SummaryError::Contradiction(what)))
    }

    /// What cannot be true of these numbers together. Everything that is shown relies on it that counts of runs and pairs
    /// are at most the number of runs.
    fn contradiction(&self) -> Option<&'static str> {
        let n = self.runs.len();
        let adds_up = |group: &GroupSummary| {
            let ended = group.n_completed.saturating_add(group.n_lost).saturating_add(group.n_interrupted);
            group.n_runs <= n && ended <= group.n_runs && group.n_diverged <= group.n_lost
        };
        if !self.groups.iter().all(adds_up) {
            return Some("the counts of runs in its groups do not add up");
        }
        let measures = self.comparisons.iter().flat_map(|comparison| &comparison.measures);
        let measures = measures.chain(self.positions.iter().map(|position| &position.measure));
        let fits = |of: &PairedComparison| of.n_pairs <= n && of.n_not_in_mean.max(of.ties) <= of.n_pairs;
        if !measures.map(|measure| &measure.comparison).all(fits) {
            return Some("the counts of pairs in its comparisons do not add up");
        }
        let times = self.comparisons.iter().filter_map(|comparison| comparison.time_to_bound.as_ref());
        let mut steps = times.flat_map(|time| time.norm.curve.iter().chain(&time.other.curve));
        if steps.any(|step| n < step.events) {
            return Some("a curve of its times has more runs than there are");
        }
        let has_norms = self.comparisons.is_empty() || !self.norms.is_empty();
        (!has_norms).then_some("it compares norms that it does not list")
    }
}

fn name(task: Task) -> &'static str {
    match task {
        Task::Classification => "accuracy",
        Task::Regression => "r2",
    }
}

/// Gives the [`FIELDS`] that end with `from` the end `to`, in place.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, from, to)),
        Value::Object(object) => {
            let entries = std::mem::take(object).into_iter().map(|(key, mut value)| {
                rename(&mut value, from, to);
                let is_quality = |(start, end): (&str, &str)| FIELDS.contains(&start) && end == from;
                match key.split_once('_').filter(|&parts| is_quality(parts)) {
                    Some((start, _)) => (format!("{start}_{to}"), value),
                    None => (key, value),
                }
            });
            *object = entries.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
