//! The weights of a linear model, by column.

use ndarray::Array2;

use crate::data::{Encoder, Encoding, FeatureEncoding, TargetEncoding};
use crate::kernel::real::Real;
use crate::model::Model;
use crate::nn::{LayerSpec, Network};

/// The weights of a linear model.
#[derive(Clone, Debug)]
pub struct LinearWeights {
    /// What the weights are of: the log odds of the second of two classes, else each class or target.
    pub outputs: Vec<String>,
    /// In the order of the features.
    pub columns: Vec<ColumnWeights>,
}

/// The weights of a column.
#[derive(Clone, Debug)]
pub struct ColumnWeights {
    /// Its name.
    pub column: String,
    /// The standard deviation over the rows of what the column adds to the outputs, a root mean square over outputs.
    pub spread: f64,
    /// Whether a larger value lowers (-1) or raises (1) the output; none if the column has several inputs, or there
    /// are several outputs.
    pub direction: Option<f64>,
    /// The weight of each input for each output.
    pub inputs: Vec<(String, Vec<f64>)>,
}

/// The weights of `model`, if it is linear and has the columns and targets of `encoding`, whose rows are `features`.
///
/// Of classes, weights are of log odds: of the second of two classes, or relative to the mean over classes. Of
/// values they are in the unit of the target if there is one, else in standard deviations of each.
pub(crate) fn weights<F: Real>(
    model: &Model,
    encoding: &Encoding,
    features: &Array2<f64>,
) -> Option<LinearWeights> {
    let [LayerSpec::Affine(_), _] = &model.plan.layers[..] else { return None };
    let own = &model.description.encoding;
    let names =
        |encoding: &Encoding| encoding.features().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    if names(own) != names(encoding)
        || own.classes() != encoding.classes()
        || own.outputs() != encoding.outputs()
    {
        return None;
    }
    let network: &Network<F> = model.network.get()?;
    let weight = &network.params().find(|param| param.name == "affine_1.weight")?.value;
    let weights = of_outputs(&weight.mapv(Real::to_f64), &own.targets);
    let known = |(_, feature): (&str, &FeatureEncoding)| feature.categories().map(str::to_owned).collect();
    let categories: Vec<Vec<String>> = encoding.features().map(known).collect();
    let encoder = Encoder::for_categories(own, categories.iter().map(Vec::as_slice));
    let mut x = Array2::<f64>::zeros((features.nrows(), encoder.inputs()));
    for (values, mut x) in features.rows().into_iter().zip(x.rows_mut()) {
        encoder.encode(&values.to_vec(), x.as_slice_mut().expect("the rows of a whole array are contiguous"));
    }
    let outputs = match own.classes() {
        [] => own.values().iter().map(|value| value.column.clone()).collect(),
        [_, second] => vec![second.clone()],
        classes => classes.to_vec(),
    };
    let mut first = 0;
    let mut columns = Vec::new();
    for (name, feature) in own.features() {
        let inputs = first..first + feature.values.inputs() + usize::from(feature.indicator);
        first = inputs.end;
        let own_weights = weights.slice(ndarray::s![inputs.clone(), ..]);
        let added = x.slice(ndarray::s![.., inputs.clone()]).dot(&own_weights);
        let variance = added.var_axis(ndarray::Axis(0), 0.0).mean().unwrap_or(0.0);
        let is_single = inputs.len() == 1 && outputs.len() == 1;
        columns.push(ColumnWeights {
            column: name.to_owned(),
            spread: variance.sqrt(),
            direction: is_single.then(|| own_weights[[0, 0]].signum()),
            inputs: inputs.map(|input| (own.inputs[input].clone(), weights.row(input).to_vec())).collect(),
        });
    }
    Some(LinearWeights { outputs, columns })
}

/// The weights for each output that is shown, `(inputs, outputs)`.
fn of_outputs(weights: &Array2<f64>, targets: &TargetEncoding) -> Array2<f64> {
    match (targets, weights.ncols()) {
        (TargetEncoding::Classes { .. }, 1) => weights.clone(),
        (TargetEncoding::Classes { .. }, 2) => Array2::from_shape_fn((weights.nrows(), 1), |(input, _)| {
            weights[[input, 1]] - weights[[input, 0]]
        }),
        (TargetEncoding::Classes { .. }, classes) => {
            Array2::from_shape_fn(weights.dim(), |(input, class)| {
                weights[[input, class]] - weights.row(input).sum() / classes as f64
            })
        }
        (TargetEncoding::Values(values), 1) => weights * values[0].scaling.divisor,
        (TargetEncoding::Values(_), _) => weights.clone(),
    }
}
