//! Where a file that is about to be written goes: what stands there may be no file at all.

use crate::text::DisplayPath;
use std::fmt;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Why no file can be written under a name.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// What has the name is no regular file; replacing it would destroy it.
    NotAFile(NotAFile),
    /// A link to a name that nothing has.
    LeadsNowhere(PathBuf),
    /// The system does not tell what has the name.
    Io(io::Error),
}

/// What is no regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAFile {
    Directory,
    Pipe,
    Socket,
    Device,
    Other,
}

/// The name under which a file is to be made so that `path` names it: that of the file at the end of
/// the links, where `path` is a link, since renaming another file to `path` would replace the link.
pub(crate) fn destination(path: &Path) -> Result<PathBuf, Obstacle> {
    // A FIFO is not opened to be asked, which would wait for whoever is at its other end.
    let link = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path.to_owned()),
        metadata => metadata.map_err(Obstacle::Io)?.is_symlink(),
    };
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(Obstacle::NotAFile(NotAFile::of(metadata.file_type()))),
        Ok(_) if link => fs::canonicalize(path).map_err(Obstacle::Io),
        Ok(_) => Ok(path.to_owned()),
        Err(error) if link && error.kind() == io::ErrorKind::NotFound => {
            Err(Obstacle::LeadsNowhere(fs::read_link(path).map_err(Obstacle::Io)?))
        }
        Err(error) => Err(Obstacle::Io(error)),
    }
}

impl NotAFile {
    fn of(kind: FileType) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            if kind.is_fifo() {
                return Self::Pipe;
            }
            if kind.is_socket() {
                return Self::Socket;
            }
            if kind.is_char_device() || kind.is_block_device() {
                return Self::Device;
            }
        }
        if kind.is_dir() { Self::Directory } else { Self::Other }
    }
}

impl fmt::Display for NotAFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Other => "a special file",
        })
    }
}

impl From<Obstacle> for io::Error {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::NotAFile(kind) => Self::other(format!("it is {kind}")),
            Obstacle::LeadsNowhere(to) => {
                Self::other(format!("it is a link to {}, which is not there", DisplayPath(&to)))
            }
            Obstacle::Io(error) => error,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn links_are_followed_and_only_files_are_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let real = folder.path().canonicalize().expect("it is there");
        let path = |name: &str| real.join(name);
        let found =
            |name: &str| destination(&path(name)).map_err(|obstacle| io::Error::from(obstacle).to_string());
        fs::write(path("file"), "").expect("the folder can be written");
        fs::create_dir(path("folder")).expect("the folder can be written");
        let _socket = UnixListener::bind(path("socket")).expect("a socket");
        for (link, to) in [("one", "file"), ("two", "one"), ("away", "folder"), ("lost", "nowhere")] {
            symlink(to, path(link)).expect("a link");
        }
        for (name, expected) in [("file", "file"), ("one", "file"), ("two", "file"), ("new", "new")] {
            assert_eq!(found(name), Ok(path(expected)), "{name}");
        }
        for (name, expected) in [
            ("folder", "it is a directory"),
            ("away", "it is a directory"),
            ("socket", "it is a socket"),
            ("lost", "it is a link to nowhere, which is not there"),
        ] {
            assert_eq!(found(name), Err(expected.to_owned()), "{name}");
        }
        assert!(matches!(destination(&path("file/x")), Err(Obstacle::Io(_))));
    }
}
