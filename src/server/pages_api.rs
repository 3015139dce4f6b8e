//! What rendering pages needs of the server: what it knows, and what a page's forms ask of it.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode};

use crate::{
    domain::{
        AdmissionPolicy, AuditPage, CommandId, ConversationId, ConversationList, CurrentUser, Invite, InviteId,
        MessagesPage, ReportList, Sanction, SessionEnd, Timestamp, User, UserId,
    },
    protocol::{ErrorCode, InviteRequest, Problem, VERSION, Welcome},
    server::{
        chat::{AllowedActions, ChatService, ModerationRequest, may_handle_reports_of},
        error::ChatError,
        hub::{Hub, PresenceLookup as _},
        net::{
            client_addr::ClientAddr, public_url::PublicUrl, report_url::ReportUrl, scheme::Scheme,
            session_cookie::RequestToken, site::Site, urls,
        },
        problem::ApiError,
        sign_in::{SignInRequest, SignedIn, come_in},
        store::{ConnectionSnapshot, HistoryWindow, ReportAction},
    },
};

/// A handle to the running house, for the pages. Cheap to clone.
#[derive(Clone)]
pub struct PagesApi {
    chat: Arc<ChatService>,
    hub: Arc<Hub>,
    report_to: Option<Arc<ReportUrl>>,
    public_url: Option<Arc<PublicUrl>>,
}

