//! `[training]` and its tables.

use std::ops::Bound;

use crate::config::schema::{
    COUNT, COUNT_OR_ZERO, Key, Kind, NOT_NEGATIVE, POSITIVE, SEED, SHARE, Section, Standard, Variant,
};

pub(crate) static TRAINING: Section = Section {
    title: "[training]",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "How long and on what.",
        keys: &[
            Key {
                name: "epochs",
                kind: COUNT,
                default: Standard::Value("20"),
                doc: "passes over the training rows",
            },
            Key {
                name: "batch_size",
                kind: COUNT,
                default: Standard::Value("64"),
                doc: "rows per step; at least 2 with a norm",
            },
            Key {
                name: "seed",
                kind: SEED,
                default: Standard::Value("0"),
                doc: "key of all randomness: split, initial weights, order of rows, dropout",
            },
            Key {
                name: "last_batch",
                kind: Kind::Choice(&["merge", "keep", "drop"]),
                default: Standard::Value("\"merge\""),
                doc: "the rows after the last whole batch: fewer than half a batch join the batch before; \
                      a batch of their own; left out of this epoch",
            },
            Key {
                name: "sampling",
                kind: Kind::Choice(&["shuffle", "replacement"]),
                default: Standard::Value("\"shuffle\""),
                doc: "every row once per epoch in a new order; or each row of each batch drawn from all",
            },
            Key {
                name: "dtype",
                kind: Kind::Choice(&["f32", "f64"]),
                default: Standard::Value("\"f32\""),
                doc: "precision of all arithmetic",
            },
            Key {
                name: "class_weights",
                kind: Kind::Either(&[Kind::Choice(&["balanced"]), Kind::Map(&NOT_NEGATIVE)]),
                default: Standard::Absent("all rows count alike"),
                doc: "how much the rows of each class count in the loss: the same for all classes in sum, or \
                      numbers by class name, 1 for the others; brought to mean 1 over the training rows",
            },
            Key {
                name: "baselines",
                kind: Kind::Boolean,
                default: Standard::Value("true"),
                doc: "whether a linear model, trained likewise, and the class shares or means of the training \
                      rows are measured beside the network, where there are validation or test rows",
            },
            Key {
                name: "clip_norm",
                kind: POSITIVE,
                default: Standard::Absent("no clipping"),
                doc: "bound on the Euclidean norm of all gradients together",
            },
            Key {
                name: "log_every_steps",
                kind: COUNT,
                default: Standard::Value("1"),
                doc: "steps between two rows of `steps.csv`",
            },
            Key {
                name: "schedule",
                kind: Kind::Table(&SCHEDULE),
                default: Standard::Value("{ type = \"constant\", warmup_steps = 0 }"),
                doc: "see `[training.schedule]`",
            },
            Key {
                name: "early_stopping",
                kind: Kind::Table(&EARLY_STOPPING),
                default: Standard::Absent("all epochs"),
                doc: "see `[training.early_stopping]`",
            },
        ],
    }],
};

pub(crate) static SCHEDULE: Section = Section {
    title: "[training.schedule]",
    default_type: Some("constant"),
    variants: &[
        Variant { name: "constant", doc: "The rate stays.", keys: &[WARMUP_STEPS] },
        Variant {
            name: "step",
            doc: "The rate falls every few epochs.",
            keys: &[
                WARMUP_STEPS,
                FACTOR,
                Key {
                    name: "every_epochs",
                    kind: COUNT,
                    default: Standard::Value("10"),
                    doc: "epochs between two falls",
                },
            ],
        },
        Variant {
            name: "exponential",
            doc: "The rate falls after every epoch.",
            keys: &[WARMUP_STEPS, FACTOR],
        },
        Variant {
            name: "cosine",
            doc: "The rate falls along half a cosine to the last step.",
            keys: &[
                WARMUP_STEPS,
                Key {
                    name: "floor",
                    kind: SHARE,
                    default: Standard::Value("0.0"),
                    doc: "share of the rate that is left at the end",
                },
            ],
        },
    ],
};

const WARMUP_STEPS: Key = Key {
    name: "warmup_steps",
    kind: COUNT_OR_ZERO,
    default: Standard::Value("0"),
    doc: "steps over which the rate rises linearly, before everything else",
};

const FACTOR: Key = Key {
    name: "factor",
    kind: Kind::Number { low: Bound::Excluded(0.0), high: Bound::Included(1.0) },
    default: Standard::Value("0.1"),
    doc: "what the rate is multiplied by at each fall",
};

pub(crate) static EARLY_STOPPING: Section = Section {
    title: "[training.early_stopping]",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "When to stop before the last epoch; the weights and running statistics of the best epoch \
              are kept.",
        keys: &[
            Key {
                name: "metric",
                kind: Kind::Choice(&[
                    "train_loss",
                    "train_eval_loss",
                    "train_accuracy",
                    "train_r2",
                    "valid_loss",
                    "valid_accuracy",
                    "valid_r2",
                ]),
                default: Standard::Value("\"valid_loss\""),
                doc: "what is watched, a column of `metrics.csv`",
            },
            Key {
                name: "patience",
                kind: COUNT,
                default: Standard::Value("10"),
                doc: "epochs without improvement before the stop",
            },
            Key {
                name: "min_delta",
                kind: NOT_NEGATIVE,
                default: Standard::Value("0.0"),
                doc: "by how much a metric has to be better to count as an improvement",
            },
        ],
    }],
};
