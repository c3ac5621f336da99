//! `[data]`.

use super::{Key, Kind, SHARE_BELOW_ONE, Section, Standard, Variant};

pub(in crate::config) static DATA: Section = Section {
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
                default: Standard::Required,
                doc: "the column with the class; all others are features",
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
                default: Standard::Value("\",\""),
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
                name: "valid",
                kind: SHARE_BELOW_ONE,
                default: Standard::Value("0.0"),
                doc: "share of the rows held back for validation, stratified by class, drawn by the seed",
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
