//! The constructor takes the required fields in their order.

include!("../../fixture.rs");

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(constructor)]
struct Song {
    id: Id<Song>,
    title: String,
    seconds: u32,
    artist: Option<String>,
}

fn example() {
    let _ = NewSong::new();
    let _ = NewSong::new(7, 7);
    let _ = NewSong::new("title", "long");
    let _ = NewSong::new("title", 3).author("x");
    // Only on request.
    let _ = NewBook::new("title", 3);
}
