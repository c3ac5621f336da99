//! The format of the dates and times of a column, and strict reading of cells in it.
//!
//! A cell becomes the seconds since 1970-01-01 00:00. Without a year, dates are those of 2000, which has a February 29;
//! a time alone is on 1970-01-01. A date with an offset from UTC is converted to UTC, any other is read as it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::data::dates::date_fields::{DateField, EPOCH, FIRST_AND_LAST, Fields, MONTHS, SECONDS_OF_DAY};
use crate::data::dates::date_part::DatePart;
use crate::settings::{Allowed, Configurable, TextFormat};

/// The year of dates that have none.
const LEAP_YEAR: i32 = 2000;
/// Spaces that do not break a line, with which spreadsheets write times.
const SPACES: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// How dates and times are written, such as `%d.%m.%Y`; the codes are those of `strftime`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateFormat {
    text: String,
    items: Vec<Item>,
    /// The year of cells that have none.
    usual_year: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Literal(char),
    /// A field, and the fewest digits that a number in it has.
    Field(DateField, usize),
}

impl DateFormat {
    /// As in `2024-12-31`: the format of columns without one.
    pub fn iso() -> Self {
        Self::new("%Y-%m-%d").expect("a valid format")
    }

    /// The format with these codes: `%Y` (four digits), `%y` (two: 69 to 99 are of 1900, others of 2000), `%m`, `%b`
    /// or `%B` (the English name of the month, whole or its first three letters; written short or long), `%d`, `%H`, `%I`
    /// with `%p` (AM or PM), `%M`, `%S`, `%f` (one to nine decimals of the second) and `%z` (`Z`, `+01:00`, `+0100`,
    /// `+01`). Any other character is itself.
    ///
    /// None if there is another code or two for the same; if there is neither an hour nor a month with a day or a year; if
    /// something lacks what it belongs to, as `%d` and `%Y` a month, `%M` an hour, `%S` minutes, `%f` seconds, `%I` and
    /// `%p` each other, and `%z` a whole date with an hour; or if a cell would not say where a field ends, as in `%f%d`.
    pub fn new(text: &str) -> Option<Self> {
        let mut fields: Vec<DateField> = Vec::new();
        let mut items = Vec::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            if char != '%' {
                if items.last().is_some_and(|before| takes_literal(before, char)) {
                    return None;
                }
                items.push(Item::Literal(char));
                continue;
            }
            let field = DateField::of(chars.next()?)?;
            if fields.iter().any(|other| other.subject() == field.subject()) {
                return None;
            }
            if items.last().is_some_and(|before| takes_field(before, field)) {
                return None;
            }
            // Between numbers that touch, only their lengths say where one ends.
            if let Some(Item::Field(before, least)) = items.last_mut()
                && before.is_number()
                && field.is_number()
            {
                *least = 2;
                items.push(Item::Field(field, 2));
            } else {
                items.push(Item::Field(field, 1));
            }
            fields.push(field);
        }
        let has = |wanted: DateField| fields.iter().any(|field| field.subject() == wanted);
        let is_12_hours = fields.contains(&DateField::Hour12);
        let needs = |field, other| !has(field) || has(other);
        let is_whole = has(DateField::Year) && has(DateField::Day);
        let is_date = has(DateField::Month) && (has(DateField::Year) || has(DateField::Day));
        let is_valid = needs(DateField::Day, DateField::Month)
            && needs(DateField::Year, DateField::Month)
            && needs(DateField::Minute, DateField::Hour)
            && needs(DateField::Second, DateField::Minute)
            && needs(DateField::Fraction, DateField::Second)
            && is_12_hours == has(DateField::HalfOfDay)
            && (!has(DateField::Offset) || (is_whole && has(DateField::Hour)))
            && (!has(DateField::Month) || is_date)
            && (is_date || has(DateField::Hour));
        let usual_year = if is_date { LEAP_YEAR } else { 1970 };
        is_valid.then(|| Self { text: text.to_owned(), items, usual_year })
    }

    /// The text of the format.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a cell says this, in any form.
    fn has(&self, wanted: DateField) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Field(field, _) if field.subject() == wanted))
    }

    /// Whether a cell says the year, so that dates have an order.
    pub fn has_year(&self) -> bool {
        self.has(DateField::Year)
    }

    /// The parts that a cell in this format has.
    pub(crate) fn parts(&self) -> Vec<DatePart> {
        let has_month = self.has(DateField::Month);
        let has_weekday = self.has_year() && self.has(DateField::Day);
        let parts = [
            (DatePart::Day, has_month),
            (DatePart::Month, has_month),
            (DatePart::Weekday, has_weekday),
            (DatePart::Hour, self.has(DateField::Hour)),
        ];
        parts.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| part).collect()
    }

    /// The seconds of a trimmed cell since 1970-01-01 00:00; none if it is not a date in this format.
    pub(crate) fn read(&self, cell: &str) -> Option<f64> {
        self.fields(cell)?.seconds().ok()
    }

    /// Why a cell is not a date, where it is written like one.
    pub(crate) fn impossible(&self, cell: &str) -> Option<&'static str> {
        self.fields(cell)?.seconds().err()
    }

    /// The fields of a cell, which may say an impossible date.
    fn fields(&self, cell: &str) -> Option<Fields> {
        let mut fields = Fields::of_year(self.usual_year);
        let mut rest = cell.chars().peekable();
        for item in &self.items {
            match *item {
                Item::Literal(' ') => {
                    rest.next().filter(|char| SPACES.contains(char))?;
                }
                Item::Literal(wanted) => {
                    rest.next().filter(|char| *char == wanted)?;
                }
                Item::Field(field, least) => fields.take(field, least, &mut rest)?,
            }
        }
        rest.next().is_none().then_some(fields)
    }

    /// A date in this format; the seconds as they are if they are outside of the years 1 to 9999.
    pub(crate) fn write(&self, seconds: f64) -> String {
        let days = (seconds / SECONDS_OF_DAY).floor();
        let of_day = seconds - days * SECONDS_OF_DAY;
        let is_date = (FIRST_AND_LAST.0..FIRST_AND_LAST.1).contains(&seconds);
        let Some(date) = is_date.then(|| Date::from_julian_day(days as i32 + EPOCH)).and_then(Result::ok)
        else {
            return seconds.to_string();
        };
        let whole = of_day.floor() as u32;
        let (hour, minute, second) = (whole / 3600, whole / 60 % 60, whole % 60);
        let mut text = String::new();
        for item in &self.items {
            match item {
                Item::Literal(char) => text.push(*char),
                Item::Field(field, least) => text.push_str(&match field {
                    DateField::Year => format!("{:04}", date.year()),
                    DateField::ShortYear => format!("{:02}", date.year().rem_euclid(100)),
                    DateField::Month => format!("{:02}", u8::from(date.month())),
                    DateField::MonthName if self.text.contains("%b") => {
                        MONTHS[usize::from(u8::from(date.month())) - 1][..3].to_owned()
                    }
                    DateField::MonthName => MONTHS[usize::from(u8::from(date.month())) - 1].to_owned(),
                    DateField::Day => format!("{:02}", date.day()),
                    DateField::Hour => format!("{hour:02}"),
                    DateField::Hour12 => format!("{:01$}", 1 + (hour + 11) % 12, *least),
                    DateField::HalfOfDay => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                    DateField::Minute => format!("{minute:02}"),
                    DateField::Second => format!("{second:02}"),
                    DateField::Fraction => format!("{:03}", ((of_day.fract()) * 1000.0) as u32),
                    DateField::Offset => "+00:00".to_owned(),
                }),
            }
        }
        text
    }

    /// A date in this format whose day cannot be a month.
    pub(crate) fn example(&self) -> String {
        // 2024-12-31 14:05:09
        self.write(1_735_653_909.0)
    }

    /// A date in words, such as `31 December 2024, 14:05`, as far as the format has it.
    pub(crate) fn in_words(&self, seconds: f64) -> String {
        let date = match (self.has(DateField::Day), self.has(DateField::Month), self.has_year()) {
            (true, true, true) => "%d %B %Y",
            (true, true, false) => "%d %B",
            (false, true, true) => "%B %Y",
            _ => "",
        };
        let time = if self.has(DateField::Hour) { "%H:%M" } else { "" };
        let comma = if date.is_empty() || time.is_empty() { "" } else { ", " };
        let zone = if self.has(DateField::Offset) { " UTC" } else { "" };
        let text = Self::new(&format!("{date}{comma}{time}"))
            .map_or_else(|| self.write(seconds), |format| format.write(seconds));
        format!("{}{zone}", text.strip_prefix('0').filter(|_| !date.is_empty()).unwrap_or(&text))
    }
}

