//! Norms of each row over too few columns to learn anything, before the loss and in hidden layers.

use crate::nn::{LayerSpec, output_layer};

/// A norm of each row before the loss whose output hardly depends on its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FewOutputs {
    /// The norm.
    pub(crate) norm: &'static str,
    /// How many outputs it normalizes together.
    pub(crate) outputs: usize,
}

/// The first such norm of a network for `answers` classes or values.
pub(crate) fn few_outputs(layers: &[LayerSpec], answers: usize) -> Option<FewOutputs> {
    let all = layers.last()?.loss()?.outputs(answers);
    let norms = layers[output_layer(layers)? + 1..].iter();
    let few = |layer: &LayerSpec| {
        let outputs = few_columns(layer, all)?;
        Some(FewOutputs { norm: layer.kind(), outputs })
    };
    norms.filter_map(few).next()
}

/// How many columns a norm of each row normalizes together, if they are too few.
///
/// Less its mean, one number is 0, and two are opposite; divided by their root mean square, two opposite numbers are -1
/// and 1, and so is one number that was not centered. All that is left of the weights is a sign, without a gradient.
fn few_columns(layer: &LayerSpec, width: usize) -> Option<usize> {
    let (columns, is_centered) = match layer {
        LayerSpec::LayerNorm(_) => (width, true),
        LayerSpec::GroupNorm(norm) => (width / norm.groups(width), true),
        LayerSpec::RmsNorm(_) => (width, false),
        _ => return None,
    };
    let most = if is_centered { 2 } else { 1 };
    (columns <= most).then_some(columns)
}

/// Says that a norm of each row in a hidden layer leaves a sign or nothing of what comes in.
pub(crate) fn few_columns_note(layers: &[LayerSpec]) -> Option<String> {
    let mut units = None;
    for layer in layers {
        if let LayerSpec::Affine(affine) = layer {
            units = affine.units;
        }
        let Some((units, columns)) = units.and_then(|units| Some((units, few_columns(layer, units)?))) else {
            continue;
        };
        let norm = layer.kind();
        let s = if units == 1 { "" } else { "s" };
        let (together, left) = match (layer, columns) {
            (LayerSpec::RmsNorm(_), _) => ("1 unit of each row by itself", "only its sign is left"),
            (_, 1) => ("1 unit of each row by itself", "nothing is left of it: less its mean, it is 0"),
            _ => ("2 units of each row together", "only the sign of their difference is left"),
        };
        let remedy = match layer {
            LayerSpec::GroupNorm(norm) if 1 < norm.groups(units) => "take fewer groups, more units",
            _ => "take more units",
        };
        return Some(format!(
            "{norm} of {units} unit{s} normalizes {together}, so that {left}, and the layers before it hardly learn; \
             {remedy} or another norm"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        GroupNormSpec, affine, batch_norm, group_norm, layer_norm, logistic_loss, output_affine, rms_norm,
        softmax_loss, squared_loss,
    };

    #[test]
    fn a_sign_is_all_that_few_outputs_leave() {
        let few = |norm: LayerSpec, loss: LayerSpec, answers| {
            let layers = [affine(2), layer_norm(), output_affine(), norm, loss];
            few_outputs(&layers, answers).map(|few| few.outputs)
        };
        assert_eq!(few(layer_norm(), softmax_loss(), 3), None);
        assert_eq!(few(layer_norm(), softmax_loss(), 2), Some(2));
        assert_eq!(few(layer_norm(), logistic_loss(), 2), Some(1));
        assert_eq!(few(rms_norm(), softmax_loss(), 2), None);
        assert_eq!(few(rms_norm(), squared_loss(), 1), Some(1));
        let groups = |groups| GroupNormSpec { groups: Some(groups), ..GroupNormSpec::default() }.into();
        assert_eq!(few(groups(2), softmax_loss(), 4), Some(2));
        // One group each.
        assert_eq!(few(group_norm(), softmax_loss(), 4), None);
        assert_eq!(few(group_norm(), softmax_loss(), 5), None);
        assert_eq!(few(batch_norm(), logistic_loss(), 2), None);
    }
    #[test]
    fn few_columns_of_hidden_layers_are_said_in_words() {
        let note = |units, norm| few_columns_note(&[affine(units), norm, output_affine(), softmax_loss()]);
        let hardly = "and the layers before it hardly learn;";
        let expected = [
            (
                2,
                layer_norm(),
                "layer_norm of 2 units normalizes 2 units of each row together, so that only the sign of their \
                 difference is left,",
                "take more units or another norm",
            ),
            (
                1,
                group_norm(),
                "group_norm of 1 unit normalizes 1 unit of each row by itself, so that nothing is left of it: less its \
                 mean, it is 0,",
                "take more units or another norm",
            ),
            (
                1,
                rms_norm(),
                "rms_norm of 1 unit normalizes 1 unit of each row by itself, so that only its sign is left,",
                "take more units or another norm",
            ),
            (
                8,
                GroupNormSpec { groups: Some(4), ..GroupNormSpec::default() }.into(),
                "group_norm of 8 units normalizes 2 units of each row together, so that only the sign of their \
                 difference is left,",
                "take fewer groups, more units or another norm",
            ),
        ];
        for (units, norm, start, end) in expected {
            assert_eq!(note(units, norm), Some(format!("{start} {hardly} {end}")));
        }
        for (units, norm) in [(3, layer_norm()), (8, group_norm()), (2, rms_norm()), (1, batch_norm())] {
            assert_eq!(note(units, norm), None);
        }
        // What is before the loss is refused once the data are known.
        assert_eq!(few_columns_note(&[affine(4), output_affine(), layer_norm(), softmax_loss()]), None);
    }
}
