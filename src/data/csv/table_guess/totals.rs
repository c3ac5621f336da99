//! The lines below a table: totals, remarks, and empty cells.

use crate::data::csv::delimiter_guess::MOST_LINES;
use crate::data::csv::dialect::Dialect;
use crate::data::csv::table_guess::{Head, is_measured, record_of, share};

/// What the rows below a table begin with.
const TOTALS: [&str; 32] = [
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "average",
    "mean",
    "summe",
    "gesamt",
    "gesamtsumme",
    "insgesamt",
    "zwischensumme",
    "mittelwert",
    "durchschnitt",
    "somme",
    "total général",
    "moyenne",
    "suma",
    "media",
    "promedio",
    "totale",
    "soma",
    "média",
    "totaal",
    "gemiddelde",
    "totalt",
    "yhteensä",
    "razem",
    "łącznie",
    "celkem",
    "összesen",
    "итого",
];

/// The last lines that are not rows of the table: totals, remarks, and empty cells.
pub(crate) fn totals_of(tail: &str, head: &Head, dialect: Dialect) -> Vec<String> {
    /// The rows of a table, nearly all of which have a property of it.
    const NEARLY_ALL: f64 = 0.8;
    if head.rows.len() < 3 {
        return Vec::new();
    }
    let of_rows = |holds: &dyn Fn(&str) -> bool| -> Vec<bool> {
        (0..head.width).map(|column| share(&head.rows, |row| holds(&row[column])) >= NEARLY_ALL).collect()
    };
    let filled = of_rows(&|cell| !cell.is_empty());
    let measured = of_rows(&is_measured);
    let is_repeated =
        |word: &str| head.rows.iter().filter(|row| row.iter().any(|cell| cell == word)).count() > 1;
    let has_remarks = |column: usize| share(&head.rows, |row| is_remark(&row[column])) > 0.5;
    let is_total = |line: &str| {
        let Some(record) = record_of(line, dialect) else { return false };
        let Some((first, cell)) = record.iter().enumerate().find(|(_, cell)| !cell.is_empty()) else {
            return true; // of empty cells
        };
        let n_filled = record.iter().filter(|cell| !cell.is_empty()).count();
        if record.len() > head.width {
            return false;
        }
        let lacks = (0..head.width)
            .filter(|&column| filled[column] && record.get(column).is_none_or(String::is_empty));
        let lacks = lacks.count();
        let is_word_for_number = measured[first] && !is_measured(cell);
        let is_sparse = lacks > 0 && 2 * n_filled <= filled.iter().filter(|is_filled| **is_filled).count();
        // A row may begin with such a word, too: `Media Markt,5,x`, `mean,4,y`.
        let is_total = !is_repeated(cell)
            && match total_word(cell) {
                Some(TotalWord::Whole) => lacks > 0 || is_word_for_number,
                Some(TotalWord::Start) => is_sparse || is_word_for_number,
                None => false,
            };
        let is_remark = is_remark(cell) && !has_remarks(first);
        is_total || (is_sparse && !is_measured(cell) && (is_word_for_number || is_remark))
    };
    let mut totals: Vec<String> = Vec::new();
    for line in tail.trim_ascii_end().lines().rev().take(MOST_LINES) {
        match line.trim_ascii().is_empty() {
            // Between the table and its totals.
            true => {}
            false if is_total(line) => totals.push(line.to_owned()),
            false => break,
        }
    }
    totals.reverse();
    totals
}

/// A word for a total in a cell.
enum TotalWord {
    /// It is the cell.
    Whole,
    /// The cell begins with it.
    Start,
}

/// The word for a total in a cell, alone or with more after it.
fn total_word(cell: &str) -> Option<TotalWord> {
    let cell = cell.to_lowercase();
    let cell = cell.trim_matches([':', '*', ' ']);
    if TOTALS.contains(&cell) {
        return Some(TotalWord::Whole);
    }
    let starts = |word: &&str| cell.strip_prefix(*word).is_some_and(|rest| rest.starts_with([' ', ':', '(']));
    TOTALS.iter().any(starts).then_some(TotalWord::Start)
}

/// Whether a cell is written like `Source: ERP`, and not like a time, a key or an address.
fn is_remark(cell: &str) -> bool {
    cell.ends_with(':') || cell.contains(": ")
}

#[cfg(test)]
mod tests {
    use crate::data::csv::table_guess::tests::keys;
    use crate::data::spec::DataSpec;

    #[test]
    fn rows_are_not_taken_for_totals_by_their_first_word() {
        let rows = |first: &str| -> String {
            (0..12).map(|row| format!("{first}{},{row}.5,{}\n", row % 4, ["x", "y"][row % 2])).collect()
        };
        for (first, last, wanted) in [
            ("shop ", "Media Markt,5,x", &[""; 0][..]),
            ("shop ", "mean,4,y", &[]),
            ("shop ", "Total energies,4,", &[]),
            ("shop ", "https://shop,,", &[]),
            ("shop ", "shop:9,,", &[]),
            ("shop ", "Total,66,", &["skip_footer = 1"]),
            ("shop ", "Total of all,,", &["skip_footer = 1"]),
            ("shop ", "Source: ERP,,", &["skip_footer = 1"]),
            ("shop: ", "shop: 4,,", &[]),
            // A word where all rows have a number.
            ("", "Total,66,y", &["skip_footer = 1"]),
            ("", "Mean of all,66,y", &["skip_footer = 1"]),
        ] {
            let text = format!("name,amount,kind\n{}{last}\n", rows(first));
            assert_eq!(keys(&text, DataSpec::default()), wanted, "{last}");
        }
    }

    #[test]
    fn totals_are_found_at_the_end_of_a_long_file() {
        let rows: String = (0..60_000).map(|row| format!("{row},{}.25\n", row % 7)).collect();
        assert_eq!(keys(&format!("n,x\n{rows}Total,180000\n"), DataSpec::default()), ["skip_footer = 1"]);
        assert_eq!(keys(&format!("n,x\n{rows}"), DataSpec::default()), [""; 0]);
    }
}
