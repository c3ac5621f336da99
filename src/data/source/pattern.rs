//! Patterns of file names: which files they match, in which order.

use std::cmp::Ordering;
use std::path::{Component, Path, PathBuf};
use std::{env, io};

use glob::{GlobError, MatchOptions, Pattern, glob_with};

use crate::data::error::ErrorKind;
use crate::data::source::paths::MAX_FILES;
use crate::text::{DisplayPath, STANDARD_INPUT};

/// As in a shell: `*` crosses no `/` and finds no hidden file.
const RULES: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What makes a path a pattern.
const MARKS: [char; 3] = ['*', '?', '['];

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
        files.push(file.map_err(unreadable)?);
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

/// The error of a folder that cannot be read, with its path.
fn unreadable(error: GlobError) -> ErrorKind {
    let message = format!("{}: {}", DisplayPath(error.path()), error.error());
    ErrorKind::Read(io::Error::new(error.error().kind(), message))
}

/// The files that a path or pattern names, as far as they can be found; a path, and a pattern without any, as it is.
pub(crate) fn known_files(written: &Path) -> Vec<PathBuf> {
    let text = written.to_str().filter(|_| is_pattern(written));
    let found = text.and_then(|text| glob_with(text, RULES).ok()).into_iter().flatten().flatten();
    let files: Vec<PathBuf> = found.collect();
    if files.is_empty() { vec![written.to_owned()] } else { files }
}

/// The same as [`known_files`], but no file of a pattern with marks in the names of folders: to look through these can
/// take long.
pub(crate) fn files_in_one_folder(written: &Path) -> Vec<PathBuf> {
    let mut folders = written.parent().into_iter().flat_map(Path::components);
    let is_name =
        |part: Component<'_>| part.as_os_str().to_str().is_none_or(|part| unescaped(part).is_some());
    if is_pattern(written) && !folders.all(is_name) { Vec::new() } else { known_files(written) }
}

