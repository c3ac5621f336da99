//! What was measured inside the networks, if it was.

use maud::{Markup, html};

use crate::report::html::page::{Links, section};
use crate::report::results::RunResults;

/// The files of the diagnostics; nothing without them.
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
            p {
                "Measured layer by layer while the networks were trained: "
                @for (index, name) in files.iter().enumerate() { @if 0 < index { ", " } (links.file(name)) }
                "."
            }
        },
    )
}
