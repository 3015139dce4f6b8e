//! A progress bar on standard error, if that is a terminal.

use std::io::{self, IsTerminal as _, Write as _};

/// The width of the bar, in characters.
const WIDTH: usize = 30;

/// A line that shows what is being done, and how much of it is done.
pub(crate) struct ProgressBar {
    is_shown: bool,
}

impl ProgressBar {
    pub(crate) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal() }
    }

    /// Replaces the line. `done` is between 0 and 1.
    pub(crate) fn show(&mut self, step: &str, done: f64) {
        if !self.is_shown {
            return;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
        let percent = (done.clamp(0.0, 1.0) * 100.0) as usize;
        let filled = WIDTH * percent / 100;
        self.write(&format!("[{}{}] {percent:3} % {step}", "#".repeat(filled), " ".repeat(WIDTH - filled)));
    }

    /// Removes the line.
    pub(crate) fn clear(&mut self) {
        if self.is_shown {
            self.write("");
        }
    }

    /// A terminal that cannot be written to gets no more.
    fn write(&mut self, line: &str) {
        let mut output = io::stderr().lock();
        self.is_shown = write!(output, "\r\x1b[K{line}").and_then(|()| output.flush()).is_ok();
    }
}
