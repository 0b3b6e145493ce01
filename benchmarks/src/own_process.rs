//! Parts of a program in processes of their own, so that memory and processor time are theirs alone.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process that runs a part of this program. It ends when this is dropped.
#[derive(Debug)]
pub struct OwnProcess {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl OwnProcess {
    /// Starts this program again. [`part`](Self::part) is then this name.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn start(part: &str) -> Self {
        let mut child = Command::new(env::current_exe().expect("the path of this program"))
            .args(env::args().skip(1))
            .env(PART, part)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { input: child.stdin.take(), child, output }
    }

    /// The part that this process runs; `None` in the first one.
    #[must_use]
    pub fn part() -> Option<String> {
        env::var(PART).ok()
    }

    /// Reads the next line that it prints; empty if it has ended.
    ///
    /// # Panics
    ///
    /// If it is not text.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    /// Writes a line to its standard input.
    ///
    /// # Panics
    ///
    /// If it has ended.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("a pipe"), "{line}").expect("it runs");
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The resident memory of this process, in bytes.
#[must_use]
pub fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// The most that it has been.
#[must_use]
pub fn peak_bytes() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().map_or(0, |kilobytes: u64| kilobytes * 1024)
}

const PART: &str = "BENCHMARK_PART";
