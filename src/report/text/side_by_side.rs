//! Several finished runs next to each other.

use crate::experiment::Summary;
use crate::report::text::endings::ends;
use crate::report::text::group_table::{Shown, cost_rows, heading, score_rows};
use crate::report::text::layout::{Align, aligned};
use crate::report::text::summary::joined;
use crate::report::{Charset, ConfigDifference};
use crate::text::shortened;

/// Scores and costs of several run directories, each with its name, and what differs between
/// their configs; the values of a difference are in the order of the runs.
///
/// Nothing is tested between runs: pairs share a seed only within one, where they also share
/// everything else.
pub fn side_by_side(
    named: &[(String, Summary)],
    differences: &[ConfigDifference],
    charset: Charset,
) -> String {
    let shown: Vec<Shown<'_>> =
        named.iter().map(|(name, summary)| Shown { name: Some(shortened(name)), summary }).collect();
    let sections = [
        format!("{}\n\n{}", heading(&shown, charset), score_rows(&shown, charset)),
        cost_rows(&shown, charset),
        ends(&shown),
        config_rows(&shown, differences),
    ];
    charset.restrict(joined(sections))
}

fn config_rows(shown: &[Shown<'_>], differences: &[ConfigDifference]) -> String {
    if differences.is_empty() {
        return "the configs are the same\n".to_owned();
    }
    let names = shown.iter().map(|shown| shown.name.clone().unwrap_or_default());
    let mut rows: Vec<Vec<String>> = vec![std::iter::once("config".to_owned()).chain(names).collect()];
    for ConfigDifference { key, values } in differences {
        let value =
            |value: &Option<String>| value.as_deref().map_or_else(|| "(not set)".to_owned(), shortened);
        let mut row = vec![shortened(key)];
        row.extend(values.iter().map(value));
        row.resize(shown.len() + 1, String::new());
        rows.push(row);
    }
    aligned(&vec![Align::Left; shown.len() + 1], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::RunRecord;
    use crate::experiment::synthetic::{diverged, grid, run, twins, without_validation};
    use crate::nn::Norm;
    use crate::report::config_differences;

    fn named(name: &str, runs: &[RunRecord]) -> (String, Summary) {
        (name.to_owned(), Summary::of(runs))
    }

    #[test]
    fn two_runs_and_what_differs() {
        let configs = ["[training]\nepochs = 20\n", "[training]\nepochs = 20\nclip_norm = 1.5\n"];
        let configs = configs.map(|config| config.parse().unwrap());
        let text = side_by_side(
            &[named("mlp_bn-001", &twins(5)), named("mlp_bn-002", &twins(3))],
            &config_differences(&configs),
            Charset::Unicode,
        );
        insta::assert_snapshot!(text, @r"
    validation rows; mean ±standard deviation over seeds; best: at any epoch

    run         norm        final loss      best loss         final accuracy  best accuracy
    mlp_bn-001  batch_norm  0.0772 ±0.0050  0.07274 ±0.00067  0.9283 ±0.0043  0.9322 ±0.0006
    mlp_bn-001  none        0.0820 ±0.0053  0.0804 ±0.0039    0.9243 ±0.0045  0.9256 ±0.0033
    mlp_bn-002  batch_norm  0.0774 ±0.0051  0.07298 ±0.00078  0.9281 ±0.0044  0.9320 ±0.0007
    mlp_bn-002  none        0.0822 ±0.0055  0.0795 ±0.0011    0.9241 ±0.0047  0.9264 ±0.0010

    run         norm        runs  steps to other's best loss  seconds  parameters
    mlp_bn-001  batch_norm     5  120                           1.3 s       25450
    mlp_bn-001  none           5  not reached in 5 of 5         1.3 s       25250
    mlp_bn-002  batch_norm     3  120                           1.3 s       25450
    mlp_bn-002  none           3  not reached in 3 of 3         1.3 s       25250

    config              mlp_bn-001  mlp_bn-002
    training.clip_norm  (not set)   1.5
    ");
    }

    #[test]
    fn runs_of_different_kinds() {
        let single = [without_validation(run(Norm::BatchNorm, 1, &[2.3, 1.0]))];
        let mut grid = grid();
        grid[0] = diverged(grid[0].clone());
        let named = [named("größe\u{1b}[31m", &grid[..6]), named("single", &single)];
        insta::assert_snapshot!(side_by_side(&named, &[], Charset::Ascii), @r"
    validation rows, or training rows in evaluation mode where there are none; mean +-standard deviation over seeds; best: at any epoch

    run              norm        learning_rate  rows        final loss
    gr??e\u{1b}[31m  batch_norm  0.001          validation  1.383 +-0.014
    gr??e\u{1b}[31m  batch_norm  0.003 *        validation  0.606 +-0.020
    single           batch_norm  -              training    0.5000

    run              norm        learning_rate  best loss      final accuracy
    gr??e\u{1b}[31m  batch_norm  0.001          1.383 +-0.014  0.4196 +-0.0025
    gr??e\u{1b}[31m  batch_norm  0.003 *        0.606 +-0.020  0.6226 +-0.0078
    single           batch_norm  -              0.5000         0.6667

    run              norm        learning_rate  best accuracy
    gr??e\u{1b}[31m  batch_norm  0.001          0.4196 +-0.0025
    gr??e\u{1b}[31m  batch_norm  0.003 *        0.6226 +-0.0078
    single           batch_norm  -              0.6667
    * the norm's lowest mean best loss among the points with the fewest lost runs

    run              norm        learning_rate  runs  seconds  parameters
    gr??e\u{1b}[31m  batch_norm  0.001             3    1.3 s       25450
    gr??e\u{1b}[31m  batch_norm  0.003 *           3    1.3 s       25450
    single           batch_norm  -                 1    1.3 s       25450

    gr??e\u{1b}[31m: batch_norm at optimizer.learning_rate=0.001: 1 of 3 diverged (seed 1: epoch 6, step 57, loss)
    runs that did not complete are left out of the means and differences

    the configs are the same
    ");
    }
}
