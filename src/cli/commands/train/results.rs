//! The results of a training command: files in the run directory, and a table and curves on the terminal.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cli::commands::report::results_of;
use crate::cli::commands::train::machine::processor;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::config::Plan;
use crate::data::{SourceFile, SourceFiles};
use crate::diagnose::{Finding, findings};
use crate::experiment::{Job, RunId, RunRecord, Summary};
use crate::nn::Task;
use crate::report::csv::{read_diagnostics, write_confusion};
use crate::report::{
    DIAGNOSTICS_SVG, PlotSize, TerminalPlot, figures, findings_section, report_page, simpler_model_note,
    table, untrained_warnings,
};
use crate::run_dir::{ENSEMBLE, FORMAT_VERSION, LINEAR, RunDirectory, model_path};
use crate::text::shortened;
use crate::train::{Metric, Outcome};

/// How the command ran.
pub(crate) struct RunInfo {
    pub(crate) started: SystemTime,
    pub(crate) seconds: f64,
    pub(crate) threads: usize,
    pub(crate) interrupted: bool,
}

/// The runs of a study.
pub(crate) struct StudyRuns<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) jobs: &'a [Job],
    pub(crate) records: &'a [RunRecord],
}

/// Writes the tables, the summary, the pictures and `run.json`; returns where they are.
pub(crate) fn write(
    directory: RunDirectory,
    study: &StudyRuns<'_>,
    run_json: &Value,
    summary: &mut Summary,
    output: &Output,
) -> Result<PathBuf, CliError> {
    let StudyRuns { plan, records, .. } = *study;
    let ids: Vec<_> = records.iter().map(|record| &record.id).collect();
    directory.assemble(&ids, plan.task())?;
    if !plan.diagnose.is_off() {
        summary.findings = write_diagnostics(&directory, records)?;
    }
    directory.write("summary.json", summary.to_json().as_bytes())?;
    if plan.task() == Task::Classification {
        let mut confusion = Vec::new();
        write_confusion(&mut confusion, records).expect("memory can be written");
        directory.write("confusion.csv", &confusion)?;
    }
    let is_complete = run_json["outcome"] == "finished";
    let run_json = format!("{run_json:#}\n");
    write_report(&directory, &run_json, output)?;
    untrained_warnings(summary).iter().for_each(|warning| output.note(warning));
    undefined_metric(study).iter().for_each(|warning| output.note(warning));
    let (path, note) = directory.finish(run_json.as_bytes(), is_complete)?;
    if let Some(note) = note {
        output.note(&format!("note: {note}"));
    }
    Ok(path)
}

/// Writes `diagnostics.csv`; returns what the numbers say.
fn write_diagnostics(directory: &RunDirectory, records: &[RunRecord]) -> Result<Vec<Finding>, CliError> {
    let ids: Vec<_> = records.iter().map(|record| &record.id).collect();
    let rows = directory.assemble_diagnostics(&ids)?;
    let unread =
        |error: csv::Error| CliError::io("read", &directory.path().join("diagnostics.csv"), &error.into());
    let runs = read_diagnostics(&*rows).map_err(unread)?;
    let diverged = records.iter().filter(|record| matches!(record.outcome, Outcome::Diverged { .. }));
    let diverged: HashSet<(String, u64)> =
        diverged.map(|record| (record.id.network(), record.id.seed)).collect();
    Ok(findings(&runs, |run| diverged.contains(&(run.network.clone(), run.seed))))
}

/// Writes the page and the pictures, from the files of the run, as `bntrain report` does. Results that can be read, but not
/// understood, are no reason to lose them.
fn write_report(directory: &RunDirectory, run_json: &str, output: &Output) -> Result<(), CliError> {
    let mut results = match results_of(directory.path(), &directory.final_name(), Some(run_json)) {
        Ok(results) => results,
        Err(error) if error.code == exit_code::IO => return Err(error),
        Err(error) => {
            output.note(&format!("warning: the report could not be written: {error}"));
            return Ok(());
        }
    };
    for (name, svg) in figures(&results) {
        if IN_RUN_DIRECTORY.contains(&&*name) {
            directory.write(&name, svg.as_bytes())?;
        }
        if name == DIAGNOSTICS_SVG {
            results.texts.further_files.push(name);
        }
    }
    directory.write("report.html", report_page(&[results], true).as_bytes())?;
    Ok(())
}

