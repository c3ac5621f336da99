//! Numbers in the notation of a country or a spreadsheet.

use crate::data::csv::number::{CURRENCIES, number, trim};
use crate::data::spec::DataSpec;
use crate::settings::settings;

settings! {
    /// A sign with which spreadsheets write numbers.
    pub enum NumberSign {
        /// `12%`, which is 0.12.
        Percent = "percent";
        /// `$5` and `5 €`, which are 5.
        Currency = "currency";
        /// `(5)`, which is -5.
        Parentheses = "parentheses";
        /// A minus that is U+2212, not the hyphen of the keyboard.
        Minus = "minus";
    }
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    decimal: char,
    /// Between groups of three digits.
    thousands: Option<char>,
    /// In the order of [`NumberSign::ALL`].
    signs: [bool; NumberSign::ALL.len()],
}

/// What else follows or precedes an amount.
const CURRENCY_WORDS: [&str; 6] = ["EUR", "USD", "GBP", "CHF", "kr", "zł"];
const MINUS: char = '\u{2212}';
/// Spaces that do not break a line.
const SPACES: [char; 3] = [' ', '\u{a0}', '\u{202f}'];
/// Decimal separators with separators of thousands, the likeliest first.
const SEPARATORS: [(char, Option<char>); 10] = [
    ('.', None),
    (',', None),
    (',', Some('.')),
    ('.', Some(',')),
    (',', Some(' ')),
    ('.', Some(' ')),
    ('.', Some('\'')),
    ('.', Some('’')),
    (',', Some('\'')),
    ('.', Some('_')),
];

impl Default for NumberFormat {
    /// A decimal point and nothing else.
    fn default() -> Self {
        Self { decimal: '.', thousands: None, signs: [false; NumberSign::ALL.len()] }
    }
}

impl NumberFormat {
    /// As in `1.234,5`.
    #[cfg(test)]
    pub(crate) const GERMAN: Self =
        Self { decimal: ',', thousands: Some('.'), signs: [false; NumberSign::ALL.len()] };

    pub(crate) fn new(decimal: Option<char>, thousands: Option<char>, signs: &[NumberSign]) -> Self {
        let signs = NumberSign::ALL.map(|sign| signs.contains(&sign));
        Self { decimal: decimal.unwrap_or('.'), thousands, signs }
    }

    /// Whether there is nothing but a decimal point.
    pub(crate) fn is_plain(self) -> bool {
        self == Self::default()
    }

    /// Puts it into `spec`.
    pub fn apply(self, spec: &mut DataSpec) {
        spec.decimal = (self.decimal != '.').then_some(self.decimal);
        spec.thousands = self.thousands;
        let signs = NumberSign::ALL.into_iter().zip(self.signs);
        spec.number_signs = signs.filter(|(_, is_used)| *is_used).map(|(sign, _)| sign).collect();
    }

    /// Its keys in `[data]`, as TOML.
    pub fn keys(self) -> Vec<String> {
        let decimal = (self.decimal != '.').then(|| format!("decimal = \"{}\"", self.decimal));
        let thousands = self.thousands.map(|char| format!("thousands = \"{char}\""));
        let signs: Vec<String> = NumberSign::ALL
            .iter()
            .zip(self.signs)
            .filter(|(_, is_used)| *is_used)
            .map(|(sign, _)| format!("\"{}\"", sign.name()))
            .collect();
        let signs = (!signs.is_empty()).then(|| format!("number_signs = [{}]", signs.join(", ")));
        [decimal, thousands, signs].into_iter().flatten().collect()
    }

    /// The number in a cell; none if it is not one in this format.
    #[inline]
    pub(crate) fn number(self, cell: &str) -> Option<f64> {
        if self.is_plain() { number(cell) } else { self.foreign_number(trim(cell)) }
    }

    /// A cell without the signs of currencies that this format reads.
    pub(crate) fn without_currency(self, text: &str) -> String {
        let [_, currency, ..] = self.signs;
        match currency {
            true => text.replace(CURRENCIES, "").trim_matches(SPACES).to_owned(),
            false => text.to_owned(),
        }
    }

    fn foreign_number(self, text: &str) -> Option<f64> {
        let [percent, currency, parentheses, minus] = self.signs;
        let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).filter(|_| parentheses);
        let mut text = inside.unwrap_or(text).trim_matches(SPACES);
        let without_percent = text.strip_suffix('%').filter(|_| percent);
        text = without_percent.unwrap_or(text).trim_end_matches(SPACES);
        if currency {
            text = without_currency(text, |text, word| text.strip_suffix(word)).trim_end_matches(SPACES);
        }
        let mut is_negative = None;
        // A sign and a currency, in any order.
        for _ in 0..2 {
            if currency {
                text =
                    without_currency(text, |text, word| text.strip_prefix(word)).trim_start_matches(SPACES);
            }
            let is_sign = |char: char| "+-".contains(char) || (minus && char == MINUS);
            if let (Some(sign), None) = (text.chars().next().filter(|&char| is_sign(char)), is_negative) {
                is_negative = Some(sign != '+');
                text = &text[sign.len_utf8()..];
            }
        }
        let value = number(&self.plain(text)?)?;
        let value = if without_percent.is_some() { value / 100.0 } else { value };
        Some(if is_negative.unwrap_or(false) != inside.is_some() { -value } else { value })
    }

    /// Digits with a decimal point, without separators of thousands.
    fn plain(self, text: &str) -> Option<String> {
        let (whole, fraction) = match text.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let mut plain = String::with_capacity(text.len());
        let is_separator = |char: char| {
            self.thousands.is_some_and(|own| own == char || (own == ' ' && SPACES.contains(&char)))
        };
        let groups: Vec<&str> = whole.split(is_separator).collect();
        let are_groups = groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
        if groups.len() > 1
            && !(are_groups && groups.iter().all(|group| are_digits(group) && !group.is_empty()))
        {
            return None;
        }
        groups.iter().for_each(|group| plain.push_str(group));
        if let Some(fraction) = fraction {
            plain.push('.');
            plain.push_str(fraction);
        }
        // Another separator is not one, and the sign was read before.
        let dots = plain.matches('.').count();
        (dots == usize::from(fraction.is_some()) && !plain.starts_with(['+', '-'])).then_some(plain)
    }
}

