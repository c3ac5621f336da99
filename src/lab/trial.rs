//! A claim's plan with its data, ready to be tried.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::config::Plan;
use crate::data::Prepared;
use crate::experiment::{Companion, DataSets, Job, RunError, RunRecord, all_jobs, run_all};
use crate::lab::{LabError, NetworkBuilder};
use crate::nn::{Network, Norm, twin};
use crate::train::BatchPlan;

/// A plan with its data.
pub(crate) struct ClaimTrial<'b> {
    pub(crate) plan: Plan,
    pub(crate) jobs: Vec<Job>,
    data: DataSets,
    threads: NonZeroUsize,
    /// Builds the networks that are measured; tests put wrong ones in their place.
    build: NetworkBuilder<'b>,
}

impl<'b> ClaimTrial<'b> {
    /// Reads the data of `plan`.
    ///
    /// # Errors
    ///
    /// If they cannot be read, not be split for one of the seeds, or not be cut into batches.
    pub(crate) fn open(
        plan: Plan,
        threads: NonZeroUsize,
        build: NetworkBuilder<'b>,
    ) -> Result<Self, LabError> {
        let jobs: Vec<Job> = all_jobs(&plan).into_iter().map(|job| Job { baselines: false, ..job }).collect();
        let data = DataSets::load(jobs.iter().map(|job| &job.plan), threads)?;
        for job in &jobs {
            let Plan { layers, training, .. } = &job.plan;
            let table = data.table(&job.plan.data);
            let [train_rows, ..] = table.check_split(training.seed)?;
            BatchPlan::new(layers, training, train_rows, table.outputs())?;
        }
        Ok(Self { plan, jobs, data, threads, build })
    }

    pub(crate) fn seeds(&self) -> Vec<u64> {
        seeds_of(&self.plan)
    }

    /// Trains everything.
    pub(crate) fn train(&self) -> Result<Vec<RunRecord>, LabError> {
        let mut records = Vec::with_capacity(self.jobs.len());
        let begin = |_: usize| Ok(Box::new(()) as Box<dyn Companion<RunError>>);
        let stop = AtomicBool::new(false);
        run_all::<RunError>(&self.jobs, &self.data, self.threads, &stop, &begin, &mut |run| {
            records.push(run);
            Ok(())
        })?;
        Ok(records)
    }

    /// The plan with this norm and seed.
    pub(crate) fn plan_of(&self, norm: Norm, seed: u64) -> Plan {
        let mut plan = Plan { compare: None, ..self.plan.clone() };
        plan.training.seed = seed;
        plan.layers = twin(&plan.layers, norm);
        plan
    }

    /// The data of a plan.
    pub(crate) fn prepared(&self, plan: &Plan) -> Result<Arc<Prepared<f64>>, LabError> {
        Ok(self.data.prepared::<f64>(plan)?)
    }

    /// The network of a plan, none of its layers fused.
    pub(crate) fn network(&self, plan: &Plan, data: &Prepared<f64>) -> Network<f64> {
        let encoding = &data.data.encoding;
        (self.build)(&plan.layers, encoding.inputs.len(), encoding.outputs(), plan.training.seed)
    }

    /// What `measure` gives for each seed, in their order; seeds are spread over the threads.
    pub(crate) fn by_seed(
        &self,
        measure: impl Fn(u64) -> Result<f64, LabError> + Sync,
    ) -> Result<Vec<f64>, LabError> {
        let seeds = self.seeds();
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<Option<Result<f64, LabError>>>> =
            Mutex::new(seeds.iter().map(|_| None).collect());
        let work = || {
            while let Some((index, seed)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                seeds.get(index).map(|seed| (index, *seed))
            } {
                let result = measure(seed);
                results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.threads.get().min(seeds.len()) {
                // If there is no thread, the others do its work.
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.into_iter().flatten().collect()
    }
}

/// The seeds over which a claim with this plan is tried.
pub(crate) fn seeds_of(plan: &Plan) -> Vec<u64> {
    plan.compare.as_ref().map_or_else(|| vec![plan.training.seed], |compare| compare.seeds.all.clone())
}
