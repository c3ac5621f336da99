//! The results of a training command: files in the run directory, and a table and curves on the terminal.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::experiment::{RunRecord, Summary, split_records};
use crate::report::{PlotSize, TerminalPlot, curves_svg, sweep_svg, table, tuning_svg, untrained_warnings};
use crate::run_dir::{FORMAT_VERSION, RunDirectory};
use crate::text::shortened;
use crate::train::Metric;

/// How the command ran.
pub(crate) struct RunInfo {
    pub(crate) started: SystemTime,
    pub(crate) seconds: f64,
    pub(crate) threads: usize,
    pub(crate) interrupted: bool,
}

/// Writes the tables, the summary, the pictures and `run.json`; returns where they are.
pub(crate) fn write(
    directory: RunDirectory,
    session: &Session,
    records: &[RunRecord],
    info: &RunInfo,
    summary: &Summary,
    output: &Output,
) -> Result<PathBuf, CliError> {
    let ids: Vec<_> = records.iter().map(|record| &record.id).collect();
    directory.assemble(&ids, session.plan.task())?;
    directory.write("summary.json", summary.to_json().as_bytes())?;
    let title = format!("{} on {}", session.plan.name, data_name(session));
    let compared = split_records(&session.plan, records).1;
    directory.write("curves.svg", curves_svg(&title, compared).as_bytes())?;
    if let Some(tuning) = tuning_svg(&title, summary) {
        directory.write("tuning.svg", tuning.as_bytes())?;
    }
    if let Some(sweep) = sweep_svg(&title, summary) {
        directory.write("sweep.svg", sweep.as_bytes())?;
    }
    untrained_warnings(summary).iter().for_each(|warning| output.note(warning));
    undefined_metric(session, records).iter().for_each(|warning| output.note(warning));
    let run_json = format!("{:#}\n", run_json(session, records, info));
    let (path, note) = directory.finish(run_json.as_bytes(), !info.interrupted)?;
    if let Some(note) = note {
        output.note(&format!("note: {note}"));
    }
    Ok(path)
}

/// Shows the table, the curves and the path.
pub(crate) fn show(
    path: &Path,
    records: &[RunRecord],
    summary: &Summary,
    output: &Output,
) -> Result<(), CliError> {
    if output.json {
        let line = json!({ "event": "finished", "directory": path.to_string_lossy(), "summary": summary });
        return output.result(&format!("{line}\n"));
    }
    let size = PlotSize { width: output.width(), ..PlotSize::default() };
    let plot = TerminalPlot::of(records, size).render(paint);
    output.result(&format!("{}\n{plot}\nresults: {}\n", table(summary), shortened(&path.to_string_lossy())))
}

/// A warning if early stopping watched a metric that never had a value.
fn undefined_metric(session: &Session, records: &[RunRecord]) -> Option<String> {
    let watched = |run: &RunRecord| {
        let job = session.jobs.iter().find(|job| job.id == run.id)?;
        Some(job.plan.training.early_stopping.as_ref()?.metric)
    };
    let has_no_value = |run: &&RunRecord| {
        let is_value =
            |metric: Metric| run.epochs.iter().any(|epoch| epoch.metric(metric).is_some_and(f64::is_finite));
        run.epochs.len() > 1 && watched(run).is_some_and(|metric| !is_value(metric))
    };
    let run = records.iter().find(has_no_value)?;
    let metric = watched(run)?;
    Some(format!(
        "warning: {} had no {metric} in any epoch, so early stopping could not select one: its model file has the \
         weights of epoch {}, the last one",
        run.id, run.kept_epoch
    ))
}

/// Another colour for each curve; the marks differ too, so colour is not needed to tell them apart.
fn paint(series: usize, marks: &str) -> String {
    const COLORS: [u8; 6] = [34, 33, 36, 35, 32, 31];
    format!("\u{1b}[{}m{marks}\u{1b}[0m", COLORS[series % COLORS.len()])
}

fn data_name(session: &Session) -> String {
    session.plan.data.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn run_json(session: &Session, records: &[RunRecord], info: &RunInfo) -> serde_json::Value {
    let (table, split) = (session.first_table(), session.first_split());
    let sources: Vec<_> = session
        .data
        .tables()
        .flat_map(|table| table.sources())
        .map(|source| json!({ "path": source.path.to_string_lossy(), "sha256": source.sha256, "rows": source.rows }))
        .collect();
    let started = info.started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let outcome = if info.interrupted { "interrupted" } else { "finished" };
    json!({
        "format_version": FORMAT_VERSION,
        "version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>(),
        "config": session.plan.source.to_string_lossy(),
        "data": sources,
        "features": table.features().len(),
        "classes": table.classes(),
        "train_rows": table.train_rows(split),
        "valid_rows": table.valid_rows(split),
        "test_rows": table.test_rows(split),
        "processor": { "architecture": std::env::consts::ARCH, "vectors": format!("{:?}", crate::kernel::simd_level()) },
        "threads": info.threads,
        "started_unix_seconds": started,
        "seconds": info.seconds,
        "outcome": outcome,
        "runs": records.len(),
        "runs_planned": if info.interrupted { session.jobs.len() } else { records.len() },
    })
}
