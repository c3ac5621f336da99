use crate::config::ComparedMeasure;
use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::{Interval, PairedComparison, PairedForm};
use crate::experiment::summary::*;
use crate::experiment::synthetic::{at_point, diverged, epoch_record, run, twins, without_validation};
use crate::metrics::interval::share_of;
use crate::nn::Norm;
use crate::nn::Norm::{BatchNorm, MeanOnly, None as NoNorm};
use crate::train::{Metric, Outcome};

/// Three seeds of two norms; batch norm is best at its second-to-last epoch.
fn two_norms() -> Vec<RunRecord> {
    vec![
        run(BatchNorm, 1, &[2.0, 1.0, 0.5, 0.6]),
        run(BatchNorm, 2, &[2.0, 1.0, 0.4, 0.8]),
        run(BatchNorm, 3, &[2.0, 1.0, 0.6, 1.0]),
        run(NoNorm, 1, &[2.0, 1.5, 1.2, 1.1]),
        run(NoNorm, 2, &[2.0, 1.5, 1.4, 1.2]),
        run(NoNorm, 3, &[2.0, 1.5, 1.3, 0.9]),
    ]
}

/// What a comparison says of `measure`.
fn compared(comparison: &NormComparison, measure: ComparedMeasure) -> PairedComparison {
    let found = comparison.measures.iter().find(|found| found.measure == measure);
    found.expect("it is compared").comparison
}

fn final_loss(comparison: &NormComparison) -> PairedComparison {
    compared(comparison, ComparedMeasure::FinalLoss)
}

fn assert_close(actual: Option<f64>, expected: f64) {
    let actual = actual.expect("there is a number");
    assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
}

#[test]
fn a_run_has_its_final_and_best_numbers() {
    let summary = Summary::of(&two_norms());
    assert_eq!(summary.measured_on, MeasuredOn::ValidationRows);
    assert_eq!(summary.norms, [BatchNorm, NoNorm]);
    let first = &summary.runs[0];
    assert_eq!((first.norm, first.seed, first.last_epoch, first.last_step), (BatchNorm, 1, 3, 30));
    assert_eq!((first.best_epoch, first.kept_epoch), (Some(2), 3));
    assert_eq!((first.final_scores.valid_loss, first.best_scores.valid_loss), (Some(0.6), Some(0.5)));
    assert_eq!(
        (first.final_scores.train_eval_loss, first.best_scores.train_eval_loss),
        (Some(0.3), Some(0.25))
    );
    assert_close(first.final_scores.train_loss, 0.45);
    assert_close(first.final_scores.valid_quality, 1.0 / 1.6);
    assert_close(first.best_scores.valid_quality, 1.0 / 1.5);
    assert_eq!((first.train_seconds, first.eval_seconds), (0.375, 0.1875));
}

#[test]
fn groups_are_means_over_seeds() {
    let summary = Summary::of(&two_norms());
    let [batch_norm, none] = &summary.groups[..] else { panic!("{:?}", summary.groups) };
    assert_eq!((batch_norm.norm, batch_norm.n_runs, batch_norm.n_completed), (BatchNorm, 3, 3));
    assert_close(batch_norm.final_loss.mean, 0.8);
    assert_close(batch_norm.final_loss.standard_deviation, 0.2);
    // t(0.975, 2) = 4.3026527, on the scale of the logarithm.
    let Interval { low, high } = batch_norm.final_loss.interval.unwrap();
    let factor = (4.302_652_7 * 0.2 / 3f64.sqrt() / 0.8).exp();
    assert!((low - 0.8 / factor).abs() < 1e-7 && (high - 0.8 * factor).abs() < 1e-7, "{low} {high}");
    assert_close(batch_norm.best_loss.mean, 0.5);
    assert_close(batch_norm.final_train_eval_loss.mean, 0.4);
    assert_close(none.final_loss.mean, 3.2 / 3.0);
    assert_close(none.best_loss.mean, 3.2 / 3.0);
    assert_eq!((batch_norm.parameters, none.parameters), (25_450, 25_250));
    assert_eq!(batch_norm.test_quality.n, 0);
}

