//! Queueing formulas: Erlang B and C by recursion, and the M/M/c queue on top of them. The recursion is stable for thousands of
//! servers, where factorials are not. Source: A. K. Erlang (1917); `docs/simulation.md`. It simulates nothing.

use crate::error::ConfigError;

/// Share of arrivals that find all of `servers` busy and are lost: `offered` is the arrival rate over the service rate of one.
///
/// NaN where `offered` is negative or NaN.
///
/// ```
/// use setpoint::stats::erlang_b;
/// assert_eq!(erlang_b(0.5, 1), 1.0 / 3.0);
/// assert_eq!(erlang_b(0.5, 0), 1.0);
/// ```
#[must_use]
pub fn erlang_b(offered: f64, servers: u32) -> f64 {
    if offered.is_nan() || offered < 0.0 {
        return f64::NAN;
    }
    if offered == f64::INFINITY {
        return 1.0;
    }
    (1..=servers).fold(1.0, |lost, k| blocked(offered, lost, k))
}

/// One step of the recursion: the loss with `k` servers from the loss with one less.
fn blocked(offered: f64, lost: f64, k: u32) -> f64 {
    let carried = offered * lost;
    carried / (f64::from(k) + carried)
}

/// Share of arrivals that have to wait; 1 where the servers cannot keep up.
///
/// ```
/// use setpoint::stats::erlang_c;
/// assert_eq!(erlang_c(0.5, 1), 0.5);
/// assert_eq!(erlang_c(2.0, 2), 1.0);
/// ```
#[must_use]
pub fn erlang_c(offered: f64, servers: u32) -> f64 {
    waiting(offered, servers, erlang_b(offered, servers))
}

fn waiting(offered: f64, servers: u32, lost: f64) -> f64 {
    let utilization = offered / f64::from(servers);
    if lost.is_nan() {
        f64::NAN
    } else if utilization < 1.0 {
        lost / (1.0 - utilization * (1.0 - lost))
    } else {
        1.0
    }
}

/// A queue with Poisson arrivals, exponential service and `servers` servers that keep up with it.
///
/// | setting | range | unit |
/// |---|---|---|
/// | `arrival_rate` | above 0, finite | arrivals per second |
/// | `service_rate` | above 0, finite | services per second of one server |
/// | `servers` | more than `arrival_rate / service_rate` | |
///
/// ```
/// use setpoint::stats::MultiServerQueue;
/// let queue = MultiServerQueue::new(5.53, 0.2, 32)?;
/// assert!((queue.mean_wait_s() - 0.37472).abs() < 1e-5);
/// assert_eq!(MultiServerQueue::fewest_servers(5.53, 0.2, 0.5)?, 32);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiServerQueue {
    arrival_rate: f64,
    service_rate: f64,
    servers: u32,
    erlang_b: f64,
    erlang_c: f64,
}

impl MultiServerQueue {
    /// The queue in its steady state.
    ///
    /// # Errors
    /// If a rate is not a positive number, or the servers do not keep up.
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u32) -> Result<Self, ConfigError> {
        let offered = offered(arrival_rate, service_rate)?;
        if offered >= f64::from(servers) {
            return Err(ConfigError::new(
                "servers",
                servers,
                format!("more than the offered load ({offered})"),
            ));
        }
        let erlang_b = erlang_b(offered, servers);
        let erlang_c = waiting(offered, servers, erlang_b);
        Ok(Self { arrival_rate, service_rate, servers, erlang_b, erlang_c })
    }

    /// The fewest servers with which the mean wait is at most `max_mean_wait_s` seconds.
    ///
    /// # Errors
    /// If a rate is not a positive number, the wait is negative or NaN, or more than 10,000,000 servers would be needed.
    pub fn fewest_servers(
        arrival_rate: f64,
        service_rate: f64,
        max_mean_wait_s: f64,
    ) -> Result<u32, ConfigError> {
        const MOST: u32 = 10_000_000;
        let offered = offered(arrival_rate, service_rate)?;
        if max_mean_wait_s.is_nan() || max_mean_wait_s < 0.0 {
            return Err(ConfigError::new("max_mean_wait_s", max_mean_wait_s, "at least 0"));
        }
        let mut lost = 1.0;
        for servers in 1..=MOST {
            lost = blocked(offered, lost, servers);
            if offered < f64::from(servers) {
                let erlang_c = waiting(offered, servers, lost);
                let queue = Self { arrival_rate, service_rate, servers, erlang_b: lost, erlang_c };
                if queue.mean_wait_s() <= max_mean_wait_s {
                    return Ok(servers);
                }
            }
        }
        Err(ConfigError::new("servers", MOST, format!("enough for an offered load of {offered}")))
    }

    /// Arrival rate over the service rate of one server: the servers that are busy on average.
    #[must_use]
    pub fn offered_load(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// Busy share of the servers.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.offered_load() / f64::from(self.servers)
    }

    /// Share of arrivals that a system without a queue would lose.
    #[must_use]
    pub const fn erlang_b(&self) -> f64 {
        self.erlang_b
    }

    /// Share of arrivals that have to wait.
    #[must_use]
    pub const fn erlang_c(&self) -> f64 {
        self.erlang_c
    }

    /// Services per second that the servers could do beyond what arrives.
    fn spare_rate(&self) -> f64 {
        f64::from(self.servers) * self.service_rate - self.arrival_rate
    }

    /// Mean wait of all arrivals, in seconds.
    #[must_use]
    pub fn mean_wait_s(&self) -> f64 {
        self.erlang_c / self.spare_rate()
    }

    /// Mean time in the system, in seconds.
    #[must_use]
    pub fn mean_response_s(&self) -> f64 {
        self.mean_wait_s() + 1.0 / self.service_rate
    }

    /// Mean number of those that wait, by Little's law.
    #[must_use]
    pub fn mean_queue_length(&self) -> f64 {
        self.arrival_rate * self.mean_wait_s()
    }

    /// Mean number in the system, by Little's law.
    #[must_use]
    pub fn mean_in_system(&self) -> f64 {
        self.arrival_rate * self.mean_response_s()
    }

    /// Share of arrivals that wait longer than `seconds`.
    #[must_use]
    pub fn prob_wait_over(&self, seconds: f64) -> f64 {
        self.erlang_c * libm::exp(-self.spare_rate() * seconds)
    }

    /// The wait, in seconds, that a share `q` (0 to 1) of the arrivals does not exceed.
    #[must_use]
    pub fn wait_quantile_s(&self, q: f64) -> f64 {
        (libm::log(self.erlang_c / (1.0 - q)) / self.spare_rate()).max(0.0)
    }
}

