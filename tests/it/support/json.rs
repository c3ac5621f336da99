//! The files of `tests/golden`.

use std::fs;
use std::path::Path;

use bntrain::nn::Param;
use ndarray::Array2;
use serde_json::Value;

/// The content of `tests/golden/<name>`.
/// Removes every number of seconds.
pub(crate) fn remove_times(value: &mut Value) {
    match value {
        Value::Object(table) => {
            table.retain(|key, _| !key.ends_with("seconds"));
            table.values_mut().for_each(remove_times);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_times),
        _ => {}
    }
}

pub(crate) fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = fs::read_to_string(&path).expect("the golden files are part of the repository");
    serde_json::from_str(&text).expect("the golden files are JSON")
}

/// A list of rows, or a flat list as one row.
pub(crate) fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().expect("a list");
    if rows.first().is_some_and(Value::is_array) {
        let columns = rows[0].as_array().map_or(0, Vec::len);
        let entries = rows.iter().flat_map(numbers).collect();
        Array2::from_shape_vec((rows.len(), columns), entries).expect("rows of one length")
    } else {
        Array2::from_shape_vec((1, rows.len()), numbers(value)).expect("one row")
    }
}

/// A flat list as one column.
pub(crate) fn column(value: &Value) -> Array2<f64> {
    matrix(value).reversed_axes().as_standard_layout().into_owned()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

pub(crate) fn labels(value: &Value) -> Vec<u32> {
    value.as_array().expect("a list").iter().map(|label| label.as_u64().expect("a label") as u32).collect()
}

/// The entries of an object.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().expect("an object").iter().map(|(key, value)| (key.as_str(), value))
}

/// The one of `params` whose name is `name`, or ends in `.<name>` if `name` has no layer.
pub(crate) fn find<'a, 'v>(
    params: impl IntoIterator<Item = &'a mut Param<f64>>,
    name: &'v str,
) -> &'a mut Param<f64> {
    let is_it = |param: &&mut Param<f64>| {
        param.name == name || (!name.contains('.') && param.name.ends_with(&format!(".{name}")))
    };
    params.into_iter().find(is_it).unwrap_or_else(|| panic!("there is no tensor {name}"))
}

/// Sets the tensor `name` to `value`, whose shape it must have.
pub(crate) fn set<'a>(params: impl IntoIterator<Item = &'a mut Param<f64>>, name: &str, value: &Value) {
    let (param, value) = (find(params, name), matrix(value));
    assert_eq!(param.value.dim(), value.dim(), "shape of {name}");
    param.value = value;
}
