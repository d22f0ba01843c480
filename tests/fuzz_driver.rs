//! The bodies of the fuzz targets on a few thousand random inputs from fixed seeds: the same every time, without a fuzzer.

use setpoint_tests::{XorShift, fuzz_decisions, fuzz_exposition, fuzz_snapshots, fuzz_state};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn drive(seed: u64, inputs: usize, longest: u64, body: fn(&[u8])) {
    let mut source = XorShift::new(seed);
    for n in 0..inputs {
        let len = source.next_u64() % longest;
        let data = source.bytes(len as usize);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(&data))) {
            println!("input {n} of seed {seed}, {} bytes: {data:?}", data.len());
            resume_unwind(panic);
        }
    }
}

#[test]
fn snapshots() {
    drive(0x5e7_0001, 3_000, 600, fuzz_snapshots);
}

#[test]
fn decisions() {
    drive(0x5e7_0002, 2_000, 2_500, fuzz_decisions);
}

#[test]
fn states() {
    drive(0x5e7_0003, 3_000, 2_000, fuzz_state);
}

#[test]
fn expositions() {
    drive(0x5e7_0004, 4_000, 1_200, fuzz_exposition);
}
