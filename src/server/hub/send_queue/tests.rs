use std::{convert::Infallible, future::poll_fn, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
};

use crate::{
    domain::{ConversationId, Seq},
    server::{hub::send_queue::*, websocket},
};

/// A frame without a header, which the queue does not need.
fn frame(text: &'static str) -> EncodedFrame {
    EncodedFrame::control(Bytes::from_static(text.as_bytes()))
}

/// A writer, its client, and the reader that keeps the connection open.
async fn socket() -> (Sink, TcpStream, OwnedReadHalf) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let (server, _) = listener.accept().await.expect("a connection");
    let (source, sink) = server.into_split();
    (Sink::Tcp(sink), client, source)
}

async fn closed(queue: &SendQueue) -> CloseReason {
    poll_fn(|context| queue.poll(context)).await
}

async fn read(client: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    client.read_exact(&mut buffer).await.expect("as many bytes");
    buffer
}

async fn read_all(mut client: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    client.read_to_end(&mut all).await.expect("the end");
    all
}

#[tokio::test]
async fn frames_pushed_during_the_welcome_follow_it_unless_it_included_them() {
    let (sink, mut client, _source) = socket().await;
    let (queue, room) = (SendQueue::new(100), ConversationId::generate());
    queue.send(frame("a").superseded_at(room, Seq(1)));
    queue.send(frame("b").superseded_at(room, Seq(2)));
    queue.send(frame("c"));
    queue.attach_writer(sink, ReplayedPositions::new([(room, Seq(1))]));
    queue.send(frame("d"));
    assert_eq!(read(&mut client, 3).await, b"bcd");
}

#[tokio::test]
async fn exceeding_the_bound_closes_the_connection_and_frees_its_memory() {
    let queue = SendQueue::new(10);
    queue.send(frame("123456"));
    queue.send(frame("789012"));
    queue.send(frame("later"));
    assert_eq!(closed(&queue).await, CloseReason::immediately(CloseCode::TooSlow));
    assert!(queue.state().early.is_empty());
}

#[tokio::test]
async fn closing_after_the_queue_sends_what_is_queued_first() {
    let (sink, client, _source) = socket().await;
    let queue = SendQueue::new(10);
    queue.push(frame("a"));
    queue.attach_writer(sink, ReplayedPositions::default());
    queue.push(frame("b"));
    queue.close(CloseReason::after_queue(CloseCode::Restarting));
    queue.push(frame("too late"));
    assert_eq!(closed(&queue).await, CloseReason::after_queue(CloseCode::Restarting));
    let (sink, rest) = queue.detach_writer();
    assert!(rest.is_none());
    drop(sink);
    assert_eq!(read_all(client).await, b"ab");
}

#[tokio::test]
async fn closing_immediately_still_finishes_a_frame_that_was_begun() {
    let (sink, client, _source) = socket().await;
    let queue = SendQueue::new(64 * 1024 * 1024);
    queue.attach_writer(sink, ReplayedPositions::default());
    let long = |byte: u8| {
        let Ok(frame) = websocket::encode_text_with(|out| {
            out.resize(out.len() + 1024 * 1024, byte);
            Ok::<_, Infallible>(())
        });
        EncodedFrame::control(frame)
    };
    let mut sent = 0;
    while !queue.state().is_left_to_task {
        queue.send(long(b'a' + sent));
        sent += 1;
    }
    queue.send(long(b'z'));
    queue.close(CloseReason::immediately(CloseCode::TooSlow));
    assert_eq!(closed(&queue).await, CloseReason::immediately(CloseCode::TooSlow));
    let (sink, rest) = queue.detach_writer();
    let rest = rest.expect("the rest of a frame");
    assert!(rest.iter().all(|byte| *byte == b'a' + sent - 1), "only of the frame that was begun");
    let reading = tokio::spawn(read_all(client));
    let Some(mut sink) = sink else { panic!("a socket") };
    sink.write_all(&rest).await.expect("a reader");
    drop(sink);
    let received = reading.await.expect("no panic").len();
    assert_eq!(received % long(b'x').bytes.len(), 0, "whole frames");
}

#[tokio::test]
async fn a_batch_is_split_only_for_a_connection_that_has_a_part_of_it() {
    let (room, author) = (ConversationId::generate(), UserId::generate());
    let events =
        Arc::new(EventBatch::for_tests(room, &[(1, author, "a"), (2, UserId::generate(), "b"), (3, author, "c")]));
    for (replayed, expected) in [(0, "abc"), (2, "c"), (3, "")] {
        let (sink, mut client, _source) = socket().await;
        let queue = SendQueue::new(100);
        queue.attach_writer(sink, ReplayedPositions::new([(room, Seq(replayed))]));
        queue.push_batch(&events);
        queue.flush();
        queue.send(frame("."));
        let received = read(&mut client, expected.len() + 1).await;
        assert_eq!(received, format!("{expected}.").as_bytes(), "after {replayed}");
    }
}

#[tokio::test]
async fn what_a_user_who_left_and_came_back_knew_before_does_not_count() {
    let (room, author) = (ConversationId::generate(), UserId::generate());
    let events = Arc::new(EventBatch::for_tests(room, &[(2, author, "b"), (3, author, "c")]));
    let (sink, mut client, _source) = socket().await;
    let queue = SendQueue::new(100);
    queue.attach_writer(sink, ReplayedPositions::new([(room, Seq(2))]));
    queue.send(frame("-").ending(room));
    queue.send(frame("W"));
    queue.push_batch(&events);
    queue.send(frame("."));
    let expected = b"-Wbc.";
    assert_eq!(read(&mut client, expected.len()).await, expected);
}

#[tokio::test]
async fn a_simple_client_does_not_receive_its_own_messages() {
    let (room, author) = (ConversationId::generate(), UserId::generate());
    let events = EventBatch::for_tests(room, &[(1, author, "a"), (2, UserId::generate(), "b"), (3, author, "c")]);
    let (sink, mut client, _source) = socket().await;
    let queue = SendQueue::new(100);
    queue.attach_writer(sink, ReplayedPositions::default());
    queue.push_simple_frames(&events.full, author);
    queue.flush();
    queue.send(frame("."));
    assert_eq!(read(&mut client, 2).await, b"b.");
}
