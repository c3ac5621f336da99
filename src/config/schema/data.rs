//! `[data]`.

use crate::config::schema::{COUNT, FINITE, Key, Kind, SHARE_BELOW_ONE, Section, Standard, Variant};

pub(crate) static DATA: Section = Section {
    title: "[data]",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "Where the data are and how to read them. Paths are relative to the config file.",
        keys: &[
            Key {
                name: "path",
                kind: Kind::Path,
                default: Standard::Required,
                doc: "CSV file, `.gz` and `.zst` are decompressed; or `-`, standard input",
            },
            Key {
                name: "label",
                kind: Kind::Column,
                default: Standard::Absent("the one that `columns` names"),
                doc: "the column with the class; all others are features",
            },
            Key {
                name: "target",
                kind: Kind::Either(&[
                    Kind::Column,
                    Kind::List { of: &Kind::Column, least: 1, most: usize::MAX },
                ]),
                default: Standard::Absent("those that `columns` names"),
                doc: "in place of `label`: the columns with the values to be learnt",
            },
            Key {
                name: "label_names",
                kind: Kind::Map(&Kind::Name),
                default: Standard::Absent("none"),
                doc: "labels that are read as another name, such as `{ \"yes.\" = \"yes\" }`",
            },
            Key {
                name: "header",
                kind: Kind::Boolean,
                default: Standard::Value("true"),
                doc: "whether the first line names the columns; without, they are `c0`, `c1`, ...",
            },
            Key {
                name: "column_names",
                kind: Kind::List { of: &Kind::Name, least: 1, most: usize::MAX },
                default: Standard::Absent("`c0`, `c1`, ..."),
                doc: "the names of all columns, for files without header",
            },
            Key {
                name: "delimiter",
                kind: Kind::Delimiter,
                default: Standard::Absent(
                    "`\",\"`, unless another one fits the file better: that is refused",
                ),
                doc: "the character between fields",
            },
            Key {
                name: "quote",
                kind: Kind::Mark,
                default: Standard::Value("\"\\\"\""),
                doc: "the character around fields; doubled, it stands for itself inside of them",
            },
            Key {
                name: "comment",
                kind: Kind::Mark,
                default: Standard::Absent("none, and a line that starts with # is refused"),
                doc: "lines that start with it are skipped",
            },
            Key {
                name: "ignore",
                kind: Kind::List { of: &Kind::Column, least: 0, most: usize::MAX },
                default: Standard::Value("[]"),
                doc: "columns that are neither features nor label",
            },
            Key {
                name: "columns",
                kind: Kind::Map(&Kind::Either(&[Kind::Choice(COLUMN_TYPES), Kind::Table(&COLUMN)])),
                default: Standard::Absent("inferred, see [columns](#columns)"),
                doc: "what columns are, by name: `numeric`, `categorical` and `boolean` features, `label`, \
                      `target`, `weight` (how much a row counts), `group` (its rows stay together when rows are \
                      held back), `split` (says `train`, `valid` or `test`), `id` (not a feature, but it names the \
                      rows of predictions), `ignore`",
            },
            Key {
                name: "missing_markers",
                kind: Kind::List { of: &Kind::Text, least: 0, most: usize::MAX },
                default: Standard::Absent("the usual words, see [columns](#columns)"),
                doc: "cells that mean a missing value, exactly as written; an empty one always does",
            },
            Key {
                name: "missing",
                kind: MISSING,
                default: Standard::Value("\"refuse\""),
                doc: "what becomes of missing values of features: an error; replaced by the mean, the median, \
                      the most frequent value or a constant; their rows left out. Computed on the training rows",
            },
            Key {
                name: "missing_indicator",
                kind: Kind::Boolean,
                default: Standard::Value("false"),
                doc: "whether each feature has one more input that is 1 where its value is missing",
            },
            Key {
                name: "max_categories",
                kind: COUNT,
                default: Standard::Value("50"),
                doc: "inputs for the categories of a column; the rarest beyond it share one more",
            },
            Key {
                name: "memory",
                kind: Kind::Bytes,
                default: Standard::Value("\"4 GiB\""),
                doc: "what the rows of a file may take in memory; more of them are kept in a file beside it, with \
                      the same results",
            },
            Key {
                name: "split_by",
                kind: Kind::Either(&[Kind::Choice(&["rows"]), Kind::Table(&HASH_OF)]),
                default: Standard::Value("\"rows\""),
                doc: "what decides which rows are held back: drawn by the seed, or a hash of the seed and these \
                      columns, so that rows stay where they are when others are added",
            },
            Key {
                name: "valid",
                kind: SHARE_BELOW_ONE,
                default: Standard::Value("0.0"),
                doc: "share of the rows held back for validation, stratified by class; whole groups if there is a \
                      group column",
            },
            Key {
                name: "test",
                kind: SHARE_BELOW_ONE,
                default: Standard::Value("0.0"),
                doc: "share of the rows held back for a last test, likewise",
            },
            Key {
                name: "valid_path",
                kind: Kind::Path,
                default: Standard::Absent("none"),
                doc: "a validation file of its own, in place of `valid`",
            },
            Key {
                name: "test_path",
                kind: Kind::Path,
                default: Standard::Absent("none"),
                doc: "a test file of its own, in place of `test`",
            },
            Key {
                name: "scale",
                kind: Kind::Choice(&["standardize", "center", "min_max", "none"]),
                default: Standard::Value("\"standardize\""),
                doc: "what is done to each feature, fitted on the training rows: mean 0 and deviation 1; \
                      mean 0; smallest 0 and largest 1; nothing",
            },
        ],
    }],
};

const COLUMN_TYPES: &[&str] =
    &["numeric", "categorical", "boolean", "label", "target", "weight", "group", "split", "id", "ignore"];

static HASH_OF: Section = Section {
    title: "{ hash_of = [columns] }",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "",
        keys: &[Key {
            name: "hash_of",
            kind: Kind::List { of: &Kind::Column, least: 1, most: usize::MAX },
            default: Standard::Required,
            doc: "columns that tell the rows apart; not the label",
        }],
    }],
};

const MISSING: Kind = Kind::Either(&[
    Kind::Choice(&["refuse", "mean", "median", "most_frequent", "drop_row"]),
    Kind::Table(&CONSTANT),
]);

static CONSTANT: Section = Section {
    title: "{ constant = value }",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "",
        keys: &[Key {
            name: "constant",
            kind: Kind::Either(&[FINITE, Kind::Name]),
            default: Standard::Required,
            doc: "stands in for missing values: a number, or a category",
        }],
    }],
};

pub(crate) static COLUMN: Section = Section {
    title: "[data.columns.name]",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "A column for which a word does not say it all; also `name = { type = .., missing = .. }`.",
        keys: &[
            Key {
                name: "type",
                kind: Kind::Choice(COLUMN_TYPES),
                default: Standard::Absent("inferred"),
                doc: "what the column is",
            },
            Key {
                name: "missing",
                kind: MISSING,
                default: Standard::Absent("as for all columns"),
                doc: "what becomes of its missing values",
            },
            Key {
                name: "indicator",
                kind: Kind::Boolean,
                default: Standard::Absent("as for all columns"),
                doc: "whether one more input is 1 where its value is missing",
            },
        ],
    }],
};
