//! Several run directories on one page.

use maud::{Markup, html};

use crate::experiment::GroupSummary;
use crate::experiment::run_id::settings_with;
use crate::report::html::page::{Links, section};
use crate::report::html::{Charts, MAX_POINTS, top};
use crate::report::results::RunResults;
use crate::report::table::Table;
use crate::report::text::config_differences::{config_differences, without_equal_ends};
use crate::report::text::number::{NO_NUMBER, accuracy_and_spread, mean_and_spread};
use crate::text::{escaped, shortened};

/// Rows of the tables.
const MAX_ROWS: usize = 60;

/// Scores side by side, what differs between the configs, and the answer and the curves of each run.
pub(crate) fn body(runs: &[RunResults], links: Links) -> Markup {
    html! {
        header {
            h1 { (runs.len()) " runs side by side" }
            p.sub { "Runs of different directories are not compared statistically: only runs of one directory are paired by seed." }
        }
        (section("scores", "Scores", scores(runs).html()))
        (section("config", "What differs between the configs", differences(runs)))
        @for (index, run) in runs.iter().enumerate() {
            @let charts = Charts::of(run, &top::title(run), (MAX_POINTS / runs.len()).max(60));
            (section(&format!("run-{}", index + 1), &shortened(&run.name), html! {
                (top::answer_box(run))
                (charts.training().html(&|name| links.file(name)))
                @if let Some(figure) = &charts.differences { (figure.html(&|name| links.file(name))) }
                @if let Some(figure) = &charts.sweep { (figure.html(&|name| links.file(name))) }
            }))
        }
    }
}

/// A row for each norm, with a grid at its best point.
fn scores(runs: &[RunResults]) -> Table {
    let mut table =
        Table::new(["run", "norm", "point", "final loss", "best loss", "final accuracy or R2", "lost runs"]);
    for run in runs {
        for &norm in &run.summary.norms {
            let first = || run.summary.groups.iter().find(|group| group.norm == norm);
            if let Some(group) = run.summary.best_group(norm).or_else(first) {
                table.rows.push(row(run, group));
            }
        }
    }
    table.at_most(MAX_ROWS, "`bntrain compare`")
}

fn row(run: &RunResults, group: &GroupSummary) -> Vec<String> {
    let settings = group.point.as_ref().map(|point| settings_with(group.norm.name(), &point.settings));
    let settings = settings.filter(|settings| !settings.is_empty());
    let point = settings.map_or_else(|| NO_NUMBER.to_owned(), |settings| shortened(&settings));
    vec![
        shortened(&run.name),
        run.labels.norm(group.norm),
        point,
        mean_and_spread(&group.final_loss),
        mean_and_spread(&group.best_loss),
        accuracy_and_spread(&group.final_quality),
        format!("{} of {}", group.n_lost, group.n_runs),
    ]
}

fn differences(runs: &[RunResults]) -> Markup {
    let configs: Vec<toml::Table> = runs.iter().map(|run| run.config.clone()).collect();
    let found = config_differences(&configs);
    if found.is_empty() {
        return html! { p { "The configs are equal." } };
    }
    let names = runs.iter().map(|run| shortened(&run.name));
    let mut table =
        Table { head: std::iter::once("key".to_owned()).chain(names).collect(), ..Table::default() };
    let value = |value: Option<String>| value.map_or_else(|| "(not set)".to_owned(), |value| escaped(&value));
    let row = |difference: &crate::report::ConfigDifference| {
        let values = without_equal_ends(&difference.values).into_iter().map(value);
        std::iter::once(shortened(&difference.key)).chain(values).collect()
    };
    table.rows = found.iter().map(row).collect();
    html! { div.wraps { (table.at_most(MAX_ROWS, "`bntrain compare`").html()) } }
}
