//! What a summary says about tuning.

use serde::{Deserialize, Serialize};

use crate::config::ComparedMeasure;
use crate::experiment::statistics::Interval;
use crate::experiment::summary::Point;
use crate::nn::Norm;

/// How settings were chosen for each norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// What points are judged by: the primary measure, on validation rows.
    pub measure: ComparedMeasure,
    /// The seeds of each point.
    pub seeds: Vec<u64>,
    /// Points for each norm.
    pub n_points: usize,
    /// What was tuned.
    pub keys: Vec<String>,
    /// How close to the best a usable point is, of accuracy or R2, or as a share of a loss.
    pub within: f64,
    /// In the order of the config.
    pub norms: Vec<TunedNorm>,
    /// For each pair of norms and each key on a log scale.
    pub ratios: Vec<BestRatio>,
}

/// The points of one norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TunedNorm {
    /// Which norm.
    pub norm: Norm,
    /// The index of the best point, from 1; none if no point has a value.
    pub best: Option<usize>,
    /// All that were tried, in the order of the sequence.
    pub points: Vec<TunedPoint>,
    /// For each key that is a number.
    pub usable: Vec<UsableRange>,
    /// What may lie beyond the best point.
    pub warnings: Vec<EdgeWarning>,
    /// The measure to expect of the best of 1 point, 2 points and so on; none where it may be a point at which a run
    /// is lost.
    pub expected_best: Vec<Option<f64>>,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TunedPoint {
    /// Its number and settings.
    pub point: Point,
    /// The number of each key, in the order of [`Tuning::keys`]; none for a value that is not a number.
    pub values: Vec<Option<f64>>,
    /// Runs.
    pub n_runs: usize,
    /// Of these, those that are lost.
    pub n_lost: usize,
    /// The measure of the mean curve over the runs that are not lost.
    pub mean: Option<f64>,
    /// The least of them.
    pub low: Option<f64>,
    /// The largest of them.
    pub high: Option<f64>,
    /// Whether no run is lost and the mean is close to the best of the norm.
    pub is_usable: bool,
}

/// Between which values of a key points are usable. Where several keys are tuned, each end is that of a point with its own
/// values of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsableRange {
    /// The key.
    pub key: String,
    /// The least usable value.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// `log10(high / low)`; none on a linear scale.
    pub decades: Option<f64>,
    /// Whether no smaller value was tried, so that it may go on there.
    pub is_low_open: bool,
    /// Whether no larger value was tried.
    pub is_high_open: bool,
}

/// A reason why there may be a better point than the best that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EdgeWarning {
    /// The key.
    pub key: String,
    /// Its value at the best point.
    pub value: f64,
    /// What is next to it.
    pub edge: Edge,
}

/// What is next to the best value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// It is the least that was tried.
    Lowest,
    /// It is the largest that was tried.
    Highest,
    /// At the next value of a single key, or at the next point along one of several keys, a run is lost.
    NextToLost,
}

/// The best value of a key with one norm, divided by that with another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestRatio {
    /// The key.
    pub key: String,
    /// The one that is listed first.
    pub norm: Norm,
    /// The other.
    pub other: Norm,
    /// Of the best points.
    pub ratio: f64,
    /// Of 95 %, by bootstrap over the tuning seeds; none with fewer than six.
    pub interval: Option<Interval>,
}

impl TunedNorm {
    /// The best point; none if no point has a value.
    pub fn best_point(&self) -> Option<&TunedPoint> {
        self.points.get(self.best?.checked_sub(1)?)
    }
}

impl TunedPoint {
    /// The number of a key, by its place in [`Tuning::keys`]; none for a value that is not a number, and where a
    /// `summary.json` that was changed has none.
    pub fn value(&self, place: usize) -> Option<f64> {
        self.values.get(place).copied().flatten()
    }
}
