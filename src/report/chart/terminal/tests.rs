use crate::experiment::synthetic::{diverged, grid, run, twins, without_validation};
use crate::nn::Norm::{BatchNorm, MeanOnly, None as NoNorm};
use crate::report::chart::terminal::*;

fn shown(runs: &[RunRecord]) -> String {
    TerminalPlot::of(runs, PlotSize::default()).to_string()
}

fn small(runs: &[RunRecord]) -> String {
    TerminalPlot::of(runs, PlotSize { width: 50, height: 8 }).to_string()
}

#[test]
fn two_norms_fit_into_eighty_columns() {
    let text = shown(&twins(5));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn three_norms_have_three_marks() {
    let mut runs = twins(1);
    runs.push(run(MeanOnly, 1, &[2.3, 1.5, 1.2, 1.0, 0.9, 0.85, 0.8, 0.79, 0.78, 0.77, 0.77]));
    let text = small(&runs);
    insta::assert_snapshot!(text);
}

#[test]
fn one_epoch_without_validation_rows() {
    let runs = [run(BatchNorm, 1, &[2.3, 1.0]), run(NoNorm, 1, &[2.3, 1.5])].map(without_validation);
    insta::assert_snapshot!(small(&runs));
}

#[test]
fn equal_values_are_a_line() {
    insta::assert_snapshot!(small(&[run(NoNorm, 1, &[0.5; 4])]));
}

#[test]
fn nothing_but_the_state_before_training() {
    insta::assert_snapshot!(small(&[run(NoNorm, 1, &[2.3])]));
}

#[test]
fn diverged_runs_are_named_and_stand_in_where_all_diverged() {
    let mut runs = vec![run(BatchNorm, 1, &[2.3, 1.0, 0.5, 0.4]), run(BatchNorm, 2, &[2.3, 1.1, 0.6, 0.5])];
    runs.extend((1..=2).map(|seed| diverged(run(NoNorm, seed, &[2.3, 9.0, f64::INFINITY]))));
    runs[1] = diverged(runs[1].clone());
    insta::assert_snapshot!(small(&runs));
}

#[test]
fn a_mean_over_lost_runs_says_so() {
    let runs: Vec<RunRecord> = (1..=3).map(|seed| diverged(run(NoNorm, seed, &[2.3, 9.0]))).collect();
    let text = small(&runs);
    assert!(text.starts_with("validation loss by epoch, mean over the runs that got there\n"), "{text}");
    assert!(text.ends_with("● none (all 3 diverged, each until it ended)\n"), "{text}");
}

#[test]
fn no_finite_value_and_no_run() {
    insta::assert_snapshot!(small(&[run(NoNorm, 1, &[f64::NAN])]));
    insta::assert_snapshot!(small(&[]));
}

#[test]
fn thousands_of_epochs_and_huge_ranges_stay_inside() {
    let losses: Vec<f64> = (0..5000).map(|epoch| 10f64.powf(300.0 - 0.12 * f64::from(epoch))).collect();
    let text = small(&[run(NoNorm, 1, &losses)]);
    assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_grid_is_shown_at_the_best_points() {
    let text = shown(&grid());
    assert!(
        text.ends_with(
            "● batch_norm at optimizer.learning_rate=0.1\n○ none at optimizer.learning_rate=0.03\n"
        )
    );
}

#[test]
fn marks_can_be_painted() {
    let plot = TerminalPlot::of(&twins(1), PlotSize::default());
    let painted = plot.render(|series, marks| format!("<{series}>{marks}</>"));
    assert!(painted.contains("\n<0>●</> batch_norm   <1>○</> none\n"), "{painted}");
    let bare = painted.replace("<0>", "").replace("<1>", "").replace("</>", "");
    assert_eq!(bare, plot.to_string());
}

#[test]
fn the_least_size_is_enough() {
    let text = TerminalPlot::of(&twins(1), PlotSize { width: 0, height: 0 }).to_string();
    assert!(text.lines().skip(1).all(|line| line.chars().count() <= 20), "{text}");
}
