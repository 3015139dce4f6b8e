//! A proxy between the clients and the servers: its address stays while servers come and go, it spreads the clients over
//! those that it may use, and its connections can be cut.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rand::{Rng as _, rngs::StdRng};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream, tcp},
    select,
    task::JoinSet,
    time::sleep,
    try_join,
};
use tokio_util::sync::CancellationToken;

/// Small buffers, so that the server soon notices a client that does not read.
const BUFFER_BYTES: u32 = 16 * 1024;

/// The kernel sizes its send buffers by this. With the segment size of loopback they would hold megabytes.
const SEGMENT_BYTES: u32 = 1_000;

/// How long a cut waits for data to cut in two.
const CUT_TIMEOUT: Duration = Duration::from_millis(100);

/// Forwards to the servers in turn. Dropping it ends all connections.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _accept_task: JoinSet<()>,
}

/// Tells which server a client's connection goes to.
#[derive(Clone)]
pub(crate) struct Routes(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Where new connections go: servers by their number.
    servers: BTreeMap<usize, SocketAddr>,
    connections: HashMap<u64, Forwarded>,
    next_id: u64,
    /// How many connections have been assigned to a server.
    assigned: usize,
}

/// A connection that is forwarded.
struct Forwarded {
    /// The client's end.
    client: SocketAddr,
    /// The number of the server.
    server: usize,
    cut: Arc<Cut>,
}

/// How a connection is to be cut.
struct Cut {
    requested: CancellationToken,
    /// How much of the last chunk is still forwarded, in 256ths.
    forwarded_share: Mutex<usize>,
}

impl Proxy {
    pub(crate) fn start() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        use_small_buffers(&socket)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1_024)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let mut accept_task = JoinSet::new();
        accept_task.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _accept_task: accept_task })
    }

    /// Sets the address of the server with this number; with `None` it gets no new connections. Without any server, new
    /// connections are closed.
    pub(crate) fn set_server(&self, number: usize, address: Option<SocketAddr>) {
        let servers = &mut self.shared.state().servers;
        match address {
            Some(address) => servers.insert(number, address),
            None => servers.remove(&number),
        };
    }

    /// Cuts the connections to a server: all of them, or of `n` connections every `n`th. Returns how many.
    pub(crate) fn cut_server(&self, number: usize, every: usize) -> usize {
        let state = self.shared.state();
        let to_server = state.connections.values().filter(|connection| connection.server == number);
        to_server.step_by(every).map(|connection| connection.cut.requested.cancel()).count()
    }

    pub(crate) fn routes(&self) -> Routes {
        Routes(Arc::clone(&self.shared))
    }

    /// Cuts a random connection, if there is one: forwards a part of the next chunk, then resets both ends.
    pub(crate) fn cut_one(&self, rng: &mut StdRng) -> bool {
        let state = self.shared.state();
        let mut connections: Vec<_> =
            state.connections.iter().filter(|(_, connection)| !connection.cut.requested.is_cancelled()).collect();
        connections.sort_by_key(|(number, _)| **number);
        if connections.is_empty() {
            return false;
        }
        let cut = &connections[rng.random_range(0..connections.len())].1.cut;
        *cut.forwarded_share() = rng.random_range(0..256);
        cut.requested.cancel();
        true
    }
}

impl Routes {
    /// The number of the server that a client's connection goes to, if it is still there.
    pub(crate) fn server_of(&self, client: SocketAddr) -> Option<usize> {
        let state = self.0.state();
        state.connections.values().find(|connection| connection.client == client).map(|connection| connection.server)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cut {
    fn forwarded_share(&self) -> MutexGuard<'_, usize> {
        self.forwarded_share.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a socket small buffers and segments, like a slow connection.
pub(crate) fn use_small_buffers(socket: &TcpSocket) -> io::Result<()> {
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    SockRef::from(socket).set_tcp_mss(SEGMENT_BYTES)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(forward_connection(client, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Forwards one connection until it ends.
async fn forward_connection(client: TcpStream, shared: Arc<Shared>) {
    let Ok(client_address) = client.peer_addr() else { return };
    let Some((server, stream)) = connect_to_any(&shared).await else { return };
    let cut = Arc::new(Cut { requested: CancellationToken::new(), forwarded_share: Mutex::new(0) });
    let number = {
        let mut state = shared.state();
        state.next_id += 1;
        let number = state.next_id;
        state.connections.insert(number, Forwarded { client: client_address, server, cut: Arc::clone(&cut) });
        number
    };
    forward_both(client, stream, &cut).await;
    shared.state().connections.remove(&number);
}

/// Connects to the next server, or to one after it if it does not accept.
async fn connect_to_any(shared: &Shared) -> Option<(usize, TcpStream)> {
    let servers: Vec<_> = {
        let mut state = shared.state();
        state.assigned += 1;
        let mut servers: Vec<_> = state.servers.iter().map(|(number, address)| (*number, *address)).collect();
        let first = state.assigned % servers.len().max(1);
        servers.rotate_left(first);
        servers
    };
    for (number, address) in servers {
        if let Ok(stream) = connect_to_server(address).await {
            return Some((number, stream));
        }
    }
    None
}

async fn connect_to_server(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    use_small_buffers(&socket)?;
    socket.connect(address).await
}

async fn forward_both(mut client: TcpStream, mut server: TcpStream, cut: &Cut) {
    for side in [&client, &server] {
        if side.set_nodelay(true).is_err() {
            return;
        }
    }
    let cut_while_idle = async {
        cut.requested.cancelled().await;
        sleep(CUT_TIMEOUT).await;
    };
    let closed_cleanly = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let to_server_done = forward(&mut from_client, &mut to_server, cut);
        let to_client_done = forward(&mut from_server, &mut to_client, cut);
        select! {
            ended = async { try_join!(to_server_done, to_client_done) } => ended.is_ok(),
            () = cut_while_idle => false,
        }
    };
    if !closed_cleanly {
        for side in [&client, &server] {
            // Fails if the other end has already closed, which is fine.
            let _ = side.set_zero_linger();
        }
    }
}

/// Forwards one direction until it ends. An error is a cut or a broken end.
async fn forward(from: &mut tcp::ReadHalf<'_>, to: &mut tcp::WriteHalf<'_>, cut: &Cut) -> io::Result<()> {
    let mut chunk = vec![0; 4 * 1024];
    loop {
        let length = from.read(&mut chunk).await?;
        if cut.requested.is_cancelled() {
            let forwarded_share = *cut.forwarded_share();
            to.write_all(&chunk[..length * forwarded_share / 256]).await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..length]).await?;
    }
}
