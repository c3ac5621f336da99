//! The eigenvalues of a symmetric tridiagonal matrix.

/// The eigenvalues of the matrix with `diagonal` and `off_diagonal` (one shorter), and for each the last entry of its
/// eigenvector of length 1, in no order. None if the iteration does not converge, which no finite matrix is known to
/// do.
///
/// The implicit QL method; only the last row of the product of its rotations is kept.
///
/// Source: Martin and Wilkinson, "The implicit QL algorithm", 1968.
pub(crate) fn eigenvalues(diagonal: &[f64], off_diagonal: &[f64]) -> Option<Vec<(f64, f64)>> {
    let n = diagonal.len();
    let mut d = diagonal.to_vec();
    let mut e = off_diagonal.to_vec();
    e.resize(n, 0.0);
    let mut last = vec![0.0; n];
    if let Some(entry) = last.last_mut() {
        *entry = 1.0;
    }
    for l in 0..n {
        let mut iterations = 0;
        loop {
            let is_small = |m: &usize| e[*m].abs() <= f64::EPSILON * (d[*m].abs() + d[*m + 1].abs());
            let m = (l..n - 1).find(is_small).unwrap_or(n - 1);
            if m == l {
                break;
            }
            iterations += 1;
            if iterations > 60 {
                return None;
            }
            sweep(&mut d, &mut e, &mut last, l, m);
        }
    }
    Some(d.into_iter().zip(last).collect())
}

/// One implicit QL step over the entries from `l` to `m`.
fn sweep(d: &mut [f64], e: &mut [f64], last: &mut [f64], l: usize, m: usize) {
    let half = (d[l + 1] - d[l]) / (2.0 * e[l]);
    let mut g = d[m] - d[l] + e[l] / (half + half.hypot(1.0).copysign(half));
    let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
    for i in (l..m).rev() {
        let f = sine * e[i];
        let b = cosine * e[i];
        let r = f.hypot(g);
        e[i + 1] = r;
        if r == 0.0 {
            d[i + 1] -= p;
            e[m] = 0.0;
            return;
        }
        (sine, cosine) = (f / r, g / r);
        g = d[i + 1] - p;
        let r = (d[i] - g) * sine + 2.0 * cosine * b;
        p = sine * r;
        d[i + 1] = g + p;
        g = cosine * r - b;
        let f = last[i + 1];
        last[i + 1] = sine * last[i] + cosine * f;
        last[i] = cosine * last[i] - sine * f;
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0.0;
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The second difference: `2 - 2 cos(k pi / (n + 1))`, eigenvectors `sin(i k pi / (n + 1))`.
    #[test]
    fn the_second_difference_has_known_eigenvalues() {
        let n = 20;
        let mut found = eigenvalues(&[2.0; 20], &[-1.0; 19]).expect("convergence");
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (k, (value, last)) in found.into_iter().enumerate() {
            let angle = (k + 1) as f64 * PI / f64::from(n + 1);
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-13);
            let expected = (2.0 / f64::from(n + 1)).sqrt() * (f64::from(n) * angle).sin();
            assert!((last.abs() - expected.abs()).abs() < 1e-12);
        }
    }

    #[test]
    fn small_matrices_have_eigenvalues() {
        assert_eq!(eigenvalues(&[3.0], &[]), Some(vec![(3.0, 1.0)]));
        assert_eq!(eigenvalues(&[], &[]), Some(Vec::new()));
        assert_eq!(eigenvalues(&[1.0, 2.0], &[0.0]), Some(vec![(1.0, 0.0), (2.0, 1.0)]));
    }
}
