//! Whether the parts of an encoding fit each other.

use super::{Encoding, FeatureEncoding, TargetEncoding, ValueEncoding};
use crate::data::{Role, Scaling};

pub(super) fn check(encoding: &Encoding) -> Result<(), &'static str> {
    match &encoding.targets {
        TargetEncoding::Classes { names, counts, .. } => {
            if names.len() < 2 || names.len() != counts.len() {
                return Err("there are not two classes with their counts");
            }
        }
        TargetEncoding::Values(values) => {
            if values.is_empty() || !values.iter().all(|value| is_scaling(&value.scaling)) {
                return Err("there is not a value to be learnt with its scaling");
            }
        }
    }
    let learnt: Vec<&String> = match &encoding.targets {
        TargetEncoding::Classes { column, .. } => vec![column],
        TargetEncoding::Values(values) => values.iter().map(|value| &value.column).collect(),
    };
    let is_learnt = |role| matches!(role, Role::Label | Role::Target);
    let mut columns = encoding.columns.iter().filter(|column| is_learnt(column.role));
    if columns.any(|column| !learnt.contains(&&column.name)) {
        return Err("the columns with what is learnt have two names");
    }
    if encoding.columns.iter().any(|column| (column.role == Role::Feature) != column.feature.is_some()) {
        return Err("a column is a feature and is none");
    }
    encoding.features().try_for_each(|(_, feature)| check_feature(feature))?;
    let Encoding { reading, columns, targets, inputs } = encoding.clone();
    if inputs.is_empty() || inputs != Encoding::new(reading, columns, targets).inputs {
        return Err("the inputs are not those of the columns");
    }
    Ok(())
}

fn is_scaling(scaling: &Scaling) -> bool {
    scaling.offset.is_finite() && scaling.divisor.is_normal() && 0.0 < scaling.divisor
}

fn check_feature(feature: &FeatureEncoding) -> Result<(), &'static str> {
    match &feature.values {
        ValueEncoding::Numeric { scaling, fill } => {
            if !is_scaling(scaling) {
                return Err("a scaling has no finite offset or no positive divisor");
            }
            if fill.is_some_and(|fill| !fill.is_finite()) {
                return Err("a missing value is replaced by one that is not finite");
            }
        }
        ValueEncoding::Boolean { fill } => {
            if fill.is_some_and(|fill| !(0.0..=1.0).contains(&fill)) {
                return Err("a missing value is replaced by one that is not from 0 to 1");
            }
        }
        ValueEncoding::Categorical { categories, rare, fill } => {
            let is_sorted = |names: &[String]| names.is_sorted_by(|left, right| left < right);
            let are_apart = rare.iter().all(|name| categories.binary_search(name).is_err());
            if categories.is_empty() || !is_sorted(categories) || !is_sorted(rare) || !are_apart {
                return Err("the categories of a column are not different and in order");
            }
            let is_known =
                |fill: &String| categories.binary_search(fill).is_ok() || rare.binary_search(fill).is_ok();
            if fill.as_ref().is_some_and(|fill| !is_known(fill)) {
                return Err("a missing value is replaced by a category that is not known");
            }
        }
    }
    Ok(())
}
