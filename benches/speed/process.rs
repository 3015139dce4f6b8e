//! CPU time and memory of processes, and the cores that they run on.

use std::{fs, process::Command, time::Duration};

use rlimit::Resource;

use super::failure::Failure;

/// The unit of CPU times in `/proc`: `USER_HZ`, which is 100 wherever Linux runs.
const TICKS_PER_SECOND: u64 = 100;

/// The CPU time of all threads of a process, in user space and in the kernel.
pub(crate) fn cpu_time(id: u32) -> Result<Duration, Failure> {
    // utime and stime
    Ok(duration(stat(id)?[11..13].iter().sum()))
}

/// The same, and that of children that have ended.
pub(crate) fn cpu_time_with_ended_children(id: u32) -> Result<Duration, Failure> {
    // utime, stime, cutime and cstime
    Ok(duration(stat(id)?[11..15].iter().sum()))
}

/// The children of a process that have not ended.
pub(crate) fn children(id: u32) -> Result<Vec<u32>, Failure> {
    let is_child = |child: &u32| stat(*child).is_ok_and(|fields| fields[1] == u64::from(id));
    Ok(all()?.into_iter().filter(is_child).collect())
}

/// All processes.
pub(crate) fn all() -> Result<Vec<u32>, Failure> {
    let names = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.parse().ok()).collect())
}

/// The fields of `/proc/PID/stat` after the process name, which may contain spaces. Those that are no counts are 0.
fn stat(id: u32) -> Result<Vec<u64>, Failure> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields.split(' ').map(|field| field.parse().unwrap_or(0)));
    let fields: Vec<u64> = fields.into_iter().flatten().collect();
    if fields.len() < 15 { Err("/proc/PID/stat has an unknown format".into()) } else { Ok(fields) }
}

fn duration(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// How long a core has been busy, for any process.
pub(crate) fn busy_time(core: usize) -> Result<Duration, Failure> {
    let stat = fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).ok_or("no such core in /proc/stat")?;
    // user, nice, system, idle, iowait, irq, softirq, steal; the later fields are included in user already.
    let ticks = line.split(' ').take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4));
    let ticks: u64 = ticks.map(|(_, field)| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(duration(ticks))
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
    if core < cores() { move_to_cores(std::process::id(), &core.to_string()) } else { Ok(()) }
}

/// Moves all threads of a process to a list of cores, such as `0,1` or `0-3`.
pub(crate) fn move_to_cores(id: u32, cores: &str) -> Result<(), Failure> {
    let output = Command::new("taskset").args(["-a", "-c", "-p", cores, &id.to_string()]).output()?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}

/// Raises the limit of open files, because both ends need ten thousand connections and more. The servers inherit it.
pub(crate) fn allow_many_files() -> Result<(), Failure> {
    let most = fs::read_to_string("/proc/sys/fs/nr_open")?.trim().parse()?;
    // Only root may go beyond the hard limit, and in many containers not even root.
    if Resource::NOFILE.set(most, most).is_err() {
        rlimit::increase_nofile_limit(most)?;
    }
    Ok(())
}

/// How many files this process may open.
pub(crate) fn max_files() -> Result<u64, Failure> {
    Ok(Resource::NOFILE.get_soft()?)
}

/// How many cores the machine has, even if this process may not use all of them.
pub(crate) fn cores() -> usize {
    let list = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    list.lines().filter(|line| line.starts_with("processor")).count().max(1)
}
