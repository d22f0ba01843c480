//! A fixed count: the baseline that every backtest needs, and a way to pin a fleet by hand. Source: ours.

use crate::reason::{Reason, Reasons};
use crate::rounding;
use crate::stage::{Context, Opinion, Recommend, Stage};

/// Always wants the same count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed(u32);

impl Fixed {
    /// A recommender that always wants `count` replicas; counts beyond 2,147,483,647 are read as that.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self(rounding::to_replicas(i64::from(count)))
    }
}

impl Stage for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }
}

impl Recommend for Fixed {
    fn recommend(&self, _cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let count = i64::from(self.0);
        why.push(Reason::Fixed { count });
        Opinion::Want(count)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(*self)
    }
}
