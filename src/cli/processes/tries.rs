//! Runs that are dealt out to the processes: each does some of them by itself, and the first one gets what came of all.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::cli::commands::tune::Deadline;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::processes::facts::{facts, unshared_source};
use crate::cli::processes::{Order, Team};
use crate::experiment::{DataSets, Job, RunRecord, run_all};
use crate::nn::Task;
use crate::train::{EpochRecord, Outcome, Quality, Score};

impl Team {
    /// How many processes there are.
    pub(crate) fn processes(&self) -> usize {
        self.gather.processes()
    }

    /// Has the others read the data of `jobs`.
    ///
    /// # Errors
    ///
    /// If the data are those of standard input, or differ between processes.
    pub(crate) fn begin_tries(
        &self,
        jobs: &[Job],
        data: &DataSets,
        threads: Option<u16>,
    ) -> Result<(), CliError> {
        if let Some(problem) = unshared_source(data) {
            return Err(CliError::new(exit_code::USAGE, problem));
        }
        self.order(&Order::Tries { configs: jobs.iter().map(|job| job.plan.to_toml()).collect(), threads });
        self.agree(Ok(facts(data))).map_err(|problem| CliError::new(exit_code::REFUSED, problem))
    }

    /// Does the runs with these indices, each by one process; returns those that were begun, in their order.
    ///
    /// # Errors
    ///
    /// The first one of a process.
    pub(crate) fn try_runs(
        &self,
        jobs: &[Job],
        range: Range<usize>,
        data: &DataSets,
        threads: NonZeroUsize,
        (seconds, stop): (Option<f64>, &AtomicBool),
    ) -> Result<Vec<RunRecord>, CliError> {
        self.order(&Order::Try { range: range.clone(), seconds });
        let mut found: Vec<TriedRun> = self
            .collect(self.own_tries(jobs, range, data, threads, (seconds, stop)))?
            .into_iter()
            .flatten()
            .collect();
        found.sort_by_key(|run| run.index);
        Ok(found.into_iter().map(|run| (&jobs[run.index], run)).map(|(job, run)| run.record(job)).collect())
    }

    /// What this process does of [`try_runs`](Self::try_runs).
    fn own_tries(
        &self,
        jobs: &[Job],
        range: Range<usize>,
        data: &DataSets,
        threads: NonZeroUsize,
        (seconds, stop): (Option<f64>, &AtomicBool),
    ) -> Result<Vec<TriedRun>, CliError> {
        let own: Vec<usize> = range.skip(self.gather.process()).step_by(self.gather.processes()).collect();
        let jobs: Vec<Job> = own.iter().map(|&index| jobs[index].clone()).collect();
        let deadline = Deadline::after(Instant::now(), seconds, stop);
        let mut runs = Vec::with_capacity(jobs.len());
        run_all::<CliError>(&jobs, data, threads, stop, &|_| Ok(Box::new(deadline)), &mut |run| {
            runs.push(TriedRun::new(own[runs.len()], run));
            Ok(())
        })?;
        Ok(runs)
    }

    /// Does what the first process orders with [`try_runs`](Self::try_runs), as another one.
    pub(super) fn serve_tries(
        &self,
        jobs: &[Job],
        range: Range<usize>,
        data: Option<&DataSets>,
        threads: NonZeroUsize,
        limits: (Option<f64>, &AtomicBool),
    ) {
        let runs = match data {
            Some(data) => self.own_tries(jobs, range, data, threads, limits),
            None => Err(CliError::new(exit_code::REFUSED, "the data were not read")),
        };
        // The first process says what is wrong.
        let _ = self.collect(runs);
    }
}

/// A run and what came of it, in numbers whose bits survive: JSON has no infinity.
#[derive(Serialize, Deserialize)]
struct TriedRun {
    index: usize,
    outcome: Outcome,
    epochs: Vec<TriedEpoch>,
    kept_epoch: u64,
    train: Option<TriedScore>,
    test: Option<TriedScore>,
    constant_loss: Option<Bits>,
    parameters: usize,
    result_hash: String,
    seconds: Bits,
}

/// An [`EpochRecord`].
#[derive(Serialize, Deserialize)]
struct TriedEpoch {
    place: [u64; 2],
    learning_rate: Option<Bits>,
    train_loss: Option<Bits>,
    train: TriedScore,
    valid: Option<TriedScore>,
    seconds: [Bits; 2],
}

