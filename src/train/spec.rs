//! What a run of training is asked to do: epochs, batches, precision, schedule, early stopping.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::data::{ClassWeights, Fold, LastBatch, Sampling, SplitKey};
use crate::kernel::real::Real;
use crate::nn::Task;
use crate::optim::Schedule;
use crate::settings::{Allowed, NAME, range, settings};
use crate::train::{CheckpointRule, Error};

settings! {
    /// How long to train, and on what batches.
    pub struct TrainingSpec {
        /// Passes over the training rows.
        epochs: u64 = 20, range(1..=1_000_000_000);
        /// Rows per step; at least 2 with batch norm.
        batch_size: usize = 64, range(1..=1_000_000_000);
        /// Blocks of neighboring rows into which every batch is cut, as evenly as its rows allow. Sums over a batch are
        /// taken in each block and added in one fixed order: the result depends on this number, but not on how many
        /// processes and threads share the blocks. 1 is a batch that is not cut.
        blocks: usize = 1, range(1..=4096);
        /// Key of all randomness: split, initial weights, order of rows, dropout.
        seed: u64 = 0, range(0..);
        /// Seed of the split alone, so that it stays when `seed` changes.
        split_seed: Option<u64>, absent("`seed`");
        /// Seed of the initial weights alone.
        weights_seed: Option<u64>, absent("`seed`");
        /// Seed of the order of rows and of dropout alone.
        order_seed: Option<u64>, absent("`seed`");
        /// Incomplete last batch: `"merge"` it into the previous one if it is less than half full or a single row, `"keep"` it,
        /// or `"drop"` it.
        last_batch: LastBatch = LastBatch::Merge;
        /// Networks of an ensemble: they are trained on the same rows, with other initial weights and another order of
        /// the rows, and their predictions are averaged.
        ensemble: u64 = 1, range(1..=100);
        /// Order of the rows: each once per epoch, shuffled; or drawn from all rows with replacement.
        sampling: Sampling = Sampling::Shuffle;
        /// Precision of all arithmetic.
        dtype: Dtype = Dtype::F32;
        /// Weights of the classes in the loss: `"balanced"` weights them inversely to their frequency; or give
        /// weights by class name, 1 for the others. Their mean over the training rows is scaled to 1.
        class_weights: Option<ClassWeights>, absent("all rows have weight 1");
        /// Whether to train a linear model and a constant prediction as well, for comparison, if there are
        /// validation or test rows.
        baselines: bool = true;
        /// Largest Euclidean norm of all gradients together.
        clip_norm: Option<f64>, absent("no clipping"), range(> 0.0);
        /// Tensors that stay as they are, by their names: `"affine_1.weight"` or with `*` for any characters, as in
        /// `"*.gamma"`; the name of a layer, `"batch_norm_1"`, is for all of its tensors. Their gradients do not
        /// count in `clip_norm`. A norm whose running statistics are frozen normalizes by them in training, too,
        /// as in PyTorch after `eval()`; with gamma and beta alone, as for `requires_grad = False`, it normalizes
        /// by the batch.
        freeze: Vec<String>, absent("every tensor is trained"), is(Allowed::List { of: &NAME, min: 0, max: usize::MAX });
        /// Factors on the learning rate by the names of tensors, as in `freeze`; 1 for all others. They hold for
        /// decoupled decay as well.
        learning_rate_factors: BTreeMap<String, f64>, absent("1 for all"), is(Allowed::Map(&Allowed::Number(range!(> 0.0))));
        /// Factors on `l2` or `weight_decay` by the names of tensors, as in `freeze`: `{ "*.gamma" = 1 }` lets
        /// gamma decay.
        decay_factors: BTreeMap<String, f64>,
            absent("1 for the weights of affine layers, 0 for biases, gains, gamma and beta"),
            is(Allowed::Map(&Allowed::Number(range!(0.0..))));
        /// A safetensors file, such as a model file, with initial values of tensors, matched by name. Those that it
        /// does not have start as they do without it, and their names are reported. Running statistics in it are
        /// replaced by those of the first batch, unless they are frozen or `running_start` is `"standard"`.
        init_from: Option<PathBuf>, absent("random weights");
        /// Training rows that are evaluated after each epoch, at equal distances in the order of the file; those of the
        /// saved weights are evaluated on all rows at the end.
        eval_rows: usize = 10_000, range(1..);
        /// Steps between two rows of `steps.csv`.
        log_every_steps: u64 = 1, range(1..=1_000_000_000);
        /// When runs of the program are saved, besides at their end, so that `bntrain resume` can go on from
        /// there: a time such as `"30 s"`, after each `"epoch"`, or `"off"`.
        checkpoint: CheckpointRule = CheckpointRule::Seconds(30);
        /// How the learning rate changes, see `[training.schedule]`.
        schedule: Schedule = Schedule::default();
        /// When to stop early, see `[training.early_stopping]`.
        early_stopping: Option<EarlyStopping>, absent("all epochs");
        /// One part of a cross-validation in place of `data.valid`, see `[training.fold]`.
        fold: Option<Fold>, absent("validation rows are drawn by `data.valid`");
    }
}

