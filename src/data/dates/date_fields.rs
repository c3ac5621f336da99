//! The fields of a date or time in a cell, read strictly.

use std::iter::Peekable;
use std::str::Chars;

use time::{Date, Month};

/// The Julian day of 1970-01-01.
pub(crate) const EPOCH: i32 = 2_440_588;
pub(crate) const SECONDS_OF_DAY: f64 = 86_400.0;
/// The first and the last second of the years 1 to 9999.
pub(crate) const FIRST_AND_LAST: (f64, f64) = (-62_135_596_800.0, 253_402_300_800.0);
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A part of a date or time in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateField {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Hour12,
    HalfOfDay,
    Minute,
    Second,
    Fraction,
    Offset,
}

/// The fields of a cell, where the format has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    /// For a 12-hour clock: whether it is after noon.
    is_afternoon: Option<bool>,
    minute: u32,
    second: u32,
    fraction: f64,
    /// Seconds that the clock is ahead of UTC.
    offset: i32,
}

impl DateField {
    pub(crate) fn of(code: char) -> Option<Self> {
        Some(match code {
            'Y' => Self::Year,
            'y' => Self::ShortYear,
            'm' => Self::Month,
            'b' | 'B' => Self::MonthName,
            'd' => Self::Day,
            'H' => Self::Hour,
            'I' => Self::Hour12,
            'p' => Self::HalfOfDay,
            'M' => Self::Minute,
            'S' => Self::Second,
            'f' => Self::Fraction,
            'z' => Self::Offset,
            _ => return None,
        })
    }

    pub(crate) fn is_number(self) -> bool {
        !matches!(self, Self::MonthName | Self::HalfOfDay | Self::Offset)
    }

    /// What it says, so that no two fields of a format say the same.
    pub(crate) fn subject(self) -> Self {
        match self {
            Self::ShortYear => Self::Year,
            Self::MonthName => Self::Month,
            Self::Hour12 => Self::Hour,
            other => other,
        }
    }
}

impl Fields {
    /// The start of a year.
    pub(crate) fn of_year(year: i32) -> Self {
        Self {
            year,
            month: 1,
            day: 1,
            hour: 0,
            is_afternoon: None,
            minute: 0,
            second: 0,
            fraction: 0.0,
            offset: 0,
        }
    }

    /// Reads a field at the start of `rest`; none if it is written otherwise.
    pub(crate) fn take(
        &mut self,
        field: DateField,
        least: usize,
        rest: &mut Peekable<Chars<'_>>,
    ) -> Option<()> {
        match field {
            DateField::Year => self.year = digits(rest, 4, 4)? as i32,
            DateField::ShortYear => {
                let year = digits(rest, 2, 2)? as i32;
                self.year = if year < 69 { 2000 + year } else { 1900 + year };
            }
            DateField::Month => self.month = digits(rest, least, 2)?,
            DateField::MonthName => self.month = month_name(rest)?,
            DateField::Day => self.day = digits(rest, least, 2)?,
            DateField::Hour | DateField::Hour12 => self.hour = digits(rest, least, 2)?,
            DateField::HalfOfDay => {
                let word: String = letters(rest);
                self.is_afternoon = Some(match word.to_ascii_lowercase().as_str() {
                    "am" => false,
                    "pm" => true,
                    _ => return None,
                });
            }
            DateField::Minute => self.minute = digits(rest, 2, 2)?,
            DateField::Second => self.second = digits(rest, 2, 2)?,
            DateField::Fraction => {
                let mut decimals = String::from("0.");
                while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    decimals.push(digit);
                }
                self.fraction = Some(decimals).filter(|text| (3..=11).contains(&text.len()))?.parse().ok()?;
            }
            DateField::Offset => self.offset = offset(rest)?,
        }
        Some(())
    }

    /// The seconds since 1970-01-01 00:00, or what makes the date impossible.
    pub(crate) fn seconds(self) -> Result<f64, &'static str> {
        let hour = match self.is_afternoon {
            Some(_) if !(1..=12).contains(&self.hour) => return Err("hours with AM or PM are from 1 to 12"),
            Some(is_afternoon) => self.hour % 12 + if is_afternoon { 12 } else { 0 },
            None => self.hour,
        };
        if hour > 23 {
            return Err("hours are from 0 to 23");
        }
        if self.minute > 59 || self.second > 59 {
            return Err("minutes and seconds are from 0 to 59");
        }
        if self.year == 0 {
            return Err("years are from 1 to 9999");
        }
        let month = u8::try_from(self.month).ok().and_then(|month| Month::try_from(month).ok());
        let month = month.ok_or("months are from 1 to 12")?;
        let date =
            Date::from_calendar_date(self.year, month, self.day as u8).map_err(|_| "there is no such day")?;
        let days = f64::from(date.to_julian_day() - EPOCH);
        let of_day = f64::from(hour * 3600 + self.minute * 60 + self.second);
        let seconds = days * SECONDS_OF_DAY + of_day - f64::from(self.offset) + self.fraction;
        match (FIRST_AND_LAST.0..FIRST_AND_LAST.1).contains(&seconds) {
            true => Ok(seconds),
            false => Err("years are from 1 to 9999"),
        }
    }
}

