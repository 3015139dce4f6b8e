//! Reading the directory and the members of rooms from the reference store.

use crate::{
    domain::{ConversationId, DirectoryPage, DirectoryRoom, MemberPage, RoomMember, UserId, Visibility},
    server::{
        rules::Refusal,
        store::{
            memory::{
                rows::{ConversationRow, RoomRow},
                state::State,
            },
            rooms::{DirectoryQuery, MemberSortKey, RoomListing, directory_page, directory_part, member_page},
        },
    },
};

impl State {
    /// The room and its row, if the reader may know of it.
    fn visible_room(&self, reader: UserId, id: ConversationId) -> Option<(&ConversationRow, &RoomRow)> {
        let row = self.conversations.get(&id)?;
        let room = row.room.as_ref()?;
        let is_member = self.members.contains_key(&(id, reader));
        (room.visibility == Visibility::Public || is_member).then_some((row, room))
    }

    pub(super) fn directory_room(&self, reader: UserId, id: ConversationId) -> Option<DirectoryRoom> {
        let (row, room) = self.visible_room(reader, id)?;
        Some(DirectoryRoom {
            id,
            name: room.name.clone(),
            topic: room.topic.clone(),
            visibility: room.visibility,
            archived: room.is_archived,
            joined: self.members.contains_key(&(id, reader)),
            member_count: self.member_count(id),
            last_message_at: row.last_message_at(),
        })
    }

    pub(super) fn directory(&self, reader: UserId, query: &DirectoryQuery) -> DirectoryPage {
        let visible = self.conversations.keys().filter_map(|id| Some((*id, self.visible_room(reader, *id)?.1)));
        let listed = visible.filter(|(_, room)| room.is_archived == query.archived);
        let listings = listed.map(|(id, room)| RoomListing { id, name: room.name.clone(), topic: room.topic.clone() });
        let (rooms, after) = directory_part(listings.collect(), query);
        let rooms = rooms.into_iter().filter_map(|id| self.directory_room(reader, id)).collect();
        directory_page(rooms, after.as_ref())
    }

    pub(super) fn room_members(
        &self,
        reader: UserId,
        room: ConversationId,
        after: Option<&MemberSortKey>,
        limit: u32,
    ) -> Result<MemberPage, Refusal> {
        let is_room = self.conversations.get(&room).is_some_and(|row| row.room.is_some());
        if !is_room || !self.members.contains_key(&(room, reader)) {
            return Err(Refusal::NotMember);
        }
        let members = self.members.iter().filter(|((conversation, _), _)| *conversation == room);
        let mut members: Vec<_> = members
            .map(|((_, id), member)| {
                let user = self.known_user(*id);
                let rank = MemberSortKey::rank_of(user.role, member.role);
                let nickname_key = self.users[id].key.as_ref().map_or("", |key| key.as_str()).to_owned();
                let key = MemberSortKey { rank, nickname_key, user: *id };
                (key, RoomMember { user, role: member.role, online: false })
            })
            .filter(|(key, _)| after.is_none_or(|after| key > after))
            .collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(member_page(members, limit))
    }
}
