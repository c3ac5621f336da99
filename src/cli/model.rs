//! The model that a command is about.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::{Failure, exit_code};
use crate::model::Model;
use crate::run_dir::MODEL;
use crate::text::shortened;

/// Loads a model file, or the only one in a run directory; with its path.
pub(crate) fn load_model(path: &Path) -> Result<(Model, PathBuf), Failure> {
    let path = if path.is_dir() { only_model(path)? } else { path.to_owned() };
    Ok((Model::load(&path)?, path))
}

/// All model files below a directory, in the order of their paths.
pub(crate) fn models_in(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let unread = |error| Failure::io("read", &folder, &error);
        for entry in fs::read_dir(&folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let kind = entry.file_type().map_err(unread)?;
            // norm/point/seed/model.safetensors
            if kind.is_dir() && depth < 3 {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && entry.file_name() == MODEL {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn only_model(directory: &Path) -> Result<PathBuf, Failure> {
    const MOST_SHOWN: usize = 6;
    let mut found = models_in(directory)?;
    let shown = |path: &Path| shortened(&path.to_string_lossy());
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let message = format!("{} is a directory without {MODEL}", shown(directory));
            Err(Failure::new(exit_code::IO, message))
        }
        count => {
            let mut message = format!("{} holds {count} models; give one of them:", shown(directory));
            for path in found.iter().take(MOST_SHOWN) {
                message.push_str(&format!("\n  {}", shown(path)));
            }
            if count > MOST_SHOWN {
                message.push_str(&format!("\n  and {} more", count - MOST_SHOWN));
            }
            Err(Failure::new(exit_code::USAGE, message))
        }
    }
}