/// A number of `least` to `most` digits.
fn digits(rest: &mut Peekable<Chars<'_>>, least: usize, most: usize) -> Option<u32> {
    let (mut count, mut number) = (0, 0);
    while count < most
        && let Some(digit) = rest.next_if(char::is_ascii_digit)
    {
        number = number * 10 + digit.to_digit(10)?;
        count += 1;
    }
    (count >= least).then_some(number)
}

fn letters(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(letter) = rest.next_if(|char| char.is_ascii_alphabetic()) {
        word.push(letter);
    }
    word
}

/// The number of a month by its English name, whole or its first three letters.
fn month_name(rest: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let word = letters(rest);
    let is_name = |name: &&str| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]);
    MONTHS.iter().position(is_name).map(|month| month as u32 + 1)
}

/// Seconds ahead of UTC: `Z`, `+01:00`, `+0100` or `+01`.
fn offset(rest: &mut Peekable<Chars<'_>>) -> Option<i32> {
    let sign = match rest.next()? {
        'Z' | 'z' => return Some(0),
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let hours = digits(rest, 2, 2)?;
    let has_colon = rest.next_if_eq(&':').is_some();
    let minutes = match rest.peek() {
        Some(_) => digits(rest, 2, 2)?,
        None if has_colon => return None,
        None => 0,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dates::date_format::DateFormat;

    fn read(format: &str, cell: &str) -> Option<f64> {
        DateFormat::new(format).expect(format).read(cell)
    }

    /// Seconds as `date --utc --date TEXT +%s` gives them.
    #[test]
    fn dates_become_seconds() {
        for (format, cell, seconds) in [
            ("%Y-%m-%d", "1970-01-01", 0.0),
            ("%Y-%m-%d", "2024-03-01", 1_709_251_200.0),
            ("%d.%m.%Y", "01.03.2024", 1_709_251_200.0),
            ("%d.%m.%Y", "1.3.2024", 1_709_251_200.0),
            ("%m/%d/%Y", "3/1/2024", 1_709_251_200.0),
            ("%d/%m/%y", "01/03/24", 1_709_251_200.0),
            ("%d-%b-%y", "01-Mar-24", 1_709_251_200.0),
            ("%B %d, %Y", "march 1, 2024", 1_709_251_200.0),
            ("%Y%m%d", "20240301", 1_709_251_200.0),
            ("%Y-%m", "2024-03", 1_709_251_200.0),
            ("%Y-%m-%dT%H:%M", "2024-03-01T14:30", 1_709_303_400.0),
            ("%d.%m.%Y %H:%M", "01.03.2024 14:30", 1_709_303_400.0),
            ("%m/%d/%Y %I:%M %p", "3/1/2024 2:30\u{202f}PM", 1_709_303_400.0),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-01T14:30:00Z", 1_709_303_400.0),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-01T15:30:00+01:00", 1_709_303_400.0),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-01T09:00:00-0530", 1_709_303_400.0),
            ("%Y-%m-%d %H:%M:%S.%f", "2024-03-01 14:30:00.25", 1_709_303_400.25),
            ("%d.%m.%y", "31.12.69", -86_400.0),
            ("%d.%m.%y", "31.12.68", 3_124_137_600.0),
            ("%Y-%m-%d", "0001-01-01", FIRST_AND_LAST.0),
            ("%Y-%m-%d %H:%M:%S", "9999-12-31 23:59:59", FIRST_AND_LAST.1 - 1.0),
            ("%H:%M", "14:30", 52_200.0),
            ("%I:%M %p", "12:05 am", 300.0),
            ("%I:%M %p", "12:05 PM", 43_500.0),
            // In the leap year 2000.
            ("%d.%m.", "29.02.", 951_782_400.0),
        ] {
            assert_eq!(read(format, cell), Some(seconds), "{format} {cell}");
        }
    }

    #[test]
    fn whatever_is_written_otherwise_is_refused() {
        for (format, cell) in [
            // A year of two digits is not one of four.
            ("%d.%m.%Y", "01.03.24"),
            ("%d.%m.%y", "01.03.2024"),
            ("%d.%m.%Y", "01.03.2024 "),
            ("%d.%m.%Y", "01.03.2024 00:00"),
            ("%d.%m.%Y", "01/03/2024"),
            ("%d.%m.%Y", "001.03.2024"),
            ("%d.%m.%Y", "-1.03.2024"),
            ("%Y-%m-%d", "٢٠٢٤-03-01"),
            ("%Y%m%d", "2024112"),
            ("%H:%M", "14:3"),
            ("%H:%M", "14"),
            ("%Y-%m-%dT%H:%M", "2024-03-01 14:30"),
            ("%Y-%m-%d %H:%M:%S.%f", "2024-03-01 14:30:00."),
            ("%Y-%m-%dT%H:%M%z", "2024-03-01T14:30"),
            ("%d %b %Y", "1 Mrz 2024"),
            ("%d.%m.%Y", ""),
        ] {
            let format = DateFormat::new(format).unwrap();
            assert_eq!((format.read(cell), format.impossible(cell)), (None, None), "{format} {cell}");
        }
    }

    #[test]
    fn impossible_dates_say_why() {
        for (format, cell, why) in [
            ("%d.%m.%Y", "29.02.2023", "there is no such day"),
            ("%d.%m.%Y", "29.02.1900", "there is no such day"),
            ("%d.%m.%Y", "31.04.2024", "there is no such day"),
            ("%d.%m.%Y", "00.01.2024", "there is no such day"),
            ("%d.%m.%Y", "01.13.2024", "months are from 1 to 12"),
            ("%d.%m.%Y", "01.01.0000", "years are from 1 to 9999"),
            ("%Y-%m-%dT%H:%M%z", "0001-01-01T00:00+01:00", "years are from 1 to 9999"),
            ("%H:%M", "24:00", "hours are from 0 to 23"),
            ("%H:%M:%S", "23:59:60", "minutes and seconds are from 0 to 59"),
            ("%I:%M %p", "13:00 PM", "hours with AM or PM are from 1 to 12"),
        ] {
            let format = DateFormat::new(format).unwrap();
            assert_eq!((format.read(cell), format.impossible(cell)), (None, Some(why)), "{format} {cell}");
        }
        assert_eq!(read("%d.%m.%Y", "29.02.2000"), Some(951_782_400.0));
        assert_eq!(read("%d.%m.%Y", "29.02.2024"), Some(1_709_164_800.0));
    }
}
