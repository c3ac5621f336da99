//! Metrics against scikit-learn, and where they have no value.

use bntrain::metrics::{
    CALIBRATION_BINS, Classification, Interval, Measure, Predictions, Regression, UndefinedReason, difference,
};
use bntrain::nn::log_probabilities;
use bntrain::targets::Targets;
use ndarray::{Array2, ArrayView2, array};
use serde_json::Value;

use crate::support::json::{entries, golden, labels, matrix, number, numbers};

/// The ends of intervals rest on numeric derivatives.
const OF_ENDS: f64 = 1e-6;

#[track_caller]
fn assert_near(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{what}: {actual}, not {expected}"
    );
}

/// `expected` has value, low and high, or is null.
#[track_caller]
fn assert_measure(what: &str, actual: Measure, expected: &Value) {
    assert_eq!(actual.value.is_some(), !expected.is_null(), "{what}: {actual:?}");
    let Some(value) = actual.value else { return };
    let Interval { low, high } = actual.interval.expect(what);
    assert_near(what, value, number(&expected["value"]), 1e-9);
    assert_near(&format!("lower end of {what}"), low, number(&expected["low"]), OF_ENDS);
    assert_near(&format!("upper end of {what}"), high, number(&expected["high"]), OF_ENDS);
}

fn weights(case: &Value) -> Option<Vec<f64>> {
    (!case["weights"].is_null()).then(|| numbers(&case["weights"]))
}

#[test]
fn metrics_of_classes_are_those_of_scikit_learn() {
    let golden = golden("metrics.json");
    assert_eq!(golden["bins"], CALIBRATION_BINS);
    for (name, case) in entries(&golden["classes"]) {
        let (truth, weights) = (labels(&case["truth"]), weights(case));
        let predictions = matrix(&case["log_probabilities"]);
        let found = Classification::of(&truth, predictions.view(), weights.as_deref());
        // scikit-learn has no classwise calibration error; it is tested beside its code.
        for (metric, measure) in found.measures().into_iter().filter(|(metric, _)| *metric != "classwise_ece")
        {
            assert_measure(&format!("{metric} of {name}"), measure, &case[metric]);
        }
        assert_eq!(found.confusion.n_classes(), found.classes.len());
        for (class, expected) in case["confusion"].as_array().expect("rows").iter().enumerate() {
            let row: Vec<u64> = (0..found.classes.len() as u32)
                .map(|prediction| found.confusion.rows(class as u32, prediction))
                .collect();
            assert_eq!(serde_json::json!(row), *expected, "confusion of {name}");
            assert_eq!(found.classes[class].rows, row.iter().sum::<u64>());
        }
        for (class, measures) in found.classes.iter().enumerate() {
            let what = |metric| format!("{metric} of class {class} of {name}");
            assert_measure(&what("recall"), measures.recall, &case["recall"][class]);
            assert_measure(&what("precision"), measures.precision, &case["precision"][class]);
            assert_eq!(measures.f1.value.is_some(), !case["f1"][class].is_null(), "{}", what("F1"));
            if let Some(f1) = measures.f1.value {
                assert_near(&what("F1"), f1, number(&case["f1"][class]), 1e-12);
            }
        }
        let counts: Vec<f64> = (1..=found.classes.len()).map(|count| count as f64).collect();
        let baseline = Classification::of_frequencies(&truth, &counts, weights.as_deref());
        assert_near(
            &format!("log loss of the baseline of {name}"),
            baseline.log_loss.value.expect("a value"),
            number(&case["baseline_log_loss"]),
            1e-12,
        );
        assert_eq!(baseline.auc.value, Some(0.5), "{name}");
    }
}

#[test]
fn metrics_of_values_are_those_of_scikit_learn() {
    for (name, case) in entries(&golden("metrics.json")["values"]) {
        let (truth, predictions) = (matrix(&case["truth"]), matrix(&case["predictions"]));
        let weights = weights(case);
        let found = Regression::of(truth.view(), predictions.view(), weights.as_deref());
        let counted =
            weights.as_ref().map_or(truth.nrows(), |all| all.iter().filter(|&&one| one > 0.0).count());
        assert_eq!(found.n_rows, counted as u64, "{name}");
        let offset = number(&case["offset"]);
        let baseline = Regression::of_means(truth.view(), &[offset, offset], weights.as_deref());
        for (index, target) in found.targets.iter().enumerate() {
            let expected = &case["targets"][index];
            for (metric, measure) in target.measures() {
                assert_measure(&format!("{metric} of {name}"), measure, &expected[metric]);
            }
            let mae = baseline.targets[index].mae.value.expect("a value");
            assert_near(&format!("baseline of {name}"), mae, number(&expected["baseline_mae"]), 1e-9);
        }
    }
}

