//! Lines for stderr and stdout, written by a thread of their own: whoever has something to say never waits for a
//! reader, and never fails for want of one.

use crate::lock::lock;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The most bytes that wait to be written; further lines are lost, and counted.
const MOST: usize = 1024 * 1024;
/// How long the end of the program waits for what is still to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Before a descriptor that takes nothing at the moment, and does not block, is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// A way out for lines.
#[derive(Clone, Debug)]
pub struct Output(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<u8>,
    /// The lines that were not written, and of which nobody was told yet.
    lost: usize,
    closing: bool,
    closed: bool,
}

impl Output {
    /// To stderr, where the log goes.
    ///
    /// # Errors
    /// When the system has no descriptor or no thread left.
    pub fn stderr() -> io::Result<Self> {
        Self::to("log", io::stderr())
    }

    /// To stdout.
    ///
    /// # Errors
    /// When the system has no descriptor or no thread left.
    pub fn stdout() -> io::Result<Self> {
        Self::to("printed", io::stdout())
    }

    /// By a descriptor of its own: whoever holds the standard library's lock on a stream may hold it for ever.
    fn to(kind: &'static str, stream: impl AsFd) -> io::Result<Self> {
        let file = File::from(stream.as_fd().try_clone_to_owned()?);
        let output = Self(Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() }));
        let writing = output.clone();
        thread::Builder::new().name(format!("{kind} lines")).spawn(move || writing.write_all_to(file, kind))?;
        Ok(output)
    }

    /// Writes a line, in time.
    pub fn line(&self, text: impl Display) {
        self.push(format!("{text}\n").as_bytes());
    }

    /// Waits until what was said is written, but not for long.
    pub fn close(&self) {
        let mut queue = self.queue();
        queue.closing = true;
        self.0.changed.notify_all();
        let ended = self.0.changed.wait_timeout_while(queue, LAST_WORDS, |queue| !queue.closed);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.0.queue)
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.queue();
        if queue.waiting.len().saturating_add(line.len()) > MOST {
            queue.lost += lines(line);
            return;
        }
        queue.waiting.extend_from_slice(line);
        self.0.changed.notify_all();
    }

    /// The life of the thread.
    fn write_all_to(&self, mut file: File, kind: &str) {
        let (mut works, mut torn) = (true, false);
        loop {
            if works {
                self.tell_lost(kind);
            }
            let Some(mut bytes) = self.take() else { break };
            if torn {
                bytes.insert(0, b'\n');
            }
            let (written, missing) = bytes.split_at(write(&mut file, &bytes));
            works = missing.is_empty();
            torn = written.last().map_or(torn, |last| *last != b'\n');
            self.queue().lost += lines(missing);
        }
        self.queue().closed = true;
        self.0.changed.notify_all();
    }

    /// Everything that waits, once there is something; `None` at the end.
    fn take(&self) -> Option<Vec<u8>> {
        let idle = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closing;
        let mut queue = self.0.changed.wait_while(self.queue(), idle).unwrap_or_else(PoisonError::into_inner);
        Some(std::mem::take(&mut queue.waiting)).filter(|bytes| !bytes.is_empty())
    }

    /// In the log like anything else, when there is room for it again.
    fn tell_lost(&self, kind: &str) {
        let mut queue = self.queue();
        let lost = if queue.waiting.len() < MOST / 2 { std::mem::take(&mut queue.lost) } else { 0 };
        drop(queue);
        if lost > 0 {
            tracing::error!(lost, "{kind} lines were lost: nobody read them in time, or the disk is full");
        }
    }
}

/// What logging writes to. Never fails: tracing would print that it failed, where that cannot be printed either.
impl Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(bytes: &[u8]) -> usize {
    bytes.split_inclusive(|byte| *byte == b'\n').count()
}

/// How many bytes were written before it went no further.
fn write(file: &mut impl Write, bytes: &[u8]) -> usize {
    let mut left = bytes;
    while !left.is_empty() {
        match file.write(left) {
            Ok(0) => break,
            Ok(count) => left = left.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(_) => break,
        }
    }
    bytes.len() - left.len()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, pipe};

    use super::{MOST, Output, write};

    #[test]
    fn whoever_says_something_never_waits_and_what_is_lost_is_counted() {
        let (mut reader, writer) = pipe().unwrap();
        let output = Output::to("test", &writer).unwrap();
        drop(writer);
        let line = "x".repeat(1023);
        // The pipe and the queue take a part of it. Nobody reads.
        let said = 2 * MOST / 1024;
        for _ in 0..said {
            output.line(&line);
        }
        let lost = output.queue().lost;
        assert!(lost > 0 && lost < said, "{lost}");
        output.close();

        // Nothing of it is torn.
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text
        });
        drop(output);
        let text = reading.join().unwrap();
        assert_eq!(text.lines().count(), said - lost);
        assert!(text.lines().all(|read| read == line));
    }

    #[test]
    fn what_does_not_fit_on_the_disk_is_told_from_what_does() {
        let mut disk = [0_u8; 5];
        assert_eq!(write(&mut &mut disk[..], b"one\ntwo\n"), 5);
        assert_eq!(&disk, b"one\nt");
    }
}
