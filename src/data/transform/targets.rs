//! Regression targets, standardized on the training rows.

use ndarray::{Array2, ArrayView2};

use crate::data::error::ErrorKind;
use crate::data::spec::ScalingMethod;
use crate::data::table::matrix::{Block, Matrix};
use crate::data::transform::encoding::ValueTarget;
use crate::data::transform::scaler::fit_scaling;
use crate::kernel::real::Real;

/// The scaling of each of the targets named `columns` to mean 0 and standard deviation 1 over some rows.
pub(crate) fn fit_targets(
    targets: ArrayView2<'_, f64>,
    columns: &[String],
    rows: &[usize],
) -> Result<Vec<ValueTarget>, ErrorKind> {
    let values: Vec<f64> = targets.iter().copied().collect();
    let mut matrix = Matrix::new(columns.len());
    matrix.push(Block::pack(&values, columns.len())?);
    let fitted = fit_scaling(
        &matrix,
        rows,
        &vec![None; columns.len()],
        &vec![ScalingMethod::Standardize; columns.len()],
    );
    if let Some(constant) = (0..columns.len()).find(|&column| fitted.is_constant(column)) {
        return Err(ErrorKind::ConstantTarget(columns[constant].clone()));
    }
    let scaled = columns.iter().zip(fitted.scaling);
    Ok(scaled.map(|(column, scaling)| ValueTarget { column: column.clone(), scaling }).collect())
}

/// The scaled targets of some rows, `(rows, targets)`.
pub(crate) fn scaled_targets<F: Real>(
    targets: ArrayView2<'_, f64>,
    fitted: &[ValueTarget],
    rows: &[usize],
) -> Result<Array2<F>, ErrorKind> {
    let mut scaled = Array2::zeros((rows.len(), fitted.len()));
    for (index, &row) in rows.iter().enumerate() {
        for (target, ValueTarget { column, scaling }) in fitted.iter().enumerate() {
            let value = targets[[row, target]];
            let exact = scaling.apply(value);
            scaled[[index, target]] = F::from_f64(exact);
            if !scaled[[index, target]].is_finite() {
                let feature = column.clone();
                return Err(ErrorKind::ScaledOutOfRange {
                    feature,
                    row: row + 1,
                    value,
                    scaled: exact,
                    dtype: F::NAME,
                });
            }
        }
    }
    Ok(scaled)
}