/// The pictures that every run directory has; `bntrain report --figures` writes all of them.
const IN_RUN_DIRECTORY: [&str; 4] = ["curves.svg", "sweep.svg", "tuning.svg", DIAGNOSTICS_SVG];

/// Shows the table, the curves and the path.
pub(crate) fn show(
    path: &Path,
    records: &[RunRecord],
    summary: &Summary,
    output: &Output,
) -> Result<(), CliError> {
    if output.json {
        let line = json!({
            "event": "finished",
            "directory": path.to_string_lossy(),
            "summary": summary,
        });
        return output.result(&format!("{line}\n"));
    }
    let size = PlotSize { width: output.width(), ..PlotSize::default() };
    let plot = TerminalPlot::of(records, size).render(paint);
    let model_of = |id: &RunId| {
        let file = path.join(model_path(id)).with_file_name(LINEAR);
        file.is_file().then(|| file.to_string_lossy().into_owned())
    };
    let simpler = simpler_model_note(summary, model_of).map(|note| note + "\n").unwrap_or_default();
    let findings = findings_section(&summary.findings);
    let table = table(summary);
    let (results, report) = (path.to_string_lossy(), path.join("report.html"));
    let (results, report) = (shortened(&results), shortened(&report.to_string_lossy()));
    let ensemble = summary.ensemble.as_ref().map(|_| {
        format!("ensemble: {results}/{ENSEMBLE}; to use it: bntrain predict {results} --data NEW.csv\n")
    });
    output.result(&format!(
        "{simpler}{table}\n{plot}\n{findings}report: {report}\n{}results: {results}\n",
        ensemble.unwrap_or_default()
    ))
}

/// A warning if early stopping watched a metric that never had a value.
fn undefined_metric(study: &StudyRuns<'_>) -> Option<String> {
    let watched = |run: &RunRecord| {
        let job = study.jobs.iter().find(|job| job.id == run.id)?;
        Some(job.plan.training.early_stopping.as_ref()?.metric)
    };
    let has_no_value = |run: &&RunRecord| {
        let is_value =
            |metric: Metric| run.epochs.iter().any(|epoch| epoch.metric(metric).is_some_and(f64::is_finite));
        run.epochs.len() > 1 && watched(run).is_some_and(|metric| !is_value(metric))
    };
    let run = study.records.iter().find(has_no_value)?;
    let metric = watched(run)?;
    Some(format!(
        "warning: {} had no {metric} in any epoch, so early stopping could not select one: its model file has the \
         weights of epoch {}, the last one",
        run.id, run.kept_epoch
    ))
}

/// Another colour for each curve; the marks differ too, so colour is not needed to tell them apart.
pub(crate) fn paint(series: usize, marks: &str) -> String {
    const COLORS: [u8; 6] = [34, 33, 36, 35, 32, 31];
    format!("\u{1b}[{}m{marks}\u{1b}[0m", COLORS[series % COLORS.len()])
}

/// How the command ran, for `run.json`.
pub(crate) fn run_json(session: &Session, records: &[RunRecord], info: &RunInfo) -> Value {
    let (table, split) = (session.first_table(), session.first_split());
    let sources: Vec<_> = session.data.tables().flat_map(|table| table.sources()).map(source_json).collect();
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
        "processor": processor(),
        "system": std::env::consts::OS,
        "threads": info.threads,
        "started_unix_seconds": started,
        "seconds": info.seconds,
        "outcome": outcome,
        "runs": records.len(),
        "runs_planned": if info.interrupted { session.runs_planned() } else { records.len() },
    })
}

/// Where rows are from: all files, if there are several.
fn source_json(source: &SourceFiles) -> Value {
    let name = source.name.to_string_lossy();
    let mut value = json!({ "path": name, "sha256": source.sha256, "rows": source.rows });
    if source.files.len() > 1 {
        let file = |file: &SourceFile| json!({ "path": file.path.to_string_lossy(), "sha256": file.sha256, "bytes": file.bytes });
        value["files"] = source.files.iter().map(file).collect();
    }
    value
}
