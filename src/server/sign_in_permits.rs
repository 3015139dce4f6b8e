//! Turns at coming in.
//!
//! Letting somebody in takes some kilobytes for as long as the store is asked about them. After a restart everybody comes
//! at once, and ten thousand times as much would be taken, once, and hardly ever be given back.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{protocol::CloseCode, server::socket::transport::CloseMessage};

/// How many are let in at a time: as many as the store writes together.
const AT_ONCE: usize = 256;

/// The turns of a server.
pub(crate) struct SignInPermits(Semaphore);

impl Default for SignInPermits {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl SignInPermits {
    /// Waits so long for a turn; then they may come again. Whoever has one waits for the store, and never for their peer.
    pub(crate) async fn take(&self, patience: Duration) -> Result<SemaphorePermit<'_>, CloseMessage> {
        match timeout(patience, self.0.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(CloseMessage::wordless(Some(CloseCode::Restarting))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, sync::Arc};

    use futures_util::future::{join, try_join_all};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::server::{
        config::Timing,
        hub::{ConnectionOrigin, Dialect},
        net::{
            client_addr::ClientAddr,
            connection_limiter::{ConnectionLimiter, Places},
            shard_index::ShardIndex,
        },
        socket::{self, UpgradeContext, simple, tests::open, transport::Transport},
        websocket::Stream,
    };

    /// A hello without anything, as a client frames it, with a mask of zeros.
    const HELLO: &[u8] = b"\x81\xa1\0\0\0\0{\"type\":\"hello\",\"protocol\":1    }";

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_asked_to_come_again_at_both_doors() {
        let patience = Duration::from_millis(20);
        let (app, _feed, _folder) = open(Timing { turn: patience, ..Timing::default() });
        let all = try_join_all((0..AT_ONCE).map(|_| app.turns.take(patience))).await.expect("a turn for each");
        let peer = ClientAddr::from(IpAddr::from([127, 0, 0, 1]));
        let shard = ShardIndex::default();
        let bearings = || UpgradeContext { peer, shard, token: None, agent: String::new() };
        let entrance = ConnectionOrigin { session: None, client_addr: peer, dialect: Dialect::Simple, shard };

        let (line, client) = connect(&app.timing).await;
        let entering = async { assert!(socket::enter(Arc::clone(&app), line, bearings()).await.is_none()) };
        assert_eq!(join(entering, last_word(client)).await.1, CloseCode::Restarting.number());
        let (line, client) = connect(&app.timing).await;
        let caller = || simple::SimpleCaller { entrance, nickname: "小明".to_owned(), invite: None, token: None };
        let entering = async { assert!(simple::enter(Arc::clone(&app), line, caller()).await.is_none()) };
        assert_eq!(join(entering, last_word(client)).await.1, CloseCode::Restarting.number());

        drop(all);
        let (line, _client) = connect(&app.timing).await;
        assert!(simple::enter(Arc::clone(&app), line, caller()).await.is_some(), "the turns are back");
    }

    /// A socket and its other end, which has said hello.
    async fn connect(timing: &Arc<Timing>) -> (Transport, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, address) = listener.accept().await.expect("a connection");
        let entry = Arc::new(
            ConnectionLimiter::new(Places { all: 1, of_address: None, of_network: None })
                .enter(ClientAddr::from(address.ip()))
                .expect("room"),
        );
        client.write_all(HELLO).await.expect("taken");
        (Transport::new(Stream::Tcp(stream, entry), Vec::new(), Arc::clone(timing)), client)
    }

    /// The code of the close frame, when that is all that comes.
    async fn last_word(mut client: TcpStream) -> u16 {
        let mut head = [0; 4];
        client.read_exact(&mut head).await.expect("a frame");
        let [0x88, _, high, low] = head else { panic!("a close frame, not {head:?}") };
        u16::from_be_bytes([high, low])
    }
}
