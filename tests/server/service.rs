//! The systemd unit in docs/ leaves few privileges to the service, and the server runs with them.
//!
//! No running systemd is needed: `systemd-analyze` rates the unit, and bubblewrap confines the server as systemd would,
//! with seccomp programs made from the unit's settings.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use reqwest::StatusCode;
use teahouse::domain::MessagesPage;
use tempfile::TempDir;

use super::support::{PROGRAM, TestClient, TestProcess};

/// The highest accepted exposure level, from 0 to 100; `systemd-analyze` prints a tenth of it.
const MAX_EXPOSURE: &str = "19";

/// The paths of the program and its data in the unit.
const INSTALLED_PROGRAM: &str = "/opt/teahouse/teahouse";
const DATA_FOLDER: &str = "/var/lib/teahouse";

/// The settings that [`Confined`] applies.
const APPLIED: [&str; 25] = [
    "CapabilityBoundingSet",
    "LimitCORE",
    "LimitNOFILE",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "MemoryMax",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateIPC",
    "PrivateMounts",
    "PrivateTmp",
    "PrivateUsers",
    "ProtectHome",
    "ProtectHostname",
    "ProtectProc",
    "ProtectSystem",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictSUIDSGID",
    "StateDirectory",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "SystemCallFilter",
    "TasksMax",
    "UMask",
];

/// Settings that only a running systemd can apply, or that are covered by those above.
const SYSTEMD_ONLY: [&str; 15] = [
    "ExecStart",
    "IPAddressAllow",
    "IPAddressDeny",
    "ProcSubset",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "RemoveIPC",
    "Restart",
    "RestrictRealtime",
    "StateDirectoryMode",
    "TimeoutStopSec",
    "User",
];

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn unit() -> PathBuf {
    checkout().join("docs/teahouse.service")
}