#[test]
fn differences_pair_the_seeds_whatever_their_order() {
    let mut runs = two_norms();
    runs[3..].reverse();
    let summary = Summary::of(&runs);
    let [comparison] = &summary.comparisons[..] else { panic!("{:?}", summary.comparisons) };
    assert_eq!((comparison.norm, comparison.other), (BatchNorm, NoNorm));
    let ratio = final_loss(comparison);
    assert_eq!((ratio.form, ratio.n_pairs, ratio.wins), (PairedForm::Ratio, 3, Some(2.0 / 3.0)));
    assert_close(ratio.mean, (0.6f64 / 1.1 * 0.8 / 1.2 * 1.0 / 0.9).cbrt());
    let training = compared(comparison, ComparedMeasure::FinalTrainEvalLoss);
    assert_close(training.mean, ratio.mean.unwrap());
    let accuracy = compared(comparison, ComparedMeasure::FinalAccuracy);
    assert_close(
        accuracy.mean,
        (1.0 / 1.6 - 1.0 / 2.1 + 1.0 / 1.8 - 1.0 / 2.2 + 1.0 / 2.0 - 1.0 / 1.9) / 3.0,
    );
}

#[test]
fn the_time_is_that_to_a_bound_which_both_can_reach() {
    let summary = Summary::of(&two_norms());
    // The median of the best losses is 0.5 with batch norm and 1.1 without.
    let time = summary.comparisons[0].time_to_bound.as_ref().unwrap();
    assert_eq!((time.bound, time.source, time.budget), (1.1, BoundSource::WorseMedianBest, 30));
    assert_eq!((time.norm.n_reached, time.norm.median_step), (3, Some(10.0)));
    assert_eq!((time.other.n_reached, time.other.median_step), (2, Some(30.0)));
    assert_eq!((time.earlier, time.same, time.later), (3, 0, 0));
    assert_close(Some(time.sign_test_p_value), 0.25);
    assert_eq!(time.by_seed[1], SeedTimes { seed: 2, norm_step: Some(10), other_step: None });
    assert_eq!((time.norm.restricted_mean, time.other.restricted_mean), (10.0, 30.0));
    assert_close(time.difference.mean, -20.0);
}

#[test]
fn the_bound_and_the_primary_measure_can_be_named() {
    let settings = ComparisonSettings {
        primary: ComparedMeasure::BestAccuracy,
        bound: Some(0.5),
        smallest: Some(0.01),
        is_sequential: false,
    };
    let summary = Summary::with(&two_norms(), &settings);
    assert_eq!(summary.primary, ComparedMeasure::BestAccuracy);
    let comparison = &summary.comparisons[0];
    assert_eq!(comparison.measures[0].measure, ComparedMeasure::BestAccuracy);
    assert_eq!(comparison.resolution.unwrap().wanted, 0.01);
    let time = comparison.time_to_bound.as_ref().unwrap();
    // An accuracy of 0.5 is a loss of 1.
    assert_eq!((time.bound, time.source), (0.5, BoundSource::Config));
    assert_eq!((time.norm.n_reached, time.other.n_reached), (3, 1));
    assert_eq!(time.by_seed[2], SeedTimes { seed: 3, norm_step: Some(10), other_step: Some(30) });
}

#[test]
fn the_smallest_difference_that_matters_is_a_ratio_of_losses() {
    let settings = ComparisonSettings { smallest: Some(0.25), ..ComparisonSettings::default() };
    let summary = Summary::with(&two_norms(), &settings);
    assert_eq!(summary.primary, ComparedMeasure::FinalLoss);
    let same = [1, 2].map(|seed| [run(BatchNorm, seed, &[2.0, 0.5]), run(NoNorm, seed, &[2.0, 1.0])]);
    assert_eq!(Summary::of(&same.concat()).comparisons[0].resolution, None, "they do not differ");
    // A quarter more is a ratio of 1.25, or of its inverse.
    assert_close(summary.comparisons[0].resolution.as_ref().map(|resolution| resolution.wanted), 0.8);
}

#[test]
fn a_norm_is_there_earlier_later_or_at_the_same_step() {
    let (fast, slow) = ([2.0, 1.0, 0.5], [2.0, 1.5, 1.0]);
    let norm = [(1, &fast), (2, &slow), (3, &fast)].map(|(seed, losses)| run(BatchNorm, seed, losses));
    let other = [(1, &slow), (2, &fast), (3, &fast)].map(|(seed, losses)| run(NoNorm, seed, losses));
    let settings = ComparisonSettings {
        primary: ComparedMeasure::FinalTrainEvalLoss,
        bound: Some(0.5),
        ..ComparisonSettings::default()
    };
    let summary = Summary::with(&[norm, other].concat(), &settings);
    let time = summary.comparisons[0].time_to_bound.as_ref().unwrap();
    // Half of the validation loss.
    assert_eq!((time.metric, time.bound), (Metric::TrainEvalLoss, 0.5));
    assert_eq!((time.earlier, time.same, time.later, time.undecided), (1, 1, 1, 0));
}

