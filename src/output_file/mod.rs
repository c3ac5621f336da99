//! Writing files whole: links are followed, and only regular files are ever replaced.

mod folder;
mod new_file;

use std::fmt;
use std::fs::{self, FileType};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(crate) use crate::output_file::folder::{Folder, FolderEntry, is_unsynced, sync_file};
pub(crate) use crate::output_file::new_file::{NewFile, is_temporary, remove_temporary_files};
use crate::text::DisplayPath;

/// Why no file can be written at a path.
#[derive(Debug)]
pub(crate) enum BlockedPath {
    /// Something that is not a regular file; replacing it would destroy it.
    SpecialFile(SpecialFile),
    /// A link to this path, which does not exist.
    DanglingLink(PathBuf),
    /// The path cannot be examined.
    Io(io::Error),
}

/// Anything but a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpecialFile {
    Directory,
    Pipe,
    Socket,
    CharacterDevice,
    BlockDevice,
    Other,
}

/// The path to create or replace so that `path` names the new file: the end of the links if `path`
/// is a link, because renaming another file to `path` would replace the link itself.
pub(crate) fn destination(path: &Path) -> Result<PathBuf, BlockedPath> {
    // Nothing is opened here: opening a named pipe would wait for its other end.
    let is_link = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path.to_owned()),
        metadata => metadata.map_err(BlockedPath::Io)?.is_symlink(),
    };
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            Err(BlockedPath::SpecialFile(SpecialFile::of(metadata.file_type())))
        }
        Ok(_) if is_link => fs::canonicalize(path).map_err(BlockedPath::Io),
        Ok(_) => Ok(path.to_owned()),
        Err(error) if is_link && error.kind() == io::ErrorKind::NotFound => {
            Err(BlockedPath::DanglingLink(fs::read_link(path).map_err(BlockedPath::Io)?))
        }
        Err(error) => Err(BlockedPath::Io(error)),
    }
}

/// Writes a file that appears with all of `bytes` or not at all. Follows no links, see
/// [`destination`].
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::at(path)?;
    file.write_all(bytes)?;
    file.commit()
}

impl SpecialFile {
    /// The kind of something that is known not to be a regular file.
    pub(crate) fn of(kind: FileType) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            if kind.is_fifo() {
                return Self::Pipe;
            }
            if kind.is_socket() {
                return Self::Socket;
            }
            if kind.is_char_device() {
                return Self::CharacterDevice;
            }
            if kind.is_block_device() {
                return Self::BlockDevice;
            }
        }
        if kind.is_dir() { Self::Directory } else { Self::Other }
    }
}

impl fmt::Display for SpecialFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::Pipe => "a named pipe",
            Self::Socket => "a socket",
            Self::CharacterDevice => "a character device",
            Self::BlockDevice => "a block device",
            Self::Other => "a special file",
        })
    }
}

impl From<BlockedPath> for io::Error {
    fn from(blocked: BlockedPath) -> Self {
        match blocked {
            BlockedPath::SpecialFile(kind) => Self::other(format!("it is {kind}")),
            BlockedPath::DanglingLink(to) => {
                Self::other(format!("it is a link to {}, which does not exist", DisplayPath(&to)))
            }
            BlockedPath::Io(error) => error,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn links_are_followed_and_only_regular_files_are_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let real = folder.path().canonicalize().expect("it is there");
        let path = |name: &str| real.join(name);
        let found =
            |name: &str| destination(&path(name)).map_err(|blocked| io::Error::from(blocked).to_string());
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
            ("lost", "it is a link to nowhere, which does not exist"),
        ] {
            assert_eq!(found(name), Err(expected.to_owned()), "{name}");
        }
        assert!(matches!(destination(&path("file/x")), Err(BlockedPath::Io(_))));
    }
}
