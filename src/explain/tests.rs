//! Importance against what it is by theory.

use std::num::NonZeroUsize;

use ndarray::{Array2, array};
use rand::Rng;
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::data::{BadRows, Encoder, Encoding, LabelledRows, ReadingNotes};
use crate::explain::importance::{ColumnImportance, of_column};
use crate::explain::rows::AskedRows;
use crate::explain::{ExplainOptions, dependence};
use crate::kernel::ThreadPool;
use crate::metrics::Measure;
use crate::nn::{Network, affine, output_affine, softmax_loss, squared_loss, tanh};
use crate::predict::committee::{Committee, NetworkGroup};
use crate::random::stream;
use crate::targets::Targets;

const OPTIONS: ExplainOptions = ExplainOptions {
    seed: 1,
    repeats: 4,
    max_rows: NonZeroUsize::MAX,
    dependence: 2,
    bad_rows: BadRows::Refuse,
    threads: NonZeroUsize::MIN,
};

/// Rows of `features`, `(n, features)`.
fn rows(features: Array2<f64>, truth: Targets, weights: Option<Vec<f64>>) -> LabelledRows<f64> {
    let features = Some(features);
    LabelledRows { x: Array2::zeros((0, 0)), truth, weights, features, notes: ReadingNotes::default() }
}

fn uniform(n: usize, features: usize, sample: u64) -> Array2<f64> {
    let mut random = stream(sample, "test", &[]);
    Array2::from_shape_simple_fn((n, features), || random.random_range(-1.0..1.0))
}

/// The importance of each feature of an encoding without scaling.
fn importance(network: &Network<f64>, encoding: &Encoding, file: LabelledRows<f64>) -> Vec<ColumnImportance> {
    with_rows(network, encoding, file, |asked| {
        let base = asked.predictions(&ThreadPool::single(), &|_, _| {});
        let criteria = asked.criteria(&base);
        let of = |feature| of_column(asked, &criteria, &ThreadPool::single(), feature, "", &OPTIONS);
        (0..asked.features.ncols()).map(of).collect()
    })
}

fn with_rows<T>(
    network: &Network<f64>,
    encoding: &Encoding,
    file: LabelledRows<f64>,
    use_it: impl FnOnce(&AskedRows<'_, f64>) -> T,
) -> T {
    let group =
        NetworkGroup { encoder: Encoder::new(encoding), networks: vec![network], targets: &encoding.targets };
    let committee = Committee { reading: encoding.clone(), groups: vec![group] };
    let all = (0..file.truth.len()).collect();
    use_it(&AskedRows::new(&committee, all, file))
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("x{index}")).collect()
}

/// An encoding of numbers for one value, unscaled.
fn of_values(features: usize) -> Encoding {
    let value = crate::data::ValueTarget {
        column: "y".to_owned(),
        scaling: crate::data::Scaling { offset: 0.0, divisor: 1.0 },
    };
    let plain = Encoding::plain(names(features), Vec::new());
    Encoding { targets: crate::data::TargetEncoding::Values(vec![value]), ..plain }
}

fn holds(measure: Measure, value: f64) -> bool {
    measure.interval.is_some_and(|interval| interval.low <= value && value <= interval.high)
}

/// Fails if so few or many of `trials` are less probable than one in a million with the promised coverage.
#[track_caller]
fn assert_coverage(what: &str, held: u64, trials: u64) {
    let count = Binomial::new(0.95, trials).expect("a distribution");
    let (low, high) = (count.inverse_cdf(5e-7), count.inverse_cdf(1.0 - 5e-7));
    assert!((low..=high).contains(&held), "{what}: {held} of {trials}, expected {low} to {high}");
}

#[test]
fn the_interval_of_noise_holds_zero_in_95_percent_of_all_samples() {
    // The network uses both features, but neither says anything about the class.
    let layers = [affine(8), tanh(), output_affine(), softmax_loss()];
    let network = Network::<f64>::build(&layers, 2, 2, 5);
    let encoding = Encoding::plain(names(2), vec!["no".to_owned(), "yes".to_owned()]);
    let trials = 150;
    let (mut loss, mut score) = (0, 0);
    for sample in 0..trials {
        let mut random = stream(sample, "test", &[1]);
        let truth = (0..120).map(|_| u32::from(random.random_bool(0.4))).collect();
        let found =
            importance(&network, &encoding, rows(uniform(120, 2, sample), Targets::Classes(truth), None));
        loss += u64::from(holds(found[0].loss, 0.0));
        score += u64::from(holds(found[0].score, 0.0));
    }
    assert_coverage("log loss", loss, trials);
    assert_coverage("accuracy", score, trials);
}

