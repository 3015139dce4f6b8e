//! The configuration, with defaults that are safe on the internet.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use ipnet::IpNet;

use crate::{
    domain::{AdmissionPolicy, Nickname, RoomCreation},
    server::{
        byte_size::ByteSize,
        net::{
            database_url::DatabaseUrl, ip_network::parse_ip_network, public_url::PublicUrl, report_url::ReportUrl,
            security_contact::SecurityContact,
        },
    },
};

/// The server's options. Each can also be set by an environment variable, `TEAHOUSE_…`.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free port.
    #[arg(long, env = "TEAHOUSE_LISTEN", default_value_t = Self::default().listen)]
    pub listen: SocketAddr,

    /// Folder for the database and everything else that is stored; with `--store`, for the socket of `teahouse admin` only.
    #[arg(long, env = "TEAHOUSE_DATA", default_value_os_t = Self::default().data)]
    pub data: PathBuf,

    /// The PostgreSQL database that holds the data, like `postgres://user:password@host/database`; any number of servers may
    /// share one. Not set: an SQLite database in the data folder. Other users of the machine can see arguments, but not
    /// environment variables.
    #[arg(long, env = "TEAHOUSE_STORE", hide_env_values = true, value_name = "URL")]
    pub store: Option<DatabaseUrl>,

    /// PEM file with the certificates that PostgreSQL's certificate is checked against, instead of the system's.
    #[arg(long, env = "TEAHOUSE_STORE_CA", value_name = "FILE")]
    pub store_ca: Option<PathBuf>,

    /// Folder with the files of the page, instead of those built into the program.
    #[arg(long, env = "TEAHOUSE_SITE")]
    pub site: Option<PathBuf>,

    /// Another origin whose pages may use this server, like `https://chat.example.org`; may be repeated.
    #[arg(long, env = "TEAHOUSE_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,

    /// The URL at which users reach this server, like `https://chat.example.org`. Requests for other hosts are refused.
    #[arg(long, env = "TEAHOUSE_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,

    /// Addresses and networks of proxies whose `X-Forwarded-…` headers are believed, like `127.0.0.1,10.0.0.0/8`.
    #[arg(long, env = "TEAHOUSE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_ip_network)]
    pub trusted_proxies: Vec<IpNet>,

    /// PEM file with the certificate chain, to serve HTTPS without a proxy. It is reloaded when it changes.
    #[arg(long, env = "TEAHOUSE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(long, env = "TEAHOUSE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Where to report vulnerabilities, like `mailto:security@example.org`; published in `/.well-known/security.txt`.
    #[arg(long, env = "TEAHOUSE_SECURITY_CONTACT")]
    pub security_contact: Option<SecurityContact>,

    /// Where browsers report violations of the Content Security Policy, like `https://reports.example.org/csp`.
    #[arg(long, env = "TEAHOUSE_CSP_REPORT_TO")]
    pub csp_report_to: Option<ReportUrl>,

    /// How large the data folder may become, like `10GB`; beyond that, new data is refused. For SQLite only.
    #[arg(long, env = "TEAHOUSE_DISK_QUOTA")]
    pub disk_quota: Option<ByteSize>,

    /// After how many days offline a guest loses the nickname.
    #[arg(long, env = "TEAHOUSE_GUEST_DAYS", default_value_t = Self::default().guest_days)]
    pub guest_days: NonZeroU32,

    /// After how many days a registered user must enter the password again.
    #[arg(long, env = "TEAHOUSE_SESSION_DAYS", default_value_t = Self::default().session_days)]
    pub session_days: NonZeroU32,

    /// After how many days offline a registered user must enter the password again.
    #[arg(long, env = "TEAHOUSE_IDLE_DAYS", default_value_t = Self::default().idle_days)]
    pub idle_days: NonZeroU32,

    /// When old data is removed.
    #[command(flatten)]
    pub retention: RetentionDays,

    /// Who may sign up and sign in.
    #[arg(long = "entry", env = "TEAHOUSE_ENTRY", value_enum, default_value_t)]
    pub admission_policy: AdmissionPolicy,

    /// Who may create rooms.
    #[arg(long, env = "TEAHOUSE_ROOM_CREATION", value_enum, default_value_t)]
    pub room_creation: RoomCreation,

    /// Nickname of the registered user who owns the server. Without it, and while there is no owner, whoever opens the link
    /// that is printed at the start becomes the owner.
    #[arg(long, env = "TEAHOUSE_OWNER", value_parser = Nickname::parse_existing)]
    pub owner: Option<Nickname>,

    /// Turn off rate limits and limits per address or user: for benchmarks, or behind a proxy that has its own limits.
    #[arg(long, env = "TEAHOUSE_UNLIMITED")]
    pub unlimited: bool,

    /// Rate limits and other limits.
    #[command(flatten)]
    pub limits: Limits,

    /// Time-outs and intervals.
    #[arg(skip)]
    pub timing: Timing,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data: PathBuf::from("data"),
            store: None,
            store_ca: None,
            site: None,
            allow_origin: Vec::new(),
            public_url: None,
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            security_contact: None,
            csp_report_to: None,
            disk_quota: None,
            guest_days: non_zero(30),
            session_days: non_zero(30),
            idle_days: non_zero(14),
            retention: RetentionDays::default(),
            admission_policy: AdmissionPolicy::default(),
            room_creation: RoomCreation::default(),
            owner: None,
            unlimited: false,
            limits: Limits::default(),
            timing: Timing::default(),
        }
    }
}

