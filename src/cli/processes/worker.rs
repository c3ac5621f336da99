//! What the processes after the first one do.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::args::all_cores;
use crate::cli::error::CliError;
use crate::cli::processes::facts::{facts, network_fact};
use crate::cli::processes::{Order, Team};
use crate::cli::signals::Signals;
use crate::config::{Plan, parse_stored};
use crate::data::Prepared;
use crate::experiment::{DataSets, Job, all_jobs, final_job};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::{Checkpoint, result_hash};
use crate::nn::{LayerSpec, Network, most_exchanged};
use crate::train::{BatchPlan, RunState, StepTeam, Workers, resume_prepared, train_network, with_dtype};

/// Does what the first process orders, until it ends.
pub(crate) fn serve(team: &Team) -> ExitCode {
    // Those of the first process end a run, in all of them; here they only must not end the process before.
    let signals = Signals::listen().unwrap_or_default();
    let (mut data, mut threads, mut jobs) = (None, all_cores(), Vec::new());
    loop {
        match team.next_order() {
            Order::Study { config, threads: asked } => {
                threads = asked_threads(asked);
                data = show(team, read_data(&config, threads));
            }
            Order::Tries { configs, threads: asked } => {
                threads = asked_threads(asked);
                let plans = configs.iter().map(|config| parse_stored(config));
                let read =
                    plans.collect::<Result<Vec<Plan>, _>>().map_err(CliError::from).and_then(|plans| {
                        jobs = plans.iter().map(final_job).collect();
                        read_plans(&jobs, threads)
                    });
                data = show(team, read);
            }
            Order::Try { range, seconds } => {
                team.serve_tries(&jobs, range, data.as_ref(), threads, (seconds, &signals.stop));
            }
            Order::Claims(order) => {
                // The first process says what is wrong.
                let _ = team.do_claims(&order);
            }
            Order::Run { config } => train(team, &config, None, data.as_ref(), threads),
            Order::GoOn { config } => {
                let state = Checkpoint::from_bytes(&team.said_by_first(&[]));
                let state = state.map(|checkpoint| checkpoint.state).map_err(|fault| fault.to_string());
                train(team, &config, Some(state), data.as_ref(), threads);
            }
            Order::End => return ExitCode::SUCCESS,
        }
    }
}

fn asked_threads(asked: Option<u16>) -> NonZeroUsize {
    asked.and_then(|asked| NonZeroUsize::new(asked.into())).unwrap_or_else(all_cores)
}

/// Shows what was read.
fn show(team: &Team, read: Result<DataSets, CliError>) -> Option<DataSets> {
    let shown = read.as_ref().map(facts).map_err(ToString::to_string);
    // The first process says what is wrong.
    let _ = team.agree(shown);
    read.ok()
}

fn read_data(config: &str, threads: NonZeroUsize) -> Result<DataSets, CliError> {
    read_plans(&all_jobs(&parse_stored(config)?), threads)
}

fn read_plans(jobs: &[Job], threads: NonZeroUsize) -> Result<DataSets, CliError> {
    let mut data = DataSets::load(jobs.iter().map(|job| &job.plan), threads)?;
    data.load_initial(jobs.iter().map(|job| &job.plan))?;
    Ok(data)
}

/// A run that is about to begin.
struct Start<F> {
    plan: Plan,
    prepared: Arc<Prepared<F>>,
    network: Option<Network<F>>,
    state: Option<RunState>,
}

fn train(
    team: &Team,
    config: &str,
    state: Option<Result<RunState, String>>,
    data: Option<&DataSets>,
    threads: NonZeroUsize,
) {
    let plan = parse_stored(config).map_err(|error| error.to_string());
    let Ok(plan) = plan else {
        let _ = team.agree(plan.map(|_| Vec::new()));
        return;
    };
    with_dtype!(plan.training.dtype, F => train_in::<F>(team, plan, state, data, threads));
}

fn train_in<F: Real>(
    team: &Team,
    plan: Plan,
    state: Option<Result<RunState, String>>,
    data: Option<&DataSets>,
    threads: NonZeroUsize,
) {
    let pool = ThreadPool::new(threads);
    let start = prepare::<F>(plan, state, data, &pool).and_then(|start| match too_large(team, &start) {
        Some(problem) => Err(problem),
        None => Ok(start),
    });
    let shown = start
        .as_ref()
        .map_err(String::clone)
        .map(|start| start.network.iter().map(|network| network_fact(&result_hash(network))).collect());
    let (Ok(()), Ok(Start { plan, prepared, network, state })) = (team.agree(shown), start) else { return };
    let workers = Workers { pool: &pool, processes: Arc::clone(&team.gather), team: StepTeam::Fastest };
    let Plan { layers, optimizer, training, .. } = &plan;
    if let Some(network) = network {
        train_network(network, optimizer, training, &prepared.data, workers, &mut ());
    } else if let Some(state) = state {
        // The first process says what is wrong with a state, which is the same here.
        let _ = resume_prepared(state, layers, optimizer, training, &prepared.data, workers, &mut ());
    }
}

/// Why the tensors of a run cannot be exchanged.
fn too_large<F: Real>(team: &Team, start: &Start<F>) -> Option<String> {
    let (Plan { layers, training, .. }, processes) = (&start.plan, team.gather.processes());
    let (count, data) = (training.blocks, &start.prepared.data);
    // A batch that cannot be trained on is refused by the first process.
    let batches = BatchPlan::new(layers, training, data.train.len(), data.encoding.outputs()).ok()?;
    let block_rows = batches.largest_batch.div_ceil(count);
    let ghosts = layers.iter().filter_map(LayerSpec::ghost_rows).map(|rows| (block_rows / rows).max(1));
    let network =
        start.network.iter().flat_map(|network| network.params().map(|param| param.value.dim().into()));
    let state = start.state.iter().flat_map(|state| state.tensors.iter().map(|tensor| tensor.shape));
    let bytes = most_exchanged::<F>(count, processes, ghosts.max().unwrap_or_default(), network.chain(state));
    (bytes > team.gather.max_bytes()).then(|| {
        format!(
            "{processes} processes with {count} blocks would exchange {bytes} bytes at once, and MPI exchanges at most {}; \
             set training.blocks to a multiple of the processes, or train smaller layers",
            team.gather.max_bytes()
        )
    })
}

fn prepare<F: Real>(
    plan: Plan,
    state: Option<Result<RunState, String>>,
    data: Option<&DataSets>,
    pool: &ThreadPool,
) -> Result<Start<F>, String> {
    let sets = data.ok_or("the data were not read")?;
    let prepared = sets.prepared::<F>(&plan).map_err(|error| error.to_string())?;
    let network = match &state {
        None => Some(sets.initial_network(&plan, &prepared.data, pool).map_err(|error| error.to_string())?),
        Some(_) => None,
    };
    Ok(Start { plan, prepared, network, state: state.transpose()? })
}
