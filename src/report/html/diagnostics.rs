//! What was measured inside the networks, if it was.

use maud::{Markup, html};

use crate::report::chart::strip_table::strip_table;
use crate::report::chart::strips::Strips;
use crate::report::html::page::{Links, section};
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
    section(
        "diagnostics",
        "Inside the networks",
        html! {
            @if !run.summary.findings.is_empty() {
                p { "At the last measurement, median over the seeds:" }
                ul { @for finding in &run.summary.findings { li { (finding.text) } } }
            }
            @if let Some(strips) = Strips::of(&run.diagnostics, MAX_COLUMNS) {
                figure {
                    div.scrolls { (strips.inline()) }
                    details {
                        summary { "Table of the last values" }
                        @if let Some(all) = Strips::of(&run.diagnostics, usize::MAX) { (strip_table(&all).html()) }
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
