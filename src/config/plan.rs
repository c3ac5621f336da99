//! A configuration that can train: every key set, every range checked.

use std::path::PathBuf;

use serde::Serialize;

use crate::config::model::ModelSpec;
use crate::data::DataSpec;
use crate::nn::{LayerSpec, Loss, Norm, Task};
use crate::optim::OptimizerSpec;
use crate::train::TrainingSpec;

/// What a config file describes, checked. Only [`config`](crate::config) makes one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Of the config file, without directory and extension; names the run directory.
    #[serde(skip)]
    pub name: String,
    /// The config file, absolute.
    #[serde(skip)]
    pub source: PathBuf,
    /// `[data]`, with absolute paths.
    pub data: DataSpec,
    /// `[optimizer]`.
    pub optimizer: OptimizerSpec,
    /// `[training]`.
    pub training: TrainingSpec,
    /// `[compare]`; none for a single network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<ComparePlan>,
    /// `[[layers]]`, at least one affine layer and the loss at the end.
    pub layers: Vec<LayerSpec>,
    /// `[model]`, kept in place of its expansion where the grid varies it.
    #[serde(skip)]
    pub(crate) model: Option<ModelSpec>,
    /// Label and plan of each point of the grid.
    #[serde(skip)]
    pub(crate) points: Vec<(String, Self)>,
}

impl Plan {
    /// What its loss is for.
    pub fn task(&self) -> Task {
        self.layers.last().and_then(LayerSpec::loss).map_or(Task::default(), Loss::task)
    }
}

/// `[compare]`: a run for each norm, each point of the grid and each seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparePlan {
    /// What stands at each normalisation slot; at least one, no two the same.
    pub norms: Vec<Norm>,
    /// Seeds of the runs; at least one, no two the same.
    pub seeds: Vec<u64>,
    /// Config keys that vary; the points are their product, the last axis fastest.
    #[serde(serialize_with = "grid_as_table", skip_serializing_if = "Vec::is_empty")]
    pub grid: Vec<GridAxis>,
}

/// One key of `[compare.grid]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GridAxis {
    /// Dotted, such as `optimizer.learning_rate`.
    pub key: String,
    /// What it is set to, one after the other.
    pub values: Vec<toml::Value>,
}

/// A grid is a table from key to list in a config.
fn grid_as_table<S: serde::Serializer>(grid: &[GridAxis], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(grid.iter().map(|axis| (&axis.key, &axis.values)))
}
