//! What the tests share: a database of their own, the application on a port of its own, a browser-like client.

pub mod app;
pub mod client;
pub mod db;
pub mod process;

pub use app::TestApp;
pub use client::{Client, Reply};

/// Defines `name::sqlite` and `name::postgres`, each with an application and a database of its own.
macro_rules! app_test {
    ($(#[$meta:meta])* $name:ident, |$app:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn behaves($app: &$crate::support::TestApp) $body

            #[actix_web::test]
            async fn sqlite() {
                let app = $crate::support::TestApp::start($crate::support::db::TestDb::sqlite().await).await;
                behaves(&app).await;
                app.stop().await;
            }

            #[actix_web::test]
            async fn postgres() {
                let app = $crate::support::TestApp::start($crate::support::db::TestDb::postgres().await).await;
                behaves(&app).await;
                app.stop().await;
            }
        }
    };
}
