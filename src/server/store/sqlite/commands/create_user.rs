//! Signing up: guests and registered users.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Role},
    server::{
        clock,
        net::client_addr::ClientAddr,
        store::{
            accounts::NewUser,
            error::StoreError,
            sqlite::{
                tables::{
                    audit::AuditRow,
                    guest_marks::InheritedSanctions,
                    invites::use_invite,
                    networks::check_network,
                    sanctions::{SanctionScope, check_not_banned},
                    sessions::insert_session,
                    users::{nickname_is_taken, set_password, suggest_nickname},
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Creates a user, who becomes a member of the Lobby. Returns the user's role.
pub(crate) struct CreateUser {
    pub(crate) user: NewUser,
    pub(crate) lobby: ConversationId,
}

impl Write for CreateUser {
    type Output = Role;

    fn apply(&self, db: &Connection) -> Result<Applied<Role>, StoreError> {
        let NewUser { user, key, session, address, invite, password, max_names_per_address } = &self.user;
        if let Some(address) = address {
            check_network(db, *address)?;
            check_names_per_address(db, *address, max_names_per_address.filter(|_| password.is_none()))?;
        }
        // Before the checks of the nickname: without a valid invite, nobody finds out which nicknames are taken or banned.
        // A refusal further down undoes the use.
        if let Some(invite) = invite {
            use_invite(db, *invite)?;
        }
        let inherited = address.map(|address| InheritedSanctions::find(db, key, address)).transpose()?;
        if nickname_is_taken(db, key)? {
            return Err(StoreError::NicknameTaken { suggestion: suggest_nickname(db, &user.nickname)? });
        }
        let now = clock::now();
        // The addresses of registered users are not kept.
        let kept_address = address.filter(|_| password.is_none()).map(|address| address.to_string());
        db.prepare_cached(
            "INSERT INTO users (id, nickname, nickname_key, created_at, address, invited) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![user.id, user.nickname, key, now, kept_address, invite.is_some()])?;
        let role = match password {
            Some(password) => set_password(db, user.id, password)?,
            None => Role::Member,
        };
        if let Some(session) = session {
            insert_session(db, user.id, session)?;
        } else if password.is_some() {
            // A registered user without a session: the operator creates the account.
            let subject = Some(user.id);
            AuditRow { action: "create_user", subject, ..AuditRow::default() }.insert(db)?;
        }
        if let Some(inherited) = inherited {
            inherited.copy_to(db, user.id)?;
        }
        if check_not_banned(db, user.id, SanctionScope(Some(self.lobby))).is_ok() {
            // New users can read what was written before, and have none of it unread.
            db.prepare_cached(
                "INSERT INTO members (conversation, user, read_seq, joined_at)
                 SELECT ?1, ?2, coalesce(max(seq), 0), ?3 FROM events WHERE conversation = ?1",
            )?
            .execute(params![self.lobby, user.id, now])?;
        }
        Ok(Applied { output: role, change: None })
    }

    fn takes_room(&self) -> bool {
        true
    }
}

/// Checks that guests of this address have fewer than `limit` nicknames. `None`: no limit.
fn check_names_per_address(db: &Connection, address: ClientAddr, limit: Option<u32>) -> Result<(), StoreError> {
    let Some(limit) = limit else { return Ok(()) };
    let names: u32 = db
        .prepare_cached("SELECT count(*) FROM users WHERE address = ?1 AND nickname_key IS NOT NULL")?
        .query_row([address.to_string()], |row| row.get(0))?;
    if names < limit { Ok(()) } else { Err(StoreError::TooManyGuests) }
}
