//! A file that appears under its name when it is complete, or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FallocateFlags, FileType, Gid, Mode, Uid};
use rustix::io::Errno;

use crate::output_file::folder::{Folder, sync_file};

/// The end of the name of a file that is not complete.
const TEMPORARY: &str = ".bntrain-tmp";

/// A new file. Dropped before [`commit`](Self::commit), it leaves nothing.
#[derive(Debug)]
pub(crate) struct NewFile<'a> {
    folder: Held<'a>,
    file: File,
    name: OsString,
    /// What it is called until it is complete; none while it has no name at all.
    temporary: Option<OsString>,
    /// Bytes of the disk that were taken before they are needed.
    reserved: u64,
}

#[derive(Debug)]
enum Held<'a> {
    Own(Folder),
    Borrowed(&'a Folder),
}

impl NewFile<'static> {
    /// Begins the file `path`, see [`destination`](super::destination).
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let (folder, name) = Folder::parent_of(path)?;
        NewFile::begin(Held::Own(folder), &name)
    }

    /// Begins the file `name` in `folder` with `bytes` of the disk, where the file system can reserve them. What is not
    /// needed is given back when the file is complete.
    pub(crate) fn reserve(folder: Folder, name: &str, bytes: u64) -> io::Result<Self> {
        let mut new = Self::begin(Held::Own(folder), name.as_ref())?;
        let reserve = || rustix::fs::fallocate(&new.file, FallocateFlags::empty(), 0, bytes);
        match rustix::io::retry_on_intr(reserve) {
            Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => {}
            reserved => {
                reserved?;
                new.reserved = bytes;
            }
        }
        Ok(new)
    }
}

impl<'a> NewFile<'a> {
    /// Begins the file `name` in `folder`.
    pub(crate) fn create(folder: &'a Folder, name: impl AsRef<Path>) -> io::Result<Self> {
        Self::begin(Held::Borrowed(folder), name.as_ref().as_os_str())
    }

    fn begin(folder: Held<'a>, name: &OsStr) -> io::Result<Self> {
        let in_folder = folder.get();
        let (file, temporary) = match unnamed(in_folder)? {
            Some(file) => (file, None),
            None => {
                remove_abandoned(in_folder, name);
                let temporary = temporary_name(name);
                let file = in_folder.create_file(&temporary)?;
                // Shows that this process is still writing it; where there are no locks, nothing is removed either.
                let _ = file.try_lock();
                (file, Some(temporary))
            }
        };
        let new = Self { folder, file, name: name.to_owned(), temporary, reserved: 0 };
        new.keep_permissions()?;
        Ok(new)
    }

    /// The name that the file will have.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Gives `bytes` of what was reserved back; false if there are not as many.
    pub(crate) fn give_back(&mut self, bytes: u64) -> bool {
        let left = self.reserved.saturating_sub(bytes);
        let is_done = left > 0 && self.file.set_len(left).is_ok();
        if is_done {
            self.reserved = left;
        }
        is_done
    }

    /// Makes the file appear, for good.
    pub(crate) fn commit(self) -> io::Result<()> {
        self.commit_after(|_| Ok(()))
    }

    /// As [`commit`](Self::commit), with `before` done once the file is on the disk and before it appears.
    pub(crate) fn commit_after(mut self, before: impl FnOnce(&Folder) -> io::Result<()>) -> io::Result<()> {
        if self.reserved > 0 {
            let end = self.file.stream_position()?;
            self.file.set_len(end)?;
        }
        sync_file(&self.file)?;
        before(self.folder.get())?;
        self.appear()?;
        self.folder.get().sync()
    }

    fn appear(&mut self) -> io::Result<()> {
        let folder = self.folder.get();
        if self.temporary.is_none() {
            match link(&self.file, folder, &self.name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => return linked,
            }
            let temporary = temporary_name(&self.name);
            link(&self.file, folder, &temporary)?;
            self.temporary = Some(temporary);
        }
        let Some(temporary) = &self.temporary else { return Ok(()) };
        folder.rename(temporary, &self.name)?;
        self.temporary = None;
        Ok(())
    }

    /// A file that replaces another one keeps its mode and, where that is allowed, its owner.
    fn keep_permissions(&self) -> io::Result<()> {
        let Some(stat) = self.folder.get().stat(&self.name)? else { return Ok(()) };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(());
        }
        let owner = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
        match rustix::fs::fchown(&self.file, Some(owner.0), Some(owner.1)) {
            Err(Errno::PERM) => {}
            changed => changed?,
        }
        Ok(rustix::fs::fchmod(&self.file, Mode::from_raw_mode(stat.st_mode))?)
    }
}

impl Held<'_> {
    fn get(&self) -> &Folder {
        match self {
            Held::Own(folder) => folder,
            Held::Borrowed(folder) => folder,
        }
    }
}

impl Write for NewFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What could not be written could not be removed either; the first error is reported.
            let _ = self.folder.get().remove_file(temporary);
        }
    }
}

/// Whether `name` is one that an unfinished file may have been left under by a process that was killed.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(TEMPORARY))
}

