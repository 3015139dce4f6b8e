//! The command line, as shells and service managers use it.

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::support::{PROGRAM, TestProcess, TestServer, with_timeout};

/// The names of the environment variables in the output of `teahouse … --help`.
fn variables(arguments: &[&str]) -> Vec<String> {
    let help = Command::new(PROGRAM).args(arguments).arg("--help").output().expect("the program").stdout;
    let help = String::from_utf8(help).expect("text");
    let names = help.split("[env: ").skip(1).filter_map(|rest| rest.split_once(['=', ']']));
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
        let stderr = String::from_utf8(output.expect("the program").stderr).expect("text");
        // The command used the default data folder, which does not exist, and did not reject the empty variable.
        assert!(stderr.contains("data"), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("a value is required"), "{arguments:?}: {stderr}");
    }
}

/// Runs `teahouse admin …` with this standard output.
async fn admin(server: &TestServer, arguments: &[&str], stdout: impl Into<Stdio>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["admin", "--data"]).arg(&server.config().data).args(arguments);
    command.stdout(stdout).stderr(Stdio::piped());
    with_timeout("the command", spawn_blocking(move || command.output())).await.expect("no panic").expect("the program")
}

fn dev_full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("a disk that is always full").into()
}

#[tokio::test]
async fn output_that_cannot_be_written_is_an_error_without_a_panic() {
    let server = TestServer::start().await;
    for arguments in [&["list"][..], &["audit"], &["invite"], &["sanctions"]] {
        let output = admin(&server, arguments, dev_full()).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        // A command that prints nothing succeeds.
        let wrote_nothing = stderr.is_empty() && output.status.success();
        assert!(
            wrote_nothing || (stderr.contains("cannot write the answer") && output.status.code() == Some(1)),
            "{stderr}"
        );
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

/// Starts a server whose standard output is redirected by the shell.
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
        let ready = with_timeout("the server to answer", async {
            loop {
                let mut command = Command::new(PROGRAM);
                command.args(["admin", "invite", "--data"]).arg(folder.path());
                let output = spawn_blocking(move || command.output()).await.expect("no panic").expect("the program");
                if output.status.success() {
                    break;
                }
                // Not ready yet, but it must not have exited.
                assert_eq!(child.try_wait().expect("a child"), None, "{redirection}");
            }
        });
        ready.await;
        let kill = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(kill.success());
        let log = child.stderr.take().expect("piped stderr");
        let lines: Vec<_> = BufReader::new(log).lines().map_while(Result::ok).collect();
        assert!(child.wait().expect("an exit status").success(), "{redirection}: {lines:?}");
        assert!(!lines.iter().any(|line| line.contains("panicked")), "{redirection}: {lines:?}");
    }
}
