//! Finds out which facts a batch will ask for, before it stands in the line: each job is decided on what is known, even if
//! that is stale, and what is not known is loaded. In the line, all of it is loaded afresh at once.

use std::collections::HashSet;

use crate::{
    domain::ConversationId,
    server::{
        rules::{Context, FactsError, Mutation, Now, advanced_read_mark},
        store::{
            clock_source::GeneratedIds,
            postgres::{
                facts::plan,
                questions::{Answer, Question},
                working_set::WorkingSet,
                writer::{
                    answers::split,
                    connection::{WriteError, WriterConnection},
                },
            },
            read_marks::ReadMark,
            write_queue::Work,
        },
    },
};

/// How many loads a rehearsal makes at most. What is unknown then is loaded in the line.
const MAX_LOADS: usize = 8;

/// With more answers, everything is forgotten.
const MAX_ANSWERS: usize = 65_536;

/// What a batch is rehearsed on.
#[derive(Debug, Default)]
pub(super) struct Predictions {
    known: WorkingSet,
    /// How many answers were added.
    len: usize,
}

impl Predictions {
    /// Keeps an answer for later rehearsals.
    pub(super) fn insert(&mut self, question: Question, answer: Answer) {
        self.len += 1;
        if self.len > MAX_ANSWERS {
            *self = Self::default();
        }
        self.known.insert(question, answer);
    }

    /// Makes later rehearsals include a mutation.
    pub(super) fn update(&mut self, mutation: &Mutation) {
        self.known.update(mutation);
    }

    /// The questions that the jobs and marks will ask, as far as they can be known.
    pub(super) async fn questions(
        &mut self,
        connection: &WriterConnection,
        (batch, marks): (&mut [Work], &[ReadMark]),
        (now, lobby): (Now, ConversationId),
    ) -> Result<HashSet<Question>, WriteError> {
        let mut questions = HashSet::new();
        for _ in 0..=MAX_LOADS {
            let mut unknown = HashSet::new();
            for work in &mut *batch {
                if let Work::Job(job) = work {
                    let mut context = Context { now, ids: &mut GeneratedIds, lobby };
                    self.rehearse(&mut unknown, |known| job.rehearse(known, &mut context));
                }
            }
            for ReadMark { user, conversation, seq, known } in marks.iter().copied() {
                self.rehearse(&mut unknown, |facts| {
                    advanced_read_mark(facts, user, conversation, seq, known.0).map(drop)
                });
            }
            questions.extend(self.known.take_asked());
            if unknown.is_empty() {
                break;
            }
            for (question, answer) in load(connection, unknown.into_iter().collect()).await? {
                self.insert(question, answer);
            }
        }
        Ok(questions)
    }

    /// Decides, as far as the answers are known or can be guessed.
    fn rehearse(
        &mut self,
        unknown: &mut HashSet<Question>,
        mut decide: impl FnMut(&mut WorkingSet) -> Result<(), FactsError>,
    ) {
        while decide(&mut self.known).is_err() {
            let mut can_go_on = false;
            for question in self.known.take_missing() {
                if matches!(question, Question::Command(_)) {
                    // Almost every command is new.
                    self.insert(question, Answer::Command(None));
                    can_go_on = true;
                } else {
                    unknown.insert(question);
                }
            }
            if !can_go_on {
                break;
            }
        }
    }
}

/// Loads answers outside a transaction.
async fn load(connection: &WriterConnection, questions: Vec<Question>) -> Result<Vec<(Question, Answer)>, WriteError> {
    let (statements, readers) = split(plan(questions));
    readers.read(connection.pipeline(&statements).await?)
}
