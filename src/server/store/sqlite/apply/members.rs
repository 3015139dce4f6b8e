//! Members: joining and leaving, read marks that go back, and what members set of a conversation.

use rusqlite::params;

use crate::{
    domain::{ConversationId, Seq, Timestamp, UserId},
    server::{rules::ListKey, store::sqlite::tables::Tables},
};

impl Tables<'_> {
    pub(super) fn add_member(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        read_seq: Seq,
        joined_at: Timestamp,
        listed: Option<ListKey>,
    ) -> rusqlite::Result<()> {
        let (conversation, user) = (self.conversation_number(conversation)?, self.user_number(user)?);
        self.cache.save_marks(self.db)?;
        self.run(
            "INSERT INTO members (conversation, user, read_seq, joined_at, listed) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![conversation, user, read_seq, joined_at, listed],
        )?;
        let count = "UPDATE conversations SET member_count = member_count + 1 WHERE number = ?1 AND kind = 'room'";
        self.run(count, [conversation])
    }

    pub(super) fn remove_member(&mut self, conversation: ConversationId, user: UserId) -> rusqlite::Result<()> {
        let member = (self.conversation_number(conversation)?, self.user_number(user)?);
        self.cache.save_marks(self.db)?;
        self.run("DELETE FROM room_roles WHERE conversation = ?1 AND user = ?2", member)?;
        self.run("DELETE FROM member_settings WHERE conversation = ?1 AND user = ?2", member)?;
        self.run("DELETE FROM listeners WHERE conversation = ?1 AND user = ?2", member)?;
        self.run("DELETE FROM muted_threads WHERE conversation = ?1 AND user = ?2", member)?;
        self.run(
            "UPDATE conversations SET member_count = member_count - 1
              WHERE number = ?1 AND kind = 'room' AND EXISTS (SELECT 1 FROM members WHERE conversation = ?1 AND user = ?2)",
            member,
        )?;
        self.run("DELETE FROM members WHERE conversation = ?1 AND user = ?2", member)
    }

    pub(super) fn set_read_mark(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    ) -> rusqlite::Result<()> {
        let member = (self.conversation_number(conversation)?, self.user_number(user)?);
        // Those from before it.
        self.cache.save_marks(self.db)?;
        // The entry of the commit log was written before.
        let position = self.cache.head(self.db)?;
        let update = "UPDATE members SET read_seq = ?3, set_back_at = ?4 WHERE conversation = ?1 AND user = ?2";
        self.run(update, params![member.0, member.1, seq, position])
    }

    /// Sets a column of `member_settings`.
    pub(super) fn set_of_member(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        column: &str,
        on: bool,
    ) -> rusqlite::Result<()> {
        let member = (self.conversation_number(conversation)?, self.user_number(user)?);
        if on {
            let insert = format!(
                "INSERT INTO member_settings (conversation, user, {column}) VALUES (?1, ?2, 1)
                     ON CONFLICT DO UPDATE SET {column} = 1"
            );
            return self.run(&insert, member);
        }
        let update = format!("UPDATE member_settings SET {column} = 0 WHERE conversation = ?1 AND user = ?2");
        self.run(&update, member)
    }
}
