//! Training on a dataset, without a config: the entry point of the library.

use std::ops::ControlFlow;
use std::thread;

use serde::Serialize;

use crate::data::{Dataset, Encoding};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{AffineSpec, AnyNetwork, Init, LayerSpec, Network, check_groups, output_layer};
use crate::optim::OptimizerSpec;
use crate::settings::{Configurable, OutOfRange, out_of_range};
use crate::targets::Task;
use crate::train::error::{Error, NetworkError};
use crate::train::tensor_rules;
use crate::train::trainer::{Trained, train_prepared};
use crate::train::{
    BatchPlan, Dtype, EpochRecord, Event, Metric, Observer, Outcome, Score, StepRecord, TrainingSpec,
};

/// A trained network, and how it came about.
#[non_exhaustive]
pub struct TrainResult {
    /// The network with the weights and running statistics of [`best_epoch`](Self::best_epoch).
    pub network: AnyNetwork,
    /// With early stopping the best epoch, otherwise the last one that was finished.
    pub best_epoch: u64,
    /// How the run ended. A run that diverged is a result like others.
    pub outcome: Outcome,
    /// Epoch 0, the state before training, and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// Every [`log_every_steps`](TrainingSpec::log_every_steps)-th step.
    pub steps: Vec<StepRecord>,
    /// The score on the test rows; none without any.
    pub test: Option<Score>,
    /// What is unusual about the data, such as a constant feature, for people to read.
    pub notes: Vec<String>,
    pub(crate) encoding: Encoding,
}

impl TrainResult {
    /// The values of `metric` by epoch, epochs without it left out.
    ///
    /// ```
    /// # use bntrain::*;
    /// # let x = ndarray::array![[0.0], [1.0], [2.0], [3.0]];
    /// # let data = Dataset::from_arrays(x, Targets::classes(vec![0, 0, 1, 1]))?;
    /// # let network = [affine(2), softmax_loss()];
    /// # let training = TrainingSpec { epochs: 3, ..TrainingSpec::default() };
    /// let result = train(&network, &Adam::default().into(), &training, &data, &mut ())?;
    /// // There is no training loss before the first step.
    /// let epochs: Vec<u64> = result.curve(Metric::TrainLoss).iter().map(|&(epoch, _)| epoch).collect();
    /// assert_eq!(epochs, [1, 2, 3]);
    /// # Ok::<(), bntrain::Error>(())
    /// ```
    pub fn curve(&self, metric: Metric) -> Vec<(u64, f64)> {
        let point = |epoch: &EpochRecord| Some((epoch.epoch, epoch.metric(metric)?));
        self.epochs.iter().filter_map(point).collect()
    }
}

/// Trains a new network of `network` layers on `data`.
///
/// The precision is [`TrainingSpec::dtype`]; all cores work, and the result does not depend on how many
/// there are. Everything random follows from [`TrainingSpec::seed`], so the same call gives the same
/// bits again.
///
/// The last affine layer has one unit for each class or target value (one in all for `logistic_loss()`).
///
/// # Errors
///
/// If the layers are not a network for these data, a setting is out of range, or the rows cannot be split
/// or scaled as asked. A run that diverges is not an error but an [`Outcome`].
///
/// ```
/// use bntrain::{Adam, Dataset, Outcome, Targets, TrainingSpec};
/// use bntrain::{affine, batch_norm, relu, softmax_loss, train};
/// use ndarray::{Array2, array};
///
/// // Is the sum of two numbers greater than 1?
/// let x = Array2::from_shape_fn((200, 2), |(row, column)| ((row * (7 + 6 * column)) % 100) as f64 / 100.0);
/// let y: Vec<u32> = x.rows().into_iter().map(|row| u32::from(row.sum() > 1.0)).collect();
///
/// let data = Dataset::from_arrays(x, Targets::classes(y))?;
/// let network = [affine(32), batch_norm(), relu(), affine(2), softmax_loss()];
/// let result = train(&network, &Adam::default().into(), &TrainingSpec::default(), &data, &mut ())?;
///
/// assert_eq!(result.outcome, Outcome::Finished);
/// let predictions = result.predict(&array![[0.1, 0.2], [0.9, 0.8]])?;
/// println!("{:?}", predictions.classes());
/// # Ok::<(), bntrain::Error>(())
/// ```
pub fn train(
    network: &[LayerSpec],
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &Dataset,
    observer: &mut dyn Observer,
) -> Result<TrainResult, Error> {
    training.check(data.valid_rows(training.split_key()) > 0, data.task())?;
    in_range("", training)?;
    in_range("", optimizer)?;
    check_layers(network, data.task(), data.outputs())?;
    check_ranges(network)?;
    for (index, layer) in network.iter().enumerate() {
        in_range(&format!("network[{index}]."), layer)?;
    }
    if let Some(problem) = tensor_rules::problems(training, &[network.to_vec()]).into_iter().next() {
        return Err(Error::Tensors { field: problem.key, message: problem.message });
    }
    let [train_rows, ..] = data.check_split(training.split_key())?;
    BatchPlan::new(network, training, train_rows, data.outputs())?;
    match training.dtype {
        Dtype::F32 => train_in(network, optimizer, training, data, observer, AnyNetwork::F32),
        Dtype::F64 => train_in(network, optimizer, training, data, observer, AnyNetwork::F64),
    }
}

