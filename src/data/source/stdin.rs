//! A replayable copy of standard input.

use std::io::{self, ErrorKind, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Standard input, from its first byte for every new one of these.
#[derive(Debug, Default)]
pub(crate) struct Spooled {
    at: usize,
}

/// Whether some of it was kept.
pub(crate) fn is_kept() -> bool {
    !lock().pieces.is_empty()
}

impl Read for Spooled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut spool = lock();
        if self.at == spool.pieces.len() * PIECE {
            spool.read_on()?;
        }
        let Some(piece) = spool.pieces.get(self.at / PIECE) else { return Ok(0) };
        let count = (&piece[self.at % PIECE..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

/// Bytes of a piece; the last one may have fewer.
const PIECE: usize = 1 << 16;

/// What was read so far. Nothing is moved when it grows, and no more is read than is asked for.
static SPOOL: Mutex<Spool> = Mutex::new(Spool { pieces: Vec::new(), end: None });

struct Spool {
    pieces: Vec<Vec<u8>>,
    end: Option<End>,
}

#[derive(Clone, Copy)]
enum End {
    /// The end of the input.
    Reached,
    /// An error, by its number; what follows on it would have a gap before it.
    Failed(Option<i32>),
}

impl Spool {
    /// Reads the next piece, unless there is none.
    fn read_on(&mut self) -> io::Result<()> {
        match self.end {
            Some(End::Reached) => return Ok(()),
            Some(End::Failed(number)) => {
                return Err(number.map_or(ErrorKind::Other.into(), io::Error::from_raw_os_error));
            }
            None => {}
        }
        let mut piece = Vec::new();
        let reserved = piece.try_reserve_exact(PIECE).and_then(|()| self.pieces.try_reserve(1));
        reserved.map_err(|_| ErrorKind::OutOfMemory)?;
        let read = io::stdin().lock().take(PIECE as u64).read_to_end(&mut piece);
        let count = read.inspect_err(|error| self.end = Some(End::Failed(error.raw_os_error())))?;
        if count < PIECE {
            self.end = Some(End::Reached);
        }
        if count > 0 {
            self.pieces.push(piece);
        }
        Ok(())
    }
}

fn lock() -> MutexGuard<'static, Spool> {
    SPOOL.lock().unwrap_or_else(PoisonError::into_inner)
}
