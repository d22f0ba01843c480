//! How well supply followed demand: accuracy, time shares and jitter of the elasticity metrics of the SPEC research group.
//! Sources: N. Herbst et al., "Ready for Rain? A View from SPEC Research on the Future of Cloud Metrics" (2016); A. Bauer et al.,
//! "Chameleon" (IEEE TPDS 2019); `docs/simulation.md`.

/// Elasticity of one run. Demand `d` is the fewest replicas that could serve what arrives, supply `s` the ready ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Elasticity {
    /// Under-provisioning accuracy in percent: mean of `max(d - s, 0) / max(d, 1)`.
    pub theta_u_percent: f64,
    /// Over-provisioning accuracy in percent: mean of `max(s - d, 0) / max(d, 1)`.
    pub theta_o_percent: f64,
    /// The older form of the first, in percent: mean of `max(d - s, 0)` divided by the most replicas allowed.
    pub theta_u_of_max_percent: f64,
    /// The older form of the second, in percent: mean of `max(s - d, 0)` divided by the most replicas allowed.
    pub theta_o_of_max_percent: f64,
    /// Share of the time with too few replicas, in percent.
    pub tau_u_percent: f64,
    /// Share of the time with too many replicas, in percent.
    pub tau_o_percent: f64,
    /// Changes of the supply between neighbouring bins.
    pub supply_changes: u64,
    /// Changes of the demand between neighbouring bins.
    pub demand_changes: u64,
    /// Changes of the supply less those of the demand, per hour: negative where supply moves less often, positive where it fidgets.
    pub jitter_per_hour: f64,
}

impl Elasticity {
    /// How many times more elastic this run was than `other`: the geometric mean of the four ratios of accuracies and time shares.
    /// `None` where one of this run's measures is 0, which makes the ratio undefined.
    #[must_use]
    pub fn speedup_over(&self, other: &Self) -> Option<f64> {
        let own = [self.theta_u_percent, self.theta_o_percent, self.tau_u_percent, self.tau_o_percent];
        let of = [other.theta_u_percent, other.theta_o_percent, other.tau_u_percent, other.tau_o_percent];
        if own.contains(&0.0) {
            return None;
        }
        let product = of.iter().zip(&own).fold(1.0, |product, (of, own)| product * (of / own));
        Some(product.sqrt().sqrt())
    }
}

/// Adds up one run, bin by bin.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    under_share: f64,
    over_share: f64,
    under: u64,
    over: u64,
    under_bins: u64,
    over_bins: u64,
    supply_changes: u64,
    demand_changes: u64,
    last: Option<(u32, u32)>,
}

impl Tally {
    #[inline]
    pub(super) fn add(&mut self, demand: u32, supply: u32) {
        if demand > supply {
            let short = demand - supply;
            self.under_share += f64::from(short) / f64::from(demand);
            self.under += u64::from(short);
            self.under_bins += 1;
        } else if supply > demand {
            let spare = supply - demand;
            self.over_share += f64::from(spare) / f64::from(demand.max(1));
            self.over += u64::from(spare);
            self.over_bins += 1;
        }
        let (last_demand, last_supply) = self.last.unwrap_or((demand, supply));
        self.demand_changes += u64::from(last_demand != demand);
        self.supply_changes += u64::from(last_supply != supply);
        self.last = Some((demand, supply));
    }

    /// The measures over `bins` bins that took `hours` in all, with at most `most` replicas; all 0 without bins.
    pub(super) fn finish(&self, bins: u64, hours: f64, most: u32) -> Elasticity {
        if bins == 0 {
            return Elasticity::default();
        }
        let percent = |part: f64| 100.0 * part / bins as f64;
        let of_max = |replica_bins: u64| percent(replica_bins as f64) / f64::from(most.max(1));
        Elasticity {
            theta_u_percent: percent(self.under_share),
            theta_o_percent: percent(self.over_share),
            theta_u_of_max_percent: of_max(self.under),
            theta_o_of_max_percent: of_max(self.over),
            tau_u_percent: percent(self.under_bins as f64),
            tau_o_percent: percent(self.over_bins as f64),
            supply_changes: self.supply_changes,
            demand_changes: self.demand_changes,
            jitter_per_hour: (self.supply_changes as f64 - self.demand_changes as f64) / hours,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bins: &[(u32, u32)]) -> Elasticity {
        let mut tally = Tally::default();
        for (demand, supply) in bins {
            tally.add(*demand, *supply);
        }
        tally.finish(bins.len() as u64, 0.5, 10)
    }

    #[test]
    fn each_measure_by_hand() {
        let e = of(&[(4, 2), (4, 4), (2, 5), (0, 3)]);
        assert_eq!((e.theta_u_percent, e.theta_o_percent), (100.0 * 0.5 / 4.0, 100.0 * 4.5 / 4.0));
        assert_eq!((e.theta_u_of_max_percent, e.theta_o_of_max_percent), (5.0, 15.0));
        assert_eq!((e.tau_u_percent, e.tau_o_percent), (25.0, 50.0));
        assert_eq!((e.supply_changes, e.demand_changes, e.jitter_per_hour), (3, 2, 2.0));
        assert_eq!(of(&[]), Elasticity::default());
    }

    #[test]
    fn speedup_is_missing_where_it_is_undefined() {
        let a = of(&[(4, 2), (2, 4)]);
        let b = of(&[(4, 3), (2, 3)]);
        assert_eq!(b.speedup_over(&a), Some(2.0_f64.sqrt()));
        assert_eq!(a.speedup_over(&a), Some(1.0));
        assert_eq!(of(&[(4, 4), (2, 4)]).speedup_over(&a), None);
    }
}
