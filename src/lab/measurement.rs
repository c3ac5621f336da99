//! What is measured to try a claim.

use serde::Deserialize;

use crate::experiment::RunRecord;
use crate::lab::runs::{RunValue, TrainedArm};
use crate::lab::{ClaimTrial, LabError, along_training, at_start, landscape, runs};
use crate::metrics::Interval;
use crate::nn::{LayerSpec, Network, Norm};

/// Builds a network of these layers for inputs, answers and a seed.
pub(crate) type NetworkBuilder<'b> = &'b (dyn Fn(&[LayerSpec], usize, usize, u64) -> Network<f64> + Sync);

/// What is measured for each seed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Measurement {
    /// A value of a run.
    Value { value: RunValue, of: TrainedArm },
    /// The value of a run less that of another one.
    Difference { value: RunValue, of: TrainedArm, from: TrainedArm },
    /// The value of a run over that of another one.
    Ratio { value: RunValue, of: TrainedArm, to: TrainedArm },
    /// The largest value over the points of the grid less the smallest one.
    Spread { value: RunValue, of: Norm },
    /// The largest value of the grid's key with which a network ends below this training loss, over that of another
    /// norm.
    UsableRatio { of: Norm, to: Norm, below: f64 },
    /// The number of grid points at which a network ends with at least this value, less that of another norm.
    MorePoints { value: RunValue, of: Norm, than: Norm, at_least: f64 },
    /// The largest difference of the training losses of two runs over all epochs.
    LargestGap { of: TrainedArm, from: TrainedArm },
    /// The largest relative difference between the gradients of the network and central differences.
    GradientError {},
    /// How far mean and standard deviation of the values that a norm makes are from 0 and 1, at most.
    NormalizedMoments {},
    /// The growth of squared gradients per layer at the start, over Yang's theory.
    GrowthOverTheory { norm: Norm },
    /// The participation rank of the last hidden layer's output, over that of another norm.
    RankRatio { of: Norm, to: Norm },
    /// The gradient alignment of the rows in the last hidden layer, over that of another norm.
    AlignmentRatio { of: Norm, to: Norm },
    /// The largest relative difference of `|w'|^2` from `|w|^2 + rate^2 |g|^2` over steps and units.
    NormGrowth {},
    /// The angle by which weights turn in a step, root mean square over units and the second half of the steps, over
    /// the theory of equilibrium.
    TurnOverTheory {},
    /// The validation error with running statistics less that with recomputed ones, after the last epoch.
    StatisticsLag {},
    /// A quantity along the gradient, mean over the steps of its logarithm, over that of another norm.
    AlongGradientRatio { quantity: landscape::LandscapeQuantity, of: Norm, to: Norm },
    /// The internal covariate shift of the last hidden layer, mean over the steps of its logarithm, over that of another
    /// norm.
    ShiftRatio { of: Norm, to: Norm },
}

impl Measurement {
    /// Whether its values are ratios or errors, which are positive and whose mean is the geometric one.
    pub(crate) fn is_positive(&self) -> bool {
        matches!(
            self,
            Self::Ratio { .. }
                | Self::LargestGap { .. }
                | Self::GradientError {}
                | Self::NormalizedMoments {}
                | Self::NormGrowth {}
                | Self::UsableRatio { .. }
                | Self::GrowthOverTheory { .. }
                | Self::RankRatio { .. }
                | Self::AlignmentRatio { .. }
                | Self::TurnOverTheory {}
                | Self::AlongGradientRatio { .. }
                | Self::ShiftRatio { .. }
        )
    }

