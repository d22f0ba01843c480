//! Saving, restoring and changing an autoscaler. What is saved is the memory, not the configuration: build the same autoscaler,
//! then restore. A restore that fails changes nothing.

use super::{Autoscaler, Pending};
use crate::error::StateError;
use crate::snapshot::Snapshot;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;

/// The number of the format that [`Autoscaler::save`] writes. State of another format is refused by this number.
pub const FORMAT: i64 = 1;

impl Autoscaler {
    /// Everything that is remembered, as one value. With the `serde` feature it serializes to any format; every double comes back equal.
    ///
    /// # Errors
    /// If a stage of the caller's own cannot be saved.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Snapshot, Timestamp};
    /// let mut scaler = Autoscaler::fixed(3);
    /// scaler.decide(&Snapshot::at(Timestamp::from_secs(60)).replicas(1));
    /// let saved = scaler.save()?;
    ///
    /// let mut restored = Autoscaler::fixed(3);
    /// restored.restore(&saved)?;
    /// assert_eq!(restored, scaler);
    /// # Ok::<(), setpoint::StateError>(())
    /// ```
    pub fn save(&self) -> Result<Value, StateError> {
        let mut out = StateWriter::default();
        out.put("format", FORMAT);
        out.put("newest", self.newest);
        out.put(
            "pending",
            self.pending
                .map_or(Value::Null, |p| Value::list([Value::from(p.at), p.from.into(), p.to.into()])),
        );
        let stages = (0..self.labels.len()).map(|i| self.save_stage(i)).collect::<Result<Vec<_>, _>>()?;
        out.put("stages", Value::List(stages));
        Ok(out.finish())
    }

    /// Takes back what [`save`](Self::save) gave, into an autoscaler with the same stages.
    ///
    /// # Errors
    /// If the format is another, a stage is another, or a field is missing or wrong. The autoscaler keeps the memory it had.
    pub fn restore(&mut self, saved: &Value) -> Result<(), StateError> {
        let from = StateReader::new("autoscaler", saved)?;
        let found = from.int("format")?;
        if found != FORMAT {
            return Err(StateError::Format { found, supported: FORMAT });
        }
        let mut next = self.clone();
        next.newest = from.opt_timestamp("newest")?;
        next.pending = read_pending(&from)?;
        let stages = from.list("stages")?;
        if stages.len() != next.labels.len() {
            let found = format!("an autoscaler of {} stages", stages.len());
            return Err(StateError::Mismatch { found, expected: format!("one of {}", next.labels.len()) });
        }
        for (i, saved) in stages.iter().enumerate() {
            let (label, from) = read_stage(saved)?;
            let expected = next.label(i);
            if label != expected {
                return Err(StateError::Mismatch { found: label, expected });
            }
            next.stage_mut(i).restore(&from)?;
        }
        *self = next;
        Ok(())
    }

    /// Goes on as `next` (built from a changed configuration), which takes over what its stages can use of this one's memory: a stage inherits from
    /// the stage of the same name and metrics, by the rule that its own page states. Answers which stages start afresh, by their places in
    /// `next`. A pending proposal is dropped.
    ///
    /// # Errors
    /// If a stage of the caller's own cannot be saved; nothing changes then.
    pub fn reconfigure(&mut self, mut next: Self, at: Timestamp) -> Result<Vec<usize>, StateError> {
        let now = self.clock(&Snapshot::at(at));
        let saved = (0..self.labels.len()).map(|i| self.save_stage(i)).collect::<Result<Vec<_>, _>>()?;
        let mut free: Vec<Option<&Value>> = saved.iter().map(Some).collect();
        let mut afresh = Vec::new();
        for i in 0..next.labels.len() {
            let label = next.label(i);
            let old =
                free.iter_mut().find(|s| s.is_some_and(|s| read_stage(s).is_ok_and(|(l, _)| l == label)));
            let backup = next.clone();
            let inherited = match old.and_then(Option::take) {
                Some(value) => {
                    let (_, from) = read_stage(value)?;
                    next.stage_mut(i).inherit(&from, now)
                }
                None => {
                    afresh.push(i);
                    continue;
                }
            };
            if inherited.is_err() {
                next = backup;
                afresh.push(i);
            }
        }
        next.newest = self.newest;
        *self = next;
        Ok(afresh)
    }

    fn label(&self, i: usize) -> String {
        let label = &self.labels[i];
        let metrics: Vec<&str> = label.metrics.iter().map(crate::MetricName::as_str).collect();
        if metrics.is_empty() {
            label.name.clone()
        } else {
            format!("{} of {}", label.name, metrics.join(", "))
        }
    }

    fn save_stage(&self, i: usize) -> Result<Value, StateError> {
        let mut memory = StateWriter::default();
        self.stage(i).save(&mut memory)?;
        let mut out = StateWriter::default();
        out.put("stage", self.label(i));
        out.put("memory", memory);
        Ok(out.finish())
    }
}

impl From<StateWriter> for Value {
    fn from(writer: StateWriter) -> Self {
        writer.finish()
    }
}

fn read_stage(saved: &Value) -> Result<(String, StateReader<'_>), StateError> {
    let outer = StateReader::new("stages", saved)?;
    let label = outer.text("stage")?.to_owned();
    let memory = StateReader::new(label.clone(), outer.value("memory")?)?;
    Ok((label, memory))
}

fn read_pending(from: &StateReader<'_>) -> Result<Option<Pending>, StateError> {
    match from.value("pending")? {
        Value::Null => Ok(None),
        Value::List(items) => match items.as_slice() {
            [Value::Int(at), Value::Int(from), Value::Int(to)] => {
                Ok(Some(Pending { at: Timestamp::from_millis(*at), from: *from, to: *to }))
            }
            _ => Err(from.invalid("pending", "something else", "nothing or three whole numbers")),
        },
        _ => Err(from.invalid("pending", "something else", "nothing or three whole numbers")),
    }
}
