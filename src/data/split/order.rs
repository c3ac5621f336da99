//! Splitting in the order of a column: the last rows are the test.

use crate::data::csv::number::number;
use crate::data::split::{Split, SplitPart, SplitSizes};

/// The place of a number in the order of all numbers; none for NaN.
pub(crate) fn number_key(value: f64) -> Option<u64> {
    let bits = (value + 0.0).to_bits(); // -0 is 0
    let is_negative = bits >> 63 == 1;
    // The bits of positive numbers are in their order, those of negative ones in the reverse order.
    (!value.is_nan()).then_some(if is_negative { !bits } else { bits | 1 << 63 })
}

/// The place of a number, or of a date and time such as `2024-01-31 23:59:59.5`, in the order of its kind.
pub(crate) fn order_key(text: &str) -> Option<u64> {
    match number(text) {
        Some(value) => number_key(value),
        None => moment(text),
    }
}

/// The digits of a date and time, in milliseconds: `2024-01-31` is 20240131000000000.
fn moment(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.strip_suffix('Z').unwrap_or(time)),
        None => (text, ""),
    };
    let mut parts = date.split(['-', '/']);
    let date = [
        part(parts.next()?, 4, 0..=9999)?,
        part(parts.next()?, 2, 1..=12)?,
        parts.next().map_or(Some(1), |day| part(day, 2, 1..=31))?,
    ];
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut clock = clock.split(':').filter(|part| !part.is_empty());
    let mut next = |most| clock.next().map_or(Some(0), |value| part(value, 2, 0..=most));
    let clock = [next(23)?, next(59)?, next(60)?];
    let millis = part(&format!("{fraction:0<3.3}"), 3, 0..=999)?;
    if parts.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let [year, month, day] = date;
    let [hour, minute, second] = clock;
    let pairs = [month, day, hour, minute, second];
    Some(pairs.iter().fold(year, |all, pair| all * 100 + pair) * 1000 + millis)
}

/// A number of this many digits in this range.
fn part(text: &str, digits: usize, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
    let are_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|value| are_digits && range.contains(value))
}

/// The rows with the smallest keys are for training, those with the largest ones for the test; equal keys are in
/// the order of the file.
pub(crate) fn in_order(keys: &[u64], sizes: SplitSizes) -> Split {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&row| keys[row]);
    let count = |share: f64| (share * keys.len() as f64).round() as usize;
    let (valid, test) = (count(sizes.valid), count(sizes.test));
    let train = keys.len().saturating_sub(valid + test).max(1);
    let mut parts = vec![SplitPart::Train; keys.len()];
    for (place, &row) in order.iter().enumerate() {
        parts[row] = match place {
            _ if place < train => SplitPart::Train,
            _ if place < keys.len() - test.min(keys.len() - train) => SplitPart::Valid,
            _ => SplitPart::Test,
        };
    }
    Split::new(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_in_their_order() {
        for ordered in [
            &["-1e30", "-2", "-0.5", "0", "1e-9", "3", "10", "1e300"][..1],
            &["-1e30", "-2", "-0.5", "0", "1e-9", "3", "10"],
            &[
                "1999-12-31",
                "2024-01-30 23:59",
                "2024-01-31",
                "2024-01-31T00:00:00.5Z",
                "2024-01-31 10:00",
                "2024-02-01",
            ],
            &["2023-11", "2023-12", "2024-01"],
            &["2023/11/01", "2023/11/02"],
        ] {
            let keys: Vec<u64> = ordered.iter().map(|text| order_key(text).expect(text)).collect();
            assert!(keys.is_sorted_by(|left, right| left < right), "{ordered:?}");
        }
        assert_eq!(number_key(-0.0), number_key(0.0));
        assert_eq!(order_key("2024-01-31"), Some(20_240_131_000_000_000));
        for text in
            ["", "red", "31.12.2024", "2024-13-01", "2024-1-1", "2024-01-32", "2024", "2024-01-01 25:00"]
        {
            assert_eq!(order_key(text).filter(|_| text != "2024"), None, "{text}");
        }
    }

    #[test]
    fn the_last_rows_are_held_out() {
        let sizes = SplitSizes { valid: 0.2, test: 0.4 };
        let split = in_order(&[5, 1, 4, 2, 3], sizes);
        assert_eq!((split.train, split.valid, split.test), (vec![1, 3], vec![4], vec![0, 2]));
        let split = in_order(&[7; 10], SplitSizes { valid: 0.1, test: 0.0 });
        assert_eq!((split.train, split.valid), ((0..9).collect(), vec![9]));
    }
}
