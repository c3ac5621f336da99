//! Metrics as text.

use crate::metrics::Measure;
use crate::report::text::number::{NO_NUMBER, four_digits, value_and_interval};

/// Value and interval of a metric.
pub(crate) fn measure_and_interval(name: &str, measure: Measure) -> (String, String) {
    match (measure.value, measure.interval) {
        (None, _) => (NO_NUMBER.to_owned(), NO_NUMBER.to_owned()),
        (Some(value), Some(interval)) if is_share(name) => {
            (metric_value(name, value), format!("({:.4} to {:.4})", interval.low, interval.high))
        }
        (Some(value), None) => (metric_value(name, value), NO_NUMBER.to_owned()),
        (Some(value), interval) => value_and_interval(value, interval),
    }
}

/// A metric with four decimals, or four significant digits if it can exceed 1.
pub(crate) fn metric_value(name: &str, value: f64) -> String {
    // Avoids -0.0000.
    let shown = if value.abs() < 0.00005 { 0.0 } else { value };
    if is_share(name) { format!("{shown:.4}") } else { four_digits(value) }
}

/// Whether a metric is at most 1.
pub(crate) fn is_share(name: &str) -> bool {
    !["log_loss", "rmse", "mae"].contains(&name.rsplit('.').next().unwrap_or(name))
}
