use crate::experiment::synthetic::{diverged, for_values, grid, run, twins, without_validation};
use crate::experiment::{RunRecord, Summary};
use crate::nn::Norm::{BatchNorm, MeanOnly, None as NoNorm};
use crate::report::text::summary::{Charset, table};
use crate::train::{Outcome, Quality, Score};

fn shown(runs: &[RunRecord]) -> String {
    table(&Summary::of(runs), Charset::Unicode)
}

#[test]
fn two_norms_over_five_seeds() {
    let text = shown(&twins(5));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text, @r"
    validation rows; mean ±standard deviation over seeds; best: at any epoch

    norm        final loss      best loss         final accuracy  best accuracy
    batch_norm  0.0772 ±0.0050  0.07274 ±0.00067  0.9283 ±0.0043  0.9322 ±0.0006
    none        0.0820 ±0.0053  0.0804 ±0.0039    0.9243 ±0.0045  0.9256 ±0.0033

    norm        runs  steps to other's best loss  seconds  parameters
    batch_norm     5  120                           1.3 s       25450
    none           5  not reached in 5 of 5         1.3 s       25250

    batch_norm - none, 5 pairs by seed: mean difference (95 % interval)
      final validation loss      -0.00475 (-0.00513 to -0.00437)
      best validation loss       -0.0076 (-0.0125 to -0.0027)
      final validation accuracy  +0.00407 (+0.00379 to +0.00435)
      best validation accuracy   +0.0066 (+0.0024 to +0.0107)
      final training loss        -0.00237 (-0.00256 to -0.00218)
    ");
}

#[test]
fn ascii_has_no_other_characters() {
    let text = table(&Summary::of(&twins(5)), Charset::Ascii);
    assert!(text.is_ascii(), "{text}");
    // The same words; only the columns are a character wider.
    let unicode = shown(&twins(5)).replace('±', "+-");
    assert!(text.split_whitespace().eq(unicode.split_whitespace()), "{text}");
}

