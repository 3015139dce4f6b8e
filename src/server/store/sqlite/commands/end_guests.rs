//! Signing out all guests at once, by the operator.

use rusqlite::Connection;

use crate::{
    domain::{EndReason, UserId},
    server::store::{
        accounts::SessionsEnded,
        error::StoreError,
        sqlite::{
            commands::departures::{Departure, sign_out_guest},
            tables::audit::AuditRow,
            writer::job::{Applied, Write},
        },
    },
};

/// Ends the sessions of all guests and makes their nicknames free. Returns how many there were.
pub(crate) struct EndGuests;

impl Write for EndGuests {
    type Output = SessionsEnded<usize>;

    fn apply(&self, db: &Connection) -> Result<Applied<SessionsEnded<usize>>, StoreError> {
        let guests: Vec<UserId> = db
            .prepare_cached("SELECT id FROM users WHERE nickname_key IS NOT NULL AND password IS NULL")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut departure = Departure::default();
        for guest in &guests {
            departure.add(sign_out_guest(db, *guest, EndReason::GuestsEnded)?);
        }
        if !guests.is_empty() {
            let detail = Some(guests.len().to_string());
            AuditRow { action: "end_guests", detail, ..AuditRow::default() }.insert(db)?;
        }
        let (news, closed) = departure.delivered_after(Vec::new());
        Ok(Applied { output: SessionsEnded { result: guests.len(), closed }, change: Some(news) })
    }

    /// The sessions' addresses and user agents are deleted.
    fn erases(&self) -> bool {
        true
    }
}
