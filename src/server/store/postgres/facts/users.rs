//! Users.

use ipnet::IpNet;
use tokio_postgres::Error;

use crate::{
    domain::{ClientAddr, NicknameKey, User, UserId},
    server::{
        rules::{GuestCutoffs, UserFacts},
        store::postgres::{
            facts::query::{FactsQuery, any, many, one},
            questions::{Answer, Question},
            statement::Statement,
        },
    },
};

pub(super) const USER: &str = "
    SELECT q.n, u.id, u.nickname, u.password IS NOT NULL, u.role, u.nickname_key, u.password
      FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n) JOIN users u ON u.id = q.id";

pub(super) fn user(ids: Vec<UserId>) -> FactsQuery {
    let statement = Statement::new(USER).bind(ids.clone());
    FactsQuery::together(ids, statement, (Question::User, Answer::User), |answer, row| {
        let (id, nickname, registered, role) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let user = User { id, nickname, registered, role };
        *answer = Some(UserFacts { user, nickname_key: row.try_get(5)?, password: row.try_get(6)? });
        Ok(())
    })
}

pub(super) const USER_WITH_NICKNAME: &str = "
    SELECT q.n, u.id FROM unnest($1::text[]) WITH ORDINALITY AS q (key, n) JOIN users u ON u.nickname_key = q.key";

pub(super) fn user_with_nickname(keys: Vec<NicknameKey>) -> FactsQuery {
    let statement = Statement::new(USER_WITH_NICKNAME).bind(keys.clone());
    FactsQuery::together(keys, statement, (Question::UserWithNickname, Answer::UserWithNickname), one)
}

pub(super) fn has_owner_besides(exceptions: Vec<Option<UserId>>) -> FactsQuery {
    let statement = |except: &Option<UserId>| {
        Statement::new(
            "SELECT 1 FROM users WHERE role = 'owner' AND id <> $1::uuid AND id IS DISTINCT FROM $2::uuid LIMIT 1",
        )
        .bind(UserId::SYSTEM)
        .bind(*except)
    };
    FactsQuery::one_by_one(exceptions, statement, (Question::HasOwnerBesides, Answer::HasOwnerBesides), any)
}

pub(super) fn addresses_of(users: Vec<UserId>) -> FactsQuery {
    let statement = |user: &UserId| {
        Statement::new(
            "SELECT a.address FROM (
                 SELECT address FROM users WHERE id = $1::uuid AND address IS NOT NULL
                 UNION
                 SELECT s.address FROM users u JOIN sessions s ON s.user_number = u.number
                  WHERE u.id = $1::uuid AND s.address IS NOT NULL
             ) a ORDER BY a.address COLLATE \"C\"",
        )
        .bind(*user)
    };
    FactsQuery::one_by_one(users, statement, (Question::AddressesOf, Answer::AddressesOf), many)
}

pub(super) const GUESTS_FROM: &str = "
    SELECT q.n, u.id FROM unnest($1::text[]) WITH ORDINALITY AS q (address, n)
      JOIN users u ON u.address = q.address AND u.nickname_key IS NOT NULL
     ORDER BY u.number";

pub(super) fn guests_from(addresses: Vec<ClientAddr>) -> FactsQuery {
    let statement = Statement::new(GUESTS_FROM).bind(addresses.clone());
    FactsQuery::together(addresses, statement, (Question::GuestsFrom, Answer::GuestsFrom), many)
}

/// Whether an address is in a network is decided here, because the database has addresses as text.
pub(super) fn guests_from_network(networks: Vec<IpNet>) -> FactsQuery {
    let statement = Statement::new(
        "SELECT id, address FROM users
          WHERE address IS NOT NULL AND nickname_key IS NOT NULL AND password IS NULL ORDER BY number",
    );
    FactsQuery::new(vec![statement], move |rows| {
        let guests: Vec<(UserId, ClientAddr)> =
            rows.iter().flatten().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, Error>>()?;
        let answer = |network: IpNet| {
            let from_there = guests.iter().filter(|(_, address)| address.is_in(&network)).map(|(guest, _)| *guest);
            (Question::GuestsFromNetwork(network), Answer::GuestsFromNetwork(from_there.collect()))
        };
        Ok(networks.into_iter().map(answer).collect())
    })
}

pub(super) fn guests(all: Vec<()>) -> FactsQuery {
    let statement = |(): &()| {
        Statement::new("SELECT id FROM users WHERE nickname_key IS NOT NULL AND password IS NULL ORDER BY number")
    };
    FactsQuery::one_by_one(all, statement, (Question::Guests, Answer::Guests), many)
}

pub(super) fn expired_guests(cutoffs: Vec<GuestCutoffs>) -> FactsQuery {
    let statement = |cutoffs: &GuestCutoffs| {
        Statement::new(
            "SELECT id FROM users u WHERE nickname_key IS NOT NULL AND password IS NULL AND
                CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE user_number = u.number)
                     THEN NOT EXISTS (SELECT 1 FROM sessions WHERE user_number = u.number AND seen_at >= $1::bigint)
                          OR created_at < $2::bigint
                             AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_number = u.number AND used)
                     ELSE created_at < $3::bigint END
              ORDER BY number",
        )
        .bind(cutoffs.seen_before)
        .bind(cutoffs.unused_created_before)
        .bind(cutoffs.sessionless_created_before)
    };
    FactsQuery::one_by_one(cutoffs, statement, (Question::ExpiredGuests, Answer::ExpiredGuests), many)
}
