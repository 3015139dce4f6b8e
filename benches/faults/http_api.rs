//! Messages by HTTP, and setting passwords.

use std::{net::SocketAddr, time::Duration};

use teahouse::{
    domain::{ConversationId, Message, MessagesPage, Seq},
    state::PageRange,
};

use super::failure::Failure;

/// The largest page that the server returns.
const MAX_PAGE_SIZE: u32 = 200;

#[derive(Clone)]
pub(crate) struct HttpApi {
    http: reqwest::Client,
    address: SocketAddr,
}

impl HttpApi {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, Failure> {
        // Without a connection pool: the next request would get a connection that was cut.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(20)).build()?;
        Ok(Self { http, address })
    }

    /// Registers a guest.
    pub(crate) async fn set_password(&self, token: &str) -> Result<(), Failure> {
        let body = serde_json::json!({ "password": "correct horse" });
        let request = self.http.put(format!("http://{}/api/me/password", self.address)).bearer_auth(token).json(&body);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Fetches a page. Returns `None` if that failed.
    pub(crate) fn page(
        &self,
        token: String,
        conversation: ConversationId,
        range: PageRange,
        limit: u32,
    ) -> impl Future<Output = Option<MessagesPage>> + Send + use<> {
        let bounds = match range {
            PageRange::Newest => String::new(),
            PageRange::From(seq) => format!("&after={}", seq.0.saturating_sub(1)),
            PageRange::Older(seq) => format!("&before={seq}"),
            PageRange::Newer(seq) => format!("&after={seq}"),
        };
        let address = self.address;
        let url = format!("http://{address}/api/conversations/{conversation}/messages?limit={limit}{bounds}");
        let request = self.http.get(url).bearer_auth(token);
        async move { request.send().await.ok()?.error_for_status().ok()?.json().await.ok() }
    }

    /// Fetches all messages. Needs a server without faults.
    pub(crate) async fn all_messages(
        &self,
        token: &str,
        conversation: ConversationId,
    ) -> Result<Vec<Message>, Failure> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let last = messages.last().map_or(Seq::ZERO, |message| message.seq);
            let page = self.page(token.to_owned(), conversation, PageRange::Newer(last), MAX_PAGE_SIZE).await;
            let page = page.ok_or("the server did not return its messages")?;
            messages.extend(page.messages);
            if !page.more {
                return Ok(messages);
            }
        }
    }
}
