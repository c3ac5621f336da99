//! Finds the table in a file that a spreadsheet wrote: its delimiter, and the lines around it.
//!
//! Nothing of this is applied when a config says how a file is read; `init` and `inspect` propose it.

mod totals;

use std::cmp::Reverse;

use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::chunks::file_chunks::FileChunks;
use crate::data::csv::delimiter_guess::{DELIMITERS, MOST_LINES, delimiter_of_sep_line};
use crate::data::csv::dialect::{Comments, CsvFormat, Dialect, ReadOptions};
use crate::data::csv::number::{is_numeric, trim};
use crate::data::csv::parser::Parser;
use crate::data::csv::table_guess::totals::totals_of;
use crate::data::dates::date_guess::may_be_date;
use crate::data::spec::DataSpec;
use crate::text::{Count, Quoted, toml_text};

/// Records of a table that are looked at.
const SAMPLE: usize = 50;

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
    /// Looks for the table in the first file of `spec`; none if it is where `spec` says, or if the file cannot be read.
    pub fn of(spec: &DataSpec) -> Option<Self> {
        if spec.path.is_standard_input() {
            return None;
        }
        let (head, tail) = ends_of(spec)?;
        let dialect = Dialect::new(spec);
        let usual = spec.delimiter();
        let others = DELIMITERS.into_iter().filter(|&other| spec.delimiter.is_none() && other != usual);
        let heads = [usual].into_iter().chain(others).filter_map(|delimiter| {
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
    let mut chunks = FileChunks::open(spec.path.files().ok()?.path(0), format).ok()?;
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

/// The table that starts in one of the first lines, if its records are equally wide with this delimiter and the lines
/// above it are titles.
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
                let are_titles = spec.skip_rows.is_some()
                    || text.lines().take(lines).all(|line| may_be_title(line, dialect, width, spec.header));
                return (!is_row && are_titles).then_some(Head { delimiter, lines, width, rows });
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

/// Whether a line above a table of this width fills at most half of it. Without a line of names, one of numbers is a row.
fn may_be_title(line: &str, dialect: Dialect, width: usize, has_names: bool) -> bool {
    let usual = char::from(dialect.delimiter);
    // In place of the table's delimiter, names may have another one; a comma separates words, too.
    let delimiters = [usual].into_iter().chain(DELIMITERS.into_iter().filter(|&other| other != ','));
    let is_sparse = |delimiter: char| {
        let dialect = u8::try_from(delimiter).map(|delimiter| Dialect { delimiter, ..dialect });
        // Quotes in a title need not be those of a field.
        let record = dialect.ok().and_then(|dialect| record_of(line, dialect));
        let record =
            record.unwrap_or_else(|| line.split(delimiter).map(|cell| trim(cell).to_owned()).collect());
        let filled = record.iter().filter(|cell| !cell.is_empty()).count();
        2 * filled <= width && (has_names || filled == 0 || !is_mostly_numbers(&record))
    };
    delimiters.into_iter().all(is_sparse)
}

/// The cells of a line; none if it is not a record.
fn record_of(line: &str, dialect: Dialect) -> Option<Vec<String>> {
    let mut parser = Parser::new(line, dialect);
    let is_there = parser.next_record().ok()?;
    if is_there { cells(&mut parser) } else { None }
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

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use super::*;

    /// The keys that are proposed for a file.
    pub(super) fn keys(text: &str, spec: DataSpec) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written");
        let spec = DataSpec { path: file.path().into(), ..spec };
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
            ("", "Summe (netto);;;;99,5\r\n", &["delimiter = \";\"", "skip_footer = 1"]),
            // A title with quotes, and lines that fill more than half of the table.
            ("Report \"2024\"\r\n", "", &["delimiter = \";\"", "skip_rows = 1"]),
            ("a;b;c\r\n", "", &[]),
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
    fn names_and_rows_are_not_taken_for_titles() {
        let rows: String = (0..12).map(|row| format!("{row},{},u,\n", row * row)).collect();
        // Each row ends in a delimiter that the line of names lacks.
        assert_eq!(keys(&format!("a,b,kind\n{rows}"), DataSpec::default()), [""; 0]);
        assert_eq!(keys(&format!("Report\na,b,kind,\n{rows}"), DataSpec::default()), ["skip_rows = 1"]);
        // Without a line of names, the first row may have gaps.
        let headless = DataSpec { header: false, ..DataSpec::default() };
        assert_eq!(keys(&format!("7,,,\n{rows}"), headless.clone()), [""; 0]);
        assert_eq!(keys(&format!("Report,,,\n{rows}"), headless), ["skip_rows = 1"]);
    }
}
