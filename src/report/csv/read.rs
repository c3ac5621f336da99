//! `metrics.csv` read back.

use std::io::Read;

use thiserror::Error;

use crate::experiment::{RunId, RunRecord, Summary};
use crate::nn::Task;
use crate::report::csv::{MetricsRow, metrics_columns};
use crate::text::{escaped, shortened};
use crate::train::{EpochRecord, Quality, Score};

/// Why a `metrics.csv` cannot be read.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// The first line has other columns than this program writes.
    #[error(
        "line 1: the columns are `{found}`; expected `{}`: is this the metrics.csv of a run directory?",
        metrics_columns(Task::Classification).join(",")
    )]
    Columns {
        /// As it stands there, safe to show.
        found: String,
    },
    /// A cell that its column cannot have.
    #[error("line {line}, column `{column}`: `{value}` is not allowed: {problem}")]
    Cell {
        /// From 1.
        line: u64,
        /// Its name.
        column: &'static str,
        /// As it stands there, safe to show.
        value: String,
        /// What is expected.
        problem: String,
    },
    /// A row with too many or too few cells, text that is not UTF-8, or a failing disk.
    #[error("{0}")]
    Csv(#[from] csv::Error),
}

/// All rows of a `metrics.csv`.
///
/// # Errors
///
/// If the file is not one that [`write_metrics`](crate::report::csv::write_metrics) wrote, with the place of
/// the first problem.
pub fn read_metrics(reader: impl Read) -> Result<Vec<MetricsRow>, MetricsError> {
    let mut reader = csv::Reader::from_reader(reader);
    let columns = reader.headers()?.clone();
    let tasks = [Task::Classification, Task::Regression];
    let Some(known) = tasks.map(metrics_columns).into_iter().find(|known| columns == known.to_vec()) else {
        let found: Vec<&str> = columns.iter().collect();
        return Err(MetricsError::Columns { found: shortened(&found.join(",")) });
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        // By place: the same number is called accuracy or R2.
        rows.push(record.deserialize(None).map_err(|error| in_cell(error, &record, &known))?);
    }
    Ok(rows)
}

/// The runs of a run directory with the epochs of its `metrics.csv`, for tables and pictures.
/// Steps are not among them, and a run without rows has no epochs.
pub fn with_epochs(summary: &Summary, rows: &[MetricsRow]) -> Vec<RunRecord> {
    let record = |run: &crate::experiment::RunSummary| {
        let settings = run.point.as_ref().map(|point| &point.settings);
        let is_here = |row: &&MetricsRow| {
            row.norm == run.norm && row.seed == run.seed && row.point.as_ref() == settings
        };
        let epochs: Vec<EpochRecord> =
            rows.iter().filter(is_here).map(|row| row.epoch_record(summary.task)).collect();
        let test = run.test_loss.zip(run.test_quality);
        RunRecord {
            id: RunId {
                norm: run.norm,
                point: run.point.as_ref().map(|point| (point.index, point.settings.clone())),
                seed: run.seed,
            },
            epochs,
            steps: Vec::new(),
            outcome: run.outcome.clone(),
            kept_epoch: run.kept_epoch,
            test: test.map(|(loss, quality)| Score { loss, quality: Quality::new(summary.task, quality) }),
            assessments: run.assessments.clone(),
            parameters: run.parameters,
            result_hash: run.result_hash.clone(),
            seconds: run.seconds,
        }
    };
    summary.runs.iter().map(record).collect()
}

/// The same error with the name and the text of the cell, where it is about one.
fn in_cell(error: csv::Error, record: &csv::StringRecord, columns: &[&'static str]) -> MetricsError {
    let csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return error.into() };
    // Only the first column, the norm, is read in a way that loses the index.
    let field = err.field().unwrap_or(0) as usize;
    let (Some(column), Some(value)) = (columns.get(field), record.get(field)) else {
        return error.into();
    };
    MetricsError::Cell {
        line: record.position().map_or(0, csv::Position::line),
        column,
        value: shortened(value),
        problem: escaped(&err.kind().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::synthetic::{for_values, grid, twins, without_validation};
    use crate::report::csv::{write_metrics, write_metrics_header};

    fn written(runs: &[RunRecord]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let task = Summary::of(runs).task;
        write_metrics_header(&mut bytes, task).unwrap();
        runs.iter().for_each(|run| write_metrics(&mut bytes, run).unwrap());
        bytes
    }

    fn refused(text: &str) -> String {
        let text = text.replace("HEADER", &metrics_columns(Task::Classification).join(","));
        read_metrics(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_reads_back_bit_for_bit() {
        let mut without_valid: Vec<RunRecord> = twins(2).into_iter().map(without_validation).collect();
        without_valid[1].epochs[2].train.loss = f64::INFINITY;
        let values = twins(2).into_iter().map(for_values).collect();
        for runs in [twins(3), grid(), without_valid, values, Vec::new()] {
            let rows = read_metrics(&*written(&runs)).unwrap();
            let summary = Summary::from_json(&Summary::of(&runs).to_json()).unwrap();
            let expected: Vec<RunRecord> =
                runs.into_iter().map(|run| RunRecord { steps: Vec::new(), ..run }).collect();
            assert!(with_epochs(&summary, &rows) == expected);
        }
    }

    #[test]
    fn problems_name_their_place() {
        assert_eq!(
            refused("a,b\n"),
            "line 1: the columns are `a,b`; expected `norm,point,seed,epoch,step,learning_rate,train_loss,\
             train_eval_loss,train_accuracy,valid_loss,valid_accuracy,train_seconds,eval_seconds`: is this the \
             metrics.csv of a run directory?",
        );
        assert_eq!(
            refused("HEADER\nnone,,1,0,0,,,2.0,0.5,2.0,0.5,0.0,0.0\nnone,,1,1,10,0.1,\u{1b}x,1,1,1,1,1,1\n"),
            "line 3, column `train_loss`: `\\u{1b}x` is not allowed: invalid float literal",
        );
        assert_eq!(
            refused("HEADER\nbatch\u{7},,1,0,0,,,2.0,0.5,2.0,0.5,0.0,0.0\n"),
            "line 2, column `norm`: `batch\\u{7}` is not allowed: unknown variant `batch\\u{7}`, expected one of \
             `batch_norm`, `mean_only`, `none`",
        );
        assert_eq!(
            refused("HEADER\nnone,,1,0\n"),
            "CSV error: record 1 (line: 2, byte: 136): found record with 4 fields, but the previous record \
             has 13 fields",
        );
    }
}
