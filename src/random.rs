//! Random streams keyed by what they are for, never by the order of draws.
//!
//! A stream is ChaCha8 seeded with SHA-256 over the seed, the purpose and the indices. Adding a
//! layer, an epoch or a norm therefore moves no other stream, which is what keeps twins exact.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The stream of (`seed`, `purpose`, `indices`).
///
/// Purposes in use: `"split"`; `"init"` with the ordinal of the affine layer; `"shuffle"` with the
/// epoch; `"dropout"`, `"alpha_dropout"` and `"noise_only"` with the ordinal of the layer of that kind and the step; `"gradcheck"` with what is
/// drawn and the tensor; `"sign_flip"` for the signs of differences; `"power"` with the number of pairs for simulated studies;
/// `"lanczos"` for the first vector; `"probe"` for the rows that a network is measured on; `"explain"` with the repeat for
/// permutations of a column, `"explain_rows"` for the rows that are explained; `"calibration"` for the
/// validation rows whose scores a model keeps.
pub fn stream(seed: u64, purpose: &str, indices: &[u64]) -> ChaCha8Rng {
    let mut key = Sha256::new();
    key.update(b"bntrain/1");
    key.update(seed.to_le_bytes());
    key.update((purpose.len() as u64).to_le_bytes());
    key.update(purpose);
    for index in indices {
        key.update(index.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key.finalize().into())
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    fn first(seed: u64, purpose: &str, indices: &[u64]) -> u64 {
        stream(seed, purpose, indices).next_u64()
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let one = first(7, "init", &[1]);
        assert_eq!(one, first(7, "init", &[1]));
        for other in
            [first(8, "init", &[1]), first(7, "shuffle", &[1]), first(7, "init", &[2]), first(7, "init", &[])]
        {
            assert_ne!(one, other);
        }
    }
}
