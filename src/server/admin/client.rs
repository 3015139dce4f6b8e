//! The command line's end of the admin socket.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::server::admin::{
    command::AdminCommand,
    wire::{AdminAnswer, socket_path},
};

/// Why a command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No server listens in that data folder.
    #[error("no server is running on {folder} ({error})")]
    NoServer {
        /// The data folder.
        folder: PathBuf,
        /// Why connecting failed.
        error: io::Error,
    },
    /// The connection failed before the answer came.
    #[error("the server did not answer: {0}")]
    NoAnswer(io::Error),
    /// The server refused the command, for this reason.
    #[error("{0}")]
    Refused(String),
}

/// Sends a command to the server that runs on the data folder, and returns its answer, safe to print on a terminal.
///
/// # Errors
/// [`AdminError`] if no server runs there, or if it refuses the command.
pub fn send_command(data: &Path, command: &AdminCommand) -> Result<String, AdminError> {
    let stream = UnixStream::connect(socket_path(data))
        .map_err(|error| AdminError::NoServer { folder: data.to_owned(), error })?;
    match exchange(stream, command).map_err(AdminError::NoAnswer)? {
        AdminAnswer::Done(text) => Ok(for_terminal(&text)),
        AdminAnswer::Refused(reason) => Err(AdminError::Refused(for_terminal(&reason))),
    }
}

fn exchange(mut stream: UnixStream, command: &AdminCommand) -> io::Result<AdminAnswer> {
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// Escapes the characters that control a terminal or change how text is displayed, because users choose names and
/// messages.
fn for_terminal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let is_control = c.general_category_group() == GeneralCategoryGroup::Other;
        // U+200D joins emoji and is harmless.
        if is_control && !matches!(c, '\n' | '\u{200d}') {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}
