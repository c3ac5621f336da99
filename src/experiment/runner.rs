//! All runs of a comparison, spread over the cores.
//!
//! Cores go to runs first, and what is left over to thread pools inside them. A run is computed from
//! its plan and shared, read-only data, so its result does not depend on other runs, on the number of
//! threads, or on the order of work. Results are handed over in the order of the jobs.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::config::{ConfigError, Plan};
use crate::data::{DataError, DataSpec, Dataset, PreparedData};
use crate::diagnose::{Diagnoser, DiagnosticRow};
use crate::experiment::assessment::{assess, assess_baselines, truth_of};
use crate::experiment::constant::constant_loss;
use crate::experiment::datasets::DataSets;
use crate::experiment::peers::{Crew, Peers, RunStart};
use crate::experiment::{RunId, RunRecord};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model;
use crate::model::{
    Calibration, Description, DescriptionTooLarge, History, ModelError, check_size, result_hash,
};
use crate::nn::Network;
use crate::predict::scores_of_rows;
use crate::train::{
    Event, Observer, Outcome, RunState, StateFault, StepTeam, Trained, TrainingSpec, Workers,
    resume_prepared, train_network, with_dtype,
};

/// One run to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Which run it is.
    pub id: RunId,
    /// Its plan, complete: layers as they are, seed set, nothing left to compare.
    pub plan: Plan,
    /// Whether baselines are assessed as well.
    pub baselines: bool,
}

/// Follows a run, and keeps what must outlast it.
pub trait Companion<E>: Observer {
    /// Where the run goes on, asked for before it begins; none if from its start.
    fn take_state(&mut self) -> Option<RunState>;

    /// Keeps what was measured inside the network, before the event that it was measured at.
    fn add_diagnostics(&mut self, _rows: &[DiagnosticRow]) {}

    /// Keeps the model file of the run after its last event.
    ///
    /// # Errors
    ///
    /// If that, or anything before, could not be kept.
    fn keep_model(&mut self, model: &[u8]) -> Result<(), E>;

    /// Keeps the model file of the linear model that the run is compared with, before that of the run.
    ///
    /// # Errors
    ///
    /// If it could not be kept.
    fn keep_linear_model(&mut self, model: &[u8]) -> Result<(), E>;
}

/// Begins every run from its start, and keeps nothing.
impl<E> Companion<E> for () {
    fn take_state(&mut self) -> Option<RunState> {
        None
    }

    fn keep_model(&mut self, _model: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn keep_linear_model(&mut self, _model: &[u8]) -> Result<(), E> {
        Ok(())
    }
}

/// Measures a run, if that is asked for, on behalf of its companion.
struct Diagnosed<'a, F, E> {
    diagnoser: Option<Diagnoser<F>>,
    companion: &'a mut dyn Companion<E>,
}

impl<F: Real, E> Observer for Diagnosed<'_, F, E> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let rows = self.diagnoser.as_mut().map_or(&[][..], |diagnoser| diagnoser.on(event));
        if !rows.is_empty() {
            self.companion.add_diagnostics(rows);
        }
        self.companion.on(event)
    }
}

/// Why a run could not be done. Divergence is not among the reasons: it is a result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data cannot be split or scaled as asked.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file of initial weights cannot be used.
    #[error("training.init_from: {0}")]
    Initial(#[from] ModelError),
    /// There is no memory for the network.
    #[error(transparent)]
    Memory(#[from] ConfigError),
    /// The model file would be too large.
    #[error(transparent)]
    TooLarge(#[from] DescriptionTooLarge),
    /// The model cannot be written as a file.
    #[error("could not create the model file: {0}")]
    Model(std::io::Error),
    /// Another process cannot train a run together with this one.
    #[error("{0}")]
    Peers(String),
    /// A run cannot go on from its checkpoint.
    #[error(
        "{run} cannot go on from its checkpoint: {fault}; remove its checkpoints to begin it from its start"
    )]
    State {
        /// The run.
        run: String,
        /// The reason.
        fault: StateFault,
    },
}

