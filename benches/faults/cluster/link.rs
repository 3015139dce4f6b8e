//! The network between a node and a database server: a proxy that can fall silent, as a network does that drops packets,
//! while the connections stay open.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp},
    select,
    sync::watch,
    task::JoinSet,
    time::sleep,
    try_join,
};

/// How a link behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Behavior {
    /// Nothing that the node sends arrives, nor that it closes.
    pub(super) is_silent_to_database: bool,
    /// Nothing that the database sends arrives, nor that it closes.
    pub(super) is_silent_to_node: bool,
    /// How long everything takes.
    pub(super) delay: Duration,
    /// Connections of earlier generations are reset.
    generation: u64,
}

#[derive(Clone, Copy)]
enum Direction {
    ToDatabase,
    ToNode,
}

/// Forwards the connections of one node to one database server. Dropping it ends them.
pub(super) struct Link {
    pub(super) address: SocketAddr,
    behavior: watch::Sender<Behavior>,
    _accept_task: JoinSet<()>,
}

impl Link {
    pub(super) async fn start(at: Ipv4Addr, database_port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((at, 0)).await?;
        let address = listener.local_addr()?;
        let (behavior, behavior_receiver) = watch::channel(Behavior::default());
        let mut accept_task = JoinSet::new();
        accept_task.spawn(accept(listener, database_port, behavior_receiver));
        Ok(Self { address, behavior, _accept_task: accept_task })
    }

    pub(super) fn silence(&self, to_database: bool, to_node: bool) {
        self.behavior.send_modify(|behavior| {
            behavior.is_silent_to_database = to_database;
            behavior.is_silent_to_node = to_node;
        });
    }

    pub(super) fn delay(&self, delay: Duration) {
        self.behavior.send_modify(|behavior| behavior.delay = delay);
    }

    /// Resets all connections.
    pub(super) fn reset(&self) {
        self.behavior.send_modify(|behavior| behavior.generation += 1);
    }
}

impl Behavior {
    fn is_silent(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToDatabase => self.is_silent_to_database,
            Direction::ToNode => self.is_silent_to_node,
        }
    }
}

async fn accept(listener: TcpListener, database_port: u16, behavior: watch::Receiver<Behavior>) {
    let mut connections = JoinSet::new();
    loop {
        select! {
            accepted = listener.accept() => {
                if let Ok((node, _)) = accepted {
                    connections.spawn(forward_connection(node, database_port, behavior.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Forwards one connection until it ends.
async fn forward_connection(mut node: TcpStream, database_port: u16, mut behavior: watch::Receiver<Behavior>) {
    let generation = behavior.borrow().generation;
    let mut until_reset = behavior.clone();
    let forward = async {
        // A handshake needs both ways.
        for direction in [Direction::ToDatabase, Direction::ToNode] {
            wait_while_silent(&mut behavior, direction).await?;
        }
        let mut database = TcpStream::connect((Ipv4Addr::LOCALHOST, database_port)).await?;
        node.set_nodelay(true)?;
        database.set_nodelay(true)?;
        let (mut from_node, mut to_node) = node.split();
        let (mut from_database, mut to_database) = database.split();
        let forwarded = select! {
            forwarded = async { try_join!(
                forward(&mut from_node, &mut to_database, Direction::ToDatabase, behavior.clone()),
                forward(&mut from_database, &mut to_node, Direction::ToNode, behavior.clone()),
            ) } => forwarded.map(drop),
            // An error means that the link is gone.
            _ = until_reset.wait_for(|behavior| behavior.generation != generation) => {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        };
        if forwarded.is_err() {
            // Fails if the end is already closed, which is fine.
            let _ = database.set_zero_linger();
        }
        forwarded
    };
    if forward.await.is_err() {
        let _ = node.set_zero_linger();
    }
}

/// Forwards one direction until it ends. What is read during a silence arrives after it, as what a network sends again.
async fn forward(
    from: &mut tcp::ReadHalf<'_>,
    to: &mut tcp::WriteHalf<'_>,
    direction: Direction,
    mut behavior: watch::Receiver<Behavior>,
) -> io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut chunk).await;
        let delay = behavior.borrow().delay;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        wait_while_silent(&mut behavior, direction).await?;
        match read? {
            0 => return to.shutdown().await,
            length => to.write_all(&chunk[..length]).await?,
        }
    }
}

async fn wait_while_silent(behavior: &mut watch::Receiver<Behavior>, direction: Direction) -> io::Result<()> {
    let gone = |_| io::Error::from(io::ErrorKind::ConnectionReset);
    behavior.wait_for(|behavior| !behavior.is_silent(direction)).await.map(drop).map_err(gone)
}
