//! Which orders: the stepwise search of Hyndman and Khandakar (2008) and the exhaustive one, with the exact likelihood for every
//! candidate. Source: `forecast::auto.arima`, robjhyndman/forecast commit 10d097e82da5, `R/newarima2.R`; without its approximation
//! by conditional sums of squares. How often to difference is asked of a [`DifferenceTests`].

use super::estimate::{Effort, optima};
use super::fitted::{FittedArima, corrected};
use super::likelihood::{Likelihood, difference};
use super::model::{Arima, Constant, Orders, Variance};
use super::optimize::Minimum;
use super::polynomial::roots_beyond;
use super::transform;
use crate::forecast::{Fit, FitError, Scale, seasonal_strength, unit_root};

/// Roots of a model may not lie closer to the circle than this.
const CLOSEST_ROOT: f64 = 1.01;

/// The most models that a stepwise search fits.
const MOST_MODELS: usize = 94;

/// A candidate that is this far behind the leader after its first starts gets no further ones.
const MARGIN: f64 = 6.0;

/// Decides how often a series is differenced.
pub trait DifferenceTests {
    /// Seasonal differences (0 or 1) of a series with this period.
    fn seasonal(&self, series: &[f64], period: usize) -> usize;
    /// Plain differences (0 to 2) of a series that is seasonally differenced already.
    fn plain(&self, series: &[f64]) -> usize;
}

/// KPSS at 5 % for the plain differences, a seasonal strength above 0.64 for the seasonal one: the defaults of `auto.arima`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefaultTests;

impl DifferenceTests for DefaultTests {
    fn seasonal(&self, series: &[f64], period: usize) -> usize {
        usize::from(seasonal_strength::of(series, period).is_some_and(|f| f > seasonal_strength::BOUND))
    }

    fn plain(&self, series: &[f64]) -> usize {
        unit_root::differences(series, 2)
    }
}

/// How the orders are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Search {
    /// From four models to better neighbours, at most 94 models.
    #[default]
    Stepwise,
    /// Every model with p + q + P + Q of at most 5.
    Exhaustive,
}

/// What is made small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Criterion {
    /// Akaike's, corrected for few points.
    #[default]
    Aicc,
    /// Akaike's.
    Aic,
    /// Schwarz's.
    Bic,
}

/// An ARIMA model whose orders are chosen by the series.
///
/// | parameter | default | range | unit | source |
/// |---|---|---|---|---|
/// | `period` | 1 | at least 1 | points | |
/// | `most_p`, `most_q` | 5 | | | auto.arima |
/// | `most_seasonal` (P, Q) | 2 | | | auto.arima |
/// | `differences` | by tests | d at most 2, D at most 1 | | auto.arima |
/// | `search` | stepwise | | | Hyndman and Khandakar 2008 |
/// | `breadth` | 3 | at least 1 | models | ours; auto.arima: 1 |
/// | `criterion` | aicc | | | auto.arima |
///
/// ```
/// use setpoint::forecast::{Fit, Forecaster, arima::AutoArima};
/// let rates: Vec<f64> = (0..48).map(|t| 20.0 + f64::from(t % 4) * 3.0 + f64::from(t * t % 7)).collect();
/// let fitted = AutoArima::new().period(4).fit(&rates)?;
/// assert_eq!(fitted.forecast(4)?.horizon(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoArima {
    period: usize,
    most: [usize; 4],
    differences: Option<(usize, usize)>,
    search: Search,
    breadth: usize,
    criterion: Criterion,
    scale: Scale,
    variance: Variance,
}

impl Default for AutoArima {
    fn default() -> Self {
        Self::new()
    }
}

