//! The exact test of differences within pairs.

use rand::RngCore;

use crate::random::stream;

/// Up to this number of pairs all signs are tried: `2^15` sums of each half.
const MAX_EXACT: usize = 30;
/// Draws for more pairs.
const DRAWS: usize = 100_000;

/// The two-sided p value of the sign-flip test: if it makes no difference which network is which, the
/// difference of each pair is as likely to have the other sign. The share of all `2^n` choices of
/// signs whose sum is at least as far from 0 as that of `differences`. It is exact, without any
/// assumption about the distribution but that the networks of a pair can be exchanged.
///
/// For more than 30 pairs, `(c + 1) / (N + 1)` of `N` = 100,000 draws of signs, always the same ones.
///
/// Fisher, "The design of experiments", 1935, section 21; Phipson and Smyth, "Permutation p-values
/// should never be zero", 2010.
pub fn sign_flip_p(differences: &[f64]) -> f64 {
    let sum: f64 = differences.iter().sum();
    let scale: f64 = differences.iter().map(|difference| difference.abs()).sum();
    // Sums of the same numbers in another order are equal but for rounding.
    let bound = sum.abs() - 1e-12 * scale;
    if bound <= 0.0 {
        return 1.0;
    }
    match differences.len() <= MAX_EXACT {
        true => exact(differences, bound),
        false => drawn(differences, bound),
    }
}

/// The smallest p value that [`sign_flip_p`] of `n_pairs` differences can have: all on one side.
pub fn smallest_sign_flip_p(n_pairs: usize) -> f64 {
    match n_pairs {
        0 => 1.0,
        1..=MAX_EXACT => (0.5_f64).powi(n_pairs as i32 - 1),
        _ => 1.0 / (DRAWS + 1) as f64,
    }
}

/// Each sum is one of the first half and one of the second; of the latter, sorted, those that reach the
/// bound are counted at once.
fn exact(differences: &[f64], bound: f64) -> f64 {
    let (first, second) = differences.split_at(differences.len() / 2);
    let (first, mut second) = (signed_sums(first), signed_sums(second));
    second.sort_by(f64::total_cmp);
    let reaching = |sum: &f64| {
        let above = second.len() - second.partition_point(|other| *other < bound - sum);
        let below = second.partition_point(|other| *other <= -bound - sum);
        (above + below) as f64
    };
    first.iter().map(reaching).sum::<f64>() / (first.len() as f64 * second.len() as f64)
}

/// The sums with all choices of signs.
fn signed_sums(differences: &[f64]) -> Vec<f64> {
    differences.iter().fold(vec![0.0], |sums, difference| {
        sums.iter().flat_map(|sum| [sum + difference, sum - difference]).collect()
    })
}

/// Eight differences at once: a byte of random bits picks their sum from a table.
fn drawn(differences: &[f64], bound: f64) -> f64 {
    let tables: Vec<Vec<f64>> = differences.chunks(8).map(signed_sums).collect();
    let mut random = stream(0, "sign_flip", &[]);
    let mut bytes = vec![0; tables.len()];
    let mut reaching = 0_usize;
    for _ in 0..DRAWS {
        random.fill_bytes(&mut bytes);
        let sum: f64 =
            tables.iter().zip(&bytes).map(|(table, &byte)| table[usize::from(byte) % table.len()]).sum();
        reaching += usize::from(bound <= sum.abs());
    }
    (reaching + 1) as f64 / (DRAWS + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::statistics::example;

    #[test]
    fn the_example_has_four_of_256_signs() {
        assert_eq!(sign_flip_p(&example::differences()), 4.0 / 256.0);
    }

    #[test]
    fn few_pairs_have_a_smallest_p() {
        for (n, smallest) in [(0, 1.0), (1, 1.0), (5, 0.0625), (6, 0.03125), (8, 0.0078125)] {
            assert_eq!(smallest_sign_flip_p(n), smallest);
            let same_side: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
            assert_eq!(sign_flip_p(&same_side), smallest, "{n}");
        }
    }

    #[test]
    fn equal_sums_in_another_order_are_ties() {
        // 0.1 + 0.2 - 0.3 is not 0 in binary: all signs reach it.
        assert_eq!(sign_flip_p(&[0.1, 0.2, -0.3]), 1.0);
        assert_eq!(sign_flip_p(&[0.0; 6]), 1.0);
        // |0.3 + 0.1 - 0.1| and |0.3 - 0.1 + 0.1|, with and without the other sign, and |0.5| twice.
        assert_eq!(sign_flip_p(&[0.3, 0.1, -0.1]), 6.0 / 8.0);
    }

    #[test]
    fn draws_come_near_the_exact_value() {
        let differences: Vec<f64> = (0..30).map(|i| f64::from(i % 7) - 2.2).collect();
        let sum: f64 = differences.iter().sum();
        let (exact, drawn) = (exact(&differences, sum.abs()), drawn(&differences, sum.abs()));
        // Standard deviation below 0.0016.
        assert!((exact - drawn).abs() < 0.005, "{exact} {drawn}");
        let more: Vec<f64> = (0..31).map(f64::from).collect();
        assert_eq!(sign_flip_p(&more), smallest_sign_flip_p(31));
    }
}
