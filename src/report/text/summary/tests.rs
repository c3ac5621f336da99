use crate::experiment::synthetic::{at_point, diverged, for_values, grid, run, twins, without_validation};
use crate::experiment::{RunRecord, Summary};
use crate::nn::Norm::{BatchNorm, MeanOnly, None as NoNorm, WeightNorm};
use crate::report::text::summary::table;
use crate::train::{Outcome, Quality, Score};

fn shown(runs: &[RunRecord]) -> String {
    table(&Summary::of(runs))
}

#[test]
fn two_norms_over_five_seeds() {
    let text = shown(&twins(5));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn one_seed_has_neither_spread_nor_interval() {
    insta::assert_snapshot!(shown(&twins(1)));
}

#[test]
fn diverged_runs_are_counted_and_listed() {
    let mut runs = twins(5);
    runs[1] = diverged(runs[1].clone());
    runs[6].epochs.truncate(3);
    runs[6] = diverged(runs[6].clone());
    runs[8].epochs.truncate(5);
    runs[8] = diverged(runs[8].clone());
    insta::assert_snapshot!(shown(&runs));
}

#[test]
fn a_norm_without_complete_runs_has_no_scores() {
    let mut runs = twins(7);
    for run in &mut runs[7..] {
        run.epochs.truncate(3);
        *run = diverged(run.clone());
    }
    insta::assert_snapshot!(shown(&runs));
}

#[test]
fn three_norms_have_a_row_for_each_pair() {
    let mut runs = twins(3);
    runs.extend((1..=3).map(|seed| run(MeanOnly, seed, &[2.3, 0.5 + 0.1 * seed as f64, 0.101])));
    let text = shown(&runs);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_single_network_without_validation_rows() {
    let mut run = without_validation(run(BatchNorm, 7, &[2.3, 0.5, 0.25]));
    run.test = Some(Score { loss: 0.3, quality: Quality::Accuracy(0.9) });
    run.seconds = 125.4;
    insta::assert_snapshot!(shown(&[run]));
}

#[test]
fn a_grid_has_a_row_per_norm_and_point() {
    let text = shown(&grid());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn each_key_of_a_grid_has_a_narrow_column_and_no_line_is_too_long() {
    let mut runs = grid();
    for run in &mut runs {
        let settings = "optimizer.learning_rate=0.0031622776601683794;training.batch_size=64";
        run.id.point = Some((1, settings.to_owned()));
    }
    let text = shown(&runs);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("norm ")).expect("a table");
    assert_eq!(lines[at], "norm        learning_rate  batch_size  final loss  final accuracy  lost");
    assert!(lines[at + 1].starts_with("batch_norm  0.003162       64 *        0.49 ±0.49  0."), "{text}");
    assert!(text.contains("none at learning_rate=0.003162;batch_size=64: 2 of"), "{text}");
}

/// Weight norm of the affine layer before it is the same network on both sides of an activation, as is none.
#[test]
fn networks_that_are_the_same_at_both_positions_are_compared_once() {
    let mut runs = Vec::new();
    for (index, position) in [(1, "after"), (2, "before")] {
        for (norm, loss) in [(BatchNorm, 0.1 * index as f64), (WeightNorm, 0.3), (NoNorm, 0.4)] {
            for seed in 1..=3u64 {
                let run = run(norm, seed, &[2.3, loss * (1.0 + 0.1 * seed as f64)]);
                let mut run = at_point(run, index, &format!("model.position={position}"));
                run.result_hash =
                    format!("{norm:?} {} {seed}", if norm == BatchNorm { position } else { "" });
                runs.push(run);
            }
        }
    }
    let text = shown(&runs);
    let pairs = |text: &str, start: &str| {
        text.lines().filter(|line| line.starts_with(start) && line.contains(" times ")).count()
    };
    assert_eq!(pairs(&text, "weight_norm  none         -  "), 1, "{text}");
    assert_eq!((pairs(&text, "weight_norm  none"), pairs(&text, "batch_norm   none")), (1, 2), "{text}");
    let points = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((points("weight_norm  - *"), points("weight_norm  before  ")), (1, 0), "{text}");
    assert!(text.replace('\n', " ").contains("hold for all 5 rows, and 1 of positions,"), "{text}");
    // With other results they are other networks.
    runs.iter_mut().for_each(|run| run.result_hash.push_str(&run.id.point.as_ref().unwrap().1));
    let text = shown(&runs);
    assert_eq!(pairs(&text, "weight_norm  none  "), 2, "{text}");
}

#[test]
fn control_characters_in_names_are_escaped() {
    let mut runs = grid();
    for run in &mut runs {
        run.id.point = Some((1, "data.path=\u{1b}[31m".to_owned()));
        run.outcome = Outcome::Diverged { epoch: 1, step: 1, cause: "\u{1b}[0m".to_owned().into() };
    }
    let text = shown(&runs);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains("none at data.path=\\u{1b}[31m: 15 of 15 diverged"), "{text}");
}

#[test]
fn an_interrupted_run_and_no_run_at_all() {
    let mut interrupted = run(NoNorm, 7, &[2.3, 0.5]);
    interrupted.outcome = Outcome::Interrupted { step: 17 };
    insta::assert_snapshot!(shown(&[interrupted]));
    insta::assert_snapshot!(shown(&[]));
}

#[test]
fn regression_has_r2_instead_of_accuracy() {
    let runs: Vec<RunRecord> = twins(2).into_iter().map(for_values).collect();
    let summary = Summary::of(&runs);
    let text = table(&summary);
    let heads = text.lines().find(|line| line.starts_with("norm")).unwrap_or_default();
    assert_eq!(heads, "norm        final loss      best loss         final R2        best R2");
    assert!(text.contains("\n  final validation R2   +0.00") && !text.contains("accuracy"), "{text}");
    let json = summary.to_json();
    assert!(json.contains("\"task\": \"regression\"") && !json.contains("accuracy"), "{json}");
    for key in ["train_r2", "valid_r2", "final_r2", "best_r2", "test_r2"] {
        assert!(json.contains(&format!("\"{key}\"")), "{key}");
    }
}
