//! Minimising a smooth function of a few variables: BFGS with a dense inverse Hessian and a backtracking line search that
//! interpolates. Deterministic; it knows nothing of what it minimises.

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// Largest entry of the gradient in absolute value.
    pub(crate) gradient: f64,
    /// Relative change of the value, twice in a row.
    pub(crate) change: f64,
    pub(crate) iterations: usize,
}

/// Where it stopped.
#[derive(Clone, Debug)]
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    pub(crate) value: f64,
    pub(crate) converged: bool,
}

/// No coordinate moves further than this in one step.
const LONGEST: f64 = 1.5;

/// Minimises `f`, which writes its gradient and returns its value, or `None` where it has none. `metric` is a first guess of the
/// inverse second derivatives. `known` points end the search when it comes close to one: it would end there.
pub(crate) fn minimize(
    mut f: impl FnMut(&[f64], &mut [f64]) -> Option<f64>,
    start: &[f64],
    metric: &[f64],
    stop: Stop,
    known: &[Minimum],
) -> Option<Minimum> {
    let n = start.len();
    let mut x = start.to_vec();
    let mut g = vec![0.0; n];
    let mut value = f(&x, &mut g)?;
    let mut h = vec![0.0; n * n];
    let reset = |h: &mut [f64]| {
        h.iter_mut().for_each(|e| *e = 0.0);
        (0..n).for_each(|i| h[i * n + i] = metric[i]);
    };
    reset(&mut h);
    let (mut direction, mut trial, mut g_trial) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut quiet = 0;
    let mut fresh = true;
    for _ in 0..stop.iterations {
        let steepest = g.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        if steepest < stop.gradient {
            return Some(Minimum { at: x, value, converged: true });
        }
        let near =
            |m: &Minimum| m.at.iter().zip(&x).all(|(a, b)| (a - b).abs() < 0.05) && value >= m.value - 1e-9;
        if known.iter().any(near) {
            return Some(Minimum { at: x, value, converged: true });
        }
        for i in 0..n {
            direction[i] = -(0..n).map(|j| h[i * n + j] * g[j]).sum::<f64>();
        }
        let mut slope: f64 = direction.iter().zip(&g).map(|(d, g)| d * g).sum();
        if !(slope < 0.0) {
            reset(&mut h);
            fresh = true;
            for i in 0..n {
                direction[i] = -metric[i] * g[i];
            }
            slope = direction.iter().zip(&g).map(|(d, g)| d * g).sum();
        }
        let longest = direction.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        let mut step = if longest > LONGEST { LONGEST / longest } else { 1.0 };
        let mut accepted = None;
        for _ in 0..25 {
            for i in 0..n {
                trial[i] = x[i] + step * direction[i];
            }
            match f(&trial, &mut g_trial) {
                Some(v) if v <= value + 1e-4 * step * slope => {
                    accepted = Some(v);
                    break;
                }
                Some(v) => {
                    let bent = -slope * step * step / (2.0 * (v - value - slope * step));
                    step = if bent.is_finite() { bent.clamp(0.1 * step, 0.5 * step) } else { 0.3 * step };
                }
                None => step *= 0.25,
            }
        }
        let Some(next) = accepted else {
            if fresh {
                return Some(Minimum { at: x, value, converged: true });
            }
            reset(&mut h);
            fresh = true;
            continue;
        };
        let small = (value - next).abs() <= stop.change * (value.abs() + 1.0);
        quiet = if small { quiet + 1 } else { 0 };
        update(&mut h, n, &x, &trial, &g, &g_trial);
        fresh = false;
        core::mem::swap(&mut x, &mut trial);
        core::mem::swap(&mut g, &mut g_trial);
        value = next;
        if quiet >= 2 {
            return Some(Minimum { at: x, value, converged: true });
        }
    }
    Some(Minimum { at: x, value, converged: false })
}

fn update(h: &mut [f64], n: usize, from: &[f64], to: &[f64], g_from: &[f64], g_to: &[f64]) {
    let s: Vec<f64> = to.iter().zip(from).map(|(a, b)| a - b).collect();
    let y: Vec<f64> = g_to.iter().zip(g_from).map(|(a, b)| a - b).collect();
    let sy: f64 = s.iter().zip(&y).map(|(a, b)| a * b).sum();
    let (ss, yy) = (s.iter().map(|a| a * a).sum::<f64>(), y.iter().map(|a| a * a).sum::<f64>());
    if !(sy > 1e-10 * libm::sqrt(ss * yy)) {
        return;
    }
    let hy: Vec<f64> = (0..n).map(|i| (0..n).map(|j| h[i * n + j] * y[j]).sum()).collect();
    let yhy: f64 = y.iter().zip(&hy).map(|(a, b)| a * b).sum();
    let scale = (1.0 + yhy / sy) / sy;
    for i in 0..n {
        for j in 0..n {
            h[i * n + j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let f = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            Some(a * a + 100.0 * b * b)
        };
        let stop = Stop { gradient: 1e-8, change: 0.0, iterations: 200 };
        let found = minimize(f, &[-1.2, 1.0], &[1e-3, 1e-3], stop, &[]).unwrap();
        assert!(found.converged && (found.at[0] - 1.0).abs() < 1e-6 && (found.at[1] - 1.0).abs() < 1e-6);
    }
}