fn offered(arrival_rate: f64, service_rate: f64) -> Result<f64, ConfigError> {
    for (field, rate) in [("arrival_rate", arrival_rate), ("service_rate", service_rate)] {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(ConfigError::new(field, rate, "a positive number"));
        }
    }
    Ok(arrival_rate / service_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs()
    }

    #[test]
    fn one_server_is_the_m_m_1_queue() {
        for rho in [0.1, 0.5, 0.9, 0.99] {
            let queue = MultiServerQueue::new(rho, 1.0, 1).unwrap();
            assert!(close(queue.erlang_c(), rho));
            assert!(close(queue.mean_in_system(), rho / (1.0 - rho)));
            assert!(close(queue.utilization(), rho));
        }
    }

    #[test]
    fn the_recursion_agrees_with_the_sum_of_the_definition() {
        let (offered, servers) = (3.7_f64, 6);
        let mut term = 1.0;
        let mut sum = 1.0;
        for k in 1..=servers {
            term *= offered / f64::from(k);
            sum += term;
        }
        assert!(close(erlang_b(offered, servers), term / sum));
        assert!((0.0..1.0).contains(&erlang_b(5_000.0, 5_100)));
    }

    #[test]
    fn the_quantile_inverts_the_tail() {
        let queue = MultiServerQueue::new(9.5, 1.0, 10).unwrap();
        for q in [0.5, 0.9, 0.99] {
            assert!((queue.prob_wait_over(queue.wait_quantile_s(q)) - (1.0 - q)).abs() < 1e-12);
        }
        assert_eq!(MultiServerQueue::new(0.01, 1.0, 1).unwrap().wait_quantile_s(0.5), 0.0);
    }

    #[test]
    fn odd_inputs_have_an_answer() {
        assert!(erlang_b(f64::NAN, 3).is_nan() && erlang_b(-1.0, 3).is_nan() && erlang_c(-1.0, 3).is_nan());
        assert_eq!((erlang_b(f64::INFINITY, 3), erlang_b(0.0, 3), erlang_c(0.0, 3)), (1.0, 0.0, 0.0));
        assert_eq!(erlang_c(1.0, 0), 1.0);
        assert_eq!(MultiServerQueue::new(2.0, 1.0, 2).unwrap_err().field, "servers");
        assert_eq!(MultiServerQueue::new(0.0, 1.0, 2).unwrap_err().field, "arrival_rate");
        assert_eq!(MultiServerQueue::new(1.0, f64::NAN, 2).unwrap_err().field, "service_rate");
        assert_eq!(
            MultiServerQueue::fewest_servers(1.0, 1.0, f64::NAN).unwrap_err().field,
            "max_mean_wait_s"
        );
        assert_eq!(MultiServerQueue::fewest_servers(1e300, 1.0, 1.0).unwrap_err().field, "servers");
    }

    #[test]
    fn a_wait_exactly_as_asked_for_is_enough() {
        assert_eq!(MultiServerQueue::fewest_servers(0.5, 1.0, 1.0).unwrap(), 1);
        assert_eq!(MultiServerQueue::fewest_servers(0.5, 1.0, 0.999).unwrap(), 2);
    }
}
