//! Mentions, who is told of a message, and threads.

use rusqlite::params;

use crate::{
    domain::{ConversationId, Mention, Seq, Timestamp, UserId},
    server::{
        rules::MessageListener,
        store::{
            sqlite::{apply::log::to_json, numbers::UserNumber, tables::Tables},
            stored_event::without_names,
        },
    },
};

/// The number in the column `user` for everyone.
const EVERYONE: UserNumber = UserNumber(0);

/// Writes mentions for the column of `states`, which is null if there are none.
pub(super) fn mentions_to_json(mentions: &[Mention]) -> rusqlite::Result<Option<String>> {
    if mentions.is_empty() { Ok(None) } else { to_json(&without_names(mentions.to_vec())).map(Some) }
}

impl Tables<'_> {
    pub(super) fn set_listeners(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        at: Timestamp,
        listeners: &[MessageListener],
    ) -> rusqlite::Result<()> {
        let conversation = self.conversation_number(conversation)?;
        self.run("DELETE FROM listeners WHERE conversation = ?1 AND seq = ?2", params![conversation, seq])?;
        for listener in listeners {
            let user = match listener {
                MessageListener::Everyone => Some(EVERYONE),
                MessageListener::User(user) => self.user_number(*user)?,
            };
            let insert = "INSERT INTO listeners (user, conversation, seq, at) VALUES (?1, ?2, ?3, ?4)";
            self.run(insert, params![user, conversation, seq, at])?;
        }
        Ok(())
    }

    pub(super) fn add_reply(
        &mut self,
        conversation: ConversationId,
        thread: Seq,
        seq: Seq,
        author: UserId,
    ) -> rusqlite::Result<()> {
        let (conversation, author) = (self.conversation_number(conversation)?, self.user_number(author)?);
        let insert = "INSERT INTO replies (conversation, thread, seq, author) VALUES (?1, ?2, ?3, ?4)";
        self.run(insert, params![conversation, thread, seq, author])?;
        self.run(
            "INSERT INTO states (conversation, seq, revision, replies) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT DO UPDATE SET revision = ?3, replies = replies + 1",
            params![conversation, thread, seq],
        )
    }

    pub(super) fn mute_thread(
        &mut self,
        conversation: ConversationId,
        thread: Seq,
        user: UserId,
        on: bool,
    ) -> rusqlite::Result<()> {
        let (conversation, user) = (self.conversation_number(conversation)?, self.user_number(user)?);
        let statement = if on {
            "INSERT OR IGNORE INTO muted_threads (user, conversation, thread) VALUES (?1, ?2, ?3)"
        } else {
            "DELETE FROM muted_threads WHERE user = ?1 AND conversation = ?2 AND thread = ?3"
        };
        self.run(statement, params![user, conversation, thread])
    }
}
