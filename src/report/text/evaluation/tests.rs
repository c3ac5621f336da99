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
        baseline: Metrics::of_baseline(&truth, &[20.0, 10.0], None),
        batch_rows: Some((16, 22)),
        compared: "log_loss",
        has_statistics: true,
    }
}

fn text(shown: &Evaluation) -> String {
    evaluation(shown, Charset::Unicode)
}

#[test]
fn classes_with_one_choice() {
    insta::assert_snapshot!(text(&two_classes(60, 1.5, &[(Statistics::Running, 0.0)])), @r#"
    metric              value  95 % interval       baseline
    accuracy           0.8333  (0.7197 to 0.9069)    0.6667
    balanced_accuracy  0.8375  (0.7099 to 0.9031)    0.5000
    macro_f1           0.8206  (0.6930 to 0.9026)    0.4000
    auc                0.9613  (0.8856 to 0.9876)    0.5000
    log_loss            0.305  (0.236 to 0.394)      0.6365
    calibration_error  0.2325  (0.1855 to 0.2871)    0.1085

    baseline: every row gets the class shares of the training rows,
              so class "no";
              for calibration_error it is what chance alone gives where all
              probabilities are right

    class  rows  predicted  precision (95 % interval)
    no       40         36  0.9167 (0.7817 to 0.9713)
    yes      20         24  0.7083 (0.5083 to 0.8509)

    class  recall (95 % interval)     f1 (95 % interval)
    no     0.8250 (0.6805 to 0.9125)  0.8684 (0.7674 to 0.9296)
    yes    0.8500 (0.6396 to 0.9476)  0.7727 (0.6133 to 0.8793)

    rows of each class (down) that are taken for each class (across)
           no  yes
      no   33    7
      yes   3   17
    "#);
}

#[test]
fn choices_that_hardly_differ() {
    let choices = [(Statistics::Running, 0.0), (Statistics::Recomputed, 0.05), (Statistics::Batch, -0.1)];
    insta::assert_snapshot!(by_statistics(&two_classes(60, 1.5, &choices)), @r##"
    statistics         running  recomputed   batch  difference
    accuracy            0.8333      0.8333  0.8333      0.0000
    balanced_accuracy   0.8375      0.8375  0.8375      0.0000
    macro_f1            0.8206      0.8206  0.8206      0.0000
    auc                 0.9613      0.9613  0.9613      0.0000
    log_loss            0.3049      0.3093  0.2971     0.01216
    calibration_error   0.2325      0.1355  0.1490      0.0970

    running:    those stored with the weights, which `predict` uses too
    recomputed: mean and variance of each batch norm's input over these rows,
                layer by layer, with weights, gamma and beta as they are
    batch:      each batch of 16 rows (the last has 22) by its own, in file order,
                as in training: what a row gets depends on its neighbours

    log_loss on the same rows, difference (95 % interval):
      recomputed - running: +0.0044 (+0.0006 to +0.0082)
      batch - running: -0.0078 (-0.0153 to -0.0002)
    the running statistics are not those of these rows: training was too short for
    them to follow (more steps, or a larger running_update), dropout was at work
    before a norm when they were collected, or these rows are not like the training
    rows
    "##);
}

#[test]
fn choices_that_differ_are_explained() {
    let verdict = |choices: &[(Statistics, f64)]| {
        let text = by_statistics(&two_classes(600, 1.5, choices));
        text[text.rfind("\n\n").expect("a verdict")..].trim_start().to_owned()
    };
    let (running, recomputed, batch) = (Statistics::Running, Statistics::Recomputed, Statistics::Batch);
    insta::assert_snapshot!(verdict(&[(running, 3.0), (recomputed, 0.0)]), @r##"
    log_loss on the same rows, difference (95 % interval):
      recomputed - running: -0.899 (-0.982 to -0.815)
    the running statistics are not those of these rows: training was too short for
    them to follow (more steps, or a larger running_update), dropout was at work
    before a norm when they were collected, or these rows are not like the training
    rows
    "##);
    insta::assert_snapshot!(verdict(&[(running, 0.01), (recomputed, 0.0)]), @r##"
    log_loss on the same rows, difference (95 % interval):
      recomputed - running: -8.2e-4 (-1.1e-3 to -5.7e-4)
    a difference of less than a hundredth of the error: nothing to act on
    "##);
    insta::assert_snapshot!(verdict(&[(running, 0.0), (recomputed, 0.0), (batch, 3.0)]), @r##"
    log_loss on the same rows, difference (95 % interval):
      recomputed - running: 0
      batch - running: +0.899 (+0.815 to +0.982)
    fixed statistics are alike, those of single batches are not: the noise of small
    batches, or rows beside each other in the file that are alike
    "##);
    insta::assert_snapshot!(verdict(&[(running, 0.0), (batch, 3.0)]), @r##"
    log_loss on the same rows, difference (95 % interval):
      batch - running: +0.899 (+0.815 to +0.982)
    add `recomputed` to --stats to see whether that is the noise of small batches
    "##);
    insta::assert_snapshot!(verdict(&[(batch, 0.0), (running, 3.0)]), @r##"
    log_loss on the same rows, difference (95 % interval):
      running - batch: +0.899 (+0.815 to +0.982)
    "##);
}

#[test]
fn without_batch_norm_the_choice_changes_nothing() {
    let choices = [(Statistics::Running, 0.0), (Statistics::Recomputed, 0.0)];
    let evaluation = Evaluation { has_statistics: false, batch_rows: None, ..two_classes(60, 1.5, &choices) };
    let text = by_statistics(&evaluation);
    assert!(text.ends_with("this network normalises nothing, so the choice changes nothing\n"), "{text}");
}

#[test]
fn all_right_in_a_few_rows() {
    let truth = Targets::Classes(vec![0, 1, 0, 1, 0, 1]);
    let answers = Array2::from_shape_fn((6, 2), |(row, class)| if row % 2 == class { -0.1 } else { -2.3 });
    let evaluation = Evaluation {
        choices: running(&truth, &Predictions::Classes(answers)),
        baseline: Metrics::of_baseline(&truth, &[1.0, 1.0], None),
        ..two_classes(6, 0.0, &[])
    };
    insta::assert_snapshot!(overall(&evaluation), @r#"
    metric              value  95 % interval       baseline
    accuracy           1.0000  (0.6097 to 1.0000)    0.5000
    balanced_accuracy  1.0000  (0.6030 to 1.0000)    0.5000
    macro_f1           1.0000  -                     0.3333
    auc                1.0000  -                     0.5000
    log_loss           0.1000  -                     0.6931
    calibration_error  0.0952  -                     0.0956
    macro_f1, auc, log_loss, calibration_error: no interval, the rows show no spread

    baseline: every row gets the class shares of the training rows,
              so class "no";
              for calibration_error it is what chance alone gives where all
              probabilities are right
    "#);
}

#[test]
fn values_of_two_targets() {
    let truth = Targets::Values(Array2::from_shape_fn((40, 2), |(row, target)| {
        (row as f64 * 0.7).sin() * if target == 0 { 1.0 } else { 5e4 }
    }));
    let Targets::Values(values) = &truth else { unreachable!("just made") };
    let answers = Predictions::Values(values * 0.8 + 0.01 * values.mapv(|value| value.abs()));
    let shown = Evaluation {
        n_rows: 40,
        names: names(&["height", "price"]),
        choices: running(&truth, &answers),
        baseline: Metrics::of_baseline(&truth, &[0.1, 1e3], None),
        batch_rows: None,
        compared: "r2",
        has_statistics: true,
    };
    insta::assert_snapshot!(text(&shown), @r#"
    metric        value  95 % interval       baseline
    height.rmse   0.141  (0.126 to 0.159)      0.7072
    height.mae    0.126  (0.107 to 0.148)      0.6297
    height.r2    0.9600  (0.9591 to 0.9608)   -0.0026
    price.rmse     7063  (6292 to 7929)         35384
    price.mae      6299  (5345 to 7424)         31513
    price.r2     0.9600  (0.9591 to 0.9608)   -0.0038

    baseline: every row gets the means of the training rows
    "#);
    let single = Evaluation {
        names: names(&["x"]),
        choices: running(&Targets::Values(array![[1.0], [1.0]]), &Predictions::Values(array![[1.0], [2.0]])),
        baseline: Metrics::of_baseline(&Targets::Values(array![[1.0], [1.0]]), &[0.0], None),
        ..shown
    };
    insta::assert_snapshot!(text(&single), @r#"
    metric  value  95 % interval  baseline
    rmse        1  (0 to 406)        1.000
    mae         0  (0 to 164894)     1.000
    r2          -  -                     -
    r2: no value, all rows have the same true value

    baseline: every row gets the mean of the training rows
    "#);
}

#[test]
fn many_classes_are_told_by_the_worst() {
    let truth = Targets::Classes((0..400).map(|row| row % 40).collect());
    let answers = Array2::from_shape_fn((400, 40), |(row, class)| {
        let said = if row % 7 == 0 { row * 3 % 40 } else { row % 40 };
        if class == said { -0.5 } else { -4.6 }
    });
    let shown = Evaluation {
        names: (0..40).map(|class| format!("class {class}")).collect(),
        choices: running(&truth, &Predictions::Classes(answers)),
        baseline: Metrics::of_baseline(&truth, &[1.0; 40], None),
        ..two_classes(6, 0.0, &[])
    };
    let text = text(&shown);
    // Counts and precision, then recall and F1.
    assert_eq!(text.lines().filter(|line| line.starts_with("class ")).count(), 2 * (1 + 20), "{text}");
    assert!(text.contains("the 20 of 40 classes with the lowest f1; all are in --json\n"), "{text}");
    assert!(text.contains(" kinds of mistakes\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn names_cannot_speak_to_the_terminal() {
    let evaluation = Evaluation {
        names: names(&["\u{1b}[31m", &"y".repeat(100)]),
        ..two_classes(60, 1.5, &[(Statistics::Running, 0.0)])
    };
    let text = text(&evaluation);
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[31m"), "{text}");
    assert!(text.contains(&("y".repeat(57) + "...")) && !text.contains(&"y".repeat(58)), "{text}");
}
