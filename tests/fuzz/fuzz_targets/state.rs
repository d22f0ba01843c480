//! Any saved state: an error that changes nothing, or an autoscaler that goes on.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| setpoint_tests::fuzz_state(data));
