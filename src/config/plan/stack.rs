//! Checks the order of the layers.

use crate::config::document::tree::Node;
use crate::config::problems::Problems;
use crate::nn::{LayerSpec, Loss, check_groups, output_layer};

/// Checks a layer list: it must end with an affine layer without units, norms if any, and a loss; every other affine
/// layer needs units.
pub(crate) fn check(layers: &[LayerSpec], tree: &Node, problems: &mut Problems) {
    let Some(last) = layers.len().checked_sub(1) else { return };
    let is_loss = |layer: &LayerSpec| layer.loss().is_some();
    let is_affine = |layer: &LayerSpec| matches!(layer, LayerSpec::Affine(_));
    for (index, layer) in layers[..last].iter().enumerate().filter(|(_, layer)| is_loss(layer)) {
        let message = format!("{} must be the last layer, and the only loss", layer.kind());
        problems.push(&format!("layers[{index}]"), message);
    }
    match layers[last].loss() {
        None => problems.push(
            &format!("layers[{last}]"),
            "the last layer must be a loss: softmax_loss or logistic_loss for classes, squared_loss or \
             huber_loss for values",
        ),
        Some(loss) if output_layer(layers).is_none() => {
            let outputs = match loss {
                Loss::Softmax => "a logit for each class",
                Loss::Logistic => "one logit for both classes",
                Loss::Squared | Loss::Huber => "a value for each target",
            };
            let message = format!(
                "{} must follow an affine layer without units, with nothing but norms between: the outputs, {outputs}",
                layers[last].kind()
            );
            problems.push(&format!("layers[{last}]"), message);
        }
        Some(_) => {}
    }
    if let Err(error) = check_groups(layers) {
        problems.push(&format!("layers[{}].groups", error.index), error.to_string());
    }
    // Without a loss it is not known which affine layer is meant to be the last.
    let is_complete = is_loss(&layers[last]);
    let outputs = output_layer(layers);
    for (index, _) in layers.iter().enumerate().filter(|(_, layer)| is_affine(layer)) {
        let path = format!("layers[{index}].units");
        let has_units = tree.find(&path).is_some();
        if Some(index) == outputs && has_units {
            problems.push(
                &path,
                "the affine layer before the loss takes its width from the data; remove the key",
            );
        } else if Some(index) != outputs && is_complete && !has_units && problems.is_valid(&path) {
            let message = "missing key `units`; only the affine layer before the loss has none";
            problems.push_key(&format!("layers[{index}]"), "units", Some("units"), message.to_owned());
        }
    }
}
