//! How often the intervals hold what they say, for real runs. `docs/run-directory.md` has the figures.

use rand::Rng;

use crate::experiment::statistics::{PairedComparison, PairedForm, Reading};
use crate::random::stream;

/// Results of `configs/mlp_bn.toml` with `compare.seeds = 200`.
const RUNS: &str = include_str!("../../../tests/golden/mlp_bn_200_seeds.csv");

/// Studies with some of the seeds.
const STUDIES: usize = 1000;

/// Pairs of a measure: with batch norm and without.
fn pairs(measure: &str) -> Vec<(f64, f64)> {
    let mut lines = RUNS.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let header = lines.next().expect("a header");
    let column = |norm: &str| {
        let name = format!("{norm}_{measure}");
        header.iter().position(|column| *column == name).expect("a column")
    };
    let columns = [column("batch_norm"), column("none")];
    let number = |line: &[&str], column: usize| line[column].parse().expect("a number");
    lines.map(|line| (number(&line, columns[0]), number(&line, columns[1]))).collect()
}

/// The share of studies of `n` seeds, drawn with replacement, in which `holds`, given what all seeds say and what
/// these do.
fn share_of_studies(
    form: PairedForm,
    pairs: &[(f64, f64)],
    n: usize,
    holds: impl Fn(&PairedComparison, &PairedComparison) -> bool,
) -> f64 {
    let compare = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
        PairedComparison::of(
            form,
            pairs.map(|(first, second)| (Reading::Value(first), Reading::Value(second))),
        )
    };
    let all = compare(&mut pairs.iter().copied());
    let mut random = stream(1, "test", &[n as u64]);
    let held = (0..STUDIES).filter(|_| {
        let mut drawn = (0..n).map(|_| pairs[random.random_range(0..pairs.len())]);
        holds(&all, &compare(&mut drawn))
    });
    held.count() as f64 / STUDIES as f64
}

fn mean_is_in_interval(all: &PairedComparison, study: &PairedComparison) -> bool {
    let (mean, interval) = (all.mean.expect("a mean"), study.interval.expect("an interval"));
    interval.low <= mean && mean <= interval.high
}

fn median_is_in_interval(all: &PairedComparison, study: &PairedComparison) -> bool {
    let (median, interval) = (all.median.expect("a median"), study.median_interval.expect("an interval"));
    interval.low.is_some_and(|low| low <= median) && interval.high.is_some_and(|high| median <= high)
}

#[test]
fn intervals_of_the_mean_hold_it_as_often_as_they_say() {
    for (measure, form) in
        [("valid_loss", PairedForm::Ratio), ("valid_accuracy", PairedForm::ShareDifference)]
    {
        let pairs = pairs(measure);
        assert_eq!(pairs.len(), 200);
        for n in [5, 10, 20] {
            let coverage = share_of_studies(form, &pairs, n, mean_is_in_interval);
            assert!((0.90..=0.98).contains(&coverage), "{measure}, {n} seeds: {coverage}");
        }
    }
}

/// Of the training loss as well, which jumps at the end of one run in thirty.
#[test]
fn intervals_of_the_median_hold_it_as_often_as_they_say() {
    let (ratio, difference) = (PairedForm::Ratio, PairedForm::ShareDifference);
    for (measure, form) in [("valid_loss", ratio), ("train_loss", ratio), ("valid_accuracy", difference)] {
        for n in [10, 20] {
            let coverage = share_of_studies(form, &pairs(measure), n, median_is_in_interval);
            assert!((0.90..=0.98).contains(&coverage), "{measure}, {n} seeds: {coverage}");
        }
    }
}

/// What the documentation says: the mean of a measure with rare jumps takes more seeds than there are, and
/// without logarithms it is worse.
#[test]
fn intervals_of_the_mean_of_a_loss_that_jumps_hold_it_less_often() {
    let pairs = pairs("train_loss");
    let of = |form| share_of_studies(form, &pairs, 5, mean_is_in_interval);
    let (ratio, difference) = (of(PairedForm::Ratio), of(PairedForm::CostDifference));
    assert!(0.7 < ratio && ratio < 0.85, "{ratio}");
    assert!(difference < ratio - 0.2, "{difference}");
}
