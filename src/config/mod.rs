//! From TOML as written to a plan that can be trained.

mod plan;

pub use plan::{ComparePlan, Dtype, EarlyStopping, GridAxis, Metric, Plan, TrainingPlan};
