//! What the kernel tells about processes, in `/proc`.

use std::fs;
use std::time::Duration;

use crate::Failure;

/// The kernel tells times in these, on every Linux of today.
const TICK: Duration = Duration::from_millis(10);

/// The numbers of `/proc/<pid>/stat`.
struct Stat {
    parent: i32,
    own: u32,
    ended_children: u32,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in brackets, may hold anything: numbers come after the last bracket, from the third on.
        let (_, rest) = text.rsplit_once(')')?;
        let numbers: Vec<&str> = rest.split_whitespace().collect();
        let number = |field: usize| numbers.get(field - 3)?.parse::<u32>().ok();
        let (user, system, user_children, system_children) = (number(14)?, number(15)?, number(16)?, number(17)?);
        let parent = numbers.get(1)?.parse().ok()?;
        Some(Self { parent, own: user + system, ended_children: user_children + system_children })
    }
}

/// The CPU time so far of a process and its children, those that have ended included.
pub fn cpu_time(pid: i32) -> Result<Duration, Failure> {
    let root = Stat::read(pid).ok_or_else(|| format!("cannot read /proc/{pid}/stat: this needs Linux"))?;
    let mut ticks = root.own + root.ended_children;
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(other) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended meanwhile is counted with its parent, one read later.
        if let Some(stat) = Stat::read(other).filter(|stat| stat.parent == pid) {
            ticks += stat.own;
        }
    }
    Ok(TICK * ticks)
}

/// Forgets the peak of a process's memory.
pub fn forget_peak(pid: i32) -> Result<(), Failure> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").map_err(Into::into)
}

/// The most memory that a process has had since, in MiB.
pub fn peak_memory(pid: i32) -> Result<f64, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel tells no VmHWM")?;
    let kibibytes: u32 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kibibytes) / 1024.0)
}

/// What the machine is: processors, how many, kernel.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = name.map_or("unknown processor", |(_, name)| name);
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{count} × {name}, Linux {}", kernel.trim())
}

/// How busy the machine has been in the last minute.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}
