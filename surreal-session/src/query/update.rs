//! UPDATE: changes of records that are there.

use super::write::{After, NeedsData, NeedsTarget, Updates, Write};

/// Records to be changed when awaited, giving them back as they are then.
///
/// It can be awaited once it says which records it is about, with [`id`](Write::id), [`filter`](Write::filter) or
/// [`all`](Write::all), and what it does to them, with one of [`merge`](Write::merge), [`set`](Write::set),
/// [`content`](Write::content), [`replace`](Write::replace) and [`patch`](Write::patch).
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if it is about one record and none came back, because it does not exist,
/// does not pass the filter, or the identity may not update or not read it, unless [`optional`](Write::optional); and if
/// the table does not exist (server 3.3.5). Otherwise what the table's schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). Repeating a dropped update is as safe as doing it twice.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u8, nickname: Option<String>, version: u32 }
/// # async fn example(session: Session, ada: User) -> surreal_session::Result<()> {
/// let older: User = session.update::<User>().id(&ada.id).merge(UserPatch { age: set(37), ..keep() }).await?;
/// let everybody: Vec<User> = session.update::<User>().all().set(|u| (u.age.add(1), u.nickname.unset())).await?;
///
/// // Only if nobody else has changed it since it was read.
/// let unchanged = session.update::<User>().id(&ada.id).filter(|u| u.version.eq(ada.version));
/// match unchanged.set(|u| (u.name.set("Ada L."), u.version.add(1))).optional().await? {
///     Some(ada) => println!("{}", ada.name),
///     None => println!("somebody was faster"),
/// }
/// # Ok(())
/// # }
/// ```
pub type Update<T, S = NeedsTarget, D = NeedsData, R = After<T>> = Write<Updates, T, S, D, R>;