#[test]
fn a_run_that_stopped_early_may_have_got_there_later() {
    let mut runs = two_norms();
    runs[4].epochs.truncate(2);
    runs[4].outcome = Outcome::StoppedEarly { epoch: 1 };
    let summary = Summary::of(&runs);
    let time = summary.comparisons[0].time_to_bound.as_ref().unwrap();
    // It is watched until step 10: both others get there at 30.
    assert_eq!(time.other.curve.len(), 1);
    assert_eq!(
        (time.other.curve[0].step, time.other.curve[0].at_risk, time.other.curve[0].share),
        (30, 2, 0.0)
    );
    assert_eq!(time.by_seed[1].other_step, None);
    // The other run of its seed got there by that step.
    assert_eq!((time.earlier, time.undecided), (3, 0));
}

#[test]
fn lost_runs_are_left_out_of_means_and_count_as_worst() {
    let mut runs = two_norms();
    runs[5] = diverged(runs[5].clone());
    let summary = Summary::of(&runs);
    let none = &summary.groups[1];
    assert_eq!((none.n_runs, none.n_completed, none.n_lost, none.n_diverged), (3, 2, 1, 1));
    assert_close(none.final_loss.mean, 1.15);
    // Wilson's interval of 1 of 3.
    let share = none.lost_share.unwrap();
    assert!((share.low - 0.0615).abs() < 1e-4 && (share.high - 0.7923).abs() < 1e-4, "{share:?}");
    let comparison = &summary.comparisons[0];
    let ratio = final_loss(comparison);
    assert_eq!((ratio.n_pairs, ratio.n_incomplete, ratio.n_not_in_mean), (3, 0, 1));
    assert_close(ratio.mean, (0.6f64 / 1.1 * 0.8 / 1.2).sqrt());
    // With its loss of 0.9 it was the better one.
    assert_eq!(ratio.wins, Some(1.0));
    let lost = comparison.lost;
    assert_eq!((lost.n_pairs, lost.both, lost.only_norm, lost.only_other), (3, 0, 0, 1));
}

#[test]
fn a_run_that_ends_worse_than_a_constant_prediction_is_lost() {
    let mut runs = two_norms();
    runs.iter_mut().for_each(|run| run.constant_loss = Some(10f64.ln()));
    // The loss of the training rows is half of this.
    runs[4].epochs[3] = epoch_record(3, 2.0 * 10f64.ln() + 1e-9);
    runs[5].epochs[3] = epoch_record(3, 2.0 * 10f64.ln() - 1e-9);
    let summary = Summary::of(&runs);
    let lost: Vec<bool> = summary.runs.iter().map(|run| run.is_lost).collect();
    assert_eq!(lost, [false, false, false, false, true, false]);
    assert_eq!((summary.groups[1].n_lost, summary.groups[1].n_diverged), (1, 0));
    // Without a constant prediction to compare with, it is not.
    runs[4].constant_loss = None;
    assert_eq!(Summary::of(&runs).groups[1].n_lost, 0);
}

#[test]
fn where_most_runs_are_lost_there_is_no_bound_to_reach() {
    let runs: Vec<RunRecord> = two_norms()
        .into_iter()
        .map(|run| if run.id.norm == NoNorm && run.id.seed != 2 { diverged(run) } else { run })
        .collect();
    assert_eq!(Summary::of(&runs).comparisons[0].time_to_bound, None);
    let settings = ComparisonSettings { bound: Some(0.55), ..ComparisonSettings::default() };
    let summary = Summary::with(&runs, &settings);
    let time = summary.comparisons[0].time_to_bound.as_ref().unwrap();
    assert_eq!((time.norm.n_reached, time.other.n_reached, time.other.restricted_mean), (2, 0, 30.0));
}