#[test]
fn the_interval_holds_the_importance_that_follows_from_the_function() {
    // y = 3 a + b + noise is predicted as 3 a + b; the mean square rises by 2 * 9 * Var(a), with Var(a) = 1/3.
    let layers = [output_affine(), squared_loss()];
    let mut network = Network::<f64>::build(&layers, 2, 1, 5);
    for param in network.params_mut() {
        param.value = if param.name == "affine_1.weight" { array![[3.0], [1.0]] } else { array![[0.0]] };
    }
    let (noise, of_y) = (1.0_f64 / 3.0, 11.0 / 3.0);
    let expected = ((noise + 6.0_f64).sqrt() - noise.sqrt(), 6.0 / of_y);
    let encoding = of_values(2);
    let trials = 150;
    let (mut loss, mut score) = (0, 0);
    for sample in 0..trials {
        let features = uniform(150, 2, sample);
        let mut random = stream(sample, "test", &[1]);
        let y = features.rows().into_iter().map(|x| 3.0 * x[0] + x[1] + random.random_range(-1.0..1.0));
        let y = Array2::from_shape_vec((150, 1), y.collect()).expect("a column");
        let found = importance(&network, &encoding, rows(features, Targets::Values(y), None));
        loss += u64::from(holds(found[0].loss, expected.0));
        score += u64::from(holds(found[0].score, expected.1));
    }
    assert_coverage("rmse", loss, trials);
    assert_coverage("r2", score, trials);
}

#[test]
fn rows_of_weight_zero_and_unused_columns_have_no_effect() {
    let layers = [output_affine(), squared_loss()];
    let mut network = Network::<f64>::build(&layers, 2, 1, 5);
    for param in network.params_mut() {
        param.value = if param.name == "affine_1.weight" { array![[1.0], [0.0]] } else { array![[0.0]] };
    }
    let features = uniform(50, 2, 3);
    let y = features.slice(ndarray::s![.., ..1]).mapv(|x| 2.0 * x);
    let found = importance(&network, &of_values(2), rows(features.clone(), Targets::Values(y.clone()), None));
    assert_eq!((found[1].loss.value, found[1].loss.interval), (Some(0.0), None));
    assert!(found[1].repeats.iter().all(|rise| *rise == 0.0));
    // Equal weights are none.
    let weighted =
        importance(&network, &of_values(2), rows(features, Targets::Values(y), Some(vec![2.5; 50])));
    let (Some(with), Some(without)) = (weighted[0].loss.value, found[0].loss.value) else { panic!("values") };
    assert!((with - without).abs() < 1e-12 * without, "{with} {without}");
    let mean = found[0].repeats.iter().sum::<f64>() / 4.0;
    assert!(
        (mean - without).abs() < 0.05 * without,
        "the mean over repeats, but for the root: {mean} {without}"
    );
}

#[test]
fn partial_dependence_of_a_sum_is_its_part() {
    let layers = [output_affine(), squared_loss()];
    let mut network = Network::<f64>::build(&layers, 2, 1, 5);
    for param in network.params_mut() {
        param.value = if param.name == "affine_1.weight" { array![[3.0], [1.0]] } else { array![[10.0]] };
    }
    let features = array![[1.0, 4.0], [2.0, 5.0], [2.0, 6.0]];
    let file = rows(features, Targets::Values(array![[0.0], [0.0], [0.0]]), Some(vec![1.0, 1.0, 2.0]));
    let found = with_rows(&network, &of_values(2), file, |asked| {
        dependence::of_columns(asked, &[0], 1, NonZeroUsize::MIN)
    });
    // The weighted mean of the second feature is 21/4.
    let points: Vec<_> =
        found[0].points.iter().map(|point| (point.number, point.rows, point.means[0])).collect();
    assert_eq!(points, [(Some(1.0), 1, 18.25), (Some(2.0), 2, 21.25)]);
}

#[test]
fn a_column_without_a_value_has_no_partial_dependence() {
    let network = Network::<f64>::build(&[output_affine(), squared_loss()], 2, 1, 5);
    let features = array![[f64::NAN, 4.0], [f64::NAN, 5.0]];
    let file = rows(features, Targets::Values(array![[0.0], [0.0]]), None);
    let found = with_rows(&network, &of_values(2), file, |asked| {
        dependence::of_columns(asked, &[0, 1], 1, NonZeroUsize::MIN)
    });
    let columns: Vec<_> = found.iter().map(|column| (column.column.as_str(), column.points.len())).collect();
    assert_eq!(columns, [("x1", 2)]);
}

#[test]
fn importance_in_a_tiny_unit_has_an_interval() {
    let mut network = Network::<f64>::build(&[output_affine(), squared_loss()], 1, 1, 5);
    for param in network.params_mut() {
        param.value = if param.name == "affine_1.weight" { array![[1e-15]] } else { array![[0.0]] };
    }
    let features = uniform(60, 1, 3);
    let y = features.mapv(|x| 1e-15 * (x + 0.3 * (9.0 * x).sin()));
    let found = importance(&network, &of_values(1), rows(features, Targets::Values(y), None));
    assert!(found[0].loss.interval.is_some_and(|interval| interval.low > 0.0), "{:?}", found[0].loss);
}
