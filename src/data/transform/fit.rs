//! Fitting the encoding of features on the training rows.

use crate::data::Scaling;
use crate::data::dates::date_fields::SECONDS_OF_DAY;
use crate::data::dates::date_format::DateFormat;
use crate::data::dates::date_part::DatePart;
use crate::data::error::ErrorKind;
use crate::data::schema::column::{ColumnKind, FeatureColumn};
use crate::data::schema::column_spec::{Constant, MissingPolicy};
use crate::data::schema::numeric::{NumericEncoding, NumericSettings};
use crate::data::spec::{ClipMethod, ScalingMethod};
use crate::data::table::matrix::Matrix;
use crate::data::transform::clip::SmoothClip;
use crate::data::transform::encoding::{ConstantInput, FeatureEncoding, ValueEncoding};
use crate::data::transform::numbers::NumberInputs;
use crate::data::transform::numbers::normal_quantiles::NormalQuantiles;
use crate::data::transform::numbers::piecewise_linear::PiecewiseLinear;
use crate::data::transform::scaler::fit_scaling;

/// The encoding of each feature, and the indices of the features that are constant in the training rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) features: Vec<FeatureEncoding>,
    pub(crate) constant: Vec<usize>,
    pub(crate) constant_inputs: Vec<ConstantInput>,
}

/// The name of a feature, and how it was read.
pub(crate) type NamedFeature = (String, FeatureColumn);