/// Does all `jobs` with the threads of `crew`, or one after the other with those of several processes. Each run has its
/// own companion, `begin(job index)`, on the thread of the run; `finish` gets the results in the order of `jobs`.
///
/// `stop`, once set, ends every run in progress after its current step; those are still handed
/// over, runs that were not begun are not.
///
/// # Errors
///
/// The first one, of a run, its companion or `finish`; `stop` is then set for the other runs.
pub fn run_all<'o, E: From<RunError> + Send>(
    jobs: &[Job],
    data: &DataSets,
    crew: impl Into<Crew<'o>>,
    stop: &AtomicBool,
    begin: &(dyn Fn(usize) -> Result<Box<dyn Companion<E> + 'o>, E> + Sync),
    finish: &mut dyn FnMut(RunRecord) -> Result<(), E>,
) -> Result<(), E> {
    let Crew { threads, peers } = crew.into();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let at_once = if peers.is_some() { 1 } else { threads.get().min(jobs.len()).max(1) };
    let work = |worker: usize, sender: mpsc::Sender<(usize, Result<RunRecord, E>)>| {
        // The first workers get one thread more where they do not divide evenly.
        let members = NonZeroUsize::new((threads.get() + at_once - 1 - worker) / at_once);
        let pool = ThreadPool::new(members.unwrap_or(NonZeroUsize::MIN));
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { break };
            let result = begin(index).and_then(|mut run| run_one(job, data, &pool, peers, stop, &mut *run));
            if sender.send((index, result)).is_err() {
                break;
            }
        }
    };
    thread::scope(|scope| {
        let workers = (0..at_once).map_while(|worker| {
            let (work, sender) = (&work, sender.clone());
            thread::Builder::new().spawn_scoped(scope, move || work(worker, sender)).ok()
        });
        // Where the system gives no threads at all, the runs are done right here.
        if workers.count() == 0 {
            work(0, sender.clone());
        }
        drop(sender);
        let result = hand_over(&receiver, finish);
        if result.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        result
    })
}

/// Passes results on in the order of the jobs, as soon as all before them are there.
fn hand_over<E>(
    receiver: &mpsc::Receiver<(usize, Result<RunRecord, E>)>,
    finish: &mut dyn FnMut(RunRecord) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (index, result) in receiver {
        waiting.insert(index, result?);
        while let Some(run) = waiting.remove(&next) {
            finish(run)?;
            next += 1;
        }
    }
    Ok(())
}

fn run_one<E: From<RunError>>(
    job: &Job,
    data: &DataSets,
    pool: &ThreadPool,
    peers: Option<&dyn Peers>,
    stop: &AtomicBool,
    companion: &mut dyn Companion<E>,
) -> Result<RunRecord, E> {
    with_dtype!(job.plan.training.dtype, F => run_in::<F, E>(job, data, pool, peers, stop, companion))
}

fn run_in<F: Real, E: From<RunError>>(
    job: &Job,
    sets: &DataSets,
    pool: &ThreadPool,
    peers: Option<&dyn Peers>,
    stop: &AtomicBool,
    companion: &mut dyn Companion<E>,
) -> Result<RunRecord, E> {
    let prepared = sets.prepared::<F>(&job.plan).map_err(RunError::Data)?;
    let data = &prepared.data;
    let Plan { layers, optimizer, training, .. } = &job.plan;
    // Other runs may have taken it by now.
    let (inputs, outputs) = (data.encoding.inputs.len(), data.encoding.outputs());
    job.plan.check_memory(data.train.len(), inputs, outputs).map_err(RunError::Memory)?;
    let state = companion.take_state();
    let diagnoser = Diagnoser::new(&job.plan.diagnose, layers, optimizer, training, data);
    let mut observer = (stop, Diagnosed { diagnoser, companion: &mut *companion });
    let together = |peers: &dyn Peers, start: RunStart<'_>| {
        let processes = peers.begin(&job.plan, start).map_err(RunError::Peers)?;
        Ok::<_, RunError>(Workers { pool, processes, team: StepTeam::Fastest })
    };
    let trained = match state {
        None => {
            let network = sets.initial_network(&job.plan, data, pool)?;
            let workers = match peers {
                None => Workers::from(pool),
                Some(peers) => together(peers, RunStart::Network(&result_hash(&network)))?,
            };
            train_network(network, optimizer, training, data, workers, &mut observer)
        }
        Some(state) => {
            let workers = match peers {
                None => Workers::from(pool),
                Some(peers) => together(peers, RunStart::State(&state))?,
            };
            resume_prepared(state, layers, optimizer, training, data, workers, &mut observer)
                .map_err(|fault| RunError::State { run: job.id.to_string(), fault })?
        }
    };
    let table = sets.table(&job.plan.data);
    let mut assessments = Vec::new();
    if !matches!(trained.outcome, Outcome::Interrupted { .. }) {
        assessments = assess(&trained.network, data, pool);
        if job.baselines {
            let baselines = assess_baselines(&job.plan, data, pool, stop);
            assessments.extend(baselines.assessments);
            if let Some((plan, trained)) = baselines.linear {
                let model = model_file(&plan, table, data, &trained, pool).map_err(RunError::Model)?;
                companion.keep_linear_model(&model)?;
            }
        }
    }
    let model = model_file(&job.plan, table, data, &trained, pool).map_err(RunError::Model)?;
    companion.keep_model(&model)?;
    Ok(RunRecord {
        id: job.id.clone(),
        parameters: trained.network.num_trainable(),
        result_hash: result_hash(&trained.network),
        epochs: trained.epochs,
        outcome: trained.outcome,
        kept_epoch: trained.best_epoch,
        train: Some(trained.train),
        test: trained.test,
        assessments,
        constant_loss: layers.last().and_then(|loss| constant_loss(loss, data, pool)),
        seconds: trained.seconds,
    })
}

