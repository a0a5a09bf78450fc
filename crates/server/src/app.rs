//! The application: what every request finds, and the HTTP server around it.

use std::{io, net::TcpListener, num::NonZero, os::unix::fs::DirBuilderExt, sync::Arc, time::Duration};

use actix_web::{
    App as ActixApp, HttpServer,
    dev::Server,
    middleware::{Compress, from_fn},
    web::{self, Data, ServiceConfig},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use crate::{
    chat::{
        fanout::{self, Fanout},
        group::Group,
        hub::Hub,
        pace::Pace,
        presence::{self, Presences},
        sockets::{self, Sockets},
    },
    clock::Clock,
    config::Config,
    db::Db,
    http::{rate_limit, request_id, security_headers, shape, spa},
    limits::Limits,
    mail::Mailer,
    metrics::Metrics,
    operations,
    payments::gateway::Gateway,
    routes, worker,
};

/// Requests that are under way may take this long after a signal to stop.
const SHUTDOWN_SECONDS: u64 = 20;
/// A connection without a request is closed after this time; longer than a proxy keeps its own.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Settings and the handles of everything outside; shared by all requests.
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub mailer: Mailer,
    pub gateway: Gateway,
    pub clock: Clock,
    pub limits: Limits,
    pub content_security_policy: String,
    pub sockets: Arc<Sockets>,
    /// Who follows which thread here.
    pub hub: Arc<Hub>,
    /// Where sockets write together.
    pub group: Group,
    /// The line to the other nodes.
    pub fanout: Fanout,
    /// Who is here, as others see it.
    pub presences: Arc<Presences>,
    /// How fast clients of the chat talk.
    pub pace: Pace,
    pub metrics: Metrics,
    wake: Wake,
}

/// Each loop of the worker has a bell of its own, so that one call rings all of them.
#[derive(Default)]
pub struct Wake {
    pub notifications: Notify,
    pub jobs: Notify,
    pub gateway: Notify,
}

/// The application could not be built; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the data folder {0} cannot be created: {1}")]
    DataDir(String, io::Error),
    #[error("DATABASE_URL: the database cannot be opened: {0}")]
    Database(String),
    #[error("{0}")]
    Mail(#[from] crate::mail::MailError),
    #[error("PAYFAST_PROCESS_BASE: {0}")]
    Gateway(#[from] reqwest::Error),
    #[error("REDIS_URL: {0}")]
    Redis(#[from] redis::RedisError),
}

impl App {
    /// Opens everything that the settings name; runs no migration.
    pub fn build(config: Config, clock: Clock) -> Result<Self, BuildError> {
        // A second call in one process, as in tests, finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        private_folder(&config.data_dir)
            .map_err(|error| BuildError::DataDir(config.data_dir.display().to_string(), error))?;
        let db = Db::open(&config.database).map_err(|error| BuildError::Database(error.to_string()))?;
        let mailer = Mailer::new(&config.mail)?;
        let gateway = Gateway::new(&config.payfast, clock.clone())?;
        let limits = Limits::new(&config, clock.clone())?;
        let content_security_policy =
            security_headers::content_security_policy(&spa::inline_script_hashes(), &config.payfast.process_base);
        let fanout = Fanout::new(&config)?;
        let group = Group::new(&config.database);
        let pace = Pace::new(config.limits.factor);
        let config = Arc::new(config);
        Ok(Self {
            config,
            db,
            mailer,
            gateway,
            clock,
            limits,
            content_security_policy,
            sockets: Arc::default(),
            hub: Arc::default(),
            group,
            fanout,
            presences: Arc::default(),
            pace,
            metrics: Metrics::default(),
            wake: Wake::default(),
        })
    }

    /// Tells the worker that there is something to do now; a lost call only costs its poll interval.
    pub fn wake_worker(&self) {
        self.wake.notifications.notify_one();
        self.wake.jobs.notify_one();
        self.wake.gateway.notify_one();
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }
}

/// Makes a folder that only its owner reads: it holds the database, and mails with links that set passwords.
fn private_folder(path: &std::path::Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Everything that a server answers, for [`serve`].
pub fn configure(app: Data<App>) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |service| {
        service.app_data(app);
        routes::register(service);
    }
}

/// Runs the program's one future on the runtime that the server needs.
pub fn block_on<F: Future>(future: F) -> F::Output {
    actix_web::rt::System::new().block_on(future)
}

/// Answers on `listener` and does the background work, until a signal stops both.
///
/// A server without its worker would take notifications and never apply them, so both end together.
pub async fn run(app: App, listener: TcpListener) -> io::Result<()> {
    let app = Data::new(app);
    let server = serve(app.clone(), listener)?;
    let handle = server.handle();
    if let Some(bind) = &app.config.metrics.bind {
        let listener =
            TcpListener::bind(bind).map_err(|error| io::Error::other(format!("METRICS_BIND: {bind}: {error}")))?;
        actix_web::rt::spawn(serve_metrics(app.clone(), listener)?);
    }
    let server = actix_web::rt::spawn(server);
    let worker = actix_web::rt::spawn(worker::run(app.clone().into_inner()));
    tokio::select! {
        ended = server => ended.map_err(io::Error::other)?,
        ended = worker => Err(io::Error::other(format!("the worker ended: {ended:?}"))),
        signal = stop_signal() => {
            signal?;
            // Open sockets would hold up the end of the requests that are under way.
            app.sockets.drain();
            handle.stop(true).await;
            Ok(())
        }
    }
}

/// Returns when the operator or the system wants the program to end.
async fn stop_signal() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

/// Answers scrapes on an address of their own, where nothing else is.
pub fn serve_metrics(app: Data<App>, listener: TcpListener) -> io::Result<Server> {
    let client_timeout = app.config.http.client_timeout;
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(app.clone())
            .route("/metrics", web::get().to(operations::http::own_metrics))
    })
    .workers(1)
    .client_request_timeout(client_timeout)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(server)
}

/// Answers on `listener` until its handle stops it; the worker is the caller's to start.
pub fn serve(app: Data<App>, listener: TcpListener) -> io::Result<Server> {
    Group::tasks(&app.clone().into_inner()).for_each(|task| drop(actix_web::rt::spawn(task)));
    actix_web::rt::spawn(sockets::watch(Arc::downgrade(&app.clone().into_inner())));
    actix_web::rt::spawn(presence::watch(Arc::downgrade(&app.clone().into_inner())));
    actix_web::rt::spawn(fanout::run(Arc::downgrade(&app.clone().into_inner())));
    let (client_timeout, max_connections) = (app.config.http.client_timeout, app.config.http.max_connections);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let server = HttpServer::new(move || {
        ActixApp::new()
            .configure(configure(app.clone()))
            .wrap(from_fn(rate_limit::middleware))
            .wrap(from_fn(shape::middleware))
            .wrap(Compress::default())
            .wrap(from_fn(security_headers::middleware))
            .wrap(from_fn(request_id::middleware))
    })
    .workers(workers)
    .max_connections(max_connections.div_ceil(workers))
    .client_request_timeout(client_timeout)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(server)
}
