//! What a policy may know at a tick: present counts, and the newest sample that a real exporter could have delivered. It
//! holds the delays and the failures of scraping. Source: `docs/simulation.md`.

use super::model::Model;
use super::random::{Purpose, Stream};
use crate::time::Timestamp;

/// The facts of one tick. Nothing in here is about the future, and nothing about how many replicas the load would need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The bin that has just ended.
    pub bin: usize,
    /// The end of that bin, when the decision is made.
    pub now: Timestamp,
    /// Replicas that served in that bin.
    pub ready: u32,
    /// Replicas ordered: those that served and those on their way.
    pub ordered: u32,
    /// The newest sample, if there is one: none before the first has arrived, and none where the scrape failed.
    pub sample: Option<Sample>,
}

/// What was measured over one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The end of the bin that it was measured over.
    pub at: Timestamp,
    /// Replicas that served in it.
    pub ready: u32,
    /// Requests that arrived in it.
    pub requests: f64,
    /// Work on hand in it, in slot-milliseconds: what was left over from before and what arrived.
    pub offered_ms: f64,
    /// Work done in it, in slot-milliseconds.
    pub served_ms: f64,
    /// What the ready replicas could have done in it, in slot-milliseconds.
    pub capacity_ms: f64,
    /// The width of the bin in milliseconds.
    pub step_ms: f64,
    /// Mean work of a request over the run up to then, in slot-milliseconds; 0 before the first request.
    pub mean_work_ms: f64,
}

impl Sample {
    /// Busy share of the ready replicas' slots, 0 to 1; `None` where none was ready.
    #[must_use]
    #[inline]
    pub fn utilization(&self) -> Option<f64> {
        (self.capacity_ms > 0.0).then(|| self.served_ms / self.capacity_ms)
    }

    /// Requests in the system, averaged over the bin: the work on hand divided by the width. By Little's law that is the number of
    /// requests in service if a slot were free for each of them; what has to wait counts by the slots that it would keep busy for a
    /// bin, which is less than its heads where requests are shorter than a bin.
    #[must_use]
    #[inline]
    pub fn concurrency(&self) -> f64 {
        self.offered_ms / self.step_ms
    }

    /// Requests per second that arrived.
    #[must_use]
    #[inline]
    pub fn rps(&self) -> f64 {
        self.requests * 1_000.0 / self.step_ms
    }

    /// Requests that wait at the end of the bin: the work left over, divided by the mean work of a request.
    #[must_use]
    #[inline]
    pub fn queue_length(&self) -> f64 {
        let backlog = self.offered_ms - self.served_ms;
        if backlog > 0.0 && self.mean_work_ms > 0.0 { backlog / self.mean_work_ms } else { 0.0 }
    }
}

/// Takes the samples in as they are measured and hands them out as they arrive.
#[derive(Clone, Debug)]
pub(super) struct Exporter {
    /// Bins between two scrapes.
    every: u64,
    /// What was scraped at the last bins, as many as the lag; `None` where there was no scrape.
    underway: Vec<Option<Scrape>>,
    /// Whether so much time has to pass that nothing ever arrives.
    never: bool,
    cursor: usize,
    visible: Option<Sample>,
    misses: Option<(f64, Stream)>,
    outages: Vec<(u64, u64)>,
    next_outage: usize,
    step_ms: u64,
    missed: u64,
    direct: bool,
}

/// What one scrape yielded.
type Scrape = Option<Sample>;

impl Exporter {
    pub(super) fn new(model: &Model, step_ms: u64, bins: usize) -> Self {
        let lag = model.metric_lag_ms.div_ceil(step_ms);
        let every = model.scrape_interval_ms.div_ceil(step_ms).max(1);
        let never = lag >= bins as u64;
        let misses = (model.missing_rate > 0.0)
            .then(|| (model.missing_rate, Stream::new(model.seed, Purpose::Scrape)));
        Self {
            every,
            underway: vec![None; if never { 0 } else { lag as usize }],
            never,
            cursor: 0,
            visible: None,
            direct: lag == 0 && every == 1 && misses.is_none() && model.outages.is_empty(),
            misses,
            outages: model.outages.iter().map(|o| (o.from_ms, o.to_ms)).collect(),
            next_outage: 0,
            step_ms,
            missed: 0,
        }
    }

    /// Scrapes that yielded nothing.
    pub(super) const fn missed(&self) -> u64 {
        self.missed
    }

    /// Takes in what bin `bin` measured (`None` where the trace does not know it), and leaves the newest sample that has arrived.
    #[inline]
    pub(super) fn pass(&mut self, bin: u64, sample: &mut Option<Sample>) {
        if self.direct {
            self.missed += u64::from(sample.is_none());
        } else {
            *sample = self.pass_late(bin, *sample);
        }
    }

    fn pass_late(&mut self, bin: u64, measured: Option<Sample>) -> Option<Sample> {
        let scraped = (bin + 1).is_multiple_of(self.every).then(|| self.scrape(bin, measured));
        let arrived = if self.never {
            None
        } else if self.underway.is_empty() {
            scraped
        } else {
            let arrived = core::mem::replace(&mut self.underway[self.cursor], scraped);
            self.cursor = (self.cursor + 1) % self.underway.len();
            arrived
        };
        if let Some(scrape) = arrived {
            self.visible = scrape;
        }
        self.visible
    }

