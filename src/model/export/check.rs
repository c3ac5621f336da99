//! How closely exported layers agree with the model that they were made of.

use ndarray::{Array2, Axis, s};

use crate::data::{NumberInputs, TargetEncoding, ValueTarget};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::export::ir::ExportLayer;
use crate::model::export::onnx::columns::{NumberColumn, RawColumns};
use crate::model::export::{CheckRows, Export, ExportFormat};
use crate::model::{AnyNetwork, with_network};
use crate::nn::{CHUNK_ROWS, Network, class_probabilities, predicted_class, row_chunks};
use crate::train::Dtype;

/// Agreement of an export with its model over some rows.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// The number of rows.
    pub rows: usize,
    /// The largest difference in the probability of a class, or in a value in units of its target's
    /// spread; infinite where only one of the two is NaN.
    pub largest_difference: f64,
    /// Rows whose most probable class differs; none for a regression.
    pub other_class: Option<usize>,
}

/// The largest difference that rounding explains, for networks in the precision `dtype`.
pub fn tolerance(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F32 => 1e-5,
        Dtype::F64 => 1e-9,
    }
}

impl Export<'_> {
    /// Runs the exported layers in double precision, and the model in its own, over the same rows. Of an ensemble, it is
    /// the worst agreement of a member.
    pub fn compare(&self, rows: &CheckRows) -> Agreement {
        let networks = std::iter::once(&self.model.network).chain(&self.model.members);
        let of_member = |(network, layers): (&AnyNetwork, &Vec<ExportLayer>)| {
            let expected = with_network!(network, network => outputs(network, &rows.inputs));
            let found = self.outputs(layers, &rows.inputs);
            compare(&expected, &found, &self.model.description.encoding.targets)
        };
        let worst = |worst: Agreement, next: Agreement| Agreement {
            largest_difference: worst.largest_difference.max(next.largest_difference),
            other_class: worst.other_class.max(next.other_class),
            ..worst
        };
        let mut agreements = networks.zip(&self.members).map(of_member);
        let first = agreements.next().expect("a model has a network");
        agreements.fold(first, worst)
    }

    /// What the exported layers of a network give for encoded rows: logits or scaled values.
    fn outputs(&self, layers: &[ExportLayer], inputs: &Array2<f64>) -> Array2<f64> {
        let width = with_network!(&self.model.network, network => network.num_outputs());
        let mut outputs = Array2::zeros((inputs.nrows(), width));
        let single = matches!(self.format, ExportFormat::Onnx { raw: Dtype::F32, .. });
        let encoding = &self.model.description.encoding;
        for (x, mut y) in inputs
            .axis_chunks_iter(Axis(0), CHUNK_ROWS)
            .zip(outputs.axis_chunks_iter_mut(Axis(0), CHUNK_ROWS))
        {
            let mut x = x.to_owned();
            if single {
                take_single(&RawColumns::of(encoding), &mut x);
            }
            y.assign(&layers.iter().fold(x, |x, layer| layer.op.forward(x)));
        }
        if let (true, TargetEncoding::Values(targets)) = (single, &encoding.targets) {
            give_single(targets, &mut outputs);
        }
        outputs
    }
}

/// What the network gives for encoded rows, in its own precision.
fn outputs<F: Real>(network: &Network<F>, inputs: &Array2<f64>) -> Array2<f64> {
    let pool = ThreadPool::single();
    let n = inputs.nrows();
    let mut workspace = network.inference_workspace(n.min(CHUNK_ROWS));
    let mut outputs = Array2::zeros((n, network.num_outputs()));
    for rows in row_chunks(n) {
        let rows = s![rows, ..];
        let x = inputs.slice(rows).mapv(F::from_f64);
        let y = network.outputs(&pool, x.view(), &mut workspace);
        outputs.slice_mut(rows).assign(&y.mapv(Real::to_f64));
    }
    outputs
}

