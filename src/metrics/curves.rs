//! How good the ranking and the probabilities of a class are, along all thresholds: ROC, precision and recall, lift,
//! reliability.

use ndarray::ArrayView2;

use crate::metrics::calibration::bin;
use crate::metrics::interval::{Sums, share};
use crate::metrics::{CALIBRATION_BINS, Measure, UndefinedReason};

/// The curves of one class against all others.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCurves {
    /// Its index.
    pub class: usize,
    /// From no row above the threshold to all; the first point has none. Rows with equal scores are one point.
    pub points: Vec<ThresholdPoint>,
    /// The share of the rows, by weight, that are of the class.
    pub share: f64,
    /// The area under the ROC curve, by trapezoids, which counts a pair of equal scores as half.
    pub auc: f64,
    /// The sum over points of precision times the rise of recall.
    pub average_precision: f64,
    /// Those of [`CALIBRATION_BINS`] bins of equal width with rows, upwards.
    pub reliability: Vec<ReliabilityBin>,
}

/// The rows whose probability of the class is at least a threshold. Shares are by weight, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdPoint {
    /// The smallest probability among them; infinite where there are none.
    pub threshold: f64,
    /// The share of all rows that are chosen.
    pub rows: f64,
    /// The share of the rows of the class that are chosen: recall, gain.
    pub true_positive_rate: f64,
    /// The share of the other rows that are chosen.
    pub false_positive_rate: f64,
}

/// Rows whose probability of the class is in the same bin: from `low`, without `high`, which only the last bin has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The lower end of the bin, `index / bins`.
    pub low: f64,
    /// The upper end, `(index + 1) / bins`; at most 1.
    pub high: f64,
    /// The number of rows.
    pub rows: u64,
    /// Their share of the weight of all rows, from 0 to 1.
    pub weight: f64,
    /// The weighted mean of the probability.
    pub mean_probability: f64,
    /// The share that is of the class, with its interval.
    pub share: Measure,
}

impl ClassCurves {
    /// The share of the chosen rows that are of the class, `share * true positive rate / rows`, from 0 to 1; none where no
    /// row is chosen.
    pub fn precision(&self, point: &ThresholdPoint) -> Option<f64> {
        (point.rows > 0.0).then(|| self.share * point.true_positive_rate / point.rows)
    }

    /// How many times as frequent the class is among the chosen rows as among all: `true positive rate / rows`, from 0 to
    /// `1 / share`; none where no row is chosen.
    pub fn lift(&self, point: &ThresholdPoint) -> Option<f64> {
        (point.rows > 0.0).then(|| point.true_positive_rate / point.rows)
    }

    /// `sum over bins of |share - mean probability| * weight`, from 0 to 1.
    pub fn calibration_error(&self) -> f64 {
        let gap = |bin: &ReliabilityBin| {
            bin.share.value.map_or(0.0, |share| bin.weight * (share - bin.mean_probability).abs())
        };
        self.reliability.iter().map(gap).sum()
    }
}

/// The curves of the second of two classes, else of each class; none of a class without rows, or without others. Rows of
/// weight 0 do not count.
///
/// `truth` has the class of each row, from 0; `log_probabilities` is `(rows, classes)`; weights are at least 0, and 1 if
/// there are none. Rows are ranked by the logarithm of the probability, of two classes by that of the odds.
///
/// # Panics
///
/// If there are not as many predictions or weights as rows.
pub fn class_curves(
    truth: &[u32],
    log_probabilities: ArrayView2<'_, f64>,
    weights: Option<&[f64]>,
) -> Vec<ClassCurves> {
    assert_eq!(truth.len(), log_probabilities.nrows(), "a prediction for each row");
    let n_classes = log_probabilities.ncols();
    let classes = if n_classes == 2 { 1..2 } else { 0..n_classes };
    classes.filter_map(|class| of_class(class, truth, log_probabilities, weights)).collect()
}

/// A row, as it is ranked.
struct RankedRow {
    score: f64,
    probability: f64,
    weight: f64,
    is_class: bool,
}

