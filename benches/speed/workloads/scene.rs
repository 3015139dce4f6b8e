//! A server with its clients, ready to be measured.

use std::time::{Duration, Instant};

use crate::{
    contender::{Contender, Server},
    crowd::Crowd,
    failure::Failure,
    line::Heard,
    settings::Settings,
    talk::{Place, Talk},
};

/// What a workload works with.
pub(super) struct Workshop<'a> {
    pub(super) settings: &'a Settings,
    pub(super) contender: Contender,
    /// How long to measure.
    pub(super) length: Duration,
}

/// A server and those who talk at it.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) crowd: Crowd,
    pub(super) talk: Talk,
}

impl Workshop<'_> {
    /// A new server, with members who hear each other.
    pub(super) fn scene(&self, place: Place, members: usize) -> Result<Scene, Failure> {
        let server = self.contender.start(self.settings)?;
        let (mut crowd, mut talk) = (Crowd::new()?, Talk::new(self.contender.dialect(), place));
        talk.begin(&mut crowd, server.address, members)?;
        Ok(Scene { server, crowd, talk })
    }
}

impl Scene {
    /// Whatever comes now has come before.
    pub(super) fn nothing_more_comes(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(100) {
            self.crowd.turn(Duration::from_millis(20), |who, heard| {
                let Heard::Text(text) = heard else { return Ok(()) };
                match self.talk.message(who, text)? {
                    None => Ok(()),
                    Some(message) => Err(format!("{} came twice", message.number).into()),
                }
            })?;
        }
        Ok(())
    }
}
