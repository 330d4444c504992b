//! What the kernel tells about the memory of a process, in `/proc`. PostgreSQL's processes are others, and do not count.

use std::fs;

use crate::Failure;

/// What a process holds now, in MiB.
pub fn held(pid: i32) -> Result<f64, Failure> {
    read(pid, "VmRSS:")
}

/// The most that it has held since it was started, in MiB.
pub fn peak(pid: i32) -> Result<f64, Failure> {
    read(pid, "VmHWM:")
}

fn read(pid: i32, name: &str) -> Result<f64, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("the kernel tells no such thing")?;
    let kibibytes: u32 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kibibytes) / 1024.0)
}
