//! The page about what a model uses.

use std::iter;

use maud::html;

use crate::explain::Explanation;
use crate::report::chart::figure::Figure;
use crate::report::chart::figures::explanation::{
    IMPORTANCE, MAX_ARMS, dependence_figures, dependence_name, importance_figure,
};
use crate::report::html::page::{page, section};
use crate::report::table::Table;
use crate::report::text::explanation::{ABOUT_DEPENDENCE, notes};
use crate::report::text::number::four_digits;
use crate::text::shortened;

/// Weights of the table.
const MAX_WEIGHTS: usize = 2000;

/// One page with importance, partial dependence and the weights of the linear model. `model` and `data` name the files,
/// `rows` says what they have.
pub fn explanation_page(explanation: &Explanation, model: &str, data: &str, rows: &str) -> String {
    let title = format!("What {} uses", shortened(model));
    let source = |name: &str| html! { code { (name) } };
    let chart = |figure: &Figure| figure.html(&source);
    let body = html! {
        header {
            h1 { (title) }
            p.sub { "On " (shortened(data)) ": " (rows) ". bntrain " (env!("CARGO_PKG_VERSION")) }
        }
        (section("importance", "Importance", html! {
            (chart(&importance_figure(&title, explanation)))
            @for note in notes(explanation) { p { (note) } }
        }))
        @if !explanation.dependence.is_empty() {
            (section("dependence", "Partial dependence", html! {
                p { (ABOUT_DEPENDENCE) }
                div.plots {
                    @for mut figure in dependence_figures(&title, explanation) {
                        // Said once, above.
                        ({ figure.notes.retain(|note| note != ABOUT_DEPENDENCE); chart(&figure) })
                    }
                }
            }))
        }
        @if let Some(table) = weights(explanation) {
            (section("linear", "Weights of the linear model", table.html()))
        }
    };
    page(&title, MAX_ARMS, None, &body)
}

/// The names of the files of [`explanation_figures`]; `dependence` is the number of columns with partial dependence.
pub fn explanation_figure_names(dependence: usize) -> impl Iterator<Item = String> {
    let of_columns = (0..dependence).map(dependence_name);
    iter::once(IMPORTANCE.to_owned()).chain(of_columns).map(|name| format!("{name}.svg"))
}

/// The charts as SVG files: name and content.
pub fn explanation_figures(explanation: &Explanation, model: &str) -> Vec<(String, String)> {
    let title = shortened(model);
    let importance = importance_figure(&title, explanation);
    let all = iter::once(importance).chain(dependence_figures(&title, explanation));
    explanation_figure_names(explanation.dependence.len()).zip(all.map(|figure| figure.svg())).collect()
}

fn weights(explanation: &Explanation) -> Option<Table> {
    let linear = explanation.linear.as_ref()?;
    let mut table = Table::new(["input"]);
    table.head.extend(linear.outputs.iter().map(|output| shortened(output)));
    for (input, weights) in linear.columns.iter().flat_map(|column| &column.inputs) {
        let row = std::iter::once(shortened(input)).chain(weights.iter().map(|weight| four_digits(*weight)));
        table.rows.push(row.collect());
    }
    Some(table.at_most(MAX_WEIGHTS, "bntrain explain --json"))
}
