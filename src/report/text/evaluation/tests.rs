use ndarray::{Array2, array};

use crate::eval::{Statistics, UnderStatistics};
use crate::metrics::{Predictions, difference};
use crate::nn::log_probabilities;
use crate::report::text::evaluation::*;
use crate::targets::Targets;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// By the running statistics.
fn running(truth: &Targets, answers: &Predictions) -> Vec<UnderStatistics> {
    let metrics = Metrics::of(truth, answers, None);
    vec![UnderStatistics { statistics: Statistics::Running, metrics, difference: None }]
}

/// `n` rows of two classes; `skill` is what the class adds to its log odds, and each choice comes with
/// what it adds to the log odds of all rows.
fn two_classes(n: usize, skill: f64, choices: &[(Statistics, f64)]) -> Evaluation {
    let truth = Targets::Classes((0..n).map(|row| u32::from(row % 3 == 0)).collect());
    let answers = |shift: f64| {
        Predictions::Classes(Array2::from_shape_fn((n, 2), |(row, class)| {
            let odds = 2.0 * ((row * 7 % 11) as f64 / 5.0 - 1.0) + if row % 3 == 0 { skill } else { -skill };
            log_probabilities(vec![odds + shift])[class]
        }))
    };
    let under = |(index, &(statistics, shift)): (usize, &(Statistics, f64))| UnderStatistics {
        statistics,
        metrics: Metrics::of(&truth, &answers(shift), None),
        difference: (index > 0).then(|| difference(&truth, &answers(choices[0].1), &answers(shift), None)),
    };
    Evaluation {
        n_rows: n,
        names: names(&["no", "yes"]),
        choices: choices.iter().enumerate().map(under).collect(),
        curves: None,
        baseline: Metrics::of_baseline(&truth, &[20.0, 10.0], None),
        batch_rows: Some((16, 22)),
        compared: "log_loss",
        has_statistics: true,
    }
}

fn text(shown: &Evaluation) -> String {
    evaluation(shown)
}

#[test]
fn classes_with_one_choice() {
    insta::assert_snapshot!(text(&two_classes(60, 1.5, &[(Statistics::Running, 0.0)])));
}

#[test]
fn choices_that_hardly_differ() {
    let choices = [(Statistics::Running, 0.0), (Statistics::Recomputed, 0.05), (Statistics::Batch, -0.1)];
    insta::assert_snapshot!(by_statistics(&two_classes(60, 1.5, &choices)));
}

#[test]
fn choices_that_differ_are_explained() {
    let verdict = |choices: &[(Statistics, f64)]| {
        let text = by_statistics(&two_classes(600, 1.5, choices));
        text[text.rfind("\n\n").expect("a verdict")..].trim_start().to_owned()
    };
    let (running, recomputed, batch) = (Statistics::Running, Statistics::Recomputed, Statistics::Batch);
    insta::assert_snapshot!(verdict(&[(running, 3.0), (recomputed, 0.0)]));
    insta::assert_snapshot!(verdict(&[(running, 0.01), (recomputed, 0.0)]));
    insta::assert_snapshot!(verdict(&[(running, 0.0), (recomputed, 0.0), (batch, 3.0)]));
    insta::assert_snapshot!(verdict(&[(running, 0.0), (batch, 3.0)]));
    insta::assert_snapshot!(verdict(&[(batch, 0.0), (running, 3.0)]));
}

#[test]
fn without_batch_norm_the_statistics_make_no_difference() {
    let choices = [(Statistics::Running, 0.0), (Statistics::Recomputed, 0.0)];
    let evaluation = Evaluation { has_statistics: false, batch_rows: None, ..two_classes(60, 1.5, &choices) };
    let text = by_statistics(&evaluation);
    assert!(
        text.ends_with("the network has no batch norm, so the statistics make no difference\n"),
        "{text}"
    );
}

#[test]
fn perfect_predictions_have_no_interval_for_the_loss() {
    let truth = Targets::Classes(vec![0, 1, 0, 1, 0, 1]);
    let answers = Array2::from_shape_fn((6, 2), |(row, class)| if row % 2 == class { -0.1 } else { -2.3 });
    let evaluation = Evaluation {
        choices: running(&truth, &Predictions::Classes(answers)),
        curves: None,
        baseline: Metrics::of_baseline(&truth, &[1.0, 1.0], None),
        ..two_classes(6, 0.0, &[])
    };
    insta::assert_snapshot!(overall(&evaluation));
}

#[test]
fn regression_with_two_targets() {
    let truth = Targets::Values(Array2::from_shape_fn((40, 2), |(row, target)| {
        (row as f64 * 0.7).sin() * if target == 0 { 1.0 } else { 5e4 }
    }));
    let Targets::Values(values) = &truth else { unreachable!("just made") };
    let answers = Predictions::Values(values * 0.8 + 0.01 * values.mapv(|value| value.abs()));
    let shown = Evaluation {
        n_rows: 40,
        names: names(&["height", "price"]),
        choices: running(&truth, &answers),
        curves: None,
        baseline: Metrics::of_baseline(&truth, &[0.1, 1e3], None),
        batch_rows: None,
        compared: "r2",
        has_statistics: true,
    };
    insta::assert_snapshot!(text(&shown));
    let single = Evaluation {
        names: names(&["x"]),
        choices: running(&Targets::Values(array![[1.0], [1.0]]), &Predictions::Values(array![[1.0], [2.0]])),
        curves: None,
        baseline: Metrics::of_baseline(&Targets::Values(array![[1.0], [1.0]]), &[0.0], None),
        ..shown
    };
    insta::assert_snapshot!(text(&single));
}

#[test]
fn of_many_classes_the_worst_are_listed() {
    let truth = Targets::Classes((0..400).map(|row| row % 40).collect());
    let answers = Array2::from_shape_fn((400, 40), |(row, class)| {
        let said = if row % 7 == 0 { row * 3 % 40 } else { row % 40 };
        if class == said { -0.5 } else { -4.6 }
    });
    let shown = Evaluation {
        names: (0..40).map(|class| format!("class {class}")).collect(),
        choices: running(&truth, &Predictions::Classes(answers)),
        curves: None,
        baseline: Metrics::of_baseline(&truth, &[1.0; 40], None),
        ..two_classes(6, 0.0, &[])
    };
    let text = text(&shown);
    // Counts and precision, then recall and F1.
    assert_eq!(text.lines().filter(|line| line.starts_with("class ")).count(), 2 * (1 + 20), "{text}");
    assert!(text.contains("the 20 of 40 classes with the lowest f1; --json has all\n"), "{text}");
    assert!(text.contains(" pairs of classes\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn control_characters_in_class_names_are_escaped() {
    let evaluation = Evaluation {
        names: names(&["\u{1b}[31m", &"y".repeat(100)]),
        ..two_classes(60, 1.5, &[(Statistics::Running, 0.0)])
    };
    let text = text(&evaluation);
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[31m"), "{text}");
    assert!(text.contains(&("y".repeat(57) + "...")) && !text.contains(&"y".repeat(58)), "{text}");
}