/// After how many days old data is removed. What is not set is kept.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct RetentionDays {
    /// After how many days messages of guests are deleted; not set: never.
    #[arg(long, env = "TEAHOUSE_GUEST_MESSAGE_DAYS")]
    pub guest_message_days: Option<NonZeroU32>,

    /// After how many days the addresses of guests are deleted, those of bans included; not set: never.
    #[arg(long, env = "TEAHOUSE_ADDRESS_DAYS")]
    pub address_days: Option<NonZeroU32>,

    /// After how many days entries of the audit log are deleted; not set: never.
    #[arg(long, env = "TEAHOUSE_AUDIT_DAYS")]
    pub audit_days: Option<NonZeroU32>,
}

/// How much users and addresses may do before they are told to wait or are disconnected.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Limits {
    /// Connections of the server.
    #[arg(long = "max-connections", env = "TEAHOUSE_MAX_CONNECTIONS", default_value_t = Self::default().max_connections)]
    pub max_connections: usize,

    /// Connections of one address; for IPv6, of one /64 network.
    #[arg(long = "max-connections-per-address", env = "TEAHOUSE_MAX_CONNECTIONS_PER_ADDRESS",
          default_value_t = Self::default().max_connections_per_address)]
    pub max_connections_per_address: usize,

    /// Connections of one network: an IPv4 /24, an IPv6 /48.
    #[arg(long = "max-connections-per-network", env = "TEAHOUSE_MAX_CONNECTIONS_PER_NETWORK",
          default_value_t = Self::default().max_connections_per_network)]
    pub max_connections_per_network: usize,

    /// WebSocket connections of one user.
    #[arg(long = "max-connections-per-user", env = "TEAHOUSE_MAX_CONNECTIONS_PER_USER",
          default_value_t = Self::default().max_connections_per_user)]
    pub max_connections_per_user: usize,

    /// New guests of one address per minute, all of them at once if need be.
    #[arg(long = "guests-per-minute", env = "TEAHOUSE_GUESTS_PER_MINUTE",
          default_value_t = Self::default().guests_per_minute)]
    pub guests_per_minute: NonZeroU32,

    /// Nicknames that the guests of one address may have at the same time.
    #[arg(long = "guests-per-address", env = "TEAHOUSE_GUESTS_PER_ADDRESS",
          default_value_t = Self::default().guests_per_address)]
    pub guests_per_address: NonZeroU32,

    /// Wrong passwords per minute, of one address and for one nickname. Right passwords for one nickname: ten times as many.
    #[arg(long = "sign-ins-per-minute", env = "TEAHOUSE_SIGN_INS_PER_MINUTE",
          default_value_t = Self::default().sign_ins_per_minute)]
    pub sign_ins_per_minute: NonZeroU32,

    /// HTTP API requests of one address per minute, a quarter of them at once.
    #[arg(long = "requests-per-minute", env = "TEAHOUSE_REQUESTS_PER_MINUTE",
          default_value_t = Self::default().requests_per_minute)]
    pub requests_per_minute: NonZeroU32,

    /// Commands of one user per minute, a twentieth of them at once, and four times as many of one address. Further ones are
    /// answered with `rate_limited`. A long command counts once for every 1,024 bytes.
    #[arg(long = "commands-per-minute", env = "TEAHOUSE_COMMANDS_PER_MINUTE",
          default_value_t = Self::default().commands_per_minute)]
    pub commands_per_minute: NonZeroU32,

    /// Frames of any kind of one user per minute, a quarter of them at once, and twenty times as many of one address. One
    /// more closes the connection.
    #[arg(long = "frames-per-minute", env = "TEAHOUSE_FRAMES_PER_MINUTE",
          default_value_t = Self::default().frames_per_minute)]
    pub frames_per_minute: NonZeroU32,

    /// Reconnections of one user per minute, half of them at once, and ten times as many new WebSockets of one address.
    #[arg(long = "hellos-per-minute", env = "TEAHOUSE_HELLOS_PER_MINUTE",
          default_value_t = Self::default().hellos_per_minute)]
    pub hellos_per_minute: NonZeroU32,

    /// Bytes of answers (missed events, history, lists, pages) to one user per minute, twice as many at once, and eight
    /// times as many to one address. Beyond that a reconnecting client gets a `reset`, and other requests must wait.
    #[arg(long = "answer-bytes-per-minute", env = "TEAHOUSE_ANSWER_BYTES_PER_MINUTE",
          default_value_t = Self::default().answer_bytes_per_minute)]
    pub answer_bytes_per_minute: NonZeroU32,

    /// Bytes of the page's files to one address per minute, twice as many at once.
    #[arg(long = "file-bytes-per-minute", env = "TEAHOUSE_FILE_BYTES_PER_MINUTE",
          default_value_t = Self::default().file_bytes_per_minute)]
    pub file_bytes_per_minute: NonZeroU32,

    /// How many bytes may wait to be sent to one connection before it is closed as too slow.
    #[arg(long = "send-queue-bytes", env = "TEAHOUSE_SEND_QUEUE_BYTES",
          default_value_t = Self::default().send_queue_bytes)]
    pub send_queue_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_address: 400,
            max_connections_per_network: 2_000,
            max_connections_per_user: 20,
            guests_per_minute: non_zero(300),
            guests_per_address: non_zero(200),
            sign_ins_per_minute: non_zero(10),
            requests_per_minute: non_zero(1_200),
            commands_per_minute: non_zero(1_200),
            frames_per_minute: non_zero(6_000),
            hellos_per_minute: non_zero(120),
            answer_bytes_per_minute: non_zero(4 * 1024 * 1024),
            file_bytes_per_minute: non_zero(64 * 1024 * 1024),
            send_queue_bytes: 1024 * 1024,
        }
    }
}

