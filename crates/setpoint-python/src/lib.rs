//! The Python face of setpoint: conversions, classes and functions around the core, one file per area. Nothing is decided here.

mod arguments;
mod autoscaler;
mod by_name;
mod column;
mod compose;
mod decision;
mod error;
mod hint;
mod instance;
mod memory;
mod own_stage;
mod presets;
mod quantity;
mod reason;
mod samples;
mod scope;
mod simulate;
mod snapshot;
mod stages;
mod target;
mod to_python;

use pyo3::prelude::*;

/// The compiled part of the package `setpoint`; import that instead.
#[pymodule(gil_used = true)]
mod _setpoint {
    #[pymodule_export]
    use crate::autoscaler::{Autoscaler, decide_many, rebuild};
    #[pymodule_export]
    use crate::compose::compose;
    #[pymodule_export]
    use crate::decision::Decision;
    #[pymodule_export]
    use crate::instance::Instance;
    #[pymodule_export]
    use crate::presets::aibrix::{Schedule, aibrix};
    #[pymodule_export]
    use crate::presets::bud::{Blend, bud};
    #[pymodule_export]
    use crate::presets::fixed;
    #[pymodule_export]
    use crate::presets::gaussian::gaussian;
    #[pymodule_export]
    use crate::presets::hpa::{ScalingPolicy, ScalingRules, hpa};
    #[pymodule_export]
    use crate::presets::kpa::kpa;
    #[pymodule_export]
    use crate::presets::kthena::{PanicPolicy, StablePolicy, kthena};
    #[pymodule_export]
    use crate::presets::kubeai::kubeai;
    #[pymodule_export]
    use crate::presets::threshold::{Thresholds, threshold};
    #[pymodule_export]
    use crate::reason::Reason;
    #[pymodule_export]
    use crate::samples::{Samples, WorkloadValue};
    #[pymodule_export]
    use crate::simulate::{Model, Report, Trace, Work, simulate, simulate_series};
    #[pymodule_export]
    use crate::snapshot::Snapshot;
    #[pymodule_export]
    use crate::stages::{
        Ceiling, Cooldown, Fixed, Floor, RateLimit, Stabilization, WithinBounds, ZeroOrAtLeast,
    };
    #[pymodule_export]
    use crate::target::{AverageValue, Utilization, Value};
}
