//! Made-up traffic: a daily cycle, correlated noise, bursts, a flash crowd, and requests with tokens. Same settings and seed, same
//! bytes on every machine: PCG64, a stream per purpose, transcendental functions in software. It imitates shapes that autoscalers
//! meet; it is no model of any service. Source: ours; the tokens' defaults have the medians and means of the public chat trace
//! (Azure LLM inference 2023, conversation).

use super::random::{Purpose, Stream};
use super::trace::{Arrivals, Trace, Work};
use crate::error::ConfigError;
use core::time::Duration;

/// Short spans of more load: their starts are a Poisson process, their lengths are exponential, overlapping ones are one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// Mean number per day, 0 to 1,440.
    pub per_day: f64,
    /// What the load is multiplied by, 0 to 1,000.
    pub factor: f64,
    /// Mean length.
    pub mean_length: Duration,
}

/// One crowd that comes fast and goes slowly: a linear rise, then an exponential fall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlashCrowd {
    /// When it starts, since the start of the trace.
    pub at: Duration,
    /// What the load is multiplied by at its peak, 0 to 1,000.
    pub factor: f64,
    /// From its start to its peak.
    pub rise: Duration,
    /// From its peak until it has fallen to 37 %.
    pub fall: Duration,
}

/// Tokens of a request: log-normal, rounded to whole tokens, at least 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// Median, 1 to 1,000,000.
    pub median: f64,
    /// Standard deviation of the logarithm, 0 to 5.
    pub spread: f64,
    /// No request has more, 1 to 10,000,000.
    pub most: f64,
}

/// Settings of made-up traffic.
///
/// | setting | default of [`day`](Traffic::day) | range | unit, meaning |
/// |---|---|---|---|
/// | `step` | 10 s | 1 ms to 366 days | width of a bin |
/// | `bins` | 8,640 | 1 to 100,000,000 | |
/// | `rate` | 5 | 0 to 1,000,000 per bin | requests per second, mean of the cycle |
/// | `cycle` | 0.6, 24 h, peak at 14 h | amplitude 0 to 1, period above 0 | share of the rate; period and time of the peak |
/// | `noise` | 0.15, 10 min | 0 to 3 | standard deviation of the rate's logarithm; time after which 37 % of a deviation are left |
/// | `bursts` | 24 a day, factor 1.8, 3 min | see [`Bursts`] | |
/// | `flash_crowd` | at 19 h, factor 3, rise 2 min, fall 10 min | see [`FlashCrowd`] | |
/// | `prompt_tokens` | median 1,020, spread 0.498, at most 14,050 | see [`Tokens`] | |
/// | `output_tokens` | median 129, spread 0.992, at most 1,000 | see [`Tokens`] | |
/// | `seed` | 0 | | |
///
/// ```
/// use setpoint::simulate::{Traffic, Work};
/// let trace = Traffic::day().seed(7).trace(&Work::per_request_ms(200.0)?)?;
/// assert_eq!((trace.len(), trace.step().as_secs()), (8_640, 10));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    step: Duration,
    bins: usize,
    rate: f64,
    amplitude: f64,
    period: Duration,
    peak_at: Duration,
    noise: f64,
    noise_memory: Duration,
    bursts: Option<Bursts>,
    flash_crowd: Option<FlashCrowd>,
    prompt_tokens: Option<Tokens>,
    output_tokens: Option<Tokens>,
    seed: u64,
}

const MOST_BINS: usize = 100_000_000;
const MOST_PER_BIN: f64 = 1e6;
const DAY_SECONDS: f64 = 86_400.0;