/// Why something was not done that a page asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageError {
    /// As the answer's status.
    pub(crate) status: StatusCode,
    /// For the page to put into words.
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

    /// Where browsers report what a page's policy stopped.
    pub(crate) fn report_to(&self) -> Option<&ReportUrl> {
        self.report_to.as_deref()
    }

    /// Whose session token this is; `None` if it is nobody's, or if the store can't tell at the moment.
    pub async fn me(&self, token: &str) -> Option<CurrentUser> {
        self.who(token).await.ok()
    }

    /// Whose session token this is, or why that can't be told.
    pub(crate) async fn who(&self, token: &str) -> Result<CurrentUser, PageError> {
        Ok(self.chat.authenticate(token).await?.me)
    }

    /// The token by which somebody can own the server; `None` if it has an owner, or its configuration names one, or if
    /// that can't be told at the moment.
    pub async fn claim_token(&self) -> Option<String> {
        self.chat.claim_token().await.ok().flatten()
    }

    /// Why the session of this token is over, if that is known and its browser may not know.
    pub(crate) async fn session_end(&self, token: &str) -> Option<SessionEnd> {
        self.chat.session_end(token).await.ok().flatten()
    }

    /// Lets somebody in who knocks by a page's form.
    pub(crate) async fn come_in(
        &self,
        knock: SignInRequest,
        peer: ClientAddr,
        site: Site,
        headers: &HeaderMap,
    ) -> Result<SignedIn, Problem> {
        let entered = come_in((&self.chat, &self.hub), knock, (peer, site), headers).await;
        entered.map_err(|error| ApiError::from(error).problem().clone())
    }

    /// Charges an address for a page, or for a form of so many bytes, as for a request to the HTTP API.
    pub(crate) fn charge(&self, peer: ClientAddr, bytes: usize) -> Result<(), PageError> {
        Ok(self.chat.charge_request(peer, bytes)?)
    }

    /// Notes how many bytes of a page an address is sent.
    pub(crate) fn charge_answer(&self, peer: ClientAddr, bytes: usize) {
        self.chat.charge_answer(peer, bytes);
    }

    /// Whether an address is to be sent a file.
    pub(crate) fn check_file_budget(&self, peer: ClientAddr) -> Result<(), PageError> {
        Ok(self.chat.check_file_budget(peer)?)
    }

    /// Notes how many bytes of a file an address is sent.
    pub(crate) fn charge_file(&self, peer: ClientAddr, bytes: usize) {
        self.chat.charge_file(peer, bytes);
    }

    /// What whoever shows this token would be told by the socket; `None` if it is nobody's, or if that can't be told at
    /// the moment. With the conversation `open`, however far down in the list it stands.
    pub(crate) async fn welcome(&self, token: &str, open: Option<ConversationId>) -> Option<Welcome> {
        let session = self.chat.authenticate(token).await.ok()?;
        let asked_for = open.into_iter().collect();
        let ConnectionSnapshot { list, requested_conversations: further, blocks, .. } =
            self.chat.connection_snapshot(session.me.id, session.id, asked_for).await.ok()?;
        let ConversationList { mut conversations, older } = list;
        conversations.extend(further);
        let (online, online_count) = self.hub.online_users_with(&session.me.user());
        let (epoch, me) = (self.chat.epoch(), session.me);
        let protocol = VERSION;
        Some(Welcome {
            protocol,
            at: Some(Timestamp::now()),
            epoch,
            token: None,
            me,
            conversations,
            older,
            blocks,
            online,
            online_count,
        })
    }

    /// The newest messages of a conversation, at most so many and of so many bytes, but one at least; `None` if they can't
    /// be read at the moment, or not by this user.
    pub(crate) async fn newest(
        &self,
        me: &CurrentUser,
        conversation: ConversationId,
        limit: u32,
        bytes: usize,
    ) -> Option<MessagesPage> {
        self.chat.messages(me.id, conversation, HistoryWindow::Newest, limit, bytes).await.ok()
    }

    /// Says something; it is on disk when this returns. Costs what a command does.
    pub(crate) async fn say(
        &self,
        me: &CurrentUser,
        peer: ClientAddr,
        id: CommandId,
        conversation: ConversationId,
        body: &str,
    ) -> Result<(), PageError> {
        self.chat.charge_command(me.id, Some(peer), body.len())?;
        Ok(self.chat.write(me.user(), id, conversation, body).await?)
    }

    /// What makes a browser keep the token of a session of this server that it has brought for as long again, each as
    /// `Set-Cookie`.
    pub(crate) fn keep_cookie(&self, headers: &HeaderMap, site: Site) -> Vec<HeaderValue> {
        let token = RequestToken::from_headers(headers, site);
        token.map_or_else(Vec::new, |token| token.renewed_valid_cookie(self.chat.session_cookie_max_age(), site))
    }

    /// Who may come in.
    pub fn entry(&self) -> AdmissionPolicy {
        self.chat.entry()
    }

    /// The room that everyone is in.
    pub fn lobby(&self) -> ConversationId {
        self.chat.lobby()
    }

    /// Who is here: all, or none while they are too many to list; and how many.
    pub fn online(&self) -> (Vec<User>, u64) {
        self.hub.online_users()
    }

    /// How many are here at this moment; what [`Self::online`] tells was announced, up to a second ago.
    pub(crate) fn count_here(&self) -> u64 {
        self.hub.online_user_ids().len() as u64
    }

    /// Whether a user is here, however many are.
    pub(crate) fn is_here(&self, user: UserId) -> bool {
        !self.hub.addresses_of(user).is_empty()
    }

    /// What one user may do to another.
    pub(crate) fn powers(me: &CurrentUser, subject: &User) -> AllowedActions {
        AllowedActions::over(me.role, subject.role)
    }

    /// At most `limit` of those in whose nickname `part` can be found.
    pub(crate) async fn find_users(&self, me: &CurrentUser, part: &str, limit: u32) -> Result<Vec<User>, PageError> {
        Ok(self.chat.find_users(me, part, limit).await?)
    }

    /// A user, who may have gone for good.
    pub(crate) async fn user(&self, me: &CurrentUser, user: UserId) -> Result<User, PageError> {
        Ok(self.chat.user(me, user).await?)
    }

    /// Who may not do what.
    pub(crate) async fn sanctions(&self, me: &CurrentUser) -> Result<Vec<Sanction>, PageError> {
        Ok(self.chat.sanctions(me).await?)
    }

    /// Does something to a user; it is done, and on disk, when this returns. Costs what a command does.
    pub(crate) async fn moderate(
        &self,
        me: &CurrentUser,
        id: CommandId,
        measure: ModerationRequest,
    ) -> Result<(), PageError> {
        self.chat.charge_command(me.id, None, 0)?;
        let receipt = self.chat.moderate(Some(me.user()), id, measure).await?;
        receipt.await.map_err(ChatError::from)?;
        Ok(())
    }

    /// The invites that still let somebody in.
    pub(crate) async fn invites(&self, me: &CurrentUser) -> Result<Vec<Invite>, PageError> {
        Ok(self.chat.invites(me).await?)
    }

    /// Makes an invite. Gives the token that lets in, too.
    pub(crate) async fn invite(
        &self,
        me: &CurrentUser,
        request: &InviteRequest,
    ) -> Result<(Invite, String), PageError> {
        self.chat.charge_command(me.id, None, 0)?;
        Ok(self.chat.invite(Some(me.user()), request).await?)
    }

    /// The link by which the invite with this token lets in, for whoever made this request.
    pub(crate) fn link_of_invite(&self, token: &str, headers: &HeaderMap, scheme: Scheme) -> String {
        urls::invite_url(&urls::base_url_of_request(self.public_url.as_deref(), headers, scheme), token)
    }

    /// Ends an invite.
    pub(crate) async fn revoke_invite(&self, me: &CurrentUser, id: InviteId) -> Result<(), PageError> {
        self.chat.charge_command(me.id, None, 0)?;
        Ok(self.chat.revoke_invite(Some(&me.user()), id).await?)
    }

    /// At most `limit` reports of messages that are open.
    pub(crate) async fn reports(&self, me: &CurrentUser, limit: u32) -> Result<ReportList, PageError> {
        Ok(self.chat.reports(me, limit).await?)
    }

    /// How many reports wait for this user; 0 if that can't be told at the moment.
    pub(crate) async fn count_reports(&self, me: &CurrentUser) -> u64 {
        self.chat.count_reports(me).await.unwrap_or_default()
    }

    /// Whether a user may close reports of what another one wrote.
    pub(crate) fn may_handle_reports_of(me: &CurrentUser, author: &User) -> bool {
        may_handle_reports_of(me.role, author.role)
    }

    /// Does something about a report. Costs what a command does.
    pub(crate) async fn handle_report(
        &self,
        me: &CurrentUser,
        report: u64,
        action: ReportAction,
    ) -> Result<(), PageError> {
        self.chat.charge_command(me.id, None, 0)?;
        Ok(self.chat.handle_report(Some(me.user()), report, action).await?)
    }

    /// At most `limit` entries of the audit log.
    pub(crate) async fn audit(
        &self,
        me: &CurrentUser,
        before: Option<u64>,
        limit: u32,
    ) -> Result<AuditPage, PageError> {
        Ok(self.chat.audit(me, before, limit).await?)
    }
}
