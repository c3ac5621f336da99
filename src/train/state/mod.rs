//! Everything that one step of a run leaves to the next: what a checkpoint has to keep.

pub(crate) mod fork;

use std::collections::BTreeMap;

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::train::step::TrainStep;
use crate::train::{Dtype, EpochRecord, Improvement, Outcome};

/// Everything that a run needs to go on after a step or an epoch with the same bits: with the same layers,
/// settings and data, on any number of threads.
///
/// Random numbers are not part of it: their streams are keyed by the epoch and the step.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// How far the run is.
    pub place: RunPlace,
    /// How the run ended; none if it goes on.
    pub outcome: Option<Outcome>,
    /// What early stopping knows.
    pub improvement: Improvement,
    /// The epoch of the best tensors.
    pub best_epoch: u64,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// Time that the run took so far.
    pub seconds: f64,
    /// The tensors of the network and, as `best/...`, a copy of them after the best epoch; then those of the
    /// optimizer, such as `adam_m/affine_1.weight`.
    pub tensors: Vec<StateTensor>,
}

/// How far a run is, between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunPlace {
    /// Epochs that were finished, besides epoch 0.
    pub epoch: u64,
    /// Batches that were done of the epoch after these.
    pub batch: u64,
    /// Steps in all.
    pub step: u64,
    /// How many more these are than the epochs and batches would have with the present batch size; 0 unless the run was
    /// forked with another batch size. Schedules do not count them.
    pub extra_steps: i64,
    /// Rows in these batches.
    pub rows: u64,
    /// The sum of the losses of these rows.
    pub loss_sum: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Time that these batches took.
    pub train_seconds: f64,
}

/// A tensor as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTensor {
    /// Its name, unique in a state.
    pub name: String,
    /// Its precision.
    pub dtype: Dtype,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Its numbers, row by row, each in little-endian order.
    pub bytes: Vec<u8>,
}

/// Why a run cannot go on from a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateFault {
    /// A tensor is missing, or has another shape or precision.
    #[error("it has no tensor {name:?} of {rows} x {columns} numbers of type {dtype}")]
    Tensor {
        /// The tensor that the run needs.
        name: String,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Its precision.
        dtype: &'static str,
    },
    /// A tensor is not one of the run.
    #[error("it has a tensor {0:?}, which the run does not have")]
    ExtraTensor(String),
    /// The number of steps is not that of the epochs and batches.
    #[error(
        "it is at batch {batch} after {epoch} epochs, step {step}, which is not a place in this run of \
         {per_epoch} batches in each epoch"
    )]
    Place {
        /// Epochs done.
        epoch: u64,
        /// Batches done of the next one.
        batch: u64,
        /// Steps done.
        step: u64,
        /// Batches in each epoch.
        per_epoch: u64,
    },
    /// It counts more rows or epochs than were done.
    #[error("its {name} = {value} cannot be at batch {batch} after {epoch} epochs")]
    Count {
        /// The name of the count.
        name: &'static str,
        /// Its value.
        value: u64,
        /// Batches done of the next epoch.
        batch: u64,
        /// Epochs done.
        epoch: u64,
    },
}

impl RunPlace {
    /// Counts a batch.
    pub(crate) fn add(&mut self, loss: f64, rows: usize, learning_rate: f64) {
        self.batch += 1;
        self.step += 1;
        self.rows += rows as u64;
        self.loss_sum += loss * rows as f64;
        self.learning_rate = learning_rate;
    }

    /// The place after `epoch`, which has just ended.
    pub(crate) fn after(self, epoch: u64) -> Self {
        Self { epoch, step: self.step, extra_steps: self.extra_steps, ..Self::default() }
    }

    /// The number of `step` among those of the present size, from 1 if it is the first.
    pub(crate) fn in_schedule(self, step: u64) -> u64 {
        step.saturating_add_signed(self.extra_steps.saturating_neg())
    }
}

impl RunState {
    /// Whether the run has ended, and is not to be trained up to `epochs`.
    pub fn has_ended(&self, epochs: u64) -> bool {
        match self.outcome {
            // More epochs may be asked for than before.
            Some(Outcome::Finished) => self.place.epoch >= epochs,
            Some(_) => true,
            None => false,
        }
    }

