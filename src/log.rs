//! The log: what the server does, never what is said in it.

use std::io::{self, IsTerminal as _};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, filter_fn},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Begins it, on standard error, as `RUST_LOG` says.
pub(crate) fn begin() {
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // A log that lies on the full disk, too, can't be written to. To say so there would panic, and end the server.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(asked.and(filter_fn(keeps_secrets)))).init();
}

/// Below `info`, libraries may write down what they handle: requests and frames, with messages, tokens and cookies in
/// them. So what is finer comes from this program only, whatever `RUST_LOG` asks for.
fn keeps_secrets(line: &Metadata<'_>) -> bool {
    let is_ours = line.target() == "teahouse" || line.target().starts_with("teahouse::");
    is_ours || *line.level() <= Level::INFO
}