/// Rounds encoded numbers as if they had been scaled from raw ones in single precision.
fn take_single(columns: &RawColumns<'_>, inputs: &mut Array2<f64>) {
    let varied = columns.numbers.iter().filter(|number| !columns.constant.contains(&number.input));
    // Without its scaled value, a number is not known.
    for NumberColumn { scaling, clip, input, inputs: parts, .. } in varied.filter(|number| number.is_scaled())
    {
        take_single_parts(*parts, *input, |x| scaling.undo(clip.map_or(x, |clip| clip.undo(x))), inputs);
        let (offset, factor) = (single(scaling.offset), single(scaling.factor()));
        let from_single = |x: f64| (single(scaling.undo(x)) - offset) * factor;
        inputs.column_mut(*input).mapv_inplace(|x| match clip {
            None => from_single(x),
            Some(clip) => {
                let scaled = clip.undo(x);
                if scaled.is_finite() { clip.apply(from_single(scaled)) } else { x }
            }
        });
    }
}

/// Encodes numbers anew after rounding them; `raw` is the number of a scaled one, and infinite if it is not known.
fn take_single_parts(
    parts: Option<&NumberInputs>,
    input: usize,
    raw: impl Fn(f64) -> f64,
    inputs: &mut Array2<f64>,
) {
    let Some(parts) = parts.filter(|parts| !parts.are_scaled_only()) else { return };
    for mut x in inputs.rows_mut() {
        let scaled = x[input];
        let number = raw(scaled);
        if number.is_finite() {
            let mut x = x.slice_mut(s![input..input + parts.count()]);
            let x = x.as_slice_mut().expect("rows are contiguous");
            parts.write(single(number), scaled, x);
        }
    }
}

/// Rounds scaled values as if they had been given in single precision in the unit of the file.
fn give_single(targets: &[ValueTarget], outputs: &mut Array2<f64>) {
    for (mut column, ValueTarget { scaling, .. }) in outputs.columns_mut().into_iter().zip(targets) {
        let (offset, divisor) = (single(scaling.offset), single(scaling.divisor));
        column.mapv_inplace(|y| (single(single(y * divisor) + offset) - scaling.offset) / scaling.divisor);
    }
}

fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// Compares two networks by their outputs, `(n, outputs)`.
fn compare(expected: &Array2<f64>, found: &Array2<f64>, targets: &TargetEncoding) -> Agreement {
    let mut largest_difference: f64 = 0.0;
    let mut other_class = None;
    let mut compare_rows = |a: &[f64], b: &[f64]| {
        let differences = a.iter().zip(b).map(|(&a, &b)| difference(a, b));
        largest_difference = differences.fold(largest_difference, f64::max);
    };
    match targets {
        TargetEncoding::Classes { names, .. } => {
            let [mut p, mut q] = [vec![0.0; names.len()], vec![0.0; names.len()]];
            let mut others = 0;
            for (a, b) in expected.rows().into_iter().zip(found.rows()) {
                others += usize::from(predicted_class(a) != predicted_class(b));
                class_probabilities(a, &mut p);
                class_probabilities(b, &mut q);
                compare_rows(&p, &q);
            }
            other_class = Some(others);
        }
        TargetEncoding::Values(_) => {
            for (a, b) in expected.rows().into_iter().zip(found.rows()) {
                compare_rows(&a.to_vec(), &b.to_vec());
            }
        }
    }
    Agreement { rows: expected.nrows(), largest_difference, other_class }
}