/// Whether a field would take a character after it as a part of itself.
fn takes_literal(before: &Item, after: char) -> bool {
    match before {
        Item::Field(DateField::MonthName | DateField::HalfOfDay, _) => after.is_ascii_alphabetic(),
        Item::Field(DateField::Fraction, _) => after.is_ascii_digit(),
        Item::Field(DateField::Offset, _) => true,
        Item::Field(..) | Item::Literal(_) => false,
    }
}

/// Whether a field would take the next one as a part of itself.
fn takes_field(before: &Item, after: DateField) -> bool {
    match before {
        Item::Field(DateField::MonthName | DateField::HalfOfDay, _) => !after.is_number(),
        Item::Field(DateField::Fraction, _) => after.is_number(),
        Item::Field(DateField::Offset, _) => true,
        Item::Field(..) | Item::Literal(_) => false,
    }
}

impl Configurable for DateFormat {
    const ALLOWED: Allowed = Allowed::Text(&TextFormat {
        description: "a format of dates or times such as \"%d.%m.%Y\", of %Y %y %m %b %B %d %H %I %p %M %S %f %z",
        accepts: |text| Self::new(text).is_some(),
    });
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for DateFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| "not a format of dates".to_owned())
    }
}

impl From<DateFormat> for String {
    fn from(format: DateFormat) -> Self {
        format.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_second_is_read_as_it_is_written(seconds in -62_135_596_800_i64..253_402_300_800) {
            let seconds = seconds as f64;
            for format in ["%Y-%m-%d %H:%M:%S", "%d. %B %Y, %I:%M:%S %p", "%Y%m%d%H%M%S", "%m/%d/%Y %H:%M:%S%z"] {
                let format = DateFormat::new(format).expect(format);
                prop_assert_eq!(format.read(&format.write(seconds)), Some(seconds));
            }
        }

        #[test]
        fn any_text_is_a_format_or_not_and_a_date_or_not(format in "(%[YymbBdHIpMSfzQ]|[-.: é]){0,8}", cell in "\\PC{0,20}|[0-9./:TZ+-]{0,20}") {
            if let Some(format) = DateFormat::new(&format) {
                let _ = (format.read(&cell), format.impossible(&cell), format.in_words(1e9), format.parts());
                prop_assert!(format.read(&format.example()).is_some(), "{}", format);
            }
        }
    }

