//! Rows of cells as aligned text.

/// The alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The usual width of a terminal, in characters.
pub(crate) const WIDEST: usize = 80;

/// One line per row, columns two spaces apart and as wide as their widest cell, no spaces at the
/// ends of lines. Every row has a cell for every column.
pub(crate) fn aligned(columns: &[Align], rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, align), width) in row.iter().zip(columns).zip(&widths) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Like [`aligned`], but split into several tables of about the same number of columns if one table
/// would be wider than `widest`. Each starts with the first `n_names` columns.
pub(crate) fn aligned_within(
    widest: usize,
    n_names: usize,
    columns: &[Align],
    rows: &[Vec<String>],
) -> String {
    let n_values = columns.len().saturating_sub(n_names);
    let mut tables = Vec::new();
    for n_tables in 1..=n_values.max(1) {
        let size = n_values.div_ceil(n_tables).max(1);
        let starts = (n_names..columns.len().max(n_names + 1)).step_by(size);
        let table = |start: usize| {
            let kept = || (0..n_names).chain(start..(start + size).min(columns.len()));
            let columns: Vec<Align> = kept().map(|column| columns[column]).collect();
            let rows: Vec<Vec<String>> =
                rows.iter().map(|row| kept().map(|column| row[column].clone()).collect()).collect();
            aligned(&columns, &rows)
        };
        tables = starts.map(table).collect();
        if tables.iter().all(|table: &String| table.lines().all(|line| line.chars().count() <= widest)) {
            break;
        }
    }
    tables.join("\n")
}

/// `text` with `margin` before each line that is not empty.
pub(crate) fn indented(margin: &str, text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") };
    text.lines().map(line).collect()
}

/// The words of `text` in lines of at most `widest` characters, as far as they fit: the first one after `first`,
/// the others after `margin`. At a no-break space no line ends; it becomes a space.
pub(crate) fn wrapped(widest: usize, first: &str, margin: &str, text: &str) -> String {
    let (mut lines, mut line, mut is_empty) = (String::new(), first.to_owned(), true);
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > widest {
            lines.push_str(&line);
            lines.push('\n');
            line = margin.to_owned();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    format!("{lines}{line}\n").replace('\u{a0}', " ")
}

/// Joins the sections that are not empty, with an empty line between them.
pub(crate) fn joined(sections: impl IntoIterator<Item = String>) -> String {
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join("\n")
}
