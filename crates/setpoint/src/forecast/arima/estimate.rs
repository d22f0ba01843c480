//! The search for the highest exact likelihood: from several fixed starts, then once more from the edge of invertibility, where
//! optima hide behind a dip. No randomness: the result is a function of the series and the orders alone.

use super::initial::{conditional, hannan_rissanen, innovations};
use super::likelihood::Likelihood;
use super::optimize::{Minimum, Stop, minimize};
use super::transform;

/// How far the search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Every start, to full precision.
    Thorough,
    /// The given start and Hannan-Rissanen's, to less precision; for comparing orders.
    Quick,
    /// What [`Self::Quick`] leaves out, but for conditional sums of squares, to the same precision.
    Wide,
}

/// Where a start may lie in partial autocorrelation.
const START_LIMIT: f64 = 0.97;

/// The half-width of numerical derivatives in free parameters.
const STEP: f64 = 1e-5;

/// Climbs from `start` to the nearest optimum.
pub(crate) fn climb(l: &mut Likelihood, start: &[f64], known: &[Minimum], precise: bool) -> Option<Minimum> {
    let blocks = l.blocks;
    let k = blocks.len();
    let n = l.used as f64;
    let (mut partials, mut c, mut by_c) = (vec![0.0; k], vec![0.0; k], vec![0.0; k]);
    let metric: Vec<f64> = start
        .iter()
        .map(|u| {
            let r = libm::tanh(*u);
            1.0 / (n * (1.0 - r * r).max(0.02))
        })
        .collect();
    let objective = |free: &[f64], out: &mut [f64]| {
        transform::coefficients(&blocks, free, &mut partials, &mut c);
        let (value, exact) = l.evaluate(&c, Some(&mut by_c))?;
        if exact {
            transform::gradient(&blocks, &partials, &mut by_c, out);
        } else {
            let mut moved = free.to_vec();
            for i in 0..k {
                let mut side = |h: f64| {
                    moved[i] = free[i] + h;
                    transform::coefficients(&blocks, &moved, &mut partials, &mut c);
                    let value = l.evaluate(&c, None);
                    moved[i] = free[i];
                    value.map(|(v, _)| v)
                };
                out[i] = (side(STEP)? - side(-STEP)?) / (2.0 * STEP);
            }
        }
        Some(value)
    };
    let stop = if precise {
        Stop { gradient: 1e-6 * n, change: 1e-10, iterations: 200 }
    } else {
        Stop { gradient: 1e-4 * n, change: 1e-7, iterations: 60 }
    };
    minimize(objective, start, &metric, stop, known)
}

/// All optima that were found, best first. Empty if no start has a finite likelihood. Optima that are `known` are kept and not
/// searched again.
pub(crate) fn optima(
    l: &mut Likelihood,
    warm: Option<&[f64]>,
    known: Vec<Minimum>,
    effort: Effort,
) -> Vec<Minimum> {
    let blocks = l.blocks;
    let k = blocks.len();
    let mut found = known;
    if k == 0 {
        if let Some((value, _)) = l.evaluate(&[], None) {
            found.push(Minimum { at: Vec::new(), value, converged: true });
        }
        return found;
    }
    let precise = effort == Effort::Thorough;
    let add = |l: &mut Likelihood, found: &mut Vec<Minimum>, start: &[f64]| {
        if let Some(minimum) = climb(l, start, found, precise) {
            found.push(minimum);
        }
    };
    if let Some(warm) = warm {
        add(l, &mut found, warm);
    }
    if effort != Effort::Wide {
        let long = innovations(&l.rough, blocks.period);
        let regression = transform::free(&blocks, &hannan_rissanen(&l.rough, &blocks, &long), START_LIMIT);
        add(l, &mut found, &regression);
        if effort == Effort::Quick && !found.is_empty() {
            sort(&mut found);
            return found;
        }
        if let Some(css) = conditional(&l.rough, &blocks, &regression) {
            let css: Vec<f64> = css.iter().map(|u| u.clamp(-2.1, 2.1)).collect();
            add(l, &mut found, &css);
        }
    }
    add(l, &mut found, &vec![0.0; k]);
    sort(&mut found);
    if let Some(best) = found.first().cloned() {
        for block in [1, 3] {
            let range = blocks.ranges()[block].clone();
            if !range.is_empty() {
                let mut edge = best.at.clone();
                let last = range.end - 1;
                edge[last] = libm::atanh(if precise { 0.999 } else { 0.98 })
                    * if edge[last] < 0.0 { -1.0 } else { 1.0 };
                add(l, &mut found, &edge);
            }
        }
    }
    sort(&mut found);
    found
}

fn sort(found: &mut [Minimum]) {
    found.sort_by(|a, b| a.value.total_cmp(&b.value));
}
