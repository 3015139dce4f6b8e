//! One attempt to decide a batch and to commit it.
//!
//! The first round trip takes the lock and loads the facts that the rehearsal has found out. The second applies the mutations
//! and commits. If a job asks for something else, a round trip between them applies what was decided so far and loads it.

use std::mem;

use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    domain::{Conversation, ConversationId, UserId},
    server::{
        rules::{Context, Entry, Facts, FactsError, Mutation, Now, advanced_read_mark},
        store::{
            commit_log::{Change, CommitEntry, Position},
            feed::Delivery,
            postgres::{
                apply::Script,
                facts::plan,
                notifications::{LOG_CHANNEL, READ_CHANNEL, log_text, marks_texts},
                questions::{Answer, Question},
                reads::conversations::{view_from, view_statement},
                statement::Statement,
                working_set::WorkingSet,
                writer::{
                    answers::{split, unreadable},
                    connection::{
                        BEGIN, COMMIT, LOCK, NOTIFY, POSITION, SET_BATCH, SET_POSITION, WriteError, WriterConnection,
                    },
                    rehearsal::Predictions,
                    retried_ids::RetriedIds,
                },
            },
            read_marks::ReadMark,
            write_queue::Work,
        },
    },
};

const SAVE_CONSUMER: &str = "INSERT INTO consumers (name, position) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET position = greatest(consumers.position, $2)";

/// What a transaction has written.
#[derive(Debug, Default)]
pub(super) struct CommittedBatch {
    /// The entries of the commit log, in order.
    pub(super) entries: Vec<Delivery>,
    /// The position of the newest entry of the commit log.
    pub(super) head: Position,
    /// For each piece of work, how many entries there were after it.
    pub(super) ends: Vec<usize>,
    /// The read marks that moved.
    pub(super) marked: Vec<ReadMark>,
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) enum CommitAttempt {
    Committed(CommittedBatch),
    /// The answer to the commit was lost.
    Unknown(CommittedBatch),
}

/// What an attempt is made with.
pub(super) struct Attempted<'a> {
    pub(super) connection: &'a WriterConnection,
    pub(super) predictions: &'a mut Predictions,
    pub(super) ids: &'a mut RetriedIds,
    pub(super) now: Now,
    pub(super) lobby: ConversationId,
    /// The newest position that this node knows of.
    pub(super) committed: Position,
    /// Identify the batch.
    pub(super) writer: Uuid,
    pub(super) batch: i64,
}

impl Attempted<'_> {
    /// Decides all work and commits it.
    ///
    /// # Errors
    /// If nothing was committed. Unless the connection is lost, the transaction is still open.
    pub(super) async fn run(self, work: &mut [Work], marks: &[ReadMark]) -> Result<CommitAttempt, WriteError> {
        let Self { connection, predictions, ids, now, lobby, committed, writer, batch } = self;
        let questions = predictions.questions(connection, (work, marks), (now, lobby)).await?;
        let mut transaction = LineTransaction::begin(connection, questions.into_iter().collect()).await?;
        for (question, answer) in transaction.loaded.drain(..) {
            predictions.insert(question, answer);
        }
        let before = transaction.head;
        if before < committed {
            // Writing here would give the same positions to other entries.
            tracing::error!(
                position = %before, known = %committed,
                "this database lacks what was committed: it is a former primary, or has lost data. Restart the nodes if it lost data"
            );
            return Err(WriteError::Connection);
        }
        let mut written = CommittedBatch::default();
        for work in work {
            match work {
                Work::Job(job) => {
                    ids.begin_job();
                    let mutations = transaction
                        .decide(|facts| {
                            ids.begin_attempt();
                            job.decide(facts, &mut Context { now, ids: &mut *ids, lobby })
                        })
                        .await?;
                    for mutation in mutations {
                        predictions.update(&mutation);
                        transaction.apply(mutation, now).await?;
                    }
                }
                Work::SaveConsumer { name, position, .. } => {
                    transaction.send(Statement::new(SAVE_CONSUMER).bind((*name).to_owned()).bind(*position));
                }
            }
            written.ends.push(transaction.entries.len());
        }
        for ReadMark { user, conversation, seq, known } in marks.iter().copied() {
            let advanced =
                transaction.decide(|facts| advanced_read_mark(facts, user, conversation, seq, known.0)).await?;
            if let Some(seq) = advanced {
                let mutation = Mutation::AdvanceReadMark { conversation, user, seq };
                predictions.update(&mutation);
                transaction.apply(mutation, now).await?;
                written.marked.push(ReadMark { user, conversation, seq, known });
            }
        }
        let committed = transaction.commit((writer, batch), before, &written.marked).await;
        written.entries = mem::take(&mut transaction.entries);
        written.head = transaction.head;
        match committed {
            Ok(()) => Ok(CommitAttempt::Committed(written)),
            Err(WriteError::Connection) => Ok(CommitAttempt::Unknown(written)),
            Err(WriteError::Statement) => Err(WriteError::Statement),
        }
    }
}

/// A transaction that holds the lock.
struct LineTransaction<'a> {
    connection: &'a WriterConnection,
    known: WorkingSet,
    script: Script,
    /// What is sent with the next round trip.
    unsent: Vec<Statement>,
    /// Which of those ask how a user sees a conversation, and for which delivery.
    views: Vec<AskedView>,
    entries: Vec<Delivery>,
    head: Position,
    /// The answers of the first round trip.
    loaded: Vec<(Question, Answer)>,
}

#[derive(Debug)]
struct AskedView {
    /// The index of the statement.
    statement: usize,
    /// The index of the delivery that it completes.
    delivery: usize,
}

