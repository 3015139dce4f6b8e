//! The server with all that can befall it.

use std::{fs, sync::Arc, time::Duration};

use rand::rngs::StdRng;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    failure::Failure,
    proxy::Proxy,
    reader::Mood,
    schedule::Fault,
    server::{Server, Setup},
    tally::Tally,
};

/// Less than a page of the write-ahead log takes.
const NEXT_TO_NOTHING: u64 = 4_096;

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) proxy: Proxy,
    server: Server,
    tally: Arc<Tally>,
    rng: StdRng,
}

impl World {
    pub(crate) async fn start(setup: Setup, tally: Arc<Tally>, rng: StdRng) -> Result<Self, Failure> {
        let server = setup.start().await?;
        let proxy = Proxy::start()?;
        proxy.lead_to(Some(server.address));
        Ok(Self { setup, proxy, server, tally, rng })
    }

    /// Lets the faults happen at their times.
    pub(crate) async fn suffer(
        &mut self,
        faults: Vec<(Duration, Fault)>,
        readers: &[mpsc::Sender<Mood>],
    ) -> Result<(), Failure> {
        let start = Instant::now();
        for (at, fault) in faults {
            sleep_until(start + at).await;
            if let Some(status) = self.server.has_ended()? {
                return Err(format!("the server ended by itself: {status}").into());
            }
            self.befall(fault, readers).await?;
        }
        Ok(())
    }

    /// From now on all is well.
    pub(crate) fn recover(&mut self) -> Result<(), Failure> {
        self.free_disk()
    }

    /// The end of the run.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.note_memory();
        self.server.terminate().await
    }

    async fn befall(&mut self, fault: Fault, readers: &[mpsc::Sender<Mood>]) -> Result<(), Failure> {
        match fault {
            Fault::Kill => {
                self.tally.kills.one();
                self.replace(false).await?;
            }
            Fault::Terminate => {
                self.tally.terminations.one();
                self.replace(true).await?;
            }
            Fault::Cut => {
                if self.proxy.cut_one(&mut self.rng) {
                    self.tally.cuts.one();
                }
            }
            Fault::Mood(reader, mood) => {
                // Refused by one who has something before them already: one at a time.
                if readers[reader].try_send(mood).is_ok() {
                    match mood {
                        Mood::Stall(_) => self.tally.stalls.one(),
                        Mood::Away(_) => self.tally.absences.one(),
                    }
                }
            }
            Fault::FillDisk { room } => self.fill_disk(room)?,
            Fault::FreeDisk => self.free_disk()?,
            Fault::Clock(offset) => {
                if self.setup.has_clock() {
                    self.setup.set_clock(offset)?;
                    self.tally.clock_steps.one();
                }
            }
        }
        Ok(())
    }

    async fn replace(&mut self, gently: bool) -> Result<(), Failure> {
        self.note_memory();
        if gently {
            self.server.terminate().await?;
        } else {
            self.server.kill().await?;
        }
        // The next one has no quota.
        self.disk_is_free();
        self.proxy.lead_to(None);
        self.server = self.setup.start().await?;
        self.proxy.lead_to(Some(self.server.address));
        Ok(())
    }

    fn fill_disk(&mut self, room: Option<u64>) -> Result<(), Failure> {
        if !self.setup.has_quota() || self.is_disk_full() {
            return Ok(());
        }
        let mut log = self.setup.database().into_os_string();
        log.push("-wal");
        let written = fs::metadata(log).map_or(0, |file| file.len());
        self.tally.disk.one();
        self.tally.full_disks.one();
        self.server.limit_files(Some(room.map_or(NEXT_TO_NOTHING, |room| written + room)))
    }

    fn free_disk(&mut self) -> Result<(), Failure> {
        if self.is_disk_full() {
            self.server.limit_files(None)?;
            self.disk_is_free();
        }
        Ok(())
    }

    fn is_disk_full(&self) -> bool {
        self.tally.disk.get() % 2 == 1
    }

    fn disk_is_free(&self) {
        if self.is_disk_full() {
            self.tally.disk.one();
        }
    }

    fn note_memory(&self) {
        if let Some(bytes) = self.server.peak_memory() {
            self.tally.peak_memory.at_least(bytes);
        }
    }
}
