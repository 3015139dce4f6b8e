//! One speaks to ten thousand, again and again, while others write to each other in private: how long do they wait for
//! the crowd to be served?
//!
//! The clients are one thread, and have ten thousand frames to read as well. So they read those a few at a time and look
//! for private ones in between; times run from when a private message was sent, whenever it was due. How long they did not
//! look, at the most, is told beside: times up to that may be theirs.

use std::time::{Duration, Instant};

use super::{
    figures::Figures,
    scene::{Scene, Workshop},
};
use crate::{
    crowd::{Crowd, PATIENCE},
    failure::Failure,
    line::Heard,
    talk::{Place, Talk},
    times::Times,
};

const MEMBERS: usize = 10_000;
const PAIRS: usize = 20;

/// Somebody writes to somebody so often: seldom enough that the server has little to do but for the crowd.
const INTERVAL: Duration = Duration::from_millis(5);

/// From one message to all to the next, if all have heard it by then.
const PAUSE: Duration = Duration::from_millis(200);

/// How many frames of the crowd are read before the next look at private ones.
const FEW: usize = 16;

/// Messages to all have numbers from here on: with Teahouse, those in the pairs are among all.
const TO_ALL: u32 = 0x8000_0000;

/// How many times as long as a usual workload each half of this one takes: fan-outs are few.
const LONGER: u32 = 5;

pub(super) fn run(shop: &Workshop<'_>) -> Result<Figures, Failure> {
    let server = shop.contender.start(shop.settings)?;
    let dialect = shop.contender.dialect();
    let mut room = Talk::new(dialect, Place::Room);
    let mut pairs = Talk::beside(MEMBERS, dialect, Place::Pairs);
    let (mut crowd, mut couples) = (Crowd::that_hears(FEW)?, Crowd::new()?);
    pairs.begin(&mut couples, server.address, 2 * PAIRS)?;
    // Those in the pairs hear nothing while the others come in; nobody says anything that they would have to hear.
    room.begin(&mut crowd, server.address, MEMBERS)?;
    let mut both = Both {
        room: Scene { server, crowd, talk: room },
        couples,
        pairs,
        sent: vec![(0, None); PAIRS],
        unheard: 0,
        posts: 0,
        looked: Instant::now(),
    };
    let mut alone = both.measure(shop.length * LONGER, false)?;
    let mut beside = both.measure(shop.length * LONGER, true)?;
    both.room.nothing_more_comes()?;
    Ok(vec![
        ("ms beside a fan-out, p99", beside.private.within(99)),
        ("p90", beside.private.within(90)),
        ("p50", beside.private.within(50)),
        ("most", beside.private.within(100)),
        ("alone, p99", alone.private.within(99)),
        ("p50 alone", alone.private.within(50)),
        ("most alone", alone.private.within(100)),
        ("ms a fan-out, p50", beside.fan_outs.within(50)),
        ("ms clients looked away, p99", beside.away.within(99)),
        ("most away", beside.away.within(100)),
    ])
}

/// A crowd, and some who do not care for it.
struct Both {
    room: Scene,
    couples: Crowd,
    pairs: Talk,
    /// How many messages each pair has had; of the one that was not heard, when it was sent, and whether it counts.
    sent: Vec<(u32, Option<(Instant, bool)>)>,
    /// How many have not heard the last message to all.
    unheard: usize,
    /// How many messages there were to all.
    posts: u32,
    /// When private messages were looked for last.
    looked: Instant,
}

#[derive(Default)]
struct Measured {
    /// If there are to be fan-outs, those that were sent while one was under way.
    private: Times,
    fan_outs: Times,
    away: Times,
}

impl Both {
    fn measure(&mut self, length: Duration, with_crowd: bool) -> Result<Measured, Failure> {
        let mut measured = Measured::default();
        let begin = Instant::now();
        let (mut turn, mut posted) = (0_u32, begin);
        loop {
            let is_over = begin.elapsed() >= length;
            if is_over && self.unheard == 0 && self.sent.iter().all(|(_, sent)| sent.is_none()) {
                return Ok(measured);
            }
            if begin.elapsed() > length + PATIENCE {
                return Err("messages are lost, or the server cannot keep up".into());
            }
            if with_crowd && !is_over && self.unheard == 0 && posted.elapsed() >= PAUSE {
                posted = Instant::now();
                self.posts += 1;
                self.unheard = self.room.talk.audience(MEMBERS);
                let text = self.room.talk.text(0, TO_ALL + self.posts);
                self.room.crowd.say(0, &text)?;
            }
            if !is_over && begin.elapsed() >= INTERVAL * turn {
                let pair = turn as usize % PAIRS;
                // Each waits for the one before.
                if let (number, sent @ None) = &mut self.sent[pair] {
                    let text = self.pairs.text(2 * pair, *number);
                    *sent = Some((Instant::now(), !with_crowd || self.unheard > 0));
                    self.couples.say(2 * pair, &text)?;
                }
                turn += 1;
            }
            self.look(&mut measured)?;
            if self.unheard > 0 {
                self.hear_crowd()?;
                if self.unheard == 0 {
                    measured.fan_outs.note(posted.elapsed());
                }
            }
        }
    }

    /// Hears what came in private.
    fn look(&mut self, measured: &mut Measured) -> Result<(), Failure> {
        measured.away.note(self.looked.elapsed());
        let Self { couples, pairs, sent, .. } = self;
        couples.turn(Duration::ZERO, |who, heard| {
            let Heard::Text(text) = heard else { return Ok(()) };
            let Some(message) = pairs.message(who, text)? else { return Ok(()) };
            if message.number >= TO_ALL {
                return Ok(());
            }
            let (number, at) = &mut sent[who / 2];
            if message.number != *number || message.author != who ^ 1 {
                return Err(format!("{message:?} came where {number} was due").into());
            }
            *number += 1;
            let (at, counts) = at.take().ok_or("a message came twice")?;
            if counts {
                measured.private.note(at.elapsed());
            }
            Ok(())
        })?;
        self.looked = Instant::now();
        Ok(())
    }

    fn hear_crowd(&mut self) -> Result<(), Failure> {
        let (due, unheard, talk) = (TO_ALL + self.posts, &mut self.unheard, &mut self.room.talk);
        self.room.crowd.turn(Duration::ZERO, |who, heard| {
            let Heard::Text(text) = heard else { return Ok(()) };
            let Some(message) = talk.message(who, text)? else { return Ok(()) };
            if message.number != due {
                return Err(format!("{} came where {due} was due", message.number).into());
            }
            *unheard -= 1;
            Ok(())
        })
    }
}
