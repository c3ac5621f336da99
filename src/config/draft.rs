//! What is right of a config, typed; what is wrong stands at its default.

use serde::de::DeserializeOwned;

use crate::config::model::ModelSpec;
use crate::config::problems::Problems;
use crate::data::DataSpec;
use crate::nn::{LayerSpec, Task};
use crate::optim::OptimizerSpec;
use crate::train::TrainingSpec;

/// The tables of a config, each none where it is missing or its type is not known.
pub(crate) struct Draft {
    pub(crate) data: Option<DataSpec>,
    pub(crate) model: Option<ModelSpec>,
    pub(crate) optimizer: Option<OptimizerSpec>,
    pub(crate) training: TrainingSpec,
    /// As checked: the seeds may still be a count.
    pub(crate) compare: Option<toml::Table>,
    pub(crate) layers: Option<Vec<LayerSpec>>,
}

impl Draft {
    /// Whether classes or values are learnt, as far as that is known.
    pub(crate) fn task(&self) -> Task {
        self.data.as_ref().map_or(Task::Classification, DataSpec::task)
    }

    /// From tables that passed the check.
    pub(crate) fn new(mut right: toml::Table, problems: &mut Problems) -> Self {
        let compare = right.remove("compare");
        Self {
            data: take(&mut right, "data", problems),
            model: take(&mut right, "model", problems),
            optimizer: take(&mut right, "optimizer", problems),
            training: take(&mut right, "training", problems).unwrap_or_default(),
            compare: compare.and_then(|compare| compare.as_table().cloned()),
            layers: take(&mut right, "layers", problems),
        }
    }
}

fn take<T: DeserializeOwned>(right: &mut toml::Table, key: &str, problems: &mut Problems) -> Option<T> {
    match right.remove(key)?.try_into() {
        Ok(value) => Some(value),
        Err(error) => {
            // The check is as strict as the types are, and tests hold the two together; should they
            // drift apart all the same, this is still a message and not a panic. A table that is
            // incomplete after its own problems were found is no news.
            if problems.trusts(key) {
                problems.push(key, error.message());
            }
            None
        }
    }
}
