//! The files that commands write where they are told to.

use std::io;
use std::path::{Path, PathBuf};

use super::{Failure, exit_code};
use crate::data::ShownPath;
use crate::destination::{NotAFile, Obstacle, destination};

/// The name that means standard output.
pub(super) const STANDARD_OUTPUT: &str = "-";

/// A file that `-o` names.
#[derive(Debug)]
pub(super) struct OutFile<'a> {
    /// As it was named.
    pub(super) named: &'a Path,
    /// Where it is written, behind all links.
    pub(super) real: PathBuf,
}

/// What to do about a pipe or a device.
#[derive(Clone, Copy, Debug)]
pub(super) enum Instead {
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
    pub(super) fn new(named: &'a Path, instead: Instead) -> Result<Self, Failure> {
        let refused = |what: String, advice: &str| {
            let message = format!("{}: is {what}; {advice}", ShownPath(named));
            Failure::new(exit_code::REFUSED, message)
        };
        match destination(named) {
            Ok(real) => Ok(Self { named, real }),
            Err(Obstacle::NotAFile(kind)) => Err(refused(kind.to_string(), instead.advice(kind))),
            Err(Obstacle::LeadsNowhere(to)) => {
                let what = format!("a link to {}, which is not there", ShownPath(&to));
                Err(refused(what, "remove the link, or name the file that is to be made"))
            }
            Err(Obstacle::Io(error)) => Err(Failure::io("write", named, &error)),
        }
    }

    /// Whether there is such a file.
    pub(super) fn exists(&self) -> bool {
        self.real.symlink_metadata().is_ok()
    }

    /// An error of writing it.
    pub(super) fn unwritten(&self, error: &io::Error) -> Failure {
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