    #[test]
    fn a_format_needs_a_month_or_an_hour_and_what_belongs_to_it() {
        for wrong in [
            "",
            "x",
            "%",
            "%Y",
            "%m",
            "%d",
            "%d.%Y",
            "%Q",
            "%Y-%y-%m",
            "%M",
            "%H:%S",
            "%I:%M",
            "%H:%M %p",
            "%S.%f",
            "%H:%M%z",
            "%m-%d %H%z",
            "%b %m %d",
            "%%Y-%m",
            "%d%b%p %I",
            "%bst %d",
            "%H:%M:%S.%f%d.%m.%Y",
            "%Y-%m-%d %H%z.",
        ] {
            assert_eq!(DateFormat::new(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_written_as_they_are_read() {
        for format in [
            "%Y-%m-%d",
            "%d.%m.%Y",
            "%d.%m.%y",
            "%m/%d/%Y %I:%M:%S %p",
            "%d %b %Y %H:%M:%S",
            "%B %d, %Y",
            "%Y-%m-%dT%H:%M:%S.%f%z",
            "%H:%M",
            "%d.%m.",
        ] {
            let format = DateFormat::new(format).unwrap();
            let seconds = format.read(&format.example()).expect("the example is a date");
            assert_eq!(format.write(seconds), format.example(), "{format}");
        }
        let iso = DateFormat::iso();
        for (seconds, text) in [
            (FIRST_AND_LAST.0, "0001-01-01"),
            (FIRST_AND_LAST.1 - 1.0, "9999-12-31"),
            (FIRST_AND_LAST.1, "253402300800"),
            (1e300, &*1e300.to_string()),
            (-1e300, &*(-1e300).to_string()),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(iso.write(seconds), text);
        }
        let words = |format: &str, cell: &str| {
            let format = DateFormat::new(format).unwrap();
            format.in_words(format.read(cell).unwrap())
        };
        assert_eq!(words("%d.%m.%Y", "02.01.2023"), "2 January 2023");
        assert_eq!(words("%Y-%m-%dT%H:%M%z", "2023-01-02T00:30+01:00"), "1 January 2023, 23:30 UTC");
        assert_eq!(
            (words("%H:%M", "09:05"), words("%Y-%m", "2023-02")),
            ("09:05".into(), "February 2023".into())
        );
    }
}
