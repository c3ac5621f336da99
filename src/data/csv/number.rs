//! Parses a cell of a numeric column: a finite number in the range of `f32`, or the reason why not.

use crate::data::csv::missing::Markers;
use crate::data::error::ErrorKind;
use crate::data::error::phrases::Advice;

/// What programs write, after a sign, for values that are not finite.
const NOT_FINITE: [&str; 10] =
    ["nan", "inf", "infinity", "infinite", "∞", "1.#inf", "1.#ind", "1.#qnan", "1.#snan", "nan(ind)"];

pub(crate) const CURRENCIES: [char; 7] = ['$', '€', '£', '¥', '₹', '₩', '¢'];
/// Separators of groups of three digits, besides comma and point.
const THOUSANDS: [char; 6] = [' ', '_', '\'', '’', '\u{a0}', '\u{202f}'];

/// The number in a cell, spaces and tabs around it trimmed; none if [`fault`] has a reason
/// against it.
#[inline]
pub(crate) fn number(text: &str) -> Option<f64> {
    whole_number(text.as_bytes()).or_else(|| any_number(text))
}

/// A shortcut for the small whole numbers that fill images and counts; exact, as they are below
/// 2^53.
#[inline]
fn whole_number(digits: &[u8]) -> Option<f64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut whole = 0_u64;
    for digit in digits {
        match digit {
            b'0'..=b'9' => whole = whole * 10 + u64::from(digit - b'0'),
            _ => return None,
        }
    }
    Some(whole as f64)
}

fn any_number(text: &str) -> Option<f64> {
    let value: f64 = trim(text).parse().ok()?;
    // By the value that it rounds to: `3.4028235e38` is how the largest f32 is written, and a little more.
    // Also refuses what Rust reads from `inf` and `nan`.
    (value as f32).is_finite().then_some(value)
}

/// Spaces and tabs around names, labels and numbers do not count.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// Digits only, the first of which is 0 and not the only one: a code such as a postal code, where
    /// the 0 matters.
    Padded,
    /// Digits, `E`, digits: a large number, or a code such as that of a room.
    Exponent,
    Digits,
    /// With a sign or a decimal point.
    Other,
}

impl Notation {
    /// The notation of a number.
    #[inline]
    pub(crate) fn of(text: &str) -> Self {
        let are_digits =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if are_digits(text) {
            return if text.len() > 1 && text.starts_with('0') { Self::Padded } else { Self::Digits };
        }
        match text.split_once(['e', 'E']) {
            Some((digits, exponent)) if are_digits(digits) && are_digits(exponent) => Self::Exponent,
            _ => Self::Other,
        }
    }

    /// Whether a text in this notation may be a code.
    pub(crate) fn may_be_code(self) -> bool {
        matches!(self, Self::Padded | Self::Exponent)
    }
}

/// The number that a trimmed text is, for comparing texts: `1`, `1.0` and `+1` are the same. None if it is
/// not a number, or may be a code.
pub(crate) fn quantity(text: &str) -> Option<f64> {
    // More digits are not exact, so that two numbers could become one.
    const EXACT_DIGITS: usize = 15;
    let is_number = text.starts_with(|char: char| matches!(char, '0'..='9' | '+' | '-' | '.'));
    let is_exact = || text.bytes().filter(u8::is_ascii_digit).count() <= EXACT_DIGITS;
    let value = number(text).filter(|_| is_number && is_exact() && !Notation::of(text).may_be_code())?;
    Some(value + 0.0) // -0 is 0
}

/// Whether a cell is a finite number in the range of `f32`.
pub(crate) fn is_number(text: &str) -> bool {
    number(text).is_some()
}

/// Whether a cell was meant as a number, be it one that cannot be trained on or one in another
/// notation.
pub(crate) fn is_numeric(text: &str) -> bool {
    let is_number = |text: &str| number(text).is_some() || text.parse::<f64>().is_ok();
    let bare = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let bare = bare.trim_start_matches('\u{2212}').trim_matches(CURRENCIES).trim_end_matches('%').trim();
    is_number(text)
        || is_not_finite(text)
        || (bare.len() < text.len() && is_number(bare))
        || is_decimal_comma(bare)
        || is_grouped(bare)
}

