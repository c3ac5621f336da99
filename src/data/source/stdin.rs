//! A replayable copy of standard input.

use std::io::{self, ErrorKind, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Reads standard input from its first byte; every new value replays it.
#[derive(Debug, Default)]
pub(crate) struct Spooled {
    at: usize,
}

/// Whether any of it was kept.
pub(crate) fn is_kept() -> bool {
    !lock().blocks.is_empty()
}

impl Read for Spooled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut spool = lock();
        if self.at == spool.blocks.len() * BLOCK_BYTES {
            spool.read_on()?;
        }
        let Some(block) = spool.blocks.get(self.at / BLOCK_BYTES) else { return Ok(0) };
        let count = (&block[self.at % BLOCK_BYTES..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

/// Bytes per block; the last block may be shorter.
const BLOCK_BYTES: usize = 1 << 16;

/// What was read so far. It grows without copying, and reads no more than is asked for.
static SPOOL: Mutex<Spool> = Mutex::new(Spool { blocks: Vec::new(), end: None });

struct Spool {
    blocks: Vec<Vec<u8>>,
    end: Option<End>,
}

#[derive(Clone, Copy)]
enum End {
    /// The end of the input.
    Reached,
    /// An OS error code. Reading on would leave a gap.
    Failed(Option<i32>),
}

impl Spool {
    /// Reads the next block, unless there is none.
    fn read_on(&mut self) -> io::Result<()> {
        match self.end {
            Some(End::Reached) => return Ok(()),
            Some(End::Failed(number)) => {
                return Err(number.map_or(ErrorKind::Other.into(), io::Error::from_raw_os_error));
            }
            None => {}
        }
        let mut block = Vec::new();
        let reserved = block.try_reserve_exact(BLOCK_BYTES).and_then(|()| self.blocks.try_reserve(1));
        reserved.map_err(|_| ErrorKind::OutOfMemory)?;
        let read = io::stdin().lock().take(BLOCK_BYTES as u64).read_to_end(&mut block);
        let count = read.inspect_err(|error| self.end = Some(End::Failed(error.raw_os_error())))?;
        if count < BLOCK_BYTES {
            self.end = Some(End::Reached);
        }
        if count > 0 {
            self.blocks.push(block);
        }
        Ok(())
    }
}

fn lock() -> MutexGuard<'static, Spool> {
    SPOOL.lock().unwrap_or_else(PoisonError::into_inner)
}
