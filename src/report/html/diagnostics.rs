//! What was measured inside the networks, if it was.

use maud::{Markup, html};

use crate::diagnose::{Finding, RunDiagnostics};
use crate::report::chart::strip_table::strip_tables;
use crate::report::chart::strips::Strips;
use crate::report::html::page::{Links, section};
use crate::report::html::start::labelled;
use crate::report::results::RunResults;

/// Measurements next to each other, so that a page of many layers stays small; `diagnostics.svg` has more.
const MAX_COLUMNS: usize = 16;

/// The findings, the heat maps and the files of the diagnostics; nothing without them.
pub(crate) fn diagnostics(run: &RunResults, links: Links) -> Markup {
    let files: Vec<&String> =
        run.texts.further_files.iter().filter(|name| name.starts_with("diagnostics.")).collect();
    if files.is_empty() {
        return html! {};
    }
    let shown = compared(run);
    section(
        "diagnostics",
        "Inside the networks",
        html! {
            @if !run.summary.findings.is_empty() {
                p { "At the last measurement, median over the seeds:" }
                ul { @for finding in &run.summary.findings { li { (labelled_finding(run, finding)) } } }
            }
            @if let Some(strips) = Strips::of(&shown, MAX_COLUMNS) {
                figure {
                    div.scrolls { (strips.inline()) }
                    @if strips.networks.len() < strips.n_networks {
                        p.note {
                            "The first " (strips.networks.len()) " of " (strips.n_networks) " networks; diagnostics.csv has all."
                        }
                    }
                    details {
                        summary { "Tables of the last values" }
                        @if let Some(all) = Strips::of(&shown, usize::MAX) {
                            @for (title, table) in strip_tables(&all) { p { (title) } (table.html()) }
                        }
                        p.note { "The last of each layer, median over the seeds." }
                    }
                }
            }
            p {
                "Measured layer by layer while the networks were trained: "
                @for (index, name) in files.iter().enumerate() { @if 0 < index { ", " } (links.file(name)) }
                "."
            }
        },
    )
}

/// A finding begins with its network.
fn labelled_finding(run: &RunResults, finding: &Finding) -> String {
    match finding.text.strip_prefix(&finding.network) {
        Some(rest) => format!("{}{rest}", labelled(run, &finding.network)),
        None => finding.text.clone(),
    }
}

/// The networks that are compared, as they are called: not those that were trained to tune them, at many settings.
pub(crate) fn compared(run: &RunResults) -> Vec<RunDiagnostics> {
    let is_norm = |found: &&RunDiagnostics| run.summary.norms.iter().any(|norm| norm.name() == found.network);
    let compared: Vec<RunDiagnostics> = run.diagnostics.iter().filter(is_norm).cloned().collect();
    let mut compared = match run.summary.tuning.is_none() || compared.is_empty() {
        true => run.diagnostics.clone(),
        false => compared,
    };
    for found in &mut compared {
        found.network = labelled(run, &found.network);
    }
    compared
}
