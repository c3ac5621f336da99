//! `[optimizer]`.

use crate::config::schema::{Key, Kind, NOT_NEGATIVE, POSITIVE, SHARE_BELOW_ONE, Section, Standard, Variant};

pub(crate) static OPTIMIZER: Section = Section {
    title: "[optimizer]",
    default_type: None,
    variants: &[
        Variant {
            name: "sgd",
            doc: "Stochastic gradient descent.",
            keys: &[
                learning_rate("0.01"),
                Key {
                    name: "momentum",
                    kind: SHARE_BELOW_ONE,
                    default: Standard::Value("0.0"),
                    doc: "share of the last step that is kept",
                },
                Key {
                    name: "nesterov",
                    kind: Kind::Boolean,
                    default: Standard::Value("false"),
                    doc: "whether the gradient is taken a step ahead; needs momentum",
                },
                L2,
            ],
        },
        Variant {
            name: "rmsprop",
            doc: "RMSProp.",
            keys: &[
                learning_rate("0.01"),
                Key {
                    name: "decay",
                    kind: SHARE_BELOW_ONE,
                    default: Standard::Value("0.99"),
                    doc: "share of the mean square gradient that is kept",
                },
                EPS,
                L2,
            ],
        },
        Variant { name: "adam", doc: "Adam.", keys: &[learning_rate("1e-3"), BETA1, BETA2, EPS, L2] },
        Variant {
            name: "adamw",
            doc: "Adam with decoupled decay.",
            keys: &[
                learning_rate("1e-3"),
                BETA1,
                BETA2,
                EPS,
                Key {
                    name: "weight_decay",
                    kind: NOT_NEGATIVE,
                    default: Standard::Value("0.01"),
                    doc: "decoupled decay: each step takes this times the learning rate off the weights",
                },
            ],
        },
    ],
};

const fn learning_rate(default: &'static str) -> Key {
    Key {
        name: "learning_rate",
        kind: POSITIVE,
        default: Standard::Value(default),
        doc: "size of a step, before the schedule",
    }
}

const BETA1: Key = Key {
    name: "beta1",
    kind: SHARE_BELOW_ONE,
    default: Standard::Value("0.9"),
    doc: "share of the mean gradient that is kept",
};

const BETA2: Key = Key {
    name: "beta2",
    kind: SHARE_BELOW_ONE,
    default: Standard::Value("0.999"),
    doc: "share of the mean square gradient that is kept",
};

const EPS: Key =
    Key { name: "eps", kind: POSITIVE, default: Standard::Value("1e-8"), doc: "added outside the root" };

const L2: Key = Key {
    name: "l2",
    kind: NOT_NEGATIVE,
    default: Standard::Value("0.0"),
    doc: "coupled decay: `l2 / 2 * sum of squares` of the weights (not of offsets) joins the loss",
};