impl AutoArima {
    /// A stepwise search without a season.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            period: 1,
            most: [5, 5, 2, 2],
            differences: None,
            search: Search::Stepwise,
            breadth: 3,
            criterion: Criterion::Aicc,
            scale: Scale::Plain,
            variance: Variance::Unbiased,
        }
    }

    /// The same with a season of this many points; 1 is none. A series that does not hold two of them is fitted without.
    #[must_use]
    pub const fn period(mut self, points: usize) -> Self {
        self.period = points;
        self
    }

    /// The same with at most these plain orders.
    #[must_use]
    pub const fn most(mut self, p: usize, q: usize) -> Self {
        self.most[0] = p;
        self.most[1] = q;
        self
    }

    /// The same with at most these seasonal orders.
    #[must_use]
    pub const fn most_seasonal(mut self, p: usize, q: usize) -> Self {
        self.most[2] = p;
        self.most[3] = q;
        self
    }

    /// The same with given differences instead of tests.
    #[must_use]
    pub const fn differences(mut self, d: usize, seasonal_d: usize) -> Self {
        self.differences = Some((d, seasonal_d));
        self
    }

    /// The same with this search.
    #[must_use]
    pub const fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    /// The same with a stepwise search that goes on from this many of the best models when none of their neighbours is better; 1 is
    /// upstream's walk, which ends at the first model without a better neighbour.
    #[must_use]
    pub const fn breadth(mut self, models: usize) -> Self {
        self.breadth = models;
        self
    }

    /// The same with this criterion.
    #[must_use]
    pub const fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = criterion;
        self
    }

    /// The same on this scale.
    #[must_use]
    pub const fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// The same with intervals of this variance.
    #[must_use]
    pub const fn variance(mut self, variance: Variance) -> Self {
        self.variance = variance;
        self
    }

    /// Chooses and fits with tests of the caller's own.
    ///
    /// # Errors
    /// As [`Fit::fit`].
    pub fn fit_with(&self, series: &[f64], tests: &dyn DifferenceTests) -> Result<FittedArima, FitError> {
        let fixed = |orders: Orders, constant: Constant| {
            Arima::new(orders).constant(constant).scale(self.scale).variance(self.variance)
        };
        if let Some(position) = series.iter().position(|y| y.is_infinite()) {
            return Err(FitError::Infinite { position });
        }
        let observed = series.iter().filter(|y| !y.is_nan()).count();
        let first = series.iter().position(|y| !y.is_nan()).ok_or(FitError::Empty { needed: 3 })?;
        if observed < 3 {
            return Err(FitError::TooShort { observed, parameters: 2, lost: 0, needed: 3 });
        }
        if self.period == 0 {
            return Err(FitError::Order { field: "period", value: "0".into(), allowed: "at least 1" });
        }
        let on_scale: Vec<f64> = series[first..].iter().map(|y| self.scale.apply(*y)).collect();
        let lost_points =
            |t: usize| series[first + t].is_nan() != on_scale[t].is_nan() || on_scale[t].is_infinite();
        if let Some(t) = (0..on_scale.len()).find(|t| lost_points(*t)) {
            return Err(FitError::NotPositive { position: first + t });
        }
        let n = on_scale.len();
        if is_constant(&on_scale) {
            return fixed(Orders::new(0, 0, 0), Constant::Mean).fit(series);
        }
        let period = if n > 2 * self.period { self.period } else { 1 };
        let (d, seasonal_d) = self.differences.unwrap_or_else(|| {
            let seasonal_d = if period > 1 { tests.seasonal(&on_scale, period).min(1) } else { 0 };
            let x = if seasonal_d > 0 { difference(&on_scale, period) } else { on_scale.clone() };
            if seasonal_d > 0 && is_constant(&x) {
                return (0, 1);
            }
            (tests.plain(&x).min(2), seasonal_d)
        });
        let seasonal_d = if period > 1 { seasonal_d } else { 0 };
        let mut x = on_scale.clone();
        (0..seasonal_d).for_each(|_| x = difference(&x, period));
        (0..d).for_each(|_| x = difference(&x, 1));
        let base = Orders::new(0, d, 0).seasonal(0, seasonal_d, 0, period);
        let with_constant = match d + seasonal_d {
            0 => Constant::Mean,
            1 => Constant::Drift,
            _ => Constant::None,
        };
        if is_constant(&x) {
            let zero = x.iter().all(|v| v.is_nan() || *v == 0.0);
            return fixed(base, if zero { Constant::None } else { with_constant }).fit(series);
        }
        let mut chooser = Chooser::new(self, base, with_constant, &on_scale, first + 1)?;
        match self.search {
            Search::Stepwise => chooser.stepwise(),
            Search::Exhaustive => chooser.exhaustive(),
        }
        chooser.finish(&|orders, constant, at| {
            FittedArima::from_free(&fixed(orders, constant), series, &at.at, at.converged)
        })
    }
}

impl Fit for AutoArima {
    type Fitted = FittedArima;

    fn fit(&self, series: &[f64]) -> Result<FittedArima, FitError> {
        self.fit_with(series, &DefaultTests)
    }
}

/// Whether all observed values are the same but for rounding.
fn is_constant(x: &[f64]) -> bool {
    let seen = || x.iter().filter(|v| !v.is_nan());
    let Some(first) = seen().next() else { return true };
    let n = seen().count() as f64;
    seen().map(|v| (v - first).abs()).sum::<f64>() / n <= 1.5e-8 * first.abs()
}

/// A candidate: p, q, P, Q and whether it has the constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    orders: [usize; 4],
    constant: bool,
}

#[derive(Clone, Debug)]
struct Scored {
    candidate: Candidate,
    score: f64,
    at: Option<Minimum>,
}

struct Chooser {
    base: Orders,
    kind: Constant,
    criterion: Criterion,
    most: [usize; 4],
    breadth: usize,
    start: [usize; 4],
    /// The data without and with the constant.
    data: [Option<Likelihood>; 2],
    tried: Vec<Scored>,
}

