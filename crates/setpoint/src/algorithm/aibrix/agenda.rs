//! The bounds that hold at an instant: the object's own, or those of the schedule that is on. Also the gate at the front of a cycle,
//! where the bounds alone decide.
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/utils/paschedules/schedules.go` and
//! `pkg/controller/podautoscaler/podautoscaler_controller.go`, commit `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`.

use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::schedule::{Daily, Zone};
use crate::time::{Timestamp, earliest};

/// Bounds for a span of the day. A bound that is not given is inherited.
///
/// | setting | range | unit |
/// |---|---|---|
/// | `name` | lower-case letters, digits and inner hyphens; unique | |
/// | `span` | within one day | local time |
/// | `min` | at most the maximum that holds with it | replicas |
/// | `max` | at least 1 | replicas |
///
/// ```
/// use setpoint::aibrix::Schedule;
/// use setpoint::schedule::{Daily, Weekdays};
/// let days = Weekdays::named(["mon", "tue", "wed", "thu", "fri"])?;
/// let office = Schedule::new("office", Daily::new("08:30".parse()?, "18:00".parse()?, days)?).min(4);
/// # let _ = office;
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(super) name: String,
    pub(super) span: Daily,
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
}

impl Schedule {
    /// A schedule that gives no bounds yet.
    #[must_use]
    pub fn new(name: impl Into<String>, span: Daily) -> Self {
        Self { name: name.into(), span, min: None, max: None }
    }

    /// The minimum while it is on.
    #[must_use]
    pub const fn min(mut self, min: u32) -> Self {
        self.min = Some(min);
        self
    }

    /// The maximum while it is on.
    #[must_use]
    pub const fn max(mut self, max: u32) -> Self {
        self.max = Some(max);
        self
    }
}

/// The bounds that hold at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The bounds.
    pub bounds: Bounds,
    /// The place of the schedule that is on, if one is.
    pub schedule: Option<u16>,
    /// Whether that schedule gives a minimum of its own.
    pub own_minimum: bool,
}

/// Bounds by time: the base, and the schedules that replace it.
#[derive(Clone, Debug, PartialEq)]
pub struct Agenda {
    base: Bounds,
    zone: Zone,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    span: Daily,
    bounds: Bounds,
    own_minimum: bool,
}

impl Agenda {
    /// The schedules over `base`, in local time of `zone`.
    ///
    /// # Errors
    /// If a name is unusable or given twice, a schedule gives no bound or bounds that contradict each other, or two overlap.
    pub fn new(base: Bounds, zone: Zone, schedules: &[Schedule]) -> Result<Self, ConfigError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(schedules.len());
        for (i, schedule) in schedules.iter().enumerate() {
            let place = format!("schedules[{i}]");
            let refuse = |field, value: &dyn core::fmt::Display, allowed| {
                Err(ConfigError::new(field, value, allowed).within(&place))
            };
            let Schedule { name, span, min, max } = schedule;
            if i > usize::from(u16::MAX) {
                return refuse("place", &i, "one of the first 65536");
            }
            if !is_label(name) {
                return refuse(
                    "name",
                    &format_args!("{name:?}"),
                    "lower-case letters, digits and inner hyphens",
                );
            }
            if schedules[..i].iter().any(|other| other.name == *name) {
                return refuse("name", name, "given once");
            }
            if min.is_none() && max.is_none() {
                return refuse(
                    "min_replicas",
                    &"absent, as is max_replicas",
                    "given, or max_replicas be given",
                );
            }
            let bounds = Bounds::new(min.unwrap_or(base.min()), max.unwrap_or(base.max()))
                .map_err(|error| error.within(&place))?;
            if let Some(other) = entries.iter().position(|entry| entry.span.overlaps(*span)) {
                return Err(ConfigError::new(
                    "span",
                    format_args!("that of {name:?}"),
                    format!("without a minute of schedules[{other}]"),
                )
                .within(&place));
            }
            entries.push(Entry { span: *span, bounds, own_minimum: min.is_some() });
        }
        Ok(Self { base, zone, entries })
    }

    /// The bounds without any schedule.
    #[must_use]
    pub const fn base(&self) -> Bounds {
        self.base
    }

    /// The bounds that hold at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Effective {
        let base = Effective { bounds: self.base, schedule: None, own_minimum: false };
        if self.entries.is_empty() {
            return base;
        }
        let local = self.zone.local(now);
        (0_u16..).zip(&self.entries).find(|(_, entry)| entry.span.contains(local)).map_or(
            base,
            |(i, entry)| Effective {
                bounds: entry.bounds,
                schedule: Some(i),
                own_minimum: entry.own_minimum,
            },
        )
    }

    /// The first instant after `now` at which other bounds may hold; `None` if there are no schedules.
    #[must_use]
    pub fn next_change_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.entries
            .iter()
            .fold(None, |first, entry| earliest(first, entry.span.next_change_after(now, &self.zone)))
    }
}

/// Whether a name is a label as the platform asks for it.
fn is_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// A count that the bounds decide alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// At zero with a minimum above zero that no schedule asks for: scaling is off.
    Disabled,
    /// Above the maximum: to it.
    AboveMaximum,
    /// Below the minimum: to it.
    BelowMinimum,
}

impl Gate {
    /// The count that it gives.
    #[must_use]
    pub fn count(self, bounds: Bounds) -> i64 {
        match self {
            Self::Disabled => 0,
            Self::AboveMaximum => i64::from(bounds.max()),
            Self::BelowMinimum => i64::from(bounds.min()),
        }
    }
}