fn train_in<F: Real>(
    network: &[LayerSpec],
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &Dataset,
    observer: &mut dyn Observer,
    any: fn(Network<F>) -> AnyNetwork,
) -> Result<TrainResult, Error> {
    let prepared = data.prepare::<F>(training.split_key(), training.class_weights.as_ref())?;
    let pool = ThreadPool::new(thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN));
    let mut log = StepLog::new(training.log_every_steps);
    let mut observers = (&mut log, observer);
    let trained = train_prepared(network, optimizer, training, &prepared.data, &pool, &mut observers);
    let Trained { network, best_epoch, outcome, epochs, test, .. } = trained;
    let steps = log.steps;
    let notes = data.notes().iter().cloned().chain(prepared.notes).collect();
    let encoding = prepared.data.encoding;
    Ok(TrainResult { network: any(network), best_epoch, outcome, epochs, steps, test, notes, encoding })
}

/// Keeps every `every`-th step.
pub struct StepLog {
    every: u64,
    /// These steps.
    pub steps: Vec<StepRecord>,
}

impl StepLog {
    /// Without a step so far.
    pub fn new(every: u64) -> Self {
        Self { every, steps: Vec::new() }
    }
}

impl Observer for StepLog {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::StepEnded(step) = event
            && step.step.is_multiple_of(self.every)
        {
            self.steps.push(*step);
        }
        ControlFlow::Continue(())
    }
}

/// Checks each number of `settings`; `place` is put before the name of the field.
fn in_range<T: Configurable + Serialize>(place: &str, settings: &T) -> Result<(), Error> {
    let Some(OutOfRange { field, value, allowed }) = out_of_range(settings) else { return Ok(()) };
    Err(Error::Setting { field: format!("{place}{field}"), value, allowed })
}

/// Checks that the ranges of initial weights are not empty.
fn check_ranges(layers: &[LayerSpec]) -> Result<(), Error> {
    for (index, layer) in layers.iter().enumerate() {
        if let LayerSpec::Affine(AffineSpec { init: Some(Init::Uniform([low, high])), .. }) = layer
            && !(low <= high && high - low <= f64::MAX / 2.0)
        {
            let (field, value) = (format!("network[{index}].init"), format!("[{low}, {high}]"));
            return Err(Error::Setting { field, value, allowed: "a range of finite numbers".to_owned() });
        }
    }
    Ok(())
}

