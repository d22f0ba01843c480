//! A progress bar for runs that take longer than a second, on the error stream.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);
const EVERY: u64 = 8_192;

#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: bool,
    done: u64,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "a program may look at the clock; the library may not")]
    pub(crate) fn new(bins: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bins as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg:>10} [{bar:40}] {percent:>3} % {eta:>4} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, started: Instant::now(), shown: false, done: 0 }
    }

    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    pub(crate) fn advance(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(EVERY) {
            if !self.shown && self.started.elapsed() >= PATIENCE {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
                self.shown = true;
            }
            self.bar.set_position(self.done);
        }
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
