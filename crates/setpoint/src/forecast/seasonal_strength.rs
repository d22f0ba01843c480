//! How strong a season is: one pass of STL (Cleveland, Cleveland, McRae and Terpenning 1990) with the windows of
//! `forecast::mstl`, and the share of the detrended variance that the season explains (`forecast::seas.heuristic`).

/// A season stronger than this is differenced away.
pub const BOUND: f64 = 0.64;

/// Seasonal, trend and remainder.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// What repeats.
    pub seasonal: Vec<f64>,
    /// What moves slowly.
    pub trend: Vec<f64>,
    /// What is left.
    pub remainder: Vec<f64>,
}

/// A smoother: its window, degree and jump.
#[derive(Clone, Copy)]
struct Smoother {
    window: usize,
    degree: usize,
    jump: usize,
}

impl Smoother {
    fn new(window: usize, degree: usize) -> Self {
        Self { window, degree, jump: window.div_ceil(10) }
    }

    /// The local fit of `y` (at 1, 2, ..) at `x`, from the points `left..=right` (1-based).
    fn at(&self, y: &[f64], x: f64, left: usize, right: usize) -> Option<f64> {
        let n = y.len();
        let mut reach = (x - left as f64).max(right as f64 - x);
        if self.window > n {
            reach += ((self.window - n) / 2) as f64;
        }
        let (far, near) = (0.999 * reach, 0.001 * reach);
        let mut weights: Vec<f64> = (left..=right)
            .map(|j| {
                let r = (j as f64 - x).abs();
                if r > far {
                    0.0
                } else if r <= near {
                    1.0
                } else {
                    let ratio = r / reach;
                    let cube = 1.0 - ratio * ratio * ratio;
                    cube * cube * cube
                }
            })
            .collect();
        let sum: f64 = weights.iter().sum();
        if sum.is_nan() || sum <= 0.0 {
            return None;
        }
        weights.iter_mut().for_each(|w| *w /= sum);
        if reach > 0.0 && self.degree > 0 {
            let middle: f64 = weights.iter().zip(left..).map(|(w, j)| w * j as f64).sum();
            let spread: f64 =
                weights.iter().zip(left..).map(|(w, j)| w * (j as f64 - middle) * (j as f64 - middle)).sum();
            if libm::sqrt(spread) > 0.001 * (n as f64 - 1.0) {
                let slope = (x - middle) / spread;
                weights.iter_mut().zip(left..).for_each(|(w, j)| *w *= slope * (j as f64 - middle) + 1.0);
            }
        }
        Some(weights.iter().zip(&y[left - 1..]).map(|(w, y)| w * y).sum())
    }

    fn smooth(&self, y: &[f64]) -> Vec<f64> {
        let n = y.len();
        if n < 2 {
            return y.to_vec();
        }
        let jump = self.jump.min(n - 1);
        let mut out = vec![0.0; n];
        let span = |i: usize| {
            if self.window >= n {
                return (1, n);
            }
            let half = self.window.div_ceil(2);
            let left = if i < half { 1 } else { (i - half + 1).min(n - self.window + 1) };
            (left, left + self.window - 1)
        };
        // With jumps the span follows the same centring as without.
        let mut i = 1;
        while i <= n {
            let (left, right) = span(i);
            out[i - 1] = self.at(y, i as f64, left, right).unwrap_or(y[i - 1]);
            i += jump;
        }
        if jump > 1 {
            let mut i = 1;
            while i + jump <= n {
                let step = (out[i + jump - 1] - out[i - 1]) / jump as f64;
                (1..jump).for_each(|j| out[i - 1 + j] = out[i - 1] + step * j as f64);
                i += jump;
            }
            let last = (n - 1) / jump * jump + 1;
            if last != n {
                let (left, right) = span(n);
                out[n - 1] = self.at(y, n as f64, left, right).unwrap_or(y[n - 1]);
                if last != n - 1 {
                    let step = (out[n - 1] - out[last - 1]) / (n - last) as f64;
                    (last + 1..n).for_each(|j| out[j - 1] = out[last - 1] + step * (j - last) as f64);
                }
            }
        }
        out
    }
}

