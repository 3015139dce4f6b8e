use std::{future::poll_fn, sync::Arc};

use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
};

use crate::{
    domain::{ConversationId, Seq},
    server::hub::send_queue::*,
};

/// A frame without a header does as well here.
fn item(text: &'static str) -> EncodedFrame {
    EncodedFrame::control(Bytes::from_static(text.as_bytes()))
}

async fn socket() -> (Sink, TcpStream, OwnedReadHalf) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let (server, _) = listener.accept().await.expect("a connection");
    let (source, sink) = server.into_split();
    (Sink::Tcp(sink), client, source)
}

async fn end(queue: &SendQueue) -> CloseReason {
    poll_fn(|context| queue.poll(context)).await
}

async fn read(client: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut read = vec![0; bytes];
    client.read_exact(&mut read).await.expect("so much");
    read
}

#[tokio::test]
async fn what_came_during_the_welcome_is_sent_after_it_unless_it_was_told() {
    let (sink, mut client, _source) = socket().await;
    let (queue, room) = (SendQueue::new(100), ConversationId::generate());
    queue.send(item("a").superseded_at(room, Seq(1)));
    queue.send(item("b").superseded_at(room, Seq(2)));
    queue.send(item("c"));
    queue.attach_writer(sink, ReplayedPositions::new([(room, Seq(1))]));
    queue.send(item("d"));
    assert_eq!(read(&mut client, 3).await, b"bcd");
}

#[tokio::test]
async fn too_much_closes_the_connection_and_frees_its_memory() {
    let queue = SendQueue::new(10);
    queue.send(item("123456"));
    queue.send(item("789012"));
    queue.send(item("later"));
    assert_eq!(end(&queue).await, CloseReason::immediately(CloseCode::TooSlow));
    assert!(queue.waiting().early.is_empty());
}

#[tokio::test]
async fn a_gentle_close_sends_what_waits_first() {
    let (sink, mut client, _source) = socket().await;
    let queue = SendQueue::new(10);
    queue.push(item("a"));
    queue.attach_writer(sink, ReplayedPositions::default());
    queue.push(item("b"));
    queue.close(CloseReason::after_queue(CloseCode::Restarting));
    queue.push(item("too late"));
    assert_eq!(end(&queue).await, CloseReason::after_queue(CloseCode::Restarting));
    let (sink, rest) = queue.detach_writer();
    assert!(rest.is_none());
    drop(sink);
    let mut all = Vec::new();
    client.read_to_end(&mut all).await.expect("an end");
    assert_eq!(all, b"ab");
}

#[tokio::test]
async fn a_frame_that_was_begun_is_finished_even_by_a_sudden_close() {
    let (sink, mut client, _source) = socket().await;
    let queue = SendQueue::new(64 * 1024 * 1024);
    queue.attach_writer(sink, ReplayedPositions::default());
    let long = |byte: u8| {
        let frame = crate::server::websocket::encode_text_with(|out| {
            out.resize(out.len() + 1024 * 1024, byte);
            Ok::<_, io::Error>(())
        });
        EncodedFrame::control(frame.expect("a frame"))
    };
    let mut sent = 0;
    while !queue.waiting().is_left_to_task {
        queue.send(long(b'a' + sent));
        sent += 1;
    }
    queue.send(long(b'z'));
    queue.close(CloseReason::immediately(CloseCode::TooSlow));
    assert_eq!(end(&queue).await, CloseReason::immediately(CloseCode::TooSlow));
    let (sink, rest) = queue.detach_writer();
    let rest = rest.expect("the rest of a frame");
    assert!(rest.iter().all(|byte| *byte == b'a' + sent - 1), "of the one that was begun, and no other");
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.expect("an end");
        all.len()
    });
    let Some(mut sink) = sink else { panic!("a socket") };
    tokio::io::AsyncWriteExt::write_all(&mut sink, &rest).await.expect("a reader");
    drop(sink);
    assert_eq!(reading.await.expect("an end") % long(b'x').bytes.len(), 0, "whole frames");
}

#[tokio::test]
async fn a_run_is_taken_apart_only_for_who_knows_a_part_of_it() {
    let (room, author) = (ConversationId::generate(), UserId::generate());
    let run =
        Arc::new(EventBatch::for_tests(room, &[(1, author, "a"), (2, UserId::generate(), "b"), (3, author, "c")]));
    for (seen, told) in [(0, "abc"), (2, "c"), (3, "")] {
        let (sink, mut client, _source) = socket().await;
        let queue = SendQueue::new(100);
        queue.attach_writer(sink, ReplayedPositions::new([(room, Seq(seen))]));
        queue.push_batch(&run);
        queue.flush();
        queue.send(item("."));
        assert_eq!(read(&mut client, told.len() + 1).await, format!("{told}.").as_bytes(), "after {seen}");
    }
    let (sink, mut client, _source) = socket().await;
    let queue = SendQueue::new(100);
    queue.attach_writer(sink, ReplayedPositions::default());
    queue.push_simple_frames(&run.full, author);
    queue.flush();
    queue.send(item("."));
    assert_eq!(read(&mut client, 2).await, b"b.", "nobody is told by the simple protocol what they said");
}
