//! The other servers that are written in Rust. They are modes of this program.

mod broadcast;
mod floor;
mod message_log;

use std::path::PathBuf;

use clap::ValueEnum;

use self::{floor::WriteStrategy, message_log::MessageLog};
use super::failure::Failure;

/// Which server to run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    Axum,
    AxumNodelay,
    FloorWrite,
    FloorGather,
    FloorDurable,
}

/// Serves until the process is killed. `data` is the folder for the server's files.
pub(crate) fn serve(role: Role, data: Option<PathBuf>) -> Result<(), Failure> {
    match role {
        Role::Axum => broadcast::serve(false),
        Role::AxumNodelay => broadcast::serve(true),
        Role::FloorWrite => floor::serve(WriteStrategy::Write),
        Role::FloorGather => floor::serve(WriteStrategy::Gather),
        Role::FloorDurable => {
            let log = MessageLog::create(&data.ok_or("no folder for the messages: --data")?)?;
            floor::serve(WriteStrategy::SyncThenGather(log))
        }
    }
}