fn of_class(
    class: usize,
    truth: &[u32],
    log_probabilities: ArrayView2<'_, f64>,
    weights: Option<&[f64]>,
) -> Option<ClassCurves> {
    let is_binary = log_probabilities.ncols() == 2;
    let mut rows: Vec<RankedRow> = log_probabilities
        .rows()
        .into_iter()
        .zip(truth)
        .enumerate()
        .map(|(index, (logarithms, &truth))| RankedRow {
            // As for the area under the curve: this does not round to a tie where the probability does.
            score: if is_binary { logarithms[1] - logarithms[0] } else { logarithms[class] },
            probability: logarithms[class].exp(),
            weight: weights.map_or(1.0, |weights| weights[index]),
            is_class: truth as usize == class,
        })
        .filter(|row| row.weight > 0.0)
        .collect();
    rows.sort_by(|left, right| right.score.total_cmp(&left.score));
    let weight_of =
        |side: bool| rows.iter().filter(|row| row.is_class == side).map(|row| row.weight).sum::<f64>();
    let (of_class, others) = (weight_of(true), weight_of(false));
    if of_class <= 0.0 || others <= 0.0 {
        return None;
    }
    let none = ThresholdPoint {
        threshold: f64::INFINITY,
        rows: 0.0,
        true_positive_rate: 0.0,
        false_positive_rate: 0.0,
    };
    let mut points = vec![none];
    let (mut tp, mut fp) = (0.0, 0.0);
    let (mut auc, mut average_precision) = (0.0, 0.0);
    for ties in rows.chunk_by(|left, right| left.score == right.score) {
        let (tp_before, fp_before) = (tp, fp);
        for row in ties {
            *(if row.is_class { &mut tp } else { &mut fp }) += row.weight;
        }
        auc += (fp - fp_before) / others * (tp + tp_before) / (2.0 * of_class);
        average_precision += (tp - tp_before) / of_class * tp / (tp + fp);
        points.push(ThresholdPoint {
            threshold: ties.last().map_or(0.0, |row| row.probability),
            rows: (tp + fp) / (of_class + others),
            true_positive_rate: tp / of_class,
            false_positive_rate: fp / others,
        });
    }
    let reliability = reliability(&rows, of_class + others);
    let share = of_class / (of_class + others);
    Some(ClassCurves { class, points, share, auc, average_precision, reliability })
}

