//! The state of a connection at one moment.

/// The state of a connection when [`Surreal::status`](crate::Surreal::status) was called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStatus {
    /// The endpoints, in the order in which they were given to [`Surreal::connect`](crate::Surreal::connect).
    pub endpoints: Vec<EndpointStatus>,
    /// The number of sessions that are open on the server; a session without a call yet, or one that waits for its
    /// restoration, is not among them.
    pub sessions: usize,
    /// The number of calls that are queued or have no reply yet.
    pub calls_in_flight: usize,
    /// False when the connection is over for good.
    pub is_open: bool,
}

/// One endpoint of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStatus {
    /// The URL.
    pub url: String,
    /// The number of open sockets.
    pub sockets: usize,
}

impl ConnectionStatus {
    /// The number of open sockets of all endpoints.
    pub fn sockets(&self) -> usize {
        self.endpoints.iter().map(|endpoint| endpoint.sockets).sum()
    }
}
