//! From the state of a run to that of a run with other settings, which goes on from the same place.

use crate::data::PreparedData;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{CHUNK_ROWS, Network, row_chunks};
use crate::optim::OptimizerSpec;
use crate::train::state::{set_matching_tensors, tensors_of};
use crate::train::step::TrainStep;
use crate::train::trainer::batches;
use crate::train::trainer::run_loop::copy_tensors;
use crate::train::{RunPlace, RunState, StateFault, TrainingSpec, tensor_rules};

/// The state with which a run of other settings goes on from `state`. `network` is built from its layers; its
/// tensors, and those of the best epoch, are set to those of the state, and must have the same names and shapes.
/// Tensors of the optimizer that the state does not have start at 0, those that are not needed are left out.
///
/// With `recompute` the running statistics are replaced by those of all training rows.
///
/// # Errors
///
/// If a tensor of the network is missing or has another shape.
pub fn forked<F: Real>(
    state: RunState,
    mut network: Network<F>,
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &PreparedData<F>,
    pool: &ThreadPool,
    recompute: bool,
) -> Result<RunState, StateFault> {
    tensor_rules::apply(training, &mut network);
    let mut best = copy_tensors(&network);
    let mut step = TrainStep::new(network, optimizer, training.clip_norm, &data.train, 1);
    set_matching_tensors(state.tensors, &mut step, &mut best)?;
    if recompute {
        recompute_running_stats(&mut step.network, data, pool);
    }
    // Epochs may have other numbers of steps from here on.
    let RunPlace { epoch, batch, step: steps, .. } = state.place;
    let expected = epoch * batches(training, data).per_epoch() as u64 + batch;
    let extra_steps = i64::try_from(steps).unwrap_or(i64::MAX) - i64::try_from(expected).unwrap_or(i64::MAX);
    Ok(RunState {
        place: RunPlace { extra_steps, ..state.place },
        outcome: None,
        tensors: tensors_of(&step, &best),
        ..state
    })
}

fn recompute_running_stats<F: Real>(network: &mut Network<F>, data: &PreparedData<F>, pool: &ThreadPool) {
    let rows = &data.train;
    network.recompute_running_stats(pool, CHUNK_ROWS, |see| {
        let mut batch = rows.batch(CHUNK_ROWS);
        for chunk in row_chunks(rows.len()) {
            rows.gather(pool, chunk, &mut batch);
            see(batch.x());
        }
    });
}