/// A [`Score`].
#[derive(Clone, Copy, Serialize, Deserialize)]
struct TriedScore {
    loss: Bits,
    quality: Bits,
    is_r2: bool,
}

/// Those of a number.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Bits(u64);

impl From<f64> for Bits {
    fn from(number: f64) -> Self {
        Self(number.to_bits())
    }
}

impl From<Bits> for f64 {
    fn from(bits: Bits) -> Self {
        Self::from_bits(bits.0)
    }
}

impl TriedRun {
    fn new(index: usize, run: RunRecord) -> Self {
        Self {
            index,
            outcome: run.outcome,
            epochs: run.epochs.iter().map(TriedEpoch::new).collect(),
            kept_epoch: run.kept_epoch,
            train: run.train.map(TriedScore::new),
            test: run.test.map(TriedScore::new),
            constant_loss: run.constant_loss.map(Bits::from),
            parameters: run.parameters,
            result_hash: run.result_hash,
            seconds: run.seconds.into(),
        }
    }

    /// The record of `job`, without assessments.
    fn record(self, job: &Job) -> RunRecord {
        RunRecord {
            id: job.id.clone(),
            epochs: self.epochs.into_iter().map(TriedEpoch::record).collect(),
            outcome: self.outcome,
            kept_epoch: self.kept_epoch,
            train: self.train.map(TriedScore::score),
            test: self.test.map(TriedScore::score),
            assessments: Vec::new(),
            constant_loss: self.constant_loss.map(f64::from),
            parameters: self.parameters,
            result_hash: self.result_hash,
            seconds: self.seconds.into(),
        }
    }
}

impl TriedEpoch {
    fn new(epoch: &EpochRecord) -> Self {
        Self {
            place: [epoch.epoch, epoch.step],
            learning_rate: epoch.learning_rate.map(Bits::from),
            train_loss: epoch.train_loss.map(Bits::from),
            train: TriedScore::new(epoch.train),
            valid: epoch.valid.map(TriedScore::new),
            seconds: [epoch.train_seconds.into(), epoch.eval_seconds.into()],
        }
    }

    fn record(self) -> EpochRecord {
        let ([epoch, step], [train_seconds, eval_seconds]) = (self.place, self.seconds.map(f64::from));
        EpochRecord {
            epoch,
            step,
            learning_rate: self.learning_rate.map(f64::from),
            train_loss: self.train_loss.map(f64::from),
            train: self.train.score(),
            valid: self.valid.map(TriedScore::score),
            train_seconds,
            eval_seconds,
        }
    }
}

impl TriedScore {
    fn new(Score { loss, quality }: Score) -> Self {
        let is_r2 = quality.task() == Task::Regression;
        Self { loss: loss.into(), quality: quality.value().into(), is_r2 }
    }

    fn score(self) -> Score {
        let quality: f64 = self.quality.into();
        let quality = if self.is_r2 { Quality::R2(quality) } else { Quality::Accuracy(quality) };
        Score { loss: self.loss.into(), quality }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::NonFinite;

    #[test]
    fn numbers_that_are_not_finite_arrive_as_they_are() {
        let score = |loss: f64, quality: Quality| Score { loss, quality };
        let epoch = EpochRecord {
            epoch: 3,
            step: u64::MAX,
            learning_rate: Some(0.1),
            train_loss: Some(f64::INFINITY),
            train: score(f64::NEG_INFINITY, Quality::R2(-0.0)),
            valid: Some(score(1.0 / 3.0, Quality::Accuracy(0.7))),
            train_seconds: 1e-9,
            eval_seconds: 2.5,
        };
        let first = EpochRecord { learning_rate: None, train_loss: None, valid: None, ..epoch.clone() };
        for (sent, outcome) in [
            (first, Outcome::Finished),
            (epoch, Outcome::Diverged { epoch: 3, step: 7, cause: NonFinite::Loss }),
        ] {
            let bytes = serde_json::to_vec(&(TriedEpoch::new(&sent), &outcome)).expect("plain text");
            let (found, ended): (TriedEpoch, Outcome) = serde_json::from_slice(&bytes).expect("the same");
            assert_eq!((found.record(), ended), (sent, outcome));
        }
        let nan = TriedScore::new(score(f64::NAN, Quality::R2(f64::NAN)));
        let bytes = serde_json::to_vec(&nan).expect("plain text");
        let found = serde_json::from_slice::<TriedScore>(&bytes).expect("the same").score();
        assert!(found.loss.is_nan() && found.r2().is_some_and(f64::is_nan));
    }
}