impl Chooser {
    fn new(
        auto: &AutoArima,
        base: Orders,
        kind: Constant,
        series: &[f64],
        first: usize,
    ) -> Result<Self, FitError> {
        let n = series.len();
        let s = base.period;
        let mut most = auto.most.map(|m| m.min(n / 3));
        for (plain, seasonal) in [(0, 2), (1, 3)] {
            most[seasonal] = if s > 1 { most[seasonal].min(n / (3 * s)) } else { 0 };
            if most[seasonal] > 0 {
                most[plain] = most[plain].min(s - 1);
            }
        }
        let start = if n < 10 { [1, 1, 0, 0] } else { [2, 2, 1, 1] };
        let prepare = |constant| Likelihood::new(base, constant, series, first, &[]);
        let mut plain = prepare(Constant::None)?;
        if !plain.identified() {
            return Err(FitError::Unidentified);
        }
        let other = if kind == Constant::None { None } else { Some(prepare(kind)?) };
        Ok(Self {
            base,
            kind,
            criterion: auto.criterion,
            most,
            breadth: auto.breadth.max(1),
            start: core::array::from_fn(|i| start[i].min(most[i])),
            data: [Some(plain), other],
            tried: Vec::new(),
        })
    }

    fn orders(&self, c: Candidate) -> Orders {
        let [p, q, seasonal_p, seasonal_q] = c.orders;
        Orders { p, q, seasonal_p, seasonal_q, ..self.base }
    }

    /// Fits and scores a candidate, beginning at `near`; its place in the list.
    fn score(&mut self, candidate: Candidate, near: Option<usize>, effort: Effort) -> usize {
        let orders = self.orders(candidate);
        let warm = near.and_then(|i| {
            let near = &self.tried[i];
            let at = near.at.as_ref()?;
            Some(carry(&near.candidate.orders, &at.at, &candidate.orders))
        });
        let criterion = self.criterion;
        let leader = self.tried.iter().fold(f64::INFINITY, |least, t| least.min(t.score));
        let mut scored = Scored { candidate, score: f64::INFINITY, at: None };
        if let Some(l) = &mut self.data[usize::from(candidate.constant)] {
            l.set_orders(orders);
            let parameters = orders.coefficients() + usize::from(candidate.constant) + 1;
            let value = |l: &Likelihood, m: &Minimum| {
                let log_likelihood = l.log_likelihood(m.value);
                let k = parameters as f64;
                match criterion {
                    Criterion::Aicc => corrected(log_likelihood, l.used, parameters),
                    Criterion::Aic => 2.0 * k - 2.0 * log_likelihood,
                    Criterion::Bic => k * libm::log(l.used as f64) - 2.0 * log_likelihood,
                }
            };
            if l.used > parameters && !l.degenerate {
                let mut found = optima(l, warm.as_deref(), Vec::new(), effort);
                if effort == Effort::Quick {
                    let first = found.iter().find(|m| acceptable(l, m)).map(|m| value(l, m));
                    if first.is_none_or(|score| score < leader + MARGIN) {
                        found = optima(l, None, found, Effort::Wide);
                    }
                }
                if let Some(best) = found.into_iter().find(|m| acceptable(l, m)) {
                    scored.score = value(l, &best);
                    scored.at = Some(best);
                }
            }
        }
        if scored.score.is_nan() {
            scored.score = f64::INFINITY;
        }
        self.tried.push(scored);
        self.tried.len() - 1
    }

    fn stepwise(&mut self) {
        let constant = self.kind != Constant::None;
        let cut = |o: [usize; 4]| -> [usize; 4] { core::array::from_fn(|i| o[i].min(self.most[i])) };
        let mut first = vec![
            Candidate { orders: self.start, constant },
            Candidate { orders: [0; 4], constant },
            Candidate { orders: cut([1, 0, 1, 0]), constant },
            Candidate { orders: cut([0, 1, 0, 1]), constant },
        ];
        if constant {
            first.push(Candidate { orders: [0; 4], constant: false });
        }
        for candidate in first {
            if !self.knows(candidate) {
                self.score(candidate, None, Effort::Quick);
            }
        }
        let mut expanded = Vec::new();
        while self.tried.len() < MOST_MODELS {
            let mut ranked: Vec<usize> = (0..self.tried.len()).collect();
            ranked.sort_by(|a, b| self.tried[*a].score.total_cmp(&self.tried[*b].score));
            let next = ranked.iter().take(self.breadth).find(|i| !expanded.contains(*i));
            let Some(&near) = next else { break };
            if self.expand(near, ranked[0]) {
                expanded.push(near);
            }
        }
    }

    fn knows(&self, candidate: Candidate) -> bool {
        self.tried.iter().any(|t| t.candidate == candidate)
    }