impl Traffic {
    /// Steady traffic without noise, bursts, a crowd or tokens: the ground to build on.
    ///
    /// # Errors
    /// If there are no bins or too many, or `rate` is not a number of at least 0 with at most 1,000,000 requests per bin.
    pub fn steady(step: Duration, bins: usize, rate_per_second: f64) -> Result<Self, ConfigError> {
        if !(1..=MOST_BINS).contains(&bins) {
            return Err(ConfigError::new("bins", bins, "1 to 100000000"));
        }
        if !(0.0..=MOST_PER_BIN).contains(&(rate_per_second * step.as_secs_f64())) || rate_per_second.is_nan()
        {
            let allowed = "at least 0, and at most 1000000 requests per bin";
            return Err(ConfigError::new("rate", rate_per_second, allowed));
        }
        Ok(Self {
            step,
            bins,
            rate: rate_per_second,
            amplitude: 0.0,
            period: Duration::from_secs(86_400),
            peak_at: Duration::ZERO,
            noise: 0.0,
            noise_memory: Duration::ZERO,
            bursts: None,
            flash_crowd: None,
            prompt_tokens: None,
            output_tokens: None,
            seed: 0,
        })
    }

    /// A day of a chat service with everything in it: 8,640 bins of 10 s.
    #[must_use]
    pub const fn day() -> Self {
        Self {
            step: Duration::from_secs(10),
            bins: 8_640,
            rate: 5.0,
            amplitude: 0.6,
            period: Duration::from_secs(24 * 3_600),
            peak_at: Duration::from_secs(14 * 3_600),
            noise: 0.15,
            noise_memory: Duration::from_secs(600),
            bursts: Some(Bursts { per_day: 24.0, factor: 1.8, mean_length: Duration::from_secs(180) }),
            flash_crowd: Some(FlashCrowd {
                at: Duration::from_secs(19 * 3_600),
                factor: 3.0,
                rise: Duration::from_secs(120),
                fall: Duration::from_secs(600),
            }),
            prompt_tokens: Some(Tokens { median: 1_020.0, spread: 0.498, most: 14_050.0 }),
            output_tokens: Some(Tokens { median: 129.0, spread: 0.992, most: 1_000.0 }),
            seed: 0,
        }
    }

    /// A cycle of the rate: `amplitude` is the share of the rate by which it rises and falls.
    ///
    /// # Errors
    /// If `amplitude` is not a number from 0 to 1, or `period` is 0.
    pub fn cycle(mut self, amplitude: f64, period: Duration, peak_at: Duration) -> Result<Self, ConfigError> {
        self.amplitude = within("cycle.amplitude", amplitude, 0.0, 1.0)?;
        if period.is_zero() {
            return Err(ConfigError::new("cycle.period", "0 s", "longer than 0 s"));
        }
        (self.period, self.peak_at) = (period, peak_at);
        Ok(self)
    }

    /// Noise of the rate that keeps its mean: the standard deviation of its logarithm, and how long a deviation lasts.
    ///
    /// # Errors
    /// If `deviation` is not a number from 0 to 3.
    pub fn noise(mut self, deviation: f64, memory: Duration) -> Result<Self, ConfigError> {
        self.noise = within("noise", deviation, 0.0, 3.0)?;
        self.noise_memory = memory;
        Ok(self)
    }

    /// Bursts, or none.
    ///
    /// # Errors
    /// If a number of them is out of its range.
    pub fn bursts(mut self, bursts: Option<Bursts>) -> Result<Self, ConfigError> {
        if let Some(bursts) = &bursts {
            within("bursts.per_day", bursts.per_day, 0.0, 1_440.0)?;
            within("bursts.factor", bursts.factor, 0.0, 1_000.0)?;
        }
        self.bursts = bursts;
        Ok(self)
    }

    /// A flash crowd, or none.
    ///
    /// # Errors
    /// If its factor is not a number from 0 to 1,000.
    pub fn flash_crowd(mut self, crowd: Option<FlashCrowd>) -> Result<Self, ConfigError> {
        if let Some(crowd) = &crowd {
            within("flash_crowd.factor", crowd.factor, 0.0, 1_000.0)?;
        }
        self.flash_crowd = crowd;
        Ok(self)
    }