/// Checks that the models of `jobs` can be written as files: for the first run on each data set, since its
/// names are nearly the same with every seed.
///
/// # Errors
///
/// If the data cannot be split or scaled as asked, or a file would be too large.
pub fn check_models(jobs: &[Job], sets: &DataSets) -> Result<(), RunError> {
    let mut checked: Vec<&DataSpec> = Vec::new();
    for job in jobs {
        if checked.contains(&&job.plan.data) {
            continue;
        }
        checked.push(&job.plan.data);
        with_dtype!(job.plan.training.dtype, F => {
            check_size(&job.plan, &sets.prepared::<F>(&job.plan)?.data.encoding)?;
        });
    }
    Ok(())
}

/// One step of `job` on its first batch, and one evaluation: whether it can be done at all.
///
/// # Errors
///
/// As [`run_all`].
pub fn one_step(job: &Job, sets: &DataSets) -> Result<Outcome, RunError> {
    with_dtype!(job.plan.training.dtype, F => one_step_in::<F>(job, sets))
}

fn one_step_in<F: Real>(job: &Job, sets: &DataSets) -> Result<Outcome, RunError> {
    let mut data = PreparedData::clone(&sets.prepared::<F>(&job.plan)?.data);
    let rows = job.plan.training.batch_size;
    for part in [Some(&mut data.train), data.valid.as_mut(), data.test.as_mut()].into_iter().flatten() {
        *part = part.head(rows);
    }
    let Plan { optimizer, training, .. } = &job.plan;
    let training = TrainingSpec { epochs: 1, ..training.clone() };
    let pool = ThreadPool::single();
    let network = sets.initial_network(&job.plan, &data, &pool)?;
    Ok(train_network(network, optimizer, &training, &data, &pool, &mut ()).outcome)
}

/// The scores of networks, whose predictions are averaged, on the validation rows; none without such rows, or if a
/// prediction is not finite.
pub fn calibration<F: Real>(
    plan: &Plan,
    networks: &[&Network<F>],
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Option<Calibration> {
    let rows = data.valid.as_ref()?;
    let truth = truth_of(rows, &data.encoding);
    let scores = scores_of_rows(networks, pool, rows, &data.encoding.targets, &truth, plan.training.seed)?;
    Some(Calibration { chose_epoch: plan.training.early_stopping.is_some(), scores })
}

/// The bytes of the model file of a network that was trained by `plan`.
fn model_file<F: Real>(
    plan: &Plan,
    table: &Dataset,
    data: &PreparedData<F>,
    trained: &Trained<F>,
    pool: &ThreadPool,
) -> std::io::Result<Vec<u8>> {
    let description = Description {
        format: model::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: plan.to_toml(),
        data_sha256: table.sha256().to_owned(),
        encoding: data.encoding.clone(),
        history: History::new(&trained.outcome, trained.best_epoch, &trained.epochs, trained.test.as_ref()),
        members: Vec::new(),
        calibration: calibration(plan, &[&trained.network], data, pool),
    };
    model::to_bytes(&trained.network, &description)
}
