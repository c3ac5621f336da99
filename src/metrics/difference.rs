//! The difference of a metric between two sets of predictions for the same rows.

use ndarray::ArrayView1;

use crate::metrics::interval::{IntervalScale, by_influence};
use crate::metrics::regression::weighted_mean;
use crate::metrics::{Measure, Predictions, UndefinedReason};
use crate::targets::Targets;

/// The name of the metric that [`difference`] is about: `log_loss` for classes, `r2` for values.
pub fn compared_metric(truth: &Targets) -> &'static str {
    match truth {
        Targets::Classes(_) => "log_loss",
        Targets::Values(_) => "r2",
    }
}

/// The metric of `second` minus that of `first`: the log loss, or R2, its mean where there are
/// several targets.
///
/// The comparison is paired, so what makes a row hard for both cancels: the influence of a row on the
/// difference is the difference of its influences.
///
/// # Panics
///
/// If targets and predictions are not of the same kind and number.
pub fn difference(
    truth: &Targets,
    first: &Predictions,
    second: &Predictions,
    weights: Option<&[f64]>,
) -> Measure {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    if let (Targets::Classes(truth), Some(first), Some(second)) =
        (truth, first.log_probabilities(), second.log_probabilities())
    {
        let rows = truth
            .iter()
            .enumerate()
            .map(|(row, &class)| (first[[row, class as usize]] - second[[row, class as usize]], weight(row)));
        return match weighted_mean(rows.filter(|(_, weight)| *weight > 0.0)) {
            Some(mean) => {
                by_influence(mean.value, mean.squares, mean.rows, IntervalScale::Plain { unit: 1.0 })
            }
            None => Measure::undefined(UndefinedReason::NoRows),
        };
    }
    match (truth, first, second) {
        (Targets::Values(truth), Predictions::Values(first), Predictions::Values(second)) => {
            let n = truth.nrows();
            let weights: Vec<f64> = (0..n).map(weight).collect();
            let (mut value, mut influences) = (0.0, vec![0.0; n]);
            let columns = truth.columns().into_iter().zip(first.columns()).zip(second.columns());
            for ((truth, first), second) in columns {
                match of_target(truth, (first, second), &weights, &mut influences) {
                    Ok(difference) => value += difference,
                    Err(missing) => return Measure::undefined(missing),
                }
            }
            let targets = truth.ncols() as f64;
            let squares = influences.iter().map(|influence| (influence / targets).powi(2)).sum();
            let counted = weights.iter().filter(|weight| **weight > 0.0).count() as u64;
            by_influence(value / targets, squares, counted, IntervalScale::Plain { unit: 1.0 })
        }
        _ => panic!("classes are compared with classes, values with values"),
    }
}

/// The difference of R2 for one target; its influences are added. That of a row of weight `w`:
/// `w (e1^2 - e2^2 - d (y - mean)^2) / total`, with `d` the difference and `total` the weighted sum
/// of `(y - mean)^2`.
fn of_target(
    truth: ArrayView1<'_, f64>,
    (first, second): (ArrayView1<'_, f64>, ArrayView1<'_, f64>),
    weights: &[f64],
    influences: &mut [f64],
) -> Result<f64, UndefinedReason> {
    let counted = truth.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let mean =
        weighted_mean(counted.map(|(&truth, &weight)| (truth, weight))).ok_or(UndefinedReason::NoRows)?.value;
    let rows = || {
        let rows = truth.iter().zip(first).zip(second).zip(weights);
        rows.map(|(((&truth, first), second), &weight)| {
            let gain = (truth - first).powi(2) - (truth - second).powi(2);
            (weight * gain, weight * (truth - mean).powi(2))
        })
    };
    let total: f64 = rows().map(|(_, square)| square).sum();
    if total <= 0.0 {
        return Err(UndefinedReason::ConstantTruth);
    }
    let difference = rows().map(|(gain, _)| gain).sum::<f64>() / total;
    for (influence, (gain, square)) in influences.iter_mut().zip(rows()) {
        *influence += (gain - difference * square) / total;
    }
    Ok(difference)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn classes_are_compared_by_their_loss_and_values_by_r2() {
        assert_eq!(compared_metric(&Targets::classes([0, 1])), "log_loss");
        assert_eq!(compared_metric(&Targets::Values(array![[1.0]])), "r2");
    }

    #[test]
    fn rows_of_weight_zero_are_no_rows() {
        let values = |y: f64| Predictions::Values(array![[y], [2.0 * y]]);
        let truth = Targets::Values(array![[1.0], [3.0]]);
        let found = |weights: [f64; 2]| difference(&truth, &values(1.0), &values(1.5), Some(&weights));
        assert_eq!(found([0.0, 0.0]).missing, Some(UndefinedReason::NoRows));
        assert_eq!(found([0.0, 1.0]).missing, Some(UndefinedReason::ConstantTruth));
        // Errors of 0 and -1, then of 0.5 and 0; the truth is 1 from its mean.
        assert_eq!(found([1.0, 1.0]).value, Some((1.0 - 0.25) / 2.0));
    }
}
