//! A span of the day on some days of the week, by the local clock: whether it is now, whether two overlap, and when that can next
//! change. Seconds play no part: a span holds from the first instant of its first minute up to the first instant of its end.
//!
//! Where a zone's clock jumps, the clock's face decides: a start that a jump passes over begins at the jump; an hour that comes twice
//! holds twice.
//!
//! Source: `vllm-project/aibrix` `pkg/utils/paschedules/schedules.go` at commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. Ours: the time of the next change is never late where a clock jumps.

use super::zone::{Local, Zone, weekday_of};
use crate::error::ConfigError;
use crate::time::{Timestamp, earliest};
use core::fmt;
use core::str::FromStr;

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A time of day in minutes, `00:00` to `23:59`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Minutes since midnight.
    #[must_use]
    pub const fn minute(self) -> u16 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = ConfigError;

    /// Reads `HH:MM`, both of two digits.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let digit = |b: u8| b.is_ascii_digit().then(|| u16::from(b - b'0'));
        let minutes = match *text.as_bytes() {
            [h1, h2, b':', m1, m2] => (|| {
                let (hour, minute) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
                (hour < 24 && minute < 60).then_some(hour * 60 + minute)
            })(),
            _ => None,
        };
        minutes.map(Self).ok_or_else(|| {
            ConfigError::new("time of day", format_args!("{text:?}"), "HH:MM from 00:00 to 23:59")
        })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = ConfigError;
    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

/// Days of the week, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Vec<String>", into = "Vec<String>"))]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// Days by their first three letters in English, in any case; one that is named twice counts once.
    ///
    /// # Errors
    /// If there is none, or a name is no such name.
    pub fn named<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, ConfigError> {
        let mut days = 0;
        for name in names {
            let name = name.as_ref();
            let Some(day) = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
                return Err(ConfigError::new(
                    "days",
                    format_args!("{name:?}"),
                    "mon, tue, wed, thu, fri, sat or sun",
                ));
            };
            days |= 1 << day;
        }
        if days == 0 {
            return Err(ConfigError::new("days", "empty", "at least one day, or left out for every day"));
        }
        Ok(Self(days))
    }

    /// Whether the day `weekday` is one of them, Monday being 0.
    #[must_use]
    pub const fn contains(self, weekday: u8) -> bool {
        weekday < 7 && self.0 >> weekday & 1 == 1
    }
}

impl TryFrom<Vec<String>> for Weekdays {
    type Error = ConfigError;
    fn try_from(names: Vec<String>) -> Result<Self, ConfigError> {
        Self::named(names)
    }
}

impl From<Weekdays> for Vec<String> {
    fn from(days: Weekdays) -> Self {
        (0..7).filter(|day| days.contains(*day)).map(|day| NAMES[usize::from(day)].to_owned()).collect()
    }
}

/// A span of the day, its end excluded.
///
/// ```
/// use setpoint::Timestamp;
/// use setpoint::schedule::{Daily, Weekdays, Zone};
/// let work = Daily::new("08:30".parse()?, "18:00".parse()?, Weekdays::named(["Mon", "tue"])?)?;
/// let tuesday = Timestamp::from_secs(1_700_000_000); // 22:13:20 UTC
/// assert!(!work.contains(Zone::UTC.local(tuesday)));
/// // Monday next, half past eight.
/// assert_eq!(work.next_change_after(tuesday, &Zone::UTC), Some(Timestamp::from_secs(1_700_469_000)));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Daily {
    days: Weekdays,
    start: TimeOfDay,
    end: TimeOfDay,
}

impl Daily {
    /// From `start` up to `end` on `days`.
    ///
    /// # Errors
    /// If `start` is not before `end`: a span does not reach over midnight.
    pub fn new(start: TimeOfDay, end: TimeOfDay, days: Weekdays) -> Result<Self, ConfigError> {
        if start >= end {
            return Err(ConfigError::new("end", end, format!("later than the start ({start})")));
        }
        Ok(Self { days, start, end })
    }

