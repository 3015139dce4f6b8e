//! What the server-rendered pages can ask of the server.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode};

use crate::{
    domain::{
        AdmissionPolicy, AuditPage, ClientAddr, CommandId, ConversationId, ConversationList, CurrentUser,
        DirectoryRoom, Invite, InviteId, MessagesPage, ReportList, Sanction, Seq, SessionEnd, User, UserId,
    },
    protocol::{ErrorCode, InviteRequest, MAX_FRAME_BYTES, Problem, VERSION, Welcome},
    server::{
        chat::{AllowedActions, ChatService, CommandContext, ModerationRequest, may_handle_reports_of},
        clock::machine_time,
        error::ChatError,
        hub::{Hub, PresenceLookup as _},
        net::{
            public_url::PublicUrl, report_url::ReportUrl, scheme::Scheme, session_cookie::RequestToken, site::Site,
            urls,
        },
        problem::ApiError,
        rules::ReportAction,
        sign_in::{SignInRequest, SignedIn, sign_in},
        store::{ConnectionSnapshot, HistoryWindow},
    },
};

/// A handle to the running server, for the pages. Cheap to clone.
#[derive(Clone)]
pub struct PagesApi {
    chat: Arc<ChatService>,
    hub: Arc<Hub>,
    report_to: Option<Arc<ReportUrl>>,
    public_url: Option<Arc<PublicUrl>>,
}

/// Why a request of a page was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageError {
    /// The status of the answer.
    pub(crate) status: StatusCode,
    /// The page shows a text for this code.
    pub(crate) code: ErrorCode,
}

impl From<ChatError> for PageError {
    fn from(error: ChatError) -> Self {
        let code = error.code();
        Self { status: ApiError::from(error).status(), code }
    }
}

impl PagesApi {
    pub(super) fn new(
        chat: Arc<ChatService>,
        hub: Arc<Hub>,
        report_to: Option<ReportUrl>,
        public_url: Option<PublicUrl>,
    ) -> Self {
        Self { chat, hub, report_to: report_to.map(Arc::new), public_url: public_url.map(Arc::new) }
    }

    /// Where browsers report violations of the content security policy.
    pub(crate) fn report_to(&self) -> Option<&ReportUrl> {
        self.report_to.as_deref()
    }

    /// Returns the user of a session token. Returns `None` if there is no such session, or if the store fails.
    pub async fn me(&self, token: &str) -> Option<CurrentUser> {
        self.authenticate(token).await.ok()
    }

    /// Returns a room that the user may know of, member or not. Returns `None` if there is none, or if the store fails.
    pub(crate) async fn directory_room(&self, me: &CurrentUser, room: ConversationId) -> Option<DirectoryRoom> {
        self.chat.directory_room(me.id, room).await.ok()
    }