/// `text` without a currency, which `strip` takes off.
fn without_currency<'t>(text: &'t str, strip: impl Fn(&'t str, &str) -> Option<&'t str>) -> &'t str {
    let signs = CURRENCIES.iter().find_map(|sign| strip(text, sign.encode_utf8(&mut [0; 4])));
    signs.or_else(|| CURRENCY_WORDS.iter().find_map(|word| strip(text, word))).unwrap_or(text)
}

/// The format that reads all of these cells; none if there is no such format, or two that read them differently,
/// as in `1,234`.
pub(crate) fn guess_format<'c>(cells: impl Iterator<Item = &'c str> + Clone) -> Option<NumberFormat> {
    let any = |is_such: &dyn Fn(&str) -> bool| cells.clone().any(is_such);
    let signs = [
        any(&|cell| cell.ends_with('%')),
        any(&|cell| cell.contains(CURRENCIES) || CURRENCY_WORDS.iter().any(|word| cell.contains(word))),
        any(&|cell| cell.starts_with('(') && cell.ends_with(')')),
        any(&|cell| cell.contains(MINUS)),
    ];
    let formats = SEPARATORS.iter().map(|&(decimal, thousands)| NumberFormat { decimal, thousands, signs });
    let fits = |format: &NumberFormat| cells.clone().all(|cell| format.number(cell).is_some());
    let mut fitting = formats.filter(fits);
    let first = fitting.next()?;
    let reads_differently =
        |other: NumberFormat| cells.clone().any(|cell| other.number(cell) != first.number(cell));
    (!fitting.any(reads_differently)).then_some(first)
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl serde::Serialize for NumberFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.keys().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(decimal: char, thousands: Option<char>, signs: &[NumberSign]) -> NumberFormat {
        NumberFormat::new(Some(decimal), thousands, signs)
    }

    #[test]
    fn numbers_of_several_countries_are_read() {
        let german = format(',', Some('.'), &[]);
        for (text, value) in [
            ("3,25", 3.25),
            ("-0,5", -0.5),
            ("1.234,5", 1234.5),
            ("12.345.678", 12_345_678.0),
            ("7", 7.0),
            ("1,5E+05", 150_000.0),
            (" +2,0 ", 2.0),
        ] {
            assert_eq!(german.number(text), Some(value), "{text}");
        }
        for text in
            ["3.14", "1.23,4", "1,2,3", "1234.567,0", "", "x", "--1", ".5", "1.2345", "1,234.5", "1.2e3"]
        {
            assert_eq!(german.number(text), None, "{text}");
        }
        let english = format('.', Some(','), &[]);
        assert_eq!(
            ["1,234.5", "1234.5", "12,34"].map(|text| english.number(text)),
            [Some(1234.5), Some(1234.5), None]
        );
        let french = format(',', Some(' '), &[]);
        assert_eq!(
            ["1 234,5", "1\u{202f}234,5", "1\u{a0}234"].map(|text| french.number(text)),
            [Some(1234.5), Some(1234.5), Some(1234.0)]
        );
        let swiss = format('.', Some('\''), &[]);
        assert_eq!(swiss.number("1'234'567.25"), Some(1_234_567.25));
    }

    #[test]
    fn the_signs_of_spreadsheets_are_read_where_they_are_set() {
        let all = format(',', Some('.'), &NumberSign::ALL);
        for (text, value) in [
            ("12 %", 0.12),
            ("12,5%", 0.125),
            ("1.234,50 \u{20ac}", 1234.5),
            ("-$5", -5.0),
            ("$-5", -5.0),
            ("CHF 7", 7.0),
            ("(1.000)", -1000.0),
            ("(5 EUR)", -5.0),
            ("\u{2212}3,5", -3.5),
            ("\u{2212}3%", -0.03),
        ] {
            assert_eq!(all.number(text), Some(value), "{text}");
            assert_eq!(format(',', Some('.'), &[]).number(text), None, "{text}");
        }
        for text in ["%", "$", "()", "(", "12%%", "5 kg"] {
            assert_eq!(all.number(text), None, "{text}");
        }
    }

    #[test]
    fn a_format_is_guessed_if_only_one_fits() {
        let keys =
            |cells: &[&str]| guess_format(cells.iter().copied()).map(|format| format.keys().join(", "));
        assert_eq!(keys(&["3,14", "2"]).as_deref(), Some("decimal = \",\""));
        assert_eq!(keys(&["1.234,5", "2,25"]).as_deref(), Some("decimal = \",\", thousands = \".\""));
        assert_eq!(keys(&["1,234.5", "1,000"]).as_deref(), Some("thousands = \",\""));
        assert_eq!(keys(&["12%", "(3%)"]).as_deref(), Some("number_signs = [\"percent\", \"parentheses\"]"));
        assert_eq!(
            keys(&["\u{2212}1", "1 234,5 kr"]).as_deref(),
            Some("decimal = \",\", thousands = \" \", number_signs = [\"currency\", \"minus\"]")
        );
        // 1234 or 1.234; and what is not a number.
        assert_eq!((keys(&["1,234", "12,500"]), keys(&["5 kg"])), (None, None));
        assert_eq!(keys(&["1,234", "12,5"]).as_deref(), Some("decimal = \",\""));
    }
}
