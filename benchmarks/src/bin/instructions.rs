//! Work of the client whose instructions `benchmarks/instructions` counts: `instructions WORK TIMES`.
//!
//! The server is this program in another process, `instructions stub`, which answers with bytes that are ready.

use std::env;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use surreal_session::prelude::{Queryable, Session};
use surreal_session::{Result, Surreal};
use surreal_session_benchmarks::{Item, NewItem, STUB_ROWS, run_stub};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["stub"] => run_stub().await,
        [work, times] => run(work, times.parse().expect("a number")).await?,
        _ => panic!("usage: instructions WORK TIMES"),
    }
    Ok(())
}

async fn run(work: &str, times: u64) -> Result<()> {
    let program = env::current_exe().expect("the path of this program");
    let mut stub = Command::new(program)
        .arg("stub")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the stub starts");
    let mut url = String::new();
    BufReader::new(stub.stdout.as_mut().expect("a pipe")).read_line(&mut url).expect("a line");
    let session = Session::from(Surreal::connect(url.trim()).await?);
    for number in 0..times {
        work_once(&session, work, number).await?;
    }
    // Ends the stub.
    drop(stub.stdin.take());
    stub.wait().expect("the stub ends");
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
