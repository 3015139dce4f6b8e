//! One server with a database of its own, and the faults that are injected into it.

use std::{fs, sync::Arc, time::Duration};

use rand::rngs::StdRng;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    consumer::{Consumer, ConsumerSetup},
    counters::Counters,
    entrance::Entrance,
    environment::{Environment, FaultPlan},
    failure::Failure,
    history::LogEntry,
    proxy::Proxy,
    reader::ReaderFault,
    schedule::{Fault, schedule},
    server::{Server, ServerSetup},
};

/// How long a writer waits for a frame. A server that sends none for so long is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Less than a page of the write-ahead log needs.
const ALMOST_NOTHING_BYTES: u64 = 4_096;

pub(crate) struct SingleServer {
    setup: ServerSetup,
    proxy: Proxy,
    server: Server,
    consumer_setup: ConsumerSetup,
    consumer: Consumer,
    counters: Arc<Counters>,
    rng: StdRng,
    disk_is_full: bool,
}

impl Environment for SingleServer {
    fn entrance(&self) -> Entrance {
        let address = self.proxy.address;
        Entrance { address, routes: self.proxy.routes(), patience: PATIENCE, must_answer: true }
    }

    async fn inject_faults(&mut self, plan: FaultPlan<'_>) -> Result<(), Failure> {
        let mut faults = schedule(plan.rng, plan.duration, plan.readers.len());
        faults.retain(|(_, fault)| plan.only.is_empty() || plan.only.contains(&fault.kind()));
        let start = Instant::now();
        for (at, fault) in faults {
            sleep_until(start + at).await;
            if let Some(status) = self.server.exit_status()? {
                return Err(format!("the server ended unexpectedly: {status}").into());
            }
            self.inject(fault, plan.readers).await?;
        }
        Ok(())
    }

    async fn recover(&mut self) -> Result<(), Failure> {
        self.free_disk()
    }

    async fn stop(&mut self) -> Result<Vec<LogEntry>, Failure> {
        self.record_memory();
        self.server.terminate().await?;
        self.consumer.kill()?;
        self.consumer_setup.finish()?;
        self.consumer_setup.copied()
    }
}

impl SingleServer {
    pub(crate) async fn start(setup: ServerSetup, counters: Arc<Counters>, rng: StdRng) -> Result<Self, Failure> {
        let server = setup.start().await?;
        let consumer_setup = setup.consumer();
        let consumer = consumer_setup.start()?;
        let proxy = Proxy::start()?;
        proxy.set_server(0, Some(server.address));
        Ok(Self { setup, proxy, server, consumer_setup, consumer, counters, rng, disk_is_full: false })
    }

    async fn inject(&mut self, fault: Fault, readers: &[mpsc::Sender<ReaderFault>]) -> Result<(), Failure> {
        match fault {
            Fault::Kill => {
                self.counters.kills.increment();
                self.restart(false).await?;
            }
            Fault::Terminate => {
                self.counters.terminations.increment();
                self.restart(true).await?;
            }
            Fault::Cut => {
                if self.proxy.cut_one(&mut self.rng) {
                    self.counters.cuts.increment();
                }
            }
            Fault::Reader(reader, reader_fault) => {
                // Fails if the reader already has a fault queued. Each reader has one at a time.
                if readers[reader].try_send(reader_fault).is_ok() {
                    match reader_fault {
                        ReaderFault::Stall(_) => self.counters.stalls.increment(),
                        ReaderFault::Away(_) => self.counters.absences.increment(),
                    }
                }
            }
            Fault::FillDisk { free_bytes } => self.fill_disk(free_bytes)?,
            Fault::FreeDisk => self.free_disk()?,
            Fault::Clock(offset) => {
                if self.setup.can_set_clock() {
                    self.setup.set_clock(offset)?;
                    self.counters.clock_steps.increment();
                }
            }
        }
        Ok(())
    }

    async fn restart(&mut self, gracefully: bool) -> Result<(), Failure> {
        self.record_memory();
        if gracefully {
            self.server.terminate().await?;
        } else {
            self.consumer.kill()?;
            self.server.kill().await?;
            self.consumer = self.consumer_setup.start()?;
        }
        // The new process has no quota.
        self.mark_disk_free();
        self.proxy.set_server(0, None);
        self.server = self.setup.start().await?;
        self.proxy.set_server(0, Some(self.server.address));
        Ok(())
    }

    fn fill_disk(&mut self, free_bytes: Option<u64>) -> Result<(), Failure> {
        if !self.setup.can_fill_disk() || self.disk_is_full {
            return Ok(());
        }
        let mut wal = self.setup.database().into_os_string();
        wal.push("-wal");
        let wal_bytes = fs::metadata(wal).map_or(0, |file| file.len());
        self.disk_is_full = true;
        self.counters.storage_trouble.begin();
        self.counters.full_disks.increment();
        self.server.limit_file_size(Some(free_bytes.map_or(ALMOST_NOTHING_BYTES, |free_bytes| wal_bytes + free_bytes)))
    }

    fn free_disk(&mut self) -> Result<(), Failure> {
        if self.disk_is_full {
            self.server.limit_file_size(None)?;
            self.mark_disk_free();
        }
        Ok(())
    }

    fn mark_disk_free(&mut self) {
        if self.disk_is_full {
            self.disk_is_full = false;
            self.counters.storage_trouble.end(Duration::ZERO);
        }
    }

    fn record_memory(&self) {
        if let Some(bytes) = self.server.peak_memory() {
            self.counters.peak_memory.raise_to(bytes);
        }
    }
}
