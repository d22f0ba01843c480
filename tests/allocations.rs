//! A steady-state decision allocates nothing: after a warm-up over the whole length of every window, deciding into the same
//! decision again is counted by an allocator that counts.

use core::cell::Cell;
use core::time::Duration;
use setpoint::{Decision, Instance, Snapshot, Timestamp, metric};
use setpoint_tests::{Subject, subjects};
use std::alloc::{GlobalAlloc, Layout, System};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[expect(
    unsafe_code,
    reason = "an allocator can be written in no other way; every call goes to the system's unchanged"
)]
// SAFETY: all four methods hand their arguments to `System`, which keeps the contract of `GlobalAlloc`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises about `block` and `layout` are passed on.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises about `block` and `layout` are passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

const PODS: usize = 20;
const WARM_UP: u64 = 3_000;
const MEASURED: u64 = 500;

static CALM: [f64; PODS] = [0.4; PODS];
static BUSY: [f64; PODS] = [0.9; PODS];

/// Allocations of `MEASURED` decisions, one every two seconds under a load that swings, after the warm-up.
fn steady(subject: &Subject, listed: bool) -> u64 {
    let start = Timestamp::from_secs(1_700_000_000);
    let instances = [Instance::ready(start.before(Duration::from_secs(3_600))); PODS];
    let mut snapshot = Snapshot::at(start).replicas(PODS as u32);
    if listed {
        snapshot = snapshot.instances(&instances[..]).expect("no columns yet");
    }
    for name in [metric::CPU, metric::MEMORY] {
        snapshot = snapshot.requests(name, &[1.0; PODS]).expect("one request per instance");
    }
    let mut scaler = (subject.build)();
    let mut decision = Decision::default();
    let mut step = |n: u64| {
        let usage = if (n / 40).is_multiple_of(2) { &CALM } else { &BUSY };
        snapshot.set_at(start.after(Duration::from_secs(2 * n)));
        for name in [metric::CPU, metric::MEMORY, metric::CONCURRENCY] {
            snapshot.set_samples(name, usage).expect("one sample per instance");
        }
        for name in [metric::CONCURRENCY, metric::RPS, metric::QUEUE_LENGTH] {
            snapshot.set_value(name, usage[0] * 300.0, Duration::ZERO).expect("a usable name");
        }
        scaler.decide_into(&snapshot, &mut decision);
        snapshot.set_replicas(decision.replicas());
    };
    (0..WARM_UP).for_each(&mut step);
    allocations(|| (WARM_UP..WARM_UP + MEASURED).for_each(&mut step))
}

#[test]
fn a_steady_state_decision_allocates_nothing() {
    for subject in subjects() {
        for listed in [false, true] {
            let count = steady(&subject, listed);
            assert_eq!(
                count, 0,
                "{} (instances listed: {listed}): {count} in {MEASURED} decisions",
                subject.name
            );
        }
    }
}

#[test]
fn the_count_sees_an_allocation() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1_u64)))), 1);
    let mut grown = Vec::with_capacity(1);
    grown.push(1_u8);
    assert!(allocations(|| grown.extend(std::hint::black_box([0; 64]))) > 0);
}
