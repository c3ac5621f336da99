//! `--report-every SECONDS`: `report.html` while the runs are trained, from their files so far.

use std::fs;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::cli::commands::train::continuation::config_text;
use crate::cli::commands::train::results::{RunInfo, run_json};
use crate::cli::commands::watch::study::not_followed;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::experiment::{RunRecord, Summary};
use crate::report::csv::{write_epoch, write_metrics_header};
use crate::report::{ResultTexts, RunResults, live_report_page};
use crate::run_dir::{FORK_JSON, FollowedRun, RunDirectory, UNCHANGED};

/// Writes the page anew from time to time.
pub(crate) struct LiveReport<'a> {
    pub(crate) directory: &'a RunDirectory,
    pub(crate) session: &'a Session,
    pub(crate) output: &'a Output,
    pub(crate) seconds: u64,
    /// Runs that have ended, with everything that is known of them.
    done: Mutex<Vec<RunRecord>>,
    is_over: Mutex<bool>,
    over: Condvar,
}

/// Ends the thread also if the training panics.
struct Over<'a>(&'a LiveReport<'a>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        *self.0.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.over.notify_all();
    }
}

impl<'a> LiveReport<'a> {
    pub(crate) fn new(
        directory: &'a RunDirectory,
        session: &'a Session,
        output: &'a Output,
        seconds: u64,
    ) -> Self {
        let (done, is_over, over) = Default::default();
        Self { directory, session, output, seconds, done, is_over, over }
    }

    /// Takes a run that has ended.
    pub(crate) fn add(&self, record: &RunRecord) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
    }

    /// Writes the page while `work` is done. Where the system gives no thread, there is no page until the end.
    pub(crate) fn during<T>(&self, info: impl Fn() -> RunInfo + Sync, work: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            let _ = thread::Builder::new().spawn_scoped(scope, || self.write_until_over(&info));
            let _over = Over(self);
            work()
        })
    }

    fn write_until_over(&self, info: &dyn Fn() -> RunInfo) {
        let path = self.directory.path();
        let jobs = self.session.in_share(self.session.jobs.clone());
        let mut runs: Vec<FollowedRun> = jobs.into_iter().map(|job| FollowedRun::new(path, job)).collect();
        let mut has_warned = false;
        let mut is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let wait = Duration::from_secs(self.seconds);
            let waited = self.over.wait_timeout_while(is_over, wait, |is_over| !*is_over);
            is_over = waited.unwrap_or_else(PoisonError::into_inner).0;
            if *is_over {
                return;
            }
            drop(is_over);
            if let Err(error) = self.write(&mut runs, &info())
                && !std::mem::replace(&mut has_warned, true)
            {
                self.output.note(&format!(
                    "warning: the report could not be written, training goes on without: {error}"
                ));
            }
            is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write(&self, runs: &mut [FollowedRun], info: &RunInfo) -> Result<(), CliError> {
        for run in &mut *runs {
            run.refresh().map_err(|error| not_followed(&error, self.directory.path()))?;
        }
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let record = |run: &FollowedRun| {
            let ended = done.iter().find(|record| record.id == *run.id()).cloned();
            ended.or_else(|| run.record())
        };
        let records: Vec<RunRecord> = runs.iter().filter_map(record).collect();
        let plan = &self.session.plan;
        let mut metrics = Vec::new();
        let unwritten = |error: csv::Error| {
            CliError::io("write", &self.directory.path().join("report.html"), &error.into())
        };
        write_metrics_header(&mut metrics, plan.task()).map_err(unwritten)?;
        for record in &records {
            record
                .epochs
                .iter()
                .try_for_each(|epoch| write_epoch(&mut metrics, &record.id, epoch))
                .map_err(unwritten)?;
        }
        let mut run = run_json(self.session, &records, info);
        run["outcome"] = json!("running");
        run["runs_planned"] = json!(self.session.runs_planned());
        let texts = ResultTexts {
            config: config_text(plan),
            run: run.to_string(),
            summary: Summary::of_study(plan, &records).to_json(),
            metrics: String::from_utf8_lossy(&metrics).into_owned(),
            fork: fs::read_to_string(self.directory.path().join(FORK_JSON)).ok(),
            unchanged: fs::read_to_string(self.directory.path().join(UNCHANGED)).ok(),
            ..ResultTexts::default()
        };
        let results = RunResults::parse(self.directory.final_name(), texts)
            .map_err(|error| CliError::new(exit_code::IO, error.to_string()))?;
        let page = live_report_page(&results, self.seconds);
        Ok(self.directory.write("report.html", page.as_bytes())?)
    }
}
