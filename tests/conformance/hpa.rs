//! Adapters of the hpa vector files.

use crate::case::Verdict;
use serde_json::Value;

pub(crate) fn replicas(case: &Value) -> Verdict {
    Verdict::unknown_kind(&case["kind"])
}

pub(crate) fn behavior(case: &Value) -> Verdict {
    Verdict::unknown_kind(&case["kind"])
}