/// Checks that `layers` are a network for data with `outputs` classes or target values.
fn check_layers(layers: &[LayerSpec], task: Task, outputs: usize) -> Result<(), NetworkError> {
    let Some(loss) = layers.last().and_then(LayerSpec::loss) else { return Err(NetworkError::NoLoss) };
    let last = layers.len() - 1;
    if let Some((index, layer)) = layers[..last].iter().enumerate().find(|(_, layer)| layer.loss().is_some())
    {
        return Err(NetworkError::LossInside { index, kind: layer.kind() });
    }
    if loss.task() != task {
        return Err(NetworkError::OtherTask { loss: layers[last].kind(), task });
    }
    let outputs = loss.outputs(outputs);
    let Some(output) = output_layer(layers) else { return Err(NetworkError::NoOutputLayer { outputs }) };
    if let LayerSpec::Affine(AffineSpec { units: Some(found), .. }) = layers[output]
        && found != outputs
    {
        return Err(NetworkError::OutputWidth { found, expected: outputs });
    }
    for (index, layer) in layers[..output].iter().enumerate() {
        if matches!(layer, LayerSpec::Affine(affine) if affine.units.unwrap_or(0) == 0) {
            return Err(NetworkError::NoUnits { index });
        }
    }
    check_groups(layers).map_err(|error| NetworkError::Groups { error })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::data::{ArraySpec, ClassWeights};
    use crate::nn::{
        GroupNormSpec, affine, batch_norm, dropout, logistic_loss, output_affine, relu, softmax_loss,
        squared_loss,
    };
    use crate::optim::Adam;
    use crate::targets::Targets;
    use crate::train::EarlyStopping;

    fn message(layers: &[LayerSpec], training: &TrainingSpec) -> String {
        let x = array![[1.0], [2.0], [4.0], [5.0]];
        message_of(
            Dataset::from_arrays(x, Targets::classes(vec![0, 1, 2, 0])).expect("a dataset"),
            layers,
            training,
        )
    }

    fn message_of(data: Dataset, layers: &[LayerSpec], training: &TrainingSpec) -> String {
        let result = train(layers, &Adam::default().into(), training, &data, &mut ());
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn values() -> Dataset {
        let x = array![[1.0], [2.0], [4.0], [5.0]];
        Dataset::from_arrays(x, Targets::values(array![[0.5], [1.0], [1.5], [0.0]])).expect("a dataset")
    }

    #[test]
    fn layers_that_are_not_a_network_are_refused() {
        let plain = TrainingSpec { epochs: 1, ..TrainingSpec::default() };
        assert_eq!(message(&[affine(3), softmax_loss()], &plain), "");
        let groups = |groups| GroupNormSpec { groups: Some(groups), ..GroupNormSpec::default() }.into();
        assert_eq!(message(&[affine(6), groups(3), output_affine(), softmax_loss()], &plain), "");
        assert_eq!(message(&[affine(6), relu(), output_affine(), batch_norm(), softmax_loss()], &plain), "");
        let cases = [
            (
                vec![affine(3)],
                "the last layer must be a loss, such as softmax_loss() for classes or squared_loss() for values",
            ),
            (
                vec![softmax_loss(), affine(3), softmax_loss()],
                "layer 0 is softmax_loss, but only the last layer can be a loss",
            ),
            (
                vec![softmax_loss()],
                "before the loss there must be affine(3), for 3 outputs; only norms may be between them",
            ),
            (
                vec![affine(2), softmax_loss()],
                "the last affine layer has 2 units, but the loss needs 3 for these data",
            ),
            (
                vec![affine(2), batch_norm(), softmax_loss()],
                "the last affine layer has 2 units, but the loss needs 3 for these data",
            ),
            (
                vec![affine(3), relu(), softmax_loss()],
                "before the loss there must be affine(3), for 3 outputs; only norms may be between them",
            ),
            (
                vec![affine(0), affine(3), softmax_loss()],
                "layer 0 is affine without units; give it at least 1",
            ),
            (
                vec![affine(6), groups(4), affine(3), softmax_loss()],
                "layer 1 is group_norm, but 4 groups do not divide 6 features into groups of two or more (one \
                 feature by itself has no variance)",
            ),
            (
                vec![groups(2), affine(3), softmax_loss()],
                "layer 0 is group_norm, but the data decide how many features there are before the first affine \
                 layer and after the last; leave groups out, or put the norm after another affine layer",
            ),
            (vec![affine(3), squared_loss()], "squared_loss is not a loss for classes"),
            (
                vec![affine(1), logistic_loss()],
                "logistic_loss is for 2 classes, but the label has 3; use softmax_loss",
            ),
        ];
        for (layers, expected) in cases {
            assert_eq!(message(&layers, &plain), expected);
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let refused = |training: TrainingSpec| message(&[affine(3), softmax_loss()], &training);
        let plain = TrainingSpec::default;
        assert_eq!(
            refused(TrainingSpec { batch_size: 0, ..plain() }),
            "batch_size = 0 is out of range; it must be at least 1"
        );
        assert_eq!(
            refused(TrainingSpec { clip_norm: Some(f64::NAN), ..plain() }),
            "clip_norm = NaN is out of range; it must be greater than 0"
        );
        assert_eq!(
            refused(TrainingSpec { clip_norm: Some(0.0), ..plain() }),
            "clip_norm = 0 is out of range; it must be greater than 0"
        );
        let weights = Some(ClassWeights::Balanced);
        let both = TrainingSpec { clip_norm: Some(1e-9), class_weights: weights.clone(), ..plain() };
        assert_eq!(refused(both), "");
        assert_eq!(
            message_of(
                values(),
                &[affine(1), squared_loss()],
                &TrainingSpec { class_weights: weights, ..plain() }
            ),
            "class_weights = some is out of range; it must be none for data with values"
        );
        let stopping = |metric| Some(EarlyStopping { metric, ..EarlyStopping::default() });
        assert_eq!(
            refused(TrainingSpec { early_stopping: stopping(Metric::ValidLoss), ..plain() }),
            "early_stopping.metric = valid_loss is out of range; it must be a metric of the training rows, as there \
             are no validation rows"
        );
        let x = Array2::from_shape_fn((8, 1), |(row, _)| row as f64);
        let held_out = ArraySpec { valid: 0.25, ..ArraySpec::default() };
        let classes = Targets::classes([0, 1].repeat(4));
        let data = Dataset::from_arrays_with(x, classes, &held_out).expect("a dataset");
        let layers = [affine(3), output_affine(), softmax_loss()];
        let by_valid = TrainingSpec { early_stopping: stopping(Metric::ValidLoss), ..plain() };
        assert_eq!(message_of(data, &layers, &by_valid), "");
        assert_eq!(
            refused(TrainingSpec { early_stopping: stopping(Metric::TrainR2), ..plain() }),
            "early_stopping.metric = train_r2 is out of range; it must be a metric of the task of the data"
        );
        assert_eq!(
            message(&[dropout(1.5), affine(3), softmax_loss()], &plain()),
            "network[0].rate = 1.5 is out of range; it must be at least 0 and less than 1"
        );
    }

    #[test]
    fn a_range_of_initial_weights_is_finite_and_in_order() {
        let drawn = |low, high| {
            let init = Some(Init::Uniform([low, high]));
            let hidden = AffineSpec { units: Some(3), init, ..AffineSpec::default() }.into();
            message(&[hidden, softmax_loss()], &TrainingSpec { epochs: 1, ..TrainingSpec::default() })
        };
        assert_eq!(drawn(-0.5, 0.5), "");
        assert_eq!(drawn(0.5, 0.5), "");
        assert_eq!(
            drawn(0.5, -0.5),
            "network[0].init = [0.5, -0.5] is out of range; it must be a range of finite numbers"
        );
        for (low, high) in [(f64::NEG_INFINITY, 0.0), (0.0, f64::INFINITY), (f64::NAN, 0.0), (0.0, f64::NAN)]
        {
            assert!(drawn(low, high).contains("a range of finite numbers"), "{low} {high}");
        }
    }

    #[test]
    fn a_curve_has_the_epochs_that_have_the_metric() {
        let training = TrainingSpec { epochs: 2, ..TrainingSpec::default() };
        let layers = [affine(1), squared_loss()];
        let result = train(&layers, &Adam::default().into(), &training, &values(), &mut ()).expect("a run");
        let expected = |metric| -> Vec<_> {
            result.epochs.iter().filter_map(|epoch| Some((epoch.epoch, epoch.metric(metric)?))).collect()
        };
        let epochs = |metric| result.curve(metric).into_iter().map(|(epoch, _)| epoch).collect::<Vec<_>>();
        assert_eq!(epochs(Metric::TrainLoss), [1, 2]);
        assert_eq!(epochs(Metric::TrainEvalLoss), [0, 1, 2]);
        assert!(result.curve(Metric::TrainAccuracy).is_empty());
        let before = &result.epochs[0];
        assert_eq!((before.learning_rate, before.train_loss, before.train_seconds), (None, None, 0.0));
        // Times are from the start.
        for times in result.epochs.windows(2) {
            assert!(times[0].train_seconds < times[1].train_seconds, "{times:?}");
            assert!(times[0].eval_seconds < times[1].eval_seconds, "{times:?}");
        }
        assert_eq!(result.curve(Metric::TrainEvalLoss), expected(Metric::TrainEvalLoss));
    }
}
