//! `metrics.csv`, one row per run and epoch, `steps.csv`, one row per run and logged step, `diagnostics.csv`, one row
//! per number that was measured inside a network, and `confusion.csv`.
//!
//! Numbers are written in the shortest form that reads back as the same bits; a number that was not
//! measured is blank. Rows are appended to a file while a run is trained, so each is written by itself.

use std::io::{Read, Write};
use std::sync::Arc;

use serde::Serialize;

use crate::diagnose::{DiagnosticRow, Quantity, RunDiagnostics};
use crate::experiment::run_id::network_name;
use crate::experiment::{RunId, RunRecord};
use crate::nn::{Norm, Task};
use crate::train::{EpochRecord, StepRecord};

/// The columns of `metrics.csv` of networks for `task`: accuracies for classes, R2s for values.
pub fn metrics_columns(task: Task) -> [&'static str; 13] {
    let [train_quality, valid_quality] = match task {
        Task::Classification => ["train_accuracy", "valid_accuracy"],
        Task::Regression => ["train_r2", "valid_r2"],
    };
    [
        "norm",
        "point",
        "seed",
        "epoch",
        "step",
        "learning_rate",
        "train_loss",
        "train_eval_loss",
        train_quality,
        "valid_loss",
        valid_quality,
        "train_seconds",
        "eval_seconds",
    ]
}

/// The columns of `steps.csv`.
pub const STEPS_COLUMNS: [&str; 6] = ["norm", "point", "seed", "step", "loss", "learning_rate"];

/// The columns of `diagnostics.csv`.
pub const DIAGNOSTICS_COLUMNS: [&str; 8] =
    ["norm", "point", "seed", "epoch", "step", "layer", "quantity", "value"];

/// A row is seldom longer.
const ROW_BYTES: usize = 256;

/// A row of `metrics.csv`; the columns are explained at [`EpochRecord`].
#[derive(Serialize)]
struct MetricsRow<'a> {
    norm: Norm,
    point: Option<&'a str>,
    seed: u64,
    epoch: u64,
    step: u64,
    learning_rate: Option<f64>,
    train_loss: Option<f64>,
    train_eval_loss: f64,
    train_quality: f64,
    valid_loss: Option<f64>,
    valid_quality: Option<f64>,
    train_seconds: f64,
    eval_seconds: f64,
}

/// A row of `steps.csv`; the columns are explained at [`StepRecord`].
#[derive(Serialize)]
struct StepsRow<'a> {
    norm: Norm,
    point: Option<&'a str>,
    seed: u64,
    step: u64,
    loss: f64,
    learning_rate: f64,
}

impl<'a> MetricsRow<'a> {
    fn of(id: &'a RunId, epoch: &EpochRecord) -> Self {
        Self {
            norm: id.norm,
            point: settings(id),
            seed: id.seed,
            epoch: epoch.epoch,
            step: epoch.step,
            learning_rate: epoch.learning_rate,
            train_loss: epoch.train_loss,
            train_eval_loss: epoch.train.loss,
            train_quality: epoch.train.quality.value(),
            valid_loss: epoch.valid.map(|valid| valid.loss),
            valid_quality: epoch.valid.map(|valid| valid.quality.value()),
            train_seconds: epoch.train_seconds,
            eval_seconds: epoch.eval_seconds,
        }
    }
}

/// Writes the header of `metrics.csv` of networks for `task`.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_metrics_header(writer: impl Write, task: Task) -> csv::Result<()> {
    write_rows(writer, |rows| rows.write_record(metrics_columns(task)))
}

/// Appends the row of an epoch of the run `id` to `metrics.csv`.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_epoch(writer: impl Write, id: &RunId, epoch: &EpochRecord) -> csv::Result<()> {
    write_rows(writer, |rows| rows.serialize(MetricsRow::of(id, epoch)))
}

/// Writes `confusion.csv`: for each run and each of its sets of held-out rows, the number of rows by true and
/// predicted class that are not 0. Nothing but the header without classes.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_confusion(writer: impl Write, runs: &[RunRecord]) -> csv::Result<()> {
    let mut rows = csv::Writer::from_writer(writer);
    rows.write_record(["norm", "point", "seed", "rows", "truth", "prediction", "count"])?;
    for run in runs {
        for assessment in &run.assessments {
            for cell in &assessment.confusion {
                let point = settings(&run.id);
                let of = (run.id.norm, point, run.id.seed, assessment.rows);
                rows.serialize((of, &cell.truth, &cell.prediction, cell.count))?;
            }
        }
    }
    Ok(rows.flush()?)
}

