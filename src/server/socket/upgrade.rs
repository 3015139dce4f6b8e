//! From an upgrade request to the task that serves the WebSocket.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;

use crate::{
    protocol::ErrorCode,
    server::{
        net::upgraded_stream::UpgradedStream,
        problem::ApiError,
        socket::{
            session::{ConnectionSession, FrameHandler},
            transport::Transport,
        },
        state::AppState,
        websocket::{Upgrade, UpgradeError},
    },
};

/// Accepts the upgrade and spawns the connection's task, which the server waits for when it stops.
///
/// `open_session` does all that precedes the session. If it returns `None`, it has closed the connection.
pub(super) fn accept<H: FrameHandler, F>(
    app: &Arc<AppState>,
    upgrade: Upgrade,
    open_session: impl FnOnce(Arc<AppState>, Transport) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = Option<ConnectionSession<H>>> + Send,
{
    let (response, upgraded) = upgrade.accept();
    let task_app = Arc::clone(app);
    let opening = async move {
        let (stream, read_ahead) = UpgradedStream::from_upgraded(upgraded.await?)?;
        let transport = Transport::new(stream, read_ahead, Arc::clone(&task_app.timing));
        open_session(task_app, transport).await
    };
    app.tasks.spawn(serve(Box::pin(opening)));
    response
}

/// Opens a session, runs it and closes the connection. Opening and closing are boxed futures, so that they take no memory
/// in the long-lived task while the session runs.
pub(super) async fn serve<H: FrameHandler>(opening: BoxFuture<'static, Option<ConnectionSession<H>>>) {
    let Some(mut session) = opening.await else { return };
    let message = session.run().await;
    Box::pin(session.close(message)).await;
}

/// The response to a request that cannot be upgraded.
pub(super) fn refuse_upgrade(error: UpgradeError) -> Response {
    let (status, headers) = error.status_and_headers();
    (headers, ApiError::new(status, ErrorCode::BadFrame, error.to_string())).into_response()
}
