//! A TCP proxy that cuts its connections when it is told to.

use std::env;
use std::io;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::own_process::OwnProcess;

/// The part of [`OwnProcess`] that runs the proxy.
pub const CUTTER: &str = "cutter";

/// A proxy of the server, in a process of its own.
#[derive(Debug)]
pub struct Cutter {
    process: OwnProcess,
    /// The URL to connect to.
    pub url: String,
}

impl Cutter {
    /// Starts it. The program calls [`run_cutter`] when its part is [`CUTTER`].
    #[must_use]
    pub fn start() -> Self {
        let mut process = OwnProcess::start(CUTTER);
        let url = process.line();
        Self { process, url }
    }

    /// Closes all connections. New ones are accepted at once.
    pub fn cut(&mut self) {
        self.process.tell("cut");
        assert_eq!(self.process.line(), "cut");
    }
}

/// Runs the proxy until standard input ends.
///
/// # Panics
///
/// If there is no port.
pub async fn run_cutter() {
    let url = env::var("SURREAL_URL").expect("SURREAL_URL says where the server is");
    let server = url.trim_start_matches("ws://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("ws://{}", listener.local_addr().unwrap());
    let (cuts, cut) = watch::channel(());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(forward(client, server.clone(), cut.clone()));
        }
    });
    let commands = tokio::task::spawn_blocking(move || {
        for _ in io::stdin().lines() {
            let _ = cuts.send(());
            println!("cut");
        }
    });
    drop(commands.await);
}

async fn forward(mut client: TcpStream, server: String, mut cut: watch::Receiver<()>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    // The cuts before this connection do not concern it.
    cut.mark_unchanged();
    for socket in [&client, &server] {
        let _ = socket.set_nodelay(true);
    }
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = cut.changed() => {}
    }
}
