//! Tests of what cannot be seen from outside the server.

mod staging;
mod support;
mod writes;
