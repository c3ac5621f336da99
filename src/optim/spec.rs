//! The list of all optimisers.

use crate::optim::rule::Rule;
// The crate root has what this list has.
pub use crate::optim::{Adagrad, Adam, AdamW, RmsProp, Sgd};
use crate::settings::settings;

/// Declares [`OptimizerSpec`]: a variant for each optimiser, with its name in a config. Inside the
/// crate `with_rule!(spec, rule => ...)` runs an expression with the [`Rule`] of a spec.
macro_rules! optimizers {
    ($($optimizer:ident = $kind:literal,)+) => {
        settings! {
            /// An optimiser with its settings.
            pub enum OptimizerSpec {
                $($optimizer($optimizer) = $kind;)+
            }
        }

        macro_rules! with_rule {
            ($spec:expr, $rule:pat => $body:expr) => {
                match $spec {
                    $($crate::optim::OptimizerSpec::$optimizer($rule) => $body,)+
                }
            };
        }
        pub(crate) use with_rule;
    };
}

optimizers! {
    Sgd = "sgd",
    Adagrad = "adagrad",
    RmsProp = "rmsprop",
    Adam = "adam",
    AdamW = "adamw",
}

impl OptimizerSpec {
    /// The learning rate that the schedule starts from.
    pub fn learning_rate(&self) -> f64 {
        with_rule!(self, rule => rule.learning_rate())
    }

    /// The coupled decay: `l2 / 2 * sum of W^2` is part of the loss that is minimised, over
    /// [`ParamKind::Weight`](crate::nn::ParamKind::Weight) only.
    pub fn l2(&self) -> f64 {
        with_rule!(self, rule => rule.l2())
    }

    /// The momentum of gradient descent, 0 without any; none for rules that scale each gradient.
    pub fn momentum(&self) -> Option<f64> {
        match self {
            Self::Sgd(sgd) => Some(sgd.momentum),
            Self::Adagrad(_) | Self::RmsProp(_) | Self::Adam(_) | Self::AdamW(_) => None,
        }
    }

    /// The name of each tensor of state that goes with a trained tensor, at most two.
    pub(crate) fn state(&self) -> &'static [&'static str] {
        with_rule!(self, rule => rule.state())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_the_rule() {
        let (learning_rate, l2) = (0.25, 0.5);
        for spec in [
            OptimizerSpec::from(Sgd { learning_rate, l2, ..Sgd::default() }),
            Adagrad { learning_rate, l2, ..Adagrad::default() }.into(),
            RmsProp { learning_rate, l2, ..RmsProp::default() }.into(),
            Adam { learning_rate, l2, ..Adam::default() }.into(),
        ] {
            assert_eq!((spec.learning_rate(), spec.l2()), (learning_rate, l2), "{}", spec.kind());
        }
        let decoupled = OptimizerSpec::from(AdamW { learning_rate, ..AdamW::default() });
        assert_eq!((decoupled.learning_rate(), decoupled.l2()), (learning_rate, 0.0));
        let sgd = OptimizerSpec::from(Sgd { momentum: 0.9, ..Sgd::default() });
        // The names are those in checkpoints.
        for (spec, state) in [
            (OptimizerSpec::from(Sgd::default()), &[][..]),
            (sgd.clone(), &["sgd_velocity"]),
            (Adagrad::default().into(), &["adagrad_cache"]),
            (RmsProp::default().into(), &["rmsprop_square"]),
            (Adam::default().into(), &["adam_m", "adam_v"]),
            (decoupled.clone(), &["adam_m", "adam_v"]),
        ] {
            assert_eq!(spec.state(), state);
        }
        assert_eq!((sgd.momentum(), decoupled.momentum()), (Some(0.9), None));
    }
}
