//! Work of the client whose instructions `benchmarks/instructions` counts: `instructions WORK TIMES`.
//!
//! The server is this program in another process, which answers with bytes that are ready.

use std::env;
use std::hint::black_box;

use surreal_session::prelude::{Queryable, Session};
use surreal_session::{Result, Surreal};
use surreal_session_benchmarks::{Item, NewItem, OwnProcess, STUB_ROWS, run_stub};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    if OwnProcess::part().is_some() {
        run_stub().await;
        return Ok(());
    }
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [work, times] = arguments.as_slice() else { panic!("usage: instructions WORK TIMES") };
    let mut stub = OwnProcess::start("stub");
    let session = Session::from(Surreal::connect(stub.line()).await?);
    for number in 0..times.parse().expect("a number") {
        work_once(&session, work, number).await?;
    }
    Ok(())
}

async fn work_once(session: &Session, work: &str, number: u64) -> Result<()> {
    match work {
        "content" => drop(black_box(NewItem::numbered(number))),
        "statement" => {
            black_box(session.create::<Item>().content(NewItem::numbered(number)).to_surql());
        }
        "call" => session.execute("RETURN 1").await?,
        "create" => drop(session.create::<Item>().content(NewItem::numbered(number)).await?),
        "encode" => {
            let items: Vec<_> = (0..STUB_ROWS).map(NewItem::numbered).collect();
            session.insert(items).return_none().await?;
        }
        "decode" => assert_eq!(session.select::<Item>().await?.len() as u64, STUB_ROWS),
        _ => panic!("unknown work {work}"),
    }
    Ok(())
}
