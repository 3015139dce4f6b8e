//! How values of the domain and of the rules are stored in columns.

use bytes::BytesMut;
use std::error::Error;
use tokio_postgres::types::{FromSql, IsNull, Json, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::{
    domain::{
        Body, ClientAddr, CommandId, ConversationId, Emoji, EndReason, Epoch, InviteId, Nickname, NicknameKey, Posting,
        Reason, Role, RoomName, RoomTopic, Seq, SessionId, Timestamp, UserId, Visibility,
    },
    server::{
        rules::{GuestMark, InviteKey, ListKey, PasswordHash, SanctionKind, SessionKey},
        store::{commit_log::Position, store_trait::ClaimKey},
    },
};

type SqlError = Box<dyn Error + Sync + Send>;

/// A value that can be a parameter of a statement, with the type of its column.
pub(super) trait Column: ToSql + Sync + Send + 'static {
    fn column_type(&self) -> Type;
}

/// The type of a column and of an array of it.
trait ColumnType {
    const TYPE: Type;
    const ARRAY: Type;
}

impl<T: ColumnType + ToSql + Sync + Send + 'static> Column for T {
    fn column_type(&self) -> Type {
        T::TYPE
    }
}

impl<T: ColumnType + ToSql + Sync + Send + 'static> Column for Option<T> {
    fn column_type(&self) -> Type {
        T::TYPE
    }
}

impl<T: ColumnType + ToSql + Sync + Send + 'static> Column for Vec<T> {
    fn column_type(&self) -> Type {
        T::ARRAY
    }
}

impl<T: ColumnType + ToSql + Sync + Send + 'static> Column for Vec<Option<T>> {
    fn column_type(&self) -> Type {
        T::ARRAY
    }
}

macro_rules! column_type {
    ($($name:ty: $type:ident $array:ident,)*) => {$(
        impl ColumnType for $name {
            const TYPE: Type = Type::$type;
            const ARRAY: Type = Type::$array;
        }
    )*};
}

column_type! {
    bool: BOOL BOOL_ARRAY,
    i32: INT4 INT4_ARRAY,
    i64: INT8 INT8_ARRAY,
    String: TEXT TEXT_ARRAY,
    Uuid: UUID UUID_ARRAY,
}

impl<T: serde::Serialize + std::fmt::Debug + Sync + Send + 'static> ColumnType for Json<T> {
    const TYPE: Type = Type::JSONB;
    const ARRAY: Type = Type::JSONB_ARRAY;
}

/// Values that are stored as another type that PostgreSQL has.
macro_rules! stored_as {
    ($($name:ty as $stored:ty, |$value:ident| $write:expr, $read:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self, of_type: &Type, out: &mut BytesMut) -> Result<IsNull, SqlError> {
                let $value = self;
                let stored = $write;
                stored.to_sql(of_type, out)
            }

            fn accepts(of_type: &Type) -> bool {
                <$stored as ToSql>::accepts(of_type)
            }

            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(of_type: &Type, raw: &'a [u8]) -> Result<Self, SqlError> {
                let read: fn($stored) -> Result<Self, SqlError> = $read;
                read(<$stored as FromSql>::from_sql(of_type, raw)?)
            }

            fn accepts(of_type: &Type) -> bool {
                <$stored as FromSql>::accepts(of_type)
            }
        }

        impl ColumnType for $name {
            const TYPE: Type = <$stored as ColumnType>::TYPE;
            const ARRAY: Type = <$stored as ColumnType>::ARRAY;
        }
    )*};
}

/// PostgreSQL's integers end at 2^63 - 1. Nothing stored is larger, so a greater bound in a query means the same.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

stored_as! {
    UserId as Uuid, |id| id.as_uuid(), |id| Ok(Self::from_uuid(id));
    ConversationId as Uuid, |id| id.as_uuid(), |id| Ok(Self::from_uuid(id));
    CommandId as Uuid, |id| id.as_uuid(), |id| Ok(Self::from_uuid(id));
    SessionId as Uuid, |id| id.as_uuid(), |id| Ok(Self::from_uuid(id));
    InviteId as Uuid, |id| id.as_uuid(), |id| Ok(Self::from_uuid(id));
    Epoch as Uuid, |id| id.as_uuid(), |id| Ok(Self::from_uuid(id));

    Seq as i64, |seq| signed(seq.0), |number| Ok(Self(u64::try_from(number)?));
    Timestamp as i64, |at| signed(at.0), |number| Ok(Self(u64::try_from(number)?));
    Position as i64, |position| signed(position.0), |number| Ok(Self(u64::try_from(number)?));
    ListKey as i64, |key| key.0, |number| Ok(Self(number));

    Nickname as String, |name| name.as_str(), |text| Ok(Self::from_trusted(text));
    NicknameKey as String, |key| key.as_str(), |text| Ok(Self::from_trusted(text));
    Emoji as String, |emoji| emoji.as_str(), |text| Ok(Self::from_trusted(text));
    RoomName as String, |name| name.as_str(), |text| Ok(Self::from_trusted(text));
    RoomTopic as String, |topic| topic.as_str(), |text| Ok(Self::from_trusted(text));
    Reason as String, |reason| reason.as_str(), |text| Ok(Self::from_trusted(text));
    PasswordHash as String, |hash| hash.0.as_str(), |text| Ok(Self(text));
    // Old texts may break rules that are newer than they are, so they are cleaned when they are read.
    Body as String, |body| body.as_str(), |text| Ok(Self::from_stored(text));
    ClientAddr as String, |address| address.to_string(), |text| Ok(text.parse()?);

    // Types with a fixed set of values, which are stored by name.
    EndReason as String, |reason| reason.name(), |name| named(Self::ALL, Self::name, &name);
    Role as String, |role| role.name(), |name| named(Self::ALL, Self::name, &name);
    Visibility as String, |visibility| visibility.name(), |name| named(Self::ALL, Self::name, &name);
    Posting as String, |posting| posting.name(), |name| named(Self::ALL, Self::name, &name);
    SanctionKind as String, |kind| kind.name(), |name| named([Self::Ban, Self::Mute], Self::name, &name);

    SessionKey as Vec<u8>, |key| key.0.as_slice(), |bytes| Ok(Self(bytes.as_slice().try_into()?));
    ClaimKey as Vec<u8>, |key| key.0.as_slice(), |bytes| Ok(Self(bytes.as_slice().try_into()?));
    InviteKey as Vec<u8>, |key| key.0.as_slice(), |bytes| Ok(Self(bytes.as_slice().try_into()?));
}

impl ColumnType for Vec<u8> {
    const TYPE: Type = Type::BYTEA;
    const ARRAY: Type = Type::BYTEA_ARRAY;
}

fn named<T: Copy>(
    all: impl IntoIterator<Item = T>,
    name_of: impl Fn(T) -> &'static str,
    name: &str,
) -> Result<T, SqlError> {
    all.into_iter().find(|known| name_of(*known) == name).ok_or_else(|| format!("unknown name {name:?}").into())
}

/// The mark of a guest, as text.
pub(super) fn mark_text(mark: &GuestMark) -> String {
    match mark {
        GuestMark::Nickname(key) => format!("name:{key}"),
        GuestMark::Address(address) => format!("address:{address}"),
    }
}
