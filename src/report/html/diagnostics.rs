//! What was measured inside the networks, if it was.

use maud::{Markup, html};

use crate::diagnose::{Finding, Quantity};
use crate::report::chart::figure::Figure;
use crate::report::chart::strip_table::strip_tables;
use crate::report::chart::strips::Strips;
use crate::report::html::heat_maps::heat_maps;
use crate::report::html::page::{Links, section};
use crate::report::html::start::labelled;
use crate::report::results::RunResults;

/// Networks whose smoothness is a sentence each.
const MAX_SMOOTHNESS: usize = 4;

/// The findings, the charts of whole `network`s, the heat maps and the files of the diagnostics; nothing without them. A
/// map has at most `max_columns` measurements next to each other; `diagnostics.svg` has more.
pub(crate) fn diagnostics(
    run: &RunResults,
    network: Option<&Figure>,
    (links, max_columns): (Links, usize),
) -> Markup {
    let files: Vec<&String> =
        run.texts.further_files.iter().filter(|name| name.starts_with("diagnostics.")).collect();
    if files.is_empty() {
        return html! {};
    }
    let shown = heat_maps(run);
    let findings = shown_findings(run, network);
    section(
        "diagnostics",
        "Inside the networks",
        html! {
            @if !findings.is_empty() {
                p {
                    "At the last measurement, median over the seeds"
                    @if run.summary.groups.iter().any(|group| (1..group.n_runs).contains(&group.n_diverged)) { " that did not diverge" }
                    ":"
                }
                ul { @for finding in findings { li { (labelled_finding(run, finding)) } } }
            }
            @if let Some(network) = network { h3 { "Whole networks" } (network.html(&|name| links.file(name))) }
            @if let Some(strips) = Strips::of(&shown.runs, max_columns) {
                @if network.is_some() { h3 { "Layer by layer" } }
                figure {
                    div.wide {
                        p.note.sideways { "Wider than the screen: scroll the heat maps sideways." }
                        div.scrolls tabindex="0" { (strips.inline()) }
                    }
                    @if let Some(note) = &shown.note { p.note { (note) } }
                    details {
                        summary { "Tables of the last values" }
                        @if let Some(all) = Strips::of(&shown.runs, usize::MAX) {
                            @for (title, table) in strip_tables(&all) { p { (title) } (table.html()) }
                        }
                        p.note { "The last of each layer, median over the seeds." }
                    }
                }
            }
            p {
                "Measured while the networks were trained: "
                @for (index, name) in files.iter().enumerate() { @if 0 < index { ", " } (links.file(name)) }
                "."
            }
        },
    )
}

/// All, but of many networks not the smoothness of each, which is in the table of their charts.
fn shown_findings<'a>(run: &'a RunResults, network: Option<&Figure>) -> Vec<&'a Finding> {
    let smoothness = Quantity::EffectiveSmoothness.name();
    let found = || run.summary.findings.iter();
    let is_many = MAX_SMOOTHNESS < found().filter(|finding| finding.quantity == smoothness).count();
    let is_shown = |finding: &&Finding| network.is_none() || !is_many || finding.quantity != smoothness;
    found().filter(is_shown).collect()
}

/// A finding begins with its network.
fn labelled_finding(run: &RunResults, finding: &Finding) -> String {
    match finding.text.strip_prefix(&finding.network) {
        Some(rest) => format!("{}{rest}", labelled(run, &finding.network)),
        None => finding.text.clone(),
    }
}
