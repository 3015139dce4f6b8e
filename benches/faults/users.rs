//! The participants: guests who write, and directs between neighbours. They sign in before the first fault.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use teahouse::{
    domain::{CommandId, ConversationId, Epoch, User, UserId},
    protocol::{ClientFrame, Hello, ServerFrame, VERSION, Welcome},
};

use super::{
    connection::{Connection, decode},
    counters::Counters,
    entrance::Entrance,
    failure::Failure,
    http_api::HttpApi,
    reader::ReaderSetup,
    shared_events::SharedEvents,
    writer_setup::WriterSetup,
};

pub(crate) struct Users(Vec<TestUser>);

struct TestUser {
    user: User,
    token: String,
    epoch: Epoch,
    /// The Lobby comes first.
    rooms: Vec<ConversationId>,
    directs: Vec<ConversationId>,
    /// Rooms whose moderator the user is.
    moderated: Vec<ConversationId>,
}

impl Users {
    pub(crate) async fn sign_in(address: SocketAddr, number: usize, directs: usize) -> Result<Self, Failure> {
        let mut users = Vec::new();
        let mut connections = Vec::new();
        for number in 0..number {
            let hello = Hello { protocol: VERSION, nickname: Some(format!("writer {number}")), ..Hello::default() };
            let (connection, welcome) = Connection::open(address, hello).await.map_err(|end| format!("{end:?}"))?;
            users.push(TestUser::new(welcome)?);
            connections.push(connection);
        }
        for (opener, connection) in connections.iter_mut().enumerate().take(directs.min(number.saturating_sub(1))) {
            let direct = open_direct(connection, users[opener + 1].user.nickname.as_str()).await?;
            users[opener].directs.push(direct);
            users[opener + 1].directs.push(direct);
        }
        Ok(Self(users))
    }

    pub(crate) fn writer_setups(&self) -> impl Iterator<Item = WriterSetup> {
        self.0.iter().map(|user| WriterSetup {
            me: user.user.id,
            token: user.token.clone(),
            epoch: user.epoch,
            rooms: user.rooms.clone(),
            directs: user.directs.clone(),
            moderated: user.moderated.clone(),
        })
    }

    /// Registers the first user: only registered users can be moderators.
    pub(crate) async fn register_first(&mut self, http_api: &HttpApi) -> Result<(), Failure> {
        if let Some(first) = self.0.first_mut() {
            http_api.set_password(&first.token).await?;
            first.user.registered = true;
        }
        Ok(())
    }

    /// Those writers who are also in a private room: every second one.
    pub(crate) fn insiders(&self) -> Vec<User> {
        self.0.iter().step_by(2).map(|user| user.user.clone()).collect()
    }

    /// The insiders are in this room now, and the first of them is its moderator.
    pub(crate) fn add_room(&mut self, room: ConversationId) {
        self.0.iter_mut().step_by(2).for_each(|user| user.rooms.push(room));
        self.0.iter_mut().take(1).for_each(|user| user.moderated.push(room));
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.0.iter().map(|user| &user.user)
    }

    /// The Lobby, which everybody is in.
    pub(crate) fn lobby(&self) -> Option<ConversationId> {
        self.0.first().and_then(|user| user.rooms.first().copied())
    }

    /// The directs with their members.
    pub(crate) fn directs(&self) -> BTreeMap<ConversationId, Vec<UserId>> {
        let mut directs: BTreeMap<ConversationId, Vec<UserId>> = BTreeMap::new();
        for user in &self.0 {
            for direct in &user.directs {
                directs.entry(*direct).or_default().push(user.user.id);
            }
        }
        directs
    }

    /// The setup of a reader: a second connection of the writer with this number.
    pub(crate) fn reader_setup(
        &self,
        number: usize,
        entrance: &Entrance,
        http_api: &HttpApi,
        shared_events: &Arc<SharedEvents>,
        counters: &Arc<Counters>,
    ) -> ReaderSetup {
        let user = &self.0[number];
        ReaderSetup {
            name: format!("reader {number}"),
            token: user.token.clone(),
            epoch: user.epoch,
            entrance: entrance.clone(),
            http_api: http_api.clone(),
            shared_events: Arc::clone(shared_events),
            counters: Arc::clone(counters),
        }
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|user| user.token.as_str())
    }
}

impl TestUser {
    fn new(welcome: Welcome) -> Result<Self, Failure> {
        Ok(Self {
            user: welcome.me.user(),
            token: welcome.token.ok_or("a new guest gets a token")?,
            epoch: welcome.epoch,
            rooms: welcome.conversations.iter().map(|conversation| conversation.id).collect(),
            directs: Vec::new(),
            moderated: Vec::new(),
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
                ServerFrame::Error(error) => return Err(super::connection::ConnectionEnd::Refused(error)),
                _ => {}
            }
        }
    };
    sent.await.map_err(|end| format!("could not open a direct: {end:?}").into())
}
