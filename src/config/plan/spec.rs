//! A config as it is written, before rules over several keys are checked.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::plan::measure::ComparedMeasure;
use crate::config::plan::model::{ModelSpec, NormPosition};
use crate::config::plan::search::SearchSpec;
use crate::config::plan::seeds::{Seeds, Vary, VaryAll};
use crate::config::plan::tune::TuneSpec;
use crate::config::problems::Problems;
use crate::data::DataSpec;
use crate::diagnose::DiagnoseSpec;
use crate::nn::{LayerSpec, Norm, Task};
use crate::optim::OptimizerSpec;
use crate::settings::{Allowed, Configurable, settings};
use crate::train::TrainingSpec;

/// More layers than any network here has; bounds what a small file can ask for.
pub(crate) const MAX_LAYERS: usize = 1000;

settings! {
    /// A config.
    pub(crate) struct ConfigSpec {
        /// Where the data are and how to read them.
        data: Option<DataSpec>;
        /// The network, layer by layer.
        layers: Option<Vec<LayerSpec>>, absent("see `[model]`"),
            is(Allowed::List { of: &LayerSpec::ALLOWED, min: 1, max: MAX_LAYERS });
        /// The short form of the layer list.
        model: Option<ModelSpec>, absent("see `[[layers]]`");
        /// How weights are updated.
        optimizer: Option<OptimizerSpec>;
        /// How long to train, and on what batches.
        training: TrainingSpec = TrainingSpec::default();
        /// What to measure inside the networks while they are trained.
        diagnose: DiagnoseSpec = DiagnoseSpec::default();
        /// Which runs to compare.
        compare: Option<CompareSpec>, absent("a single run");
        /// How results are shown.
        report: ReportSpec = ReportSpec::default();
        /// What `bntrain tune` tries, see `[tune]`.
        tune: Option<SearchSpec>, absent("the usual settings");
    }
}

settings! {
    /// How results are shown; decides no result.
    pub struct ReportSpec {
        /// What norms are called in reports and charts, such as `{ batch_norm = "BN", none = "plain" }`.
        labels: BTreeMap<String, String>, absent("by their names");
    }
}

impl ReportSpec {
    /// Whether it says nothing.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

settings! {
    /// One run for each norm, each grid point and each seed. Without this table a single network is trained.
    pub(crate) struct CompareSpec {
        /// What to put in place of each norm layer.
        /// `"all"` is every norm; `"anatomy"` takes batch norm apart: none, `mean_only`, `variance_only`,
        /// `batch_norm`, `ghost_batch_norm`, and `noise_only`, the noise of batch statistics.
        norms: Norms = Norms::List(vec![Norm::BatchNorm, Norm::None]);
        /// Where to put the norms, each of `"before"` and `"after"` the activation; both compare the two, as grid points of
        /// `model.position`.
        positions: Vec<NormPosition>, absent("where `model.position` says"), is(Allowed::List { of: &NormPosition::ALLOWED, min: 1, max: NormPosition::ALL.len() });
        /// How many seeds, from `training.seed` on; or a list of seeds; or a rule that adds seeds until it is clear,
        /// see `[compare.seeds]`.
        seeds: Seeds = Seeds::Count(5);
        /// What the seeds vary: `"all"`, or some of `"split"`, `"weights"` and `"order"` (with dropout). What is not
        /// varied is that of `training.seed` in every run.
        vary: Vary = Vary::All(VaryAll::All);
        /// The measure that the norms are judged by. It is named before the run, because the best-looking one of
        /// many would be chosen by chance; all others are shown next to it.
        primary: ComparedMeasure = ComparedMeasure::FinalLoss;
        /// Loss, accuracy or R2, as in `primary`, to which the time is measured.
        bound: Option<f64>, absent("one that both networks of a pair can reach: what the worse one reaches in half of its runs");
        /// The smallest difference of `primary` that matters, for the number of seeds that it takes to show it:
        /// of accuracy or R2 such as 0.005; of a loss as a share of it, such as 0.05 for 1.05 times the loss.
        smallest: Option<f64>, absent("half of what the seeds show"), range(> 0.0);
        /// Config keys that vary, such as `"optimizer.learning_rate"`, `"model.hidden"` or
        /// `"layers.0.units"`, each with a list of values, `{ linspace = [from, to, n] }` or
        /// `{ logspace = [from, to, n] }` (powers of 10). The grid points are all combinations.
        grid: toml::Table, absent("one grid point"), is(Allowed::Grid);
        /// What is tuned for each norm before they are compared, see `[compare.tune]`.
        tune: Option<TuneSpec>, absent("all norms have the settings of the config");
    }
}

/// The norms of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Norms {
    Set(NormSet),
    List(Vec<Norm>),
}

/// A word for several norms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NormSet {
    All,
    /// The parts of batch norm.
    Anatomy,
}

impl Norms {
    /// Each of them; the first one is what the others are compared with.
    pub(crate) fn list(&self) -> Vec<Norm> {
        match self {
            Self::Set(NormSet::All) => Norm::ALL.to_vec(),
            Self::Set(NormSet::Anatomy) => {
                use Norm::{BatchNorm, GhostBatchNorm, MeanOnly, NoiseOnly, VarianceOnly};
                vec![Norm::None, MeanOnly, VarianceOnly, BatchNorm, GhostBatchNorm, NoiseOnly]
            }
            Self::List(norms) => norms.clone(),
        }
    }
}

impl Configurable for Norms {
    const ALLOWED: Allowed = Allowed::Either(&[
        Allowed::Choice(&["all", "anatomy"]),
        Allowed::List { of: &Norm::ALLOWED, min: 1, max: Norm::ALL.len() },
    ]);
}

impl ConfigSpec {
    /// From tables that passed the check; a table that is incomplete because of its problems is `None`.
    pub(crate) fn new(mut valid: toml::Table, problems: &mut Problems) -> Self {
        Self {
            data: take(&mut valid, "data", problems),
            model: take(&mut valid, "model", problems),
            optimizer: take(&mut valid, "optimizer", problems),
            training: take(&mut valid, "training", problems).unwrap_or_default(),
            diagnose: take(&mut valid, "diagnose", problems).unwrap_or_default(),
            compare: take(&mut valid, "compare", problems),
            report: take(&mut valid, "report", problems).unwrap_or_default(),
            tune: take(&mut valid, "tune", problems),
            layers: take(&mut valid, "layers", problems),
        }
    }

    /// Whether classes or values are predicted, as far as that is known.
    pub(crate) fn task(&self) -> Task {
        self.data.as_ref().map_or(Task::Classification, DataSpec::task)
    }
}

fn take<T: DeserializeOwned>(valid: &mut toml::Table, key: &str, problems: &mut Problems) -> Option<T> {
    match valid.remove(key)?.try_into() {
        Ok(value) => Some(value),
        Err(error) => {
            // The check is as strict as the types are. Should they ever differ, this is a message and not a
            // panic.
            if problems.is_valid(key) {
                problems.push(key, error.message());
            }
            None
        }
    }
}
