//! Whether a series should be differenced: the KPSS test of a level (Kwiatkowski, Phillips, Schmidt and Shin 1992) as
//! `urca::ur.kpss` computes it, and the number of differences it asks for (`forecast::ndiffs`).

/// The 5 % critical value of the test of a level.
pub const CRITICAL: f64 = 0.463;

/// The KPSS statistic of a level, missing points dropped; `None` where it is undefined.
///
/// ```
/// use setpoint::forecast::unit_root::{CRITICAL, kpss};
/// let trend: Vec<f64> = (0..50).map(f64::from).collect();
/// assert!(kpss(&trend).is_some_and(|eta| eta > CRITICAL));
/// ```
#[must_use]
pub fn kpss(series: &[f64]) -> Option<f64> {
    let x: Vec<f64> = series.iter().copied().filter(|v| !v.is_nan()).collect();
    let n = x.len();
    if n == 0 {
        return None;
    }
    let count = n as f64;
    let mean = x.iter().sum::<f64>() / count;
    let e: Vec<f64> = x.iter().map(|v| v - mean).collect();
    let lags = (3.0 * libm::sqrt(count) / 13.0) as usize;
    let mut variance = e.iter().map(|v| v * v).sum::<f64>() / count;
    for j in 1..=lags {
        let weight = 1.0 - j as f64 / (lags as f64 + 1.0);
        variance += 2.0 / count * weight * (j..n).map(|t| e[t] * e[t - j]).sum::<f64>();
    }
    let (mut level, mut sum) = (0.0, 0.0);
    for v in &e {
        level += v;
        sum += level * level;
    }
    let eta = sum / (count * count * variance);
    eta.is_finite().then_some(eta)
}

/// How many differences (at most `most`) the test asks for at 5 %. Undefined counts as "no"; if it becomes undefined after a
/// difference, that difference is taken back.
#[must_use]
pub fn differences(series: &[f64], most: usize) -> usize {
    let mut x = series.to_vec();
    let mut d = 0;
    while d < most && !is_constant(&x) {
        match kpss(&x) {
            Some(eta) if eta > CRITICAL => {
                x = (1..x.len()).map(|t| x[t] - x[t - 1]).collect();
                d += 1;
                if kpss(&x).is_none() && !is_constant(&x) {
                    return d - 1;
                }
            }
            _ => break,
        }
    }
    d
}

fn is_constant(x: &[f64]) -> bool {
    let mut seen = x.iter().filter(|v| !v.is_nan());
    seen.next().is_none_or(|first| seen.all(|v| v == first))
}
