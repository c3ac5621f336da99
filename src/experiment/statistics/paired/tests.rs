//! Comparisons of pairs against values by hand.

use super::Reading::{Lost, Missing, Value};
use super::*;
use crate::experiment::statistics::{confidence_sequence, example};

/// A day with nine small differences and a large one; and the same number of symmetric ones.
#[test]
fn a_mean_far_from_the_median_is_skewed() {
    let compare = |differences: [f64; 10]| {
        let pairs = differences.map(|difference| (Value(difference), Value(0.0)));
        PairedComparison::of(PairedForm::Difference, pairs)
    };
    let symmetric = compare([-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    let skewed = compare([0.01, 0.02, 0.03, 0.01, 0.02, 0.04, 0.02, 0.01, 0.03, 3.0]);
    assert!(!symmetric.is_skewed() && skewed.is_skewed());
    // The test takes the signs, the interval the size: all are positive, but the mean is that of one.
    assert!(skewed.needs_explanation() && !symmetric.needs_explanation());
    let few = [(Value(0.9), Value(0.1)), (Value(0.2), Value(0.1))];
    assert!(PairedComparison::of(PairedForm::ShareDifference, few).needs_explanation(), "it is cut");
    assert!(shares(&[1.0, 0.9, 0.5, 1.0], &[0.0; 4]).is_cut(), "at one end");
}

fn assert_close(actual: Option<f64>, expected: f64, tolerance: f64) {
    assert!((actual.unwrap() - expected).abs() <= tolerance, "{actual:?} is not {expected}");
}

fn shares(first: &[f64], second: &[f64]) -> PairedComparison {
    let pairs = first.iter().zip(second).map(|(&first, &second)| (Value(first), Value(second)));
    PairedComparison::of(PairedForm::ShareDifference, pairs)
}

#[test]
fn the_example_over_eight_seeds() {
    let found = shares(&example::A, &example::B);
    assert_eq!((found.n_pairs, found.n_incomplete, found.n_not_in_mean), (8, 0, 0));
    let interval = found.interval.unwrap();
    assert_close(Some(interval.low), 0.001_611_323_730_50, 1e-12);
    assert_close(Some(interval.high), 0.011_863_676_269_50, 1e-12);
    assert_close(found.effect_size, 1.098_809_456_293_9 * 0.888_888_888_888_9, 1e-10);
    assert_eq!((found.wins, found.p_value), (Some(7.0 / 8.0), Some(0.015_625)));
    assert_eq!((found.smallest_p_value, found.adjusted_p_value), (0.007_812_5, Some(0.015_625)));
    assert_close(found.median, 0.00595, 1e-12);
    assert!(found.is_clear() && found.favors_first());
    let swapped = shares(&example::B, &example::A);
    assert_eq!((swapped.wins, swapped.p_value), (Some(1.0 / 8.0), found.p_value));
    assert!(!swapped.favors_first());
    // Interval and p value agree, on either side.
    assert!(swapped.is_clear() && !found.needs_explanation() && !swapped.needs_explanation());
}

/// t(1 - 0.025 / 5, 4) = 4.6041, t(1 - 0.025 / 20, 4) = 6.7583.
#[test]
fn a_family_has_wider_intervals() {
    let found = shares(&[0.1, 0.2, 0.3, 0.4, 0.5], &[0.0; 5]);
    let standard_error = found.standard_deviation.unwrap() / 5f64.sqrt();
    for (family, quantile) in [(1, 2.776_445_1), (5, 4.604_094_9), (20, 6.758_3)] {
        let found = found.in_family(family, None);
        let interval = found.simultaneous_interval.unwrap();
        let half = 0.5 * (interval.high - interval.low);
        assert!((half / standard_error - quantile).abs() < 1e-4, "{family}: {}", half / standard_error);
        assert_eq!(
            (found.family, found.interval),
            (family, shares(&[0.1, 0.2, 0.3, 0.4, 0.5], &[0.0; 5]).interval)
        );
    }
}

#[test]
fn sequential_intervals_are_confidence_sequences() {
    let found = shares(&example::A, &example::B).sequential();
    for (family, bound) in [(1, CLEAR_EVIDENCE), (5, 5.0 * CLEAR_EVIDENCE)] {
        let sequence = confidence_sequence(&example::differences(), bound).unwrap();
        let high = found.in_family(family, None).simultaneous_interval.map(|interval| interval.high);
        assert_close(high, sequence.high, 1e-12);
    }
}

#[test]
fn losses_are_compared_as_ratios() {
    let pairs = [(1.0, 2.0), (10.0, 20.0), (0.1, 0.4)].map(|(a, b)| (Value(a), Value(b)));
    let found = PairedComparison::of(PairedForm::Ratio, pairs);
    assert_close(found.mean, 0.0625f64.cbrt(), 1e-15);
    let log_deviation = 2f64.ln() / 3f64.sqrt();
    assert_close(found.standard_deviation, log_deviation, 1e-15);
    let half = 4.302_652_7 * log_deviation / 3f64.sqrt();
    assert_close(found.interval.map(|interval| interval.low), 0.0625f64.cbrt() * (-half).exp(), 1e-7);
    assert_close(found.interval.map(|interval| interval.high), 0.0625f64.cbrt() * half.exp(), 1e-7);
    assert_eq!((found.wins, found.p_value, found.median_interval), (Some(1.0), Some(0.25), None));
    assert!(found.favors_first());
}

#[test]
fn a_lost_run_is_worse_than_any_other() {
    let pairs = [
        (Value(1.0), Lost),
        (Value(1.0), Value(2.0)),
        (Lost, Lost),
        (Value(1.0), Value(4.0)),
        (Missing, Lost),
        (Value(3.0), Value(3.0)),
        (Value(1.0), Lost),
        (Value(2.0), Lost),
    ];
    let found = PairedComparison::of(PairedForm::Ratio, pairs);
    assert_eq!((found.n_pairs, found.n_incomplete, found.n_not_in_mean), (7, 1, 4));
    assert_close(found.mean, 0.5, 1e-15);
    assert_eq!(found.wins, Some(6.0 / 7.0));
    // Two ties, whose signs do not matter, and five on one side.
    assert_eq!(found.p_value, Some(0.0625));
    assert_eq!(found.median_interval, Some(OpenInterval { low: None, high: Some(1.0) }));
    assert!(found.favors_first());
    let swapped = PairedComparison::of(PairedForm::Ratio, pairs.map(|(first, second)| (second, first)));
    assert_eq!(swapped.median_interval, Some(OpenInterval { low: Some(1.0), high: None }));
    assert!(!swapped.favors_first());
    let gains = PairedComparison::of(PairedForm::ShareDifference, [(Value(0.1), Lost); 6]);
    assert_eq!((gains.wins, gains.mean, gains.p_value), (Some(1.0), None, Some(0.03125)));
    assert_eq!((gains.median_interval, gains.no_median_interval), (None, Some(NoInterval::LostRuns)));
    for pair in [(Value(0.1), Lost), (Lost, Value(0.1))] {
        assert_eq!(PairedComparison::of(PairedForm::Ratio, [pair; 6]).median, None);
    }
}

#[test]
fn a_loss_of_zero_is_infinitely_better_than_one_above() {
    let pairs = [(Value(0.0), Value(0.5)), (Value(0.0), Value(0.0)), (Value(1.0), Value(2.0))];
    let found = PairedComparison::of(PairedForm::Ratio, pairs);
    assert_eq!((found.n_pairs, found.n_not_in_mean, found.wins), (3, 1, Some(2.5 / 3.0)));
}

#[test]
fn no_interval_leaves_the_range() {
    let found = shares(&[0.0, 1.0], &[0.9, 0.1]);
    assert_eq!(found.interval, Some(Interval { low: -1.0, high: 1.0 }));
}

#[test]
fn one_pair_or_none() {
    let one = shares(&[0.5], &[0.25]);
    assert_eq!((one.mean, one.interval, one.p_value, one.e_value), (Some(0.25), None, Some(1.0), Some(1.0)));
    let none = PairedComparison::of(PairedForm::Ratio, [(Missing, Value(1.0))]);
    assert_eq!(
        (none.n_pairs, none.n_incomplete, none.mean, none.wins, none.p_value),
        (0, 1, None, None, None)
    );
    assert!(!none.is_clear());
}

/// The mean where there is one, else the majority of the pairs.
#[test]
fn the_first_network_is_favored_by_the_mean_or_in_most_pairs() {
    // A large difference for it, and two small ones against it.
    assert!(shares(&[0.9, 0.1, 0.1], &[0.1, 0.2, 0.2]).favors_first());
    assert!(!shares(&[0.1, 0.2, 0.2], &[0.9, 0.1, 0.1]).favors_first());
    let without_mean = |pairs: &[(Reading, Reading)]| {
        PairedComparison::of(PairedForm::ShareDifference, pairs.iter().copied())
    };
    let (won, lost) = ((Value(0.1), Lost), (Lost, Value(0.1)));
    assert!(without_mean(&[won, won, lost]).favors_first());
    assert!(!without_mean(&[won, lost]).favors_first());
    assert!(!without_mean(&[won, lost, lost]).favors_first());
}

/// An interval without a width would look like certainty.
#[test]
fn equal_differences_have_no_interval_but_a_reason() {
    let reasons = |found: &PairedComparison| (found.no_interval, found.no_median_interval);
    // Only rounding is between them.
    let equal = shares(&[0.9, 0.8, 0.7, 0.6, 0.5, 0.4], &[0.8, 0.7, 0.6, 0.5, 0.4, 0.3]);
    for found in [equal, equal.in_family(3, None), shares(&[0.5; 6], &[0.5; 6])] {
        assert_eq!((found.interval, found.simultaneous_interval, found.median_interval), (None, None, None));
        let equal = Some(NoInterval::EqualDifferences);
        assert_eq!((reasons(&found), found.effect_size), ((equal, equal), None));
    }
    assert_eq!(equal.sequential().no_interval, Some(NoInterval::EqualDifferences));
    // Of twelve differences, eleven are 0: there is a mean with an interval, but ranks say nothing.
    let mut first = [0.5; 12];
    first[0] = 0.6;
    let found = shares(&first, &[0.5; 12]);
    assert_eq!(reasons(&found), (None, Some(NoInterval::EqualDifferences)));
    assert!(found.interval.is_some() && found.median_interval.is_none());
    let few = Some(NoInterval::TooFewPairs);
    assert_eq!(reasons(&shares(&[0.5], &[0.25])), (few, few));
}

#[test]
fn lost_runs_have_no_interval_but_a_reason() {
    for pair in [(Value(0.1), Lost), (Lost, Value(0.1)), (Lost, Lost)] {
        for form in [PairedForm::Ratio, PairedForm::ShareDifference] {
            let found = PairedComparison::of(form, [pair; 6]);
            assert_eq!((found.median, found.interval, found.median_interval), (None, None, None));
            let lost = Some(NoInterval::LostRuns);
            assert_eq!((found.no_interval, found.no_median_interval), (lost, lost), "{pair:?}");
        }
    }
}
