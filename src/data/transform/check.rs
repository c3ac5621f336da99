//! Consistency of an encoding that was read from a model file.

use std::collections::HashSet;

use crate::data::dates::date_fields::FIRST_AND_LAST;
use crate::data::spec::{MAX_SKIP_FOOTER, MAX_SKIP_ROWS};
use crate::data::transform::encoding::{
    ConstantInput, Encoding, FeatureEncoding, TargetEncoding, TrainedRange, ValueEncoding,
};
use crate::data::{Role, Scaling};

pub(crate) fn check(encoding: &Encoding) -> Result<(), &'static str> {
    match &encoding.targets {
        TargetEncoding::Classes { names, counts, weights, threshold, .. } => {
            let are_weights = |weights: &Vec<f64>| {
                weights.len() == names.len()
                    && weights.iter().all(|weight| weight.is_normal() && *weight > 0.0)
            };
            if !weights.iter().all(are_weights) {
                return Err("its class weights are not a positive number for each class");
            }
            if names.len() < 2 || names.len() != counts.len() {
                return Err("it does not have at least two classes, each with a count");
            }
            if threshold.is_some_and(|threshold| names.len() != 2 || !(0.0..=1.0).contains(&threshold)) {
                return Err("it has a threshold without two classes, or one that is not a probability");
            }
            if !are_distinct(names) {
                return Err("two classes have the same name");
            }
        }
        TargetEncoding::Values(values) => {
            if values.is_empty() || !values.iter().all(|value| is_scaling(&value.scaling)) {
                return Err("it has no target with a valid scaling");
            }
        }
    }
    let learnt: Vec<&String> = match &encoding.targets {
        TargetEncoding::Classes { column, .. } => vec![column],
        TargetEncoding::Values(values) => values.iter().map(|value| &value.column).collect(),
    };
    let used = encoding.features().map(|(name, _)| name).chain(learnt.iter().map(|name| name.as_str()));
    if !are_distinct(used) {
        return Err("two columns that it uses have the same name");
    }
    let is_learnt = |role| matches!(role, Role::Label | Role::Target);
    let mut columns = encoding.columns.iter().filter(|column| is_learnt(column.role));
    if columns.any(|column| !learnt.contains(&&column.name)) {
        return Err("a label or target column is not one of its targets");
    }
    if encoding.columns.iter().any(|column| (column.role == Role::Feature) != column.feature.is_some()) {
        return Err("the role of a column contradicts its encoding");
    }
    encoding.features().try_for_each(|(_, feature)| check_feature(feature))?;
    let mut input = 0;
    for (_, feature) in encoding.features() {
        let constant = encoding.constant.iter().find(|constant| constant.input == input);
        let is_date = matches!(feature.values, ValueEncoding::Date { .. });
        if is_date && !constant.iter().all(|constant| is_time(constant.value)) {
            return Err("the constant value of a date is not in the years 1 to 9999");
        }
        input += feature.values.inputs() + usize::from(feature.indicator);
    }
    let reading = &encoding.reading;
    if reading.skip_rows.is_some_and(|lines| MAX_SKIP_ROWS < lines)
        || reading.skip_footer.is_some_and(|lines| MAX_SKIP_FOOTER < lines)
    {
        return Err("it skips more lines of a file than a config may");
    }
    let Encoding { reading, columns, targets, inputs, constant } = encoding.clone();
    let is_sorted = constant.is_sorted_by(|left, right| left.input < right.input);
    let is_input = |constant: &ConstantInput| constant.input < inputs.len() && constant.value.is_finite();
    if !is_sorted || !constant.iter().all(is_input) {
        return Err("its constant inputs are not some of its inputs, each with a finite value");
    }
    if inputs.is_empty() || inputs != Encoding::new(reading, columns, targets).inputs {
        return Err("its inputs are not those of its columns");
    }
    Ok(())
}

fn are_distinct<T: std::hash::Hash + Eq>(names: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    names.into_iter().all(|name| seen.insert(name))
}

fn is_scaling(scaling: &Scaling) -> bool {
    scaling.offset.is_finite() && scaling.divisor.is_normal() && 0.0 < scaling.divisor
}

/// Whether these are seconds of the years 1 to 9999.
fn is_time(seconds: f64) -> bool {
    (FIRST_AND_LAST.0..FIRST_AND_LAST.1).contains(&seconds)
}