/// Whether a count of `current` is decided before any metric is looked at.
///
/// ```
/// use setpoint::{Bounds, aibrix::{Agenda, Gate, gate}, schedule::Zone, Timestamp};
/// let bounds = Agenda::new(Bounds::new(2, 9)?, Zone::UTC, &[])?.at(Timestamp::default());
/// assert_eq!(gate(bounds, 0), Some(Gate::Disabled));
/// assert_eq!(gate(bounds, 1), Some(Gate::BelowMinimum));
/// assert_eq!(gate(bounds, 5), None);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn gate(effective: Effective, current: i64) -> Option<Gate> {
    let bounds = effective.bounds;
    if current == 0 && bounds.min() != 0 && !effective.own_minimum {
        Some(Gate::Disabled)
    } else if current > i64::from(bounds.max()) {
        Some(Gate::AboveMaximum)
    } else if current < i64::from(bounds.min()) {
        Some(Gate::BelowMinimum)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Weekdays;

    fn bounds(min: u32, max: u32) -> Bounds {
        Bounds::new(min, max).unwrap()
    }

    fn span(start: &str, end: &str) -> Daily {
        Daily::new(start.parse().unwrap(), end.parse().unwrap(), Weekdays::ALL).unwrap()
    }

    fn refused(schedules: &[Schedule]) -> (String, String) {
        let error = Agenda::new(bounds(2, 10), Zone::UTC, schedules).unwrap_err();
        (error.field.into_owned(), error.value)
    }

    const HOUR: i64 = 3_600;

    #[test]
    fn a_schedule_replaces_what_it_gives_and_inherits_the_rest() {
        let schedules = [
            Schedule::new("low", span("01:10", "02:20")).max(3),
            Schedule::new("high", span("02:20", "23:59")).min(6),
        ];
        let agenda = Agenda::new(bounds(2, 10), Zone::UTC, &schedules).unwrap();
        let at = |seconds| agenda.at(Timestamp::from_secs(seconds));
        let low = HOUR + 600;
        assert_eq!(at(low - 1), Effective { bounds: bounds(2, 10), schedule: None, own_minimum: false });
        assert_eq!(at(low), Effective { bounds: bounds(2, 3), schedule: Some(0), own_minimum: false });
        let high = 2 * HOUR + 1_200;
        assert_eq!(at(high - 1).schedule, Some(0));
        assert_eq!(at(high), Effective { bounds: bounds(6, 10), schedule: Some(1), own_minimum: true });
        assert_eq!(at(24 * HOUR - 60).schedule, None);
        assert_eq!(agenda.next_change_after(Timestamp::from_secs(low)), Some(Timestamp::from_secs(high)));
        assert_eq!(
            Agenda::new(bounds(2, 10), Zone::UTC, &[]).unwrap().next_change_after(Timestamp::default()),
            None
        );
    }

    #[test]
    fn schedules_that_cannot_hold_are_refused_by_name_of_the_field() {
        let low = || Schedule::new("low", span("01:00", "02:00")).max(3);
        let field = |schedules: &[Schedule]| refused(schedules).0;
        assert_eq!(field(&[low().min(4)]), "schedules[0].max_replicas");
        assert_eq!(field(&[low().max(0)]), "schedules[0].max_replicas");
        assert_eq!(field(&[low().max(1)]), "schedules[0].max_replicas", "below the inherited minimum");
        assert_eq!(field(&[Schedule::new("x", span("01:00", "02:00")).min(11)]), "schedules[0].max_replicas");
        assert_eq!(field(&[Schedule::new("x", span("01:00", "02:00"))]), "schedules[0].min_replicas");
        assert_eq!(
            refused(&[low(), Schedule::new("low", span("03:00", "04:00")).min(3)]),
            ("schedules[1].name".into(), "low".into())
        );
        for bad in ["", "Work", "-a", "a-", "a_b", "ä"] {
            assert_eq!(
                field(&[Schedule::new(bad, span("01:00", "02:00")).min(3)]),
                "schedules[0].name",
                "{bad:?}"
            );
        }
        assert_eq!(
            field(&[low(), Schedule::new("next", span("01:59", "02:30")).min(3)]),
            "schedules[1].span"
        );
        assert!(
            Agenda::new(
                bounds(2, 10),
                Zone::UTC,
                &[low(), Schedule::new("next", span("02:00", "02:30")).min(3)]
            )
            .is_ok()
        );
    }

    #[test]
    fn only_a_minimum_of_a_schedule_wakes_from_zero() {
        let effective = |min, own_minimum| Effective { bounds: bounds(min, 9), schedule: None, own_minimum };
        assert_eq!(gate(effective(2, false), 0), Some(Gate::Disabled));
        assert_eq!(gate(effective(2, true), 0), Some(Gate::BelowMinimum));
        assert_eq!(gate(effective(0, false), 0), None);
        assert_eq!(gate(effective(2, false), 10), Some(Gate::AboveMaximum));
        let counts =
            [Gate::Disabled, Gate::AboveMaximum, Gate::BelowMinimum].map(|gate| gate.count(bounds(2, 9)));
        assert_eq!(counts, [0, 9, 2]);
    }

    #[cfg(feature = "schedule")]
    #[test]
    fn schedules_go_by_the_clock_of_their_zone() {
        let zone = Zone::new("Asia/Kolkata").unwrap(); // 5:30 ahead
        let night = [Schedule::new("night", span("00:15", "05:45")).max(3)];
        let agenda = Agenda::new(bounds(2, 10), zone, &night).unwrap();
        let start = 18 * HOUR + 45 * 60;
        let on = |seconds| agenda.at(Timestamp::from_secs(seconds)).schedule.is_some();
        assert_eq!(
            (on(start - 1), on(start), on(24 * HOUR + 899), on(24 * HOUR + 900)),
            (false, true, true, false)
        );
    }
}
