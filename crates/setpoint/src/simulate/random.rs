//! Random numbers of the simulator: PCG XSL RR 128/64 (`rand_pcg::Pcg64`), one stream per purpose, so that one more draw in one
//! place shifts no other. The mapping from bits to numbers is ours and in software (`libm`), so a seed gives the same bytes on
//! every machine. Sources: W. Hörmann, "The transformed rejection method for generating Poisson random variables" (1993), for
//! large means; D. Knuth's product of uniforms for small ones; Box and Muller for the normal.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// What a stream is for. The numbers are part of what a seed means: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    StartDelay = 1,
    Scrape = 2,
    Noise = 3,
    Bursts = 4,
    Arrivals = 5,
    Tokens = 6,
}

/// A stream of random numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    bits: Pcg64,
    spare: Option<u64>,
}

/// The mean from which Poisson counts are drawn by transformed rejection.
const LARGE_MEAN: f64 = 30.0;

impl Stream {
    pub(super) fn new(seed: u64, purpose: Purpose) -> Self {
        let (low, state) = mix(seed);
        let (high, _) = mix(state);
        let state = u128::from(high) << 64 | u128::from(low);
        Self { bits: Pcg64::new(state, purpose as u128), spare: None }
    }

    /// A number of at least 0 and less than 1, in steps of 2^-53.
    #[inline]
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A number above 0 and at most 1, for logarithms.
    #[inline]
    fn positive(&mut self) -> f64 {
        ((self.bits.next_u64() >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// One of `0..n`; 0 where `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits.next_u64()) * n as u128) >> 64) as usize
    }

    /// Standard normal; two are made at a time.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(bits) = self.spare.take() {
            return f64::from_bits(bits);
        }
        let radius = (-2.0 * libm::log(self.positive())).sqrt();
        let angle = core::f64::consts::TAU * self.uniform();
        self.spare = Some((radius * libm::sin(angle)).to_bits());
        radius * libm::cos(angle)
    }

    /// Exponential with the given mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -libm::log(self.positive()) * mean
    }

    /// A Poisson count with the given mean, as a whole float; 0 where the mean is not positive.
    pub(super) fn poisson(&mut self, mean: f64) -> f64 {
        if mean.is_nan() || mean <= 0.0 {
            0.0
        } else if mean < LARGE_MEAN {
            self.poisson_small(mean)
        } else {
            self.poisson_large(mean)
        }
    }

    fn poisson_small(&mut self, mean: f64) -> f64 {
        let floor = libm::exp(-mean);
        let (mut count, mut product) = (0.0, self.uniform());
        while product > floor {
            count += 1.0;
            product *= self.uniform();
        }
        count
    }

    fn poisson_large(&mut self, mean: f64) -> f64 {
        let log_mean = libm::log(mean);
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let accept_at_once = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.positive();
            let us = 0.5 - u.abs();
            let count = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= accept_at_once {
                return count;
            }
            if count < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let log_v = libm::log(v * inverse_alpha / (a / (us * us) + b));
            if log_v <= count * log_mean - mean - libm::lgamma(count + 1.0) {
                return count;
            }
        }
    }
}

/// One step of SplitMix64: spreads a small seed over all bits. Gives the output and the next state.
fn mix(seed: u64) -> (u64, u64) {
    let state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31), state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(n: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = draw();
            sum += x;
            squares += x * x;
        }
        let mean = sum / n as f64;
        (mean, squares / n as f64 - mean * mean)
    }

    #[test]
    fn the_first_numbers_of_a_seed_never_change() {
        let mut stream = Stream::new(1, Purpose::Arrivals);
        let bits: Vec<u64> = (0..3).map(|_| stream.uniform().to_bits()).collect();
        assert_eq!(bits, PINNED);
    }

    /// Computed once more outside of this library, from the definition of the generator.
    const PINNED: [u64; 3] =
        [4_595_341_769_806_913_588, 4_599_527_449_345_379_030, 4_595_216_676_490_792_472];

    #[test]
    fn purposes_and_seeds_do_not_share_numbers() {
        let mut streams = [
            Stream::new(1, Purpose::Arrivals),
            Stream::new(1, Purpose::Tokens),
            Stream::new(2, Purpose::Arrivals),
        ];
        let first: Vec<f64> = streams.iter_mut().map(Stream::uniform).collect();
        assert!(first[0] != first[1] && first[0] != first[2] && first[1] != first[2]);
    }

    #[test]
    fn poisson_counts_have_the_mean_and_variance_of_their_law() {
        // 200,000 draws: the standard error of the mean is sqrt(mean / n), that of the variance about mean * sqrt(2 / n).
        let n = 200_000;
        for mean in [0.3, 4.0, 29.9, 30.0, 55.0, 1_000.0] {
            let mut stream = Stream::new(7, Purpose::Arrivals);
            let (m, v) = moments(n, || stream.poisson(mean));
            assert!((m - mean).abs() < 4.0 * (mean / n as f64).sqrt(), "mean {m} of {mean}");
            assert!(
                (v - mean).abs() < 5.0 * (mean + mean * mean * 2.0).sqrt() / (n as f64).sqrt(),
                "{v} of {mean}"
            );
        }
        assert_eq!(Stream::new(7, Purpose::Arrivals).poisson(0.0), 0.0);
        assert_eq!(Stream::new(7, Purpose::Arrivals).poisson(f64::NAN), 0.0);
    }

    #[test]
    fn normal_and_exponential_have_their_moments() {
        let mut stream = Stream::new(3, Purpose::Noise);
        let (m, v) = moments(200_000, || stream.normal());
        assert!(m.abs() < 0.01 && (v - 1.0).abs() < 0.02, "{m} {v}");
        let (m, v) = moments(200_000, || stream.exponential(5.0));
        assert!((m - 5.0).abs() < 0.05 && (v - 25.0).abs() < 1.0, "{m} {v}");
    }

    #[test]
    fn below_reaches_every_choice_and_no_other() {
        let mut stream = Stream::new(3, Purpose::StartDelay);
        let mut seen = [0; 5];
        for _ in 0..10_000 {
            seen[stream.below(5)] += 1;
        }
        assert!(seen.iter().all(|n| (1_800..2_200).contains(n)), "{seen:?}");
        assert_eq!(stream.below(0), 0);
    }
}
