//! 32 clients send at once; when all have received everything, again. A server that waits for more before it sends
//! loses here.

use std::time::Instant;

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

const MEMBERS: usize = 32;

/// How many rounds come before the measurement.
const WARM_UP: u32 = 20;

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let mut test_bed = context.test_bed(Topology::Room, MEMBERS)?;
    let goal = test_bed.protocol.receivers(MEMBERS) * MEMBERS;
    let (mut latencies, mut meter, mut deliveries) = (Durations::default(), Meter::start(&test_bed.nodes, 0)?, 0_u64);
    let mut round = 0;
    while round <= WARM_UP || meter.start.elapsed() < context.duration {
        if round == WARM_UP {
            meter = Meter::start(&test_bed.nodes, deliveries)?;
        }
        let start = Instant::now();
        for member in 0..MEMBERS {
            let text = test_bed.protocol.message_text(member, round);
            test_bed.clients.send_text(member, &text)?;
        }
        // Whose messages each member has received, as a bit set.
        let (mut heard_by, mut count) = ([0_u32; MEMBERS], 0);
        while count < goal {
            let protocol = &mut test_bed.protocol;
            test_bed.clients.poll_once(TIMEOUT, |client, received| {
                let Received::Text(text) = received else { return Ok(()) };
                let Some(message) = protocol.parse_message(client, text)? else { return Ok(()) };
                let bit = 1 << message.author;
                if message.number != round || heard_by[client] & bit != 0 {
                    return Err(
                        format!("{message:?} arrived at client {client} in round {round}, or arrived twice").into()
                    );
                }
                heard_by[client] |= bit;
                count += 1;
                Ok(())
            })?;
            if start.elapsed() > TIMEOUT {
                return Err(format!("only {count} of {goal} messages arrived").into());
            }
        }
        deliveries += goal as u64;
        if round >= WARM_UP {
            latencies.record(start.elapsed());
        }
        round += 1;
    }
    let mut figures = meter.read(&test_bed.nodes, deliveries)?;
    test_bed.expect_nothing_more()?;
    figures.splice(0..0, [("ms a round, p50", latencies.percentile_ms(50)), ("p99", latencies.percentile_ms(99))]);
    Ok(figures)
}
