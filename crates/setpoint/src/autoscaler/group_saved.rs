//! Saving and restoring a group: the memory of its autoscalers under the names of its members. A restore that fails changes
//! nothing.

use super::group::{Body, Group};
use super::{Autoscaler, FORMAT};
use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};

impl Group {
    /// Everything that is remembered, as one value; see [`Autoscaler::save`].
    ///
    /// # Errors
    /// If a stage of the caller's own cannot be saved.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Group, Snapshot, Timestamp};
    /// let build = || Group::repaired([("a", Autoscaler::fixed(3), None), ("b", Autoscaler::fixed(5), None)], None);
    /// let mut group = build()?;
    /// group.decide(&[Snapshot::at(Timestamp::from_secs(60)), Snapshot::at(Timestamp::from_secs(60))])?;
    /// let mut restored = build()?;
    /// restored.restore(&group.save()?)?;
    /// assert_eq!(restored, group);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self) -> Result<Value, StateError> {
        let mut out = StateWriter::default();
        out.put("format", FORMAT);
        out.put("newest", self.newest);
        out.put("members", self.names.to_vec());
        match &self.body {
            Body::Each { members, .. } => {
                let saved = members.iter().map(Autoscaler::save).collect::<Result<Vec<_>, _>>()?;
                out.put("each", Value::List(saved));
            }
            Body::Whole { total, .. } => out.put("total", total.save()?),
        }
        Ok(out.finish())
    }

    /// Takes back what [`save`](Self::save) gave, into a group of the same members and stages.
    ///
    /// # Errors
    /// If the format, a member or a stage is another, or a field is missing or wrong. The group keeps the memory it had.
    pub fn restore(&mut self, saved: &Value) -> Result<(), StateError> {
        let from = StateReader::new("group", saved)?;
        let found = from.int("format")?;
        if found != FORMAT {
            return Err(StateError::Format { found, supported: FORMAT });
        }
        let newest = from.opt_timestamp("newest")?;
        let names = from.list("members")?;
        let same = |saved: &Value, name: &String| matches!(saved, Value::Text(text) if text == name);
        if names.len() != self.names.len() || !names.iter().zip(self.names.iter()).all(|(s, n)| same(s, n)) {
            let found = format!("a group of {} other members", names.len());
            return Err(StateError::Mismatch {
                found,
                expected: format!("one of {}", self.names.join(", ")),
            });
        }
        let mut body = self.body.clone();
        match &mut body {
            Body::Each { members, .. } => {
                let saved = from.list("each")?;
                if saved.len() != members.len() {
                    return Err(from.invalid("each", saved.len(), "the memory of each member"));
                }
                for (member, saved) in members.iter_mut().zip(saved) {
                    member.restore(saved)?;
                }
            }
            Body::Whole { total, .. } => total.restore(from.value("total")?)?,
        }
        let remembered = match &body {
            Body::Each { members, .. } => members.iter().filter_map(|member| member.newest).max(),
            Body::Whole { total, .. } => total.newest,
        };
        if newest < remembered {
            return Err(from.invalid("newest", "an instant before that of a member", "the newest of all"));
        }
        (self.body, self.newest) = (body, newest);
        Ok(())
    }
}
