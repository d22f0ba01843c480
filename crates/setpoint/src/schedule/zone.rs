//! Time zones: from an instant to the local weekday and time of day, and to the next change of the zone's clock.
//!
//! UTC needs nothing. Zones by name need the feature `schedule`; their rules come from the database bundled with the crate `jiff`
//! and from nowhere else, so that the same version decides the same on every machine. Instants beyond the years that the database
//! covers (-9999 to 9999) count as the nearest it covers.

use crate::error::ConfigError;
use crate::time::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// A time zone.
///
/// ```
/// use setpoint::Timestamp;
/// use setpoint::schedule::Zone;
/// let local = Zone::new("UTC")?.local(Timestamp::from_secs(1_700_000_000)); // a Tuesday, 22:13:20
/// assert_eq!((local.weekday(), local.minute()), (1, 22 * 60 + 13));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Zone(Rules);

#[derive(Clone, Debug, Default)]
enum Rules {
    #[default]
    Utc,
    #[cfg(feature = "schedule")]
    Named { name: Box<str>, zone: jiff::tz::TimeZone },
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Rules::Utc);

    /// The zone of a name of the IANA database, such as `Europe/Berlin`. An empty name and `UTC` are UTC.
    ///
    /// # Errors
    /// If there is no such zone, or the feature `schedule` is off and it is not UTC.
    pub fn new(name: &str) -> Result<Self, ConfigError> {
        if name.is_empty() || name == "UTC" { Ok(Self::UTC) } else { Self::named(name) }
    }

    #[cfg(feature = "schedule")]
    fn named(name: &str) -> Result<Self, ConfigError> {
        match jiff::tz::TimeZoneDatabase::bundled().get(name) {
            Ok(zone) => Ok(Self(Rules::Named { name: name.into(), zone })),
            Err(_) => {
                Err(ConfigError::new("time_zone", name, "empty or a name of the IANA time zone database"))
            }
        }
    }

    #[cfg(not(feature = "schedule"))]
    fn named(name: &str) -> Result<Self, ConfigError> {
        Err(ConfigError::new("time_zone", name, "UTC, unless the feature `schedule` is on"))
    }

    /// The name, `UTC` if none was given.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Rules::Utc => "UTC",
            #[cfg(feature = "schedule")]
            Rules::Named { name, .. } => name,
        }
    }

    /// The local time at `at`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> Local {
        Local { ms: at.as_millis().saturating_add(self.offset_ms(at)) }
    }

    /// What the local clock is ahead of UTC at `at`, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self, at: Timestamp) -> i64 {
        match &self.0 {
            Rules::Utc => {
                let _ = at;
                0
            }
            #[cfg(feature = "schedule")]
            Rules::Named { zone, .. } => i64::from(zone.to_offset(covered(at)).seconds()) * 1_000,
        }
    }

    /// The first instant after `at` at which the local clock may jump; `None` if it never will.
    #[must_use]
    pub fn next_jump_after(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Rules::Utc => {
                let _ = at;
                None
            }
            #[cfg(feature = "schedule")]
            Rules::Named { zone, .. } => zone
                .following(covered(at))
                .map(|jump| Timestamp::from_millis(jump.timestamp().as_millisecond()))
                .find(|jump| *jump > at),
        }
    }
}

#[cfg(feature = "schedule")]
fn covered(at: Timestamp) -> jiff::Timestamp {
    let nearest = if at.as_millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(nearest)
}

/// A local time: a day and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Milliseconds since the local midnight that began 1 January 1970, had the clock never jumped.
    ms: i64,
}

impl Local {
    /// The day of the week, Monday being 0.
    #[must_use]
    pub const fn weekday(self) -> u8 {
        weekday_of(self.day())
    }

    /// Whole minutes since midnight by the local clock, 0 to 1439.
    #[must_use]
    pub const fn minute(self) -> u16 {
        (self.ms.rem_euclid(DAY_MS) / 60_000) as u16
    }

    /// The number of the local day, counted from 1 January 1970.
    pub(super) const fn day(self) -> i64 {
        self.ms.div_euclid(DAY_MS)
    }

    /// How many milliseconds it is until `minute` of day `day`; negative if that is past.
    pub(super) const fn until(self, day: i64, minute: u16) -> i64 {
        let then = day.saturating_mul(DAY_MS).saturating_add(minute as i64 * 60_000);
        then.saturating_sub(self.ms)
    }
}

/// The day of the week of the day `day` after 1 January 1970, a Thursday.
pub(super) const fn weekday_of(day: i64) -> u8 {
    ((day.rem_euclid(7) + 3) % 7) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &Zone, seconds: i64) -> (u8, u16) {
        let local = zone.local(Timestamp::from_secs(seconds));
        (local.weekday(), local.minute())
    }

    #[test]
    fn utc_has_no_jumps_and_needs_no_database() {
        assert_eq!(clock(&Zone::UTC, 0), (3, 0));
        assert_eq!(clock(&Zone::UTC, -1), (2, 1_439));
        assert_eq!(clock(&Zone::UTC, 86_400 * 4), (0, 0));
        assert_eq!(Zone::UTC.next_jump_after(Timestamp::default()), None);
        assert_eq!(Zone::new("").unwrap(), Zone::new("UTC").unwrap());
        for extreme in [Timestamp::MIN, Timestamp::MAX] {
            assert!(Zone::UTC.local(extreme).minute() < 1_440);
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        for bad in ["Mars/Olympus", "utc+1", " ", "../etc", "Europe/Berlin "] {
            let error = Zone::new(bad).unwrap_err();
            assert_eq!((error.field.as_ref(), error.value.as_str()), ("time_zone", bad));
        }
    }

    #[cfg(feature = "schedule")]
    #[test]
    fn named_zones_follow_their_own_clock() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        // 31 March 2024, a Sunday: 01:59:59 is followed by 03:00:00 at 01:00 UTC.
        let spring = 1_711_846_800;
        assert_eq!(clock(&berlin, spring - 1), (6, 119));
        assert_eq!(clock(&berlin, spring), (6, 180));
        assert_eq!(
            berlin.next_jump_after(Timestamp::from_secs(spring - 1)),
            Some(Timestamp::from_secs(spring))
        );
        assert!(berlin.next_jump_after(Timestamp::from_secs(spring)) > Some(Timestamp::from_secs(spring)));
        let kathmandu = Zone::new("Asia/Kathmandu").unwrap();
        assert_eq!(clock(&kathmandu, 1_700_000_000), (2, 3 * 60 + 58)); // 5:45 ahead: already Wednesday
        assert_eq!(clock(&Zone::new("Pacific/Kiritimati").unwrap(), 0), (2, 13 * 60 + 20));
        assert_ne!(berlin, kathmandu);
    }

    #[cfg(feature = "schedule")]
    #[test]
    fn years_beyond_the_database_count_as_the_nearest() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        for extreme in [Timestamp::MIN, Timestamp::MAX] {
            let _ = berlin.local(extreme);
        }
        assert_eq!(berlin.next_jump_after(Timestamp::MAX), None);
        assert!(berlin.next_jump_after(Timestamp::MIN).is_some());
    }

    #[cfg(not(feature = "schedule"))]
    #[test]
    fn without_the_database_only_utc_is_known() {
        assert!(Zone::new("Europe/Berlin").unwrap_err().allowed.contains("schedule"));
    }
}
