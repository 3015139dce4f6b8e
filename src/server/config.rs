//! What can be set from outside, with defaults that are safe on the open network.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use ipnet::IpNet;

use crate::{
    domain::{AdmissionPolicy, Nickname},
    server::{
        byte_size::ByteSize,
        net::{
            ip_network::parse_ip_network, public_url::PublicUrl, report_url::ReportUrl,
            security_contact::SecurityContact,
        },
    },
};

/// How the server is set up. Every option can be given as `TEAHOUSE_…` in the environment too.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address and port to serve on; port 0 takes a free one.
    #[arg(long, env = "TEAHOUSE_LISTEN", default_value_t = Self::default().listen)]
    pub listen: SocketAddr,

    /// Folder for everything that is kept.
    #[arg(long, env = "TEAHOUSE_DATA", default_value_os_t = Self::default().data)]
    pub data: PathBuf,

    /// Folder with another page than the one in the program.
    #[arg(long, env = "TEAHOUSE_SITE")]
    pub site: Option<PathBuf>,

    /// Another origin whose pages may connect, as `https://chat.example.org`; may be repeated.
    #[arg(long, env = "TEAHOUSE_ALLOW_ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<String>,

    /// The address by which everybody reaches this server, as `https://chat.example.org`. Then it goes by no other name.
    #[arg(long, env = "TEAHOUSE_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,

    /// Addresses and networks of proxies whose `X-Forwarded-…` headers are believed, as `127.0.0.1,10.0.0.0/8`.
    #[arg(long, env = "TEAHOUSE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_ip_network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Certificate chain, as PEM: to serve HTTPS without a proxy. A new one is taken up when the file changes.
    #[arg(long, env = "TEAHOUSE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key, as PEM.
    #[arg(long, env = "TEAHOUSE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Whom to tell of a weakness, as `mailto:security@example.org`: published as `/.well-known/security.txt`.
    #[arg(long, env = "TEAHOUSE_SECURITY_CONTACT")]
    pub security_contact: Option<SecurityContact>,

    /// Where browsers report what a page's policy stopped, as `https://reports.example.org/csp`.
    #[arg(long, env = "TEAHOUSE_CSP_REPORT_TO")]
    pub csp_report_to: Option<ReportUrl>,

    /// How much of the disk the data folder may take, as `10GB`; beyond that nothing new is taken in.
    #[arg(long, env = "TEAHOUSE_DISK_QUOTA")]
    pub disk_quota: Option<ByteSize>,

    /// How many days a guest who is away keeps the nickname.
    #[arg(long, env = "TEAHOUSE_GUEST_DAYS", default_value_t = Self::default().guest_days)]
    pub guest_days: NonZeroU32,

    /// How many days a registered user stays signed in before the password is asked for again.
    #[arg(long, env = "TEAHOUSE_SESSION_DAYS", default_value_t = Self::default().session_days)]
    pub session_days: NonZeroU32,

    /// How many days a registered user stays signed in without coming by.
    #[arg(long, env = "TEAHOUSE_IDLE_DAYS", default_value_t = Self::default().idle_days)]
    pub idle_days: NonZeroU32,

    /// What is removed for its age.
    #[command(flatten)]
    pub retention: RetentionDays,

    /// Who may come in.
    #[arg(long = "entry", env = "TEAHOUSE_ENTRY", value_enum, default_value_t)]
    pub admission_policy: AdmissionPolicy,

    /// Nickname of the registered user who owns the server; not given, it is whoever opens the link that is printed at the
    /// start while nobody does.
    #[arg(long, env = "TEAHOUSE_OWNER", value_parser = Nickname::parse_existing)]
    pub owner: Option<Nickname>,

    /// Lift rate limits and per-address caps: for benchmarks, or behind an edge that has its own.
    #[arg(long, env = "TEAHOUSE_UNLIMITED")]
    pub unlimited: bool,

    /// How much anybody may do.
    #[command(flatten)]
    pub limits: Limits,

    /// How long to wait for what.
    #[arg(skip)]
    pub timing: Timing,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data: PathBuf::from("data"),
            site: None,
            allow_origin: Vec::new(),
            public_url: None,
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            security_contact: None,
            csp_report_to: None,
            disk_quota: None,
            guest_days: some(30),
            session_days: some(30),
            idle_days: some(14),
            retention: RetentionDays::default(),
            admission_policy: AdmissionPolicy::default(),
            owner: None,
            unlimited: false,
            limits: Limits::default(),
            timing: Timing::default(),
        }
    }
}

/// After how many days something is removed for its age. Not given: never.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct RetentionDays {
    /// After how many days messages of guests are deleted; never if not given.
    #[arg(long, env = "TEAHOUSE_GUEST_MESSAGE_DAYS")]
    pub guest_message_days: Option<NonZeroU32>,

    /// After how many days the addresses that guests came from are forgotten, also those of bans.
    #[arg(long, env = "TEAHOUSE_ADDRESS_DAYS")]
    pub address_days: Option<NonZeroU32>,

    /// After how many days entries of the audit log are removed; never if not given.
    #[arg(long, env = "TEAHOUSE_AUDIT_DAYS")]
    pub audit_days: Option<NonZeroU32>,
}

