//! A fork next to the unchanged runs.

use maud::{Markup, html};

use crate::nn::Norm;
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::paired_curves::fork_ratio;
use crate::report::fork::{ForkEffect, ForkStart, fork_effects};
use crate::report::html::page::{Links, section};
use crate::report::html::top::title;
use crate::report::results::{RunResults, read_epochs};
use crate::text::shortened_to;

/// Epochs in a table.
const MAX_ROWS: usize = 25;
/// Networks with a table.
const MAX_NETWORKS: usize = 20;
/// Characters of a change.
const MAX_CHANGE: usize = 300;

/// What changed in the losses, in sentences and tables; nothing without unchanged runs.
pub(crate) fn fork(run: &RunResults, links: Links) -> Markup {
    let effects = effects(run);
    if effects.is_empty() {
        return html! {};
    }
    let arms = Arms { summary: &run.summary, labels: &run.labels };
    let network = |effect: &ForkEffect| {
        let norm = Norm::ALL.iter().find(|norm| norm.name() == effect.norm);
        effect.network(&norm.map_or_else(|| effect.norm.clone(), |&norm| run.labels.norm(norm)))
    };
    html! {
        (section("fork", "The fork next to the unchanged runs", html! {
            p { (what(run)) }
            @for sentence in effects.iter().filter_map(|effect| effect.sentence(&network(effect))) { p { (sentence) } }
            p.note {
                "Means over the seeds of which both runs have the epoch. Ratios are of a fork and its own run: geometric \
                 mean, and its 95 % interval at each epoch by itself. " (links.file("unchanged.csv"))
                " has the epochs of the unchanged runs."
            }
            @if let Some(figure) = fork_ratio(&title(run), arms, &effects) { (figure.html(&|name| links.file(name))) }
            @for (index, effect) in effects.iter().filter(|of| !of.is_unchanged()).take(MAX_NETWORKS).enumerate() {
                details open[index == 0] {
                    summary { (network(effect)) ": mean " (effect.loss_name()) }
                    (effect.table().thinned(MAX_ROWS, "metrics.csv").html())
                }
            }
        }))
    }
}

/// What the forks of `run` changed; nothing if it is not one of forks, or of an older version.
pub(crate) fn effects(run: &RunResults) -> Vec<ForkEffect> {
    let (Some(unchanged), false) = (&run.texts.unchanged, run.fork.is_null()) else { return Vec::new() };
    // Both were read when the results were.
    let read = |text: &str| read_epochs(text, run.summary.task).unwrap_or_default();
    let [epoch, step] = ["epoch", "step"].map(|name| run.fork["place"][name].as_u64());
    fork_effects(&read(unchanged), &read(&run.texts.metrics), ForkStart { epoch, step })
}

/// Such as `Forked after epoch 3: training.freeze was ...`.
fn what(run: &RunResults) -> String {
    let place = &run.fork["place"];
    let place = match (place["epoch"].as_u64(), place["step"].as_u64()) {
        (Some(epoch), _) => format!(" after epoch {epoch}"),
        (_, Some(step)) => format!(" after step {step}"),
        _ => String::new(),
    };
    let changes = run.fork["changes"].as_array().into_iter().flatten().filter_map(|change| change.as_str());
    let mut changes: Vec<String> = changes.map(|change| shortened_to(change, MAX_CHANGE)).collect();
    if run.fork["recomputed_statistics"] == true {
        changes.push("running statistics recomputed from all training rows".to_owned());
    }
    let changes = if changes.is_empty() { "nothing changed".to_owned() } else { changes.join("; ") };
    format!("Forked{place}: {changes}.")
}
