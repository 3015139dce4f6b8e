//! Who takes part: guests who write, and directs between neighbours. They come before the first fault.

use std::{net::SocketAddr, sync::Arc};

use teahouse::{
    domain::{CommandId, ConversationId, Epoch, UserId},
    protocol::{ClientFrame, Hello, ServerFrame, VERSION, Welcome},
};

use super::{
    connection::{Connection, decode},
    failure::Failure,
    pages::Pages,
    reader::Ear,
    sightings::Sightings,
    tally::Tally,
    writer::Pen,
};

pub(crate) struct People(Vec<Person>);

struct Person {
    id: UserId,
    nickname: String,
    token: String,
    epoch: Epoch,
    /// The Lobby first.
    conversations: Vec<ConversationId>,
}

impl People {
    pub(crate) async fn arrive(address: SocketAddr, number: usize, directs: usize) -> Result<Self, Failure> {
        let mut people = Vec::new();
        let mut connections = Vec::new();
        for number in 0..number {
            let hello = Hello { protocol: VERSION, nickname: Some(format!("writer {number}")), ..Hello::default() };
            let (connection, welcome) =
                Connection::open(address, hello).await.map_err(|ending| format!("{ending:?}"))?;
            people.push(Person::new(welcome)?);
            connections.push(connection);
        }
        for (opener, connection) in connections.iter_mut().enumerate().take(directs.min(number.saturating_sub(1))) {
            let direct = open_direct(connection, &people[opener + 1].nickname).await?;
            people[opener].conversations.push(direct);
            people[opener + 1].conversations.push(direct);
        }
        Ok(Self(people))
    }

    pub(crate) fn pens(&self) -> impl Iterator<Item = Pen> {
        self.0.iter().map(|person| Pen {
            me: person.id,
            token: person.token.clone(),
            epoch: person.epoch,
            conversations: person.conversations.clone(),
        })
    }

    /// Somebody who listens on a second connection of the writer of that number.
    pub(crate) fn ear(
        &self,
        number: usize,
        address: SocketAddr,
        pages: &Pages,
        sightings: &Arc<Sightings>,
        tally: &Arc<Tally>,
    ) -> Ear {
        let person = &self.0[number];
        Ear {
            name: format!("reader {number}"),
            token: person.token.clone(),
            epoch: person.epoch,
            address,
            pages: pages.clone(),
            sightings: Arc::clone(sightings),
            tally: Arc::clone(tally),
        }
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|person| person.token.as_str())
    }

    /// The token of somebody who is in the conversation.
    pub(crate) fn token_for(&self, conversation: ConversationId) -> Result<&str, Failure> {
        let member = self.0.iter().find(|person| person.conversations.contains(&conversation));
        member.map(|person| person.token.as_str()).ok_or_else(|| format!("nobody is in {conversation}").into())
    }
}

impl Person {
    fn new(welcome: Welcome) -> Result<Self, Failure> {
        Ok(Self {
            id: welcome.me.id,
            nickname: welcome.me.nickname.as_str().to_owned(),
            token: welcome.token.ok_or("a new guest gets a token")?,
            epoch: welcome.epoch,
            conversations: welcome.conversations.iter().map(|conversation| conversation.id).collect(),
        })
    }
}

async fn open_direct(connection: &mut Connection, nickname: &str) -> Result<ConversationId, Failure> {
    let id = CommandId::random();
    let frame = ClientFrame::OpenDirect { id, nickname: Some(nickname.to_owned()), user: None };
    let sent = async {
        connection.feed(&frame).await?;
        connection.flush().await?;
        loop {
            match decode(&connection.next().await?)? {
                ServerFrame::Ack { id: acked, conversation, .. } if acked == id => return Ok(conversation),
                ServerFrame::Error(error) => return Err(super::connection::Ending::Refused(error)),
                _ => {}
            }
        }
    };
    sent.await.map_err(|ending| format!("no direct: {ending:?}").into())
}
