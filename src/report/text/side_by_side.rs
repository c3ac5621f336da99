//! Several finished run directories side by side.

use crate::experiment::Summary;
use crate::report::ConfigDifference;
use crate::report::text::config_differences::{BETWEEN, LINE, without_equal_ends};
use crate::report::text::layout::{Align, aligned, joined};
use crate::report::text::summary::endings::ends;
use crate::report::text::summary::group_table::{NamedSummary, cost_rows, heading, score_rows};
use crate::text::{escaped, shortened};

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
        let values = without_equal_ends(values).into_iter();
        let values = values.map(|value| value.unwrap_or_else(|| "(not set)".to_owned()));
        let mut cells: Vec<Vec<String>> =
            std::iter::once(key.clone()).chain(values).map(|cell| lines(&escaped(&cell))).collect();
        cells.resize(shown.len() + 1, Vec::new());
        let n_lines = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line =
            |index: usize| cells.iter().map(|cell| cell.get(index).cloned().unwrap_or_default()).collect();
        rows.extend((0..n_lines).map(line));
    }
    aligned(&vec![Align::Left; shown.len() + 1], &rows)
}

/// `text` in lines that end after an entry, or where an entry has no more space.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for entry in text.split_inclusive(BETWEEN) {
        let length = entry.trim_end().chars().count();
        let mut last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + length > LINE {
            lines.push(String::new());
            last += 1;
        }
        for char in entry.chars() {
            if lines[last].chars().count() == LINE && char != ' ' {
                lines.push(String::new());
                last += 1;
            }
            lines[last].push(char);
        }
    }
    lines
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

    /// The table of what differs between two configs.
    fn config_table(configs: &[String; 2]) -> String {
        let configs = configs.each_ref().map(|config| config.parse().unwrap());
        let text = side_by_side(
            &[named("first", &twins(2)), named("second", &twins(2))],
            &config_differences(&configs),
        );
        text.lines().skip_while(|line| !line.starts_with("config")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_differs_in_long_values_is_not_cut() {
        let hidden = |norm: &str| {
            let block = ["affine", norm, "relu"].into_iter().filter(|layer| !layer.is_empty());
            block.map(|layer| format!("[[layers]]\ntype = '{layer}'\n")).collect::<String>()
        };
        let end = "[[layers]]\ntype = 'affine'\nunits = 3\n[[layers]]\ntype = 'softmax_loss'\n";
        let path = |name: &str| format!("[data]\npath = '/{}/{name}.csv'\n", "a long folder/".repeat(6));
        let first = [path("first"), hidden("batch_norm").repeat(6), end.to_owned()].concat();
        let second =
            [path("second"), hidden("batch_norm").repeat(5), hidden(""), end.replace('3', "4")].concat();
        insta::assert_snapshot!(config_table(&[first, second]), @r#"
        config     first                                                         second
        data.path  "/a long folder/a long folder/a long folder/a long folder/a   "/a long folder/a long folder/a long folder/a long folder/a
                   long folder/a long folder//first.csv"                         long folder/a long folder//second.csv"
        layers     (16 equal), batch_norm, relu, affine units=3, (1 equal)       (16 equal), relu, affine units=4, (1 equal)
        "#);
    }

    #[test]
    fn a_list_that_fits_on_a_line_is_whole_beside_a_long_one() {
        let norms = |norms: &[&str]| format!("[compare]\nnorms = {norms:?}\n");
        let long = ["batch_norm", "layer_norm", "group_norm", "rms_norm", "mean_only", "none"];
        let configs = [norms(&["batch_norm", "none"]), norms(&long)];
        insta::assert_snapshot!(config_table(&configs), @r#"
        config         first                   second
        compare.norms  ["batch_norm", "none"]  (1 equal), "layer_norm", "group_norm", "rms_norm",
                                               "mean_only", (1 equal)
        "#);
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