fn difference(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a - b).abs(),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::data::{Scaling, ValueEncoding};
    use crate::model::Model;
    use crate::model::export::ir::ExportOp;
    use crate::model::export::tests::{FORMATS, golden_model};

    fn compare_export(model: &Model, format: ExportFormat) -> Agreement {
        Export::new(model, format).compare(&CheckRows::made_up(model))
    }

    #[test]
    fn every_format_agrees_with_the_model_in_both_precisions() {
        for name in ["single", "double", "values"] {
            let model = golden_model(name);
            for format in FORMATS {
                let agreement = compare_export(&model, format);
                assert_eq!(agreement.rows, 1000);
                assert_eq!(agreement.other_class, (name != "values").then_some(0), "{name} {format:?}");
                let limit = tolerance(model.plan.training.dtype);
                assert!(agreement.largest_difference <= limit, "{name} {format:?}: {agreement:?}");
                // Exact equality would mean that the model was compared with itself.
                assert!(agreement.largest_difference > 0.0, "{name} {format:?}");
            }
        }
    }

    #[test]
    fn a_wrong_layer_is_noticed() {
        let model = golden_model("single");
        let rows = CheckRows::made_up(&model);
        for format in FORMATS {
            for broken in 0..Export::new(&model, format).members[0].len() {
                let mut export = Export::new(&model, format);
                let (ExportOp::Affine { bias: Some(vector), .. }
                | ExportOp::BatchNorm { mean: vector, .. }
                | ExportOp::MeanOnly { mean: vector, .. }
                | ExportOp::ScaleShift { shift: vector, .. }) = &mut export.members[0][broken].op
                else {
                    continue;
                };
                *vector *= -1.0;
                let agreement = export.compare(&rows);
                assert!(
                    agreement.largest_difference > tolerance(Dtype::F32),
                    "layer {broken}: {agreement:?}"
                );
            }
        }
    }

    #[test]
    fn classes_of_another_network_are_counted() {
        let [model, mut other] = [golden_model("single"), golden_model("single")];
        let AnyNetwork::F32(network) = &mut other.network else { panic!("expected single precision") };
        let last = network.params_mut().filter(|param| param.name.starts_with("affine_4."));
        last.for_each(|param| param.value.mapv_inplace(|number| -number));
        let rows = CheckRows::made_up(&model);
        let members = Export::new(&other, ExportFormat::Json).members;
        let agreement = Export { members, ..Export::new(&model, ExportFormat::Json) }.compare(&rows);
        assert!(agreement.other_class.is_some_and(|count| count > 0), "{agreement:?}");
        assert!(agreement.largest_difference > 0.1, "{agreement:?}");
    }

    #[test]
    fn single_precision_inputs_lose_digits_of_far_columns() {
        let single = |fold| ExportFormat::Onnx { fold, raw: Dtype::F32 };
        // The spread of one column is 0.25, around 1.7e9.
        assert!(compare_export(&golden_model("single"), single(true)).largest_difference > 1e-3);
        let mut near = golden_model("single");
        for column in &mut near.description.encoding.columns {
            if let Some(ValueEncoding::Numeric { scaling, .. }) =
                column.feature.as_mut().map(|feature| &mut feature.values)
            {
                *scaling = Scaling { offset: 1.5, divisor: 2.0 };
            }
        }
        assert!(compare_export(&near, single(false)).largest_difference <= tolerance(Dtype::F32));
    }

    #[test]
    fn single_precision_values_lose_digits_of_far_targets() {
        let mut model = golden_model("values");
        let TargetEncoding::Values(targets) = &mut model.description.encoding.targets else {
            panic!("expected values")
        };
        targets[0].scaling = Scaling { offset: 1.7e9, divisor: 0.25 };
        let [mut double, mut rounded] = [(); 2].map(|()| array![[0.5, -0.25]]);
        give_single(&targets[1..], &mut double);
        assert_eq!(double, array![[0.5, -0.25]]);
        give_single(targets, &mut rounded);
        assert!((rounded[[0, 0]] - 0.5).abs() > 0.1);
    }

    #[test]
    fn nan_on_one_side_only_is_an_infinite_difference() {
        assert_eq!(difference(0.25, 1.0), 0.75);
        assert_eq!(difference(f64::NAN, f64::NAN), 0.0);
        assert_eq!(difference(0.25, f64::NAN), f64::INFINITY);
        assert_eq!(difference(f64::NAN, 0.25), f64::INFINITY);
    }

    /// Single precision has some 7 digits, double precision 16; layers may lose half of them.
    #[test]
    fn the_tolerance_depends_on_the_precision() {
        assert_eq!([Dtype::F32, Dtype::F64].map(tolerance), [1e-5, 1e-9]);
    }
}
