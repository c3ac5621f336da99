//! Finds the table in a file that a spreadsheet wrote: its delimiter, and the lines around it.
//!
//! Nothing of this is applied when a config says how a file is read; `init` and `inspect` propose it.

use std::cmp::Reverse;

use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::delimiter_guess::delimiter_of_sep_line;
use crate::data::csv::dialect::{Comments, CsvFormat, Dialect, ReadOptions};
use crate::data::csv::number::{is_numeric, trim};
use crate::data::csv::parser::Parser;
use crate::data::dates::date_guess::may_be_date;
use crate::data::spec::DataSpec;
use crate::text::{Count, Quoted, STANDARD_INPUT, toml_text};

/// Characters that separate fields in many files, the most common first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// Lines that are looked at above and below a table.
const MOST_LINES: usize = 20;
/// Records of a table that are looked at.
const SAMPLE: usize = 50;
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

/// Where the table is in a file, as far as that differs from what is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableGuess {
    /// The character between fields.
    delimiter: Option<char>,
    /// The lines above the table.
    titles: Vec<String>,
    /// The lines below the table.
    totals: Vec<String>,
}

/// The start of a table.
struct Head {
    delimiter: char,
    /// The lines above it.
    lines: usize,
    width: usize,
    /// Its first records after the header.
    rows: Vec<Vec<String>>,
}

impl TableGuess {
    /// Looks for the table in the file of `spec`; none if it is where `spec` says, or if the file cannot be read.
    pub fn of(spec: &DataSpec) -> Option<Self> {
        if spec.path.as_os_str() == STANDARD_INPUT {
            return None;
        }
        let (head, tail) = ends_of(spec)?;
        let dialect = Dialect::new(spec);
        let delimiters = spec.delimiter.map_or(DELIMITERS.to_vec(), |only| vec![only]);
        let heads = delimiters.into_iter().filter_map(|delimiter| {
            let dialect = Dialect { delimiter: u8::try_from(delimiter).ok()?, ..dialect };
            head_of(&head, spec, dialect, delimiter)
        });
        // The fewest lines above it, then the most columns; of equal ones, the first.
        let found = heads.min_by_key(|head| (head.lines, Reverse(head.width)))?;
        let dialect = Dialect { delimiter: u8::try_from(found.delimiter).ok()?, ..dialect };
        let titles = head.lines().take(found.lines).map(str::to_owned).collect();
        let totals = match spec.skip_footer {
            Some(_) => Vec::new(),
            None => totals_of(&tail, &found, dialect),
        };
        let guess = Self {
            delimiter: Some(found.delimiter).filter(|&delimiter| delimiter != spec.delimiter()),
            titles: if spec.skip_rows.is_some() { Vec::new() } else { titles },
            totals,
        };
        (guess != Self::default()).then_some(guess)
    }

    /// Puts it into `spec`.
    pub fn apply(&self, spec: &mut DataSpec) {
        spec.delimiter = self.delimiter.or(spec.delimiter);
        let count = |lines: &[String]| Some(lines.len()).filter(|&count| count > 0);
        spec.skip_rows = count(&self.titles).or(spec.skip_rows);
        spec.skip_footer = count(&self.totals).or(spec.skip_footer);
    }

    /// Its keys in `[data]` as TOML, each with the reason.
    pub fn reasons(&self) -> Vec<(String, String)> {
        let mut reasons = Vec::new();
        if let Some(delimiter) = self.delimiter {
            let text = format!("delimiter = {}", toml_text(&delimiter.to_string()));
            reasons.push((text, "splits the first lines into equally many fields".to_owned()));
        }
        let mut lines = |key: &str, lines: &[String], is_first: bool, what: &str| {
            let shown = if is_first { lines.first() } else { lines.last() };
            let Some(shown) = shown else { return };
            let place = if is_first { "above the table" } else { "below the table" };
            let reason = format!("{} {place}, {what}: {}", Count(lines.len(), "line"), Quoted(shown));
            reasons.push((format!("{key} = {}", lines.len()), reason));
        };
        lines("skip_rows", &self.titles, true, "not the names of its columns");
        lines("skip_footer", &self.totals, false, "not a row");
        reasons
    }
}