/// Writes the header of `steps.csv`.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_steps_header(writer: impl Write) -> csv::Result<()> {
    write_rows(writer, |rows| rows.write_record(STEPS_COLUMNS))
}

/// Appends the row of a step of the run `id` to `steps.csv`.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_step(writer: impl Write, id: &RunId, step: &StepRecord) -> csv::Result<()> {
    let &StepRecord { step, loss, learning_rate } = step;
    let row = StepsRow { norm: id.norm, point: settings(id), seed: id.seed, step, loss, learning_rate };
    write_rows(writer, |rows| rows.serialize(row))
}

/// A row of `diagnostics.csv`; the columns are explained at [`DiagnosticRow`].
#[derive(Serialize)]
struct DiagnosticsRow<'a> {
    norm: Norm,
    point: Option<&'a str>,
    seed: u64,
    epoch: u64,
    step: u64,
    layer: Option<&'a str>,
    quantity: &'static str,
    value: f64,
}

/// Writes the header of `diagnostics.csv`.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_diagnostics_header(writer: impl Write) -> csv::Result<()> {
    write_rows(writer, |rows| rows.write_record(DIAGNOSTICS_COLUMNS))
}

/// Appends measurements of the run `id` to `diagnostics.csv`.
///
/// # Errors
///
/// What `writer` returns.
pub fn write_diagnostics(writer: impl Write, id: &RunId, measured: &[DiagnosticRow]) -> csv::Result<()> {
    let of = |row: &DiagnosticRow, rows: &mut csv::Writer<_>| {
        rows.serialize(DiagnosticsRow {
            norm: id.norm,
            point: settings(id),
            seed: id.seed,
            epoch: row.epoch,
            step: row.step,
            layer: row.layer.as_deref(),
            quantity: row.quantity.name(),
            value: row.value,
        })
    };
    write_rows(writer, |rows| measured.iter().try_for_each(|row| of(row, rows)))
}

/// Reads the rows of a `diagnostics.csv` back, those of each run together; rows of quantities that this version does
/// not know are left out.
///
/// # Errors
///
/// If it cannot be read, or a row does not have the columns.
pub fn read_diagnostics(reader: impl Read) -> csv::Result<Vec<RunDiagnostics>> {
    type Columns = (String, Option<String>, u64, u64, u64, Option<String>, String, f64);
    let mut runs: Vec<RunDiagnostics> = Vec::new();
    let mut names: Vec<Arc<str>> = Vec::new();
    for row in csv::Reader::from_reader(reader).into_deserialize::<Columns>() {
        let (norm, point, seed, epoch, step, layer, quantity, value) = row?;
        let Some(quantity) = Quantity::of_name(&quantity) else { continue };
        let network = network_name(&norm, point.as_deref().unwrap_or_default());
        if runs.last().is_none_or(|run| run.seed != seed || run.network != network) {
            runs.push(RunDiagnostics { network, seed, rows: Vec::new() });
        }
        let layer = layer.map(|layer| {
            let known = names.iter().find(|name| ***name == *layer).cloned();
            known.unwrap_or_else(|| {
                names.push(Arc::from(layer));
                Arc::clone(&names[names.len() - 1])
            })
        });
        let row = DiagnosticRow { epoch, step, layer, quantity, value };
        runs.last_mut().into_iter().for_each(|run| run.rows.push(row.clone()));
    }
    Ok(runs)
}

fn write_rows<W: Write>(
    writer: W,
    write: impl FnOnce(&mut csv::Writer<W>) -> csv::Result<()>,
) -> csv::Result<()> {
    let mut builder = csv::WriterBuilder::new();
    let mut rows = builder.has_headers(false).buffer_capacity(ROW_BYTES).from_writer(writer);
    write(&mut rows)?;
    Ok(rows.flush()?)
}

