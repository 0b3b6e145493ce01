//! A live query follows the records of a table, without an order or an end, in a session.

include!("../../fixture.rs");

async fn example(session: Session, tx: Transaction) -> surreal_session::Result<()> {
    session.live::<Vec<User>>().await?;
    session.live::<User>().id(Id::<Company>::new("acme")).await?;
    session.live::<User>().filter(|_| Condition::<Company>::raw("true")).await?;
    session.live::<User>().fetch(|u| u.name).await?;
    session.live::<User>().view::<Card>().await?;
    session.live::<Company>().view::<Card>().diff().await?;
    session.live::<User>().limit(10).await?;
    session.live::<User>().order_by(|u| u.name.asc()).await?;
    tx.live::<User>().await?;
    Ok(())
}

async fn forgotten_await(session: Session) {
    session.live::<User>().next().await;
}

fn applied_to_a_view(mut card: Card, ops: &[PatchOp]) -> surreal_session::Result<()> {
    card.apply(ops)
}
