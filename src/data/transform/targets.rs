//! Values that are learnt, scaled by what the training rows are like.

use ndarray::Array2;

use crate::data::error::ErrorKind;
use crate::data::spec::Scale;
use crate::data::table::matrix::{Block, Matrix};
use crate::data::transform::encoding::ValueTarget;
use crate::data::transform::scaler::fit_scaling;
use crate::kernel::real::Real;

/// The scaling of each of the targets named `columns`, to mean 0 and deviation 1 over some rows;
/// `targets` are their values, row after row.
pub(crate) fn fit_targets(
    targets: &[f64],
    columns: &[String],
    rows: &[usize],
) -> Result<Vec<ValueTarget>, ErrorKind> {
    let mut matrix = Matrix::new(columns.len());
    matrix.push(Block::pack(targets, columns.len())?);
    let fitted = fit_scaling(&matrix, rows, &vec![None; columns.len()], Scale::Standardize);
    if let Some(constant) = (0..columns.len()).find(|&column| fitted.is_constant(column)) {
        return Err(ErrorKind::ConstantTarget(columns[constant].clone()));
    }
    let scaled = columns.iter().zip(fitted.scaling);
    Ok(scaled.map(|(column, scaling)| ValueTarget { column: column.clone(), scaling }).collect())
}

/// The scaled targets of some rows, `(rows, targets)`.
pub(crate) fn scaled_targets<F: Real>(
    targets: &[f64],
    fitted: &[ValueTarget],
    rows: &[usize],
) -> Result<Array2<F>, ErrorKind> {
    let scaled = |row: usize, target: usize| {
        let value = targets[row * fitted.len() + target];
        (value, fitted[target].scaling.apply(value))
    };
    let outside = |&(row, target): &(usize, usize)| !F::from_f64(scaled(row, target).1).is_finite();
    let cells = rows.iter().flat_map(|&row| (0..fitted.len()).map(move |target| (row, target)));
    if let Some((row, target)) = cells.clone().find(outside) {
        let (value, scaled) = scaled(row, target);
        let feature = fitted[target].column.clone();
        return Err(ErrorKind::ScaledOutOfRange { feature, row: row + 1, value, scaled, dtype: F::NAME });
    }
    let shape = (rows.len(), fitted.len());
    Ok(Array2::from_shape_fn(shape, |(place, target)| F::from_f64(scaled(rows[place], target).1)))
}