    /// Tokens read and generated per request, or none.
    ///
    /// # Errors
    /// If a number of them is out of its range.
    pub fn tokens(mut self, prompt: Option<Tokens>, output: Option<Tokens>) -> Result<Self, ConfigError> {
        for (name, tokens) in [("prompt_tokens", &prompt), ("output_tokens", &output)] {
            if let Some(tokens) = tokens {
                within("median", tokens.median, 1.0, 1e6).map_err(|e| e.within(name))?;
                within("spread", tokens.spread, 0.0, 5.0).map_err(|e| e.within(name))?;
                within("most", tokens.most, 1.0, 1e7).map_err(|e| e.within(name))?;
            }
        }
        (self.prompt_tokens, self.output_tokens) = (prompt, output);
        Ok(self)
    }

    /// The seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What arrives, bin by bin.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrivals> {
        let mut draws = Stream::new(self.seed, Purpose::Arrivals);
        let mut tokens = Stream::new(self.seed, Purpose::Tokens);
        let mut rates = Rates::new(self);
        let step_s = self.step.as_secs_f64();
        (0..self.bins)
            .map(|bin| {
                let requests = draws.poisson(rates.at((bin as f64 + 0.5) * step_s) * step_s);
                let mut arrivals = Arrivals { requests, prompt_tokens: 0.0, output_tokens: 0.0 };
                let mut left = requests;
                while left > 0.0 {
                    arrivals.prompt_tokens += draw_tokens(self.prompt_tokens.as_ref(), &mut tokens);
                    arrivals.output_tokens += draw_tokens(self.output_tokens.as_ref(), &mut tokens);
                    left -= 1.0;
                }
                arrivals
            })
            .collect()
    }

    /// The traffic as a trace, with the work that its requests bring.
    ///
    /// # Errors
    /// If the width of a bin is not whole milliseconds from 1 ms to 366 days.
    pub fn trace(&self, work: &Work) -> Result<Trace, ConfigError> {
        let name = format!("generated, seed {}", self.seed);
        Trace::from_arrivals(name, self.step, self.arrivals().into_iter().map(Some), work)
    }
}

fn within(field: &'static str, value: f64, lo: f64, hi: f64) -> Result<f64, ConfigError> {
    if (lo..=hi).contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::new(field, value, format!("a number from {lo} to {hi}")))
    }
}

fn draw_tokens(tokens: Option<&Tokens>, draw: &mut Stream) -> f64 {
    tokens.map_or(0.0, |tokens| {
        let drawn = tokens.median * libm::exp(tokens.spread * draw.normal());
        libm::round(drawn).max(1.0).min(libm::floor(tokens.most))
    })
}

/// The rate over time, in ascending order of time.
struct Rates<'a> {
    traffic: &'a Traffic,
    noise: Stream,
    kept: f64,
    renewed: f64,
    deviation: f64,
    bursts: Stream,
    next_burst: f64,
    burst_ends: f64,
}

impl<'a> Rates<'a> {
    fn new(traffic: &'a Traffic) -> Self {
        let memory = traffic.noise_memory.as_secs_f64();
        let kept = if memory > 0.0 { libm::exp(-traffic.step.as_secs_f64() / memory) } else { 0.0 };
        let mut noise = Stream::new(traffic.seed, Purpose::Noise);
        let mut rates = Self {
            traffic,
            kept,
            renewed: (1.0 - kept * kept).sqrt(),
            deviation: noise.normal(),
            noise,
            bursts: Stream::new(traffic.seed, Purpose::Bursts),
            next_burst: f64::INFINITY,
            burst_ends: f64::NEG_INFINITY,
        };
        if let Some(bursts) = traffic.bursts.filter(|b| b.per_day > 0.0) {
            rates.next_burst = rates.bursts.exponential(DAY_SECONDS / bursts.per_day);
        }
        rates
    }

    /// Requests per second at `seconds` since the start.
    fn at(&mut self, seconds: f64) -> f64 {
        let traffic = self.traffic;
        let since_peak = seconds - traffic.peak_at.as_secs_f64();
        let turn = core::f64::consts::TAU * since_peak / traffic.period.as_secs_f64();
        let cycle = 1.0 + traffic.amplitude * libm::cos(turn);
        let noise = libm::exp(traffic.noise * self.deviation - traffic.noise * traffic.noise / 2.0);
        self.deviation = self.kept * self.deviation + self.renewed * self.noise.normal();
        traffic.rate * cycle * noise * self.burst(seconds) * self.crowd(seconds)
    }

