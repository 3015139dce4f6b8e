//! The present state of messages: reactions, pins, tombstones, and texts that must not stay in the log.

use rusqlite::params;

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::store::sqlite::tables::Tables,
};

impl Tables<'_> {
    pub(super) fn set_revision(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
    ) -> rusqlite::Result<()> {
        let conversation = self.conversation_number(conversation)?;
        self.run(
            "INSERT INTO states (conversation, seq, revision) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET revision = ?3",
            params![conversation, seq, revision],
        )
    }

    pub(super) fn mark_deleted(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
    ) -> rusqlite::Result<()> {
        let conversation = self.conversation_number(conversation)?;
        self.run("DELETE FROM reactions WHERE conversation = ?1 AND message = ?2", params![conversation, seq])?;
        self.run("DELETE FROM listeners WHERE conversation = ?1 AND seq = ?2", params![conversation, seq])?;
        self.run("DELETE FROM pins WHERE conversation = ?1 AND message = ?2", params![conversation, seq])?;
        self.run(
            "INSERT INTO states (conversation, seq, revision, body, deleted) VALUES (?1, ?2, ?3, '', 1)
                 ON CONFLICT DO UPDATE SET revision = ?3, body = '', edited_at = NULL, deleted = 1, mentions = NULL",
            params![conversation, seq, revision],
        )
    }

    pub(super) fn set_pin(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
        on: bool,
    ) -> rusqlite::Result<()> {
        let number = self.conversation_number(conversation)?;
        if on {
            let insert = "INSERT OR IGNORE INTO pins (conversation, message, seq) VALUES (?1, ?2, ?3)";
            self.run(insert, params![number, seq, revision])?;
        } else {
            self.run("DELETE FROM pins WHERE conversation = ?1 AND message = ?2", params![number, seq])?;
        }
        self.set_revision(conversation, seq, revision)
    }

    pub(super) fn erase_texts(&mut self, conversation: ConversationId, seq: Seq, before: Seq) -> rusqlite::Result<()> {
        let conversation = self.conversation_number(conversation)?;
        for column in ["seq", "target"] {
            let update = format!(
                "UPDATE events SET payload = json_remove(json_replace(payload, '$.body', ''), '$.mentions') WHERE conversation = ?1 AND {column} = ?2
                    AND seq < ?3 AND json_extract(payload, '$.body') <> ''"
            );
            self.run(&update, params![conversation, seq, before])?;
        }
        Ok(())
    }

    /// Notices contain the nickname that the user had then.
    pub(super) fn erase_name_in_notices(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        after: Seq,
        up_to: Seq,
    ) -> rusqlite::Result<()> {
        let conversation = self.conversation_number(conversation)?;
        self.run(
            "UPDATE events SET payload = json_set(payload, '$.user.nickname', '')
              WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND target IS NULL
                AND instr(payload, ?4) > 0 AND payload ->> '$.kind' IN ('notice', 'room') AND payload ->> '$.user.id' = ?4",
            params![conversation, after, up_to, user.to_string()],
        )
    }
}