/// How much anybody may do before being told to wait, or to go.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Limits {
    /// Connections altogether.
    #[arg(long = "max-connections", env = "TEAHOUSE_MAX_CONNECTIONS", default_value_t = Self::default().max_connections)]
    pub max_connections: usize,

    /// Connections of one address (for IPv6: of one /64 network).
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

    /// New guests of one address per minute, as many of them at once.
    #[arg(long = "guests-per-minute", env = "TEAHOUSE_GUESTS_PER_MINUTE",
          default_value_t = Self::default().guests_per_minute)]
    pub guests_per_minute: NonZeroU32,

    /// Nicknames that guests of one address may have at a time.
    #[arg(long = "guests-per-address", env = "TEAHOUSE_GUESTS_PER_ADDRESS",
          default_value_t = Self::default().guests_per_address)]
    pub guests_per_address: NonZeroU32,

    /// Wrong passwords that one address may show per minute, and that may be tried for one nickname; of right ones, ten times
    /// as many for one nickname.
    #[arg(long = "sign-ins-per-minute", env = "TEAHOUSE_SIGN_INS_PER_MINUTE",
          default_value_t = Self::default().sign_ins_per_minute)]
    pub sign_ins_per_minute: NonZeroU32,

    /// Requests to the HTTP API of one address per minute, a quarter of them at once.
    #[arg(long = "requests-per-minute", env = "TEAHOUSE_REQUESTS_PER_MINUTE",
          default_value_t = Self::default().requests_per_minute)]
    pub requests_per_minute: NonZeroU32,

    /// Commands of one user per minute, a twentieth of them at once, and four times as many of one address; more are
    /// answered `rate_limited`. A long one counts for each 1,024 bytes.
    #[arg(long = "commands-per-minute", env = "TEAHOUSE_COMMANDS_PER_MINUTE",
          default_value_t = Self::default().commands_per_minute)]
    pub commands_per_minute: NonZeroU32,

    /// Frames of any kind of one user per minute, a quarter of them at once, and twenty times as many of one address;
    /// with more the connection is closed.
    #[arg(long = "frames-per-minute", env = "TEAHOUSE_FRAMES_PER_MINUTE",
          default_value_t = Self::default().frames_per_minute)]
    pub frames_per_minute: NonZeroU32,

    /// How often one user may come back per minute, half of them at once; and ten times as many WebSockets that one
    /// address may begin.
    #[arg(long = "hellos-per-minute", env = "TEAHOUSE_HELLOS_PER_MINUTE",
          default_value_t = Self::default().hellos_per_minute)]
    pub hellos_per_minute: NonZeroU32,

    /// Bytes that one user is sent for the asking per minute, twice as many at once, and eight times as many of one
    /// address: what was missed, history, lists, pages. Beyond it, what was missed is a `reset`, and the rest waits.
    #[arg(long = "answer-bytes-per-minute", env = "TEAHOUSE_ANSWER_BYTES_PER_MINUTE",
          default_value_t = Self::default().answer_bytes_per_minute)]
    pub answer_bytes_per_minute: NonZeroU32,

    /// Bytes of the page's files that one address is sent per minute, twice as many at once.
    #[arg(long = "file-bytes-per-minute", env = "TEAHOUSE_FILE_BYTES_PER_MINUTE",
          default_value_t = Self::default().file_bytes_per_minute)]
    pub file_bytes_per_minute: NonZeroU32,

    /// How much one connection may leave unread before it is closed as too slow, in bytes.
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
            guests_per_minute: some(300),
            guests_per_address: some(200),
            sign_ins_per_minute: some(10),
            requests_per_minute: some(1_200),
            commands_per_minute: some(1_200),
            frames_per_minute: some(6_000),
            hellos_per_minute: some(120),
            answer_bytes_per_minute: some(4 * 1024 * 1024),
            file_bytes_per_minute: some(64 * 1024 * 1024),
            send_queue_bytes: 1024 * 1024,
        }
    }
}

pub(super) const fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a limit that lets something through")
}

/// How long to wait for what. Not options: there is no reason to change them, but for tests that would wait long.
#[derive(Clone, Debug)]
pub struct Timing {
    /// For a connection's first frame.
    pub hello_timeout: Duration,
    /// For a turn at coming in, when many do at once.
    pub sign_in_permit_timeout: Duration,
    /// Between pings to a connection.
    pub ping_interval: Duration,
    /// Until a connection from which nothing comes is closed; more than two pings.
    pub silence_timeout: Duration,
    /// For a simple-protocol client whose name somebody wants to give a sign of life, and for whoever wants it to show a token.
    pub liveness_timeout: Duration,
    /// For the peer to answer a close, or to take what is still to be sent before it.
    pub close_timeout: Duration,
    /// Between presence frames.
    pub presence_interval: Duration,
    /// For a connection's first request to begin, for a request's headers from its first byte, and for a TLS handshake.
    pub header_timeout: Duration,
    /// Between two requests of one connection; more than proxies keep theirs for.
    pub idle_timeout: Duration,
    /// In the place of both, and for a connection's first frame, while the server is nearly full.
    pub crowded_timeout: Duration,
    /// For a request to come to its end and be answered.
    pub request_timeout: Duration,
    /// For a peer to take anything of what is being sent to it.
    pub write_timeout: Duration,
    /// Between looks at whose time is over.
    pub housekeeping_interval: Duration,
    /// For a guest to come back with the token; then the nickname is given back.
    pub unused_guest_timeout: Duration,
    /// Between looks for messages that are too old.
    pub retention_interval: Duration,
    /// Between looks at the files of the certificate.
    pub certificate_interval: Duration,
    /// Until everything under way is given up when the server stops.
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
            stop_timeout: Duration::from_secs(3),
        }
    }
}
