//! Finds the formats in which the cells of a column are dates or times.

use std::sync::LazyLock;

use crate::data::dates::date_format::DateFormat;
use crate::data::schema::column_stats::{CellType, ColumnStats};

const DATES: [&str; 22] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y-%m-%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d. %m. %Y",
    "%b %d, %Y",
    "%Y. %m. %d.",
    "%d.%m.%Y.",
];
const TIMES: [&str; 6] = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S,%f"];
/// Dates without a day or a year.
const PARTIAL: [&str; 5] = ["%Y-%m", "%m/%Y", "%m.%Y", "%d.%m.", "%b %Y"];
/// Between a date and a time.
const BETWEEN: [&str; 3] = [" ", "T", ", "];

/// The formats that are tried, the likeliest first.
static CANDIDATES: LazyLock<Vec<DateFormat>> =
    LazyLock::new(|| candidates().filter_map(|text| DateFormat::new(&text)).collect());

/// The formats in which all cells that are not missing are dates or times, as far as they were kept, the likeliest
/// first. With more than one, such as for `3/1/2024`, the cells do not say which is right.
pub(crate) fn date_formats(stats: &ColumnStats) -> Vec<DateFormat> {
    let is_missing = |kind: CellType| matches!(kind, CellType::Missing | CellType::MissingNumber);
    let present = stats.texts.iter().filter(|(_, (kind, _))| !is_missing(*kind));
    let texts: Vec<&str> = present.map(|(text, _)| text.as_str()).collect();
    let has_digit = |text: &&str| text.bytes().any(|byte| byte.is_ascii_digit());
    if texts.is_empty() || stats.numbers() > 0 || !texts.iter().all(has_digit) {
        return Vec::new();
    }
    let fits = |format: &&DateFormat| texts.iter().all(|text| format.read(text).is_some());
    CANDIDATES.iter().filter(fits).cloned().collect()
}

/// Whether a cell is digits with the marks of a date or a time between them.
pub(crate) fn may_be_date(cell: &str) -> bool {
    let is_mark = |char: char| matches!(char, '.' | '/' | '-' | ':');
    let are_known = cell.chars().all(|char| char.is_ascii_digit() || is_mark(char) || " TZ+".contains(char));
    let marks = cell.chars().filter(|&char| is_mark(char)).count();
    are_known && cell.starts_with(|char: char| char.is_ascii_digit()) && (marks > 1 || cell.contains(':'))
}

fn candidates() -> impl Iterator<Item = String> {
    let with_time = DATES.iter().flat_map(|date| {
        BETWEEN.iter().flat_map(move |between| {
            TIMES.iter().flat_map(move |time| {
                ["", "%z"].iter().map(move |zone| format!("{date}{between}{time}{zone}"))
            })
        })
    });
    let alone = DATES.iter().chain(&PARTIAL).chain(&TIMES).map(|&text| text.to_owned());
    alone.chain(with_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::missing::Markers;
    use crate::data::csv::number_format::NumberFormat;

    fn guessed(cells: &[&str]) -> Vec<String> {
        let mut stats = ColumnStats::default();
        let markers = Markers::new(None, NumberFormat::default());
        cells.iter().for_each(|cell| stats.add(cell, &markers, 100));
        date_formats(&stats).into_iter().map(String::from).collect()
    }

    #[test]
    fn formats_are_found_in_the_cells() {
        for (cells, format) in [
            (&["2024-03-01", "", "2023-12-31"][..], "%Y-%m-%d"),
            (&["01.03.2024", "-", "1.3.2024"], "%d.%m.%Y"),
            (&["1.3.24"], "%d.%m.%y"),
            (&["3/1/2024", "3/31/2024"], "%m/%d/%Y"),
            (&["1/3/2024", "31/3/2024"], "%d/%m/%Y"),
            (&["2024-03-01T14:30"], "%Y-%m-%dT%H:%M"),
            (&["2024-03-01 14:30:00+01:00"], "%Y-%m-%d %H:%M:%S%z"),
            (&["3/31/2024 2:30 PM"], "%m/%d/%Y %I:%M %p"),
            (&["14:30", "7:05"], "%H:%M"),
            (&["01-Mar-24"], "%d-%b-%y"),
            (&["1 March 2024"], "%d %b %Y"),
            (&["2024-03"], "%Y-%m"),
        ] {
            assert_eq!(guessed(cells), [format], "{cells:?}");
        }
    }

    #[test]
    fn every_candidate_needs_a_digit() {
        assert!(DATES.iter().chain(&PARTIAL).chain(&TIMES).all(|format| DateFormat::new(format).is_some()));
        for format in CANDIDATES.iter() {
            assert!(format.example().contains(|char: char| char.is_ascii_digit()), "{format}");
        }
    }

    #[test]
    fn what_is_not_a_date_or_may_be_two_is_not_decided() {
        assert_eq!(guessed(&["3/1/2024", "12/11/2024"]), ["%d/%m/%Y", "%m/%d/%Y"]);
        assert_eq!(guessed(&["3/1/24 10:00"]), ["%d/%m/%y %H:%M", "%m/%d/%y %H:%M"]);
        assert_eq!(guessed(&["99/03/31"]), ["%y/%m/%d"]);
        assert_eq!(guessed(&["03/04/05"]), ["%d/%m/%y", "%m/%d/%y", "%y/%m/%d"]);
        assert_eq!(guessed(&["03-04-05"]), ["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"]);
        for cells in [
            &["red", "2024-03-01"][..],
            &["2024-02-30"],
            &["2024-03-01", "01.03.2024"],
            &["20240301"],
            &["3.14", "2.5"],
            &["", "NA"],
            &[],
            &["1/3", "2/5"],
        ] {
            assert_eq!(guessed(cells), [""; 0], "{cells:?}");
        }
    }
}