#[test]
fn an_interrupted_run_is_neither_a_mean_nor_a_failure() {
    let mut runs = two_norms();
    runs[4].outcome = Outcome::Interrupted { step: 31 };
    let summary = Summary::of(&runs);
    let none = &summary.groups[1];
    assert_eq!((none.n_completed, none.n_lost, none.n_interrupted), (2, 0, 1));
    assert_eq!(none.lost_share, share_of(0, 2));
    let comparison = &summary.comparisons[0];
    assert_eq!((final_loss(comparison).n_pairs, final_loss(comparison).n_incomplete), (2, 1));
    assert_eq!(comparison.time_to_bound.as_ref().unwrap().by_seed.len(), 2);
}

#[test]
fn a_run_that_stopped_early_is_complete() {
    let mut runs = two_norms();
    runs[0].outcome = Outcome::StoppedEarly { epoch: 3 };
    assert_eq!(Summary::of(&runs).groups[0].n_completed, 3);
}

#[test]
fn one_seed_has_no_interval() {
    let summary = Summary::of(&[run(BatchNorm, 7, &[2.0, 0.5]), run(NoNorm, 7, &[2.0, 0.8])]);
    let ratio = final_loss(&summary.comparisons[0]);
    assert_eq!((ratio.n_pairs, ratio.interval), (1, None));
    assert_close(ratio.mean, 0.625);
    assert_eq!(summary.comparisons[0].resolution, None);
    assert_eq!(summary.groups[0].final_loss.standard_deviation, None);
}

#[test]
fn without_validation_rows_the_training_rows_stand_in() {
    let summary = Summary::of(&two_norms().into_iter().map(without_validation).collect::<Vec<_>>());
    assert_eq!(summary.measured_on, MeasuredOn::TrainingRows);
    assert_eq!(summary.runs[0].final_scores.valid_loss, None);
    assert_close(summary.groups[0].final_loss.mean, 0.4);
    assert_eq!(summary.runs[0].best_epoch, Some(2));
    let measures: Vec<ComparedMeasure> =
        summary.comparisons[0].measures.iter().map(|found| found.measure).collect();
    use ComparedMeasure::{BestAccuracy, BestLoss, FinalAccuracy, FinalLoss};
    assert_eq!(measures, [FinalLoss, BestLoss, FinalAccuracy, BestAccuracy]);
}

#[test]
fn numbers_that_are_not_finite_are_null() {
    let broken = diverged(run(BatchNorm, 1, &[2.0, f64::NAN, f64::INFINITY]));
    let summary = Summary::of(&[broken]);
    let run = &summary.runs[0];
    assert_eq!((run.final_scores.valid_loss, run.best_scores.valid_loss), (None, Some(2.0)));
    assert_eq!(run.best_epoch, Some(0));
    assert!(summary.to_json().contains("\"valid_loss\": null"));
}

#[test]
fn a_run_without_a_single_epoch_is_summarised() {
    let summary = Summary::of(&[RunRecord { epochs: Vec::new(), ..run(BatchNorm, 1, &[1.0]) }]);
    assert_eq!((summary.runs[0].last_epoch, summary.runs[0].best_epoch), (0, None));
    assert_eq!(summary.groups[0].final_loss.n_missing, 1);
    assert_eq!(Summary::of(&[]).groups, []);
}

#[test]
fn a_grid_is_compared_point_by_point() {
    let mut runs = Vec::new();
    for (norm, offset) in [(BatchNorm, 0.0), (MeanOnly, 0.1), (NoNorm, 0.2)] {
        for (index, setting, loss) in [(1, "rate=0.1", 0.7), (2, "rate=1", 0.5)] {
            for seed in [1, 2] {
                runs.push(at_point(run(norm, seed, &[2.0, loss + offset]), index, setting));
            }
        }
    }
    let summary = Summary::of(&runs);
    assert!(summary.has_grid());
    assert_eq!(summary.groups.len(), 6);
    let listed: Vec<(Norm, Norm, &str)> = summary
        .comparisons
        .iter()
        .map(|comparison| (comparison.norm, comparison.other, &*comparison.point.as_ref().unwrap().settings))
        .collect();
    let expected = [
        (BatchNorm, MeanOnly, "rate=0.1"),
        (BatchNorm, MeanOnly, "rate=1"),
        (BatchNorm, NoNorm, "rate=0.1"),
        (BatchNorm, NoNorm, "rate=1"),
        (MeanOnly, NoNorm, "rate=0.1"),
        (MeanOnly, NoNorm, "rate=1"),
    ];
    assert_eq!(listed, expected);
    assert_close(final_loss(&summary.comparisons[3]).mean, 0.5 / 0.7);
    // Both seeds are the same, so each p value is 1/2 and all adjusted ones are 1.
    let ratio = final_loss(&summary.comparisons[3]);
    assert_eq!((ratio.family, ratio.p_value, ratio.adjusted_p_value), (6, Some(0.5), Some(1.0)));
    let others = compared(&summary.comparisons[3], ComparedMeasure::BestLoss);
    assert_eq!(others.family, 24);
    let best: Vec<Vec<Option<f64>>> =
        summary.expected_best.iter().map(|norm| norm.by_trials.clone()).collect();
    assert_close(best[0][0], 0.6);
    assert_close(best[0][1], 0.5);
    assert_close(best[2][1], 0.7);
    let best = summary.best_group(NoNorm).unwrap();
    assert_eq!(best.point.as_ref().unwrap().index, 2);
}