/// Whether digits are in groups of three.
fn is_grouped(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-']);
    let groups: Vec<&str> = text.split(|char| THOUSANDS.contains(&char) || ",.".contains(char)).collect();
    let are_digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(first), Some(inner)) = (groups.first(), groups.get(1..groups.len() - 1)) else { return false };
    // After the last separator there may be decimals.
    let is_last =
        groups.last().is_some_and(|last| are_digits(last) && (last.len() == 3 || !inner.is_empty()));
    are_digits(first)
        && first.len() <= 3
        && is_last
        && inner.iter().all(|group| are_digits(group) && group.len() == 3)
}

fn is_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && number(&text.replace(',', ".")).is_some()
}

/// What programs write for values that are not finite.
fn is_not_finite(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    NOT_FINITE.contains(&word.trim_start_matches(['+', '-']))
}

/// Why a cell is not a number that can be trained on.
#[cold]
pub(crate) fn fault(text: &str, markers: &Markers) -> ErrorKind {
    let text = trim(text);
    if text.is_empty()
        || markers.in_numbers(text)
        || markers.number(text).is_some_and(|value| markers.holds(value))
    {
        ErrorKind::MissingValue { text: text.to_owned(), columns: Vec::new() }
    } else if markers.is_plain && (text.parse::<f64>().is_ok_and(f64::is_finite) || is_too_large(text)) {
        ErrorKind::OutOfRange(text.to_owned())
    } else if is_not_finite(text) {
        ErrorKind::NotFinite(text.to_owned())
    } else {
        ErrorKind::NotANumber {
            text: text.to_owned(),
            advice: advice(&markers.format.without_currency(text)),
        }
    }
}

/// Whether only its size keeps a number from being finite.
fn is_too_large(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_infinite) && text.contains(|char: char| char.is_ascii_digit())
}

/// What to do about text in a feature column.
fn advice(text: &str) -> Advice {
    let is_number_without = |chars: &[char]| number(&text.replace(chars, "")).is_some();
    let holds_digits = text.contains(|char: char| char.is_ascii_digit());
    if is_in_single_quotes(text) {
        Advice::Config("if ' is the quote of this file, set `quote = \"'\"` in [data]")
    } else if text.contains('\u{2212}') && number(&text.replace('\u{2212}', "-")).is_some() {
        Advice::Config(
            "its minus sign is U+2212; set number_signs = [\"minus\"] in [data], or write - (U+002D)",
        )
    } else if text.ends_with('%') {
        Advice::Config("set number_signs = [\"percent\"] in [data], or remove the percent sign")
    } else if holds_digits && text.contains(CURRENCIES) {
        Advice::Config("set number_signs = [\"currency\"] in [data], or remove the currency sign")
    } else if is_decimal_comma(text) && text.rsplit(',').next().is_some_and(|digits| digits.len() == 3) {
        Advice::Config(
            "set thousands = \",\" in [data] if the comma is between thousands, decimal = \",\" if it is a decimal comma",
        )
    } else if is_decimal_comma(text) {
        Advice::Config("set decimal = \",\" in [data], or write a decimal point")
    } else if is_number_without(&[',', '.']) || is_number_without(&THOUSANDS) {
        Advice::Config("set `thousands` (and `decimal`) in [data], or remove the thousands separators")
    } else if starts_with_number(text) {
        Advice::Cell("the cell may hold only the number, without a unit or anything else")
    } else {
        Advice::Config(CORRECT_IT)
    }
}

/// Whether a text looks as if it were quoted with `'`.
pub(crate) fn is_in_single_quotes(text: &str) -> bool {
    text.len() > 1 && text.starts_with('\'') && text.ends_with('\'')
}

/// What to do about a word among numbers, whatever the others are.
pub(crate) const CORRECT_IT: &str = "correct it, put it under data.missing_markers if it means a missing value, or \
                                     make the column \"categorical\" or \"ignore\" in [data.columns]";

