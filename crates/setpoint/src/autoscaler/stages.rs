//! The stages that an autoscaler is made of: the library's own as values, and the caller's behind the traits.

use crate::algorithm::fixed::Fixed;
use crate::algorithm::{aibrix, bud, gaussian, hpa, kpa, kthena, kubeai, threshold};
use crate::restrain::{Ceiling, Cooldown, Floor, RateLimit, Stabilization, WithinBounds, ZeroOr};
use crate::stage::{Recommend, Restrain, Stage};
use crate::state::{StateWriter, Value};

/// What two stages of the caller's own are compared by: their names and what they remember.
fn remembered(stage: &dyn Stage) -> Option<Value> {
    let mut out = StateWriter::default();
    out.put("name", stage.name());
    stage.save(&mut out).ok()?;
    Some(out.finish())
}

macro_rules! stages {
    ($(#[$doc:meta])* $set:ident: $trait:ident { $($variant:ident($type:ty)),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum $set {
            $(
                #[doc = concat!("[`", stringify!($type), "`].")]
                $variant($type),
            )*
            /// A stage of the caller's own.
            Custom(Box<dyn $trait>),
        }

        impl $set {
            /// The stage behind its trait.
            #[must_use]
            #[inline]
            pub fn stage(&self) -> &dyn $trait {
                match self {
                    $(Self::$variant(stage) => stage,)*
                    Self::Custom(stage) => &**stage,
                }
            }

            /// The stage behind its trait, to be changed.
            #[inline]
            pub(crate) fn stage_mut(&mut self) -> &mut dyn $trait {
                match self {
                    $(Self::$variant(stage) => stage,)*
                    Self::Custom(stage) => &mut **stage,
                }
            }
        }

        impl Clone for $set {
            fn clone(&self) -> Self {
                match self {
                    $(Self::$variant(stage) => Self::$variant(stage.clone()),)*
                    Self::Custom(stage) => Self::Custom(stage.clone_box()),
                }
            }
        }

        impl PartialEq for $set {
            fn eq(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$variant(a), Self::$variant(b)) => a == b,)*
                    (Self::Custom(a), Self::Custom(b)) => {
                        let a = remembered(&**a);
                        a.is_some() && a == remembered(&**b)
                    }
                    _ => false,
                }
            }
        }

        $(
            impl From<$type> for $set {
                fn from(stage: $type) -> Self {
                    Self::$variant(stage)
                }
            }
        )*

        impl From<Box<dyn $trait>> for $set {
            fn from(stage: Box<dyn $trait>) -> Self {
                Self::Custom(stage)
            }
        }
    };
}

stages! {
    /// A recommender.
    #[expect(clippy::large_enum_variant, reason = "an autoscaler holds few, in place: no pointer to follow in a decision")]
    Recommender: Recommend {
        Fixed(Fixed),
        HpaGate(hpa::Gatekeeper),
        Hpa(hpa::Recommender),
        Kpa(kpa::Recommender),
        Kthena(kthena::Recommender),
        Aibrix(aibrix::Recommender),
        KubeAi(kubeai::Recommender),
        Bud(bud::Recommender),
        Threshold(threshold::Recommender),
        Gaussian(gaussian::Recommender),
    }
}

stages! {
    /// A restraint.
    #[expect(clippy::large_enum_variant, reason = "an autoscaler holds few, in place: no pointer to follow in a decision")]
    Restraint: Restrain {
        Bounds(WithinBounds),
        Floor(Floor),
        Ceiling(Ceiling),
        ZeroOr(ZeroOr),
        Cooldown(Cooldown),
        Stabilization(Stabilization),
        RateLimit(RateLimit),
        KpaLastStep(kpa::LastStep),
        KthenaCorrection(kthena::Corrector),
        AibrixCooldown(aibrix::Cooldown),
        AibrixBounds(aibrix::BoundsByTime),
        BudStep(bud::Step),
        BudPace(bud::Pace),
    }
}
