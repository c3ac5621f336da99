//! `[compare]`.

use crate::config::schema::{Key, Kind, SEED, Section, Standard, Variant};

/// What is compared where nothing is said.
pub(crate) const DEFAULT_NORMS: &str = "[\"batch_norm\", \"none\"]";

/// How many seeds where nothing is said.
pub(crate) const DEFAULT_SEEDS: &str = "5";

/// Enough for any interval; a bound on what a small file can ask for.
const MOST_SEEDS: usize = 10_000;

pub(crate) static COMPARE: Section = Section {
    title: "[compare]",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "One run for each norm, each point of the grid and each seed. Without this table a single \
              network is trained.",
        keys: &[
            Key {
                name: "norms",
                kind: Kind::List {
                    of: &Kind::Choice(&["batch_norm", "mean_only", "none"]),
                    least: 1,
                    most: 3,
                },
                default: Standard::Value(DEFAULT_NORMS),
                doc: "what stands in place of each norm layer",
            },
            Key {
                name: "seeds",
                kind: Kind::Either(&[
                    Kind::Integer { least: 1, most: MOST_SEEDS as i64 },
                    Kind::List { of: &SEED, least: 1, most: MOST_SEEDS },
                ]),
                default: Standard::Value(DEFAULT_SEEDS),
                doc: "a count, from `training.seed` on, or a list",
            },
            Key {
                name: "grid",
                kind: Kind::Grid,
                default: Standard::Absent("one point"),
                doc: "config keys that vary, such as `\"optimizer.learning_rate\"`, `\"model.hidden\"` or \
                      `\"layers.0.units\"`, each with a list of values, `{ linspace = [from, to, n] }` or \
                      `{ logspace = [from, to, n] }` (powers of 10); the points are their product",
            },
        ],
    }],
};
