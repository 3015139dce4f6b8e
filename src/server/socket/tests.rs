use std::{net::IpAddr, sync::Arc, time::Duration};

use futures_util::future::{join, try_join_all};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    domain::{ClientAddr, CommandId, CurrentUser},
    protocol::CloseCode,
    server::{
        config::Timing,
        hub::{Connection, ConnectionOrigin, Dialect, deliver, serve_shard},
        net::{
            connection_limiter::{ConnectionLimiter, ConnectionLimits},
            shard_index::ShardIndex,
            upgraded_stream::UpgradedStream,
        },
        sign_in_permits::MAX_CONCURRENT_SIGN_INS,
        socket::{
            admission::{register, subscribe_to_memberships},
            commands::ChatHandler,
            endpoints,
            handshake::UpgradeContext,
            simple::{self, SimpleHandler, SimpleSignIn},
            test_app::{TestApp, test_app},
            transport::Transport,
            upgrade::serve,
        },
    },
};

/// A `hello` without a token or nickname, framed by a client with a mask of zeros.
const HELLO: &[u8] = b"\x81\xa1\0\0\0\0{\"type\":\"hello\",\"protocol\":1    }";

/// Measures what an idle connection holds: its task, and its entry in the hub. The numbers are printed, so that whoever
/// adds to them sees it. So far, exceeding these limits was a mistake. Tokio adds 112 bytes to a task and rounds up to a
/// multiple of 128.
#[test]
fn an_idle_connection_is_small() {
    const MAX_TASK_BYTES: usize = 3 * 128 - 112;
    const MAX_CONNECTION_BYTES: usize = 320;
    let full = size_of_val(&serve::<ChatHandler>(Box::pin(async { None })));
    let simple = size_of_val(&serve::<SimpleHandler>(Box::pin(async { None })));
    let connection = size_of::<Connection>();
    println!("an idle connection: a task of {full} bytes (simple protocol: {simple}), {connection} bytes in the hub");
    assert!(full.max(simple) <= MAX_TASK_BYTES, "{full} and {simple} bytes");
    assert!(connection <= MAX_CONNECTION_BYTES, "{connection} bytes");
}

#[tokio::test]
async fn a_client_that_gets_no_sign_in_permit_in_time_is_asked_to_come_back_in_both_protocols() {
    let patience = Duration::from_millis(20);
    let server = test_app(Timing { sign_in_permit_timeout: patience, ..Timing::default() }).await;
    let app = &server.app;
    let permits = try_join_all((0..MAX_CONCURRENT_SIGN_INS).map(|_| app.sign_in_permits.acquire(patience)));
    let permits = permits.await.expect("all permits");
    let client_addr = ClientAddr::from(IpAddr::from([127, 0, 0, 1]));
    let shard = ShardIndex::default();
    let context = || UpgradeContext { client_addr, shard, token: None, user_agent: String::new() };
    let origin = ConnectionOrigin { session: None, client_addr, dialect: Dialect::Simple, shard };
    let sign_in = || SimpleSignIn { origin, nickname: "小明".to_owned(), invite: None, token: None };

    let (transport, client) = connect(&app.timing).await;
    let opening = async { assert!(endpoints::open_session(Arc::clone(app), transport, context()).await.is_none()) };
    assert_eq!(join(opening, close_code(client)).await.1, CloseCode::Restarting.number());
    let (transport, client) = connect(&app.timing).await;
    let opening = async { assert!(simple::open_session(Arc::clone(app), transport, sign_in()).await.is_none()) };
    assert_eq!(join(opening, close_code(client)).await.1, CloseCode::Restarting.number());

    drop(permits);
    let (transport, _client) = connect(&app.timing).await;
    assert!(simple::open_session(Arc::clone(app), transport, sign_in()).await.is_some(), "there are permits again");
}

#[tokio::test]
async fn a_simple_client_is_subscribed_to_a_direct_that_was_opened_while_it_signed_in() {
    let TestApp { app, store, feed, _folder } = test_app(Timing::default()).await;
    let (shards, channels) = app.hub.shard_channels();
    let delivering = tokio::spawn(deliver(feed, store, Arc::clone(&app.hub), shards));
    for (shard, batches) in channels {
        tokio::spawn(serve_shard(Arc::clone(&app.hub), shard, batches, Arc::clone(&app.timing)));
    }
    let client_addr = ClientAddr::from(IpAddr::from([127, 0, 0, 1]));

    let ming = app.chat.create_ephemeral_guest("小明", None, client_addr).await.expect("a guest");
    // The nickname is taken, but the hub does not know the connection yet.
    let ling = app.chat.create_ephemeral_guest("阿玲", None, client_addr).await.expect("another guest");
    let command_of = |me: &CurrentUser| app.chat.begin_command(me.user(), client_addr, 0).expect("not limited");
    let opening = app.chat.open_direct(command_of(&ling), "小明").await.expect("queued");
    let direct = opening.opened().await.expect("a direct");
    // A direct is listed from its first message on.
    app.chat.post(command_of(&ling), CommandId::generate(), direct.id, "hi", None).await.expect("a message");
    let origin =
        ConnectionOrigin { session: None, client_addr, dialect: Dialect::Simple, shard: ShardIndex::default() };
    let registered = register(&app, &ming.user(), origin).expect("a connection");
    subscribe_to_memberships(&app, &registered.connection).await.expect("subscriptions");

    assert!(registered.connection.is_subscribed(direct.id));
    assert!(registered.connection.is_subscribed(app.chat.lobby()));
    delivering.abort();
}

/// A transport and its client, which has sent a hello.
async fn connect(timing: &Arc<Timing>) -> (Transport, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let (stream, address) = listener.accept().await.expect("a connection");
    let limits = ConnectionLimits { total: 1, per_address: None, per_network: None };
    let permit = ConnectionLimiter::new(limits).acquire(ClientAddr::from(address.ip())).expect("a permit");
    client.write_all(HELLO).await.expect("a write");
    (Transport::new(UpgradedStream::Tcp(stream, Arc::new(permit)), Vec::new(), Arc::clone(timing)), client)
}

/// The code of the close frame, which must be the first frame that arrives.
async fn close_code(mut client: TcpStream) -> u16 {
    let mut head = [0; 4];
    client.read_exact(&mut head).await.expect("a frame");
    let [0x88, _, high, low] = head else { panic!("a close frame, not {head:?}") };
    u16::from_be_bytes([high, low])
}