/// Fits the encoding of `features`, the columns of `matrix`, on some of its rows, at least one.
///
/// Scalings and other encodings of numbers are fitted after missing values are replaced.
pub(crate) fn fit(
    matrix: &Matrix,
    rows: &[usize],
    features: &[NamedFeature],
    clip: ClipMethod,
    most_categories: usize,
) -> Result<Fitted, ErrorKind> {
    let filled: Vec<Option<f64>> = features
        .iter()
        .enumerate()
        .map(|(column, (name, feature))| match feature.kind {
            ColumnKind::Numeric | ColumnKind::Boolean | ColumnKind::Date => {
                fill(matrix, rows, column, &feature.missing).ok_or_else(|| ErrorKind::NoValues(name.clone()))
            }
            ColumnKind::Categorical => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let methods: Vec<ScalingMethod> = features.iter().map(|(_, feature)| feature.numeric.scale).collect();
    let scaled = fit_scaling(matrix, rows, &filled, &methods);
    let (mut constant, mut constant_inputs) = (Vec::new(), Vec::new());
    let mut fitted = Vec::new();
    let mut inputs = 0;
    for (column, (_, feature)) in features.iter().enumerate() {
        let fill = filled[column];
        let (values, is_constant) = match feature.kind {
            ColumnKind::Numeric => {
                let (scaling, range) = (scaled.scaling[column], Some(scaled.range(column)));
                let clip = bound(clip, methods[column]);
                let is_constant = scaled.is_constant(column);
                let inputs = match is_constant {
                    true => NumberInputs::default(),
                    false => number_inputs(matrix, rows, column, fill, &feature.numeric),
                };
                (ValueEncoding::Numeric { scaling, fill, range, clip, inputs }, is_constant)
            }
            ColumnKind::Boolean => (ValueEncoding::Boolean { fill }, scaled.is_constant(column)),
            ColumnKind::Date => {
                let format = feature.date_format();
                let parts = varied_parts(matrix, rows, column, fill, &format);
                let scaling = in_days(scaled.scaling[column], methods[column]);
                let (range, clip) = (scaled.range(column), bound(clip, methods[column]));
                (
                    ValueEncoding::Date { format, parts, scaling, fill, range, clip },
                    scaled.is_constant(column),
                )
            }
            ColumnKind::Categorical => categories(matrix, rows, column, feature, most_categories),
        };
        if is_constant {
            constant.push(column);
            let value = match values {
                ValueEncoding::Numeric { .. }
                | ValueEncoding::Boolean { .. }
                | ValueEncoding::Date { .. } => scaled.range(column).low,
                ValueEncoding::Categorical { .. } => 1.0,
            };
            let all = inputs..inputs + values.inputs();
            constant_inputs.extend(all.map(|input| ConstantInput { input, value }));
        }
        inputs += values.inputs();
        if feature.indicator {
            let is_missing = |row: &usize| matrix.value(*row, column).is_nan();
            let missing = rows.iter().filter(|row| is_missing(row)).count();
            if missing == 0 || missing == rows.len() {
                let value = if missing == 0 { 0.0 } else { 1.0 };
                constant_inputs.push(ConstantInput { input: inputs, value });
            }
            inputs += 1;
        }
        fitted.push(FeatureEncoding { values, indicator: feature.indicator });
    }
    Ok(Fitted { features: fitted, constant, constant_inputs })
}

/// The parts of a date that vary in these rows; of a constant date the first one.
fn varied_parts(
    matrix: &Matrix,
    rows: &[usize],
    column: usize,
    fill: Option<f64>,
    format: &DateFormat,
) -> Vec<DatePart> {
    let seconds = |row: usize| {
        let value = matrix.value(row, column);
        if value.is_nan() { fill.unwrap_or(value) } else { value }
    };
    let varies = |part: &DatePart| {
        let first = rows.first().map(|&row| part.value(seconds(row)));
        rows.iter().any(|&row| Some(part.value(seconds(row))) != first)
    };
    let all = format.parts();
    let varied: Vec<DatePart> = all.iter().copied().filter(varies).collect();
    if varied.is_empty() { all.into_iter().take(1).collect() } else { varied }
}

/// The scaling of days in place of that of seconds.
fn in_days(seconds: Scaling, method: ScalingMethod) -> Scaling {
    match method {
        ScalingMethod::Standardize | ScalingMethod::MinMax => {
            Scaling { offset: seconds.offset / SECONDS_OF_DAY, divisor: seconds.divisor / SECONDS_OF_DAY }
        }
        ScalingMethod::Center | ScalingMethod::None => {
            Scaling { offset: seconds.offset / SECONDS_OF_DAY, divisor: seconds.divisor }
        }
    }
}

/// The bound of numbers that are scaled by this method.
fn bound(clip: ClipMethod, scale: ScalingMethod) -> Option<SmoothClip> {
    match (clip, scale) {
        (ClipMethod::Smooth, ScalingMethod::Standardize | ScalingMethod::MinMax) => Some(SmoothClip::DEFAULT),
        (ClipMethod::None, _) | (_, ScalingMethod::Center | ScalingMethod::None) => None,
    }
}

/// The inputs of the numbers of a column that is not constant in the training rows.
fn number_inputs(
    matrix: &Matrix,
    rows: &[usize],
    column: usize,
    fill: Option<f64>,
    settings: &NumericSettings,
) -> NumberInputs {
    if settings.encodings.is_none() {
        return NumberInputs::default();
    }
    let value = |&row: &usize| {
        let value = matrix.value(row, column);
        // Rows with a missing value are refused where there is no replacement.
        if value.is_nan() { fill.unwrap_or(value) } else { value }
    };
    let mut sorted: Vec<f64> = rows.iter().map(value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let intervals = || PiecewiseLinear::fit(&sorted, settings.intervals);
    NumberInputs {
        scaled: settings.has(NumericEncoding::Standardize),
        quantiles: settings.has(NumericEncoding::Quantile).then(|| NormalQuantiles::fit(&sorted)),
        intervals: settings.has(NumericEncoding::PiecewiseLinear).then(intervals),
    }
}

/// The replacement for missing numbers, none if they are not replaced; and no result if there are no
/// values to compute it from.
#[expect(clippy::option_option, reason = "no replacement and no values to compute it from are different")]
fn fill(matrix: &Matrix, rows: &[usize], column: usize, missing: &MissingPolicy) -> Option<Option<f64>> {
    let present = || {
        let values: Vec<f64> =
            rows.iter().map(|&row| matrix.value(row, column)).filter(|value| !value.is_nan()).collect();
        (!values.is_empty()).then_some(values)
    };
    match missing {
        MissingPolicy::Refuse | MissingPolicy::DropRow | MissingPolicy::Constant(Constant::Text(_)) => {
            Some(None)
        }
        MissingPolicy::Constant(Constant::Number(number)) => Some(Some(*number)),
        MissingPolicy::Mean => present().map(|values| Some(mean(&values))),
        MissingPolicy::Median => present().map(|values| Some(median(values))),
        MissingPolicy::MostFrequent => present().map(|values| Some(most_frequent(values))),
    }
}

/// The mean, summed over distances from the first value so that a large offset costs no accuracy.
fn mean(values: &[f64]) -> f64 {
    let first = values[0];
    first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if is_even => lower + (upper - lower) / 2.0,
        _ => upper,
    }
}

/// The most frequent value; the smallest one of several.
fn most_frequent(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let mut best = (0, values[0]);
    for same in values.chunk_by(|left, right| left == right) {
        if same.len() > best.0 {
            best = (same.len(), same[0]);
        }
    }
    best.1
}

/// The encoding of a categorical feature, and whether the training rows have a single category.
fn categories(
    matrix: &Matrix,
    rows: &[usize],
    column: usize,
    feature: &FeatureColumn,
    most: usize,
) -> (ValueEncoding, bool) {
    let names = &feature.categories;
    let mut counts = vec![0_usize; names.len()];
    let mut missing = 0;
    for &row in rows {
        let value = matrix.value(row, column);
        if value.is_nan() {
            missing += 1;
        } else {
            counts[value as usize] += 1;
        }
    }
    let fill = match &feature.missing {
        MissingPolicy::Refuse | MissingPolicy::DropRow | MissingPolicy::Constant(Constant::Number(_)) => None,
        MissingPolicy::Constant(Constant::Text(text)) => names.binary_search(text).ok(),
        // The smallest of several.
        MissingPolicy::Mean | MissingPolicy::Median | MissingPolicy::MostFrequent => {
            (0..counts.len()).rev().max_by_key(|&category| counts[category])
        }
    };
    if let Some(fill) = fill {
        counts[fill] += missing;
    }
    let mut present: Vec<usize> = (0..counts.len()).filter(|&category| counts[category] > 0).collect();
    let is_constant = present.len() == 1;
    present.sort_by_key(|&category| std::cmp::Reverse(counts[category]));
    let mut rare = present.split_off(most.min(present.len()));
    present.sort_unstable();
    rare.sort_unstable();
    let named = |categories: Vec<usize>| categories.iter().map(|&category| names[category].clone()).collect();
    let fill = fill.map(|category| names[category].clone());
    (ValueEncoding::Categorical { categories: named(present), rare: named(rare), fill }, is_constant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_match_values_worked_out_by_hand() {
        assert_eq!(mean(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 6.0]), 1e9 + 3.0);
        assert_eq!(median(vec![9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(vec![9.0, 1.0, 5.0, 2.0]), 3.5);
        assert_eq!(median(vec![7.0]), 7.0);
        assert_eq!(most_frequent(vec![3.0, 1.0, 3.0, 2.0, 1.0]), 1.0);
    }
}
