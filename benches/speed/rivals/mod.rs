//! The servers that Teahouse is held against and that are written in Rust: modes of this very program.

mod broadcast;
mod floor;

use clap::ValueEnum;

use super::failure::Failure;

/// Which server to be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    Axum,
    AxumNodelay,
    FloorWrite,
    FloorGather,
}

/// Serves until it is killed.
pub(crate) fn serve(role: Role) -> Result<(), Failure> {
    match role {
        Role::Axum => broadcast::serve(false),
        Role::AxumNodelay => broadcast::serve(true),
        Role::FloorWrite => floor::serve(floor::WriteStrategy::Write),
        Role::FloorGather => floor::serve(floor::WriteStrategy::Gather),
    }
}