fn check_feature(feature: &FeatureEncoding) -> Result<(), &'static str> {
    match &feature.values {
        ValueEncoding::Numeric { scaling, fill, range, clip, inputs } => {
            if !is_scaling(scaling) {
                return Err("a scaling needs a finite offset and a positive divisor");
            }
            if fill.is_some_and(|fill| !fill.is_finite()) {
                return Err("a replacement for missing values is not finite");
            }
            if range.is_some_and(|TrainedRange { low, high }| {
                !(low.is_finite() && high.is_finite() && low <= high)
            }) {
                return Err("the range of a column is not from a smaller to a larger number");
            }
            if clip.is_some_and(|clip| !clip.is_valid()) {
                return Err("the bound of a scaled number is not beyond its linear part");
            }
            inputs.check()?;
        }
        ValueEncoding::Boolean { fill } => {
            if fill.is_some_and(|fill| !(0.0..=1.0).contains(&fill)) {
                return Err("a replacement for missing values is not from 0 to 1");
            }
        }
        ValueEncoding::Date { format, parts, scaling, fill, range, clip } => {
            let known = format.parts();
            let places: Option<Vec<usize>> =
                parts.iter().map(|part| known.iter().position(|other| other == part)).collect();
            if !places
                .is_some_and(|places| !places.is_empty() && places.is_sorted_by(|left, right| left < right))
            {
                return Err("the parts of a date are not some of those of its format");
            }
            if !is_scaling(scaling) || clip.is_some_and(|clip| !clip.is_valid()) {
                return Err("the days of a date have no valid scaling");
            }
            let is_range = is_time(range.low) && is_time(range.high) && range.low <= range.high;
            if !(is_range && fill.is_none_or(is_time)) {
                return Err("the range or the replacement of a date is not in the years 1 to 9999");
            }
        }
        ValueEncoding::Categorical { categories, rare, .. } => {
            let is_sorted = |names: &[String]| names.is_sorted_by(|left, right| left < right);
            let are_apart = rare.iter().all(|name| categories.binary_search(name).is_err());
            if categories.is_empty() || !is_sorted(categories) || !is_sorted(rare) || !are_apart {
                return Err("the categories of a column are not distinct and sorted");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::transform::clip::SmoothClip;
    use crate::data::transform::numbers::NumberInputs;

    fn checked(values: ValueEncoding) -> Result<(), &'static str> {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let Encoding { reading, mut columns, targets, .. } =
            Encoding::plain(names(&["x"]), names(&["a", "b"]));
        columns[0].feature = Some(FeatureEncoding { values, indicator: false });
        Encoding::new(reading, columns, targets).check()
    }

    #[test]
    fn invalid_scalings_and_replacements_are_refused() {
        let numeric = |divisor, fill| {
            let scaling = Scaling { offset: 0.0, divisor };
            let inputs = NumberInputs::default();
            checked(ValueEncoding::Numeric { scaling, fill, range: None, clip: None, inputs })
        };
        let scaling = Err("a scaling needs a finite offset and a positive divisor");
        assert_eq!(numeric(2.0, Some(3.0)), Ok(()));
        for divisor in [-1.0, 0.0, 1e-310, f64::INFINITY, f64::NAN] {
            assert_eq!(numeric(divisor, None), scaling, "{divisor}");
        }
        let fill = Err("a replacement for missing values is not finite");
        assert_eq!([numeric(1.0, Some(f64::NEG_INFINITY)), numeric(1.0, Some(f64::NAN))], [fill, fill]);
        let boolean = |fill| checked(ValueEncoding::Boolean { fill: Some(fill) });
        let fill = Err("a replacement for missing values is not from 0 to 1");
        assert_eq!([0.0, 0.5, 1.0, 1.5, f64::NAN].map(boolean), [Ok(()), Ok(()), Ok(()), fill, fill]);
    }

    #[test]
    fn invalid_ranges_bounds_and_constant_inputs_are_refused() {
        let numeric = |low, high, linear, limit| {
            let (scaling, fill) = (Scaling { offset: 0.0, divisor: 1.0 }, None);
            let (range, clip) = (Some(TrainedRange { low, high }), Some(SmoothClip { linear, limit }));
            checked(ValueEncoding::Numeric { scaling, fill, range, clip, inputs: NumberInputs::default() })
        };
        assert_eq!([numeric(1.0, 1.0, 0.0, 3.0), numeric(-1.0, 2.0, 3.0, 6.0)], [Ok(()), Ok(())]);
        let range = Err("the range of a column is not from a smaller to a larger number");
        assert_eq!([numeric(2.0, 1.0, 0.0, 3.0), numeric(f64::NAN, 1.0, 0.0, 3.0)], [range, range]);
        let bound = Err("the bound of a scaled number is not beyond its linear part");
        assert_eq!([numeric(0.0, 1.0, 3.0, 3.0), numeric(0.0, 1.0, -1.0, 3.0)], [bound, bound]);
        let constant = |constant: &[(usize, f64)]| {
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let mut encoding = Encoding::plain(names(&["x", "y"]), names(&["a", "b"]));
            encoding.constant =
                constant.iter().map(|&(input, value)| ConstantInput { input, value }).collect();
            encoding.check()
        };
        assert_eq!(constant(&[(0, -7.5), (1, 1.0)]), Ok(()));
        let refused = Err("its constant inputs are not some of its inputs, each with a finite value");
        for wrong in [&[(2, 1.0)][..], &[(0, f64::INFINITY)], &[(1, 1.0), (0, 1.0)], &[(0, 1.0), (0, 1.0)]] {
            assert_eq!(constant(wrong), refused, "{wrong:?}");
        }
    }

    #[test]
    fn categories_are_distinct_and_sorted() {
        let categorical = |categories: &[&str], rare: &[&str], fill: Option<&str>| {
            let [categories, rare] =
                [categories, rare].map(|names| names.iter().map(|&name| name.to_owned()).collect());
            checked(ValueEncoding::Categorical { categories, rare, fill: fill.map(str::to_owned) })
        };
        assert_eq!(categorical(&["p", "q"], &["o"], Some("q")), Ok(()));
        assert_eq!(categorical(&["p", "q"], &["o"], Some("o")), Ok(()));
        let order = Err("the categories of a column are not distinct and sorted");
        assert_eq!(categorical(&["q", "p"], &[], None), order);
        assert_eq!(categorical(&["p", "p"], &[], None), order);
        assert_eq!(categorical(&["p", "q"], &["q"], None), order);
        assert_eq!(categorical(&[], &["q"], None), order);
        // A replacement that no training row needed or had is an unknown category.
        assert_eq!(categorical(&["p"], &["o"], Some("q")), Ok(()));
    }
}
