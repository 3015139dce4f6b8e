//! Reading and writing single tables. Commands are made of these.

pub(crate) mod audit;
pub(crate) mod read_marks;
pub(crate) mod sanctions;
pub(crate) mod staging;
pub(crate) mod staging_rows;
