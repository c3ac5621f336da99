//! Counts of pairs.

/// The two-sided p value of the sign test: how likely a fair coin divides `first + second` throws at
/// least as unevenly, `min(1, 2 P(X <= min(first, second)))` for binomial `X` with probability 1/2.
/// For runs that only one network of a pair lost, this is McNemar's exact test. 1 without any.
pub fn sign_test(first: usize, second: usize) -> f64 {
    let (fewer, n) = (first.min(second), first + second);
    // C(n, k) / 2^n, one after the other; 2^-n underflows for more than 1000 pairs, its logarithm not.
    let mut log_term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = log_term.exp();
    for k in 0..fewer {
        log_term += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
        tail += log_term.exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_binomial() {
        assert_eq!(sign_test(0, 0), 1.0);
        assert_eq!(sign_test(3, 3), 1.0);
        for (first, second, expected) in
            [(0, 5, 0.0625), (7, 1, 18.0 / 256.0), (170, 12, 6.676_612_6e-37), (0, 2000, 0.0)]
        {
            let actual = sign_test(first, second);
            assert!((actual - expected).abs() <= 1e-4 * expected + 1e-300, "{first} {second}: {actual:e}");
        }
    }
}