fn classes(truth: &[u32], probabilities: ArrayView2<'_, f64>, weights: Option<&[f64]>) -> Classification {
    Classification::of(truth, probabilities.mapv(f64::ln).view(), weights)
}

#[track_caller]
fn assert_missing(measure: Measure, missing: UndefinedReason) {
    assert_eq!((measure.value, measure.interval, measure.missing), (None, None, Some(missing)));
}

#[test]
fn what_is_not_defined_has_a_reason() {
    let one_class = classes(&[1, 1, 1], array![[0.4, 0.6], [0.3, 0.7], [0.6, 0.4]].view(), None);
    assert_missing(one_class.auc, UndefinedReason::OneClass);
    assert_missing(one_class.classes[0].recall, UndefinedReason::NoRows);
    assert_eq!(one_class.classes[0].precision.value, Some(0.0));
    assert_eq!(one_class.classes[0].f1.value, Some(0.0));
    assert_eq!(one_class.balanced_accuracy.value, one_class.classes[1].recall.value);

    let never_predicted = classes(&[0, 1], array![[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]].view(), None);
    assert_missing(never_predicted.classes[1].precision, UndefinedReason::NoRows);
    assert_missing(never_predicted.classes[2].f1, UndefinedReason::NoRows);

    let impossible = classes(&[0, 1], array![[0.6, 0.4], [1.0, 0.0]].view(), None);
    assert_missing(impossible.log_loss, UndefinedReason::NotFinite);

    let constant = Regression::of(array![[0.1], [0.1]].view(), array![[0.0], [1.0]].view(), None);
    assert_missing(constant.targets[0].r2, UndefinedReason::ConstantTruth);
    let large = Regression::of(array![[1e200], [-1e200]].view(), array![[0.0], [1.0]].view(), None);
    assert_missing(large.targets[0].rmse, UndefinedReason::NotFinite);
    assert_eq!(large.targets[0].mae.value, Some(1e200));
}

#[test]
fn without_rows_that_count_nothing_is_defined() {
    let none = Array2::zeros((0, 2));
    let weightless = array![[-0.1, -2.0], [-1.0, -0.5]];
    for found in [
        Classification::of(&[], none.view(), None),
        Classification::of(&[0, 1], weightless.view(), Some(&[0.0, 0.0])),
    ] {
        assert_eq!(found.n_rows, 0);
        for (_, measure) in found.measures() {
            assert_missing(measure, UndefinedReason::NoRows);
        }
    }
    for found in [
        Regression::of(none.view(), none.view(), None),
        Regression::of(weightless.view(), weightless.view(), Some(&[0.0, 0.0])),
    ] {
        for (_, measure) in found.targets.iter().flat_map(|target| target.measures()) {
            assert_missing(measure, UndefinedReason::NoRows);
        }
    }
}

/// Where every row is right, shares still have an interval: Wilson's does not shrink to a point.
#[test]
fn perfect_predictions_are_not_certain_ones() {
    let perfect = classes(&[0, 1, 0, 1], array![[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]].view(), None);
    let Interval { low, high } = perfect.accuracy.interval.expect("an interval");
    assert!(0.5 < low && low < 0.52 && high == 1.0, "{low} {high}");
    assert!(perfect.balanced_accuracy.interval.expect("an interval").low < 0.6);
    for measure in [perfect.macro_f1, perfect.auc, perfect.log_loss] {
        assert!(measure.value.is_some());
        assert_eq!((measure.interval, measure.missing), (None, Some(UndefinedReason::NoSpread)));
    }
    let exact = Regression::of(array![[1.0], [2.0]].view(), array![[1.0], [2.0]].view(), None);
    assert_eq!((exact.targets[0].rmse.value, exact.targets[0].r2.value), (Some(0.0), Some(1.0)));
    assert_eq!(exact.targets[0].rmse.missing, Some(UndefinedReason::NoSpread));
    let single = Regression::of(array![[1.0]].view(), array![[2.0]].view(), None);
    assert_eq!(
        (single.targets[0].mae.value, single.targets[0].mae.missing),
        (Some(1.0), Some(UndefinedReason::OneRow))
    );
}

