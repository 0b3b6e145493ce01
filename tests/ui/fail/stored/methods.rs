//! The database form of a type decides which methods a field has.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Stored)]
struct Age(u8);

#[derive(Debug, Clone, Serialize, Deserialize, Stored)]
enum State {
    Open,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Shape {
    Circle(u8),
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: Age,
    state: State,
    shape: Shape,
}

fn filters(session: &Session) {
    drop(session.select::<User>().filter(|u| u.age.lowercase().is_some()));
    drop(session.select::<User>().filter(|u| u.age.gt(18)));
    drop(session.select::<User>().filter(|u| u.state.gt(State::Open)));
    drop(session.select::<User>().filter(|u| u.shape.gt(Shape::Circle(1))));
}

fn main() {}
