//! 256 messages are in flight, through several nodes: how many durable messages a second can they write to one log?
//!
//! Writer and reader of a pair are at different nodes, if there are several. In a room everybody receives everything: with 256 members the deliveries are more work than the messages.
//! So a second row has 16 members, each with 16 messages in flight.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    figures::{Figures, Meter, Row},
    test_bed::{TestBed, WorkloadContext},
};
use crate::{
    clients::TIMEOUT,
    connection::Received,
    durations::Durations,
    failure::Failure,
    protocols::{Message, Topology, fail_on_error},
};

const NODES: [usize; 3] = [1, 3, 10];
const IN_FLIGHT: usize = 256;

/// The time before the measurement starts.
const WARM_UP: Duration = Duration::from_millis(700);

/// Who writes.
struct Load {
    name: &'static str,
    topology: Topology,
    members: usize,
}

const LOADS: [Load; 3] = [
    Load { name: "room of 256", topology: Topology::Room, members: 256 },
    Load { name: "room of 16", topology: Topology::Room, members: 16 },
    Load { name: "500 directs", topology: Topology::AckedPairs, members: 1_000 },
];

/// What one member has written.
#[derive(Default)]
struct Written {
    sent: u32,
    /// When the messages in flight were sent.
    sent_at: VecDeque<Instant>,
    /// When messages were acknowledged that the other one of the pair has not received.
    acked_at: VecDeque<Instant>,
    /// How many messages the other one received before their acks.
    early: usize,
}

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for load in &LOADS {
        for nodes in NODES {
            let name = format!("{}, nodes: {nodes}", load.name);
            let figures = Run::new(&context.with_nodes(nodes), load).and_then(|run| run.measure(context.duration));
            rows.push((name.clone(), figures.map_err(|failure| format!("{name}: {failure}"))?));
        }
    }
    Ok(rows)
}

struct Run {
    test_bed: TestBed,
    members: Vec<Written>,
    /// Who writes next.
    turns: VecDeque<usize>,
    in_flight: usize,
    /// The number that each member expects next of each author.
    expected: Vec<u32>,
    acked: u64,
    delivered: u64,
    is_measured: bool,
    acks: Durations,
    bells: Durations,
}

impl Run {
    fn new(context: &WorkloadContext<'_>, load: &Load) -> Result<Self, Failure> {
        let members = load.members;
        let turns = match load.topology {
            Topology::Room => (0..members).cycle().take(members.max(IN_FLIGHT)).collect(),
            Topology::Pairs | Topology::AckedPairs => (0..members).step_by(2).collect(),
        };
        Ok(Self {
            test_bed: context.test_bed(load.topology, members)?,
            members: (0..members).map(|_| Written::default()).collect(),
            turns,
            in_flight: 0,
            expected: vec![0; members * members],
            acked: 0,
            delivered: 0,
            is_measured: false,
            acks: Durations::default(),
            bells: Durations::default(),
        })
    }

    fn measure(mut self, duration: Duration) -> Result<Figures, Failure> {
        let receivers = self.test_bed.protocol.receivers(self.members.len()) as u64;
        let start = Instant::now();
        let (mut meter, mut figures) = (None::<Meter>, None);
        while figures.is_none() || self.in_flight > 0 || self.delivered < self.acked * receivers {
            while figures.is_none() && self.in_flight < IN_FLIGHT {
                let Some(writer) = self.turns.pop_front() else { break };
                self.send(writer)?;
            }
            self.receive()?;
            if start.elapsed() > duration + TIMEOUT {
                return Err(format!("{} acks and {} deliveries in time", self.acked, self.delivered).into());
            }
            match &meter {
                None if start.elapsed() > WARM_UP => {
                    meter = Some(Meter::start(&self.test_bed.nodes, self.acked)?);
                    self.is_measured = true;
                }
                Some(meter) if figures.is_none() && meter.start.elapsed() >= duration => {
                    figures = Some(meter.read(&self.test_bed.nodes, self.acked)?);
                    self.is_measured = false;
                }
                _ => {}
            }
        }
        self.test_bed.expect_nothing_more()?;
        let mut figures = figures.ok_or("the measurement was too short")?;
        // A post is what is counted here.
        let rate = figures.iter().position(|(name, _)| *name == "deliveries/s").map(|index| figures.remove(index).1);
        figures.splice(
            0..0,
            [
                ("posts/s", rate.unwrap_or(f64::NAN)),
                ("ms to the ack, p50", self.acks.percentile_ms(50)),
                ("p99", self.acks.percentile_ms(99)),
                ("from the ack to the delivery: p50", self.bells.percentile_ms(50)),
                ("from the ack: p99", self.bells.percentile_ms(99)),
            ],
        );
        Ok(figures)
    }

    fn send(&mut self, writer: usize) -> Result<(), Failure> {
        let written = &mut self.members[writer];
        let text = self.test_bed.protocol.message_text(writer, written.sent);
        written.sent += 1;
        written.sent_at.push_back(Instant::now());
        self.in_flight += 1;
        self.test_bed.clients.send_text(writer, &text)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let Self { test_bed: TestBed { clients, protocol, .. }, members, expected, .. } = self;
        let count = members.len();
        clients.poll_once(TIMEOUT, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            if text.starts_with(br#"{"type":"ack""#) {
                let (now, writer) = (Instant::now(), &mut members[client]);
                let sent_at = writer.sent_at.pop_front().ok_or("an ack of nothing")?;
                if self.is_measured {
                    self.acks.record(now - sent_at);
                }
                if writer.early == 0 {
                    writer.acked_at.push_back(now);
                } else {
                    writer.early -= 1;
                    if self.is_measured {
                        self.bells.record(Duration::ZERO);
                    }
                }
                self.acked += 1;
                self.in_flight -= 1;
                self.turns.push_back(client);
            } else if let Some(Message { author, number }) = protocol.parse_message(client, text)? {
                let expected = expected.get_mut(client * count + author).ok_or("a message of a stranger")?;
                if number != *expected {
                    return Err(format!("message {number} of {author} arrived, expected {expected}").into());
                }
                *expected += 1;
                self.delivered += 1;
                // The other one of the pair: at another node, if there are several.
                if client == author ^ 1 {
                    let author = &mut members[author];
                    match author.acked_at.pop_front() {
                        None => author.early += 1,
                        Some(acked_at) if self.is_measured => self.bells.record(acked_at.elapsed()),
                        Some(_) => {}
                    }
                }
            } else {
                fail_on_error(text)?;
            }
            Ok(())
        })
    }
}
