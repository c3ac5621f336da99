//! `[[layers]]`.

use std::ops::Bound;

use crate::config::schema::{
    Key, Kind, NOT_NEGATIVE, POSITIVE, SHARE, SHARE_BELOW_ONE, Section, Standard, UNITS, Variant,
};

pub(crate) static LAYERS: Section = Section {
    title: "[[layers]]",
    default_type: None,
    variants: &[
        Variant {
            name: "affine",
            doc: "Fully connected.",
            keys: &[
                Key {
                    name: "units",
                    kind: UNITS,
                    default: Standard::Absent(
                        "in the last one: as many as there are classes or targets; 1 before `logistic_loss`",
                    ),
                    doc: "outputs; in every affine layer but the last",
                },
                Key {
                    name: "init",
                    kind: INIT,
                    default: Standard::Absent("`\"he_normal\"` before a rectifier, else `\"xavier\"`"),
                    doc: "initial weights; biases start at 0",
                },
                Key {
                    name: "bias",
                    kind: Kind::Either(&[Kind::Boolean, Kind::Choice(&["auto"])]),
                    default: Standard::Value("\"auto\""),
                    doc: "whether there is a bias; `\"auto\"`: not directly before a norm, which would \
                          cancel it",
                },
            ],
        },
        Variant {
            name: "batch_norm",
            doc: "Batch normalization.",
            keys: &[
                Key {
                    name: "eps",
                    kind: POSITIVE,
                    default: Standard::Value("1e-5"),
                    doc: "added to the variance, inside the root",
                },
                RUNNING_UPDATE,
                RUNNING_START,
                Key {
                    name: "running_variance",
                    kind: Kind::Choice(&["unbiased", "biased"]),
                    default: Standard::Value("\"unbiased\""),
                    doc: "whether the running variance divides by n - 1 or n",
                },
                Key {
                    name: "scale",
                    kind: Kind::Boolean,
                    default: Standard::Value("true"),
                    doc: "whether there is a trained gamma",
                },
                SHIFT,
                Key {
                    name: "backward",
                    kind: Kind::Choice(&["fused", "closed_form", "graph"]),
                    default: Standard::Value("\"fused\""),
                    doc: "how the gradient is computed; the results agree to rounding",
                },
            ],
        },
        Variant {
            name: "mean_only",
            doc: "Centring, batch normalization's translation alone.",
            keys: &[RUNNING_UPDATE, RUNNING_START, SHIFT],
        },
        Variant { name: "relu", doc: "Rectifier.", keys: &[] },
        Variant { name: "sigmoid", doc: "Logistic function.", keys: &[] },
        Variant { name: "tanh", doc: "Hyperbolic tangent.", keys: &[] },
        Variant {
            name: "leaky_relu",
            doc: "Rectifier with a slope.",
            keys: &[Key {
                name: "slope",
                kind: Kind::Number { low: Bound::Excluded(0.0), high: Bound::Excluded(1.0) },
                default: Standard::Value("0.01"),
                doc: "gradient left of 0",
            }],
        },
        Variant {
            name: "dropout",
            doc: "Inverted dropout.",
            keys: &[Key {
                name: "rate",
                kind: SHARE_BELOW_ONE,
                default: Standard::Value("0.5"),
                doc: "share of the units dropped",
            }],
        },
        Variant {
            name: "softmax_loss",
            doc: "The last layer for classes: the negative log likelihood of the right one, in nats.",
            keys: &[],
        },
        Variant {
            name: "logistic_loss",
            doc: "The last layer for two classes with one score for both: the log odds of the second. The \
                  same likelihood as `softmax_loss`.",
            keys: &[],
        },
        Variant {
            name: "squared_loss",
            doc: "The last layer for values: the squared error, mean over the targets, in scaled units; no \
                  factor of a half.",
            keys: &[],
        },
        Variant {
            name: "huber_loss",
            doc: "The last layer for values some of which are far off: half the squared error up to `delta`, \
                  linear beyond; mean over the targets.",
            keys: &[Key {
                name: "delta",
                kind: POSITIVE,
                default: Standard::Value("1.0"),
                doc: "error from which the loss is linear, in scaled units",
            }],
        },
    ],
};

/// Initial weights of an affine layer.
pub(crate) const INIT: Kind = Kind::Either(&[Kind::Choice(&["he_normal", "xavier"]), Kind::Table(&NORMAL)]);

static NORMAL: Section = Section {
    title: "{ normal = deviation }",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "",
        keys: &[Key {
            name: "normal",
            kind: NOT_NEGATIVE,
            default: Standard::Required,
            doc: "standard deviation of the weights",
        }],
    }],
};

const RUNNING_START: Key = Key {
    name: "running_start",
    kind: Kind::Choice(&["first_batch", "standard"]),
    default: Standard::Value("\"first_batch\""),
    doc: "`\"standard\"`: mean 0 and variance 1 count like a batch before the first, as in PyTorch",
};

const RUNNING_UPDATE: Key = Key {
    name: "running_update",
    kind: Kind::Either(&[SHARE, Kind::Choice(&["cumulative"])]),
    default: Standard::Value("0.1"),
    doc: "weight of a new batch in the running statistics; `\"cumulative\"`: their plain mean",
};

const SHIFT: Key = Key {
    name: "shift",
    kind: Kind::Boolean,
    default: Standard::Value("true"),
    doc: "whether there is a trained beta",
};