impl<'a> LineTransaction<'a> {
    /// Waits for the lock, and loads the answers to these questions.
    async fn begin(connection: &'a WriterConnection, questions: Vec<Question>) -> Result<Self, WriteError> {
        let (facts, readers) = split(plan(questions));
        let mut statements = vec![Statement::new(BEGIN), Statement::new(LOCK), Statement::new(POSITION)];
        let first = statements.len();
        statements.extend(facts);
        let mut rows = connection.pipeline(&statements).await?;
        let loaded = readers.read(rows.split_off(first))?;
        let position = rows.pop().and_then(|rows| rows.into_iter().next());
        let Some(Ok(head)) = position.map(|row| row.try_get(0)) else {
            tracing::error!("the table log has no row: these are not all of Teahouse's tables");
            return Err(WriteError::Statement);
        };
        let mut known = WorkingSet::default();
        for (question, answer) in &loaded {
            known.insert(question.clone(), answer.clone());
        }
        let (script, unsent, views, entries) = Default::default();
        Ok(Self { connection, known, script, unsent, views, entries, head, loaded })
    }

    /// Decides something on the facts of this transaction. What is not known is loaded.
    async fn decide<T>(
        &mut self,
        mut decide: impl FnMut(&mut dyn Facts) -> Result<T, FactsError>,
    ) -> Result<T, WriteError> {
        loop {
            if let Ok(decided) = decide(&mut self.known) {
                return Ok(decided);
            }
            let missing = self.known.take_missing();
            if missing.is_empty() {
                return Err(WriteError::Statement);
            }
            self.load(missing).await?;
        }
    }

    /// Applies what was decided so far, and loads the answers to these questions.
    async fn load(&mut self, questions: Vec<Question>) -> Result<(), WriteError> {
        let (facts, readers) = split(plan(questions));
        self.unsent.extend(self.script.take());
        let first = self.unsent.len();
        self.unsent.extend(facts);
        let mut rows = self.send_unsent().await?;
        for (question, answer) in readers.read(rows.split_off(first))? {
            self.known.insert(question, answer);
        }
        Ok(())
    }

    /// Adds a mutation.
    async fn apply(&mut self, mutation: Mutation, now: Now) -> Result<(), WriteError> {
        let direct = match &mutation {
            Mutation::AppendEvent(event) => {
                let id = event.conversation;
                let conversation = self.decide(|facts| facts.conversation(id)).await?;
                conversation.is_some_and(|found| found.room().is_none())
            }
            _ => false,
        };
        if matches!(mutation, Mutation::AppendEvent(_) | Mutation::Log(_)) {
            self.head = self.head.next();
        }
        self.script.apply(&mutation, self.head, now.machine);
        self.known.update(&mutation);
        let position = self.head;
        match mutation {
            Mutation::AppendEvent(event) => {
                let entry = CommitEntry { position, at: event.at, change: Change::Event { event, direct } };
                self.entries.push(Delivery::Entry(entry));
            }
            Mutation::Log(entry) => {
                if let Entry::Listed { user, conversation } = entry {
                    self.ask_for_view(user, conversation);
                }
                let entry = CommitEntry { position, at: now.machine, change: Change::Entry(entry) };
                self.entries.push(Delivery::Entry(entry));
            }
            _ => {}
        }
        Ok(())
    }

    /// Asks how a user sees a conversation at this point of the order. The next delivery gets the answer.
    fn ask_for_view(&mut self, user: UserId, conversation: ConversationId) {
        self.unsent.extend(self.script.take());
        self.views.push(AskedView { statement: self.unsent.len(), delivery: self.entries.len() });
        self.unsent.push(view_statement(user, conversation));
    }

    /// Adds a statement behind everything before it.
    fn send(&mut self, statement: Statement) {
        self.unsent.extend(self.script.take());
        self.unsent.push(statement);
    }

    /// Applies the rest and commits, unless there is nothing to commit.
    async fn commit(
        &mut self,
        (writer, batch): (Uuid, i64),
        before: Position,
        marked: &[ReadMark],
    ) -> Result<(), WriteError> {
        self.unsent.extend(self.script.take());
        if self.head != before {
            self.unsent.push(Statement::new(SET_POSITION).bind(self.head));
            self.unsent.push(Statement::new(NOTIFY).bind(LOG_CHANNEL.to_owned()).bind(log_text(writer, self.head)));
        }
        for text in marks_texts(writer, marked) {
            self.unsent.push(Statement::new(NOTIFY).bind(READ_CHANNEL.to_owned()).bind(text));
        }
        if !self.unsent.is_empty() {
            self.unsent.push(Statement::new(SET_BATCH).bind(writer).bind(batch));
        }
        self.unsent.push(Statement::new(COMMIT));
        self.send_unsent().await.map(drop)
    }

    /// Sends what was gathered, and completes the deliveries that wait for an answer.
    async fn send_unsent(&mut self) -> Result<Vec<Vec<Row>>, WriteError> {
        let rows = self.connection.pipeline(&mem::take(&mut self.unsent)).await?;
        for AskedView { statement, delivery } in mem::take(&mut self.views) {
            let Some(row) = rows.get(statement).and_then(|rows| rows.first()) else { continue };
            let view: Conversation = view_from(row).map_err(|error| unreadable(&error))?;
            if let Some(Delivery::Entry(entry)) = self.entries.get(delivery) {
                self.entries[delivery] = Delivery::Listed(entry.clone(), Box::new(view));
            }
        }
        Ok(rows)
    }
}
