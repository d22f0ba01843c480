//! Adapters of the kpa vector files.

use crate::case::Verdict;
use serde_json::Value;

pub(crate) fn windows(case: &Value) -> Verdict {
    Verdict::unknown_kind(&case["kind"])
}

pub(crate) fn scale(case: &Value) -> Verdict {
    Verdict::unknown_kind(&case["kind"])
}
