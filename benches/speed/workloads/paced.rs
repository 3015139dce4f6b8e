//! A hundred messages a second to 1,000 clients: what a delivery costs when the server has time, and how long it takes.
//! Latency runs from when a message was due, even if it was sent later, so that a server that delays its clients does
//! not look better for it.

use std::time::{Duration, Instant};

use crate::{
    clients::TIMEOUT,
    connection::Received,
    durations::Durations,
    failure::Failure,
    protocols::Topology,
    workloads::{
        figures::{Figures, Meter},
        test_bed::WorkloadContext,
    },
};

const MEMBERS: usize = 1_000;
const INTERVAL: Duration = Duration::from_millis(10);

/// How many messages are sent before the measurement starts.
const WARM_UP: u32 = 50;

/// The shortest useful measurement: the CPU time is small here, and the kernel counts it in hundredths of a second.
const MIN_DURATION: Duration = Duration::from_secs(5);

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let mut test_bed = context.test_bed(Topology::Room, MEMBERS)?;
    let audience = test_bed.protocol.receivers(MEMBERS) as u64;
    let duration = context.duration.max(MIN_DURATION);
    let last = WARM_UP + u32::try_from(duration.as_millis() / INTERVAL.as_millis())?;
    let mut expected = vec![0_u32; MEMBERS];
    let (mut latencies, mut deliveries, mut sent) = (Durations::default(), 0_u64, 0);
    let mut meter = None;
    let start = Instant::now();
    let due_at = |number: u32| start + INTERVAL * number;
    while deliveries < audience * u64::from(last) {
        while sent < last && Instant::now() >= due_at(sent) {
            if sent == WARM_UP {
                meter = Some(Meter::start(&test_bed.nodes, deliveries)?);
            }
            let text = test_bed.protocol.message_text(0, sent);
            test_bed.clients.send_text(0, &text)?;
            sent += 1;
        }
        let wait = if sent < last { due_at(sent).saturating_duration_since(Instant::now()) } else { TIMEOUT };
        // The kernel would round fractions of a millisecond up.
        let wait = Duration::from_millis(u64::try_from(wait.as_millis())?);
        let protocol = &mut test_bed.protocol;
        test_bed.clients.poll_once(wait, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            let Some(message) = protocol.parse_message(client, text)? else { return Ok(()) };
            if message.number != expected[client] {
                return Err(format!("message {} arrived, expected {}", message.number, expected[client]).into());
            }
            expected[client] += 1;
            deliveries += 1;
            if message.number >= WARM_UP {
                latencies.record(due_at(message.number).elapsed());
            }
            Ok(())
        })?;
        if start.elapsed() > duration + TIMEOUT {
            return Err("messages are lost, or the server cannot keep up".into());
        }
    }
    let mut figures = meter.ok_or("the measurement was too short")?.read(&test_bed.nodes, deliveries)?;
    test_bed.expect_nothing_more()?;
    figures.splice(1..1, [("ms, p50", latencies.percentile_ms(50)), ("p99", latencies.percentile_ms(99))]);
    // The rate is given, and the clients spend their time waiting.
    figures.retain(|(name, _)| !matches!(*name, "deliveries/s" | "clients' CPU %"));
    Ok(figures)
}
