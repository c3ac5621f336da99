//! Metrics of predictions, with confidence intervals.
//!
//! [`Classification::of`] is for classes, [`Regression::of`] for values. The baselines predict the same
//! for every row: [`Classification::of_frequencies`] and
//! [`Regression::of_means`]. Nothing here knows networks or files, and nothing is random: the same
//! rows give the same numbers.
//!
//! # Intervals
//!
//! All are at the confidence of [`CONFIDENCE`], over rows: what to expect of the metric on other
//! rows drawn like these, from the same model. They say nothing about other seeds, and take rows for
//! independent of each other.
//!
//! - **Shares of rows** (accuracy, recall, precision): Wilson's score interval, which is right for few
//!   rows and for shares near 0 and 1 too. With row weights, `n` is `(sum w)^2 / sum w^2` (Kish). The
//!   F1 of one class is `2 j / (1 + j)` of the share `j = tp / (tp + fp + fn)`, whose ends are mapped
//!   along. Balanced accuracy, a mean of shares of different rows, combines their Wilson intervals
//!   (the method of variance estimates recovery).
//! - **All others**: each row has an influence `u_i`, the derivative of the metric with respect to
//!   the weight of that row; the standard error is `se = sqrt(n / (n - 1) * sum u_i^2)`, the
//!   infinitesimal jackknife, which is what resampling rows tends to. For the area under the ROC
//!   curve it is DeLong's. The interval is `value -+ t * se` on a scale without ends: the logarithm
//!   for losses and errors, the logit for metrics in `0..=1`, `log(1 - r2)` for R2; `t` is Student's
//!   with `n - 1` degrees of freedom. It needs some tens of rows. If all influences are 0, as when
//!   all predictions are right, there is no interval.
//!
//! # Sources
//!
//! Wilson, "Probable inference, the law of succession, and statistical inference", 1927; Newcombe,
//! "Two-sided confidence intervals for the single proportion", 1998; Zou and Donner, "Construction
//! of confidence limits about effect measures", 2008; Efron and Tibshirani, "An introduction to the
//! bootstrap", 1993, section 21.3; DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or
//! more correlated receiver operating characteristic curves", 1988; Kish, "Survey sampling", 1965.

pub(crate) mod calibration;
pub(crate) mod classification;
pub(crate) mod confusion;
pub(crate) mod curves;
pub(crate) mod difference;
pub(crate) mod interval;
pub(crate) mod measure;
pub(crate) mod predictions;
pub(crate) mod ranking;
pub(crate) mod regression;
pub(crate) mod student_t;
pub(crate) mod threshold;

pub use crate::metrics::calibration::{CALIBRATION_BINS, ClassShare};
pub use crate::metrics::classification::Classification;
pub(crate) use crate::metrics::classification::argmax;
pub use crate::metrics::confusion::{ClassMeasures, Confusion};
pub use crate::metrics::curves::{ClassCurves, ReliabilityBin, ThresholdPoint, class_curves};
pub use crate::metrics::difference::{compared_metric, difference};
pub use crate::metrics::interval::CONFIDENCE;
pub(crate) use crate::metrics::interval::{IntervalScale, by_influence, scale_of, share_of};
pub use crate::metrics::measure::{Interval, Measure, UndefinedReason};
pub use crate::metrics::predictions::{Metrics, Predictions};
pub use crate::metrics::regression::{Regression, TargetMeasures};
pub(crate) use crate::metrics::student_t::student_t_quantile;
pub use crate::metrics::threshold::{DecisionCounts, NoThreshold, ThresholdGoal, choose_threshold};