/// Removes what processes that were killed have left of the file `name`.
fn remove_abandoned(folder: &Folder, name: &OsStr) {
    let prefix = [b".", name.as_bytes(), b"."].concat();
    for entry in folder.entries().unwrap_or_default() {
        let is_ours =
            entry.is_file && is_temporary(&entry.name) && entry.name.as_bytes().starts_with(&prefix);
        if is_ours && folder.open_file(&entry.name).is_ok_and(|file| file.try_lock().is_ok()) {
            // What cannot be removed does no harm.
            let _ = folder.remove_file(&entry.name);
        }
    }
}

/// Removes such files; nothing else may be writing to `folder`.
pub(crate) fn remove_temporary_files(folder: &Folder) -> io::Result<()> {
    let entries = folder.entries()?.into_iter();
    let mut left = entries.filter(|entry| entry.is_file && is_temporary(&entry.name));
    left.try_for_each(|entry| folder.remove_file(&entry.name))
}

fn temporary_name(name: &OsStr) -> OsString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut temporary = OsString::from(".");
    temporary.push(name);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    temporary.push(format!(".{}-{number}{TEMPORARY}", process::id()));
    temporary
}

/// A file without a name, which goes away with its process; none where the system has no such files.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Folder) -> io::Result<Option<File>> {
    use rustix::fs::OFlags;

    // Names are given to such files through /proc.
    if !Path::new("/proc/self/fd").exists() {
        return Ok(None);
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, ".", flags, Mode::from_raw_mode(0o666)) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::NOTSUP | Errno::ISDIR | Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Folder) -> io::Result<Option<File>> {
    Ok(None)
}

/// Gives a name to a file that has none.
#[cfg(target_os = "linux")]
fn link(file: &File, folder: &Folder, name: &OsStr) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD};

    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, source, folder, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Folder, _: &OsStr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_of_processes_that_were_killed_are_removed() {
        let work = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::open(work.path()).expect("it is there");
        let left = [
            ".a.csv.1-0.bntrain-tmp",
            ".a.csv.2-7.bntrain-tmp",
            ".b.csv.1-0.bntrain-tmp",
            ".a.csv.tmp",
            "a.csv",
        ];
        for name in left {
            fs::write(work.path().join(name), "").expect("a file");
        }
        let in_use = fs::File::open(work.path().join(left[1])).expect("a file");
        in_use.lock().expect("a lock");
        remove_abandoned(&folder, OsStr::new("a.csv"));
        let is_there = left.map(|name| work.path().join(name).exists());
        assert_eq!(is_there, [false, true, true, true, true]);
        remove_temporary_files(&folder).expect("they can be removed");
        assert_eq!(left.map(|name| work.path().join(name).exists()), [false, false, false, true, true]);
    }

    #[test]
    fn what_is_reserved_is_given_back() {
        use std::os::unix::fs::MetadataExt;

        let work = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::open(work.path()).expect("it is there");
        let reserve = |bytes| NewFile::reserve(folder.try_clone().expect("a handle"), "file", bytes);
        let mut file = reserve(300_000).expect("there is space");
        if file.reserved == 0 {
            return; // Not every file system can.
        }
        let blocks = |file: &NewFile<'_>| file.file.metadata().expect("it is open").blocks();
        assert!(blocks(&file) * 512 >= 300_000);
        assert!(!file.give_back(300_000) && file.give_back(200_000));
        assert!((100_000..200_000).contains(&(blocks(&file) * 512)));
        file.write_all(b"short").expect("it can be written");
        file.commit().expect("it can be written");
        assert_eq!(fs::read(work.path().join("file")).expect("a file"), b"short");
        assert!(reserve(1 << 60).is_err());
        drop(reserve(1000).expect("there is space"));
        assert_eq!(fs::read_dir(work.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let work = tempfile::tempdir().expect("a temporary folder");
        let path = work.path().join("file");
        let names = || fs::read_dir(work.path()).expect("a folder").count();
        let mut file = NewFile::at(&path).expect("it can be written");
        file.write_all(b"never").expect("it can be written");
        drop(file);
        assert_eq!(names(), 0);
        for text in ["first", "second"] {
            let mut file = NewFile::at(&path).expect("it can be written");
            file.write_all(text.as_bytes()).expect("it can be written");
            file.commit().expect("it can be written");
            assert_eq!((fs::read_to_string(&path).expect("a file").as_str(), names()), (text, 1));
        }
        // What fails after the file is complete leaves nothing, either.
        let mut file = NewFile::at(&path).expect("it can be written");
        file.write_all(b"third").expect("it can be written");
        assert!(file.commit_after(|_| Err(io::ErrorKind::Other.into())).is_err());
        fs::remove_file(&path).and_then(|()| fs::create_dir(&path)).expect("a folder");
        let mut file = NewFile::at(&path).expect("it can be written");
        file.write_all(b"fourth").expect("it can be written");
        assert!(file.commit().is_err());
        assert_eq!(names(), 1);
    }
}
