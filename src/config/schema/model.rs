//! `[model]`, the short form of the layer list.

use crate::config::schema::{
    INIT, Key, Kind, MOST_LAYERS, SHARE_BELOW_ONE, Section, Standard, UNITS, Variant,
};

pub(crate) static MODEL: Section = Section {
    title: "[model]",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "The short form of the layer list, in its place: for each hidden width an affine layer, the \
              norm, the activation and the dropout; then the last affine layer and the loss.",
        keys: &[
            Key {
                name: "hidden",
                // Four layers each.
                kind: Kind::List { of: &UNITS, least: 0, most: MOST_LAYERS / 4 },
                default: Standard::Required,
                doc: "widths of the hidden layers",
            },
            Key {
                name: "norm",
                kind: Kind::Choice(&["batch_norm", "mean_only", "none"]),
                default: Standard::Value("\"batch_norm\""),
                doc: "what follows each hidden affine layer, with its defaults",
            },
            Key {
                name: "activation",
                kind: Kind::Choice(&["relu", "sigmoid", "tanh", "leaky_relu"]),
                default: Standard::Value("\"relu\""),
                doc: "what follows the norm",
            },
            Key {
                name: "dropout",
                kind: SHARE_BELOW_ONE,
                default: Standard::Value("0.0"),
                doc: "share of the units dropped after each activation; 0 for no dropout layers",
            },
            Key {
                name: "init",
                kind: INIT,
                default: Standard::Absent("by layer, see `affine`"),
                doc: "initial weights of every affine layer",
            },
            Key {
                name: "loss",
                kind: Kind::Choice(&["softmax_loss", "logistic_loss", "squared_loss", "huber_loss"]),
                default: Standard::Absent("`\"softmax_loss\"` for classes, `\"squared_loss\"` for values"),
                doc: "the last layer, with its defaults",
            },
        ],
    }],
};
