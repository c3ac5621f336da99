use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::Interval;
use crate::experiment::summary::*;
use crate::experiment::synthetic::{at_point, diverged, run, twins, without_validation};
use crate::nn::Norm;
use crate::nn::Norm::{BatchNorm, MeanOnly, None as NoNorm};
use crate::train::Outcome;

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
    // t(0.975, 2) = 4.3026527.
    let Interval { low, high } = batch_norm.final_loss.interval.unwrap();
    assert!((low - (0.8 - 4.302_652_7 * 0.2 / 3f64.sqrt())).abs() < 1e-7, "{low}");
    assert!((high - (0.8 + 4.302_652_7 * 0.2 / 3f64.sqrt())).abs() < 1e-7, "{high}");
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
    // By seed: 0.6 - 1.1, 0.8 - 1.2, 1.0 - 0.9.
    let difference = comparison.differences.final_loss;
    assert_eq!(difference.n_pairs, 3);
    assert_close(difference.mean, -0.8 / 3.0);
    assert_close(difference.standard_deviation, (0.31f64 / 3.0).sqrt());
    assert_close(comparison.differences.final_train_eval_loss.mean, -0.4 / 3.0);
}

#[test]
fn steps_count_to_the_first_evaluation_at_or_below_the_best_of_the_other() {
    let summary = Summary::of(&two_norms());
    let comparison = &summary.comparisons[0];
    // Batch norm needs 1.1, 1.2 and 0.9: epochs 1, 1 and 2.
    let steps = &comparison.norm_reaches_best_of_other;
    assert_eq!((steps.n_seeds, steps.n_reached, steps.median_step), (3, 3, Some(10.0)));
    assert_eq!(steps.by_seed[2], SeedStep { seed: 3, step: Some(20) });
    // The network without any norm needs 0.5, 0.4 and 0.6, and never gets there.
    let steps = &comparison.other_reaches_best_of_norm;
    assert_eq!((steps.n_seeds, steps.n_reached, steps.median_step), (3, 0, None));
}

#[test]
fn reaching_exactly_the_best_loss_counts() {
    let summary = Summary::of(&[run(BatchNorm, 1, &[2.0, 0.5]), run(NoNorm, 1, &[2.0, 1.0, 0.5])]);
    let comparison = &summary.comparisons[0];
    assert_eq!(comparison.norm_reaches_best_of_other.median_step, Some(10.0));
    assert_eq!(comparison.other_reaches_best_of_norm.median_step, Some(20.0));
}

#[test]
fn diverged_runs_are_counted_and_left_out() {
    let mut runs = two_norms();
    runs[4] = diverged(runs[4].clone());
    let summary = Summary::of(&runs);
    let none = &summary.groups[1];
    assert_eq!((none.n_runs, none.n_completed, none.n_diverged, none.n_interrupted), (3, 2, 1, 0));
    assert_close(none.final_loss.mean, 1.0);
    let comparison = &summary.comparisons[0];
    let difference = comparison.differences.final_loss;
    assert_eq!((difference.n_pairs, difference.n_incomplete), (2, 1));
    assert_close(difference.mean, -0.2);
    // The best loss of a diverged run is not a goal, but a diverged run can fail to reach one.
    assert_eq!(comparison.norm_reaches_best_of_other.n_seeds, 2);
    assert_eq!(comparison.other_reaches_best_of_norm.n_seeds, 3);
}

#[test]
fn an_interrupted_run_is_neither_a_mean_nor_a_failure_to_reach() {
    let mut runs = two_norms();
    runs[4].outcome = Outcome::Interrupted { step: 31 };
    let summary = Summary::of(&runs);
    let none = &summary.groups[1];
    assert_eq!((none.n_completed, none.n_diverged, none.n_interrupted), (2, 0, 1));
    assert_eq!(summary.comparisons[0].other_reaches_best_of_norm.n_seeds, 2);
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
    let difference = summary.comparisons[0].differences.final_loss;
    assert_eq!((difference.n_pairs, difference.interval), (1, None));
    assert_close(difference.mean, -0.3);
    assert_eq!(summary.groups[0].final_loss.standard_deviation, None);
}

#[test]
fn without_validation_rows_the_training_rows_stand_in() {
    let summary = Summary::of(&two_norms().into_iter().map(without_validation).collect::<Vec<_>>());
    assert_eq!(summary.measured_on, MeasuredOn::TrainingRows);
    assert_eq!(summary.runs[0].final_scores.valid_loss, None);
    assert_close(summary.groups[0].final_loss.mean, 0.4);
    assert_eq!(summary.runs[0].best_epoch, Some(2));
    assert_eq!(summary.comparisons[0].norm_reaches_best_of_other.median_step, Some(10.0));
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
    let compared: Vec<(Norm, Norm, &str)> = summary
        .comparisons
        .iter()
        .map(|comparison| (comparison.norm, comparison.other, &*comparison.point.as_ref().unwrap().settings))
        .collect();
    let expected = [
        (BatchNorm, MeanOnly, "rate=0.1"),
        (BatchNorm, MeanOnly, "rate=1"),
        (BatchNorm, NoNorm, "rate=0.1"),
        (BatchNorm, NoNorm, "rate=1"),
    ];
    assert_eq!(compared, expected);
    assert_close(summary.comparisons[3].differences.final_loss.mean, -0.2);
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
}

#[test]
fn the_file_reads_back_bit_for_bit() {
    let mut runs = twins(5);
    runs[7] = diverged(runs[7].clone());
    let summary = Summary::of(&runs);
    assert!(Summary::from_json(&summary.to_json()).unwrap() == summary);
}

#[test]
fn a_newer_or_foreign_file_is_refused() {
    let newer = Summary::of(&two_norms()).to_json().replace("\"format_version\": 1", "\"format_version\": 9");
    assert_eq!(
        Summary::from_json(&newer).unwrap_err().to_string(),
        "written by a newer bntrain (format 9); this one reads format 1: use the newer program",
    );
    assert_eq!(
        Summary::from_json("{}").unwrap_err().to_string(),
        "not a summary of bntrain: missing field `format_version` at line 1 column 2",
    );
}
