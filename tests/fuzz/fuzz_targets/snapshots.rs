//! Any calls on a snapshot: it is built or refused, and what it says holds together.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| setpoint_tests::fuzz_snapshots(data));
