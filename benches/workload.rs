//! The networks whose training steps are timed.

use std::path::Path;

use bntrain::config::{Plan, parse};
use bntrain::data::{Encoding, PreparedData, Rows};
use bntrain::random::stream;
use bntrain::targets::Targets;
use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use rand::Rng;
use serde::Deserialize;

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

impl Workload {
    /// The config of a long run with or without batch norm, checked.
    pub(crate) fn plan(&self, batch_norm: bool) -> Plan {
        let hidden = &self.widths[1..self.widths.len() - 1];
        let norm = if batch_norm { "batch_norm" } else { "none" };
        let optimizer = match self.optimizer {
            Rule::Sgd => "type = \"sgd\"\nlearning_rate = 0.01\nmomentum = 0.9",
            Rule::Adam => "type = \"adam\"\nlearning_rate = 1e-3",
        };
        let text = format!(
            "[data]\npath = \"data.csv\"\nlabel = \"label\"\n\
             [model]\nhidden = {hidden:?}\nnorm = \"{norm}\"\nactivation = \"relu\"\n\
             [optimizer]\n{optimizer}\n\
             [training]\nepochs = 1000000\nbatch_size = {}\nlog_every_steps = 1000000000\n",
            self.batch_size
        );
        parse(&text, Path::new("bench.toml"), &[]).expect("the text above is valid")
    }

    /// Normal features and uniform labels: no tool can be better at them than another.
    pub(crate) fn data(&self) -> PreparedData<f32> {
        let (features, classes) = (self.widths[0], self.widths[self.widths.len() - 1]);
        let mut random = stream(0, "bench", &[]);
        let x = Array2::random_using((self.rows, features), StandardNormal, &mut random);
        let labels = (0..self.rows).map(|_| random.random_range(0..classes as u32)).collect();
        PreparedData {
            train: rows(x, labels),
            valid: None,
            test: None,
            encoding: Encoding::plain(
                (0..features).map(|feature| format!("x{feature}")).collect(),
                (0..classes).map(|class| class.to_string()).collect(),
            ),
        }
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

/// Training rows as they go into a network.
fn rows(x: Array2<f32>, labels: Vec<u32>) -> Rows<f32> {
    Rows::new(&x, Targets::Classes(labels))
}