#[test]
fn a_point_where_runs_diverged_is_not_the_best_one() {
    let runs = [
        at_point(run(NoNorm, 1, &[2.0, 0.7]), 1, "rate=0.1"),
        at_point(run(NoNorm, 2, &[2.0, 0.7]), 1, "rate=0.1"),
        at_point(run(NoNorm, 1, &[2.0, 0.1]), 2, "rate=1"),
        at_point(diverged(run(NoNorm, 2, &[2.0])), 2, "rate=1"),
    ];
    let summary = Summary::of(&runs);
    assert_eq!(summary.best_group(NoNorm).unwrap().point.as_ref().unwrap().index, 1);
    assert_eq!(summary.best_group(BatchNorm), None);
    // One of two points may be the lost one; the better of both is the other.
    assert_eq!(summary.expected_best[0].by_trials, [None, Some(0.7)]);
}

#[test]
fn the_file_reads_back_bit_for_bit() {
    let mut runs = twins(5);
    runs[7] = diverged(runs[7].clone());
    let summary = Summary::of(&runs);
    assert!(Summary::from_json(&summary.to_json()).unwrap() == summary);
}

#[test]
fn comparisons_of_older_files_are_left_out() {
    let summary = Summary::of(&two_norms());
    let older = summary.to_json().replace("\"format_version\": 2", "\"format_version\": 1");
    let read = Summary::from_json(&older).unwrap();
    assert_eq!((read.comparisons.len(), read.groups), (0, summary.groups));
}

#[test]
fn a_newer_or_foreign_file_is_refused() {
    let newer = Summary::of(&two_norms()).to_json().replace("\"format_version\": 2", "\"format_version\": 9");
    assert_eq!(
        Summary::from_json(&newer).unwrap_err().to_string(),
        "written by a newer bntrain (format 9); this one reads format 2: use the newer program",
    );
    assert_eq!(
        Summary::from_json("{}").unwrap_err().to_string(),
        "not a summary of bntrain: missing field `format_version` at line 1 column 2",
    );
}

/// A summary may have been changed by hand; its numbers are not taken further than they can be.
#[test]
fn contradictory_summaries_are_refused() {
    let json = Summary::of(&crate::experiment::synthetic::twins(3)).to_json();
    assert!(Summary::from_json(&json).is_ok());
    let message = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
        change(&mut value);
        Summary::from_json(&value.to_string()).unwrap_err().to_string()
    };
    let add_up = "not a summary of bntrain: the counts of runs in its groups do not add up";
    assert_eq!(message(&|value| value["groups"][0]["n_completed"] = 99.into()), add_up);
    assert_eq!(message(&|value| value["groups"][0]["n_runs"] = u64::MAX.into()), add_up);
    assert_eq!(message(&|value| value["groups"][1]["n_diverged"] = 1.into()), add_up);
    let pairs = message(&|value| value["comparisons"][0]["measures"][0]["n_not_in_mean"] = 99.into());
    assert_eq!(pairs, "not a summary of bntrain: the counts of pairs in its comparisons do not add up");
    let norms = message(&|value| value["norms"] = serde_json::json!([]));
    assert_eq!(norms, "not a summary of bntrain: it compares norms that it does not list");
    assert_eq!(
        Summary::from_json("[1]").unwrap_err().to_string(),
        "not a summary of bntrain: it is not a JSON object"
    );
}
