//! Between the clients and the server: an address that stays while servers come and go, and lines that can be cut.

use std::{
    collections::HashMap,
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

/// Buffers are small, so that the server soon feels it when somebody does not read.
const BUFFER_BYTES: u32 = 16 * 1024;

/// The kernel sizes its send buffers by this; what a loopback device has would come to megabytes.
const SEGMENT_BYTES: u32 = 1_000;

/// How long a cut waits for something to cut in two.
const CUT_PATIENCE: Duration = Duration::from_millis(100);

/// Forwards to whichever server there is. Dropping it ends all lines.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    server: Option<SocketAddr>,
    lines: HashMap<u64, Arc<Cut>>,
    next_line: u64,
}

/// How a line is to be cut.
struct Cut {
    now: CancellationToken,
    /// How much of the last chunk still goes through, of 256.
    share: Mutex<usize>,
}

impl Proxy {
    pub(crate) fn start() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        shrink(&socket)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1_024)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _accepting: accepting })
    }

    /// New lines go there from now on, or nowhere.
    pub(crate) fn lead_to(&self, server: Option<SocketAddr>) {
        self.shared.state().server = server;
    }

    /// Cuts one line, if there is any: a part of what comes next goes through, then both ends are reset.
    pub(crate) fn cut_one(&self, rng: &mut StdRng) -> bool {
        let state = self.shared.state();
        let mut lines: Vec<_> = state.lines.iter().filter(|(_, cut)| !cut.now.is_cancelled()).collect();
        lines.sort_by_key(|(number, _)| **number);
        if lines.is_empty() {
            return false;
        }
        let cut = lines[rng.random_range(0..lines.len())].1;
        *cut.share() = rng.random_range(0..256);
        cut.now.cancel();
        true
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cut {
    fn share(&self) -> MutexGuard<'_, usize> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a socket feel like a thin line.
pub(crate) fn shrink(socket: &TcpSocket) -> io::Result<()> {
    socket.set_send_buffer_size(BUFFER_BYTES)?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    SockRef::from(socket).set_tcp_mss(SEGMENT_BYTES)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut lines = JoinSet::new();
    loop {
        select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    lines.spawn(line(client, Arc::clone(&shared)));
                }
            }
            Some(_) = lines.join_next() => {}
        }
    }
}

/// One line, for as long as it lives.
async fn line(client: TcpStream, shared: Arc<Shared>) {
    let Some(address) = shared.state().server else { return };
    let Ok(server) = dial(address).await else { return };
    let cut = Arc::new(Cut { now: CancellationToken::new(), share: Mutex::new(0) });
    let number = {
        let mut state = shared.state();
        state.next_line += 1;
        let number = state.next_line;
        state.lines.insert(number, Arc::clone(&cut));
        number
    };
    carry_both(client, server, &cut).await;
    shared.state().lines.remove(&number);
}

async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    shrink(&socket)?;
    socket.connect(address).await
}

async fn carry_both(mut client: TcpStream, mut server: TcpStream, cut: &Cut) {
    for side in [&client, &server] {
        if side.set_nodelay(true).is_err() {
            return;
        }
    }
    let cut_while_silent = async {
        cut.now.cancelled().await;
        sleep(CUT_PATIENCE).await;
    };
    let ended_well = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let up = carry(&mut from_client, &mut to_server, cut);
        let down = carry(&mut from_server, &mut to_client, cut);
        select! {
            ended = async { try_join!(up, down) } => ended.is_ok(),
            () = cut_while_silent => false,
        }
    };
    if !ended_well {
        for side in [&client, &server] {
            // Refused if the other end was faster, which is as good.
            let _ = side.set_zero_linger();
        }
    }
}

/// Carries one direction to its end; an error is a cut, or a broken side.
async fn carry(from: &mut tcp::ReadHalf<'_>, to: &mut tcp::WriteHalf<'_>, cut: &Cut) -> io::Result<()> {
    let mut chunk = vec![0; 4 * 1024];
    loop {
        let length = from.read(&mut chunk).await?;
        if cut.now.is_cancelled() {
            let share = *cut.share();
            to.write_all(&chunk[..length * share / 256]).await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..length]).await?;
    }
}