fn starts_with_number(text: &str) -> bool {
    let end = text.find(|char: char| !matches!(char, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    number(&text[..end]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::number_format::NumberFormat;

    #[test]
    fn numbers_are_read_exactly() {
        let cases = [
            ("0", 0.0),
            ("255", 255.0),
            ("999999999999999", 999_999_999_999_999.0),
            ("1000000000000001", 1_000_000_000_000_001.0),
            (" \t-1.5e-3 ", -0.0015),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("1e-400", 0.0),
            ("3.4028234663852886e38", f64::from(f32::MAX)),
            ("3.4028235e38", 3.402_823_5e38),
            ("-3.4028235e38", -3.402_823_5e38),
            ("0.1", 0.1),
            ("1000000001", 1e9 + 1.0),
        ];
        for (text, value) in cases {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert_eq!(number("-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
    }

    #[test]
    fn every_cell_that_is_not_a_number_has_a_reason() {
        let missing = ["", "  ", "NA", "n/a", "null", "None", "?", "-", "<NA>", "NaN", "nan"];
        let not_finite = ["-nan", "inf", "-Inf", "+Infinity", "1.#QNAN", "-1.#IND", "infinity"];
        let out_of_range = ["1e400", "-1e400", "1e39", "3.4028236e38"];
        let fault = |text| fault(text, &Markers::new(None, NumberFormat::default()));
        for text in missing {
            assert!(matches!(fault(text), ErrorKind::MissingValue { .. }), "{text}");
        }
        for text in not_finite {
            assert!(matches!(fault(text), ErrorKind::NotFinite(_)), "{text}");
        }
        for text in out_of_range {
            assert!(matches!(fault(text), ErrorKind::OutOfRange(_)), "{text}");
        }
        for text in missing.iter().chain(&not_finite).chain(&out_of_range) {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn codes_are_not_quantities() {
        for code in ["02139", "00", "007", "3E9", "1e1", "12E34", "0E1"] {
            assert!(Notation::of(code).may_be_code(), "{code}");
            assert_eq!(quantity(code), None, "{code}");
        }
        for number in ["0", "7", "2139", "0.5", "-03", "+3", "1e-5", "1e+5", "1.5e3", "00.10"] {
            assert!(!Notation::of(number).may_be_code(), "{number}");
        }
        assert_eq!(
            ["1", "1.0", "+1", "1.", " 1"].map(quantity),
            [Some(1.0), Some(1.0), Some(1.0), Some(1.0), None]
        );
        assert_eq!(quantity("-0.0").map(f64::to_bits), Some(0));
        assert_eq!(["inf", "A1", "", "9007199254740993"].map(quantity), [None; 4]);
    }

    #[test]
    fn other_notations_are_recognised_as_numeric() {
        for text in [
            "1",
            "-2.5",
            "nan",
            "1e400",
            "12%",
            "$5",
            "7 €",
            "3,14",
            "-0,5",
            "1,234,567.8",
            "1.234,5",
            "1 000 000",
            "1_000",
            "1.234.567",
            "1,234",
            "$1,200.50",
            "(5)",
            "\u{2212}2.5",
        ] {
            assert!(is_numeric(text), "{text}");
        }
        for text in [
            "",
            "red",
            "5 kg",
            "2020-01-31",
            "25-34",
            "1.2.3",
            "127.0.0.1",
            "1,abc,234",
            "abc,234",
            "1e",
            "%",
            "$",
            ",",
            "A12",
            "<5",
        ] {
            assert!(!is_numeric(text), "{text}");
        }
    }

    #[test]
    fn advice_fits_the_text() {
        let cases = [
            ("\u{2212}5", "U+2212"),
            ("\u{2212}x", "correct it"),
            ("12%", "percent"),
            ("$5", "currency"),
            ("1.234,50 €", "currency"),
            ("3,14", "decimal = "),
            ("1,234,567.8", "thousands"),
            ("1.234,5", "thousands"),
            ("1 000 000", "thousands"),
            ("1_000", "thousands"),
            ("5 kg", "unit"),
            ("2020-01-31", "correct it"),
            ("1.234.567", "thousands"),
            ("1e", "unit"),
            ("0x1F", "unit"),
            ("blue", "correct it"),
            ("--5", "correct it"),
            (".", "correct it"),
            ("information", "correct it"),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text), None, "{text}");
            match fault(text, &Markers::new(None, NumberFormat::default())) {
                ErrorKind::NotANumber { advice, .. } => {
                    assert!(advice.to_string().contains(expected), "{text}: {advice}");
                }
                other => panic!("{text}: {other}"),
            }
        }
    }
}
