//! A network between a node and the database that can be cut.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    select, spawn,
    sync::watch,
};
use tokio_util::task::AbortOnDropHandle;

/// What the proxy does with bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Network {
    Open,
    /// Every connection is closed, and every new one, too.
    Closed,
    /// After these bytes have passed to the database, nothing comes back any more, and the connection is closed.
    LosesAnswerTo(&'static [u8]),
}

/// A proxy in front of the database. Its end closes all connections.
pub(super) struct CutProxy {
    pub(super) port: u16,
    network: Arc<watch::Sender<Network>>,
    _accepting: AbortOnDropHandle<()>,
}

impl CutProxy {
    pub(super) async fn start(database: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let network = Arc::new(watch::channel(Network::Open).0);
        let state = Arc::clone(&network);
        let accepting = spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                if *state.borrow() == Network::Closed {
                    continue;
                }
                let database = TcpStream::connect(&database).await.expect("the database");
                spawn(pass(client, database, Arc::clone(&state)));
            }
        });
        Self { port, network, _accepting: AbortOnDropHandle::new(accepting) }
    }

    pub(super) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// Waits until the network is in this state, which the proxy itself may have changed.
    pub(super) async fn wait_for(&self, network: &Network) {
        self.network.subscribe().wait_for(|now| now == network).await.expect("the proxy");
    }
}

/// Passes bytes both ways until either side closes, or the network is cut.
async fn pass(client: TcpStream, database: TcpStream, network: Arc<watch::Sender<Network>>) {
    let ((client_in, client_out), (database_in, database_out)) = (client.into_split(), database.into_split());
    let mut closed = network.subscribe();
    select! {
        () = forward(client_in, database_out, &network) => {}
        () = copy(database_in, client_out) => {}
        _ = closed.wait_for(|network| *network == Network::Closed) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    drop(tokio::io::copy(&mut from, &mut to).await);
}

/// Passes what the client sends. Ends after what the network loses the answer to, which opens it again.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, network: &watch::Sender<Network>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let loses = match &*network.borrow() {
            Network::LosesAnswerTo(bytes) => buffer[..read].windows(bytes.len()).any(|window| window == *bytes),
            _ => false,
        };
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        if loses {
            network.send_replace(Network::Open);
            return;
        }
    }
}