    /// The norms whose networks it is of.
    pub(crate) fn norms(&self) -> Vec<Norm> {
        match *self {
            Self::Value { of, .. } => vec![of.norm],
            Self::Difference { of, from, .. } | Self::LargestGap { of, from } => vec![of.norm, from.norm],
            Self::Ratio { of, to, .. } => vec![of.norm, to.norm],
            Self::Spread { of, .. } => vec![of],
            Self::GrowthOverTheory { norm } => vec![norm],
            Self::MorePoints { of, than, .. } => vec![of, than],
            Self::UsableRatio { of, to, .. }
            | Self::RankRatio { of, to }
            | Self::AlignmentRatio { of, to }
            | Self::AlongGradientRatio { of, to, .. }
            | Self::ShiftRatio { of, to } => vec![of, to],
            Self::GradientError {}
            | Self::NormalizedMoments {}
            | Self::NormGrowth {}
            | Self::TurnOverTheory {}
            | Self::StatisticsLag {} => Vec::new(),
        }
    }

    /// The networks at a point of the grid that it is of, with their keys.
    pub(crate) fn arms(&self) -> Vec<(&'static str, TrainedArm)> {
        match *self {
            Self::Value { of, .. } => vec![("of", of)],
            Self::Difference { of, from, .. } | Self::LargestGap { of, from } => {
                vec![("of", of), ("from", from)]
            }
            Self::Ratio { of, to, .. } => vec![("of", of), ("to", to)],
            _ => Vec::new(),
        }
    }

    /// Between which numbers it is, if there are any.
    pub(crate) fn limits(&self) -> Option<Interval> {
        match self {
            Self::Value { value, .. } if value.is_accuracy() => Some(Interval { low: 0.0, high: 1.0 }),
            Self::Difference { value, .. } if value.is_accuracy() => Some(Interval { low: -1.0, high: 1.0 }),
            _ => None,
        }
    }

    /// Its value for each seed of `trial`, NaN where it has none.
    ///
    /// # Errors
    ///
    /// If the data cannot be prepared.
    pub(crate) fn by_seed(&self, trial: &ClaimTrial<'_>) -> Result<Vec<f64>, LabError> {
        let of_runs = |value: &dyn Fn(&[&RunRecord]) -> f64| -> Result<Vec<f64>, LabError> {
            let records = trial.train()?;
            let of_seed = |seed: &u64| -> Vec<&RunRecord> {
                records.iter().filter(|run| run.id.seed == *seed).collect()
            };
            Ok(trial.seeds().iter().map(|seed| value(&of_seed(seed))).collect())
        };
        match *self {
            Self::Value { value, of } => of_runs(&|runs| of.value(value, runs)),
            Self::Difference { value, of, from } => {
                of_runs(&|runs| of.value(value, runs) - from.value(value, runs))
            }
            Self::Ratio { value, of, to } => of_runs(&|runs| of.value(value, runs) / to.value(value, runs)),
            Self::Spread { value, of } => of_runs(&|runs| runs::spread(value, of, runs)),
            Self::UsableRatio { of, to, below } => {
                let values = runs::grid_values(&trial.plan);
                of_runs(&|all| {
                    runs::largest_usable(&values, below, of, all)
                        / runs::largest_usable(&values, below, to, all)
                })
            }
            Self::MorePoints { value, of, than, at_least } => of_runs(&|all| {
                runs::points_with(value, at_least, of, all) - runs::points_with(value, at_least, than, all)
            }),
            Self::LargestGap { of, from } => of_runs(&|runs| runs::largest_gap(of, from, runs)),
            Self::GradientError {} => at_start::gradient_error(trial),
            Self::NormalizedMoments {} => at_start::normalized_moments(trial),
            Self::GrowthOverTheory { norm } => at_start::growth_over_theory(trial, norm),
            Self::RankRatio { of, to } => at_start::rank_ratio(trial, of, to),
            Self::AlignmentRatio { of, to } => at_start::alignment_ratio(trial, of, to),
            Self::NormGrowth {} => along_training::norm_growth(trial),
            Self::TurnOverTheory {} => along_training::turn_over_theory(trial),
            Self::StatisticsLag {} => along_training::statistics_lag(trial),
            Self::AlongGradientRatio { quantity, of, to } => {
                landscape::along_gradient_ratio(trial, quantity, of, to)
            }
            Self::ShiftRatio { of, to } => landscape::shift_ratio(trial, of, to),
        }
    }
}
