//! Programs that show setpoint at work: `cargo run --release --example backtest`. The library itself is empty; the programs are in the
//! folders beside this file.