#[test]
fn one_seed_has_neither_spread_nor_interval() {
    insta::assert_snapshot!(shown(&twins(1)), @r"
    validation rows; best: at any epoch

    norm        final loss  best loss  final accuracy  best accuracy
    batch_norm  0.07529     0.07311    0.9300          0.9319
    none        0.07992     0.07992    0.9260          0.9260

    norm        runs  steps to other's best loss  seconds  parameters
    batch_norm     1  120                           1.3 s       25450
    none           1  not reached in 1 of 1         1.3 s       25250

    batch_norm - none, one seed: no interval
      final validation loss      -0.004629
      best validation loss       -0.006819
      final validation accuracy  +0.003987
      best validation accuracy   +0.005884
      final training loss        -0.002315
    ");
}

#[test]
fn diverged_runs_are_visible() {
    let mut runs = twins(5);
    runs[1] = diverged(runs[1].clone());
    runs[6].epochs.truncate(3);
    runs[6] = diverged(runs[6].clone());
    runs[8].epochs.truncate(5);
    runs[8] = diverged(runs[8].clone());
    insta::assert_snapshot!(shown(&runs), @r"
    validation rows; mean ±standard deviation over seeds; best: at any epoch

    norm        final loss      best loss         final accuracy  best accuracy
    batch_norm  0.0757 ±0.0042  0.07289 ±0.00068  0.9296 ±0.0036  0.9321 ±0.0006
    none        0.0782 ±0.0017  0.0782 ±0.0017    0.9275 ±0.0015  0.9275 ±0.0015

    norm        runs  steps to other's best loss  seconds  parameters
    batch_norm     5  120                           1.3 s       25450
    none           5  not reached in 4 of 4         1.3 s       25250

    batch_norm: 1 of 5 diverged (seed 2: epoch 21, step 207, loss)
    none: 2 of 5 diverged
      seed 2: epoch 3, step 27, loss
      seed 4: epoch 5, step 47, loss
    runs that did not complete are left out of the means and differences

    batch_norm - none, 3 of 5 pairs by seed: mean difference (95 % interval)
      final validation loss      -0.00453 (-0.00478 to -0.00429)
      best validation loss       -0.0053 (-0.0086 to -0.0019)
      final validation accuracy  +0.00391 (+0.00373 to +0.00410)
      best validation accuracy   +0.0045 (+0.0017 to +0.0074)
      final training loss        -0.00227 (-0.00239 to -0.00214)
    ");
}

#[test]
fn a_norm_of_which_every_run_diverged_has_no_numbers() {
    let mut runs = twins(7);
    for run in &mut runs[7..] {
        run.epochs.truncate(3);
        *run = diverged(run.clone());
    }
    insta::assert_snapshot!(shown(&runs), @r"
    validation rows; mean ±standard deviation over seeds; best: at any epoch

    norm        final loss      best loss       final accuracy  best accuracy
    batch_norm  0.0792 ±0.0058  0.0730 ±0.0010  0.9266 ±0.0049  0.9320 ±0.0009
    none        -               -               -               -

    norm        runs  steps to other's best loss  seconds  parameters
    batch_norm     7  -                             1.3 s       25450
    none           7  not reached in 7 of 7             -       25250

    none: 7 of 7 diverged
      seed 1: epoch 3, step 27, loss
      seed 2: epoch 3, step 27, loss
      seed 3: epoch 3, step 27, loss
      seed 4: epoch 3, step 27, loss
      seed 5: epoch 3, step 27, loss
      and 2 more, in summary.json
    runs that did not complete are left out of the means and differences

    batch_norm - none: no seed for which both completed
    ");
}

#[test]
fn three_norms_have_a_table_of_steps() {
    let mut runs = twins(3);
    runs.extend((1..=3).map(|seed| run(MeanOnly, seed, &[2.3, 0.5 + 0.1 * seed as f64, 0.101])));
    let text = shown(&runs);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text, @r"
    validation rows; mean ±standard deviation over seeds; best: at any epoch

    norm        final loss      best loss         final accuracy  best accuracy
    batch_norm  0.0774 ±0.0051  0.07298 ±0.00078  0.9281 ±0.0044  0.9320 ±0.0007
    none        0.0822 ±0.0055  0.0795 ±0.0011    0.9241 ±0.0047  0.9264 ±0.0010
    mean_only   0.1010 ±0.0000  0.1010 ±0.0000    0.9083 ±0.0000  0.9083 ±0.0000

    norm        runs  seconds  parameters
    batch_norm     3    1.3 s       25450
    none           3    1.3 s       25250
    mean_only      3    1.3 s       25450

    norm        other       steps to other's best loss
    batch_norm  none        120
    none        batch_norm  not reached in 3 of 3
    batch_norm  mean_only   90
    mean_only   batch_norm  not reached in 3 of 3

    batch_norm - none, 3 pairs by seed: mean difference (95 % interval)
      final validation loss      -0.00476 (-0.00555 to -0.00397)
      best validation loss       -0.0065 (-0.0111 to -0.0019)
      final validation accuracy  +0.00408 (+0.00351 to +0.00465)
      best validation accuracy   +0.0056 (+0.0016 to +0.0096)
      final training loss        -0.00238 (-0.00277 to -0.00199)

    batch_norm - mean_only, 3 pairs by seed: mean difference (95 % interval)
      final validation loss      -0.024 (-0.036 to -0.011)
      best validation loss       -0.0280 (-0.0300 to -0.0261)
      final validation accuracy  +0.020 (+0.009 to +0.031)
      best validation accuracy   +0.0237 (+0.0220 to +0.0254)
      final training loss        -0.0118 (-0.0182 to -0.0054)
    ");
}

#[test]
fn a_single_network_without_validation_rows() {
    let mut run = without_validation(run(BatchNorm, 7, &[2.3, 0.5, 0.25]));
    run.test = Some(Score { loss: 0.3, quality: Quality::Accuracy(0.9) });
    run.seconds = 125.4;
    insta::assert_snapshot!(shown(&[run]), @r"
    training rows in evaluation mode (no validation rows); best: at any epoch

    norm        final loss  best loss  final accuracy  best accuracy
    batch_norm  0.1250      0.1250     0.8889          0.8889

    norm        runs     seconds  parameters  test accuracy
    batch_norm     1  2 min 05 s       25450  0.9000
    ");
}

#[test]
fn a_grid_has_a_row_per_norm_and_point() {
    let text = shown(&grid());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text, @r"
    validation rows; mean ±standard deviation over seeds; best: at any epoch

    norm        learning_rate  final loss    best loss
    batch_norm  0.001          1.373 ±0.020  1.373 ±0.020
    batch_norm  0.003          0.606 ±0.020  0.606 ±0.020
    batch_norm  0.01           0.173 ±0.020  0.173 ±0.020
    batch_norm  0.03           0.160 ±0.020  0.160 ±0.020
    batch_norm  0.1 *          0.160 ±0.020  0.160 ±0.020
    none        0.001          1.893 ±0.020  1.893 ±0.020
    none        0.003          1.413 ±0.020  1.413 ±0.020
    none        0.01           0.578 ±0.020  0.578 ±0.020
    none        0.03 *         0.213 ±0.020  0.213 ±0.020
    none        0.1            0.2000        0.2000

    norm        learning_rate  final accuracy  best accuracy
    batch_norm  0.001          0.4214 ±0.0036  0.4214 ±0.0036
    batch_norm  0.003          0.6226 ±0.0078  0.6226 ±0.0078
    batch_norm  0.01           0.8523 ±0.0145  0.8523 ±0.0145
    batch_norm  0.03           0.8622 ±0.0149  0.8622 ±0.0149
    batch_norm  0.1 *          0.8622 ±0.0149  0.8622 ±0.0149
    none        0.001          0.3457 ±0.0024  0.3457 ±0.0024
    none        0.003          0.4144 ±0.0034  0.4144 ±0.0034
    none        0.01           0.6339 ±0.0080  0.6339 ±0.0080
    none        0.03 *         0.8242 ±0.0136  0.8242 ±0.0136
    none        0.1            0.8333          0.8333
    * the norm's lowest mean best loss among the points with the fewest lost runs

    norm        learning_rate  runs  steps to other's best loss  seconds  parameters
    batch_norm  0.001             3  20                            1.3 s       25450
    batch_norm  0.003             3  20                            1.3 s       25450
    batch_norm  0.01              3  20                            1.3 s       25450
    batch_norm  0.03              3  20                            1.3 s       25450
    batch_norm  0.1 *             3  10                            1.3 s       25450
    none        0.001             3  not reached in 3 of 3         1.3 s       25250
    none        0.003             3  not reached in 3 of 3         1.3 s       25250
    none        0.01              3  not reached in 3 of 3         1.3 s       25250
    none        0.03 *            3  not reached in 3 of 3         1.3 s       25250
    none        0.1               3  not reached in 3 of 3         1.3 s       25250

    none at optimizer.learning_rate=0.1: 2 of 3 diverged
      seed 1: epoch 6, step 57, loss
      seed 3: epoch 6, step 57, loss
    runs that did not complete are left out of the means and differences

    batch_norm - none, paired by seed: mean difference (95 % interval)
      learning_rate  pairs  final loss
      0.001              3  -0.5199 (-0.5199 to -0.5199)
      0.003              3  -0.8068 (-0.8068 to -0.8068)
      0.01               3  -0.4043 (-0.4043 to -0.4043)
      0.03               3  -0.05348 (-0.05348 to -0.05348)
      0.1                1  -0.04000

      learning_rate  pairs  final accuracy
      0.001              3  +0.0757 (+0.0729 to +0.0786)
      0.003              3  +0.208 (+0.197 to +0.219)
      0.01               3  +0.218 (+0.202 to +0.235)
      0.03               3  +0.0380 (+0.0348 to +0.0412)
      0.1                1  +0.02874
    ");
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
    assert_eq!(lines[2], "norm        learning_rate  batch_size  final loss  best loss");
    assert_eq!(lines[3], "batch_norm  0.003162       64 *        0.49 ±0.49  0.49 ±0.49");
    assert_eq!(lines[6], "norm        learning_rate  batch_size  final accuracy  best accuracy");
    assert!(text.contains("none at learning_rate=0.003162;batch_size=64: 2 of"), "{text}");
}

#[test]
fn what_a_terminal_would_obey_is_escaped() {
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
    insta::assert_snapshot!(shown(&[interrupted]), @r"
    validation rows; best: at any epoch

    norm  final loss  best loss  final accuracy  best accuracy
    none  -           -          -               -

    norm  runs  seconds  parameters
    none     1        -       25250

    none: 1 of 1 interrupted (seed 7: after step 17)
    runs that did not complete are left out of the means and differences
    ");
    insta::assert_snapshot!(shown(&[]), @r"
    training rows in evaluation mode (no validation rows); best: at any epoch

    norm  final loss  best loss  final accuracy  best accuracy

    norm  runs  seconds  parameters
    ");
}

#[test]
fn values_have_r2_where_classes_have_accuracy() {
    let runs: Vec<RunRecord> = twins(2).into_iter().map(for_values).collect();
    let summary = Summary::of(&runs);
    let text = table(&summary, Charset::Ascii);
    let heads = text.lines().find(|line| line.starts_with("norm")).unwrap_or_default();
    assert_eq!(heads, "norm        final loss       best loss          final R2         best R2");
    assert!(text.contains("\n  final validation R2    +0.00") && !text.contains("accuracy"), "{text}");
    let json = summary.to_json();
    assert!(json.contains("\"task\": \"regression\"") && !json.contains("accuracy"), "{json}");
    for key in ["train_r2", "valid_r2", "final_r2", "best_r2", "test_r2"] {
        assert!(json.contains(&format!("\"{key}\"")), "{key}");
    }
}
