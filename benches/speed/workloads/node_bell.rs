//! Two clients at each of several nodes, all in one room, send in turns: how long after its ack does a message arrive at
//! the other nodes?
//!
//! The next message is sent when everybody has received the one before, at most two hundred times a second. So this is
//! the latency of the bell alone; [`node_posts`](super::node_posts) shows it under load.

use std::time::{Duration, Instant};

use super::{
    figures::{Figures, Row},
    test_bed::WorkloadContext,
};
use crate::{
    clients::TIMEOUT,
    connection::Received,
    durations::Durations,
    failure::Failure,
    protocols::{Topology, fail_on_error, node_of},
};

const NODES: [usize; 3] = [2, 3, 10];
const INTERVAL: Duration = Duration::from_millis(5);

/// How many messages are sent before the measurement starts.
const WARM_UP: u32 = 50;

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Vec<Row>, Failure> {
    let measure = |nodes| {
        let name = format!("nodes: {nodes}");
        let figures = measure(&context.with_nodes(nodes)).map_err(|failure| format!("{name}: {failure}"))?;
        Ok((name, figures))
    };
    NODES.into_iter().map(measure).collect()
}

fn measure(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let (nodes, members) = (context.nodes, 2 * context.nodes);
    let mut test_bed = context.test_bed(Topology::Room, members)?;
    let (mut bells, mut acks) = (Durations::default(), Durations::default());
    let (mut start, mut number) = (Instant::now(), 0);
    while number <= WARM_UP || start.elapsed() < context.duration {
        if number == WARM_UP {
            (start, bells, acks) = (Instant::now(), Durations::default(), Durations::default());
        }
        let sender = number as usize % members;
        let text = test_bed.protocol.message_text(sender, number);
        let sent_at = Instant::now();
        test_bed.clients.send_text(sender, &text)?;
        // When each member received the message.
        let (mut acked_at, mut received_at, mut missing) = (None, vec![None; members], members);
        while acked_at.is_none() || missing > 0 {
            let protocol = &mut test_bed.protocol;
            test_bed.clients.poll_once(TIMEOUT, |client, received| {
                let Received::Text(text) = received else { return Ok(()) };
                if text.starts_with(br#"{"type":"ack""#) {
                    acked_at = Some(Instant::now());
                } else if let Some(message) = protocol.parse_message(client, text)? {
                    if (message.author, message.number) != (sender, number) || received_at[client].is_some() {
                        return Err(format!("{message:?} arrived, expected {number} of {sender}").into());
                    }
                    (received_at[client], missing) = (Some(Instant::now()), missing - 1);
                } else {
                    fail_on_error(text)?;
                }
                Ok(())
            })?;
            if sent_at.elapsed() > TIMEOUT {
                return Err(format!("{missing} members did not receive message {number}").into());
            }
        }
        let is_elsewhere = |member: usize| node_of(member, nodes) != node_of(sender, nodes);
        let acked_at = acked_at.unwrap_or(sent_at);
        acks.record(acked_at - sent_at);
        for (_, received_at) in received_at.into_iter().enumerate().filter(|(member, _)| is_elsewhere(*member)) {
            bells.record(received_at.unwrap_or(acked_at).saturating_duration_since(acked_at));
        }
        number += 1;
        test_bed.clients.answer_pings_for(INTERVAL.saturating_sub(sent_at.elapsed()))?;
    }
    test_bed.expect_nothing_more()?;
    Ok(vec![
        ("ms from the ack to another node's delivery, p50", bells.percentile_ms(50)),
        ("p99", bells.percentile_ms(99)),
        ("to the ack: p50", acks.percentile_ms(50)),
        ("to the ack: p99", acks.percentile_ms(99)),
    ])
}
