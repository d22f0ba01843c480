//! A script is a sequence of 1 to 40 steps: when, on which facts, and what the caller does with the answer. A player carries a
//! script out as a controller would: where a step does not say how many replicas there are, there are as many as were last decided.

use crate::bytes::Bytes;
use crate::facts::Facts;
use setpoint::{Autoscaler, Decision, Snapshot, Timestamp};

/// The most steps of one script.
pub const LONGEST: usize = 40;

/// What the caller does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Decides and carries the decision out.
    Decide,
    /// Proposes, and the write succeeds.
    Apply,
    /// Proposes, and the write fails.
    Reject,
    /// Proposes, and never says what became of it.
    Forget,
    /// Only shows the readings.
    Observe,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The replicas asked for, where they are not as the player left them.
    pub replicas: Option<u32>,
    /// What is observed.
    pub facts: Facts,
    /// What the caller does.
    pub then: Then,
}

/// Steps in the order in which they happen. Time mostly advances, sometimes stands still, sometimes goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The steps, at least one.
    pub steps: Vec<Step>,
}

impl Script {
    /// The script that `data` stands for. Every sequence of bytes stands for one.
    pub fn from_bytes(data: &[u8]) -> Self {
        const STARTS: [i64; 6] =
            [0, 1_700_000_000_000, 1_700_000_000_123, -5_000, i64::MAX - 100_000, i64::MIN];
        const ADVANCES: [i64; 20] = [
            15_000, 15_000, 15_000, 15_000, 2_000, 2_000, 1_000, 1, 0, 30_000, 60_000, 60_000, 299_999,
            300_000, 600_000, 86_400_000, -1, -15_000, -600_000, 5_000,
        ];
        const THEN: [Then; 16] = [
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Decide,
            Then::Apply,
            Then::Apply,
            Then::Apply,
            Then::Reject,
            Then::Forget,
            Then::Observe,
        ];
        let mut bytes = Bytes::new(data);
        let mut now = if bytes.chance(90) { bytes.pick(&STARTS) } else { STARTS[1] };
        let mut steps = Vec::new();
        while steps.is_empty() || (steps.len() < LONGEST && !bytes.is_empty()) {
            now = now.saturating_add(bytes.pick(&ADVANCES));
            let at = Timestamp::from_millis(now);
            let then = bytes.pick(&THEN);
            let replicas = (steps.is_empty() || bytes.chance(40)).then(|| bytes.count());
            steps.push(Step { at, replicas, facts: Facts::from_bytes(&mut bytes, at), then });
        }
        Self { steps }
    }
}

/// An autoscaler and the replicas that its caller runs.
#[derive(Clone, Debug)]
pub struct Player {
    /// The autoscaler.
    pub scaler: Autoscaler,
    /// How many replicas there are.
    pub replicas: u32,
}

impl Player {
    /// A player of `scaler` with one replica.
    pub fn new(scaler: Autoscaler) -> Self {
        Self { scaler, replicas: 1 }
    }

    /// What the autoscaler is shown in `step`.
    pub fn shown<'s>(&self, step: &'s Step) -> Snapshot<'s> {
        step.facts.snapshot(step.at, step.replicas.unwrap_or(self.replicas))
    }

    /// Carries out a step; `None` where nothing was decided.
    pub fn play(&mut self, step: &Step) -> Option<Decision> {
        let snapshot = self.shown(step);
        self.replicas = snapshot.replica_count();
        let decision = match step.then {
            Then::Observe => {
                self.scaler.observe(&snapshot);
                return None;
            }
            Then::Decide => self.scaler.decide(&snapshot),
            Then::Apply | Then::Reject | Then::Forget => self.scaler.propose(&snapshot),
        };
        match step.then {
            Then::Apply => self.scaler.applied(),
            Then::Reject => self.scaler.rejected(),
            _ => {}
        }
        if matches!(step.then, Then::Decide | Then::Apply) {
            self.replicas = decision.replicas();
        }
        Some(decision)
    }

    /// Carries out a whole script; one entry per step.
    pub fn play_all(&mut self, script: &Script) -> Vec<Option<Decision>> {
        script.steps.iter().map(|step| self.play(step)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::XorShift;

    #[test]
    fn scripts_cover_what_the_laws_are_about() {
        let mut source = XorShift::new(7);
        let scripts: Vec<Script> = (0..60).map(|_| Script::from_bytes(&source.bytes(3_000))).collect();
        let steps: Vec<&Step> = scripts.iter().flat_map(|s| &s.steps).collect();
        let pairs = || scripts.iter().flat_map(|s| s.steps.windows(2));
        assert!(scripts.iter().all(|s| (1..=LONGEST).contains(&s.steps.len())));
        assert!(pairs().any(|p| p[1].at < p[0].at) && pairs().any(|p| p[1].at == p[0].at));
        assert!(pairs().filter(|p| p[1].at > p[0].at).count() * 2 > steps.len());
        for then in [Then::Decide, Then::Apply, Then::Reject, Then::Forget, Then::Observe] {
            assert!(steps.iter().any(|s| s.then == then), "{then:?} never happens");
        }
        let followed = steps.iter().filter(|s| s.replicas.is_none()).count();
        assert!(followed * 2 > steps.len() && followed < steps.len());
    }

    #[test]
    fn no_bytes_are_a_plain_script() {
        assert_eq!(Script::from_bytes(&[]).steps.len(), 1);
        assert_eq!(Script::from_bytes(&[]), Script::from_bytes(&[0, 0]));
    }
}
