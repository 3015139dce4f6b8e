//! PostgreSQL for the measured nodes: each measurement gets a database of its own on the server of `script/postgres`,
//! which syncs its commits to the disk, has PostgreSQL's own settings, and is kept on the clients' core.

use std::{fs, path::Path, process::Command, time::Duration};

use super::{failure::Failure, process, settings::Settings};

/// An empty database. Dropping it deletes it.
pub(crate) struct Database {
    url: String,
    /// The id of PostgreSQL's first process; the others are its children.
    postmaster: u32,
}

impl Database {
    pub(crate) fn create(settings: &Settings) -> Result<Self, Failure> {
        let url = script(&["create", "--durable"])?;
        let mut database = Self { url, postmaster: 0 };
        database.postmaster = postmaster(&database.url)?;
        database.move_to_cores(&settings.postgres_cores)?;
        Ok(database)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The CPU time of all of PostgreSQL's processes, of those that have ended as well.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        let mut time = process::cpu_time_with_ended_children(self.postmaster)?;
        for child in process::children(self.postmaster)? {
            // It may have ended meanwhile.
            time += process::cpu_time(child).unwrap_or_default();
        }
        Ok(time)
    }

    /// Later children run where the first process does.
    fn move_to_cores(&self, cores: &str) -> Result<(), Failure> {
        process::move_to_cores(self.postmaster, cores)?;
        for child in process::children(self.postmaster)? {
            if let Err(failure) = process::move_to_cores(child, cores)
                && process::cpu_time(child).is_ok()
            {
                return Err(failure);
            }
        }
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Others use the server, too.
        let all_cores = format!("0-{}", process::cores() - 1);
        let outcome = self.move_to_cores(&all_cores).and(script(&["drop", &self.url]));
        if let Err(failure) = outcome {
            eprintln!("speed: the database remains: {failure}");
        }
    }
}

/// Runs `script/database`.
fn script(arguments: &[&str]) -> Result<String, Failure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/database");
    let output = Command::new(&script).args(arguments).output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    } else {
        Err(format!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// Finds the first process of the server behind a URL by its port.
fn postmaster(url: &str) -> Result<u32, Failure> {
    let port = url.rsplit_once('/').and_then(|(start, _)| start.rsplit_once(':')).map(|(_, port)| port);
    let port = port.ok_or("a URL without a port")?;
    for id in process::all()? {
        let command_line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let mut arguments = command_line.split(|byte| *byte == 0);
        let is_postgres = arguments.next().is_some_and(|program| program.ends_with(b"/postgres"));
        if is_postgres && arguments.skip_while(|argument| *argument != b"-p").nth(1) == Some(port.as_bytes()) {
            return Ok(id);
        }
    }
    Err(format!("no PostgreSQL with port {port}").into())
}
