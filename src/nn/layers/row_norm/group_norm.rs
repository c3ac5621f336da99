//! Group normalization: each group of neighboring features of a row by its mean and variance.
//!
//! Formulas, shapes and the backward pass are those of a [norm of each row](super).
//!
//! One group is layer norm. As many groups as features would be instance norm, which exists for images: a
//! feature by itself has no variance, and every output would be beta. So a group has two features or more.
//!
//! Source: Wu and He, "Group normalization", 2018, equations 1 to 4 for features without positions.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::gamma_beta::GammaBeta;
use crate::nn::layers::row_norm::RowNorm;
use crate::nn::{Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// Group normalization: each group of neighboring features of a row by its mean and variance.
    pub struct GroupNormSpec {
        /// How many groups; a divisor of the width that leaves two features or more in a group.
        groups: Option<usize>,
            absent("the largest divisor up to 8 that leaves four features or more; 1 is layer normalization"), range(1..);
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Group normalization with its defaults; see [`GroupNormSpec`] for others.
pub fn group_norm() -> LayerSpec {
    GroupNormSpec::default().into()
}

/// The most groups by default.
const MAX_DEFAULT_GROUPS: usize = 8;

/// The fewest features of a group by default. Two of them less their mean are opposite, so that only a sign, without a
/// gradient, is left of them; three are hardly more.
const MIN_DEFAULT_FEATURES: usize = 4;

impl GroupNormSpec {
    /// The number of groups of `width` features.
    pub(crate) fn groups(&self, width: usize) -> usize {
        self.groups.unwrap_or_else(|| Self::default_groups(width, MIN_DEFAULT_FEATURES))
    }

    /// The largest number of groups of `min_features` or more.
    fn default_groups(width: usize, min_features: usize) -> usize {
        let fits = |groups: &usize| width.is_multiple_of(*groups) && width / groups >= min_features;
        (2..=MAX_DEFAULT_GROUPS).rev().find(fits).unwrap_or(1)
    }

    /// Whether `groups` divide `width` features so that each has two or more. A single group always does:
    /// what has a single feature has nothing to divide.
    pub(crate) fn is_division(groups: usize, width: usize) -> bool {
        groups == 1 || (width.is_multiple_of(groups) && width / groups >= 2)
    }
}

/// Why a network cannot have a group norm with these groups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match .width {
    Some(width) => format!(
        "{groups} groups do not divide {width} features into groups of two or more (one feature by itself has no \
         variance)"
    ),
    None => "the data decide how many features there are before the first affine layer and after the last; leave \
             groups out, or put the norm after another affine layer".to_owned(),
})]
pub struct GroupsError {
    /// Of the layer, from 0.
    pub index: usize,
    /// Its groups.
    pub groups: usize,
    /// Its features; not known before the first affine layer, and after one without units.
    pub width: Option<usize>,
}

/// Checks that groups divide the features of each group norm.
pub(crate) fn check_groups(layers: &[LayerSpec]) -> Result<(), GroupsError> {
    let mut width = None;
    for (index, layer) in layers.iter().enumerate() {
        match layer {
            LayerSpec::Affine(affine) => width = affine.units,
            &LayerSpec::GroupNorm(GroupNormSpec { groups: Some(groups), .. })
                if !width.is_some_and(|width| GroupNormSpec::is_division(groups, width)) =>
            {
                return Err(GroupsError { index, groups, width });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes down the groups of group norms of models of formats 1 to 4 and checkpoints of format 1, where the default was another
/// one: groups of two features or more. `outputs` is the width of the last affine layer, if it is known. Whether there are any.
pub(crate) fn keep_groups_of_two(layers: &mut [LayerSpec], outputs: Option<usize>) -> bool {
    let (mut width, mut is_kept) = (None, false);
    for layer in layers {
        match layer {
            LayerSpec::Affine(affine) => width = affine.units.or(outputs),
            LayerSpec::GroupNorm(norm @ GroupNormSpec { groups: None, .. }) => {
                let Some(width) = width else { continue };
                let before = GroupNormSpec::default_groups(width, 2);
                if before != norm.groups(width) {
                    norm.groups = Some(before);
                    is_kept = true;
                }
            }
            _ => {}
        }
    }
    is_kept
}

/// Says that a group norm without `groups` has one group, since no others divide its width: it is a layer norm. Of one
/// or two units [another note](crate::nn::layers::row_norm::outputs::few_columns_note) says more.
pub(crate) fn single_group_note(layers: &[LayerSpec]) -> Option<String> {
    let mut width = None;
    for layer in layers {
        match layer {
            LayerSpec::Affine(affine) => width = affine.units,
            LayerSpec::GroupNorm(norm @ GroupNormSpec { groups: None, .. }) => {
                let Some(width) = width.filter(|width| 2 < *width && norm.groups(*width) == 1) else {
                    continue;
                };
                return Some(format!(
                    "group_norm of {width} units has one group, so it is layer norm: no 2 to {MAX_DEFAULT_GROUPS} groups \
                     of four or more divide them; take a multiple of {MAX_DEFAULT_GROUPS} units"
                ));
            }
            _ => {}
        }
    }
    None
}

impl Build for GroupNormSpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;

    /// # Panics
    ///
    /// If the number of groups does not divide the width; a checked config is refused before.
    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let (groups, width) = (self.groups(context.inputs), context.inputs);
        assert!(Self::is_division(groups, width), "{groups} groups of {width} features");
        let tensors = GammaBeta::new(context.name, width, self.scale, self.shift);
        Box::new(RowNorm::new(tensors, self.eps, groups, true, self.fused(context)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{affine, output_affine};

    #[test]
    fn groups_divide_the_width_and_have_four_features_or_more_by_default() {
        let widths = [1, 2, 3, 4, 7, 8, 10, 12, 16, 24, 32, 50, 64, 100];
        let groups = widths.map(|width| GroupNormSpec::default().groups(width));
        assert_eq!(groups, [1, 1, 1, 1, 1, 2, 2, 3, 4, 6, 8, 5, 8, 5]);
        assert_eq!(GroupNormSpec { groups: Some(4), ..GroupNormSpec::default() }.groups(100), 4);
        assert!(GroupNormSpec::is_division(5, 10) && GroupNormSpec::is_division(1, 1));
        assert!(!GroupNormSpec::is_division(10, 10) && !GroupNormSpec::is_division(3, 10));
    }

    #[test]
    fn groups_of_two_are_kept_where_they_were_the_default() {
        let mut layers = [affine(16), group_norm(), affine(64), group_norm(), output_affine(), group_norm()];
        assert!(keep_groups_of_two(&mut layers, Some(9)));
        let groups = |layer: &LayerSpec| match layer {
            LayerSpec::GroupNorm(norm) => norm.groups,
            _ => None,
        };
        assert_eq!([1, 3, 5].map(|index| groups(&layers[index])), [Some(8), None, Some(3)]);
        assert!(!keep_groups_of_two(&mut [affine(64), group_norm(), output_affine()], None));
    }
}