    fn scrape(&mut self, bin: u64, measured: Option<Sample>) -> Scrape {
        let at = (bin + 1).saturating_mul(self.step_ms);
        let unlucky = self.misses.as_mut().is_some_and(|(rate, draw)| draw.uniform() < *rate);
        while self.outages.get(self.next_outage).is_some_and(|(_, to)| *to <= at) {
            self.next_outage += 1;
        }
        let out = self.outages[self.next_outage..]
            .iter()
            .take_while(|(from, _)| *from <= at)
            .any(|(_, to)| at < *to);
        let yielded = measured.filter(|_| !unlucky && !out);
        self.missed += u64::from(yielded.is_none());
        yielded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bounds;
    use core::time::Duration;

    const STEP: u64 = 10_000;

    fn model() -> Model {
        Model::new(Bounds::new(1, 9).unwrap())
    }

    fn sample(bin: u64) -> Sample {
        Sample {
            at: Timestamp::from_millis(((bin + 1) * STEP) as i64),
            ready: 2,
            requests: bin as f64,
            offered_ms: 30_000.0,
            served_ms: 20_000.0,
            capacity_ms: 20_000.0,
            step_ms: STEP as f64,
            mean_work_ms: 500.0,
        }
    }

    /// Which bin's sample is seen at each tick; -1 for none.
    fn seen(model: &Model, bins: u64) -> Vec<i64> {
        let mut exporter = Exporter::new(model, STEP, bins as usize);
        let mut see = |bin| {
            let mut seen = Some(sample(bin));
            exporter.pass(bin, &mut seen);
            seen.map_or(-1, |s| s.requests as i64)
        };
        (0..bins).map(&mut see).collect()
    }

    #[test]
    fn the_four_values_follow_from_the_work() {
        let s = sample(40);
        assert_eq!(
            (s.utilization(), s.concurrency(), s.rps(), s.queue_length()),
            (Some(1.0), 3.0, 4.0, 20.0)
        );
        assert_eq!(Sample { capacity_ms: 0.0, served_ms: 0.0, ..s }.utilization(), None);
        assert_eq!(Sample { served_ms: 30_000.0, mean_work_ms: 0.0, ..s }.queue_length(), 0.0);
    }

    #[test]
    fn lag_shows_the_bin_of_that_long_ago_and_nothing_before() {
        assert_eq!(seen(&model(), 4), [0, 1, 2, 3]);
        assert_eq!(seen(&model().metric_lag(Duration::from_secs(20)), 5), [-1, -1, 0, 1, 2]);
        // 11 s are two bins of 10 s: the sample of one bin ago is too young to be seen.
        assert_eq!(seen(&model().metric_lag(Duration::from_secs(11)), 4), [-1, -1, 0, 1]);
        assert_eq!(seen(&model().metric_lag(Duration::from_secs(40)), 4), [-1; 4]);
        assert_eq!(seen(&model().metric_lag(Duration::MAX), 4), [-1; 4]);
    }

    #[test]
    fn between_scrapes_the_older_sample_is_seen_again() {
        let model = model().scrape_interval(Duration::from_secs(30));
        assert_eq!(seen(&model, 8), [-1, -1, 2, 2, 2, 5, 5, 5]);
        assert_eq!(seen(&model.metric_lag(Duration::from_secs(10)), 8), [-1, -1, -1, 2, 2, 2, 5, 5]);
    }

    #[test]
    fn in_an_outage_there_is_no_sample() {
        let s = Duration::from_secs;
        // Overlapping and nested spans; a scrape at the start of one is lost, at its end it is not.
        let model = model().outages([(s(20), s(40)), (s(25), s(30)), (s(60), s(61))]).unwrap();
        assert_eq!(seen(&model, 8), [0, -1, -1, 3, 4, -1, 6, 7]);
        assert_eq!(seen(&model.metric_lag(s(10)), 8), [-1, 0, -1, -1, 3, 4, -1, 6]);
    }

    #[test]
    fn missed_scrapes_follow_the_seed_not_the_lag() {
        let lossy = |seed| model().missing_rate(0.25).unwrap().seed(seed);
        let one = seen(&lossy(1), 4_000);
        assert_eq!(one, seen(&lossy(1), 4_000));
        assert_ne!(one, seen(&lossy(2), 4_000));
        let late = seen(&lossy(1).metric_lag(Duration::from_secs(10)), 4_000);
        assert_eq!(late[1..], one[..3_999]);
        let missed = one.iter().filter(|b| **b < 0).count();
        assert!((890..1_110).contains(&missed), "{missed}");
        assert_eq!(seen(&model().missing_rate(1.0).unwrap(), 3), [-1; 3]);
    }

    #[test]
    fn a_bin_that_the_trace_does_not_know_yields_nothing() {
        let mut exporter = Exporter::new(&model(), STEP, 3);
        let (mut known, mut unknown) = (Some(sample(0)), None);
        exporter.pass(0, &mut known);
        exporter.pass(1, &mut unknown);
        assert!(known.is_some() && unknown.is_none());
        assert_eq!(exporter.missed(), 1);
    }
}
