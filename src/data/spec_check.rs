//! Checks `[data]` before any file is read: values out of range, keys that contradict each other.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::data::source::paths::INPUT_AMONG_FILES;
use crate::data::spec::{ColumnRef, DataSpec, ScalingMethod};
use crate::text::{STANDARD_INPUT, shortened};

/// The characters that can be delimiters.
pub(crate) const DELIMITER: &str =
    "one ASCII character other than letters, digits, + - . # ' \" and line ends";
/// The characters that can be quotes or comment marks.
pub(crate) const MARK: &str = "one ASCII punctuation character other than + - . or \"\" for none";

/// A value of `[data]` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpecProblem {
    /// The key in `[data]`.
    pub(crate) key: &'static str,
    /// The key that it contradicts.
    pub(crate) other: Option<&'static str>,
    pub(crate) message: String,
}

impl fmt::Display for SpecProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data.{}: {}", self.key, self.message)
    }
}

impl SpecProblem {
    fn alone(key: &'static str, message: String) -> Self {
        Self { key, other: None, message }
    }

    fn between(key: &'static str, other: &'static str, message: String) -> Self {
        Self { key, other: Some(other), message }
    }

    /// Whether it is about the delimiter.
    pub(crate) fn is_about_delimiter(&self) -> bool {
        self.key == "delimiter" || self.other == Some("delimiter")
    }
}

/// All problems of a specification.
pub(crate) fn problems(spec: &DataSpec) -> Vec<SpecProblem> {
    let mut problems = Vec::new();
    characters(spec, &mut problems);
    separators(spec, &mut problems);
    columns(spec, &mut problems);
    numeric(spec, &mut problems);
    shares(spec, &mut problems);
    standard_input(spec, &mut problems);
    problems
}

/// Whether this can be a delimiter: it is not part of numbers, quotes, comments or line ends.
pub(crate) fn is_delimiter(char: char) -> bool {
    char.is_ascii() && !char.is_ascii_alphanumeric() && !"\"'#+-.\r\n\0".contains(char)
}

/// Whether this can be a quote or a comment mark: it is visible, and numbers do not start with it.
pub(crate) fn is_mark(char: char) -> bool {
    char.is_ascii_punctuation() && !"+-.".contains(char)
}

/// Checks that each character can be used and has one meaning.
fn characters(spec: &DataSpec, problems: &mut Vec<SpecProblem>) {
    let (quote, comment) = (spec.quote.0, spec.comment.and_then(|mark| mark.0));
    let delimiter = spec.delimiter();
    if !is_delimiter(delimiter) {
        let message = format!("{delimiter:?} cannot separate fields; it must be {DELIMITER}");
        problems.push(SpecProblem::alone("delimiter", message));
    }
    for (key, char) in [("quote", quote), ("comment", comment)] {
        if let Some(char) = char.filter(|char| !is_mark(*char)) {
            problems.push(SpecProblem::alone(key, format!("{char:?} cannot be used; it must be {MARK}")));
        }
    }
    for (key, char, other, other_char) in [
        ("quote", quote, "delimiter", Some(delimiter)),
        ("comment", comment, "delimiter", Some(delimiter)),
        ("comment", comment, "quote", quote),
    ] {
        if char.is_some() && char == other_char {
            let message = format!("data.{other} is the same character; they must differ");
            problems.push(SpecProblem::between(key, other, message));
        }
    }
}

/// Checks that the separators of numbers differ.
fn separators(spec: &DataSpec, problems: &mut Vec<SpecProblem>) {
    if spec.thousands == Some(spec.decimal.unwrap_or('.')) {
        let message =
            "data.decimal is the same character (a point unless it is set); they must differ".to_owned();
        problems.push(SpecProblem::between("thousands", "decimal", message));
    }
}

fn columns(spec: &DataSpec, problems: &mut Vec<SpecProblem>) {
    if spec.label.is_some() && !spec.target.is_empty() {
        let message =
            "data.label is given as well; keep one of them: a label for classes, a target for values"
                .to_owned();
        problems.push(SpecProblem::between("target", "label", message));
    }
    if let Some(label) = spec.label.as_ref().filter(|label| spec.ignore.contains(label)) {
        let message = format!("it contains the label, {}", shortened(&ColumnRef::to_string(label)));
        problems.push(SpecProblem::between("ignore", "label", message));
    }
    if spec.header && !spec.column_names.is_empty() {
        let message = "it is for files without header; set data.header to false".to_owned();
        problems.push(SpecProblem::between("column_names", "header", message));
    }
}

/// Checks that the inputs of numbers are said once.
fn numeric(spec: &DataSpec, problems: &mut Vec<SpecProblem>) {
    if spec.numeric.is_some() && spec.scale != ScalingMethod::Standardize {
        let message = format!(
            "data.scale is {:?} and data.numeric takes its place; keep one of the two",
            spec.scale.name()
        );
        problems.push(SpecProblem::between("numeric", "scale", message));
    }
    let encodings = spec.numeric.iter().flat_map(|numeric| &numeric.0);
    let mut seen = Vec::new();
    for encoding in encodings {
        if seen.contains(&encoding) {
            let message = format!("{:?} is twice in the list", encoding.name());
            problems.push(SpecProblem::alone("numeric", message));
        }
        seen.push(encoding);
    }
}

/// Checks that the shares leave training rows, and that each part has one source.
fn shares(spec: &DataSpec, problems: &mut Vec<SpecProblem>) {
    let parts = [
        ("valid", spec.valid, "valid_path", &spec.valid_path),
        ("test", spec.test, "test_path", &spec.test_path),
    ];
    for (key, share, file, path) in parts {
        if !(0.0..1.0).contains(&share) {
            let message = format!("{share} is not allowed; it must be at least 0 and less than 1");
            problems.push(SpecProblem::alone(key, message));
        }
        if share > 0.0 && path.is_some() {
            let message = format!("{file} is given as well; keep one of the two");
            problems.push(SpecProblem::between(key, file, message));
        }
    }
    let held_back = spec.valid + spec.test;
    if held_back >= 1.0 {
        let message = format!("valid + test is {held_back}; it must be less than 1, to leave training rows");
        problems.push(SpecProblem::between("test", "valid", message));
    }
}

/// Standard input can be read only once, and alone.
fn standard_input(spec: &DataSpec, problems: &mut Vec<SpecProblem>) {
    let paths = [
        ("path", Some(&spec.path)),
        ("valid_path", spec.valid_path.as_ref()),
        ("test_path", spec.test_path.as_ref()),
    ];
    let mut are_standard = 0;
    for (key, paths) in paths.into_iter().filter_map(|(key, paths)| Some((key, paths?))) {
        let is_standard = |path: &PathBuf| path == Path::new(STANDARD_INPUT);
        if paths.is_standard_input() {
            are_standard += 1;
            if are_standard == 2 {
                let message = "standard input can be only one of the files".to_owned();
                problems.push(SpecProblem::alone(key, message));
            }
        } else if paths.as_written().iter().any(is_standard) {
            problems.push(SpecProblem::alone(key, INPUT_AMONG_FILES.to_owned()));
        }
    }
}
