//! An open directory. What is done in it is done in this very directory, wherever its path leads by then.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// For new files and directories, before the mask of the process.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o777);

/// Set once a file system cannot sync a file or directory.
static IS_UNSYNCED: AtomicBool = AtomicBool::new(false);

/// A directory that is open.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
    /// Where it was when it was opened, for messages.
    path: PathBuf,
}

/// What a directory holds under a name.
#[derive(Clone, Debug)]
pub(crate) struct FolderEntry {
    pub(crate) name: OsString,
    pub(crate) is_file: bool,
    pub(crate) is_folder: bool,
}

impl Folder {
    /// Opens a directory; the links in `path` are followed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let place = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let fd = rustix::fs::open(place, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// The directory that a file or directory `path` is in, and its name there.
    pub(crate) fn parent_of(path: &Path) -> io::Result<(Self, OsString)> {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok((Self::open(parent)?, name.to_owned())),
            _ => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Opens the directory `name` in this one; a link is not followed.
    pub(crate) fn folder(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name.as_ref(), flags, Mode::empty())?;
        Ok(Self { fd, path: self.path.join(name) })
    }

    /// Makes the directory `name`, unless it exists, and opens it.
    pub(crate) fn make_folder(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        match self.create_folder(name.as_ref()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        self.folder(name)
    }

    /// Makes the directory `name`, which must not exist.
    pub(crate) fn create_folder(&self, name: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.fd, name.as_ref(), FOLDER_MODE)?)
    }

    /// Another handle of the same directory.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { fd: self.fd.try_clone()?, path: self.path.clone() })
    }

    /// Where the directory was when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a regular file for reading; a link is not followed, and a pipe is not waited for.
    pub(crate) fn open_file(&self, name: impl AsRef<Path>) -> io::Result<File> {
        self.open_regular(name.as_ref(), OFlags::RDONLY)
    }

    /// Opens a regular file for reading and for writing at its end; makes it unless it exists.
    pub(crate) fn append_to(&self, name: impl AsRef<Path>) -> io::Result<File> {
        self.open_regular(name.as_ref(), OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)
    }

    fn open_regular(&self, name: &Path, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.fd, name, flags, FILE_MODE)?);
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Err(io::Error::other("it is not a regular file"))
    }

    /// Opens a new file, for writing, which must not exist.
    pub(crate) fn create_file(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.fd, name.as_ref(), flags, FILE_MODE)?.into())
    }

    /// Gives another name to what is called `from`, in place of what has that name.
    pub(crate) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from.as_ref(), &self.fd, to.as_ref())?)
    }

    /// Exchanges what is called `left` and what is called `right`, at once. False where the file system cannot.
    pub(crate) fn exchange(&self, left: impl AsRef<Path>, right: impl AsRef<Path>) -> io::Result<bool> {
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        {
            let flags = rustix::fs::RenameFlags::EXCHANGE;
            match rustix::fs::renameat_with(&self.fd, left.as_ref(), &self.fd, right.as_ref(), flags) {
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
                exchanged => Ok(exchanged.map(|()| true)?),
            }
        }
        #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
        {
            let _ = (left, right);
            Ok(false)
        }
    }

    /// Removes a file or link.
    pub(crate) fn remove_file(&self, name: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name.as_ref(), AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub(crate) fn remove_folder(&self, name: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name.as_ref(), AtFlags::REMOVEDIR)?)
    }

    /// What is in the directory, in no order.
    pub(crate) fn entries(&self) -> io::Result<Vec<FolderEntry>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            if [c".", c".."].contains(&entry.file_name()) {
                continue;
            }
            // Not every file system says the kind.
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    let name = OsStr::from_bytes(entry.file_name().to_bytes());
                    self.kind(name)?.unwrap_or(FileType::Unknown)
                }
                kind => kind,
            };
            entries.push(FolderEntry {
                name: OsStr::from_bytes(entry.file_name().to_bytes()).to_owned(),
                is_file: kind == FileType::RegularFile,
                is_folder: kind == FileType::Directory,
            });
        }
        Ok(entries)
    }

    /// What has this name, a link itself; none if nothing has.
    pub(crate) fn stat(&self, name: impl AsRef<Path>) -> io::Result<Option<Stat>> {
        match rustix::fs::statat(&self.fd, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            stat => Ok(Some(stat?)),
        }
    }

    /// The kind of what has this name, a link itself; none if nothing has.
    pub(crate) fn kind(&self, name: impl AsRef<Path>) -> io::Result<Option<FileType>> {
        Ok(self.stat(name)?.map(|stat| FileType::from_raw_mode(stat.st_mode)))
    }

    /// Whether the directory was removed since it was opened.
    pub(crate) fn is_removed(&self) -> bool {
        rustix::fs::fstat(&self.fd).is_ok_and(|stat| stat.st_nlink == 0)
    }

    /// Whether `path` is known to lead elsewhere.
    pub(crate) fn is_not_at(&self, path: &Path) -> bool {
        match (rustix::fs::fstat(&self.fd), rustix::fs::statat(CWD, path, AtFlags::empty())) {
            (Ok(here), Ok(there)) => (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino),
            (_, Err(error)) => error == Errno::NOENT,
            (Err(_), _) => false,
        }
    }

    /// Makes names in the directory last through a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        unless_unsupported(rustix::fs::fsync(&self.fd))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Makes what was written to `file` last through a power cut.
pub(crate) fn sync_file(file: &File) -> io::Result<()> {
    unless_unsupported(rustix::fs::fdatasync(file))
}

/// Files are written to a file system that cannot sync, too.
fn unless_unsupported(synced: rustix::io::Result<()>) -> io::Result<()> {
    match synced {
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => {
            IS_UNSYNCED.store(true, Ordering::Relaxed);
            Ok(())
        }
        synced => Ok(synced?),
    }
}

/// Whether something was written to a file system that cannot sync it.
pub(crate) fn is_unsynced() -> bool {
    IS_UNSYNCED.load(Ordering::Relaxed)
}
