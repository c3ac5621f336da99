//! The layers of a network by what they belong to.

use std::ops::Range;

use crate::nn::{LayerSpec, any_activation};

/// An affine layer, and the layers after it up to the next affine layer or the loss.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerBlock {
    /// The index of the affine layer in the network.
    pub affine: usize,
    /// That of the norm, if there is one.
    pub norm: Option<usize>,
    /// That of the activation, if there is one.
    pub activation: Option<usize>,
    /// The layers of the block.
    pub layers: Range<usize>,
}

impl LayerBlock {
    /// The layer whose output is what the activation sees, normalized if the norm comes before it; without an
    /// activation that of the last layer of the block.
    pub fn pre_activation(&self) -> usize {
        self.activation.map_or(self.layers.end, |activation| activation) - 1
    }

    /// The layer whose output is the output of the block.
    pub fn output(&self) -> usize {
        self.layers.end - 1
    }
}

/// The blocks of a network of these layers, in order.
pub fn blocks_of(layers: &[LayerSpec]) -> Vec<LayerBlock> {
    let is_affine = |index: &usize| matches!(layers[*index], LayerSpec::Affine(_));
    let affine: Vec<usize> = (0..layers.len()).filter(is_affine).collect();
    let loss = layers.iter().position(|layer| layer.loss().is_some()).unwrap_or(layers.len());
    let ends = affine.iter().skip(1).copied().chain([loss]);
    let block = |(&affine, end): (&usize, usize)| {
        let find = |wanted: fn(&LayerSpec) -> bool| (affine + 1..end).find(|&index| wanted(&layers[index]));
        LayerBlock {
            affine,
            norm: find(LayerSpec::is_norm),
            activation: find(|layer| matches!(layer, any_activation!())),
            layers: affine..end,
        }
    };
    affine.iter().zip(ends).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{affine, batch_norm, dropout, output_affine, relu, softmax_loss};

    #[test]
    fn blocks_end_before_the_next_affine_layer_or_the_loss() {
        let layers = [
            batch_norm(),
            affine(3),
            batch_norm(),
            relu(),
            dropout(0.1),
            affine(3),
            relu(),
            output_affine(),
            softmax_loss(),
        ];
        let blocks = blocks_of(&layers);
        let found: Vec<_> = blocks.iter().map(|block| (block.norm, block.activation)).collect();
        assert_eq!(found, [(Some(2), Some(3)), (None, Some(6)), (None, None)]);
        let outputs: Vec<_> = blocks.iter().map(|block| (block.pre_activation(), block.output())).collect();
        assert_eq!(outputs, [(2, 4), (5, 6), (7, 7)]);
    }
}
