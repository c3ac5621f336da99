//! The inputs that a date becomes.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::data::dates::date_fields::{EPOCH, SECONDS_OF_DAY};

/// A part of a date that becomes inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// The days since 1970-01-01, with the time as a fraction: one input, scaled like a number.
    Day,
    /// The month, `m` from 1: `sin(2 pi (m - 1) / 12)` and `cos(2 pi (m - 1) / 12)`.
    Month,
    /// The day of the week, `d` from 0 for Monday: `sin(2 pi d / 7)` and `cos(2 pi d / 7)`.
    Weekday,
    /// The hour, `h` with minutes and seconds as a fraction: `sin(2 pi h / 24)` and `cos(2 pi h / 24)`.
    Hour,
}

impl DatePart {
    /// The number of its inputs.
    pub fn inputs(self) -> usize {
        if self == Self::Day { 1 } else { 2 }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
        }
    }

    /// Names of its inputs: `sold (day)`, `sold (month, sine)`, `sold (month, cosine)`.
    pub(crate) fn names(self, column: &str) -> Vec<String> {
        match self {
            Self::Day => vec![format!("{column} (day)")],
            _ => ["sine", "cosine"].map(|of| format!("{column} ({}, {of})", self.name())).to_vec(),
        }
    }

    /// The part of a date that is this many seconds after 1970-01-01 00:00; the month counts from 0.
    pub(crate) fn value(self, seconds: f64) -> f64 {
        let days = (seconds / SECONDS_OF_DAY).floor();
        match self {
            Self::Day => seconds / SECONDS_OF_DAY,
            Self::Month => match Date::from_julian_day((days as i32).saturating_add(EPOCH)) {
                Ok(date) if !seconds.is_nan() => f64::from(u8::from(date.month()) - 1),
                _ => f64::NAN,
            },
            // 1970-01-01 was a Thursday.
            Self::Weekday => (days + 3.0).rem_euclid(7.0),
            Self::Hour => (seconds - days * SECONDS_OF_DAY) / 3600.0,
        }
    }

    /// The inputs of a part that repeats, for a date that is this many seconds after 1970-01-01 00:00; for
    /// [`Day`](Self::Day) the days.
    pub(crate) fn unscaled(self, seconds: f64) -> impl Iterator<Item = f64> {
        let value = self.value(seconds);
        let angle = |period: f64| TAU * value / period;
        let on_circle = |angle: f64| [angle.sin(), angle.cos()];
        let inputs = match self {
            Self::Day => [value; 2],
            Self::Month => on_circle(angle(12.0)),
            Self::Weekday => on_circle(angle(7.0)),
            Self::Hour => on_circle(angle(24.0)),
        };
        inputs.into_iter().take(self.inputs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dates::date_format::DateFormat;

    #[test]
    fn parts_are_those_of_the_calendar() {
        let format = DateFormat::new("%Y-%m-%d %H:%M").unwrap();
        for (text, day, month, weekday, hour) in [
            // A Friday, a Monday before 1970, and a leap day.
            ("2024-03-01 14:30", 19783.0 + 14.5 / 24.0, 2.0, 4.0, 14.5),
            ("1969-12-29 00:00", -3.0, 11.0, 0.0, 0.0),
            ("2024-02-29 23:45", 19782.0 + 23.75 / 24.0, 1.0, 3.0, 23.75),
        ] {
            let seconds = format.read(text).unwrap();
            let parts = format.parts();
            assert_eq!(parts, [DatePart::Day, DatePart::Month, DatePart::Weekday, DatePart::Hour]);
            let found: Vec<f64> = parts.iter().map(|part| part.value(seconds)).collect();
            assert!((found[0] - day).abs() < 1e-9, "{text}: {found:?}");
            assert_eq!(found[1..], [month, weekday, hour], "{text}");
        }
        let parts = |format: &str| DateFormat::new(format).unwrap().parts();
        assert_eq!(parts("%H:%M"), [DatePart::Hour]);
        assert_eq!(parts("%d.%m."), [DatePart::Day, DatePart::Month]);
        assert_eq!(parts("%Y-%m"), [DatePart::Day, DatePart::Month]);
        assert_eq!(parts("%d.%m.%Y"), [DatePart::Day, DatePart::Month, DatePart::Weekday]);
    }

    #[test]
    fn parts_that_repeat_are_on_a_circle() {
        let of = |part: DatePart, text: &str| {
            part.unscaled(DateFormat::new("%Y-%m-%d %H:%M").unwrap().read(text).unwrap()).collect::<Vec<_>>()
        };
        let near = |found: Vec<f64>, wanted: [f64; 2]| {
            found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-12)
        };
        assert!(near(of(DatePart::Month, "2024-04-30 00:00"), [1.0, 0.0]));
        assert!(near(of(DatePart::Month, "2024-01-01 00:00"), [0.0, 1.0]));
        assert!(near(of(DatePart::Hour, "2024-01-01 18:00"), [-1.0, 0.0]));
        let angle = TAU * 6.0 / 7.0;
        assert!(near(of(DatePart::Weekday, "2024-03-03 00:00"), [angle.sin(), angle.cos()]));
        for part in [DatePart::Day, DatePart::Month, DatePart::Weekday, DatePart::Hour] {
            assert!(part.unscaled(f64::NAN).all(f64::is_nan));
        }
    }
}
