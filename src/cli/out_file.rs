//! The files that commands write where they are told to.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::cli::{Failure, exit_code};
use crate::model::Model;
use crate::output_file::{NotAFile, Obstacle, destination};
use crate::run_dir::is_of_a_run;
use crate::text::{DisplayPath, STANDARD_INPUT};

/// The name that means standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

/// A file that `-o` names.
#[derive(Debug)]
pub(crate) struct OutFile<'a> {
    /// As it was named.
    pub(crate) named: &'a Path,
    /// Where it is written, behind all links.
    pub(crate) real: PathBuf,
}

/// What to do about a pipe or a device.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Instead {
    /// The command prints unless it is given a file.
    LeaveOut,
    /// The command prints where it is told to by `-o -`.
    Dash,
    /// The command needs a file.
    File,
    /// The names are the command's own.
    MoveAway,
}

impl<'a> OutFile<'a> {
    /// Refuses what is there and no file: to replace it would destroy it.
    pub(crate) fn new(named: &'a Path, instead: Instead) -> Result<Self, Failure> {
        let refused = |what: String, advice: &str| {
            let message = format!("{}: is {what}; {advice}", DisplayPath(named));
            Failure::new(exit_code::REFUSED, message)
        };
        match destination(named) {
            Ok(real) => Ok(Self { named, real }),
            Err(Obstacle::NotAFile(kind)) => Err(refused(kind.to_string(), instead.advice(kind))),
            Err(Obstacle::LeadsNowhere(to)) => {
                let what = format!("a link to {}, which is not there", DisplayPath(&to));
                Err(refused(what, "remove the link, or name the file that is to be made"))
            }
            Err(Obstacle::Io(error)) => Err(Failure::io("write", named, &error)),
        }
    }

    /// Refuses to replace a file without `force`, and at all: one of the command's `inputs`, what its
    /// `model` was trained on, a file of a run.
    pub(crate) fn refuse_replacing(
        &self,
        force: bool,
        inputs: &[&Path],
        model: Option<&Model>,
    ) -> Result<(), Failure> {
        if self.real.symlink_metadata().is_err() {
            return Ok(());
        }
        let is_this = |path: &Path| is_same_file(path, &self.real);
        // A shell may have opened the file under that name.
        let opened = |path| if path == Path::new(STANDARD_INPUT) { Path::new("/dev/stdin") } else { path };
        let reason = if inputs.iter().any(|input| is_this(opened(input))) {
            "is an input of this command; choose another --out"
        } else if model.is_some_and(|model| model.plan.data.paths().any(is_this)) {
            "is a file that the model was trained on; choose another --out"
        } else if is_of_a_run(&self.real) {
            "is a file of a run; choose another --out"
        } else if force {
            return Ok(());
        } else {
            "exists; choose another --out or replace it with --force"
        };
        Err(Failure::new(exit_code::REFUSED, format!("{} {reason}", DisplayPath(self.named))))
    }

    /// An error of writing it.
    pub(crate) fn unwritten(&self, error: &io::Error) -> Failure {
        Failure::io("write", self.named, error)
    }
}

impl Instead {
    fn advice(self, kind: NotAFile) -> &'static str {
        match (self, kind) {
            (Self::MoveAway, _) => "move it away, or give -o another directory",
            (Self::LeaveOut, NotAFile::Pipe | NotAFile::Device) => {
                "without -o the result goes to standard output"
            }
            (Self::Dash, NotAFile::Pipe | NotAFile::Device) => "with -o - the result goes to standard output",
            _ => "-o needs the name of a file",
        }
    }
}

/// Whether two names are those of one file, over links of any kind.
fn is_same_file(left: &Path, right: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path)?;
        io::Result::Ok((metadata.dev(), metadata.ino()))
    };
    #[cfg(not(unix))]
    let identity = |path: &Path| fs::canonicalize(path);
    matches!((identity(left), identity(right)), (Ok(left), Ok(right)) if left == right)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_known_by_all_its_names() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["file", "other"] {
            fs::write(path(name), "same").expect("the folder can be written");
        }
        symlink("file", path("soft")).expect("a link");
        fs::hard_link(path("file"), path("hard")).expect("a link");
        for name in ["file", "soft", "hard", "./soft"] {
            assert!(is_same_file(&path("file"), &path(name)), "{name}");
        }
        for name in ["other", "none"] {
            assert!(!is_same_file(&path("file"), &path(name)), "{name}");
        }
        assert!(!is_same_file(&path("none"), &path("none")));
    }
}
