//! The networks before they were trained, as `bntrain probe` measures them.

use maud::{Markup, html};
use serde_json::Value;

use crate::experiment::run_id::settings_with;
use crate::report::html::page::section;
use crate::report::results::RunResults;
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::report::text::probe::{rounded, short};
use crate::text::shortened;

/// Layers of all networks together that are shown without a click.
const MAX_OPEN: usize = 8;
/// Rows of the table of layers.
const MAX_ROWS: usize = 80;

/// The name of a network, such as `batch_norm optimizer.learning_rate=0.1`, with what its norm is called.
pub(crate) fn labelled(run: &RunResults, network: &str) -> String {
    let (name, settings) = network.split_once(' ').unwrap_or((network, ""));
    // `bntrain probe` has them in parentheses.
    let inner = settings.strip_prefix('(').and_then(|settings| settings.strip_suffix(')'));
    let settings = match inner.map(|inner| settings_with(name, inner)) {
        Some(inner) if inner.is_empty() => inner,
        Some(inner) => format!("({inner})"),
        None => settings_with(name, settings),
    };
    match run.summary.norms.iter().find(|norm| norm.name() == name) {
        Some(&norm) => format!("{} {settings}", run.labels.norm(norm)).trim_end().to_owned(),
        None => network.to_owned(),
    }
}

/// The first loss, the growth of gradients, and a row for each layer; nothing where nothing was measured.
pub(crate) fn start(run: &RunResults) -> Markup {
    let networks = || run.start.iter().filter(|network| network["layers"].is_array());
    if networks().next().is_none() {
        return html! {};
    }
    let (mut first, mut layers) = (
        Table::new(["", "first loss", "loss of guessing", "growth of gradients", "in theory"]),
        Table::new([
            "",
            "layer",
            "units",
            "mean",
            "deviation",
            "cosine",
            "rank",
            "dead",
            "|dW|\u{b2}",
            "noise of the mean",
            "noise of the deviation",
        ]),
    );
    for network in networks() {
        let name = shortened(&labelled(run, network["network"].as_str().unwrap_or(NO_NUMBER)));
        let of = |key: &str| number(&network[key], four_digits);
        first.rows.push(vec![
            name.clone(),
            of("loss"),
            of("guessing_loss"),
            of("growth"),
            of("growth_in_theory"),
        ]);
        for layer in network["layers"].as_array().into_iter().flatten() {
            let std = layer["pre_activation"]["std"].as_f64().unwrap_or(0.0);
            layers.rows.push(vec![
                name.clone(),
                shortened(layer["layer"].as_str().unwrap_or(NO_NUMBER)),
                count(&layer["width"]),
                number(&layer["pre_activation"]["mean"], |mean| short(rounded(mean, std))),
                number(&layer["pre_activation"]["std"], short),
                number(&layer["cosine"], |cosine| format!("{cosine:.3}")),
                number(&layer["rank"], |rank| format!("{rank:.1}")),
                count(&layer["dead"]),
                number(&layer["squared_gradient"], short),
                number(&layer["noise"]["mean"], |noise| format!("{noise:.3}")),
                number(&layer["noise"]["deviation"], |noise| format!("{noise:.3}")),
            ]);
        }
    }
    let is_short = layers.rows.len() <= MAX_OPEN;
    let layers = layers.at_most(MAX_ROWS, "start.jsonl");
    section(
        "start",
        "Before training",
        html! {
            (first.html())
            @if is_short { (layers.html()) } @else { details { summary { "Layer by layer" } (layers.html()) } }
            p.note {
                "Of the first seed, on its first batch, in training mode. Mean and deviation: of what the activation sees. Cosine: \
                 between the outputs of two rows, the mean; rank: participation rank of the outputs. Dead: units whose output is \
                 the same for all rows. |dW|\u{b2}: of the gradient of the weights; growth of gradients: that factor per layer towards \
                 the input. Noise: how much the statistics of a batch vary, in deviations. " code { "bntrain probe" }
                " has the curvature as well."
            }
        },
    )
}

fn number(value: &Value, text: impl Fn(f64) -> String) -> String {
    value.as_f64().map_or_else(|| NO_NUMBER.to_owned(), text)
}

fn count(value: &Value) -> String {
    value.as_u64().map_or_else(|| NO_NUMBER.to_owned(), |count| count.to_string())
}
