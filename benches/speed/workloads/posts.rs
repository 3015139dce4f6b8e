//! Clients send to one other user each, and again after each ack. What is acknowledged is on the disk.

use std::time::{Duration, Instant};

use super::{
    figures::{Figures, Meter, Row},
    test_bed::WorkloadContext,
};
use crate::{
    clients::TIMEOUT,
    connection::Received,
    disk,
    durations::Durations,
    failure::Failure,
    protocols::{Topology, fail_on_error},
};

const WRITERS: [usize; 3] = [1, 16, 256];

/// The time before the measurement starts.
const WARM_UP: Duration = Duration::from_millis(500);

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Vec<Row>, Failure> {
    let (rate, mut latencies) = disk::measure(&context.settings.folder, context.duration)?;
    let synced = vec![
        ("posts/s", rate),
        ("ms, p50", latencies.percentile_ms(50)),
        ("p99", latencies.percentile_ms(99)),
        ("CPU s per million", f64::NAN),
        ("PostgreSQL's", f64::NAN),
    ];
    let server = context.server_kind.name();
    let mut rows = vec![(format!("4 KiB and fdatasync, before {server}"), synced)];
    for writers in WRITERS {
        let plural = if writers == 1 { "" } else { "s" };
        rows.push((format!("{server}, {writers} writer{plural}"), write(context, writers)?));
    }
    Ok(rows)
}

fn write(context: &WorkloadContext<'_>, writers: usize) -> Result<Figures, Failure> {
    let mut test_bed = context.test_bed(Topology::AckedPairs, 2 * writers)?;
    // For each writer, how many messages it has sent, and when it sent the last one. Odd members are its readers.
    let mut posts: Vec<(u32, Instant)> = vec![(0, Instant::now()); writers];
    let mut idle: Vec<usize> = (0..writers).collect();
    let (mut latencies, mut acked, mut delivered) = (Durations::default(), 0_u64, 0_u64);
    let start = Instant::now();
    let (mut meter, mut figures) = (None::<Meter>, None);
    while figures.is_none() || delivered < acked || idle.len() < writers {
        if figures.is_none() {
            for writer in idle.drain(..) {
                let (number, start) = &mut posts[writer];
                let text = test_bed.protocol.message_text(2 * writer, *number);
                (*number, *start) = (*number + 1, Instant::now());
                test_bed.clients.send_text(2 * writer, &text)?;
            }
        }
        let (protocol, is_measured) = (&mut test_bed.protocol, meter.is_some() && figures.is_none());
        test_bed.clients.poll_once(TIMEOUT, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            if text.starts_with(br#"{"type":"ack""#) {
                if is_measured {
                    latencies.record(posts[client / 2].1.elapsed());
                }
                acked += 1;
                idle.push(client / 2);
            } else if protocol.parse_message(client, text)?.is_some() {
                delivered += 1;
            } else {
                fail_on_error(text)?;
            }
            Ok(())
        })?;
        if start.elapsed() > context.duration + TIMEOUT {
            return Err(format!("{acked} acks and {delivered} deliveries in time").into());
        }
        match &meter {
            None if start.elapsed() > WARM_UP => meter = Some(Meter::start(&test_bed.nodes, acked)?),
            Some(meter) if figures.is_none() && meter.start.elapsed() >= context.duration => {
                figures = Some(meter.read(&test_bed.nodes, acked)?);
            }
            _ => {}
        }
    }
    test_bed.expect_nothing_more()?;
    let figure =
        |name| figures.iter().flatten().find(|(other, _)| *other == name).map_or(f64::NAN, |(_, value)| *value);
    Ok(vec![
        ("posts/s", figure("deliveries/s")),
        ("ms, p50", latencies.percentile_ms(50)),
        ("p99", latencies.percentile_ms(99)),
        ("CPU s per million", figure("CPU s per million")),
        ("PostgreSQL's", figure("PostgreSQL's")),
    ])
}
