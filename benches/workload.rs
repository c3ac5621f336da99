//! The networks whose training steps are timed.

use bntrain::data::{ArraySpec, Dataset, PreparedData, ScalingMethod};
use bntrain::nn::{LayerSpec, affine, batch_norm, relu, softmax_loss};
use bntrain::optim::{Adam, OptimizerSpec, Sgd};
use bntrain::random::stream;
use bntrain::targets::Targets;
use bntrain::train::TrainingSpec;
use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use rand::Rng;
use serde::Deserialize;

use crate::Options;

/// One entry of `workloads.toml`, which other tools read too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    pub(crate) name: String,
    /// Of the input, the hidden layers and the scores.
    pub(crate) widths: Vec<usize>,
    pub(crate) batch_size: usize,
    pub(crate) rows: usize,
    pub(crate) optimizer: Rule,
}

/// The optimisers that the workloads use.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Rule {
    Sgd,
    Adam,
}

/// All of them.
pub(crate) fn workloads() -> Vec<Workload> {
    #[derive(Deserialize)]
    struct File {
        workload: Vec<Workload>,
    }
    let file: File =
        toml::from_str(include_str!("workloads.toml")).expect("the file beside this one is valid");
    file.workload
}

/// The least width of the hidden layers of [`wide_workloads`]: below, a step is mostly calls.
const MIN_WIDTH: usize = 256;

/// Those with wide hidden layers, of those that are asked for.
pub(crate) fn wide_workloads(options: &Options) -> impl Iterator<Item = Workload> + '_ {
    let is_wide = |workload: &Workload| {
        workload.widths[1..workload.widths.len() - 1].iter().all(|&width| width >= MIN_WIDTH)
    };
    workloads().into_iter().filter(move |workload| options.wants(&workload.name) && is_wide(workload))
}

impl Workload {
    /// The layers, with or without batch norm.
    pub(crate) fn layers(&self, with_batch_norm: bool) -> Vec<LayerSpec> {
        let (classes, widths) = self.widths[1..].split_last().expect("a workload has a hidden layer");
        let norm = || with_batch_norm.then(batch_norm);
        let hidden = widths.iter().flat_map(|&units| [Some(affine(units)), norm(), Some(relu())]);
        hidden.flatten().chain([affine(*classes), softmax_loss()]).collect()
    }

    pub(crate) fn optimizer(&self) -> OptimizerSpec {
        match self.optimizer {
            Rule::Sgd => Sgd { learning_rate: 0.01, momentum: 0.9, ..Sgd::default() }.into(),
            Rule::Adam => Adam { learning_rate: 1e-3, ..Adam::default() }.into(),
        }
    }

    /// A run that only an observer ends.
    pub(crate) fn training(&self) -> TrainingSpec {
        TrainingSpec {
            epochs: 1_000_000,
            batch_size: self.batch_size,
            log_every_steps: 1_000_000_000,
            ..TrainingSpec::default()
        }
    }

    /// Normal features and uniform labels: no tool can be better at them than another.
    pub(crate) fn data(&self) -> PreparedData<f32> {
        let (features, classes) = (self.widths[0], self.widths[self.widths.len() - 1]);
        let mut random = stream(0, "bench", &[]);
        let x = Array2::<f32>::random_using((self.rows, features), StandardNormal, &mut random);
        let labels: Vec<u32> = (0..self.rows).map(|_| random.random_range(0..classes as u32)).collect();
        let class_names = (0..classes).map(|class| class.to_string()).collect();
        let spec = ArraySpec { scale: ScalingMethod::None, class_names, ..ArraySpec::default() };
        let data = Dataset::from_arrays_with(x, Targets::classes(labels), &spec);
        let data = data.expect("the arrays fit together").prepare(0, None);
        data.expect("the numbers are finite").data
    }

    /// Whole batches in an epoch.
    pub(crate) fn steps_per_epoch(&self) -> usize {
        self.rows / self.batch_size
    }

    /// Floating-point operations in the matrix products of one step: each layer has one forward and
    /// two backward, but the first needs no gradient of its input.
    pub(crate) fn product_operations(&self) -> f64 {
        let one = |pair: &[usize]| 2.0 * (self.batch_size * pair[0] * pair[1]) as f64;
        let all: f64 = self.widths.windows(2).map(|pair| 3.0 * one(pair)).sum();
        all - one(&self.widths[..2])
    }

    /// The numbers in the weights of all layers.
    pub(crate) fn weights(&self) -> usize {
        self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum()
    }

    /// Bytes that one update must read and write for each weight: the weight and its state both
    /// ways, the gradient one way.
    pub(crate) fn update_bytes_per_weight(&self) -> usize {
        size_of::<f32>() * (2 * (1 + self.states()) + 1)
    }

    /// Bytes of all weights, gradients and state.
    pub(crate) fn update_working_set(&self) -> usize {
        size_of::<f32>() * (2 + self.states()) * self.weights()
    }

    /// Numbers that the optimiser keeps for each weight.
    fn states(&self) -> usize {
        match self.optimizer {
            Rule::Sgd => 1,
            Rule::Adam => 2,
        }
    }
}