    fn burst(&mut self, seconds: f64) -> f64 {
        let Some(bursts) = self.traffic.bursts else { return 1.0 };
        while self.next_burst <= seconds {
            let length = self.bursts.exponential(bursts.mean_length.as_secs_f64());
            self.burst_ends = self.burst_ends.max(self.next_burst + length);
            self.next_burst += self.bursts.exponential(DAY_SECONDS / bursts.per_day);
        }
        if seconds < self.burst_ends { bursts.factor } else { 1.0 }
    }

    fn crowd(&self, seconds: f64) -> f64 {
        let Some(crowd) = self.traffic.flash_crowd else { return 1.0 };
        let (since, rise) = (seconds - crowd.at.as_secs_f64(), crowd.rise.as_secs_f64());
        let share = if since < 0.0 {
            0.0
        } else if since < rise {
            since / rise
        } else if crowd.fall.is_zero() {
            0.0
        } else {
            libm::exp(-(since - rise) / crowd.fall.as_secs_f64())
        };
        1.0 + (crowd.factor - 1.0) * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn work() -> Work {
        Work::per_request_ms(200.0).unwrap().and_per_token_ms(0.25, 20.0).unwrap()
    }

    fn requests(traffic: &Traffic) -> Vec<f64> {
        traffic.arrivals().iter().map(|a| a.requests).collect()
    }

    fn mean(of: &[f64]) -> f64 {
        of.iter().sum::<f64>() / of.len() as f64
    }

    #[test]
    fn a_seed_means_the_same_bytes_everywhere() {
        let trace = Traffic::day().seed(1).trace(&work()).unwrap();
        assert_eq!(trace.hash(), Traffic::day().seed(1).trace(&work()).unwrap().hash());
        assert_ne!(trace.hash(), Traffic::day().seed(2).trace(&work()).unwrap().hash());
        assert_eq!(format!("{:016x}", trace.hash()), PINNED, "the numbers of a seed are a promise");
    }

    const PINNED: &str = "a4bc6e29d7aabb6b";

    #[test]
    fn steady_traffic_has_the_rate_that_was_asked_for() {
        let counts = requests(&Traffic::steady(TEN, 20_000, 5.0).unwrap());
        let m = mean(&counts);
        // Poisson with mean 50: the standard error of the mean of 20,000 bins is 0.05.
        assert!((m - 50.0).abs() < 0.2, "{m}");
        let variance = counts.iter().map(|c| (c - m) * (c - m)).sum::<f64>() / counts.len() as f64;
        assert!((variance - 50.0).abs() < 2.0, "{variance}");
    }

    #[test]
    fn the_cycle_peaks_where_it_should_and_keeps_the_mean() {
        let hour = Duration::from_secs(3_600);
        let traffic = Traffic::steady(TEN, 8_640, 5.0).unwrap().cycle(0.6, hour * 24, hour * 14).unwrap();
        let counts = requests(&traffic);
        assert!((mean(&counts) - 50.0).abs() < 0.5);
        let (peak, trough) = (mean(&counts[13 * 360..15 * 360]), mean(&counts[360..3 * 360]));
        assert!((peak - 80.0).abs() < 2.0 && (trough - 20.0).abs() < 1.5, "{peak} {trough}");
    }

    #[test]
    fn noise_keeps_the_mean_and_widens_the_spread() {
        let steady = Traffic::steady(TEN, 50_000, 5.0).unwrap();
        let noisy = requests(&steady.clone().noise(0.3, Duration::from_secs(60)).unwrap());
        assert!((mean(&noisy) - 50.0).abs() < 1.0, "{}", mean(&noisy));
        let neighbours = |c: &[f64]| {
            let m = mean(c);
            c.windows(2).map(|w| (w[0] - m) * (w[1] - m)).sum::<f64>() / c.len() as f64
        };
        assert!(neighbours(&noisy) > 100.0 && neighbours(&requests(&steady)).abs() < 2.0);
    }

    #[test]
    fn a_flash_crowd_comes_and_goes() {
        let crowd = FlashCrowd {
            at: Duration::from_secs(1_000),
            factor: 5.0,
            rise: Duration::from_secs(100),
            fall: Duration::from_secs(200),
        };
        let traffic = Traffic::steady(TEN, 400, 50.0).unwrap().flash_crowd(Some(crowd)).unwrap();
        let counts = requests(&traffic);
        assert!((mean(&counts[..100]) - 500.0).abs() < 15.0);
        // The middle of bin 104 is 45 s into the rise, that of bin 129 200 s past the peak less 5 s.
        assert!((counts[104] - 500.0 * 2.8).abs() < 150.0, "{}", counts[104]);
        assert!((counts[129] - 500.0 * (1.0 + 4.0 * 0.377)).abs() < 150.0, "{}", counts[129]);
        assert!((mean(&counts[300..]) - 500.0).abs() < 15.0);
    }

    #[test]
    fn bursts_take_up_their_share_of_the_time() {
        let bursts = Bursts { per_day: 100.0, factor: 3.0, mean_length: Duration::from_secs(120) };
        let traffic = Traffic::steady(TEN, 86_400, 50.0).unwrap().bursts(Some(bursts)).unwrap();
        let high = requests(&traffic).iter().filter(|c| **c > 1_000.0).count() as f64 / 86_400.0;
        // An M/G/infinity queue is busy for 1 - exp(-rate * length) of the time: 12.97 %.
        assert!((high - 0.1297).abs() < 0.02, "{high}");
    }

    #[test]
    fn tokens_have_the_median_and_the_mean_of_the_public_chat_trace() {
        let day = Traffic::day().seed(3).arrivals();
        let sum = |f: fn(&Arrivals) -> f64| day.iter().map(f).sum::<f64>();
        let n = sum(|a| a.requests);
        let (prompt, output) = (sum(|a| a.prompt_tokens) / n, sum(|a| a.output_tokens) / n);
        assert!((prompt - 1_154.7).abs() < 10.0, "{prompt}");
        // The cap at 1,000 takes a little off the mean of 211.
        assert!((190.0..212.0).contains(&output), "{output}");
        assert!(day.iter().all(|a| a.prompt_tokens >= a.requests && a.output_tokens <= a.requests * 1_000.0));
    }

    #[test]
    fn what_cannot_be_made_is_refused_by_name() {
        let steady = || Traffic::steady(TEN, 10, 5.0).unwrap();
        let refused = |r: Result<Traffic, ConfigError>| r.unwrap_err().field.into_owned();
        assert_eq!(refused(Traffic::steady(TEN, 0, 5.0)), "bins");
        assert_eq!(refused(Traffic::steady(TEN, 10, f64::NAN)), "rate");
        assert_eq!(refused(Traffic::steady(TEN, 10, -1.0)), "rate");
        assert_eq!(refused(Traffic::steady(TEN, 10, 1e6)), "rate");
        assert_eq!(refused(steady().cycle(1.1, TEN, TEN)), "cycle.amplitude");
        assert_eq!(refused(steady().cycle(0.5, Duration::ZERO, TEN)), "cycle.period");
        assert_eq!(refused(steady().noise(f64::INFINITY, TEN)), "noise");
        let bursts = Bursts { per_day: 1e9, factor: 2.0, mean_length: TEN };
        assert_eq!(refused(steady().bursts(Some(bursts))), "bursts.per_day");
        let tokens = Tokens { median: 0.0, spread: 1.0, most: 10.0 };
        assert_eq!(refused(steady().tokens(None, Some(tokens))), "output_tokens.median");
        let zero = Traffic::steady(TEN, 3, 0.0).unwrap();
        assert_eq!(requests(&zero), [0.0; 3]);
    }
}
