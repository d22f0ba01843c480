//! The small dense algebra of the estimation: Cholesky factors, solutions and inverses of matrices of a few rows, stored by rows.

/// Factors a symmetric positive definite matrix in place (lower triangle); `None` if a pivot is below `tolerance` of its diagonal.
pub(crate) fn cholesky(a: &mut [f64], n: usize, tolerance: f64) -> Option<()> {
    for j in 0..n {
        let before = a[j * n + j];
        let mut pivot = before;
        for k in 0..j {
            pivot -= a[j * n + k] * a[j * n + k];
        }
        if !(pivot > tolerance * before.abs()) || !pivot.is_finite() {
            return None;
        }
        let pivot = libm::sqrt(pivot);
        a[j * n + j] = pivot;
        for i in j + 1..n {
            let mut x = a[i * n + j];
            for k in 0..j {
                x -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = x / pivot;
        }
    }
    Some(())
}

/// Solves L L' x = b in place.
pub(crate) fn solve(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let mut x = b[i];
        for k in 0..i {
            x -= l[i * n + k] * b[k];
        }
        b[i] = x / l[i * n + i];
    }
    for i in (0..n).rev() {
        let mut x = b[i];
        for k in i + 1..n {
            x -= l[k * n + i] * b[k];
        }
        b[i] = x / l[i * n + i];
    }
}

/// The inverse of a symmetric positive definite matrix; `None` if it is not.
pub(crate) fn inverse(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = a.to_vec();
    cholesky(&mut l, n, 1e-13)?;
    let mut out = vec![0.0; n * n];
    let mut column = vec![0.0; n];
    for j in 0..n {
        column.iter_mut().for_each(|x| *x = 0.0);
        column[j] = 1.0;
        solve(&l, n, &mut column);
        for i in 0..n {
            out[i * n + j] = column[i];
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_is_one() {
        let a = [4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0];
        let b = inverse(&a, 3).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let x: f64 = (0..3).map(|k| a[i * 3 + k] * b[k * 3 + j]).sum();
                assert!((x - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        assert!(inverse(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
