//! Numbers in memory or in a memory-mapped file.

#![expect(unsafe_code, reason = "the one call that maps a file into memory")]

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;
use zerocopy::{FromBytes, Immutable};

/// A file whose bytes are read as if they were in memory; the system loads and evicts them as it needs.
#[derive(Clone, Debug)]
pub struct Mapped(Arc<Mmap>);

impl Mapped {
    /// Maps a whole file, which must not change while it is mapped.
    ///
    /// # Errors
    ///
    /// If the system cannot map it, as when it is empty.
    pub fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the map is read-only, and the file is not changed: it is a temporary file of this process
        // without a name, so nothing else can open it.
        let map = unsafe { Mmap::map(file) }?;
        Ok(Self(Arc::new(map)))
    }

    /// Tells the system to expect reads in random order. Otherwise it also loads what follows each of
    /// them: megabytes for every row when memory is short.
    pub fn expect_random_access(&self) {
        // Without it everything works, only slower.
        #[cfg(unix)]
        let _ = self.0.advise(memmap2::Advice::Random);
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Numbers in memory or in a mapped file.
#[derive(Clone, Debug)]
pub enum Numbers<T> {
    /// In memory.
    Owned(Vec<T>),
    /// A range of the bytes of a file, checked to be aligned for `T`.
    Mapped(Mapped, Range<usize>),
}

impl<T: FromBytes + Immutable> Numbers<T> {
    /// `count` numbers from byte `start` of a mapped file; `None` if there are fewer, or if they are not
    /// aligned.
    pub fn mapped(file: &Mapped, start: usize, count: usize) -> Option<Self> {
        let end = count.checked_mul(size_of::<T>()).and_then(|length| start.checked_add(length))?;
        let bytes = file.bytes().get(start..end)?;
        <[T]>::ref_from_bytes(bytes).ok()?;
        Some(Self::Mapped(file.clone(), start..end))
    }
}

impl<T: FromBytes + Immutable> Deref for Numbers<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(numbers) => numbers,
            Self::Mapped(file, range) => match <[T]>::ref_from_bytes(&file.bytes()[range.clone()]) {
                Ok(numbers) => numbers,
                Err(_) => unreachable!("checked when it was made, and maps do not move"),
            },
        }
    }
}

impl<T: FromBytes + Immutable + PartialEq> PartialEq for Numbers<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zerocopy::IntoBytes;

    use super::*;

    #[test]
    fn mapped_numbers_are_those_that_were_written() {
        let values = [1.5_f64, -0.0, f64::NAN, 5e-324];
        let narrow = [1.5_f32, 3.0];
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(values.as_bytes()).expect("it can be written");
        file.write_all(narrow.as_bytes()).expect("it can be written");
        let map = Mapped::new(&file).expect("it can be mapped");

        let found = Numbers::<f64>::mapped(&map, 8, 3).expect("they are there");
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(&values[1..]));
        assert_eq!(Numbers::<f32>::mapped(&map, 32, 2), Some(Numbers::Owned(narrow.to_vec())));
        let others = [(4, 1), (0, 6), (40, 1), (usize::MAX, 1), (0, usize::MAX)];
        for (start, count) in others {
            assert_eq!(Numbers::<f64>::mapped(&map, start, count), None, "{count} from {start}");
        }
        // The numbers keep the map alive.
        drop((map, file));
        assert_eq!(found[0].to_bits(), (-0.0_f64).to_bits());
    }
}
