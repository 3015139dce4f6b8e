//! What the kernel says of a process.

use std::{fs, process::Command, time::Duration};

use super::failure::Failure;

/// What the kernel counts a process's time in: `USER_HZ`, which is 100 wherever Linux runs.
const TICKS_PER_SECOND: u64 = 100;

/// How long processors have worked for a process, all its threads, in user space and in the kernel.
pub(crate) fn cpu_time(id: u32) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // Behind the name, which may have spaces: state is the first field, utime and stime the 12th and 13th.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/PID/stat has an unknown format")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

/// How long a core has worked, for whomever.
pub(crate) fn busy_time(core: usize) -> Result<Duration, Failure> {
    let stat = fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).ok_or("no such core in /proc/stat")?;
    // user, nice, system, idle, iowait, irq, softirq, steal; then what is in user already.
    let ticks = line.split(' ').take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4));
    let ticks: u64 = ticks.map(|(_, field)| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

/// The memory that a process has, in KiB.
pub(crate) fn resident_kib(id: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/PID/status")?;
    Ok(f64::from(line.trim().trim_end_matches(" kB").parse::<u32>()?))
}

/// A command that runs on one core only; as it is, where there is only one.
pub(crate) fn on_core(core: usize, program: &std::path::Path) -> Command {
    if core >= cores() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Moves this process to a core of its own.
pub(crate) fn move_to_core(core: usize) -> Result<(), Failure> {
    if core < cores() {
        let this = std::process::id().to_string();
        let output = Command::new("taskset").args(["-a", "-c", "-p", &core.to_string(), &this]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
    }
    Ok(())
}

/// How many the machine has, whatever this process may use.
pub(crate) fn cores() -> usize {
    let list = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    list.lines().filter(|line| line.starts_with("processor")).count().max(1)
}
