//! Results as text tables.

pub(crate) mod config_differences;
pub(crate) mod data_profile;
pub(crate) mod decisions;
pub(crate) mod evaluation;
pub(crate) mod explanation;
pub(crate) mod findings;
pub(crate) mod layout;
pub(crate) mod leakage;
pub(crate) mod model_facts;
pub(crate) mod number;
pub(crate) mod probe;
pub(crate) mod run_facts;
pub(crate) mod side_by_side;
pub(crate) mod summary;
pub(crate) mod tuned;
