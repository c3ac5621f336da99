//! What is said about columns that seem to give away what is to be learnt.

use serde_json::{Value, json};

use crate::data::Dataset;
use crate::nn::Task;
use crate::text::{Quoted, shortened};

/// Cells of a table up to which it is looked at before a training: that takes a fraction of a second.
const FEW_CELLS: usize = 2_000_000;
/// Columns that a note names.
const MOST_NAMED: usize = 8;

/// For people who decide about columns, with an empty line before.
pub(crate) fn section(leaks: Option<&[(String, f64)]>, task: Task) -> String {
    match (leaks, task) {
        (None, _) => "\ntoo few rows to look for columns that give away what is to be learnt\n".to_owned(),
        (Some([]), Task::Regression) => {
            "\nno numeric column alone gives away what is to be learnt\n".to_owned()
        }
        (Some([]), Task::Classification) => "\nno column alone gives away what is to be learnt\n".to_owned(),
        (Some(leaks), _) => {
            let lines =
                leaks.iter().map(|(column, strength)| format!("  {} ({strength:.4})\n", shortened(column)));
            format!(
                "\nsuspected leaks, each of which alone gives away what is to be learnt; what is\n\
                 not known when the model is used must be \"ignore\" in [data.columns]:\n{}",
                lines.collect::<String>()
            )
        }
    }
}

/// For programs.
pub(crate) fn to_json(leaks: Option<&[(String, f64)]>) -> Value {
    let leak = |(column, strength): &(String, f64)| json!({ "column": column, "strength": strength });
    json!(leaks.map(|leaks| leaks.iter().map(leak).collect::<Vec<_>>()))
}

/// In one line, if there are any.
pub(crate) fn note(leaks: &[(String, f64)]) -> Option<String> {
    let shown = |(column, strength): &(String, f64)| format!("{} ({strength:.4})", Quoted(column));
    let named: Vec<String> = leaks.iter().take(MOST_NAMED).map(shown).collect();
    let dots = if leaks.len() > named.len() { ", ..." } else { "" };
    (!named.is_empty()).then(|| {
        format!(
            "note: suspected leaks, each of which alone gives away what is to be learnt: {}{dots}; what is not known \
             when the model is used must be \"ignore\" in [data.columns]",
            named.join(", ")
        )
    })
}

/// The note about a table, unless it is too large to be looked at in passing.
pub(crate) fn note_of_small(table: &Dataset) -> Option<String> {
    let cells = table.rows().saturating_mul(table.features().len());
    if cells > FEW_CELLS {
        return None;
    }
    note(&table.suspected_leaks()?)
}
