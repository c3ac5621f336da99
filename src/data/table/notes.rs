//! What is worth a note about the files of a data set.

use std::path::Path;

use crate::data::schema::look_alikes::look_alikes;
use crate::data::table::raw_rows::RawRows;
use crate::text::{Count, DisplayPath, Quoted, toml_text};

/// How to give labels that look the same one name.
pub(crate) fn renaming_advice(classes: &[String]) -> String {
    /// Labels that are listed.
    const MAX_LISTED: usize = 8;
    let mut entries: Vec<String> = look_alikes(classes)
        .iter()
        .flat_map(|group| {
            group.iter().skip(1).map(|other| format!("{} = {}", toml_text(other), toml_text(group[0])))
        })
        .take(MAX_LISTED + 1)
        .collect();
    if entries.len() > MAX_LISTED {
        entries[MAX_LISTED] = "...".to_owned();
    }
    format!("if they mean the same, set label_names = {{ {} }} in [data]", entries.join(", "))
}

/// That a header line may be among the rows, where the name of the label column is one of its classes.
pub(crate) fn repeated_header_note(label: &str, classes: &[String]) -> Option<String> {
    let is_class = classes.iter().any(|class| class == label);
    is_class.then(|| {
        format!(
            "{} is the name of the label column and one of its classes; if a second header line is among the rows, \
             remove it",
            Quoted(label)
        )
    })
}

/// Notes on a file.
pub(crate) fn file_notes(path: &Path, rows: &RawRows) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(kinds) = rows.line_ends.mixed() {
        notes.push(format!("{} has mixed line ends: {kinds}", DisplayPath(path)));
    }
    for (count, what) in [(rows.left_out.missing, "missing values"), (rows.left_out.no_weight, "weight 0")] {
        if count > 0 {
            let rows = Count(count, "row");
            notes.push(format!("{}: {rows} with {what} left out", DisplayPath(path)));
        }
    }
    if rows.comments > 0 {
        notes.push(format!("{}: {} skipped", DisplayPath(path), Count(rows.comments, "comment line")));
    }
    notes
}
