//! The server's end of the admin socket.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt as _, net::UnixListener as BlockingListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    time::{sleep, timeout},
};

use crate::server::{
    admin::{
        execute::execute,
        wire::{AdminAnswer, socket_path},
    },
    state::AppState,
};

/// Longer than any command.
const MAX_COMMAND_BYTES: u64 = 4 * 1024;

/// How long a client may take to send its command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// The bound socket. Dropping it removes the file, so that nobody connects to a server that has stopped.
#[derive(Debug)]
pub(in crate::server) struct AdminSocket {
    listener: BlockingListener,
    path: PathBuf,
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "the admin socket could not be removed");
        }
    }
}

/// Binds the socket, which only the owner of the data folder may use. Returns `None` if that fails: the server runs
/// without it.
pub(in crate::server) fn bind(data: &Path) -> Option<AdminSocket> {
    let path = socket_path(data);
    bind_private(data, &path)
        .inspect_err(|error| {
            tracing::warn!(%error, path = %path.display(), "`teahouse admin` will not reach this server");
        })
        .ok()
        .map(|listener| AdminSocket { listener, path })
}

/// The socket gets its final name only after its permissions are set. The rename replaces the file of a server that was
/// killed; no other server runs here, because this one holds the folder's lock.
fn bind_private(data: &Path, path: &Path) -> io::Result<BlockingListener> {
    let unfinished = data.join("admin.sock.unfinished");
    drop(fs::remove_file(&unfinished));
    let listener = BlockingListener::bind(&unfinished)?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    fs::rename(&unfinished, path)?;
    Ok(listener)
}

/// Executes commands until it is dropped. `base_url` is where links to this server lead.
pub(in crate::server) async fn serve(app: Arc<AppState>, socket: Option<AdminSocket>, base_url: String) {
    let Some(socket) = socket else { return };
    let Ok(listener) = socket.listener.try_clone().and_then(UnixListener::from_std) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                app.tasks.spawn(handle_connection(Arc::clone(&app), base_url.clone(), stream));
            }
            Err(error) => {
                tracing::warn!(%error, "the admin socket could not accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn handle_connection(app: Arc<AppState>, base_url: String, mut stream: UnixStream) {
    let (reader, mut writer) = stream.split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(MAX_COMMAND_BYTES));
    let answer = match timeout(COMMAND_TIMEOUT, reader.read_line(&mut line)).await {
        Ok(Ok(_)) => match serde_json::from_str(&line) {
            Ok(command) => match execute(&app, &base_url, command).await {
                Ok(text) => AdminAnswer::Done(text),
                Err(error) => AdminAnswer::Refused(error.to_string()),
            },
            Err(error) => AdminAnswer::Refused(format!("this server does not know that command: {error}")),
        },
        Ok(Err(_)) | Err(_) => return,
    };
    let Ok(mut bytes) = serde_json::to_vec(&answer) else { return };
    bytes.push(b'\n');
    if let Err(error) = writer.write_all(&bytes).await {
        tracing::debug!(%error, "the admin client left before its answer");
    }
}
