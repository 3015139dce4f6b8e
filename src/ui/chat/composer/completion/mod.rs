//! Completes what is being typed in the composer: a list of choices above it.
//!
//! What a sign completes is a [`CompletionSource`](source::CompletionSource) in a file of its own; `sources` lists them. `choices`
//! is the state, `functions` what happens, which loads lazily, and `lazy_completion` the access to that.

mod choices;
mod emoji_names;
mod functions;
mod lazy_completion;
mod mentions;
mod query;
mod source;
mod sources;

pub(crate) use lazy_completion::LazyCompletion;
