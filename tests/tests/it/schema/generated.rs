//! Models that are generated from a database.

#[expect(unreachable_pub, reason = "a file of an example")]
#[path = "../../../../examples/generate_models/models.rs"]
mod models;
#[expect(unreachable_pub, reason = "a file that a program has in its root")]
/// The models of `shop.surql`. With `UPDATE_MODELS=1`, the test writes the file.
mod shop;

use std::{env, fs};

use surreal_session::prelude::*;
use surreal_session_tests::async_test;

use super::empty;

#[async_test(not_send)]
async fn generated_models_compile_and_verify_clean() {
    let session = empty().await;
    session.execute(include_str!("generated/shop.surql")).await.unwrap();
    let code = models::generate(&session).await.unwrap();
    if env::var("UPDATE_MODELS").is_ok() {
        fs::write("tests/it/schema/generated/shop.rs", &code).unwrap();
    }
    let squeezed = |code: &str| code.replace([' ', '\n', ','], "");
    assert_eq!(squeezed(&code), squeezed(include_str!("generated/shop.rs")), "the models in `shop.rs` are others");
    let report = session.verify::<shop::All>().await.unwrap();
    assert!(report.is_clean(), "{report}");
    let product = shop::NewProduct {
        price: "1.5".parse().unwrap(),
        state: None,
        body: "Rust".into(),
        embedding: vec![0.5, 1.0, 1.5],
        tags: Vec::new(),
        matrix: vec![vec![1.0]],
        any: Value::None,
    };
    let product = session.create::<shop::Product>().id(7).content(product).await.unwrap();
    assert_eq!(product.state, shop::ProductState::Draft);
}

#[async_test(not_send)]
async fn empty_database_has_no_models() {
    let session = empty().await;
    let code = models::generate(&session).await.unwrap();
    assert!(session.verify::<()>().await.unwrap().is_clean());
    assert!(code.contains("pub type All = ();"), "{code}");
}
