//! PostgreSQL's programs, run as a user that they accept: they refuse root.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

#[derive(Clone, Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    /// Who runs them, if it is somebody else.
    user: Option<OtherUser>,
}

#[derive(Clone, Debug)]
struct OtherUser {
    name: String,
    group: String,
}

impl Programs {
    /// Finds those that `script/bootstrap` has installed.
    pub(super) fn find() -> Result<Self, Failure> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/postgres");
        let folder = output(Command::new(&script).arg("programs"))?.into();
        let name = output(Command::new(&script).arg("user"))?;
        let user = if name == output(Command::new("id").arg("-un"))? {
            None
        } else {
            Some(OtherUser { group: output(Command::new("id").args(["-g", &name]))?, name })
        };
        Ok(Self { folder, user })
    }

    /// A program, to be run as the user. It ends with the thread that starts it.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if let Some(OtherUser { name, group }) = &self.user {
            command.args(["--reuid", name, "--regid", group, "--clear-groups"]);
        }
        command.args(["--pdeathsig", "KILL", "--"]).arg(self.folder.join(program)).current_dir("/");
        command
    }

    /// Gives a file to the user.
    pub(super) fn give(&self, path: &Path) -> Result<(), Failure> {
        if let Some(OtherUser { name, group }) = &self.user {
            output(Command::new("chown").arg(format!("{name}:{group}")).arg(path))?;
        }
        Ok(())
    }

    /// Whether the user can enter a folder, and with it all folders above.
    pub(super) fn can_enter(&self, folder: &Path) -> bool {
        let Some(OtherUser { name, group }) = &self.user else { return true };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", name, "--regid", group, "--clear-groups", "--", "test", "-x"]).arg(folder);
        command.status().is_ok_and(|status| status.success())
    }
}

/// What a program prints, without the end of the line.
pub(super) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}
