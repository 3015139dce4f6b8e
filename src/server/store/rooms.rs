//! Reading the directory of rooms, and the members of a room.

use std::{fmt, str::FromStr};

use async_trait::async_trait;

use crate::{
    domain::{
        ConversationId, DirectoryPage, DirectoryRoom, MemberPage, Role, RoomMember, RoomName, RoomTopic, UserId,
        lowercase,
    },
    server::store::error::StoreError,
};

/// Which part of the directory to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DirectoryQuery {
    /// What the name or the topic contains, in any case; empty for all rooms.
    pub search: String,
    /// Whether to list the archived rooms instead of the others.
    pub archived: bool,
    /// The last room of the part before.
    pub after: Option<RoomSortKey>,
    pub limit: u32,
}

/// The sort key of a room in the directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoomSortKey {
    /// The name in small letters.
    name: String,
    room: ConversationId,
}

impl RoomSortKey {
    pub(crate) fn new(name: &RoomName, room: ConversationId) -> Self {
        Self { name: lowercase(name.as_str()), room }
    }
}

impl fmt::Display for RoomSortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.room, self.name)
    }
}

impl FromStr for RoomSortKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (room, name) = text.split_once('.').ok_or(())?;
        Ok(Self { name: name.to_owned(), room: room.parse().map_err(drop)? })
    }
}

/// The sort key of a member in the list of a room's members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberSortKey {
    /// 0 for owners, 1 for moderators, 2 for others; the higher role counts, of the server or of the room.
    pub rank: u8,
    pub nickname_key: String,
    pub user: UserId,
}

impl MemberSortKey {
    pub(crate) fn rank_of(server: Role, room: Role) -> u8 {
        match server.max(room) {
            Role::Owner => 0,
            Role::Moderator => 1,
            Role::Member => 2,
        }
    }
}

impl fmt::Display for MemberSortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.rank, self.user, self.nickname_key)
    }
}

impl FromStr for MemberSortKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let (rank, user) = (parts.next().ok_or(())?, parts.next().ok_or(())?);
        Ok(Self {
            rank: rank.parse().map_err(drop)?,
            nickname_key: parts.next().ok_or(())?.to_owned(),
            user: user.parse().map_err(drop)?,
        })
    }
}

/// The texts of a room that somebody may know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoomListing {
    pub(super) id: ConversationId,
    pub(super) name: RoomName,
    pub(super) topic: RoomTopic,
}

/// The rooms of a part of the directory, and the cursor behind them; `listings` are all that the reader may know of.
///
/// Rooms are searched here and not by the database, whose ideas of small letters differ. A server has some hundreds.
pub(super) fn directory_part(
    listings: Vec<RoomListing>,
    query: &DirectoryQuery,
) -> (Vec<ConversationId>, Option<RoomSortKey>) {
    let search = lowercase(query.search.trim());
    let is_found = |text: &str| lowercase(text).contains(&search);
    let mut found: Vec<RoomSortKey> = listings
        .into_iter()
        .filter(|room| search.is_empty() || is_found(room.name.as_str()) || is_found(room.topic.as_str()))
        .map(|room| RoomSortKey::new(&room.name, room.id))
        .filter(|key| query.after.as_ref().is_none_or(|after| key > after))
        .collect();
    found.sort();
    let limit = query.limit as usize;
    let after = if found.len() > limit { limit.checked_sub(1).map(|last| found[last].clone()) } else { None };
    found.truncate(limit);
    (found.into_iter().map(|key| key.room).collect(), after)
}

/// A part of the directory from its rooms.
pub(super) fn directory_page(rooms: Vec<DirectoryRoom>, after: Option<&RoomSortKey>) -> DirectoryPage {
    DirectoryPage { rooms, after: after.map(ToString::to_string) }
}

/// A part of a room's members from one more than asked for, with their sort keys.
pub(super) fn member_page(mut members: Vec<(MemberSortKey, RoomMember)>, limit: u32) -> MemberPage {
    let limit = limit as usize;
    let is_longer = members.len() > limit;
    members.truncate(limit);
    let after = members.last().filter(|_| is_longer).map(|(key, _)| key.to_string());
    MemberPage { members: members.into_iter().map(|(_, member)| member).collect(), after }
}

/// Reading rooms. Each method reads from one snapshot.
#[async_trait]
pub(crate) trait Rooms: Send + Sync {
    /// A part of the directory: the public rooms, and the private ones that the reader is in, by name.
    async fn directory(&self, reader: UserId, query: DirectoryQuery) -> Result<DirectoryPage, StoreError>;

    /// A room as it is in the directory; `None` if the reader may not know of it.
    async fn directory_room(&self, reader: UserId, room: ConversationId) -> Result<Option<DirectoryRoom>, StoreError>;

    /// A part of a room's members, as [`MemberPage`] says. Nobody in it is online: the store does not know.
    ///
    /// # Errors
    /// [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if the reader is not in the room, or if it is a
    /// direct.
    async fn members(
        &self,
        reader: UserId,
        room: ConversationId,
        after: Option<MemberSortKey>,
        limit: u32,
    ) -> Result<MemberPage, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let key = RoomSortKey::new(&RoomName::parse("Tea. And cups").expect("a name"), ConversationId::generate());
        assert_eq!(key.to_string().parse(), Ok(key));
        let key = MemberSortKey { rank: 1, nickname_key: "a.b".into(), user: UserId::generate() };
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", ".", "1.2", "x.y.z"] {
            assert_eq!((text.parse::<RoomSortKey>(), text.parse::<MemberSortKey>()), (Err(()), Err(())), "{text}");
        }
    }
}