    /// Tries the neighbours of `near` until one is better than the `best`; whether all were tried.
    fn expand(&mut self, near: usize, best: usize) -> bool {
        let now = self.tried[near].candidate;
        // Upstream keeps its flag on when the null model without constant wins.
        let flag = now.constant || (now.orders == [0; 4] && self.kind != Constant::None);
        for (step, toggles) in neighbours() {
            if self.tried.len() >= MOST_MODELS {
                break;
            }
            let mut orders = now.orders;
            let inside = (0..4).all(|i| {
                orders[i] = match step[i] {
                    -1 if orders[i] > 0 => orders[i] - 1,
                    1 if orders[i] < self.most[i] => orders[i] + 1,
                    0 => orders[i],
                    _ => return false,
                };
                true
            });
            if !inside || (toggles && self.kind == Constant::None) {
                continue;
            }
            let candidate = Candidate { orders, constant: flag != toggles };
            if self.knows(candidate) {
                continue;
            }
            let i = self.score(candidate, Some(near), Effort::Quick);
            if self.tried[i].score < self.tried[best].score {
                return false;
            }
        }
        true
    }

    fn exhaustive(&mut self) {
        let [p_most, q_most, sp_most, sq_most] = self.most;
        for p in 0..=p_most {
            for q in 0..=q_most {
                for sp in 0..=sp_most {
                    for sq in 0..=sq_most {
                        if p + q + sp + sq > 5 {
                            continue;
                        }
                        for constant in [false, true] {
                            if constant && self.kind == Constant::None {
                                continue;
                            }
                            let candidate = Candidate { orders: [p, q, sp, sq], constant };
                            self.score(candidate, None, Effort::Quick);
                        }
                    }
                }
            }
        }
    }

    /// The best candidate with the full search; if that fails the next best.
    fn finish(
        mut self,
        fit: &dyn Fn(Orders, Constant, &Minimum) -> Result<FittedArima, FitError>,
    ) -> Result<FittedArima, FitError> {
        let mut ranked: Vec<usize> = (0..self.tried.len()).filter(|i| self.tried[*i].at.is_some()).collect();
        ranked.sort_by(|a, b| self.tried[*a].score.total_cmp(&self.tried[*b].score));
        for i in ranked {
            let candidate = self.tried[i].candidate;
            let again = self.score(candidate, Some(i), Effort::Thorough);
            let constant = if candidate.constant { self.kind } else { Constant::None };
            let at = [again, i].into_iter().find_map(|i| self.tried[i].at.clone());
            if let Some(at) = at
                && let Ok(fitted) = fit(self.orders(candidate), constant, &at)
            {
                return Ok(fitted);
            }
        }
        Err(FitError::NoFiniteLikelihood)
    }
}

/// The moves of the search in their order: changes of p, q, P, Q, and whether the constant is toggled.
fn neighbours() -> [([i8; 4], bool); 17] {
    let plain = |p, q| ([p, q, 0, 0], false);
    let seasonal = |p, q| ([0, 0, p, q], false);
    [
        seasonal(-1, 0),
        seasonal(0, -1),
        seasonal(1, 0),
        seasonal(0, 1),
        seasonal(-1, -1),
        seasonal(-1, 1),
        seasonal(1, -1),
        seasonal(1, 1),
        plain(-1, 0),
        plain(0, -1),
        plain(1, 0),
        plain(0, 1),
        plain(-1, -1),
        plain(-1, 1),
        plain(1, -1),
        plain(1, 1),
        ([0; 4], true),
    ]
}

/// Free parameters of one model as a start of another: nested blocks keep theirs, new ones begin close to zero.
fn carry(from: &[usize; 4], free: &[f64], to: &[usize; 4]) -> Vec<f64> {
    let mut out = Vec::with_capacity(to.iter().sum());
    let mut at = 0;
    for block in 0..4 {
        let own = &free[at..at + from[block]];
        out.extend((0..to[block]).map(|i| own.get(i).map_or(0.0, |u| u.clamp(-2.5, 2.5))));
        at += from[block];
    }
    out
}

/// Whether an optimum keeps its roots away from the circle.
fn acceptable(l: &Likelihood, m: &Minimum) -> bool {
    let k = m.at.len();
    let (mut partials, mut c) = (vec![0.0; k], vec![0.0; k]);
    transform::coefficients(&l.blocks, &m.at, &mut partials, &mut c);
    l.blocks.ranges().into_iter().enumerate().all(|(block, range)| {
        let sign = if block % 2 == 1 { -1.0 } else { 1.0 };
        let own: Vec<f64> = c[range].iter().map(|c| sign * c).collect();
        roots_beyond(&own, CLOSEST_ROOT, if block >= 2 { l.blocks.period } else { 1 })
    })
}