fn settings(id: &RunId) -> Option<&str> {
    id.point.as_ref().map(|(_, settings)| &**settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::synthetic::{at_point, run, without_validation};
    use crate::train::{Quality, Score};

    fn written(write: impl FnOnce(&mut Vec<u8>) -> csv::Result<()>) -> String {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_epoch_has_a_row() {
        let mut run = run(Norm::BatchNorm, 3, &[2.0, 0.1]);
        run.epochs[1].train.loss = 0.1 + 0.2;
        let text = written(|bytes| {
            write_metrics_header(&mut *bytes, Task::Classification)?;
            run.epochs.iter().try_for_each(|epoch| write_epoch(&mut *bytes, &run.id, epoch))
        });
        insta::assert_snapshot!(text, @r"
    norm,point,seed,epoch,step,learning_rate,train_loss,train_eval_loss,train_accuracy,valid_loss,valid_accuracy,train_seconds,eval_seconds
    batch_norm,,3,0,0,,,1.0,0.5,2.0,0.3333333333333333,0.0,0.0
    batch_norm,,3,1,10,0.1,0.07500000000000001,0.30000000000000004,0.9523809523809523,0.1,0.9090909090909091,0.125,0.0625
    ");
    }

    #[test]
    fn missing_numbers_are_blank_and_points_are_quoted_if_needed() {
        let run = without_validation(at_point(run(Norm::None, 0, &[2.0]), 1, "layers.units=[8, 8];a=\"b\""));
        let text = written(|bytes| write_epoch(bytes, &run.id, &run.epochs[0]));
        insta::assert_snapshot!(text, @r#"none,"layers.units=[8, 8];a=""b""",0,0,0,,,1.0,0.5,,,0.0,0.0"#);
    }

    #[test]
    fn extreme_numbers_are_short() {
        let mut run = run(Norm::None, u64::MAX, &[1e300]);
        run.epochs[0].train = Score { loss: 1e-300, quality: Quality::Accuracy(f64::NAN) };
        run.epochs[0].valid = Some(Score { loss: f64::INFINITY, quality: Quality::Accuracy(1.0) });
        let text = written(|bytes| write_epoch(bytes, &run.id, &run.epochs[0]));
        insta::assert_snapshot!(text, @r"none,,18446744073709551615,0,0,,,1e-300,NaN,inf,1.0,0.0,0.0");
    }

    #[test]
    fn every_logged_step_has_a_row() {
        let run = at_point(run(Norm::MeanOnly, 1, &[2.0]), 2, "optimizer.learning_rate=0.01");
        let step = |step, loss, learning_rate| StepRecord { step, loss, learning_rate };
        let steps = [step(1, 2.5, 0.1), step(11, 1.0 / 3.0, 1e-3)];
        let text = written(|bytes| {
            write_steps_header(&mut *bytes)?;
            steps.iter().try_for_each(|step| write_step(&mut *bytes, &run.id, step))
        });
        insta::assert_snapshot!(text, @r"
    norm,point,seed,step,loss,learning_rate
    mean_only,optimizer.learning_rate=0.01,1,1,2.5,0.1
    mean_only,optimizer.learning_rate=0.01,1,11,0.3333333333333333,0.001
    ");
    }

    #[test]
    fn the_columns_are_the_fields_in_their_order() {
        let mut rows = csv::Writer::from_writer(Vec::new());
        let run = run(Norm::None, 1, &[1.0]);
        rows.serialize(MetricsRow::of(&run.id, &run.epochs[0])).unwrap();
        let text = String::from_utf8(rows.into_inner().unwrap()).unwrap();
        let columns = text.lines().next().unwrap();
        for (task, quality) in [(Task::Classification, "accuracy"), (Task::Regression, "r2")] {
            assert_eq!(columns.replace("quality", quality), metrics_columns(task).join(","));
        }
    }

    #[test]
    fn a_full_disk_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        assert!(write_metrics_header(Full, Task::Regression).is_err());
        let run = run(Norm::None, 1, &[1.0]);
        assert!(write_epoch(Full, &run.id, &run.epochs[0]).is_err());
        let step = StepRecord { step: 1, loss: 2.5, learning_rate: 0.1 };
        assert!(write_step(Full, &run.id, &step).is_err());
    }
}
