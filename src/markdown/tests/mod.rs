//! Tests of the formatting of texts.

mod blocks;
mod cost;
mod inlines;
mod marking;
mod notation;
mod properties;
