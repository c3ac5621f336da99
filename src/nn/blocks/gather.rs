//! What the processes that train a network together tell each other.

/// The processes that train a network together, each with some of the blocks of a batch.
///
/// All call the same methods in the same order. What they exchange is put together, not added: who adds decides in which
/// order, and so a result does not depend on how many processes there are.
pub trait Gather: Send + Sync {
    /// How many there are.
    fn processes(&self) -> usize;

    /// Which one this is, from 0.
    fn process(&self) -> usize;

    /// The most bytes that can be put together at once.
    fn max_bytes(&self) -> usize {
        usize::MAX
    }

    /// Each process has a part of `bytes`, which ends at its entry of `ends`; afterwards all have all of them.
    fn all_gather(&self, bytes: &mut [u8], ends: &[usize]);

    /// Each process has a part of `sent` for each process, which ends at its entry of `sent_ends`; afterwards
    /// `received` has the parts for this one, in the order of the processes that they are from.
    fn all_to_all(&self, sent: &[u8], sent_ends: &[usize], received: &mut [u8], received_ends: &[usize]);
}

/// A single process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Gather for Alone {
    fn processes(&self) -> usize {
        1
    }

    fn process(&self) -> usize {
        0
    }

    fn all_gather(&self, _bytes: &mut [u8], _ends: &[usize]) {}

    fn all_to_all(&self, sent: &[u8], _sent_ends: &[usize], received: &mut [u8], _received_ends: &[usize]) {
        received.copy_from_slice(sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_process_receives_what_it_sends() {
        let mut received = [0; 3];
        Alone.all_to_all(&[1, 2, 3], &[3], &mut received, &[3]);
        assert_eq!(received, [1, 2, 3]);
        assert_eq!(Alone.max_bytes(), usize::MAX);
    }
}
