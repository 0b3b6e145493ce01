//! A server with its store on disk that is stopped and started at one address.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use surreal_session_embedded::{Builder, Embedded};
use tokio::task::spawn_blocking;

use crate::unique;

/// A server with its store on disk, whose root user is `root` with the password `root`.
///
/// It runs in this process, or as the program that `SURREAL_SERVE` names: the example `serve` of
/// `surreal-session-embedded`, built by `benchmarks/server --build`.
#[derive(Debug)]
pub struct DiskServer {
    directory: PathBuf,
    url: String,
    running: Option<Running>,
}

#[derive(Debug)]
enum Running {
    Inside(Embedded),
    Program(Child),
}

impl DiskServer {
    /// Starts a server with an empty store.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn start() -> Self {
        let directory = std::env::temp_dir().join(unique("surreal-session"));
        let _ = fs::remove_dir_all(&directory);
        let mut server = Self { directory, url: String::new(), running: None };
        server.start_again().await;
        server
    }

    /// The URL, which stays the same.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process id, if it runs as a program.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        match &self.running {
            Some(Running::Program(program)) => Some(program.id()),
            _ => None,
        }
    }

    /// Stops it in order: clients get what is queued for them.
    ///
    /// # Panics
    ///
    /// If the program cannot be waited for.
    pub async fn stop(&mut self) {
        match self.running.take() {
            Some(Running::Inside(server)) => server.shutdown().await,
            Some(Running::Program(mut program)) => {
                // It ends at the end of its input.
                drop(program.stdin.take());
                spawn_blocking(move || program.wait()).await.unwrap().unwrap();
            }
            None => {}
        }
    }

    /// Stops it like a crash: a program gets `SIGKILL`.
    ///
    /// # Panics
    ///
    /// If the program cannot be killed.
    pub async fn kill(&mut self) {
        match self.running.take() {
            Some(Running::Inside(server)) => server.kill().await,
            Some(Running::Program(mut program)) => {
                program.kill().unwrap();
                spawn_blocking(move || program.wait()).await.unwrap().unwrap();
            }
            None => {}
        }
    }

    /// Starts it again with the same store, at the same address.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn start_again(&mut self) {
        let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
        let (running, url) = match std::env::var_os("SURREAL_SERVE") {
            Some(program) => start_program(program.into(), self.directory.clone(), port).await,
            None => start_inside(Embedded::builder().path(&self.directory).port(port)).await,
        };
        self.running = Some(running);
        self.url = url;
    }
}

async fn start_inside(settings: Builder) -> (Running, String) {
    let server = settings.start().await.unwrap();
    let url = server.url().to_owned();
    (Running::Inside(server), url)
}

async fn start_program(program: PathBuf, directory: PathBuf, port: u16) -> (Running, String) {
    let start = move || {
        let mut command = Command::new(&program);
        command.arg("--path").arg(&directory).arg("--port").arg(port.to_string());
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut url).unwrap();
        (Running::Program(program), url.trim().to_owned())
    };
    let (running, url) = spawn_blocking(start).await.unwrap();
    assert!(url.starts_with("ws://"), "the program printed no URL");
    (running, url)
}

impl Drop for DiskServer {
    fn drop(&mut self) {
        if let Some(Running::Program(program)) = &mut self.running {
            let _ = program.kill();
            let _ = program.wait();
        }
        remove(&self.directory);
    }
}

fn remove(directory: &Path) {
    // A server in this process may still write to it; the system's folder for temporary files is emptied some time.
    let _ = fs::remove_dir_all(directory);
}
