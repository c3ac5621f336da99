//! What is drawn of trainings that run.

use super::*;
use crate::train::{Quality, Score};

fn run(network: &str, seed: u64, planned: u64, done: u64, has_ended: bool) -> WatchedRun {
    let norm = if network.starts_with("none") { Norm::None } else { Norm::BatchNorm };
    let rate = if norm == Norm::None { 0.5 } else { 1.0 };
    let epoch = |epoch: u64| {
        let loss = 2.0 * (-rate * epoch as f64).exp() + 0.01 * (1 + seed) as f64;
        let score = Score { loss, quality: Quality::Accuracy(1.0 - loss / 3.0) };
        EpochRecord {
            epoch,
            step: 100 * epoch,
            learning_rate: None,
            train_loss: (epoch > 0).then_some(loss),
            train: score,
            valid: Some(score),
            train_seconds: 1.5 * epoch as f64,
            eval_seconds: 0.5 * epoch as f64,
        }
    };
    WatchedRun {
        norm,
        network: network.to_owned(),
        seed,
        epochs_planned: planned,
        epochs_done: done as f64,
        has_ended,
        epochs: if done == 0 && !has_ended { Vec::new() } else { (0..=done).map(epoch).collect() },
        steps: (1..=100 * done).map(|step| (step, 2.0 / step as f64)).collect(),
    }
}

fn study(runs: Vec<WatchedRun>, state: StudyState) -> WatchedStudy {
    WatchedStudy {
        name: "digits-001".to_owned(),
        state,
        task: Task::Classification,
        runs,
        quiet_seconds: Some(0.4),
        findings: Vec::new(),
    }
}

fn half_done() -> WatchedStudy {
    let runs = vec![
        run("batch_norm", 0, 10, 10, true),
        run("none", 0, 10, 10, true),
        run("batch_norm", 1, 10, 5, false),
        run("none", 1, 10, 4, false),
        run("batch_norm", 2, 10, 0, false),
        run("none", 2, 10, 0, false),
    ];
    study(runs, StudyState::Open)
}

fn screen(studies: &[WatchedStudy], view: WatchView) -> String {
    watch_screen(studies, view, PlotSize { width: 60, height: 18 }, |_, marks| marks.to_owned())
}

#[test]
fn a_training_that_runs_shows_progress_and_curves() {
    insta::assert_snapshot!(screen(&[half_done()], WatchView::default()));
}

#[test]
fn panels_can_be_chosen() {
    let view = |panel| WatchView { panel, log_scale: Some(false), ..WatchView::default() };
    let studies = [half_done()];
    for (panel, name) in [
        (WatchPanel::Quality, "quality"),
        (WatchPanel::Steps, "steps"),
        (WatchPanel::Runs, "runs"),
        (WatchPanel::Findings, "findings"),
    ] {
        insta::assert_snapshot!(format!("panel_{name}"), screen(&studies, view(panel)));
    }
}

#[test]
fn of_several_trainings_one_is_drawn() {
    let finished = study(vec![run("none", 7, 3, 3, true)], StudyState::Finished);
    let view = WatchView { selected: 1, ..WatchView::default() };
    insta::assert_snapshot!(screen(&[half_done(), finished], view));
}

#[test]
fn a_grid_shows_the_best_point_of_each_norm() {
    let runs = vec![
        run("none optimizer.learning_rate=0.1", 0, 9, 2, false),
        run("none optimizer.learning_rate=0.2", 0, 9, 9, true),
    ];
    let text = screen(&[study(runs, StudyState::Open)], WatchView::default());
    assert!(text.contains("● none optimizer.learning_rate=0.2") && !text.contains("=0.1"), "{text}");
    assert!(text.contains("\n\nvalidation loss by epoch (log scale)\n"), "a single seed: {text}");
}

#[test]
fn the_remaining_time_is_that_of_the_runs_that_are_left() {
    // 5 and 6 epochs of two runs, and 20 that have not begun, 2 s each, two at once.
    assert_eq!(half_done().remaining_seconds(), Some(31.0));
    let none = study(vec![run("none", 0, 10, 0, false)], StudyState::Open);
    assert_eq!(none.remaining_seconds(), None);
    // The last run cannot be divided.
    let last = study(vec![run("none", 0, 10, 4, false), run("none", 1, 10, 10, true)], StudyState::Open);
    assert_eq!(last.remaining_seconds(), Some(12.0));
    assert!((last.share_done() - 0.7).abs() < 1e-12);
    assert_eq!(study(Vec::new(), StudyState::Open).share_done(), 1.0);
}

#[test]
fn silence_is_said() {
    let silent = WatchedStudy { quiet_seconds: Some(125.0), ..half_done() };
    assert!(silent.progress().contains(" left, nothing written for 2 min 05 s, "), "{}", silent.progress());
}