impl TrainingSpec {
    /// The same for another network, whose tensors have nothing to do with these.
    pub(crate) fn without_tensor_rules(&self) -> Self {
        let (learning_rate_factors, decay_factors) = (BTreeMap::new(), BTreeMap::new());
        Self { freeze: Vec::new(), learning_rate_factors, decay_factors, init_from: None, ..self.clone() }
    }

    /// What decides which rows are for what.
    pub fn split_key(&self) -> SplitKey {
        SplitKey { seed: self.split_seed.unwrap_or(self.seed), fold: self.fold }
    }

    /// The seed of the initial weights.
    pub(crate) fn seed_of_weights(&self) -> u64 {
        self.weights_seed.unwrap_or(self.seed)
    }

    /// The seed of the order of rows and of dropout.
    pub(crate) fn seed_of_order(&self) -> u64 {
        self.order_seed.unwrap_or(self.seed)
    }

    /// Checks the ranges, and that early stopping follows a metric that the data have.
    pub(crate) fn check(&self, has_valid: bool, task: Task) -> Result<(), Error> {
        let error = |field: &str, value: &dyn ToString, allowed: &str| {
            let (field, allowed) = (field.to_owned(), allowed.to_owned());
            Err(Error::Setting { field, value: value.to_string(), allowed })
        };
        let counts = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size as u64),
            ("blocks", self.blocks as u64),
            ("eval_rows", self.eval_rows as u64),
            ("log_every_steps", self.log_every_steps),
        ];
        if let Some((field, value)) = counts.into_iter().find(|&(_, value)| value == 0) {
            return error(field, &value, "at least 1");
        }
        if self.ensemble != 1 {
            return error("ensemble", &self.ensemble, "1: train the members one by one, with other seeds");
        }
        if let Some(norm) = self.clip_norm.filter(|norm| !(norm.is_finite() && *norm > 0.0)) {
            return error("clip_norm", &norm, "greater than 0");
        }
        if task == Task::Regression && self.class_weights.is_some() {
            return error("class_weights", &"some", "none for data with values");
        }
        if let Some(path) = &self.init_from {
            return error(
                "init_from",
                &path.display(),
                "none; only configs can name a file of initial weights",
            );
        }
        let Some(stopping) = &self.early_stopping else { return Ok(()) };
        if stopping.patience == 0 {
            return error("early_stopping.patience", &0, "at least 1");
        }
        if !(stopping.min_delta.is_finite() && stopping.min_delta >= 0.0) {
            return error("early_stopping.min_delta", &stopping.min_delta, "at least 0");
        }
        let (field, metric) = ("early_stopping.metric", stopping.metric);
        if metric.task().is_some_and(|of| of != task) {
            return error(field, &metric, "a metric of the task of the data");
        }
        if metric.is_of_validation() && !has_valid {
            return error(field, &metric, "a metric of the training rows, as there are no validation rows");
        }
        Ok(())
    }
}

