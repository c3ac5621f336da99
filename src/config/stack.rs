//! Which layers may follow each other.

use crate::config::document::tree::Node;
use crate::config::problems::Problems;
use crate::nn::{LayerSpec, Loss};

/// The rules of a written layer list: it ends with an affine layer that takes its width from the
/// loss, and the loss; every other affine layer has a width.
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
        Some(loss) if last == 0 || !is_affine(&layers[last - 1]) => {
            let scores = match loss {
                Loss::Softmax => "one for each class",
                Loss::Logistic => "one for both classes",
                Loss::Squared | Loss::Huber => "one for each target",
            };
            let message = format!(
                "{} must directly follow an affine layer without units: the scores, {scores}",
                layers[last].kind()
            );
            problems.push(&format!("layers[{last}]"), message);
        }
        Some(_) => {}
    }
    // Without the loss nobody knows which affine layer is meant to be the last.
    let scores = if is_loss(&layers[last]) { last.checked_sub(1) } else { None };
    for (index, _) in layers.iter().enumerate().filter(|(_, layer)| is_affine(layer)) {
        let path = format!("layers[{index}].units");
        let has_units = tree.find(&path).is_some();
        if Some(index) == scores && has_units {
            problems.push(
                &path,
                "the affine layer before the loss takes its width from the data; remove the key",
            );
        } else if Some(index) != scores && scores.is_some() && !has_units && problems.trusts(&path) {
            let message = "missing key `units`; only the affine layer before the loss goes without";
            problems.push_key(&format!("layers[{index}]"), "units", Some("units"), message.to_owned());
        }
    }
}
