//! The program as shells and service managers start it.

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::support::{PROGRAM, TestProcess, TestServer, with_timeout};

/// The names of the environment variables that `teahouse … --help` tells of.
fn variables(arguments: &[&str]) -> Vec<String> {
    let help = Command::new(PROGRAM).args(arguments).arg("--help").output().expect("the program").stdout;
    let help = String::from_utf8(help).expect("text");
    let names = help.split("[env: ").skip(1).filter_map(|rest| rest.split_once('='));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn with_empty_variables(mut command: Command, arguments: &[&str]) -> Command {
    let names = variables(arguments);
    assert!(!names.is_empty());
    command.envs(names.into_iter().map(|name| (name, "")));
    command
}

#[tokio::test]
async fn empty_environment_variables_mean_the_defaults() {
    let folder = TempDir::new().expect("a folder");
    let server =
        TestProcess::start_with_command(with_empty_variables(Command::new(PROGRAM), &["serve"]), folder.path()).await;
    server.signal("TERM");
    assert!(server.exit().await.success());
}

#[tokio::test]
async fn subcommands_ignore_empty_environment_variables() {
    let folder = TempDir::new().expect("a folder");
    for arguments in [&["admin", "list"][..], &["backup", "copy.db"][..]] {
        let mut command = with_empty_variables(Command::new(PROGRAM), &arguments[..1]);
        command.args(arguments).current_dir(folder.path());
        let output = with_timeout("the command", spawn_blocking(move || command.output())).await.expect("no panic");
        let words = String::from_utf8(output.expect("the program").stderr).expect("text");
        // It looked into the folder that is the default, where nothing is, and did not stumble over an empty name.
        assert!(words.contains("data"), "{arguments:?}: {words}");
        assert!(!words.contains("a value is required"), "{arguments:?}: {words}");
    }
}

/// Runs `teahouse admin …`, which writes to `stdout`.
async fn admin(server: &TestServer, arguments: &[&str], stdout: impl Into<Stdio>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["admin", "--data"]).arg(&server.config().data).args(arguments);
    command.stdout(stdout).stderr(Stdio::piped());
    with_timeout("the command", spawn_blocking(move || command.output())).await.expect("no panic").expect("the program")
}

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("a disk that is always full").into()
}

#[tokio::test]
async fn output_that_cannot_be_written_is_an_error_without_a_panic() {
    let server = TestServer::start().await;
    for arguments in [&["list"][..], &["audit"], &["invite"], &["sanctions"]] {
        let output = admin(&server, arguments, full()).await;
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!words.contains("panicked"), "{arguments:?}: {words}");
        // Where there was nothing to say, nothing was lost.
        let is_silent = words.is_empty() && output.status.success();
        assert!(is_silent || (words.contains("cannot write the answer") && output.status.code() == Some(1)), "{words}");
    }
}

#[tokio::test]
async fn a_closed_pipe_is_not_an_error() {
    let server = TestServer::start().await;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = admin(&server, &["invite"], writer).await;
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

/// A server whose standard output is of no use. Its log says when it is ready.
fn serve_with_output(redirection: &str, data: &Path) -> Child {
    let script = format!("exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\" {redirection}");
    let child = Command::new("sh").args(["-c", &script, PROGRAM]).arg(data).stderr(Stdio::piped()).spawn();
    child.expect("a shell")
}

#[tokio::test]
async fn a_server_runs_without_a_reader_of_its_output() {
    for redirection in [">&-", ">/dev/full", ">&- <&-"] {
        let folder = TempDir::new().expect("a folder");
        let mut child = serve_with_output(redirection, folder.path());
        let answered = with_timeout("the server to answer", async {
            loop {
                let mut command = Command::new(PROGRAM);
                command.args(["admin", "invite", "--data"]).arg(folder.path());
                let output = spawn_blocking(move || command.output()).await.expect("no panic").expect("the program");
                if output.status.success() {
                    break;
                }
                // Not there yet: it must not have ended.
                assert_eq!(child.try_wait().expect("a child"), None, "{redirection}");
            }
        });
        answered.await;
        let stop = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(stop.success());
        let log = child.stderr.take().expect("its log");
        let lines: Vec<_> = BufReader::new(log).lines().map_while(Result::ok).collect();
        assert!(child.wait().expect("its end").success(), "{redirection}: {lines:?}");
        assert!(!lines.iter().any(|line| line.contains("panicked")), "{redirection}: {lines:?}");
    }
}