fn moving_average(x: &[f64], length: usize) -> Vec<f64> {
    if x.len() < length {
        return Vec::new();
    }
    let mut sum: f64 = x[..length].iter().sum();
    let mut out = vec![sum / length as f64];
    for i in length..x.len() {
        sum = sum - x[i - length] + x[i];
        out.push(sum / length as f64);
    }
    out
}

fn next_odd(x: f64) -> usize {
    let n = libm::ceil(x) as usize;
    n | 1
}

/// The parts of a series without gaps that holds more than two seasons.
#[must_use]
pub fn parts(series: &[f64], period: usize) -> Option<Parts> {
    let n = series.len();
    if period < 2 || n <= 2 * period || series.iter().any(|y| !y.is_finite()) {
        return None;
    }
    let s = period as f64;
    let cycle = Smoother::new(11, 0);
    let slow = Smoother::new(next_odd(1.5 * s / (1.0 - 1.5 / 11.0)), 1);
    let low = Smoother::new(next_odd(s), 1);
    let mut trend = vec![0.0; n];
    let mut seasonal = vec![0.0; n];
    for _ in 0..2 {
        let mut extended = vec![0.0; n + 2 * period];
        for phase in 0..period {
            let y: Vec<f64> = (phase..n).step_by(period).map(|t| series[t] - trend[t]).collect();
            let k = y.len();
            let inner = cycle.smooth(&y);
            let right = cycle.window.min(k);
            let before = cycle.at(&y, 0.0, 1, right).unwrap_or(inner[0]);
            let left = if k > cycle.window { k - cycle.window + 1 } else { 1 };
            let after = cycle.at(&y, k as f64 + 1.0, left, k).unwrap_or(inner[k - 1]);
            extended[phase] = before;
            inner.iter().enumerate().for_each(|(i, v)| extended[phase + (i + 1) * period] = *v);
            extended[phase + (k + 1) * period] = after;
        }
        let level = moving_average(&moving_average(&moving_average(&extended, period), period), 3);
        let level = low.smooth(&level);
        for t in 0..n {
            seasonal[t] = extended[t + period] - level[t];
        }
        let rest: Vec<f64> = (0..n).map(|t| series[t] - seasonal[t]).collect();
        trend = slow.smooth(&rest);
    }
    let remainder = (0..n).map(|t| series[t] - seasonal[t] - trend[t]).collect();
    Some(Parts { seasonal, trend, remainder })
}

/// The strength of a season, 0 to 1; gaps are bridged by straight lines and left out of the variances. `None` if the series does not
/// hold more than two seasons.
///
/// ```
/// use setpoint::forecast::seasonal_strength::{BOUND, of};
/// let day: Vec<f64> = (0..96).map(|t| f64::from(t % 24)).collect();
/// assert!(of(&day, 24).is_some_and(|f| f > BOUND));
/// ```
#[must_use]
pub fn of(series: &[f64], period: usize) -> Option<f64> {
    let parts = parts(&super::arima::bridged(series), period)?;
    let seen = || (0..series.len()).filter(|t| !series[*t].is_nan());
    let variance = |of: &dyn Fn(usize) -> f64| {
        let n = seen().count() as f64;
        let mean = seen().map(of).sum::<f64>() / n;
        seen().map(|t| (of(t) - mean) * (of(t) - mean)).sum::<f64>() / (n - 1.0)
    };
    let rest = variance(&|t| parts.remainder[t]);
    let both = variance(&|t| parts.remainder[t] + parts.seasonal[t]);
    let strength = 1.0 - rest / both;
    (!strength.is_nan()).then(|| strength.clamp(0.0, 1.0))
}