/// Returns the last value of a setting of the unit.
fn settings() -> Vec<(String, String)> {
    let text = fs::read_to_string(unit()).expect("the unit").replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn setting(name: &str) -> String {
    let mut values = settings().into_iter().filter(|(found, _)| found == name).map(|(_, value)| value);
    values.next_back().unwrap_or_else(|| panic!("the unit has no {name}"))
}

fn run(command: &mut Command) -> Output {
    let program = command.get_program().to_owned();
    command.output().unwrap_or_else(|error| panic!("{}: {error}; script/bootstrap installs it", program.display()))
}

fn is_exposed(unit: &Path) -> bool {
    let mut analysis = Command::new("systemd-analyze");
    analysis.args(["security", "--offline=true", "--no-pager", "--threshold", MAX_EXPOSURE]).arg(unit);
    let Output { status, stdout, stderr } = run(&mut analysis);
    let output = String::from_utf8_lossy(&stdout);
    assert!(output.contains("Overall exposure level"), "{output}{}", String::from_utf8_lossy(&stderr));
    !status.success()
}

/// Runs programs with the unit's restrictions, as far as that is possible without systemd.
struct Confined {
    data: TempDir,
    filters: TempDir,
}

impl Confined {
    fn new() -> Self {
        let confined =
            Self { data: TempDir::new().expect("a folder"), filters: TempDir::new().expect("a folder for filters") };
        // Debian's own Python has the bindings of libseccomp.
        let mut python = Command::new("/usr/bin/python3");
        python.arg(checkout().join("tests/server/service/filters.py")).arg(unit()).arg(confined.filters.path());
        let Output { status, stderr, .. } = run(&mut python);
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        confined
    }

    /// A command that runs `program`; arguments may be appended.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("prlimit");
        // Empty means SQLite: the unit is for that.
        command.env("TEAHOUSE_STORE", "");
        for limit in limits() {
            command.arg(limit);
        }
        let script =
            r#"umask "$1"; exec 3<"$2" 4<"$3"; shift 3; exec bwrap --add-seccomp-fd 3 --add-seccomp-fd 4 "$@""#;
        command.args(["sh", "-c", script, "sh", &setting("UMask")]);
        command.args(["calls", "arguments"].map(|filter| self.filters.path().join(filter)));
        // A user id of its own without capabilities, which cannot see other users' processes.
        command.args(["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--unshare-pid"]);
        command.args(["--unshare-ipc", "--unshare-uts", "--die-with-parent"]);
        command.args(["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]);
        let hidden_folders = ["/tmp", "/var/tmp", "/home", "/root", "/run/user", "/opt", "/var/lib"];
        for folder in hidden_folders.into_iter().filter(|folder| Path::new(folder).is_dir()) {
            command.args(["--tmpfs", folder]);
        }
        command.args(["--ro-bind", PROGRAM, INSTALLED_PROGRAM, "--remount-ro", "/opt"]);
        command.arg("--bind").arg(self.data.path()).args([DATA_FOLDER, "--remount-ro", "/var/lib"]);
        command.args(["--", program]);
        command
    }

    async fn serve(&self) -> TestProcess {
        TestProcess::start_with_command(self.command(INSTALLED_PROGRAM), Path::new(DATA_FOLDER)).await
    }

    /// Runs another command of the program. Returns its output.
    fn run_command(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } =
            run(self.command(INSTALLED_PROGRAM).args(arguments).args(["--data", DATA_FOLDER]));
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("text")
    }

    /// Whether this Python code runs without an error.
    fn can_run(&self, code: &str) -> bool {
        run(self.command("/usr/bin/python3").args(["-c", code])).status.success()
    }
}

/// The unit's limits for `prlimit`. Without systemd's control groups, the memory limit counts writable memory, and the
/// task limit counts by user.
fn limits() -> [String; 4] {
    let bytes =
        setting("MemoryMax").strip_suffix('G').and_then(|number| number.parse::<u64>().ok()).expect("gigabytes");
    // Only root can raise the hard limit.
    let files = format!("\"$(ulimit -Hn)\" {}", setting("LimitNOFILE"));
    let files = run(Command::new("sh").args(["-c", &format!("printf '%s\\n' {files} | sort -n | head -n1")])).stdout;
    let files = String::from_utf8(files).expect("a number");
    [
        format!("--nofile={0}:{0}", files.trim()),
        format!("--core={}", setting("LimitCORE")),
        format!("--data={}", bytes << 30),
        format!("--nproc={}", setting("TasksMax")),
    ]
}

/// Returns the process id of the server, which is a grandchild of bubblewrap.
fn server_process(sandbox: u32) -> String {
    let child = |process: String| {
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("its children");
        children.split_whitespace().next().expect("a child").to_owned()
    };
    child(child(sandbox.to_string()))
}

async fn history(process: &TestProcess, token: &str) -> Vec<String> {
    let address = format!("http://{}/api/conversations/lobby/messages", process.address);
    let response = reqwest::Client::new().get(address).bearer_auth(token).send().await.expect("a response");
    let page: MessagesPage = response.json().await.expect("a page");
    page.messages.iter().map(|message| message.body.as_str().to_owned()).collect()
}

#[test]
fn the_unit_has_an_exposure_below_two_of_ten() {
    let folder = TempDir::new().expect("a folder");
    let bare = folder.path().join("bare.service");
    fs::write(&bare, "[Service]\nExecStart=/opt/teahouse/teahouse\n").expect("a unit");
    assert!(is_exposed(&bare), "a unit without restrictions counts as exposed");
    assert!(!is_exposed(&unit()));
}

#[test]
fn every_setting_of_the_unit_is_tested_or_systemds_own() {
    let known: BTreeSet<_> =
        APPLIED.into_iter().chain(SYSTEMD_ONLY).chain(["Description", "After", "Wants", "WantedBy"]).collect();
    let settings = settings();
    let set: BTreeSet<_> = settings.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(set, known);
    let operating = fs::read_to_string(checkout().join("docs/operating.md")).expect("the document");
    assert!(operating.contains("(teahouse.service)"), "the document links this unit");
    assert!(!operating.contains("[Service]"), "the document contains no other unit");
}

#[test]
fn forbidden_actions_fail_in_the_unit() {
    let confined = Confined::new();
    assert!(confined.can_run("open('/var/lib/teahouse/mine', 'w'); open('/tmp/mine', 'w')"));
    assert!(
        confined.can_run("import os, sys; sys.exit(len(os.listdir('/root') + os.listdir('/home')))"),
        "the home folders look empty"
    );
    assert!(confined.can_run("import socket; socket.socket(socket.AF_INET6); socket.socket(socket.AF_UNIX)"));
    for line in [
        "open('/etc/mine', 'w')",
        "open('/opt/teahouse/mine', 'w')",
        "open('/var/lib/mine', 'w')",
        "import os; os.chmod('/var/lib/teahouse', 0o4700)",
        "import os; os.chown('/var/lib/teahouse', 0, 0)",
        "import os; os.sched_setaffinity(0, [0])",
        "import os; os.setuid(os.getuid())",
        "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100_000, 100_000))",
        "bytearray(3 << 30)",
        "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)",
        "import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)",
    ] {
        assert!(!confined.can_run(line), "{line}");
    }
}

#[tokio::test]
async fn the_server_works_completely_within_the_unit() {
    let confined = Confined::new();
    let process = confined.serve().await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let token = ming.token().to_owned();
    ming.send_message("from within").await;
    let ready = reqwest::get(format!("http://{}/readyz", process.address)).await.expect("a response");
    assert_eq!(ready.status(), StatusCode::OK);
    assert!(confined.run_command(&["admin", "list"]).contains("小明"));
    // Hashing a password needs memory and a thread.
    assert!(confined.run_command(&["admin", "create", "Alice"]).contains("the password is"));
    confined.run_command(&["backup", "/var/lib/teahouse/backup.db"]);
    assert!(confined.data.path().join("backup.db").exists());
    assert_eq!(history(&process, &token).await, ["from within"]);

    let inner = server_process(process.id());
    let output = |file: &str| fs::read_to_string(format!("/proc/{inner}/{file}")).expect("a file of /proc");
    let (status, limits) = (output("status"), output("limits"));
    for is_so in ["Seccomp:\t2", "NoNewPrivs:\t1", "CapEff:\t0000000000000000", "Umask:\t0077"] {
        assert!(status.contains(is_so), "{is_so}: {status}");
    }
    let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let files: Vec<_> = files.split_whitespace().skip(3).take(2).collect();
    assert_eq!(files[0], files[1], "the soft limit equals the hard limit: {files:?}");

    let stopped = Command::new("kill").args(["-TERM", &inner]).stdout(Stdio::null()).status().expect("kill");
    assert!(stopped.success() && process.exit().await.success());
    let again = confined.serve().await;
    assert_eq!(history(&again, &token).await, ["from within"], "the message survives a restart");
}
