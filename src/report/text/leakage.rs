//! Columns that seem to give away the label or the target.

use serde_json::{Value, json};

use crate::nn::Task;
use crate::text::{Quoted, shortened};

/// Columns that a note names before it is cut.
const MAX_NAMED: usize = 8;

/// What to do about a suspected column.
const ADVICE: &str = "set those not known at prediction time to \"ignore\" in [data.columns]";

/// A section for a report, with an empty line before it. `leaks` are columns with their strength,
/// none if there are too few rows to judge.
pub fn leakage_section(leaks: Option<&[(String, f64)]>, task: Task) -> String {
    match (leaks, task) {
        (None, _) => "\nleakage: not checked, too few rows\n".to_owned(),
        (Some([]), Task::Regression) => "\nleakage: no numeric column gives away the target\n".to_owned(),
        (Some([]), Task::Classification) => "\nleakage: no column gives away the label\n".to_owned(),
        (Some(leaks), _) => {
            let line =
                |(column, strength): &(String, f64)| format!("  {} ({strength:.4})\n", shortened(column));
            let lines: String = leaks.iter().map(line).collect();
            format!(
                "\nleakage: each of these columns alone gives away the {};\n{ADVICE}:\n{lines}",
                target(task)
            )
        }
    }
}

/// One line; none without a suspected column.
pub fn leakage_note(leaks: &[(String, f64)], task: Task) -> Option<String> {
    let shown = |(column, strength): &(String, f64)| format!("{} ({strength:.4})", Quoted(column));
    let named: Vec<String> = leaks.iter().take(MAX_NAMED).map(shown).collect();
    let dots = if leaks.len() > named.len() { ", ..." } else { "" };
    (!named.is_empty()).then(|| {
        format!(
            "note: possible leakage: each of these columns alone gives away the {}: {}{dots}; {ADVICE}",
            target(task),
            named.join(", ")
        )
    })
}

/// The same as a JSON list of columns and strengths.
pub fn leakage_json(leaks: Option<&[(String, f64)]>) -> Value {
    let leak = |(column, strength): &(String, f64)| json!({ "column": column, "strength": strength });
    json!(leaks.map(|leaks| leaks.iter().map(leak).collect::<Vec<_>>()))
}

fn target(task: Task) -> &'static str {
    match task {
        Task::Classification => "label",
        Task::Regression => "target",
    }
}
