//! Any metrics text: lines or errors, and numbers that hold together.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| setpoint_tests::fuzz_exposition(data));