    /// Checks that the place is one of a run with `per_epoch` batches in each epoch, of at most `batch_rows` rows, and
    /// that nothing is counted that was not done.
    pub(crate) fn check_place(&self, per_epoch: u64, batch_rows: u64) -> Result<(), StateFault> {
        let RunPlace { epoch, batch, step, rows, .. } = self.place;
        let expected = epoch.checked_mul(per_epoch).and_then(|steps| steps.checked_add(batch));
        let expected = expected.and_then(|steps| steps.checked_add_signed(self.place.extra_steps));
        let is_place = batch <= per_epoch && expected == Some(step);
        let has_epochs = self.epochs.iter().map(|epoch| epoch.epoch).eq(0..=epoch);
        if !is_place || !has_epochs {
            return Err(StateFault::Place { epoch, batch, step, per_epoch });
        }
        let epochs_without = self.improvement.epochs_without;
        let counts = [
            ("rows", rows, batch..=batch.saturating_mul(batch_rows)),
            ("best_epoch", self.best_epoch, 0..=epoch),
            ("epochs_without_improvement", epochs_without, 0..=epoch),
        ];
        match counts.into_iter().find(|(_, value, possible)| !possible.contains(value)) {
            Some((name, value, _)) => Err(StateFault::Count { name, value, batch, epoch }),
            None => Ok(()),
        }
    }
}

/// The tensors of a run as those of a [`RunState`].
pub(crate) fn tensors_of<F: Real>(step: &TrainStep<F>, best: &[Array2<F>]) -> Vec<StateTensor> {
    let network = step.network.params().map(|param| StateTensor::of(param.name.clone(), &param.value));
    let copies = step.network.params().zip(best);
    let best = copies.map(|(param, value)| StateTensor::of(best_name(&param.name), value));
    let optimizer = step.optimizer.state().map(|param| StateTensor::of(param.name.clone(), &param.value));
    network.chain(best).chain(optimizer).collect()
}

/// Sets the tensors of a run to those of a [`RunState`], which must be exactly these.
pub(crate) fn set_tensors<F: Real>(
    tensors: Vec<StateTensor>,
    step: &mut TrainStep<F>,
    best: &mut [Array2<F>],
) -> Result<(), StateFault> {
    let mut tensors: BTreeMap<String, StateTensor> =
        tensors.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
    let mut set = |name: &str, value: &mut Array2<F>| {
        let (rows, columns) = value.dim();
        let found = tensors.remove(name).filter(|tensor| tensor.is_of::<F>([rows, columns]));
        let missing =
            || StateFault::Tensor { name: name.to_owned(), rows, columns, dtype: Dtype::of::<F>().name() };
        let tensor = found.ok_or_else(missing)?;
        let numbers = tensor.bytes.chunks_exact(size_of::<F>()).map(F::from_le_bytes);
        value.iter_mut().zip(numbers).for_each(|(own, number)| *own = number);
        Ok(())
    };
    for (param, best) in step.network.params_mut().zip(best) {
        set(&param.name, &mut param.value)?;
        set(&best_name(&param.name), best)?;
    }
    for param in step.optimizer.state_mut() {
        set(&param.name, &mut param.value)?;
    }
    match tensors.into_keys().next() {
        Some(name) => Err(StateFault::ExtraTensor(name)),
        None => Ok(()),
    }
}

/// Sets the tensors of a run to those of a [`RunState`] of other settings: its network has the same ones; those of
/// the optimizer that it does not have start at 0.
pub(crate) fn set_matching_tensors<F: Real>(
    mut tensors: Vec<StateTensor>,
    step: &mut TrainStep<F>,
    best: &mut [Array2<F>],
) -> Result<(), StateFault> {
    let is_of_optimizer = |name: &str| name.contains('/') && !name.starts_with("best/");
    tensors.retain(|tensor| {
        let wanted = step.optimizer.state().any(|own| own.name == tensor.name);
        wanted || !is_of_optimizer(&tensor.name)
    });
    let missing = step.optimizer.state().filter(|own| tensors.iter().all(|tensor| tensor.name != own.name));
    let zeros: Vec<StateTensor> = missing.map(|own| StateTensor::of(own.name.clone(), &own.value)).collect();
    tensors.extend(zeros);
    set_tensors(tensors, step, best)
}

/// The name of the copy of a tensor after the best epoch.
fn best_name(name: &str) -> String {
    format!("best/{name}")
}

impl StateTensor {
    fn of<F: Real>(name: String, value: &Array2<F>) -> Self {
        let mut bytes = Vec::with_capacity(value.len() * size_of::<F>());
        value.iter().for_each(|number| number.put_le_bytes(&mut bytes));
        Self { name, dtype: Dtype::of::<F>(), shape: [value.nrows(), value.ncols()], bytes }
    }

    fn is_of<F: Real>(&self, shape: [usize; 2]) -> bool {
        let bytes = shape[0] * shape[1] * size_of::<F>();
        self.dtype == Dtype::of::<F>() && self.shape == shape && self.bytes.len() == bytes
    }
}
