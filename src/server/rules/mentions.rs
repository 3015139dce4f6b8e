//! Whom a text mentions, and who is told of a message.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use crate::{
    domain::{
        Body, ConversationId, MAX_MENTIONS, Mention, MentionPlace, Mentioned, Nickname, NicknameKey, User, UserId,
        mention_places,
    },
    server::rules::{
        facts::{Facts, Known},
        permissions::{Permission, rank_in},
        undecided::Undecided,
        values::MessageListener,
    },
};

/// How many nicknames are looked up for a text at most.
const MAX_LOOKED_UP: usize = 64;

/// The names that stand for everyone in a room.
static EVERYONE: LazyLock<[NicknameKey; 3]> =
    LazyLock::new(|| ["room", "everyone", "所有人"].map(|name| Nickname::from_trusted(name.to_owned()).key()));

/// Who may be mentioned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mentionable<'a> {
    /// The members of the conversation, and everyone if the author may.
    Members { author: UserId },
    /// Those whom the message mentioned before: in an edit nobody is mentioned anew.
    Only(&'a [MessageListener]),
}

/// A name that a text may have, at one of its places.
struct NameCandidate {
    place: usize,
    end: usize,
    key: NicknameKey,
}

/// Finds the mentions of a text: at each place the longest name of somebody who can be mentioned.
pub(super) fn resolve_mentions(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    body: &Body,
    who: Mentionable<'_>,
) -> Result<Vec<Mention>, Undecided> {
    let places = mention_places(body.as_str());
    if places.is_empty() || matches!(who, Mentionable::Only([])) {
        return Ok(Vec::new());
    }
    let mut candidates = candidates(body.as_str(), &places);
    candidates.sort_by_key(|candidate| (candidate.place, candidate.end));
    let keys: HashSet<&NicknameKey> = candidates.iter().map(|candidate| &candidate.key).collect();
    let users = find_users(facts, conversation, keys.iter().copied(), who)?;
    let names_everyone =
        keys.iter().any(|key| EVERYONE.contains(key)) && may_mention_everyone(facts, conversation, who)?;
    let whom = |key: &NicknameKey| {
        if names_everyone && EVERYONE.contains(key) {
            return Some(Mentioned::Everyone);
        }
        users.get(key).cloned().map(Mentioned::User)
    };
    let mut mentions: Vec<Mention> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let mut of_place = candidates.iter().rev().filter(|candidate| candidate.place == index);
        let longest = of_place.find_map(|candidate| Some((candidate.end, whom(&candidate.key)?)));
        if let Some((end, whom)) = longest
            && let (Ok(start), Ok(end)) = (u32::try_from(place.start), u32::try_from(end))
        {
            mentions.push(Mention { start, end, whom });
        }
        if mentions.len() == MAX_MENTIONS {
            break;
        }
    }
    Ok(mentions)
}

/// The names that are looked up. The likeliest name of each place comes before the second of any.
fn candidates(text: &str, places: &[MentionPlace]) -> Vec<NameCandidate> {
    let mut keys: HashSet<NicknameKey> = HashSet::new();
    let mut candidates = Vec::new();
    let rounds = places.iter().map(|place| place.ends.len()).max().unwrap_or(0);
    for round in 0..rounds {
        for (index, place) in places.iter().enumerate() {
            let Some(end) = place.ends.get(round).copied() else { continue };
            // A text that is not a valid nickname is nobody's.
            let Ok(name) = Nickname::parse_existing(&text[place.start + 1..end]) else { continue };
            let key = name.key();
            if keys.len() == MAX_LOOKED_UP && !keys.contains(&key) {
                return candidates;
            }
            keys.insert(key.clone());
            candidates.push(NameCandidate { place: index, end, key });
        }
    }
    candidates
}

/// The users with these nicknames who can be mentioned. Asks all questions of a kind before it needs an answer: a store may
/// have to load them.
fn find_users<'a>(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    keys: impl Iterator<Item = &'a NicknameKey>,
    who: Mentionable<'_>,
) -> Known<HashMap<NicknameKey, User>> {
    let holders: Vec<_> = keys.map(|key| (key, facts.user_with_nickname(key))).collect();
    let mut found = Vec::new();
    for (key, holder) in holders {
        if let Some(id) = holder? {
            found.push((key, id));
        }
    }
    let allowed: Vec<Known<bool>> = found.iter().map(|(_, id)| is_mentionable(facts, conversation, *id, who)).collect();
    let users: Vec<_> = found.iter().map(|(_, id)| facts.user(*id)).collect();
    let mut by_key = HashMap::new();
    for (((key, _), is_allowed), user) in found.into_iter().zip(allowed).zip(users) {
        if let (true, Some(facts)) = (is_allowed?, user?) {
            by_key.insert(key.clone(), facts.user);
        }
    }
    Ok(by_key)
}

fn is_mentionable(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    user: UserId,
    who: Mentionable<'_>,
) -> Known<bool> {
    match who {
        Mentionable::Members { .. } => Ok(facts.membership(conversation, user)?.is_some()),
        Mentionable::Only(before) => Ok(before.contains(&MessageListener::User(user))),
    }
}

fn may_mention_everyone(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    who: Mentionable<'_>,
) -> Result<bool, Undecided> {
    match who {
        Mentionable::Members { author } => {
            let is_room = facts.conversation(conversation)?.is_some_and(|found| found.room().is_some());
            Ok(is_room && Permission::MentionEveryone.granted_to(rank_in(facts, Some(conversation), author)?))
        }
        Mentionable::Only(before) => Ok(before.contains(&MessageListener::Everyone)),
    }
}

/// Who is told of a message by `author`: those mentioned, and the participants.
pub(super) fn listeners(author: UserId, mentions: &[Mention], participants: &[UserId]) -> Vec<MessageListener> {
    let mentioned = mentions.iter().map(MessageListener::of);
    let mut listeners: Vec<MessageListener> = Vec::new();
    for listener in mentioned.chain(participants.iter().copied().map(MessageListener::User)) {
        if listener != MessageListener::User(author) && !listeners.contains(&listener) {
            listeners.push(listener);
        }
    }
    listeners
}

/// Those who are still in the conversation: whoever has left is told of nothing any more.
pub(super) fn present_listeners(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    listeners: Vec<MessageListener>,
) -> Known<Vec<MessageListener>> {
    let asked: Vec<Known<bool>> = listeners
        .iter()
        .map(|listener| match *listener {
            MessageListener::Everyone => Ok(true),
            MessageListener::User(user) => {
                let is_member = facts.membership(conversation, user)?.is_some();
                // Who has deleted the account stays a member of directs.
                Ok(is_member && facts.user(user)?.is_some_and(|facts| !facts.user.nickname.is_former()))
            }
        })
        .collect();
    let mut present = Vec::new();
    for (listener, is_present) in listeners.into_iter().zip(asked) {
        if is_present? {
            present.push(listener);
        }
    }
    Ok(present)
}