/// A row of weight 2 counts like two rows, one of weight 0 like none.
#[test]
fn weights_that_add_up_with_rounding_leave_a_perfect_ranking_perfect() {
    let truth: Vec<u32> = (0..30).map(|row| u32::from(row % 3 == 0)).collect();
    let weights: Vec<f64> = (0..30).map(|row| 0.1 + 0.7 * f64::from(row % 7)).collect();
    let right = Array2::from_shape_fn((30, 2), |(row, class)| {
        if truth[row] as usize == class { 0.9 - row as f64 / 1000.0 } else { 0.1 + row as f64 / 1000.0 }
    });
    let auc = classes(&truth, right.view(), Some(&weights)).auc;
    assert_eq!((auc.value, auc.interval), (Some(1.0), None));
}

#[test]
fn weights_are_rows_that_are_repeated() {
    let truth = [0, 1, 2, 1, 0, 2];
    let p = array![
        [0.7, 0.2, 0.1],
        [0.3, 0.4, 0.3],
        [0.5, 0.3, 0.2],
        [0.1, 0.2, 0.7],
        [0.4, 0.35, 0.25],
        [0.05, 0.05, 0.9]
    ];
    let counts = [1, 2, 0, 3, 1, 2];
    let weighted = classes(&truth, p.view(), Some(&counts.map(f64::from)));
    let rows: Vec<usize> = (0..6).flat_map(|row| std::iter::repeat_n(row, counts[row] as usize)).collect();
    let truth: Vec<u32> = rows.iter().map(|&row| truth[row]).collect();
    let repeated = classes(&truth, p.select(ndarray::Axis(0), &rows).view(), None);
    for ((name, weighted), (_, repeated)) in weighted.measures().into_iter().zip(repeated.measures()) {
        assert_near(name, weighted.value.expect(name), repeated.value.expect(name), 1e-14);
    }
    assert_eq!((weighted.n_rows, repeated.n_rows), (5, 9));
}

