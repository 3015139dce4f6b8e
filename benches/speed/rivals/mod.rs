//! The other servers that are written in Rust. They are modes of this program.

mod broadcast;
mod floor;

use clap::ValueEnum;

use super::failure::Failure;

/// Which server to run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    Axum,
    AxumNodelay,
    FloorWrite,
    FloorGather,
}

/// Serves until the process is killed.
pub(crate) fn serve(role: Role) -> Result<(), Failure> {
    match role {
        Role::Axum => broadcast::serve(false),
        Role::AxumNodelay => broadcast::serve(true),
        Role::FloorWrite => floor::serve(floor::WriteStrategy::Write),
        Role::FloorGather => floor::serve(floor::WriteStrategy::Gather),
    }
}