pub(super) const fn non_zero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a number that is not zero")
}

/// Time-outs and intervals. They are not options, because nobody has a reason to change them except tests.
#[derive(Clone, Debug)]
pub struct Timing {
    /// How long a new WebSocket may take to send its first frame.
    pub hello_timeout: Duration,
    /// How long a sign-in waits for a permit when many clients sign in at once.
    pub sign_in_permit_timeout: Duration,
    /// Between two pings to a WebSocket.
    pub ping_interval: Duration,
    /// After how long without a frame, a pong included, a WebSocket is closed. More than two ping intervals.
    pub silence_timeout: Duration,
    /// When somebody wants the nickname of an ephemeral guest: how long that guest's connection may take to answer a ping.
    /// Also how long a simple-protocol client may take to send a token in its first frame.
    pub liveness_timeout: Duration,
    /// How long a client may take to read what is still to be sent when its WebSocket is closed.
    pub close_timeout: Duration,
    /// Between two presence frames.
    pub presence_interval: Duration,
    /// How long a connection may take to send the first byte of its first request, how long the head of a request may take
    /// from its first byte, and how long a TLS handshake may take.
    pub header_timeout: Duration,
    /// How long a connection may be idle between two requests. Longer than proxies keep idle connections.
    pub idle_timeout: Duration,
    /// Replaces `hello_timeout`, `header_timeout` and `idle_timeout` while the server is nearly full.
    pub crowded_timeout: Duration,
    /// How long a request may take, from its head to its response.
    pub request_timeout: Duration,
    /// How long a client may read nothing of what is being sent to it.
    pub write_timeout: Duration,
    /// Between two searches for expired sessions and sanctions.
    pub housekeeping_interval: Duration,
    /// How long a new guest may take to use the token. After that the nickname is released.
    pub unused_guest_timeout: Duration,
    /// Between two searches for messages that are older than their retention.
    pub retention_interval: Duration,
    /// Between two checks of the certificate's files.
    pub certificate_interval: Duration,
    /// Over how long a server that stops closes its connections, if other servers share its store. Then those are not
    /// stormed by clients that reconnect.
    pub drain_time: Duration,
    /// How long requests and connections may take to finish when the server stops.
    pub stop_timeout: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            hello_timeout: Duration::from_secs(10),
            sign_in_permit_timeout: Duration::from_secs(20),
            ping_interval: Duration::from_secs(30),
            silence_timeout: Duration::from_secs(75),
            liveness_timeout: Duration::from_secs(2),
            close_timeout: Duration::from_secs(2),
            presence_interval: Duration::from_secs(1),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            crowded_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            housekeeping_interval: Duration::from_mins(1),
            unused_guest_timeout: Duration::from_mins(10),
            retention_interval: Duration::from_mins(10),
            certificate_interval: Duration::from_secs(5),
            drain_time: Duration::from_millis(1_500),
            stop_timeout: Duration::from_secs(3),
        }
    }
}
