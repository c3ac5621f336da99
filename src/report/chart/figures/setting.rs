//! Numbers that a grid varies.

use crate::report::chart::axis::AxisScale;
use crate::report::text::summary::grid_point::assignments;

/// The keys and numbers of a point, of those keys that are set to a number, or to a table of one number such as
/// `{ normal = 0.01 }`.
pub(crate) fn numbers(settings: &str) -> Vec<(String, f64)> {
    assignments(settings).into_iter().filter_map(|(key, value)| number(key, value)).collect()
}

fn number(key: &str, value: &str) -> Option<(String, f64)> {
    let parsed = format!("value = {value}").parse::<toml::Table>().ok()?.remove("value")?;
    let number = |value: &toml::Value| match value {
        toml::Value::Integer(integer) => Some(*integer as f64),
        toml::Value::Float(float) => Some(*float).filter(|float| float.is_finite()),
        _ => None,
    };
    match &parsed {
        toml::Value::Table(table) if table.len() == 1 => {
            let (inner, value) = table.iter().next()?;
            Some((format!("{key}.{inner}"), number(value)?))
        }
        value => Some((key.to_owned(), number(value)?)),
    }
}

/// Log where the steps between the values vary less in the logarithm.
pub(crate) fn even_scale(values: &[f64]) -> AxisScale {
    let unevenness = |values: &[f64]| {
        let steps = values.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) =
            steps.fold((f64::INFINITY, 0.0f64), |(least, most), step| (least.min(step), most.max(step)));
        most / least
    };
    if values.iter().any(|&value| value <= 0.0) {
        return AxisScale::Linear;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    match values.len() {
        0..=2 => AxisScale::fitting(values.iter().copied()),
        _ if unevenness(&logs) < unevenness(values) => AxisScale::Log,
        _ => AxisScale::Linear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_follows_the_values() {
        assert_eq!(even_scale(&[0.001, 0.003, 0.01]), AxisScale::Log);
        assert_eq!(even_scale(&[10.0, 20.0, 30.0, 40.0]), AxisScale::Linear);
        assert_eq!(even_scale(&[0.0, 0.001, 0.01]), AxisScale::Linear);
        assert_eq!(even_scale(&[5.0, 10.0, 50.0]), AxisScale::Log);
        assert_eq!(even_scale(&[0.1, 1.0]), AxisScale::Log);
        assert_eq!(even_scale(&[1.0, 2.0]), AxisScale::Linear);
    }

    #[test]
    fn whole_numbers_and_tables_of_one_number_are_values() {
        assert_eq!(numbers("training.batch_size=64"), [("training.batch_size".to_owned(), 64.0)]);
        assert_eq!(numbers("model.init={ normal = 1e-2 }"), [("model.init.normal".to_owned(), 0.01)]);
        assert_eq!(numbers("a=1;b=\"x;c=2\";d=3").len(), 2);
        for other in ["a=\"adam\"", "a={ b = 1, c = 2 }", "a=nan", "a=", "a"] {
            assert_eq!(numbers(other), [], "{other}");
        }
    }
}