/// By chance alone: the mean over many draws of right and wrong from the probabilities themselves.
#[test]
fn the_calibration_error_by_chance_is_what_chance_gives() {
    use rand::Rng;
    let mut random = bntrain::random::stream(1, "test", &[]);
    let n = 400;
    let p = Array2::from_shape_fn((n, 2), |(row, class)| {
        let p: f64 = 0.5 + 0.49 * (row as f64 / n as f64);
        if class == 0 { p } else { 1.0 - p }
    });
    let mut errors = Vec::new();
    let mut by_chance = 0.0;
    for _ in 0..300 {
        let truth: Vec<u32> =
            p.rows().into_iter().map(|row| u32::from(random.random::<f64>() >= row[0])).collect();
        let found = classes(&truth, p.view(), None);
        errors.push(found.calibration_error.value.expect("a value"));
        by_chance = found.calibration_error_by_chance.expect("a value");
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    // A normal distribution replaces a binomial one of about 27 rows.
    assert!((mean / by_chance - 1.0).abs() < 0.05, "{mean} {by_chance}");
}

/// The logarithm of the probability of class 1 is 0 for both rows, that of class 0 is not.
#[test]
fn two_sure_rows_are_ranked_by_how_sure_they_are() {
    let predictions = [log_probabilities(vec![800.0]), log_probabilities(vec![900.0])].concat();
    let predictions = Array2::from_shape_vec((2, 2), predictions).expect("two rows of two classes");
    let area = |truth: &[u32]| Classification::of(truth, predictions.view(), None).auc.value;
    assert_eq!((area(&[0, 1]), area(&[1, 0])), (Some(1.0), Some(0.0)));
}

#[test]
fn heavy_rows_make_chance_matter_more() {
    let predictions = array![[0.8, 0.2], [0.8, 0.2], [0.3, 0.7]].mapv(f64::ln);
    let found = Classification::of(&[0, 1, 1], predictions.view(), Some(&[1.0, 3.0, 0.0]));
    // Both rows that count are in one bin: the sum of w^2 p (1 - p) is 10 times 0.16.
    let expected = (2.0 / std::f64::consts::PI).sqrt() * 1.6_f64.sqrt() / 4.0;
    assert_near("by chance", found.calibration_error_by_chance.expect("there are rows"), expected, 1e-15);
}

/// Whatever is answered to it.
#[test]
fn a_row_of_weight_0_has_no_part_in_a_difference() {
    let weights = [1.0, 2.0, 0.5, 0.0];
    let without = Some(&weights[..3]);
    let truth = |rows: usize| Targets::Classes(vec![0, 1, 1, 0][..rows].to_vec());
    let classes = |p: [f64; 4], rows: usize| {
        Predictions::Classes(Array2::from_shape_fn((rows, 2), |(row, class)| {
            [p[row], 1.0 - p[row]][class].ln()
        }))
    };
    let (first, second) = ([0.5, 0.25, 0.5, 0.5], [0.75, 0.5, 0.25, 0.0]);
    assert_eq!(
        difference(&truth(4), &classes(first, 4), &classes(second, 4), Some(&weights)),
        difference(&truth(3), &classes(first, 3), &classes(second, 3), without)
    );
    let values = |values: [f64; 4], rows: usize| Array2::from_shape_fn((rows, 1), |(row, _)| values[row]);
    let truth = |rows: usize| Targets::Values(values([1.0, 2.0, 4.0, 8.0], rows));
    let answers = |all: [f64; 4], rows: usize| Predictions::Values(values(all, rows));
    assert_eq!(
        difference(&truth(4), &answers(first, 4), &answers(second, 4), Some(&weights)),
        difference(&truth(3), &answers(first, 3), &answers(second, 3), without)
    );
}

/// The mean over rows, with the interval that a paired t test has.
#[test]
fn differences_are_paired() {
    let truth = Targets::Classes(vec![0, 1, 1, 0, 1]);
    let answers = |p: [f64; 5]| {
        Predictions::Classes(Array2::from_shape_fn((5, 2), |(row, class)| {
            if class == 1 { p[row].ln() } else { (1.0 - p[row]).ln() }
        }))
    };
    let (first, second) = ([0.2, 0.7, 0.4, 0.6, 0.9], [0.1, 0.8, 0.3, 0.5, 0.95]);
    let found = difference(&truth, &answers(first), &answers(second), None);
    let loss = |row: usize, p: f64| if [1, 2, 4].contains(&row) { -p.ln() } else { -(1.0 - p).ln() };
    let gains: Vec<f64> = (0..5).map(|row| loss(row, second[row]) - loss(row, first[row])).collect();
    let mean = gains.iter().sum::<f64>() / 5.0;
    let spread = (gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
    let half = 2.776_445_105 * spread / 5.0_f64.sqrt();
    assert_near("difference", found.value.expect("a value"), mean, 1e-14);
    let Interval { low, high } = found.interval.expect("an interval");
    assert_near("lower end", low, mean - half, 1e-9);
    assert_near("upper end", high, mean + half, 1e-9);
    let same = difference(&truth, &answers(first), &answers(first), None);
    assert_eq!((same.value, same.interval, same.missing), (Some(0.0), None, Some(UndefinedReason::NoSpread)));
}

/// The same as the difference of the two values, whatever the weights; and its influences are the
/// derivatives with respect to them.
#[test]
fn differences_of_r2_are_those_of_the_metric() {
    let case = &golden("metrics.json")["values"]["weighted"];
    let truth = matrix(&case["truth"]);
    let first = matrix(&case["predictions"]);
    let second = 0.9 * &first + 0.1 * &truth + 0.3;
    let weights = numbers(&case["weights"]);
    let r2 = |predictions: &Array2<f64>, weights: &[f64]| {
        let targets = Regression::of(truth.view(), predictions.view(), Some(weights)).targets;
        targets.iter().map(|target| target.r2.value.expect("a value")).sum::<f64>() / targets.len() as f64
    };
    let of = |weights: &[f64]| r2(&second, weights) - r2(&first, weights);
    let (truth_of, values) =
        (Targets::Values(truth.clone()), |values: &Array2<f64>| Predictions::Values(values.clone()));
    let found = difference(&truth_of, &values(&first), &values(&second), Some(&weights));
    assert_near("difference", found.value.expect("a value"), of(&weights), 1e-12);
    let squares: f64 = (0..weights.len())
        .map(|row| {
            let slope = |step: f64| {
                let mut moved = weights.clone();
                moved[row] += step;
                of(&moved)
            };
            (weights[row] * (slope(1e-4) - slope(-1e-4)) / 2e-4).powi(2)
        })
        .sum();
    let n = weights.len() as f64;
    let Interval { low, high } = found.interval.expect("an interval");
    // Student's t with 49 degrees of freedom.
    assert_near("width", high - low, 2.0 * 2.009_575_2 * (n / (n - 1.0) * squares).sqrt(), 1e-6);
}
