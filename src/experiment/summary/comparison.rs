//! What a summary says of two norms.

use serde::{Deserialize, Serialize};

use crate::config::{ComparePlan, ComparedMeasure};
use crate::experiment::statistics::{PairedComparison, SurvivalStep};
use crate::experiment::summary::types::Point;
use crate::nn::Norm;
use crate::train::Metric;

/// What is decided about a comparison before it is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparisonSettings {
    /// The measure that norms are judged by.
    pub primary: ComparedMeasure,
    /// The bound of the time to a bound; none to take one that both norms of a pair can reach.
    pub bound: Option<f64>,
    /// The smallest difference that matters: of accuracy or R2, or of a loss as a share of it.
    pub smallest: Option<f64>,
    /// Whether seeds were added until it was clear, so that p values and intervals have to hold at any number.
    pub is_sequential: bool,
}

impl Default for ComparisonSettings {
    fn default() -> Self {
        Self { primary: ComparedMeasure::FinalLoss, bound: None, smallest: None, is_sequential: false }
    }
}

impl ComparisonSettings {
    /// Those of a config.
    pub fn of(plan: &ComparePlan) -> Self {
        let until = plan.seeds.until.as_ref();
        Self {
            primary: plan.primary,
            bound: plan.bound,
            smallest: plan.smallest.or(until.and_then(|until| until.smallest)),
            is_sequential: until.is_some(),
        }
    }
}

/// Two norms at the same point, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormComparison {
    /// The one that is listed first.
    pub norm: Norm,
    /// The one that it is compared with.
    pub other: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// The primary measure, then the others.
    pub measures: Vec<MeasureComparison>,
    /// Which runs are lost.
    pub lost: LostRuns,
    /// None where no bound is within reach of both.
    pub time_to_bound: Option<TimeToBound>,
    /// What this number of seeds can show of the primary measure; none without a spread.
    pub resolution: Option<Resolution>,
}

impl NormComparison {
    /// In the primary measure: 1 where `norm` is better, -1 where it is worse, and 0 where neither is or it is not one of
    /// the two.
    pub(crate) fn favors(&self, norm: Norm) -> i64 {
        let Some(primary) = self.measures.first() else { return 0 };
        let better = match (primary.comparison.favors_first(), primary.comparison.favors_second()) {
            (true, _) => self.norm,
            (_, true) => self.other,
            _ => return 0,
        };
        match norm == better {
            true => 1,
            false if norm == self.norm || norm == self.other => -1,
            false => 0,
        }
    }
}

/// One measure of two norms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureComparison {
    /// What is compared.
    pub measure: ComparedMeasure,
    /// Over the pairs.
    #[serde(flatten)]
    pub comparison: PairedComparison,
}

/// Lost runs of pairs in which neither run was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LostRuns {
    /// Pairs.
    pub n_pairs: usize,
    /// Pairs in which both are lost.
    pub both: usize,
    /// Pairs in which only that of `norm` is.
    pub only_norm: usize,
    /// Pairs in which only that of `other` is.
    pub only_other: usize,
    /// Of McNemar's exact test, two-sided.
    pub p_value: f64,
}

/// How soon runs come to a loss, accuracy or R2 that both norms can reach. It is measured after each epoch,
/// which is the resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeToBound {
    /// What has to reach the bound.
    pub metric: Metric,
    /// At most this loss, or at least this accuracy or R2.
    pub bound: f64,
    /// Where the bound comes from.
    pub source: BoundSource,
    /// Steps of the longest run: what takes longer counts as long as that.
    pub budget: u64,
    /// The runs of `norm`.
    pub norm: TimesToBound,
    /// The runs of `other`.
    pub other: TimesToBound,
    /// Pairs in which `norm` gets there earlier, or is the only one to get there by its last step.
    pub earlier: usize,
    /// Pairs in which both get there at the same step.
    pub same: usize,
    /// Pairs in which `norm` gets there later, or only `other` gets there.
    pub later: usize,
    /// Pairs in which neither gets there, or one stopped early before the other one got there.
    #[serde(default)]
    pub undecided: usize,
    /// Of the sign test of earlier against later.
    pub sign_test_p_value: f64,
    /// Steps of `norm` minus steps of `other`, each at most the budget: the difference of the restricted means,
    /// paired by seed.
    pub difference: PairedComparison,
    /// Seed by seed.
    pub by_seed: Vec<SeedTimes>,
}

/// Where a bound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundSource {
    /// `compare.bound`.
    Config,
    /// The median, over the seeds, of the best value of each run, of the norm of which it is worse.
    WorseMedianBest,
}

/// The times of one norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimesToBound {
    /// Runs that got there.
    pub n_reached: usize,
    /// Over all runs, "not reached" being later than any step; none where that is the median.
    pub median_step: Option<f64>,
    /// Mean steps up to the budget, by Kaplan and Meier.
    pub restricted_mean: f64,
    /// Of the restricted mean.
    pub standard_error: f64,
    /// The share of runs that have not got there, by Kaplan and Meier: runs that stopped early are censored,
    /// runs that diverged never get there.
    pub curve: Vec<SurvivalStep>,
}

/// When the runs of one seed got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedTimes {
    /// Of both runs.
    pub seed: u64,
    /// The first evaluated step of `norm`; none if not reached.
    pub norm_step: Option<u64>,
    /// The same of `other`.
    pub other_step: Option<u64>,
}

/// What a number of seeds can show, by the spread that was measured. Differences are of accuracy or R2, or the
/// ratio of losses that is less than 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// The chance of showing the difference.
    pub power: f64,
    /// Pairs in the mean.
    pub n_pairs: u64,
    /// The least difference that they show with that chance; none for so few that they cannot be clear.
    pub detectable: Option<f64>,
    /// Half of that, for ratios its square root, or of what the fewest seeds show that can be clear; or
    /// `compare.smallest`.
    pub wanted: f64,
    /// The seeds that show it with that chance; none if more than a million.
    pub seeds_needed: Option<u64>,
}

/// The expected best value of the primary measure among some points of the grid, drawn at random.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectedBest {
    /// The norm at each normalisation slot.
    pub norm: Norm,
    /// For 1 point, 2 points and so on, the mean over seeds at the best of them; none where it may be a point
    /// at which a run is lost.
    pub by_trials: Vec<Option<f64>>,
}
