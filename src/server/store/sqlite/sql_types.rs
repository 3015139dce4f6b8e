//! How values of the domain and of the rules are stored in columns.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use crate::{
    domain::{
        Body, ClientAddr, CommandId, ConversationId, Emoji, EndReason, Epoch, InviteId, Nickname, NicknameKey, Posting,
        Reason, Role, RoomName, RoomTopic, Seq, SessionId, Timestamp, UserId, Visibility,
    },
    server::{
        rules::{GuestMark, InviteKey, ListKey, PasswordHash, SanctionKind, SessionKey},
        store::commit_log::Position,
    },
};

macro_rules! uuid_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_uuid().as_bytes().as_slice()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Uuid::from_slice(value.as_blob()?).map(Self::from_uuid).map_err(FromSqlError::other)
            }
        }
    )*};
}

uuid_column!(UserId, ConversationId, CommandId, SessionId, InviteId, Epoch);

macro_rules! number_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                // SQLite's integers end at 2^63 - 1. Nothing stored is larger, so a greater bound in a query means the same.
                Ok(ToSqlOutput::from(i64::try_from(self.0).unwrap_or(i64::MAX)))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let number = value.as_i64()?;
                u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
            }
        }
    )*};
}

number_column!(Seq, Timestamp, Position);

impl ToSql for ListKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for ListKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

macro_rules! text_column {
    ($($name:ty, $as_text:expr, $from_text:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let as_text: fn(&Self) -> &str = $as_text;
                Ok(ToSqlOutput::from(as_text(self)))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                String::column_result(value).map($from_text)
            }
        }
    )*};
}

text_column! {
    Nickname, Self::as_str, Self::from_trusted;
    NicknameKey, Self::as_str, Self::from_trusted;
    Emoji, Self::as_str, Self::from_trusted;
    Reason, Self::as_str, Self::from_trusted;
    RoomName, Self::as_str, Self::from_trusted;
    RoomTopic, Self::as_str, Self::from_trusted;
    PasswordHash, |hash| &hash.0, Self;
    // Old texts may break rules that are newer than they are, so they are cleaned when they are read.
    Body, Self::as_str, Self::from_stored;
}

/// Types with a fixed set of values, which are stored by name.
macro_rules! name_column {
    ($($name:ty, $all:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.name().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let name = value.as_str()?;
                $all.into_iter().find(|known| known.name() == name).ok_or(FromSqlError::InvalidType)
            }
        }
    )*};
}

name_column! {
    EndReason, Self::ALL;
    Posting, Self::ALL;
    Role, Self::ALL;
    SanctionKind, [Self::Ban, Self::Mute];
    Visibility, Self::ALL;
}

impl ToSql for SessionKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl FromSql for SessionKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}

impl ToSql for InviteKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

impl ToSql for ClientAddr {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for ClientAddr {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(FromSqlError::other)
    }
}

impl ToSql for GuestMark {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Nickname(key) => format!("name:{key}"),
            Self::Address(address) => format!("address:{address}"),
        }
        .into())
    }
}