/// Whether a pattern matches the file at this path, by the names alone: no folder is read. Folders of the path may be
/// links.
pub(crate) fn matches(written: &Path, file: &Path) -> bool {
    let folder = env::current_dir().unwrap_or_default();
    let written = if is_pattern(written) { from_folder(written, &folder) } else { return false };
    let is_name = |part: &Component<'_>| !has_marks(part.as_os_str().as_ref());
    let prefix: PathBuf = written.components().take_while(is_name).collect();
    let rest = written.strip_prefix(&prefix).unwrap_or(&written);
    let prefix = prefix.canonicalize().unwrap_or_else(|_| prefix.clone());
    let pattern = prefix.to_str().map(|prefix| Path::new(&Pattern::escape(prefix)).join(rest));
    let Some(pattern) = pattern.and_then(|pattern| Pattern::new(pattern.to_str()?).ok()) else {
        return false;
    };
    // The pattern may match the name of a link, or what it leads to.
    let file = folder.join(file);
    let mut names = file.ancestors().filter_map(|part| {
        let rest = file.strip_prefix(part).ok()?;
        let real = part.canonicalize().ok()?;
        Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
    });
    names.any(|name| pattern.matches_path_with(&name, RULES))
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

/// The path that [`from_folder`] takes to the absolute `path`, if what it names is below `folder` or was written as
/// relative to it; any other path as it is.
#[cfg(feature = "model")]
pub(crate) fn relative_to(path: &Path, folder: &Path) -> PathBuf {
    let direct = (without_detours(path), without_detours(folder));
    for (path, folder) in [(path, folder), (&direct.0, &direct.1)] {
        let escaped = Pattern::escape(&folder.to_string_lossy());
        for prefix in [folder, Path::new(&escaped)] {
            let Ok(rest) = path.strip_prefix(prefix) else { continue };
            let mut names = rest.components().skip_while(|part| *part == Component::ParentDir);
            let is_direct = names.all(|part| matches!(part, Component::Normal(_)));
            if is_direct && rest != Path::new(STANDARD_INPUT) && from_folder(rest, folder) == path {
                return rest.to_owned();
            }
        }
    }
    path.to_owned()
}

/// A path without `name/..`, as far as these are no links.
#[cfg(feature = "model")]
fn without_detours(path: &Path) -> PathBuf {
    let mut direct = PathBuf::new();
    for part in path.components() {
        match part == Component::ParentDir && direct.file_name().is_some() && !direct.is_symlink() {
            true => drop(direct.pop()),
            false => direct.push(part),
        }
    }
    direct
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
    (counts[place] > 0).then(|| from_folder(Path::new(&format!("*{}", ENDINGS[place])), folder))
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
    path.to_string_lossy().contains(MARKS)
}

/// The only name that a part of a pattern matches, if all marks in it are escaped, as in `[[]old]`.
fn unescaped(part: &str) -> Option<String> {
    let mut name = String::new();
    let mut rest = part;
    while let Some(mark) = rest.find(MARKS) {
        name.push_str(&rest[..mark]);
        rest = &rest[mark..];
        let escaped = ["[*]", "[?]", "[[]", "[]]"].into_iter().find(|escaped| rest.starts_with(escaped))?;
        name.push_str(&escaped[1..2]);
        rest = &rest[escaped.len()..];
    }
    Some(name + rest)
}

/// What is in the folder in which a pattern finds nothing.
fn no_match(pattern: &Path) -> ErrorKind {
    let mut folder = PathBuf::new();
    for component in pattern.parent().into_iter().flat_map(Path::components) {
        let name = component.as_os_str();
        match name.to_str().and_then(unescaped) {
            Some(name) => folder.push(name),
            None if !has_marks(name.as_ref()) || folder.join(name).exists() => folder.push(name),
            None => break,
        }
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
    fn paths_in_a_folder_are_relative_to_it() {
        let work = tempfile::tempdir().expect("a temporary folder");
        let work = work.path().canonicalize().expect("a folder");
        std::fs::create_dir_all(work.join("[old]/data")).expect("a folder");
        #[cfg(unix)]
        std::os::unix::fs::symlink(work.join("[old]/data"), work.join("link")).expect("a link");
        for (written, from, to, expected) in [
            ("data.csv", ".", ".", "data.csv"),
            ("../data.csv", "[old]", "[old]", "../data.csv"),
            ("../data/*.csv", "configs", ".", "data/*.csv"),
            ("part-*.csv", "[old]", "[old]", "part-*.csv"),
            ("../[[]old]/part-*.csv", "x", "y", "ABSOLUTE/x/../[[]old]/part-*.csv"),
            ("part-*.csv", "[old]/data", "[old]", "data/part-*.csv"),
            ("a.csv", "[old]/data", "configs", "ABSOLUTE/[old]/data/a.csv"),
            ("./-", ".", ".", "ABSOLUTE/./-"),
            #[cfg(unix)]
            ("../data.csv", "link", ".", "ABSOLUTE/link/../data.csv"),
        ] {
            let [from, to] =
                [from, to].map(|folder| if folder == "." { work.clone() } else { work.join(folder) });
            let path = from_folder(Path::new(written), &from);
            let found = relative_to(&path, &to);
            let shown = found.to_string_lossy().replace(&*work.to_string_lossy(), "ABSOLUTE");
            assert_eq!(shown, expected, "{written} from {} to {}", from.display(), to.display());
        }
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
        // The folder that is named in the message is the last one without marks, or whose marks are escaped.
        std::fs::create_dir(folder.join("[x")).expect("a folder");
        for (written, expected) in [
            ("b*.csv", ""),
            ("sub/?.csv", "sub"),
            ("sub/[[]y]/?.csv", "sub/[y]"),
            ("[[]x/y*/z?", "[x"),
            ("[[x]/?", ""),
        ] {
            match files_of(&from_folder(written)) {
                Err(ErrorKind::NoMatch { folder: named, names }) => {
                    assert_eq!(named, folder.join(expected), "{written}");
                    assert_eq!(names.is_some(), named.is_dir(), "{written}");
                }
                other => panic!("{written}: {other:?}"),
            }
        }
        // The advice for a folder names a pattern that finds its files.
        assert_eq!(names(&of_folder(&folder).expect("there are some")), ["a1.csv", "a2.csv", "a[12].csv"]);
        for (pattern, name, expected) in [
            ("*.csv", "a1.csv", true),
            ("*.csv", ".a3.csv", false),
            ("a[1-2].csv", "a2.csv", true),
            ("a[1-2].csv", "a3.csv", false),
            ("a1.csv", "a1.csv", false),
        ] {
            assert_eq!(matches(&from_folder(pattern), &folder.join(name)), expected, "{pattern} {name}");
        }
        // Only a pattern in one folder is looked for.
        let quick = |pattern: &str| files_in_one_folder(&from_folder(pattern)).len();
        assert_eq!((quick("*.csv"), quick("../[[]old]/*.csv"), quick("../[[]o*/*.csv")), (3, 3, 0));
        let link = |to: PathBuf, name: &str| {
            std::os::unix::fs::symlink(to, work.path().join(name)).expect("a link");
            work.path().join(name)
        };
        let to_folder = link(folder.clone(), "link");
        for (pattern, name, expected) in [
            (to_folder.join("*.csv"), folder.join("a1.csv"), true),
            (from_folder("*.csv"), to_folder.join("a1.csv"), true),
            (work.path().join("l*/a?.csv"), to_folder.join("a1.csv"), true),
            (work.path().join("l*/a?.csv"), folder.join("a1.csv"), false),
            (work.path().join("file-*"), link(folder.join("a1.csv"), "file-1"), true),
        ] {
            assert_eq!(matches(&pattern, &name), expected, "{} {}", pattern.display(), name.display());
        }
    }
}
