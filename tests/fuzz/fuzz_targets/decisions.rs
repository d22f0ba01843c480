//! Any script of steps over any subject: counts follow from their reasons, state survives.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| setpoint_tests::fuzz_decisions(data));
