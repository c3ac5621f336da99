//! What differs between the arms, and the whole config.

use maud::{Markup, html};

use crate::config::inline;
use crate::nn::Norm;
use crate::report::answer::listed;
use crate::report::html::page::{Links, section};
use crate::report::html::top::{differs_in, is_fitted};
use crate::report::results::RunResults;
use crate::report::table::Table;
use crate::text::{shortened, shortened_to};

/// Characters of the list of values of a key.
const MAX_VALUES: usize = 200;
/// Bytes of a config that are shown.
const MAX_CONFIG: usize = 20_000;

pub(crate) fn config(run: &RunResults, links: Links) -> Markup {
    section(
        "config",
        "What differs",
        html! {
            @if 1 < run.summary.norms.len() || run.summary.has_grid() {
                (arms(run).html())
                p { (the_same(run)) }
            } @else {
                p { "One network: nothing differs but the seed." }
            }
            (whole(run, links))
        },
    )
}

/// What does not differ. A point of a grid is the same for all norms, tuned settings are not.
fn the_same(run: &RunResults) -> String {
    let mut same = Vec::new();
    if !differs_in(run, &["model", "layers", "training.init_from"]) && !is_fitted(run) {
        same.push("initial weights".to_owned());
    }
    if !differs_in(run, &["training.batch_size"]) {
        same.push("batches".to_owned());
    }
    same.push("all other keys of the config".to_owned());
    format!("The networks of a seed have the same {}.", listed(&same))
}

/// A row for each key that varies.
fn arms(run: &RunResults) -> Table {
    let mut table = Table::new(["what", "values"]);
    let norm = |&norm: &Norm| match run.labels.norm(norm) {
        label if label == norm.name() => label,
        label => format!("{label} ({})", norm.name()),
    };
    if 1 < run.summary.norms.len() {
        let names: Vec<String> = run.summary.norms.iter().map(norm).collect();
        table.rows.push(vec!["norm".to_owned(), names.join(", ")]);
    }
    if let Some(tuning) = &run.summary.tuning {
        table.rows.push(vec![
            shortened(&tuning.keys.join(", ")),
            "for each norm its own, see tuned settings".to_owned(),
        ]);
    }
    let grid = run.config.get("compare").and_then(|compare| compare.get("grid")?.as_table());
    for (key, values) in grid.into_iter().flatten() {
        let values = match values.as_array() {
            Some(values) => values.iter().map(inline).collect::<Vec<_>>().join(", "),
            None => inline(values),
        };
        table.rows.push(vec![shortened(key), shortened_to(&values, MAX_VALUES)]);
    }
    table
}

/// The config as it was written.
fn whole(run: &RunResults, links: Links) -> Markup {
    let text = &run.texts.config;
    let end = (0..=MAX_CONFIG.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    html! {
        details {
            summary { "The whole config" }
            pre { (text[..end]) }
            @if end < text.len() { p.note { "Cut: the whole one is " (links.file("config.toml")) "." } }
        }
    }
}