    /// On which days.
    #[must_use]
    pub const fn days(self) -> Weekdays {
        self.days
    }

    /// The first minute.
    #[must_use]
    pub const fn start(self) -> TimeOfDay {
        self.start
    }

    /// The first minute after it.
    #[must_use]
    pub const fn end(self) -> TimeOfDay {
        self.end
    }

    /// Whether it is now.
    #[must_use]
    pub const fn contains(self, now: Local) -> bool {
        let minute = now.minute();
        self.days.contains(now.weekday()) && minute >= self.start.0 && minute < self.end.0
    }

    /// Whether there is a minute of the week that is in both.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.days.0 & other.days.0 != 0 && self.start.0 < other.end.0 && other.start.0 < self.end.0
    }

    /// The first instant after `at` at which [`contains`](Self::contains) can change: a start, an end, or a jump of the zone's clock
    /// if that comes first. Never late, early only by such a jump. `None` where time ends first.
    #[must_use]
    pub fn next_change_after(self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        earliest(self.next_edge_after(at, zone.local(at)), zone.next_jump_after(at))
    }

    /// The next start or end if the clock does not jump.
    fn next_edge_after(self, at: Timestamp, local: Local) -> Option<Timestamp> {
        let today = local.day();
        let wait = (0..=7)
            .map(|ahead| today.saturating_add(ahead))
            .filter(|day| self.days.contains(weekday_of(*day)))
            .flat_map(|day| [self.start, self.end].map(|edge| local.until(day, edge.0)))
            .find(|wait| *wait > 0)?;
        at.as_millis().checked_add(wait).map(Timestamp::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(start: &str, end: &str, days: &[&str]) -> Daily {
        let days = if days.is_empty() { Weekdays::ALL } else { Weekdays::named(days).unwrap() };
        Daily::new(start.parse().unwrap(), end.parse().unwrap(), days).unwrap()
    }

    /// Monday 13 November 2023, 00:00 UTC.
    const MONDAY: i64 = 1_699_833_600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(MONDAY + seconds)
    }

    #[test]
    fn times_of_day_have_one_spelling() {
        assert_eq!("23:59".parse::<TimeOfDay>().unwrap().minute(), 1_439);
        assert_eq!("07:05".parse::<TimeOfDay>().unwrap().to_string(), "07:05");
        for bad in ["", "7:05", "07:5", "24:00", "12:60", "-1:00", "07-05", "07:05:00", " 7:05", "０7:05"] {
            let error = bad.parse::<TimeOfDay>().unwrap_err();
            assert_eq!(error.allowed, "HH:MM from 00:00 to 23:59", "{bad:?}");
        }
    }

    #[test]
    fn days_are_three_letters_in_any_case() {
        let days = Weekdays::named(["Mon", "WED", "sun", "mon"]).unwrap();
        assert_eq!(Vec::from(days), ["mon", "wed", "sun"]);
        for bad in [&["monday"][..], &[""], &["mo"], &["mon", "xyz"], &[]] {
            assert_eq!(Weekdays::named(bad).unwrap_err().field, "days", "{bad:?}");
        }
        assert!(!Weekdays::ALL.contains(7));
    }

    #[test]
    fn the_start_is_included_the_end_is_not_and_seconds_play_no_part() {
        let span = daily("08:17", "09:42", &["tue"]);
        let holds = |seconds| span.contains(Zone::UTC.local(at(86_400 + seconds)));
        let (start, end) = (8 * 3_600 + 17 * 60, 9 * 3_600 + 42 * 60);
        assert_eq!((holds(start - 1), holds(start), holds(end - 1), holds(end)), (false, true, true, false));
        assert!(!span.contains(Zone::UTC.local(at(start))), "Monday is another day");
        assert_eq!(span.next_change_after(at(86_400 + start - 1), &Zone::UTC), Some(at(86_400 + start)));
        assert_eq!(span.next_change_after(at(86_400 + start), &Zone::UTC), Some(at(86_400 + end)));
        assert_eq!(span.next_change_after(at(86_400 + end), &Zone::UTC), Some(at(8 * 86_400 + start)));
    }

    #[test]
    fn spans_do_not_reach_over_midnight() {
        let times = |start: &str, end: &str| {
            Daily::new(start.parse().unwrap(), end.parse().unwrap(), Weekdays::ALL).unwrap_err().field
        };
        assert_eq!((times("22:00", "06:00"), times("08:00", "08:00")), ("end".into(), "end".into()));
    }

    #[test]
    fn overlap_needs_a_shared_day_and_a_shared_minute() {
        let morning = daily("08:00", "12:00", &["mon", "tue"]);
        assert!(morning.overlaps(daily("11:59", "13:00", &["tue", "wed"])));
        assert!(daily("11:59", "13:00", &["tue", "wed"]).overlaps(morning));
        assert!(!morning.overlaps(daily("12:00", "13:00", &["tue"])));
        assert!(!morning.overlaps(daily("08:00", "12:00", &["wed"])));
        assert!(morning.overlaps(daily("09:00", "10:00", &[])));
    }

    #[test]
    fn the_ends_of_time_have_no_next_change() {
        let span = daily("08:00", "09:00", &[]);
        assert_eq!(span.next_change_after(Timestamp::MAX, &Zone::UTC), None);
        assert!(span.next_change_after(Timestamp::MIN, &Zone::UTC).is_some());
    }

    /// Steps through two weeks around a jump of the clock, minute by minute.
    fn never_late(zone: &Zone, around: i64, span: Daily) {
        let mut announced: Option<Timestamp> = None;
        let mut last: Option<bool> = None;
        for minute in -7 * 1_440..7 * 1_440 {
            let now = Timestamp::from_secs(around + minute * 60);
            let holds = span.contains(zone.local(now));
            if last.is_some_and(|last| last != holds) {
                assert!(announced.is_some_and(|at| at <= now), "{span:?} changed unannounced at {now}");
            }
            if announced.is_none_or(|at| at <= now) {
                announced = span.next_change_after(now, zone);
                assert!(announced.is_none_or(|at| at > now));
            }
            last = Some(holds);
        }
    }

    #[test]
    fn changes_are_announced_in_time() {
        for span in [daily("00:00", "23:59", &[]), daily("02:30", "02:45", &["sun", "thu"])] {
            never_late(&Zone::UTC, 1_711_846_800, span);
        }
    }

    #[cfg(feature = "schedule")]
    #[test]
    fn jumps_of_the_clock_are_followed_by_its_face() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        let (spring, autumn) = (1_711_846_800, 1_729_990_800);
        let span = daily("02:30", "03:30", &["sun"]);
        let holds = |seconds: i64| span.contains(berlin.local(Timestamp::from_secs(seconds)));
        // In spring 02:30 never comes: the span begins with the jump to 03:00 and lasts half an hour.
        assert_eq!(
            (holds(spring - 1), holds(spring), holds(spring + 1_799), holds(spring + 1_800)),
            (false, true, true, false)
        );
        // In autumn 02:30 to 02:59 comes twice.
        let half = 1_800;
        assert_eq!(
            (
                holds(autumn - half - 1),
                holds(autumn - half),
                holds(autumn - 1),
                holds(autumn),
                holds(autumn + half)
            ),
            (false, true, true, false, true)
        );
        for zone in [
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Africa/Casablanca",
        ] {
            let zone = Zone::new(zone).unwrap();
            for around in [spring, autumn, 1_710_054_000, 1_728_140_400] {
                never_late(&zone, around, span);
                never_late(&zone, around, daily("00:00", "23:59", &[]));
                never_late(&zone, around, daily("01:45", "02:15", &["sun", "mon"]));
            }
        }
    }
}
