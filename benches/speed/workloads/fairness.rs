//! One client sends to 10,000 again and again, while pairs write to each other in private: how long do private messages
//! wait for the fan-out?
//!
//! All clients are one thread, which has ten thousand frames to read as well. It reads a few of them at a time and
//! checks for private messages in between. The latency of a private message runs from when it was sent, not from when
//! it was due. The table also shows the longest time between two checks: latencies up to that may be the clients' own.

use std::time::{Duration, Instant};

use super::{
    figures::Figures,
    test_bed::{TestBed, WorkloadContext},
};
use crate::{
    clients::{Clients, TIMEOUT},
    connection::Received,
    durations::Durations,
    failure::Failure,
    protocols::{Protocol, Topology},
};

const MEMBERS: usize = 10_000;
const PAIRS: usize = 20;

/// The time between two private messages: long enough that they are little work for the server.
const PRIVATE_INTERVAL: Duration = Duration::from_millis(5);

/// The time between two messages to the room, unless the earlier one is still being delivered.
const ROOM_INTERVAL: Duration = Duration::from_millis(200);

/// How many sockets of the room are read before private messages are checked again.
const CROWD_EVENTS_PER_POLL: usize = 16;

/// Messages to the room have numbers from here on. With Teahouse, the pairs are in that room as well.
const FIRST_ROOM_NUMBER: u32 = 0x8000_0000;

/// Each half of this workload takes this many times the usual duration, because fan-outs are few.
const DURATION_FACTOR: u32 = 5;

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let server = context.server_kind.start(context.settings)?;
    let dialect = context.server_kind.dialect();
    let mut room = Protocol::new(dialect, Topology::Room);
    let mut pair_protocol = Protocol::with_first_user(MEMBERS, dialect, Topology::Pairs);
    let (mut clients, mut pair_clients) = (Clients::with_event_capacity(CROWD_EVENTS_PER_POLL)?, Clients::new()?);
    pair_protocol.connect_and_wait(&mut pair_clients, &[server.address], 2 * PAIRS)?;
    // The pairs read nothing while the room fills up. Nobody sends anything to them in that time.
    room.connect_and_wait(&mut clients, &[server.address], MEMBERS)?;
    let mut fairness = FairnessRun {
        room: TestBed { nodes: vec![server], clients, protocol: room },
        pair_clients,
        pair_protocol,
        in_flight: vec![(0, None); PAIRS],
        missing: 0,
        room_messages: 0,
        last_checked: Instant::now(),
    };
    let mut alone = fairness.measure(context.duration * DURATION_FACTOR, false)?;
    let mut during_fan_outs = fairness.measure(context.duration * DURATION_FACTOR, true)?;
    fairness.room.expect_nothing_more()?;
    Ok(vec![
        ("ms during a fan-out, p99", during_fan_outs.private.percentile_ms(99)),
        ("p90", during_fan_outs.private.percentile_ms(90)),
        ("p50", during_fan_outs.private.percentile_ms(50)),
        ("max", during_fan_outs.private.percentile_ms(100)),
        ("alone: p99", alone.private.percentile_ms(99)),
        ("alone: p50", alone.private.percentile_ms(50)),
        ("alone: max", alone.private.percentile_ms(100)),
        ("ms a fan-out, p50", during_fan_outs.fan_outs.percentile_ms(50)),
        ("ms between checks, p99", during_fan_outs.check_intervals.percentile_ms(99)),
        ("between checks: max", during_fan_outs.check_intervals.percentile_ms(100)),
    ])
}

/// A room with many members, and pairs that write in private.
struct FairnessRun {
    room: TestBed,
    pair_clients: Clients,
    pair_protocol: Protocol,
    /// For each pair, how many messages it has had; and for the one in flight, when it was sent and whether it is
    /// measured.
    in_flight: Vec<(u32, Option<(Instant, bool)>)>,
    /// How many members have not received the last message to the room.
    missing: usize,
    /// How many messages were sent to the room.
    room_messages: u32,
    /// When private messages were last checked.
    last_checked: Instant,
}

#[derive(Default)]
struct Latencies {
    /// With fan-outs, only messages that were sent during one.
    private: Durations,
    fan_outs: Durations,
    check_intervals: Durations,
}

impl FairnessRun {
    fn measure(&mut self, duration: Duration, with_fan_outs: bool) -> Result<Latencies, Failure> {
        let mut latencies = Latencies::default();
        let start = Instant::now();
        let (mut private_count, mut room_message_sent_at) = (0_u32, start);
        loop {
            let is_over = start.elapsed() >= duration;
            if is_over && self.missing == 0 && self.in_flight.iter().all(|(_, in_flight)| in_flight.is_none()) {
                return Ok(latencies);
            }
            if start.elapsed() > duration + TIMEOUT {
                return Err("messages are lost, or the server cannot keep up".into());
            }
            if with_fan_outs && !is_over && self.missing == 0 && room_message_sent_at.elapsed() >= ROOM_INTERVAL {
                room_message_sent_at = Instant::now();
                self.room_messages += 1;
                self.missing = self.room.protocol.receivers(MEMBERS);
                let text = self.room.protocol.message_text(0, FIRST_ROOM_NUMBER + self.room_messages);
                self.room.clients.send_text(0, &text)?;
            }
            if !is_over && start.elapsed() >= PRIVATE_INTERVAL * private_count {
                let pair = private_count as usize % PAIRS;
                // Each pair waits for its earlier message.
                if let (number, in_flight @ None) = &mut self.in_flight[pair] {
                    let text = self.pair_protocol.message_text(2 * pair, *number);
                    *in_flight = Some((Instant::now(), !with_fan_outs || self.missing > 0));
                    self.pair_clients.send_text(2 * pair, &text)?;
                }
                private_count += 1;
            }
            self.receive_private(&mut latencies)?;
            if self.missing > 0 {
                self.receive_room()?;
                if self.missing == 0 {
                    latencies.fan_outs.record(room_message_sent_at.elapsed());
                }
            }
        }
    }

    /// Reads the private messages that have arrived.
    fn receive_private(&mut self, latencies: &mut Latencies) -> Result<(), Failure> {
        latencies.check_intervals.record(self.last_checked.elapsed());
        let Self { pair_clients, pair_protocol, in_flight, .. } = self;
        pair_clients.poll_once(Duration::ZERO, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            let Some(message) = pair_protocol.parse_message(client, text)? else { return Ok(()) };
            if message.number >= FIRST_ROOM_NUMBER {
                return Ok(());
            }
            let (number, sent_at) = &mut in_flight[client / 2];
            if message.number != *number || message.author != client ^ 1 {
                return Err(format!("{message:?} arrived, expected {number}").into());
            }
            *number += 1;
            let (sent_at, counts) = sent_at.take().ok_or("a message arrived twice")?;
            if counts {
                latencies.private.record(sent_at.elapsed());
            }
            Ok(())
        })?;
        self.last_checked = Instant::now();
        Ok(())
    }

    fn receive_room(&mut self) -> Result<(), Failure> {
        let (expected, missing, protocol) =
            (FIRST_ROOM_NUMBER + self.room_messages, &mut self.missing, &mut self.room.protocol);
        self.room.clients.poll_once(Duration::ZERO, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            let Some(message) = protocol.parse_message(client, text)? else { return Ok(()) };
            if message.number != expected {
                return Err(format!("{} arrived, expected {expected}", message.number).into());
            }
            *missing -= 1;
            Ok(())
        })
    }
}
