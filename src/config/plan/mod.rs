//! A checked config: every key set, every range checked.

pub(crate) mod experiment;
pub(crate) mod measure;
pub(crate) mod model;
pub(crate) mod resolve;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod seeds;
pub(crate) mod size;
pub(crate) mod spec;
pub(crate) mod stack;
pub(crate) mod tune;

use std::path::PathBuf;

use serde::Serialize;

pub use crate::config::plan::measure::ComparedMeasure;
use crate::config::plan::model::ModelSpec;
pub use crate::config::plan::search::{SearchPlan, load_search};
pub use crate::config::plan::seeds::{SeedPlan, SeededPart, UntilClear, Vary};
pub use crate::config::plan::spec::ReportSpec;
pub(crate) use crate::config::plan::tune::fewer_points_note;
pub use crate::config::plan::tune::{TuneAxis, TunePlan, TuneRange};
use crate::data::DataSpec;
use crate::diagnose::DiagnoseSpec;
use crate::nn::{LayerSpec, Loss, Norm, Task};
use crate::optim::OptimizerSpec;
use crate::train::TrainingSpec;

/// What a config file describes, checked, see [`load`](fn@crate::config::load).
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
    /// `[diagnose]`.
    #[serde(skip_serializing_if = "DiagnoseSpec::is_off")]
    pub diagnose: DiagnoseSpec,
    /// `[compare]`; none for a single network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<ComparePlan>,
    /// `[report]`.
    #[serde(skip_serializing_if = "ReportSpec::is_default")]
    pub report: ReportSpec,
    /// `[[layers]]`, at least one affine layer and the loss at the end.
    pub layers: Vec<LayerSpec>,
    /// `[model]`, if the grid varies it; [`to_toml`](Self::to_toml) then writes it in place of `layers`.
    #[serde(skip)]
    pub model: Option<ModelSpec>,
    /// The points of the grid, the last axis varying fastest, or those that are tried to tune; none without either.
    #[serde(skip)]
    pub points: Vec<GridPoint>,
}

impl Plan {
    /// Whether classes or values are predicted.
    pub fn task(&self) -> Task {
        self.layers.last().and_then(LayerSpec::loss).map_or(Task::default(), Loss::task)
    }
}

/// `[compare]`: a run for each norm, each point of the grid and each seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparePlan {
    /// The norms to compare; at least one, no two the same.
    pub norms: Vec<Norm>,
    /// Seeds of the runs.
    pub seeds: SeedPlan,
    /// What the seeds vary.
    pub vary: Vary,
    /// The measure that the norms are judged by.
    pub primary: ComparedMeasure,
    /// The bound of the time to a bound; none to take one that both norms can reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// The smallest difference that matters: of accuracy or R2, or of a loss as a share of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest: Option<f64>,
    /// Config keys that vary; the grid points are all combinations, the last axis varying fastest.
    #[serde(serialize_with = "grid_as_table", skip_serializing_if = "Vec::is_empty")]
    pub grid: Vec<GridAxis>,
    /// What is tuned for each norm; then there is no grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tune: Option<TunePlan>,
}

/// A config in which the keys of the grid have one value each.
#[derive(Clone, Debug, PartialEq)]
pub struct GridPoint {
    /// Its settings, such as `optimizer.learning_rate=0.01`, several joined by `;`.
    pub label: String,
    /// The same, one by one.
    pub settings: Vec<(String, toml::Value)>,
    /// The plan with these settings, without `[compare]`.
    pub plan: Plan,
}

/// One key of `[compare.grid]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GridAxis {
    /// Dotted, such as `optimizer.learning_rate`.
    pub key: String,
    /// Its values.
    pub values: Vec<toml::Value>,
}

/// A grid is a table from key to list in a config.
fn grid_as_table<S: serde::Serializer>(grid: &[GridAxis], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(grid.iter().map(|axis| (&axis.key, &axis.values)))
}
