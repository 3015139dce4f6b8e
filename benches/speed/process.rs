//! CPU time and memory of processes, and the cores that they run on.

use std::{fs, process::Command, time::Duration};

use super::failure::Failure;

/// The unit of CPU times in `/proc`: `USER_HZ`, which is 100 wherever Linux runs.
const TICKS_PER_SECOND: u64 = 100;

/// The CPU time of all threads of a process, in user space and in the kernel.
pub(crate) fn cpu_time(id: u32) -> Result<Duration, Failure> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // After the process name, which may contain spaces: field 1 is the state, fields 12 and 13 are utime and stime.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/PID/stat has an unknown format")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

/// How long a core has been busy, for any process.
pub(crate) fn busy_time(core: usize) -> Result<Duration, Failure> {
    let stat = fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).ok_or("no such core in /proc/stat")?;
    // user, nice, system, idle, iowait, irq, softirq, steal; the later fields are included in user already.
    let ticks = line.split(' ').take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4));
    let ticks: u64 = ticks.map(|(_, field)| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

/// The resident memory of a process, in KiB.
pub(crate) fn resident_kib(id: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/PID/status")?;
    Ok(f64::from(line.trim().trim_end_matches(" kB").parse::<u32>()?))
}

/// A command that runs on one core only, if the machine has that core.
pub(crate) fn on_core(core: usize, program: &std::path::Path) -> Command {
    if core >= cores() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Moves this process to one core, if the machine has that core.
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

/// How many cores the machine has, even if this process may not use all of them.
pub(crate) fn cores() -> usize {
    let list = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    list.lines().filter(|line| line.starts_with("processor")).count().max(1)
}