/// The text at the start and at the end of a file, each of whole lines; they may overlap.
fn ends_of(spec: &DataSpec) -> Option<(String, String)> {
    let whole = DataSpec { skip_rows: None, skip_footer: None, ..spec.clone() };
    let format = CsvFormat::new(&whole, ReadOptions::default()).ok()?;
    let mut chunks = Chunks::open(&spec.path, format).ok()?;
    let mut chunk = Chunk::default();
    chunks.next(&mut chunk).ok()?;
    let head = chunk.text().ok()?.to_owned();
    let mut tail = head.clone();
    while !chunk.is_last && chunks.next(&mut chunk).ok()? {
        // The last chunk may be short.
        let keep = tail.len().saturating_sub(1 << 16);
        let keep = memchr::memchr(b'\n', &tail.as_bytes()[keep..]).map_or(tail.len(), |end| keep + end + 1);
        tail.drain(..keep);
        tail.push_str(chunk.text().ok()?);
    }
    Some((head, tail))
}

/// The table that starts in one of the first lines, if its records are equally wide with this delimiter.
fn head_of(text: &str, spec: &DataSpec, dialect: Dialect, delimiter: char) -> Option<Head> {
    let mut start = 0;
    for lines in 0..=MOST_LINES {
        let is_set = spec.skip_rows.is_some_and(|set| set != lines);
        let line = text[start..].lines().next()?;
        if line.starts_with('#') && dialect.comments == Comments::Refused {
            return None; // The message about it asks what it is.
        }
        if !is_set && !line.trim().is_empty() && delimiter_of_sep_line(line).is_none() {
            let records = records(&text[start..], dialect);
            let width = records.first().map_or(0, Vec::len);
            let rows: Vec<Vec<String>> =
                records.iter().skip(1).filter(|record| record.len() == width).cloned().collect();
            let is_table = width > 1
                && records.get(1).is_some_and(|second| second.len() == width)
                && rows.len() * 5 >= (records.len() - 1) * 3;
            if is_table && !is_title(&records[0], &rows) {
                // Numbers above which there are only titles are a row, and not the names of columns.
                let is_row =
                    lines > 0 && spec.header && spec.skip_rows.is_none() && is_mostly_numbers(&records[0]);
                return (!is_row).then_some(Head { delimiter, lines, width, rows });
            }
        }
        start += text[start..].find('\n')? + 1;
    }
    None
}

/// The trimmed cells of the first records, up to the first that is not well-formed.
fn records(text: &str, dialect: Dialect) -> Vec<Vec<String>> {
    let mut parser = Parser::new(text, dialect);
    let mut records = Vec::new();
    while records.len() <= SAMPLE && parser.next_record().is_ok_and(|is_there| is_there) {
        match cells(&mut parser) {
            Some(record) => records.push(record),
            None => break,
        }
    }
    records
}

fn cells(parser: &mut Parser<'_>) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    loop {
        let field = parser.next_field().ok()?;
        cells.push(trim(&parser.content(field)).to_owned());
        if field.is_last {
            return Some(cells);
        }
    }
}

/// Whether at most half of the columns that the rows use are filled.
fn is_title(record: &[String], rows: &[Vec<String>]) -> bool {
    let used = (0..record.len()).filter(|&column| share(rows, |row| !row[column].is_empty()) >= 0.5).count();
    let filled = record.iter().filter(|cell| !cell.is_empty()).count();
    used > 1 && 2 * filled <= used
}

fn is_mostly_numbers(record: &[String]) -> bool {
    let filled: Vec<&String> = record.iter().filter(|cell| !cell.is_empty()).collect();
    2 * filled.iter().filter(|cell| is_measured(cell)).count() > filled.len()
}

/// Whether a cell is a number, or may be a date.
pub(crate) fn is_measured(cell: &str) -> bool {
    is_numeric(cell) || may_be_date(cell)
}

/// The share of rows for which something holds.
fn share(rows: &[Vec<String>], holds: impl Fn(&Vec<String>) -> bool) -> f64 {
    rows.iter().filter(|row| holds(row)).count() as f64 / rows.len().max(1) as f64
}

