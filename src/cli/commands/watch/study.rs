//! A run directory, followed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::cli::commands::train::{CONFIG, share};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::config;
use crate::diagnose::{Finding, findings};
use crate::experiment::{RunId, RunSummary, Summary, all_jobs, dealt_out};
use crate::report::csv::read_diagnostics;
use crate::report::{StudyState, WatchedRun, WatchedStudy};
use crate::run_dir::{DirectoryState, FollowError, FollowedRun, RunFile, read_of_run, state_of};
use crate::text::{DisplayPath, shortened};
use crate::train::Outcome;

/// A training whose files are followed.
pub(crate) struct FollowedStudy {
    path: PathBuf,
    runs: Vec<FollowedRun>,
    has_diagnostics: bool,
}

impl FollowedStudy {
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let plan = config::load(&config_of(path)?, &[])?;
        let mut jobs = all_jobs(&plan);
        if let Some(share) = share::of_directory(path)? {
            let mut shares = dealt_out(&jobs, share.count()).into_iter();
            jobs.retain(|_| shares.next() == Some(share));
        }
        let has_diagnostics = !plan.diagnose.is_off();
        let runs = jobs.into_iter().map(|job| FollowedRun::new(path, job)).collect();
        Ok(Self { path: path.to_owned(), runs, has_diagnostics })
    }

    /// What is known now.
    pub(crate) fn look(&mut self) -> Result<WatchedStudy, CliError> {
        // Without it the directory was removed, and every run would seem not to have begun.
        config_of(&self.path)?;
        for run in &mut self.runs {
            run.refresh().map_err(|error| not_followed(&error, &self.path))?;
        }
        let state = match (state_of(&self.path)?, self.path.join("run.json").is_file()) {
            (DirectoryState::Finished, _) => StudyState::Finished,
            (_, true) => StudyState::Interrupted,
            (_, false) => StudyState::Open,
        };
        let begun = |run: &&FollowedRun| !run.epochs.is_empty() || run.changed.is_some();
        // Runs of a finished training that were not needed, or whose settings were chosen by others.
        let is_there = |run: &&FollowedRun| state != StudyState::Finished || begun(run);
        let runs: Vec<&FollowedRun> = self.runs.iter().filter(is_there).collect();
        let changed = runs.iter().filter_map(|run| run.changed).max();
        let quiet = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
        let stopped = match state {
            StudyState::Interrupted => interrupted_runs(&self.path),
            _ => Vec::new(),
        };
        let has_ended = |run: &FollowedRun| match state {
            // Whatever touched its files since.
            StudyState::Finished => true,
            // A run that was stopped has a model, too.
            _ => run.has_ended && !stopped.contains(run.id()),
        };
        let watched = |run: &FollowedRun| watched(run, has_ended(run));
        Ok(WatchedStudy {
            name: self.path.to_string_lossy().into_owned(),
            state,
            task: self.runs.first().map(|run| run.job.plan.task()).unwrap_or_default(),
            runs: runs.into_iter().map(watched).collect(),
            quiet_seconds: quiet.map(|quiet| quiet.as_secs_f64()),
            findings: self.findings()?,
        })
    }

    /// Networks and seeds of the runs that have diverged.
    fn diverged(&self) -> HashSet<(String, u64)> {
        let has_diverged = |run: &&FollowedRun| matches!(run.outcome, Some(Outcome::Diverged { .. }));
        let so_far = self.runs.iter().filter(has_diverged).map(|run| run.id().clone());
        // At the end also those whose models are gone.
        let runs = summarized_runs(&self.path).into_iter();
        let diverged = runs.filter(|run| matches!(run.outcome, Outcome::Diverged { .. }));
        diverged.map(|run| run_id(&run)).chain(so_far).map(|id| (id.network(), id.seed)).collect()
    }

    fn findings(&self) -> Result<Vec<Finding>, CliError> {
        if !self.has_diagnostics {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for run in &self.runs {
            if let Some(bytes) = read_of_run(&self.path, run.id(), RunFile::Diagnostics)? {
                // The last row may not be whole yet.
                let end = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
                rows.extend(read_diagnostics(&bytes[..end]).unwrap_or_default());
            }
        }
        let diverged = self.diverged();
        Ok(findings(&rows, |run| diverged.contains(&(run.network.clone(), run.seed))))
    }
}

/// The error about files of the run directory `path`.
pub(crate) fn not_followed(error: &FollowError, path: &Path) -> CliError {
    match error {
        FollowError::Read(error) => CliError::io("read", path, error),
        FollowError::Metrics(error) => {
            CliError::new(exit_code::DATA, format!("{}: {error}", shortened(&path.to_string_lossy())))
        }
    }
}

/// The config in a run directory.
fn config_of(path: &Path) -> Result<PathBuf, CliError> {
    let config = path.join(CONFIG);
    if config.is_file() {
        return Ok(config);
    }
    let message = format!("{} is not a run directory: there is no {CONFIG} in it", DisplayPath(path));
    Err(CliError::new(exit_code::DATA, message))
}

/// The runs that were stopped and can go on. None if it goes on already, and the summary is written anew.
fn interrupted_runs(path: &Path) -> Vec<RunId> {
    let runs = summarized_runs(path).into_iter();
    let stopped = runs.filter(|run| matches!(run.outcome, Outcome::Interrupted { .. }));
    stopped.map(|run| run_id(&run)).collect()
}

/// The runs in the summary; none before there is one.
fn summarized_runs(path: &Path) -> Vec<RunSummary> {
    let text = fs::read_to_string(path.join("summary.json")).unwrap_or_default();
    Summary::from_json(&text).map(|summary| summary.runs).unwrap_or_default()
}

fn run_id(run: &RunSummary) -> RunId {
    let point = run.point.as_ref().map(|point| (point.index, point.settings.clone()));
    RunId { norm: run.norm, point, seed: run.seed }
}

fn watched(run: &FollowedRun, has_ended: bool) -> WatchedRun {
    WatchedRun {
        norm: run.id().norm,
        network: run.id().network(),
        seed: run.id().seed,
        epochs_planned: run.job.plan.training.epochs,
        epochs_done: run.epochs_done(),
        has_ended,
        epochs: run.epochs.clone(),
        steps: run.steps.clone(),
    }
}

/// When something in a run directory was last written.
pub(crate) fn last_change(path: &Path) -> Option<SystemTime> {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let folders = |path: PathBuf| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir())
    };
    // norm/[point/]seed/metrics.csv
    let inner = folders(path.to_owned()).flat_map(folders);
    let runs = inner.flat_map(|path| std::iter::once(path.clone()).chain(folders(path)));
    let tables = runs.filter_map(|run| changed(&run.join("metrics.csv")));
    changed(path).max(tables.max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_removed_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run");
        fs::create_dir(&path).expect("a folder");
        let config = "[data]\npath = \"data.csv\"\nlabel = \"kind\"\n[model]\nhidden = [4]\nactivation = \"relu\"\n\
                      [optimizer]\ntype = \"sgd\"\nlearning_rate = 0.1\n";
        fs::write(path.join(CONFIG), config).expect("a config");
        let mut study = FollowedStudy::open(&path).expect("a run directory");
        assert_eq!(study.look().expect("it is there").runs.len(), 1);
        fs::remove_dir_all(&path).expect("removed");
        let expected = "is not a run directory: there is no config.toml in it";
        assert!(study.look().is_err_and(|error| error.message.ends_with(expected)));
    }
}
