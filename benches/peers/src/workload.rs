//! What is trained, and on what.

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use serde::Deserialize;

/// One entry of `workloads.toml`.
#[derive(Deserialize)]
pub struct Workload {
    pub name: String,
    /// Of the input, the hidden layers and the scores.
    pub widths: Vec<usize>,
    pub batch_size: usize,
    pub rows: usize,
    pub optimizer: Rule,
}

/// The optimisers that the workloads use.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    Sgd,
    Adam,
}

pub const SGD_RATE: f64 = 0.01;
pub const SGD_MOMENTUM: f64 = 0.9;
pub const ADAM_RATE: f64 = 1e-3;

/// All of them.
pub fn workloads() -> Result<Vec<Workload>> {
    #[derive(Deserialize)]
    struct File {
        workload: Vec<Workload>,
    }
    let file: File = toml::from_str(include_str!("../../workloads.toml"))?;
    Ok(file.workload)
}

impl Workload {
    /// Inputs and outputs of each affine layer, and whether it is the last.
    pub fn layers(&self) -> impl Iterator<Item = (usize, usize, bool)> {
        let last = self.widths.len() - 2;
        let pairs = self.widths.windows(2).enumerate();
        pairs.map(move |(index, pair)| (pair[0], pair[1], index == last))
    }
}

/// Normal features and uniform labels.
pub struct Samples {
    /// Row by row.
    pub x: Vec<f32>,
    pub labels: Vec<u32>,
}

impl Samples {
    pub fn random(workload: &Workload) -> Self {
        let mut random = StdRng::seed_from_u64(0);
        let classes = workload.widths[workload.widths.len() - 1] as u32;
        Self {
            x: (0..workload.rows * workload.widths[0]).map(|_| random.sample(StandardNormal)).collect(),
            labels: (0..workload.rows).map(|_| random.random_range(0..classes)).collect(),
        }
    }
}
