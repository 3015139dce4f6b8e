//! The [`Store`] trait: writing, life cycle, and all the traits for reading.

use async_trait::async_trait;

use crate::{
    domain::{ConversationId, Epoch, Seq, Timestamp, UserId},
    server::{
        rules::{Command, MemberSetting, SendEvent, SetConversation},
        store::{
            accounts::{Accounts, Sessions},
            commit_log::CommitLog,
            conversations::ConversationLists,
            error::StoreError,
            feed::ReplyTo,
            history::History,
            job::{HoldingJob, Job, job_with_receipt, job_with_reply},
            message_changes::MessageChanges,
            moderation::ModerationRecords,
            read_marks::ReadMarksHold,
            receipt::Receipt,
            rooms::Rooms,
            threads::Threads,
        },
    },
};

/// Writing.
#[async_trait]
pub(crate) trait Writes: Send + Sync {
    /// Queues a job. When this returns, its place in the order is fixed.
    async fn enqueue(&self, job: Box<dyn Job>) -> Result<(), StoreError>;

    /// Marks a conversation as read up to `seq`; beyond the end of the log means up to its end. There is no reply. Marks
    /// are saved together, the furthest of each member wins, and the feed brings those that changed.
    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq);

    /// Withdraws the marks of a member that are not saved yet, and has later ones wait until the hold is dropped.
    fn hold_read_marks(&self, user: UserId, conversation: ConversationId) -> ReadMarksHold;
}

/// SHA-256 of a claim token. Stores never see the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimKey(pub(crate) [u8; 32]);

/// Identity and life cycle.
#[async_trait]
pub(crate) trait Lifecycle: Send + Sync {
    /// The history that all cursors of this store belong to.
    fn epoch(&self) -> Epoch;

    /// The room that every user is a member of.
    fn lobby(&self) -> ConversationId;

    /// Fails if the store cannot be read or written to.
    async fn check_health(&self) -> Result<(), StoreError>;

    /// Lets other servers that share the store know a claim token, by its hash.
    async fn share_claim(&self, claim: ClaimKey) -> Result<(), StoreError> {
        let _ = claim;
        Ok(())
    }

    /// Whether another server that shares the store has this claim token.
    async fn is_shared_claim(&self, claim: ClaimKey) -> Result<bool, StoreError> {
        let _ = claim;
        Ok(false)
    }

    /// Finishes the queued commands and closes the store. Later ones fail with [`StoreError::Unavailable`].
    async fn close(&self);
}

/// The durable store of the server.
pub(crate) trait Store:
    Writes
    + Lifecycle
    + Accounts
    + Sessions
    + ConversationLists
    + History
    + MessageChanges
    + Rooms
    + Threads
    + ModerationRecords
    + CommitLog
    + Send
    + Sync
    + 'static
{
}

impl<S> Store for S where
    S: Writes
        + Lifecycle
        + Accounts
        + Sessions
        + ConversationLists
        + History
        + MessageChanges
        + Rooms
        + Threads
        + ModerationRecords
        + CommitLog
        + Send
        + Sync
        + 'static
{
}

impl dyn Store {
    /// Carries out a command. It is durable when this returns.
    pub(crate) async fn execute<C: Command>(&self, command: C) -> Result<C::Output, StoreError> {
        self.queue(command).await?.await
    }

    /// Queues a command, in order. The receipt resolves when it is durable, or refused.
    pub(crate) async fn queue<C: Command>(&self, command: C) -> Result<Receipt<C::Output>, StoreError> {
        let (job, receipt) = job_with_receipt(command);
        self.enqueue(job).await?;
        Ok(receipt)
    }

    /// Queues a member's setting of a conversation. Read marks from before do not undo it, and later ones count.
    pub(crate) async fn set_conversation(&self, command: SetConversation) -> Result<Receipt<Timestamp>, StoreError> {
        let hold = match command.setting {
            MemberSetting::UnreadFrom(_) => self.hold_read_marks(command.user, command.conversation),
            MemberSetting::Muted(_) | MemberSetting::Pinned(_) => ReadMarksHold::default(),
        };
        let (job, receipt) = job_with_receipt(command);
        self.enqueue(Box::new(HoldingJob::new(job, hold))).await?;
        Ok(receipt)
    }

    /// Queues an event of a connection. The feed brings the event, and behind it the reply for `reply_to`.
    pub(crate) async fn submit(&self, event: SendEvent, reply_to: ReplyTo) -> Result<(), StoreError> {
        self.enqueue(job_with_reply(event, reply_to)).await
    }
}
