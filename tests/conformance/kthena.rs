//! Adapters of the kthena vector files.

use crate::case::Verdict;
use serde_json::Value;

pub(crate) fn recommendation(case: &Value) -> Verdict {
    Verdict::unknown_kind(&case["kind"])
}

pub(crate) fn revision(case: &Value) -> Verdict {
    Verdict::unknown_kind(&case["kind"])
}
