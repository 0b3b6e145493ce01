//! What conditions mean on the server.

mod random;
