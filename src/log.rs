//! The log on standard error: never the content of messages, and only a limited number of lines.

use std::{
    collections::HashMap,
    fmt as text,
    io::{self, IsTerminal as _},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{Event, Level, Metadata, Subscriber, callsite::Identifier};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, filter_fn},
    fmt::{self, FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// How many lines one log statement may write per minute: a client may be able to trigger it as often as it likes.
const MAX_LINES_PER_MINUTE: u32 = 60;

/// The target of the security log, which limits its lines itself.
const COUNTED: &str = "teahouse::security";

/// Starts logging to standard error, at the levels that `RUST_LOG` sets.
pub(crate) fn begin() {
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .map_event_format(|format| Bounded { format, places: Mutex::default() })
        // If the log is on the full disk as well, reporting the write error there would panic and end the server.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(asked.and(filter_fn(keeps_secrets)))).init();
}

/// Keeps secrets out of the log: below `info`, libraries may log requests and frames with messages, tokens and cookies. So
/// finer levels are for this program's own lines only, whatever `RUST_LOG` says.
fn keeps_secrets(line: &Metadata<'_>) -> bool {
    let is_ours = line.target() == "teahouse" || line.target().starts_with("teahouse::");
    is_ours || *line.level() <= Level::INFO
}

/// Limits the lines of each log statement, and reports how many were left out.
struct Bounded<F> {
    format: F,
    places: Mutex<HashMap<Identifier, Lines>>,
}

/// The lines of one log statement in the current minute.
struct Lines {
    since: Instant,
    written: u32,
    left_out: u64,
}

impl Lines {
    fn new(now: Instant) -> Self {
        Self { since: now, written: 0, left_out: 0 }
    }

    /// Returns how many lines were left out before this one, or `None` if this one is to be left out.
    fn next(&mut self, now: Instant) -> Option<u64> {
        let left_out = if now.saturating_duration_since(self.since) >= Duration::from_mins(1) {
            std::mem::replace(self, Self::new(now)).left_out
        } else {
            0
        };
        if self.written == MAX_LINES_PER_MINUTE {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(left_out)
    }
}

impl<F> Bounded<F> {
    fn next(&self, line: &Metadata<'_>) -> Option<u64> {
        // Whoever enables finer levels wants all lines.
        if line.target() == COUNTED || *line.level() > Level::INFO {
            return Some(0);
        }
        // No code under this lock panics half-way through a change.
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        places.entry(line.callsite()).or_insert_with(|| Lines::new(now)).next(now)
    }
}

impl<S, N, F> FormatEvent<S, N> for Bounded<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> text::Result {
        let Some(left_out) = self.next(event.metadata()) else { return Ok(()) };
        self.format.format_event(context, writer.by_ref(), event)?;
        if left_out > 0 {
            writeln!(writer, "  {left_out} more lines like this one were left out before it")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, MutexGuard},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().expect("no panic")
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.bytes().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_place_in_the_program_floods_the_log_and_the_others_are_still_heard() {
        let written = Written::default();
        let writer = written.clone();
        let lines = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .map_event_format(|format| Bounded { format, places: Mutex::default() });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            for number in 0..1_000 {
                tracing::warn!(number, "somebody can make this happen");
                tracing::error!(number, "and this");
                tracing::info!(target: "teahouse::security", number, "this is counted where it is written");
            }
            tracing::warn!("this happens once");
        });
        let log = String::from_utf8(written.bytes().clone()).expect("UTF-8");
        let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
        assert_eq!((count("somebody can make this happen"), count("and this")), (60, 60));
        assert_eq!((count("this is counted"), count("this happens once")), (1_000, 1));
    }

    #[test]
    fn what_was_left_out_is_told_with_the_next_line() {
        let begin = Instant::now();
        let mut lines = Lines::new(begin);
        let told = (0..100).filter_map(|_| lines.next(begin)).collect::<Vec<_>>();
        assert_eq!(told, [0; 60]);
        assert_eq!(lines.next(begin + Duration::from_secs(59)), None);
        assert_eq!(lines.next(begin + Duration::from_mins(1)), Some(41));
        assert_eq!(lines.next(begin + Duration::from_secs(61)), Some(0));
    }
}
