//! Many clients connect and stay silent: how much memory does each take, and is it given back after many have come
//! and gone?

use std::time::{Duration, Instant};

use super::{
    figures::{Figures, float},
    test_bed::WorkloadContext,
};
use crate::{
    clients::Clients,
    failure::Failure,
    process,
    protocols::{Protocol, Topology},
    servers::Server,
};

/// How many files a process needs beside its connections, at most.
const OTHER_FILES: u64 = 1_000;

/// How many clients connect at a time while many come and go.
const BATCH: usize = 5_000;

/// A server that uses at most this share of a core in this interval is idle: it pings its clients now and then.
const CHECK_INTERVAL: Duration = Duration::from_millis(1_500);
const IDLE_CPU_TIME: Duration = Duration::from_millis(30);
const IDLE_CPU_TIME_PER_CLIENT: Duration = Duration::from_micros(3);
const MAX_CHECKS: usize = 40;

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let members = context.settings.connections;
    let max_files = process::max_files()?;
    if max_files < u64::try_from(members)? + OTHER_FILES {
        return Err(format!("{members} clients need more than the {max_files} files that a process may open").into());
    }
    let server = context.server_kind.start(context.settings)?;
    let before = server.resident_kib()?;
    let (mut clients, mut protocol) = (Clients::new()?, Protocol::new(context.server_kind.dialect(), Topology::Room));
    let per_member = |kib: f64| (kib - before) / float(members as u64);
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    protocol.connect(&mut clients, &[server.address], members)?;
    let connect_time = start.elapsed();
    wait_until_idle(&server, &mut clients)?;
    let mut figures = vec![
        ("KiB each", per_member(server.resident_kib()?)),
        ("MiB", server.resident_kib()? / 1024.0),
        ("MiB before", before / 1024.0),
        ("s to connect", connect_time.as_secs_f64()),
        ("CPU s to connect", server.cpu_time()?.saturating_sub(cpu).as_secs_f64()),
    ];
    if context.settings.come_and_go > 0 {
        clients.disconnect_all();
        wait_until_idle(&server, &mut clients)?;
        for _ in 0..context.settings.come_and_go.div_ceil(BATCH) {
            protocol.connect(&mut clients, &[server.address], BATCH)?;
            clients.disconnect_all();
            wait_until_idle(&server, &mut clients)?;
        }
        let empty = server.resident_kib()?;
        protocol.connect(&mut clients, &[server.address], members)?;
        wait_until_idle(&server, &mut clients)?;
        figures.push(("KiB each, afterwards", per_member(server.resident_kib()?)));
        figures.push(("MiB after all left", empty / 1024.0));
    }
    Ok(figures)
}

/// Waits until the server is idle: a client of the simple protocol has joined before its user is stored, and presence
/// is broadcast a second later.
fn wait_until_idle(server: &Server, clients: &mut Clients) -> Result<(), Failure> {
    let idle_cpu_time = IDLE_CPU_TIME.max(IDLE_CPU_TIME_PER_CLIENT * u32::try_from(clients.len())?);
    let mut before = Duration::MAX;
    for _ in 0..MAX_CHECKS {
        clients.answer_pings_for(CHECK_INTERVAL)?;
        let now = server.cpu_time()?;
        if now.saturating_sub(before) <= idle_cpu_time && before != Duration::MAX {
            return Ok(());
        }
        before = now;
    }
    Err("the server did not become idle".into())
}