    /// Returns the user of a session token.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<CurrentUser, PageError> {
        Ok(self.chat.authenticate(token).await?.me)
    }

    /// Returns the token by which somebody becomes the owner. Returns `None` if the server has an owner, if its
    /// configuration names one, or if the store fails.
    pub async fn claim_token(&self) -> Option<String> {
        self.chat.claim_token().await.ok().flatten()
    }

    /// Returns why the session of a token ended, if that is known.
    pub(crate) async fn session_end(&self, token: &str) -> Option<SessionEnd> {
        self.chat.session_end(token).await.ok().flatten()
    }

    /// Signs a user in or up.
    pub(crate) async fn sign_in(
        &self,
        request: SignInRequest,
        client_addr: ClientAddr,
        site: Site,
        headers: &HeaderMap,
    ) -> Result<SignedIn, Problem> {
        let signed_in = sign_in(&self.chat, request, client_addr, site, headers).await;
        signed_in.map_err(|error| ApiError::from(error).problem().clone())
    }

    /// Charges an address for a page, or for a form of `bytes` bytes, like a request to the HTTP API.
    pub(crate) fn charge(&self, client_addr: ClientAddr, bytes: usize) -> Result<(), PageError> {
        Ok(self.chat.charge_request(client_addr, bytes)?)
    }

    /// Charges an address for the bytes of a page.
    pub(crate) fn charge_answer(&self, client_addr: ClientAddr, bytes: usize) {
        self.chat.charge_answer(client_addr, bytes);
    }

    /// Checks whether an address may be sent another file.
    pub(crate) fn check_file_budget(&self, client_addr: ClientAddr) -> Result<(), PageError> {
        Ok(self.chat.check_file_budget(client_addr)?)
    }

    /// Charges an address for the bytes of a file.
    pub(crate) fn charge_file(&self, client_addr: ClientAddr, bytes: usize) {
        self.chat.charge_file(client_addr, bytes);
    }

    /// Returns what a WebSocket with this session token would get as its welcome, with the conversation `open` wherever it
    /// is in the list. Returns `None` if there is no such session, or if the store fails.
    pub(crate) async fn welcome(&self, token: &str, open: Option<ConversationId>) -> Option<Welcome> {
        let session = self.chat.authenticate(token).await.ok()?;
        let requested = open.into_iter().collect();
        let ConnectionSnapshot { list, requested_conversations, blocks, .. } =
            self.chat.connection_snapshot(session.me.id, session.id, requested).await.ok()?;
        let ConversationList { mut conversations, older } = list;
        conversations.extend(requested_conversations);
        let (online, online_count) = self.hub.online_users_with(&session.me.user());
        Some(Welcome {
            protocol: VERSION,
            at: Some(machine_time()),
            epoch: self.chat.epoch(),
            token: None,
            me: session.me,
            conversations,
            older,
            blocks,
            online,
            online_count,
        })
    }

    /// Returns the newest messages of a conversation: at most `limit`, and at most `bytes` bytes of text unless a single
    /// message is longer. Returns `None` if the user may not read them, or if the store fails.
    pub(crate) async fn newest_messages(
        &self,
        me: &CurrentUser,
        conversation: ConversationId,
        limit: u32,
        bytes: usize,
    ) -> Option<MessagesPage> {
        self.chat.messages(me.id, conversation, HistoryWindow::Newest, limit, bytes).await.ok()
    }

    /// Sends a message. It is durable when this returns. Charged like a command.
    pub(crate) async fn send(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        id: CommandId,
        conversation: ConversationId,
        body: &str,
        reply_to: Option<Seq>,
    ) -> Result<(), PageError> {
        let context = self.begin_command(me, client_addr, body.len())?;
        // No frame could hold it either.
        if body.len() > MAX_FRAME_BYTES {
            return Err(PageError { status: StatusCode::UNPROCESSABLE_ENTITY, code: ErrorCode::MessageTooLong });
        }
        Ok(self.chat.post(context, id, conversation, body, reply_to).await?)
    }

    fn begin_command(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        bytes: usize,
    ) -> Result<CommandContext, ChatError> {
        self.chat.begin_command(me.user(), client_addr, bytes)
    }

    /// Returns `Set-Cookie` values that renew the cookie of this server's session, if the request has one.
    pub(crate) fn renewed_cookies(&self, headers: &HeaderMap, site: Site) -> Vec<HeaderValue> {
        let token = RequestToken::from_headers(headers, site);
        token.map_or_else(Vec::new, |token| token.renewed_valid_cookie(self.chat.session_cookie_max_age(), site))
    }

    /// Who may sign up.
    pub fn admission_policy(&self) -> AdmissionPolicy {
        self.chat.admission_policy()
    }

    /// The room that everybody is in.
    pub fn lobby(&self) -> ConversationId {
        self.chat.lobby()
    }

    /// The online users, and their number. The list is empty if they are too many to be listed.
    pub fn online_users(&self) -> (Vec<User>, u64) {
        self.hub.online_users()
    }

    /// How many users are online at this moment. [`Self::online_users`] may be a second older.
    pub(crate) fn online_count(&self) -> u64 {
        self.hub.count_online() as u64
    }

    /// Whether a user is online.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        !self.hub.addresses_of(user).is_empty()
    }

    /// What one user may do to another.
    pub(crate) fn allowed_actions(me: &CurrentUser, subject: &User) -> AllowedActions {
        AllowedActions::of(me.role, subject.role)
    }

    /// Returns at most `limit` users whose nickname contains `part`.
    pub(crate) async fn find_users(&self, me: &CurrentUser, part: &str, limit: u32) -> Result<Vec<User>, PageError> {
        Ok(self.chat.find_users(me, part, limit).await?)
    }

    /// Returns a user, even one who has given the nickname up.
    pub(crate) async fn user(&self, me: &CurrentUser, user: UserId) -> Result<User, PageError> {
        Ok(self.chat.user(me, user).await?)
    }

    /// Returns all sanctions in force.
    pub(crate) async fn sanctions(&self, me: &CurrentUser) -> Result<Vec<Sanction>, PageError> {
        Ok(self.chat.sanctions(me).await?)
    }

    /// Moderates a user. It is durable when this returns. Charged like a command.
    pub(crate) async fn moderate(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        id: CommandId,
        request: ModerationRequest,
    ) -> Result<(), PageError> {
        let context = self.begin_command(me, client_addr, 0)?;
        let receipt = self.chat.moderate(context, id, request).await?;
        receipt.await.map_err(ChatError::from)?;
        Ok(())
    }

    /// Returns the invites that are still valid.
    pub(crate) async fn invites(&self, me: &CurrentUser) -> Result<Vec<Invite>, PageError> {
        Ok(self.chat.invites(me).await?)
    }

    /// Creates an invite, and returns it with its token. Charged like a command.
    pub(crate) async fn create_invite(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        request: &InviteRequest,
    ) -> Result<(Invite, String), PageError> {
        let context = self.begin_command(me, client_addr, 0)?;
        Ok(self.chat.create_invite(context, request).await?)
    }

    /// The URL of the invite with this token. Without a configured public URL it is on the host that the request names.
    pub(crate) fn invite_url(&self, token: &str, headers: &HeaderMap, scheme: Scheme) -> String {
        urls::invite_url(&urls::base_url_of_request(self.public_url.as_deref(), headers, scheme), token)
    }

    /// Ends an invite. Charged like a command.
    pub(crate) async fn revoke_invite(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        id: InviteId,
    ) -> Result<(), PageError> {
        let context = self.begin_command(me, client_addr, 0)?;
        Ok(self.chat.revoke_invite(context, id).await?)
    }

    /// Returns at most `limit` open reports.
    pub(crate) async fn reports(&self, me: &CurrentUser, limit: u32) -> Result<ReportList, PageError> {
        Ok(self.chat.reports(me, limit).await?)
    }

    /// How many open reports the user may see: 0 if the store fails.
    pub(crate) async fn count_reports(&self, me: &CurrentUser) -> u64 {
        self.chat.count_reports(me).await.unwrap_or_default()
    }

    /// Whether a user may handle reports of messages by `author`.
    pub(crate) fn may_handle_reports_of(me: &CurrentUser, author: &User) -> bool {
        may_handle_reports_of(me.role, author.role)
    }

    /// Closes a report, or deletes the reported message. Charged like a command.
    pub(crate) async fn handle_report(
        &self,
        me: &CurrentUser,
        client_addr: ClientAddr,
        report: u64,
        action: ReportAction,
    ) -> Result<(), PageError> {
        let context = self.begin_command(me, client_addr, 0)?;
        Ok(self.chat.handle_report(context, report, action).await?)
    }

    /// Returns at most `limit` entries of the audit log: the newest, or the newest before `before`.
    pub(crate) async fn audit_page(
        &self,
        me: &CurrentUser,
        before: Option<u64>,
        limit: u32,
    ) -> Result<AuditPage, PageError> {
        Ok(self.chat.audit_page(me, before, limit).await?)
    }
}
