//! A placeholder is a record, and fields of it.

include!("../../fixture.rs");

fn example() {
    let _ = surql!("SELECT * FROM {Usr}");
    let _ = surql!("SELECT * FROM {Plain}");
    let _ = surql!("SELECT * FROM {User} WHERE {User.agee} > 18");
    let _ = surql!("SELECT * FROM {User} WHERE {User.address.town} = 'London'");
    let _ = surql!("SELECT * FROM {User} WHERE {User.name.first} = 'Ada'");
    let _ = surql!("SELECT * FROM {User} WHERE {Plain.name} = 'Ada'");
}