fn reliability(rows: &[RankedRow], total: f64) -> Vec<ReliabilityBin> {
    let width = 1.0 / CALIBRATION_BINS as f64;
    let of_bin = |index: usize| {
        let in_bin = || rows.iter().filter(move |row| bin(row.probability) == index);
        let weight: f64 = in_bin().map(|row| row.weight).sum();
        let squares: f64 = in_bin().map(|row| row.weight * row.weight).sum();
        // From 0, since the sum of no numbers is -0.
        let part = in_bin().filter(|row| row.is_class).fold(0.0, |sum, row| sum + row.weight);
        let n = in_bin().count() as u64;
        (n > 0).then(|| ReliabilityBin {
            low: width * index as f64,
            high: width * (index + 1) as f64,
            rows: n,
            weight: weight / total,
            mean_probability: in_bin().map(|row| row.weight * row.probability).sum::<f64>() / weight,
            share: match weight > 0.0 {
                true => share(part, Sums { rows: n, weight, squares }),
                false => Measure::undefined(UndefinedReason::NoRows),
            },
        })
    };
    (0..CALIBRATION_BINS).filter_map(of_bin).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::metrics::Classification;

    fn binary(p: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn(
            (p.len(), 2),
            |(row, class)| if class == 1 { p[row].ln() } else { (1.0 - p[row]).ln() },
        )
    }

    #[test]
    fn curves_are_those_found_by_hand() {
        // By falling probability: yes .9; yes and no .7; no .4; yes .2.
        let logarithms = binary(&[0.9, 0.7, 0.7, 0.4, 0.2]);
        let found = class_curves(&[1, 1, 0, 0, 1], logarithms.view(), None);
        let [curves] = &found[..] else { panic!("one class") };
        let points: Vec<_> = curves
            .points
            .iter()
            .map(|point| (point.rows, 3.0 * point.true_positive_rate, 2.0 * point.false_positive_rate))
            .collect();
        assert_eq!(
            points,
            [(0.0, 0.0, 0.0), (0.2, 1.0, 0.0), (0.6, 2.0, 1.0), (0.8, 2.0, 2.0), (1.0, 3.0, 2.0)]
        );
        let precision: Vec<_> = curves.points.iter().map(|point| curves.precision(point)).collect();
        assert_eq!(precision[0], None);
        for (found, expected) in precision[1..].iter().zip([1.0, 2.0 / 3.0, 0.5, 0.6]) {
            assert!((found.expect("a precision") - expected).abs() < 1e-15);
        }
        assert_eq!(curves.lift(&curves.points[0]), None);
        // 1/3 of all rows of the class among a fifth of the rows.
        assert!((curves.lift(&curves.points[1]).expect("a lift") - 5.0 / 3.0).abs() < 1e-15);
        // Pairs: .9 wins 2 of 2, .7 wins 1.5, .2 none: 3.5 of 6.
        assert!((curves.auc - 3.5 / 6.0).abs() < 1e-15, "{}", curves.auc);
        // 1/3 * 1 + 1/3 * 2/3 + 1/3 * 3/5.
        assert!((curves.average_precision - (1.0 + 2.0 / 3.0 + 0.6) / 3.0).abs() < 1e-15);
        let thresholds: Vec<f64> = curves.points[1..].iter().map(|point| point.threshold).collect();
        for (found, expected) in thresholds.iter().zip([0.9, 0.7, 0.4, 0.2]) {
            assert!((found - expected).abs() < 1e-15);
        }
        let bins: Vec<_> = curves.reliability.iter().map(|bin| (bin.rows, bin.share.value)).collect();
        // Bins of a fifteenth: .2 is in the fourth, .4 in the seventh, .7 in the eleventh, .9 in the 14th.
        assert_eq!(bins, [(1, Some(1.0)), (1, Some(0.0)), (2, Some(0.5)), (1, Some(1.0))]);
        assert_eq!(bins[1].1.map(f64::to_bits), Some(0), "without a sign");
        // (.8 + .4 + 2 * .2 + .1) / 5.
        assert!((curves.calibration_error() - 0.34).abs() < 1e-12, "{}", curves.calibration_error());
    }

    #[test]
    fn bins_of_reliability_are_weighted() {
        let truth = [1, 0, 0, 1];
        let curves =
            class_curves(&truth, binary(&[0.7, 0.71, 0.95, 0.1]).view(), Some(&[3.0, 1.0, 2.0, 2.0]));
        let [first, second, last] = &curves[0].reliability[..] else { panic!("three bins") };
        for (bin, index) in [(first, 1.0), (second, 10.0), (last, 14.0)] {
            assert!(
                (bin.low - index / 15.0).abs() < 1e-15 && (bin.high - (index + 1.0) / 15.0).abs() < 1e-15
            );
        }
        assert!((second.mean_probability - (3.0 * 0.7 + 0.71) / 4.0).abs() < 1e-15);
        assert_eq!((second.rows, second.weight), (2, 0.5));
        assert_eq!(second.share, share(3.0, Sums { rows: 2, weight: 4.0, squares: 10.0 }));
    }

    #[test]
    fn areas_and_errors_agree_with_the_metrics() {
        let logarithms =
            array![[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.2, 0.2, 0.6], [0.5, 0.1, 0.4]]
                .mapv(f64::ln);
        let truth = [0, 1, 1, 2, 2];
        let weights = [1.0, 0.5, 2.0, 0.0, 3.0];
        for weights in [None, Some(&weights[..])] {
            let curves = class_curves(&truth, logarithms.view(), weights);
            let metrics = Classification::of(&truth, logarithms.view(), weights);
            let n = curves.len() as f64;
            let auc = curves.iter().map(|curves| curves.auc).sum::<f64>() / n;
            assert!((auc - metrics.auc.value.expect("an area")).abs() < 1e-14, "{auc}");
            let error = curves.iter().map(ClassCurves::calibration_error).sum::<f64>() / n;
            assert!((error - metrics.classwise_ece.value.expect("an error")).abs() < 1e-14, "{error}");
        }
        assert_eq!(class_curves(&[1, 1], binary(&[0.5, 0.6]).view(), None), []);
    }
}