/// The last lines that are not rows of the table: totals, remarks, and empty cells.
fn totals_of(tail: &str, head: &Head, dialect: Dialect) -> Vec<String> {
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
    let is_total = |line: &str| {
        let mut parser = Parser::new(line, dialect);
        let Some(record) =
            parser.next_record().ok().filter(|is_there| *is_there).and_then(|_| cells(&mut parser))
        else {
            return false;
        };
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
        let is_sparse = 2 * n_filled <= filled.iter().filter(|is_filled| **is_filled).count();
        let is_named = is_total_word(cell) && !is_repeated(cell);
        (is_named && (lacks > 0 || record.len() == head.width))
            || (is_sparse && lacks > 0 && !is_measured(cell) && (is_word_for_number || cell.contains(':')))
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

/// Whether a cell is a word for a total, alone or with more after it.
fn is_total_word(cell: &str) -> bool {
    let cell = cell.to_lowercase();
    let cell = cell.trim_matches([':', '*', ' ']);
    TOTALS.iter().any(|word| {
        cell.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':', '(']))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The keys that are proposed for a file.
    fn keys(text: &str, spec: DataSpec) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written");
        let spec = DataSpec { path: file.path().to_owned(), ..spec };
        TableGuess::of(&spec)
            .map(|guess| guess.reasons().into_iter().map(|(key, _)| key).collect())
            .unwrap_or_default()
    }

    /// A table of 12 rows with semicolons and decimal commas.
    fn table(before: &str, after: &str) -> String {
        let row = |day: usize| format!("{day:02}.03.2024;Köln;{day},5;;{day}.200,25\r\n");
        let rows: String = (1..=12).map(row).collect();
        format!("{before}Datum;Ort;Menge;;Umsatz\r\n{rows}{after}")
    }

    #[test]
    fn lines_around_a_table_are_found() {
        for (before, after, wanted) in [
            ("", "", &["delimiter = \";\""][..]),
            ("Report 2024;;;;\r\n", "", &["delimiter = \";\"", "skip_rows = 1"]),
            ("Report 2024\r\n\r\n", "", &["delimiter = \";\"", "skip_rows = 2"]),
            ("Report;;;;\r\nStand:;1.3.2024;;;\r\n;;;;\r\n", "", &["delimiter = \";\"", "skip_rows = 3"]),
            ("sep=;\r\n", "", &["delimiter = \";\"", "skip_rows = 1"]),
            ("", "Summe;;1234,5;;99,5\r\n", &["delimiter = \";\"", "skip_footer = 1"]),
            ("", ";;;;\r\nGesamtsumme:;;;;99,5\r\n;;;;\r\n", &["delimiter = \";\"", "skip_footer = 3"]),
            ("", "\r\nQuelle: Lager\r\n", &["delimiter = \";\"", "skip_footer = 1"]),
            ("Titel;;;;\r\n", "Total;;;;9\r\n", &["delimiter = \";\"", "skip_rows = 1", "skip_footer = 1"]),
            // A row that was cut off, and one with gaps.
            ("", "13.03.2024;Kö", &["delimiter = \";\""]),
            ("", "13.03.2024;;;;\r\n", &["delimiter = \";\""]),
        ] {
            assert_eq!(keys(&table(before, after), DataSpec::default()), wanted, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_is_set_or_fits_is_not_proposed() {
        let set = DataSpec { delimiter: Some(';'), skip_rows: Some(1), ..DataSpec::default() };
        assert_eq!(keys(&table("Titel\r\n", ""), set), [""; 0]);
        let numbers: String = (0..12).map(|row| format!("{row},{}\n", row * row)).collect();
        for text in [
            format!("a,b\n{numbers}"),
            numbers.clone(),
            format!("name,b\n{}", numbers.replace(',', " total,")),
            format!("# made by hand\na;b\n{}", numbers.replace(',', ";")),
            "a,b\n1,2\n".to_owned(),
            String::new(),
            "a\nb\n".to_owned(),
        ] {
            assert_eq!(keys(&text, DataSpec::default()), [""; 0], "{text}");
        }
        // Semicolons within texts of a table with commas.
        let texts: String = (0..12).map(|row| format!("{row},a;b;c\n")).collect();
        assert_eq!(keys(&format!("n,text\n{texts}"), DataSpec::default()), [""; 0]);
    }

    #[test]
    fn totals_are_found_at_the_end_of_a_long_file() {
        let rows: String = (0..60_000).map(|row| format!("{row},{}.25\n", row % 7)).collect();
        assert_eq!(keys(&format!("n,x\n{rows}Total,180000\n"), DataSpec::default()), ["skip_footer = 1"]);
        assert_eq!(keys(&format!("n,x\n{rows}"), DataSpec::default()), [""; 0]);
    }
}
