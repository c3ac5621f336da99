//! Files that the option `-o` names.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::model::Model;
use crate::output_file;
use crate::output_file::{BlockedPath, SpecialFile, destination};
use crate::run_dir::belongs_to_run;
use crate::text::{DisplayPath, STANDARD_INPUT};

/// The name that means standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

/// A file that a command is going to write.
#[derive(Debug)]
pub(crate) struct OutFile<'a> {
    /// As the user named it.
    pub(crate) named: &'a Path,
    /// The same with all links followed.
    pub(crate) real: PathBuf,
}

/// What a command does without a file, for the advice where `-o` names a pipe or a device.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WithoutFile {
    /// Prints if there is no `-o`.
    Prints,
    /// Prints with `-o -`.
    PrintsWithDash,
    /// Nothing: it needs a file.
    Fails,
    /// The command chose the name, in a directory that `-o` names.
    ChoseTheName,
}

impl<'a> OutFile<'a> {
    /// Fails if `named` exists and is not a regular file: replacing it would destroy it.
    pub(crate) fn new(named: &'a Path, without: WithoutFile) -> Result<Self, CliError> {
        let refused = |what: String, advice: &str| {
            let message = format!("{} is {what}; {advice}", DisplayPath(named));
            CliError::new(exit_code::REFUSED, message)
        };
        match destination(named) {
            Ok(real) => Ok(Self { named, real }),
            Err(BlockedPath::SpecialFile(kind)) => Err(refused(kind.to_string(), without.advice(kind))),
            Err(BlockedPath::DanglingLink(to)) => {
                let what = format!("a link to {}, which does not exist", DisplayPath(&to));
                Err(refused(what, "remove the link, or name the file itself"))
            }
            Err(BlockedPath::Io(error)) => Err(CliError::io("write", named, &error)),
        }
    }

    /// Fails if the file exists, unless `force`. Inputs of the command, training data of `model` and
    /// files of runs are never replaced.
    pub(crate) fn refuse_replacing(
        &self,
        force: bool,
        inputs: &[&Path],
        model: Option<&Model>,
    ) -> Result<(), CliError> {
        if self.real.symlink_metadata().is_err() {
            return Ok(());
        }
        let is_this = |path: &Path| is_same_file(path, &self.real);
        // The shell may have opened the file as standard input.
        let opened = |path| if path == Path::new(STANDARD_INPUT) { Path::new("/dev/stdin") } else { path };
        let reason = if inputs.iter().any(|input| is_this(opened(input))) {
            "is an input of this command; choose another --out"
        } else if model.is_some_and(|model| model.plan.data.paths().any(is_this)) {
            "is training data of the model; choose another --out"
        } else if belongs_to_run(&self.real) {
            "belongs to a run directory; choose another --out"
        } else if force {
            return Ok(());
        } else {
            "exists; choose another --out or replace it with --force"
        };
        Err(CliError::new(exit_code::REFUSED, format!("{} {reason}", DisplayPath(self.named))))
    }

    /// Writes the whole file at once.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), CliError> {
        output_file::write(&self.real, bytes).map_err(|error| self.unwritten(&error))
    }

    /// The error of a failed write.
    pub(crate) fn unwritten(&self, error: &io::Error) -> CliError {
        CliError::io("write", self.named, error)
    }
}

impl WithoutFile {
    fn advice(self, kind: SpecialFile) -> &'static str {
        let is_stream =
            matches!(kind, SpecialFile::Pipe | SpecialFile::CharacterDevice | SpecialFile::BlockDevice);
        match self {
            Self::ChoseTheName => "move it away, or give -o another directory",
            Self::Prints if is_stream => "without -o the result goes to standard output",
            Self::PrintsWithDash if is_stream => "with -o - the result goes to standard output",
            _ => "-o needs the name of a file",
        }
    }
}

/// Whether two paths name the same file, through links of any kind.
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
    fn links_are_the_same_file() {
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