settings! {
    /// The precision of all arithmetic of a run.
    pub enum Dtype {
        /// Single precision.
        F32 = "f32";
        /// Double precision.
        F64 = "f64";
    }
}

impl Dtype {
    /// That of `F`.
    pub(crate) fn of<F: Real>() -> Self {
        if F::NAME == "f64" { Self::F64 } else { Self::F32 }
    }
}

settings! {
    /// When to stop before the last epoch. The weights and running statistics of the best epoch are kept.
    pub struct EarlyStopping {
        /// Column of `metrics.csv` to watch.
        metric: Metric = Metric::ValidLoss;
        /// Epochs without improvement before training stops.
        patience: u64 = 10, range(1..=1_000_000_000);
        /// Smallest change of the metric that counts as an improvement.
        min_delta: f64 = 0.0, range(0.0..);
    }
}

settings! {
    /// A quantity measured after every epoch; the names are those of the columns of `metrics.csv`.
    pub enum Metric {
        /// Mean training loss over the batches of the epoch, as they were trained on.
        TrainLoss = "train_loss";
        /// Mean loss of the training rows in evaluation mode, after the epoch.
        TrainEvalLoss = "train_eval_loss";
        /// Accuracy on the training rows.
        TrainAccuracy = "train_accuracy";
        /// R2 on the training rows.
        TrainR2 = "train_r2";
        /// Mean loss of the validation rows.
        ValidLoss = "valid_loss";
        /// Accuracy on the validation rows.
        ValidAccuracy = "valid_accuracy";
        /// R2 on the validation rows.
        ValidR2 = "valid_r2";
    }
}

impl Metric {
    /// The task that it is measured in; none if in any.
    pub fn task(self) -> Option<Task> {
        match self {
            Self::TrainLoss | Self::TrainEvalLoss | Self::ValidLoss => None,
            Self::TrainAccuracy | Self::ValidAccuracy => Some(Task::Classification),
            Self::TrainR2 | Self::ValidR2 => Some(Task::Regression),
        }
    }

    /// How good a network for `task` is on the training rows, beside the loss.
    pub fn train_quality(task: Task) -> Self {
        match task {
            Task::Classification => Self::TrainAccuracy,
            Task::Regression => Self::TrainR2,
        }
    }

    /// How good a network for `task` is on the validation rows, beside the loss.
    pub fn valid_quality(task: Task) -> Self {
        match task {
            Task::Classification => Self::ValidAccuracy,
            Task::Regression => Self::ValidR2,
        }
    }

    /// Whether it needs validation rows.
    pub fn is_of_validation(self) -> bool {
        matches!(self, Self::ValidLoss | Self::ValidAccuracy | Self::ValidR2)
    }

    /// Whether larger is better.
    pub fn is_gain(self) -> bool {
        matches!(self, Self::TrainAccuracy | Self::TrainR2 | Self::ValidAccuracy | Self::ValidR2)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_validation_rows_are_known_by_their_names() {
        for metric in Metric::ALL {
            assert_eq!(metric.is_of_validation(), metric.to_string().starts_with("valid"), "{metric}");
        }
    }

    #[test]
    fn another_network_has_the_same_settings_but_those_of_tensors() {
        let all = TrainingSpec { epochs: 7, batch_size: 3, seed: 5, ..TrainingSpec::default() };
        let factors = || BTreeMap::from([("affine_1".to_owned(), 0.5)]);
        let with_rules = TrainingSpec {
            freeze: vec!["affine_2".to_owned()],
            learning_rate_factors: factors(),
            decay_factors: factors(),
            init_from: Some(PathBuf::from("weights.safetensors")),
            ..all.clone()
        };
        assert_eq!(with_rules.without_tensor_rules(), all);
    }
}
