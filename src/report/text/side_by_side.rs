//! Several finished run directories side by side.

use crate::experiment::Summary;
use crate::report::ConfigDifference;
use crate::report::text::layout::{Align, aligned, joined};
use crate::report::text::summary::endings::ends;
use crate::report::text::summary::group_table::{NamedSummary, cost_rows, heading, score_rows};
use crate::text::shortened;

/// Scores and costs of several run directories, and the differences between their configs, with the
/// values in the order of the runs.
///
/// Run directories are not compared statistically: only runs of the same directory are paired by seed.
pub fn side_by_side(named: &[(String, Summary)], differences: &[ConfigDifference]) -> String {
    let shown: Vec<NamedSummary<'_>> =
        named.iter().map(|(name, summary)| NamedSummary { name: Some(shortened(name)), summary }).collect();
    let sections = [
        format!("{}\n\n{}", heading(&shown), score_rows(&shown)),
        cost_rows(&shown),
        ends(&shown),
        config_rows(&shown, differences),
    ];
    joined(sections)
}

fn config_rows(shown: &[NamedSummary<'_>], differences: &[ConfigDifference]) -> String {
    if differences.is_empty() {
        return "the configs are equal\n".to_owned();
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
    fn two_runs_with_config_differences() {
        let configs = ["[training]\nepochs = 20\n", "[training]\nepochs = 20\nclip_norm = 1.5\n"];
        let configs = configs.map(|config| config.parse().unwrap());
        let text = side_by_side(
            &[named("mlp_bn-001", &twins(5)), named("mlp_bn-002", &twins(3))],
            &config_differences(&configs),
        );
        insta::assert_snapshot!(text);
    }

    #[test]
    fn runs_of_different_kinds() {
        let single = [without_validation(run(Norm::BatchNorm, 1, &[2.3, 1.0]))];
        let mut grid = grid();
        grid[0] = diverged(grid[0].clone());
        let named = [named("größe\u{1b}[31m", &grid[..6]), named("single", &single)];
        insta::assert_snapshot!(side_by_side(&named, &[]));
    }
}
