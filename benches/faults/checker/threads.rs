//! Checks replies: they answer a message that exists, belong to the thread of that message, and name those who have written in
//! it, except who has muted it.

use std::collections::{BTreeMap, BTreeSet};

use teahouse::domain::{ConversationId, Event, EventKind, Seq, UserId};

use crate::{
    checker::{findings::Findings, members::Members, mentions::MentionRules},
    history::{Log, LoggedSetting, UserSetting},
};

/// How many of the newest replies say who is told of the next one.
const MAX_REPLIES: usize = 200;

/// How many authors of a thread are told of a reply.
const MAX_PARTICIPANTS: usize = 50;

/// A conversation, and the first message of a thread in it.
type Thread = (ConversationId, Seq);

/// Follows the commit log.
struct ThreadFold<'a> {
    members: &'a Members<'a>,
    mentions: &'a MentionRules<'a>,
    /// The first message of each message's thread.
    threads: BTreeMap<(ConversationId, Seq), Seq>,
    /// The authors of each thread: that of the first message, and then those of its replies.
    authors: BTreeMap<Thread, Vec<UserId>>,
    muted: BTreeSet<(Thread, UserId)>,
}

pub(super) fn check(log: &Log, members: &Members, mentions: &MentionRules, findings: &mut Findings) {
    let (threads, authors, muted) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let mut fold = ThreadFold { members, mentions, threads, authors, muted };
    for (position, entry) in &log.entries {
        if let Some(setting) = log.settings.get(position) {
            fold.set(setting);
        }
        let event = entry.and_then(|(conversation, seq)| {
            let events = log.conversations.get(&conversation)?;
            Some(&events[events.binary_search_by_key(&seq, |event| event.seq).ok()?])
        });
        if let Some(event) = event.filter(|event| matches!(event.kind, EventKind::Message { .. })) {
            fold.add(event, findings);
        }
    }
}

impl ThreadFold<'_> {
    fn set(&mut self, logged: &LoggedSetting) {
        if let UserSetting::ThreadMuted { thread, on } = logged.setting {
            let muted = ((logged.conversation, thread), logged.user);
            if on {
                self.muted.insert(muted);
            } else {
                self.muted.remove(&muted);
            }
        }
    }

    fn add(&mut self, event: &Event, findings: &mut Findings) {
        let (conversation, author) = (event.conversation, event.author.id);
        let Some(reply) = event.kind.reply() else {
            if !event.kind.participants().is_empty() {
                findings.wrong.add(|| format!("a message that answers nothing names participants: {event:?}"));
            }
            self.threads.insert((conversation, event.seq), event.seq);
            self.authors.insert((conversation, event.seq), vec![author]);
            return;
        };
        let thread = self.threads.get(&(conversation, reply.to)).copied();
        if thread != Some(reply.thread) {
            findings.wrong.add(|| format!("a reply in another thread than {thread:?}: {event:?}"));
        }
        let thread = reply.thread;
        let expected = self.participants(event, (conversation, thread));
        if expected != event.kind.participants() {
            findings.wrong.add(|| format!("the participants should be {expected:?}: {event:?}"));
        }
        self.threads.insert((conversation, event.seq), thread);
        self.authors.entry((conversation, thread)).or_default().push(author);
    }

    /// Who is told of a reply in this thread without being mentioned: who wrote last comes first.
    fn participants(&self, event: &Event, thread: Thread) -> Vec<UserId> {
        let mentioned = self.mentions.mentioned_by(event);
        if mentioned.contains(&None) {
            return Vec::new();
        }
        let is_mentioned = |user: UserId| mentioned.iter().flatten().any(|mentioned| mentioned.id == user);
        let Some((first, replies)) = self.authors.get(&thread).and_then(|authors| authors.split_first()) else {
            return Vec::new();
        };
        let mut participants = Vec::new();
        for author in replies.iter().rev().take(MAX_REPLIES).chain([first]) {
            let is_told = *author != event.author.id
                && !is_mentioned(*author)
                && !self.muted.contains(&(thread, *author))
                && self.members.is_member(event.conversation, *author, event.seq);
            if is_told && !participants.contains(author) {
                participants.push(*author);
            }
        }
        participants.truncate(MAX_PARTICIPANTS);
        participants
    }
}
