//! What the tests share: a database of their own, the application on a port of its own, a browser-like client.

pub mod app;
pub mod books;
pub mod client;
pub mod db;
pub mod money;
pub mod process;
pub mod raw;
pub mod redis;
pub mod rows;

pub use app::TestApp;
pub use client::{Client, Reply};

/// Defines `name::sqlite` and `name::postgres`, each with an application and a database of its own.
///
/// `app_test!(name, with [("VARIABLE", "value")], |app| { … })` changes settings.
macro_rules! app_test {
    ($(#[$meta:meta])* $name:ident, |$app:ident| $body:block) => {
        app_test!($(#[$meta])* $name, with [], |$app| $body);
    };
    ($(#[$meta:meta])* $name:ident, with $settings:expr, |$app:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn behaves($app: &$crate::support::TestApp) $body

            #[actix_web::test]
            async fn sqlite() {
                let db = $crate::support::db::TestDb::sqlite().await;
                let app = $crate::support::TestApp::start_with(db, &$settings).await;
                behaves(&app).await;
                app.stop().await;
            }

            #[actix_web::test]
            async fn postgres() {
                let db = $crate::support::db::TestDb::postgres().await;
                let app = $crate::support::TestApp::start_with(db, &$settings).await;
                behaves(&app).await;
                app.stop().await;
            }
        }
    };
}
