//! Where a table is: in one file, in several, or in those that a pattern names.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::data::error::{DataError, ErrorKind};
use crate::data::source::pattern;
use crate::settings::{Allowed, Configurable, one_or_more};
use crate::text::STANDARD_INPUT;

/// Files that are read as one table.
pub(crate) const MAX_FILES: usize = 100_000;

/// Why standard input is refused in a list.
pub(crate) const INPUT_AMONG_FILES: &str =
    "standard input (\"-\") cannot be one of several files; pipe all of them into it, or none";

/// The files of a table as they were written: paths and patterns; in a config one of them or a list.
///
/// The rows are those of the first file, then those of the second, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataPaths(Vec<PathBuf>);

impl DataPaths {
    /// Each path and pattern, as it was written.
    pub fn as_written(&self) -> &[PathBuf] {
        &self.0
    }

    /// Whether it is standard input.
    pub fn is_standard_input(&self) -> bool {
        matches!(self.0.as_slice(), [path] if path == Path::new(STANDARD_INPUT))
    }

    /// What messages call the table: its path or pattern, or the first one and the number of the others.
    pub fn name(&self) -> PathBuf {
        match self.0.as_slice() {
            [] => PathBuf::new(),
            [path] => path.clone(),
            [first, others @ ..] => {
                let mut name = first.clone().into_os_string();
                name.push(format!(" and {} more", others.len()));
                name.into()
            }
        }
    }

    /// The files, as far as they can be found: for questions that need no data.
    pub(crate) fn known_files(&self) -> Vec<PathBuf> {
        self.0.iter().flat_map(|written| pattern::known_files(written)).collect()
    }

    /// As it was written, for JSON: a text, or a list of them.
    pub(crate) fn to_json(&self) -> Value {
        let text = |path: &PathBuf| Value::from(path.to_string_lossy());
        match self.0.as_slice() {
            [path] => text(path),
            paths => paths.iter().map(text).collect(),
        }
    }

    /// The same paths where relative ones start in `folder`.
    pub(crate) fn in_folder(&self, folder: &Path) -> Self {
        let absolute = |path: &PathBuf| match path == Path::new(STANDARD_INPUT) {
            true => path.clone(),
            false => pattern::from_folder(path, folder),
        };
        Self(self.0.iter().map(absolute).collect())
    }

    /// The same absolute paths, relative to `folder` where they are below it.
    #[cfg(feature = "model")]
    pub(crate) fn relative_to(&self, folder: &Path) -> Self {
        Self(self.0.iter().map(|path| pattern::relative_to(path, folder)).collect())
    }

    /// The files, in the order of the list; those of a pattern in natural order.
    ///
    /// # Errors
    ///
    /// If a pattern matches nothing or cannot be read, a file is there twice, also by another name, or standard input is
    /// one of several. Whether a file exists that is named without a pattern shows when it is opened.
    pub(crate) fn files(&self) -> Result<DataFiles, DataError> {
        let mut paths: Vec<PathBuf> = Vec::with_capacity(self.0.len());
        for written in &self.0 {
            let found = pattern::files_of(written).map_err(|fault| DataError::new(written, fault))?;
            if paths.len() + found.len() > MAX_FILES {
                return Err(DataError::new(&self.name(), ErrorKind::TooManyFiles));
            }
            paths.extend(found);
        }
        if paths.len() > 1 {
            if self.0.iter().any(|path| path == Path::new(STANDARD_INPUT)) {
                return Err(DataError::new(&self.name(), ErrorKind::InputAmongFiles));
            }
            let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
            let mut sorted: Vec<(PathBuf, usize)> = paths.iter().map(real).zip(0..).collect();
            sorted.sort_unstable();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let [first, again] = [0, 1].map(|place| &paths[pair[place].1]);
                return Err(match first == again {
                    true => DataError::new(first, ErrorKind::FileTwice),
                    false => DataError::new(again, ErrorKind::SameFile(first.clone())),
                });
            }
        }
        Ok(DataFiles { name: self.name(), paths })
    }
}

/// The files of a table, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataFiles {
    /// See [`DataPaths::name`].
    pub(crate) name: PathBuf,
    /// At least one, unless none was written.
    pub(crate) paths: Vec<PathBuf>,
}

impl DataFiles {
    /// The file at this place.
    pub(crate) fn path(&self, file: usize) -> &Path {
        self.paths.get(file).unwrap_or(&self.name)
    }

    /// Whether there are at least two.
    pub(crate) fn are_several(&self) -> bool {
        self.paths.len() > 1
    }
}

impl<P: Into<PathBuf>> From<P> for DataPaths {
    fn from(path: P) -> Self {
        Self(vec![path.into()])
    }
}

impl FromIterator<PathBuf> for DataPaths {
    fn from_iter<I: IntoIterator<Item = PathBuf>>(paths: I) -> Self {
        Self(paths.into_iter().collect())
    }
}

impl Configurable for DataPaths {
    const ALLOWED: Allowed = Allowed::Either(&[PathBuf::ALLOWED, Allowed::non_empty_list(&PathBuf::ALLOWED)]);
}

impl Serialize for DataPaths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        one_or_more::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for DataPaths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_more::deserialize(deserializer, "a path, or a list of them").map(Self)
    }
}
