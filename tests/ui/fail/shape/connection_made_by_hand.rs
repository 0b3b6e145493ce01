//! A connection is opened with `connect`, and a session with `new_session`.

include!("../../fixture.rs");

async fn example() {
    Surreal::new("ws://127.0.0.1:8000").await;
    Session::new("ws://127.0.0.1:8000").await;
}
