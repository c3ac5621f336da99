//! Patterns of file names: which files they match, in which order.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, glob_with};

use crate::data::error::ErrorKind;
use crate::data::source::paths::MAX_FILES;
use crate::text::STANDARD_INPUT;

/// As in a shell: `*` crosses no `/` and finds no hidden file.
const RULES: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The files that a path or pattern names: those of a pattern in natural order, a path as it is. A file of exactly
/// this name is always meant.
pub(crate) fn files_of(written: &Path) -> Result<Vec<PathBuf>, ErrorKind> {
    let text = match written.to_str() {
        Some(text) if is_pattern(written) => text,
        _ => return Ok(vec![written.to_owned()]),
    };
    let found = glob_with(text, RULES).map_err(|error| ErrorKind::Pattern(error.msg))?;
    let mut files = Vec::new();
    for file in found {
        files.push(file.map_err(|error| ErrorKind::Read(error.into()))?);
        if files.len() > MAX_FILES {
            return Err(ErrorKind::TooManyFiles);
        }
    }
    files.sort_by(|left, right| natural_order(left, right));
    match files.is_empty() {
        true => Err(no_match(written)),
        false => Ok(files),
    }
}

/// A path that starts in `folder` if it is relative; where it is a pattern, nothing in the name of the folder is one.
pub(crate) fn from_folder(path: &Path, folder: &Path) -> PathBuf {
    let joined = folder.join(path);
    match folder.to_str() {
        Some(name) if path.is_relative() && has_marks(path) && has_marks(folder) && !joined.exists() => {
            Path::new(&Pattern::escape(name)).join(path)
        }
        _ => joined,
    }
}

/// A pattern for the data files in a folder, those with the most common ending; none if there are none.
pub(crate) fn of_folder(folder: &Path) -> Option<PathBuf> {
    const ENDINGS: [&str; 7] = [".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst", ".txt"];
    let mut counts = [0; ENDINGS.len()];
    for name in names_in(folder) {
        let ending = ENDINGS.iter().position(|ending| name.ends_with(ending));
        ending.into_iter().for_each(|ending| counts[ending] += 1);
    }
    // Of equally common ones, the first.
    let place = (0..ENDINGS.len()).rev().max_by_key(|&ending| counts[ending]).unwrap_or_default();
    (counts[place] > 0).then(|| folder.join(format!("*{}", ENDINGS[place])))
}

/// Whether a path is a pattern: it has marks, and is not the name of something that exists.
fn is_pattern(path: &Path) -> bool {
    if path == Path::new(STANDARD_INPUT) || !has_marks(path) || path.symlink_metadata().is_ok() {
        return false;
    }
    // A missing file in a folder whose name has marks.
    let is_name = path.file_name().is_some_and(|name| !has_marks(Path::new(name)));
    !(is_name && path.parent().is_some_and(Path::is_dir))
}

fn has_marks(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// What is in the folder in which a pattern finds nothing.
fn no_match(pattern: &Path) -> ErrorKind {
    let mut folder = PathBuf::new();
    for component in pattern.parent().into_iter().flat_map(Path::components) {
        if has_marks(component.as_os_str().as_ref()) && !folder.join(component).exists() {
            break;
        }
        folder.push(component);
    }
    if folder.as_os_str().is_empty() {
        folder.push(".");
    }
    let is_there = folder.is_dir();
    ErrorKind::NoMatch { names: is_there.then(|| names_in(&folder)), folder }
}

/// The names of the files in a folder that are not hidden, in natural order; none if it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_by(|left, right| natural_order_of_names(left.as_bytes(), right.as_bytes()));
    names
}

/// Folder by folder, digits by their number: `part-2` before `part-10`.
fn natural_order(left: &Path, right: &Path) -> Ordering {
    let mut names = left.components().zip(right.components());
    let differ = names.find_map(|(left, right)| {
        let [left, right] = [left, right].map(|name| name.as_os_str().as_encoded_bytes());
        Some(natural_order_of_names(left, right)).filter(|order| order.is_ne())
    });
    differ.unwrap_or_else(|| left.components().count().cmp(&right.components().count()))
}

/// Digits by their number, everything else by bytes; also by bytes if only zeros before a number differ.
fn natural_order_of_names(left: &[u8], right: &[u8]) -> Ordering {
    let (mut rest, mut other) = (left, right);
    while let (&[byte, ref after @ ..], &[other_byte, ref other_after @ ..]) = (rest, other) {
        let order = match byte.is_ascii_digit() && other_byte.is_ascii_digit() {
            true => {
                let (number, other_number) = (take_number(&mut rest), take_number(&mut other));
                number.len().cmp(&other_number.len()).then_with(|| number.cmp(other_number))
            }
            false => {
                (rest, other) = (after, other_after);
                byte.cmp(&other_byte)
            }
        };
        if order.is_ne() {
            return order;
        }
    }
    rest.len().cmp(&other.len()).then_with(|| left.cmp(right))
}

/// Takes the digits at the start of `text`; the result has no zeros before the others.
fn take_number<'t>(text: &mut &'t [u8]) -> &'t [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    *text = rest;
    let start = number.iter().position(|&digit| digit != b'0').unwrap_or(number.len());
    &number[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_natural_order() {
        let mut names = [
            "b",
            "part-10",
            "part-2",
            "part-02",
            "part-1",
            "part-1b",
            "part-1.csv",
            "a",
            "part-",
            "p9/z",
            "p10/a",
        ];
        names.sort_by(|left, right| natural_order(Path::new(left), Path::new(right)));
        let expected = [
            "a",
            "b",
            "p9/z",
            "p10/a",
            "part-",
            "part-1",
            "part-1.csv",
            "part-1b",
            "part-02",
            "part-2",
            "part-10",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_name_with_marks_is_a_pattern_only_if_nothing_has_it() {
        let work = tempfile::tempdir().expect("a temporary folder");
        let folder = work.path().join("[old]");
        std::fs::create_dir(&folder).expect("a folder");
        for name in ["a1.csv", "a2.csv", "a[12].csv", ".a3.csv"] {
            std::fs::write(folder.join(name), "").expect("a file");
        }
        let names = |path: &Path| -> Vec<String> {
            let files = files_of(path).expect("it matches");
            files
                .iter()
                .map(|file| file.strip_prefix(&folder).expect("in the folder").display().to_string())
                .collect()
        };
        let from_folder = |name: &str| from_folder(Path::new(name), &folder);
        assert_eq!(names(&from_folder("a[12].csv")), ["a[12].csv"]);
        assert_eq!(names(&from_folder("a[1-2].csv")), ["a1.csv", "a2.csv"]);
        assert_eq!(names(&from_folder("*.csv")), ["a1.csv", "a2.csv", "a[12].csv"]);
        assert_eq!(names(&from_folder("missing.csv")), ["missing.csv"], "it is not found when it is opened");
        assert!(files_of(&from_folder("b*.csv")).is_err());
    }
}
