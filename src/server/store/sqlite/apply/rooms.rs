//! Rooms: creating them, what is set of them, and the roles of their members.

use rusqlite::params;

use crate::{
    domain::{ConversationId, Role, RoomName, RoomTopic, Timestamp, UserId, Visibility},
    server::{rules::RoomSetting, store::sqlite::tables::Tables},
};

impl Tables<'_> {
    pub(super) fn create_room(
        &mut self,
        id: ConversationId,
        name: &RoomName,
        topic: &RoomTopic,
        visibility: Visibility,
        created_at: Timestamp,
    ) -> rusqlite::Result<()> {
        let insert = "INSERT INTO conversations (id, kind, name, created_at) VALUES (?1, 'room', ?2, ?3)";
        self.run(insert, params![id, name, created_at])?;
        // Without the cache, which would take a room without settings for a direct.
        self.run(
            "INSERT INTO rooms (conversation, name_key, topic, visibility)
             SELECT number, ?2, ?3, ?4 FROM conversations WHERE id = ?1",
            params![id, name.key(), topic, visibility],
        )
    }

    pub(super) fn set_room(&mut self, room: ConversationId, setting: &RoomSetting) -> rusqlite::Result<()> {
        let room = self.conversation_number(room)?;
        match setting {
            RoomSetting::Name(name) => {
                self.run("UPDATE conversations SET name = ?2 WHERE number = ?1", params![room, name])?;
                self.run("UPDATE rooms SET name_key = ?2 WHERE conversation = ?1", params![room, name.key()])
            }
            RoomSetting::Topic(topic) => {
                self.run("UPDATE rooms SET topic = ?2 WHERE conversation = ?1", params![room, topic])
            }
            RoomSetting::Visibility(visibility) => {
                self.run("UPDATE rooms SET visibility = ?2 WHERE conversation = ?1", params![room, visibility])
            }
            RoomSetting::Posting(posting) => {
                self.run("UPDATE rooms SET posting = ?2 WHERE conversation = ?1", params![room, posting])
            }
            RoomSetting::Archived(is_archived) => {
                self.run("UPDATE rooms SET archived = ?2 WHERE conversation = ?1", params![room, is_archived])
            }
        }
    }

    pub(super) fn set_room_role(&mut self, room: ConversationId, user: UserId, role: Role) -> rusqlite::Result<()> {
        let member = (self.conversation_number(room)?, self.user_number(user)?);
        if role == Role::Member {
            return self.run("DELETE FROM room_roles WHERE conversation = ?1 AND user = ?2", member);
        }
        self.run(
            "INSERT INTO room_roles (conversation, user, role) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET role = ?3",
            params![member.0, member.1, role],
        )
    }
}
