//! Settings, read once from the environment; a wrong one stops the start with a line that names it.

mod strength;

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use common::site::PayfastMode;
use ipnet::IpNet;
use payfast::{Passphrase, hosts};
use secrecy::SecretString;
use url::Url;

use crate::db::Location;

/// Everything that the operator decides; see `docs/OPERATIONS.md` for each variable.
///
/// `Debug` shows no secret: each stands in a type that hides its value.
#[derive(Debug)]
pub struct Config {
    pub http: Http,
    pub database: Location,
    pub data_dir: PathBuf,
    /// Key of tokens that are checked without being stored.
    pub secret_key: SecretString,
    pub payfast: Payfast,
    pub mail: Mail,
    pub supplier: Supplier,
    pub limits: Limits,
    pub metrics: Metrics,
}

#[derive(Debug)]
pub struct Http {
    pub bind: String,
    pub public_url: Url,
    /// Origin of a `trunk serve` on this machine, allowed beside our own.
    pub dev_origin: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
    /// Longest time that the head of a request may take, and then its body.
    pub client_timeout: Duration,
    /// Connections that are open at the same time.
    pub max_connections: usize,
}

impl Http {
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    pub fn is_own_origin(&self, origin: &str) -> bool {
        origin == self.public_url.origin().ascii_serialization() || self.dev_origin.as_deref() == Some(origin)
    }

    /// `path` on the public address.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

#[derive(Debug)]
pub struct Payfast {
    pub mode: PayfastMode,
    pub merchant_id: String,
    pub merchant_key: SecretString,
    pub passphrase: Option<Passphrase>,
    /// Scheme, host and port; `/eng/process` and `/eng/query/validate` are appended.
    pub process_base: String,
    /// Scheme, host and port of the REST API; it needs the passphrase too.
    pub api_base: Option<String>,
    /// Addresses that notifications may come from.
    pub itn_sources: Vec<IpNet>,
}

#[derive(Debug)]
pub struct Mail {
    /// `smtp://` or `smtps://`; absent: mails are files in `folder`.
    pub smtp_url: Option<SecretString>,
    pub folder: PathBuf,
    pub from: String,
}

#[derive(Debug, Clone)]
pub struct Supplier {
    pub name: String,
    pub address: String,
    /// Absent: no VAT is charged and no document says tax invoice.
    pub vat_number: Option<String>,
    pub bank: Option<String>,
}

#[derive(Debug)]
pub struct Limits {
    /// How many times more an address may ask, where many people share one.
    pub factor: u32,
    /// Where several nodes keep one budget; absent: each node counts for itself.
    pub redis_url: Option<SecretString>,
    /// Longest time that a request waits for Redis.
    pub redis_timeout: Duration,
}

/// Where the metrics are; with neither there are none.
#[derive(Debug)]
pub struct Metrics {
    /// An address of their own.
    pub bind: Option<String>,
    /// Who shows it may read them.
    pub token: Option<SecretString>,
}

/// All settings that are wrong, one line each.
#[derive(Debug)]
pub struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads variables and keeps what was wrong with them.
struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn wrong(&mut self, name: &str, reason: impl fmt::Display) {
        self.errors.push(format!("{name}: {reason}"));
    }

    fn parse<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|reason| self.wrong(name, reason)).ok()
    }

    /// A number from 1 on.
    fn number(&mut self, name: &str, default: u32) -> u32 {
        let parsed = self.parse(name, |text| match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err("use a whole number from 1 on".to_owned()),
        });
        parsed.unwrap_or(default)
    }

    fn networks(&mut self, name: &str) -> Option<Vec<IpNet>> {
        self.parse(name, |list| list.split(',').map(|one| network(one.trim())).collect())
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    IpNet::from_str(text)
        .or_else(|_| IpAddr::from_str(text).map(IpNet::from))
        .map_err(|_| format!("`{text}` is neither an address nor a network such as 10.0.0.0/8"))
}

impl Config {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, ConfigErrors> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads settings through `get`; every wrong one is told, not only the first.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader {
            get,
            errors: Vec::new(),
        };
        let data_dir = PathBuf::from(reader.text("CAPECONTROL_DATA").unwrap_or_else(|| "data".to_owned()));
        let http = Self::http(&mut reader);
        let database = reader.parse("DATABASE_URL", Location::parse);
        let database = database.unwrap_or_else(|| Location::Sqlite(data_dir.join("capecontrol.sqlite3")));
        let secret_key = reader.parse("SECRET_KEY", |key| {
            if key.len() < 32 {
                Err("use at least 32 characters".to_owned())
            } else {
                Ok(key.to_owned())
            }
        });
        if secret_key.is_none() && reader.text("SECRET_KEY").is_none() {
            reader.wrong(
                "SECRET_KEY",
                "missing; set at least 32 random characters, for example `openssl rand -hex 32`",
            );
        }
        let payfast = Self::payfast(&mut reader, &http);
        let mail = Self::mail(&mut reader, &data_dir, &http);
        let supplier = Self::supplier(&mut reader);
        let limits = Self::limits(&mut reader);
        let metrics = Self::metrics(&mut reader);
        if http.is_https() {
            strength::check(&mut reader, secret_key.as_deref(), &payfast);
        }
        if !reader.errors.is_empty() {
            return Err(ConfigErrors(reader.errors));
        }
        Ok(Self {
            http,
            database,
            data_dir,
            secret_key: SecretString::from(secret_key.unwrap_or_default()),
            payfast,
            mail,
            supplier,
            limits,
            metrics,
        })
    }

    fn http(reader: &mut Reader<'_>) -> Http {
        let bind = match (reader.text("CAPECONTROL_BIND"), reader.text("PORT")) {
            (Some(bind), _) => bind,
            (None, Some(port)) => format!("0.0.0.0:{port}"),
            (None, None) => "127.0.0.1:8080".to_owned(),
        };
        let public_url = reader.parse("PUBLIC_URL", |text| match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() && is_bare(&url) => Ok(url),
            Ok(_) => Err("give scheme, host and port only, such as https://pay.example.co.za".to_owned()),
            Err(error) => Err(error.to_string()),
        });
        let public_url =
            public_url.unwrap_or_else(|| Url::parse("http://127.0.0.1:8080").expect("a constant URL is valid"));
        let dev_origin = reader.parse("DEV_ORIGIN", |text| {
            let url = Url::parse(text).map_err(|error| error.to_string())?;
            if is_loopback(&url) {
                Ok(url.origin().ascii_serialization())
            } else {
                Err("only an origin on this machine may be named".to_owned())
            }
        });
        let trusted_proxies = reader.networks("TRUSTED_PROXIES").unwrap_or_default();
        Http {
            bind,
            public_url,
            dev_origin,
            trusted_proxies,
            client_timeout: Duration::from_secs(reader.number("CLIENT_TIMEOUT_SECONDS", 10).into()),
            max_connections: reader.number("MAX_CONNECTIONS", 2000) as usize,
        }
    }

    fn limits(reader: &mut Reader<'_>) -> Limits {
        let redis_url = reader.parse("REDIS_URL", |url| {
            if url.starts_with("redis://") && Url::parse(url).is_ok_and(|url| url.has_host()) {
                Ok(SecretString::from(url))
            } else {
                Err("write it as redis://user:password@host:6379".to_owned())
            }
        });
        Limits {
            factor: reader.number("RATE_LIMIT_FACTOR", 1),
            redis_url,
            redis_timeout: Duration::from_millis(reader.number("REDIS_TIMEOUT_MS", 100).into()),
        }
    }

    fn metrics(reader: &mut Reader<'_>) -> Metrics {
        let token = reader.parse("METRICS_TOKEN", |token| {
            if token.len() < 16 {
                Err("use at least 16 characters, for example `openssl rand -hex 16`".to_owned())
            } else {
                Ok(SecretString::from(token))
            }
        });
        Metrics {
            bind: reader.text("METRICS_BIND"),
            token,
        }
    }

    fn payfast(reader: &mut Reader<'_>, http: &Http) -> Payfast {
        let mode = reader.parse("PAYFAST_MODE", |text| {
            PayfastMode::parse(text).ok_or_else(|| "use `sandbox`, `live` or `emulator`".to_owned())
        });
        let mode = mode.unwrap_or(PayfastMode::Emulator);
        if mode == PayfastMode::Emulator && !is_loopback(&http.public_url) {
            reader.wrong(
                "PAYFAST_MODE",
                "`emulator` takes no real money, so PUBLIC_URL must be on this machine",
            );
        }
        let (host, sources): (_, &[&str]) = match mode {
            PayfastMode::Live => (hosts::LIVE.process_base, hosts::PUBLISHED_SOURCES),
            PayfastMode::Sandbox => (hosts::SANDBOX.process_base, hosts::PUBLISHED_SOURCES),
            PayfastMode::Emulator => ("http://127.0.0.1:8090", &["127.0.0.0/8", "::1/128"]),
        };
        // The public sandbox merchant is taken whole or not at all: its passphrase fits nobody else.
        let own_merchant_id = reader.text("PAYFAST_MERCHANT_ID");
        let known = (mode != PayfastMode::Live && own_merchant_id.is_none()).then_some(hosts::SANDBOX_MERCHANT);
        let merchant_id = own_merchant_id.or(known.map(|(id, _, _)| id.to_owned()));
        let merchant_key = reader
            .text("PAYFAST_MERCHANT_KEY")
            .or(known.map(|(_, key, _)| key.to_owned()));
        let passphrase = reader
            .text("PAYFAST_PASSPHRASE")
            .or(known.map(|(_, _, passphrase)| passphrase.to_owned()));
        for (name, value) in [
            ("PAYFAST_MERCHANT_ID", &merchant_id),
            ("PAYFAST_MERCHANT_KEY", &merchant_key),
        ] {
            if value.is_none() {
                reader.wrong(name, "missing; set it as PayFast's dashboard shows it");
            }
        }
        let process_base = reader
            .parse("PAYFAST_PROCESS_BASE", base_url)
            .unwrap_or_else(|| host.to_owned());
        let own_api = match mode {
            PayfastMode::Live => hosts::LIVE.api_base,
            PayfastMode::Sandbox => hosts::SANDBOX.api_base,
            // The emulator is one program: its API stands where its checkout does.
            PayfastMode::Emulator => &process_base,
        };
        let api_base = match reader.text("PAYFAST_API_BASE").as_deref() {
            Some("off") => None,
            _ => Some(
                reader
                    .parse("PAYFAST_API_BASE", base_url)
                    .unwrap_or_else(|| own_api.to_owned()),
            ),
        };
        let itn_sources = reader.networks("PAYFAST_ITN_SOURCES").unwrap_or_else(|| {
            sources
                .iter()
                .map(|text| network(text).expect("a constant network is valid"))
                .collect()
        });
        Payfast {
            mode,
            merchant_id: merchant_id.unwrap_or_default(),
            merchant_key: SecretString::from(merchant_key.unwrap_or_default()),
            passphrase: passphrase.map(Passphrase::new),
            process_base,
            api_base,
            itn_sources,
        }
    }

    fn mail(reader: &mut Reader<'_>, data_dir: &std::path::Path, http: &Http) -> Mail {
        let host = http
            .public_url
            .host_str()
            .filter(|host| host.contains('.') && host.parse::<IpAddr>().is_err());
        let default_from = format!("CapeControl <billing@{}>", host.unwrap_or("capecontrol.test"));
        let from = reader.text("MAIL_FROM").unwrap_or(default_from);
        if from.parse::<lettre::message::Mailbox>().is_err() {
            reader.wrong("MAIL_FROM", "write it as `Name <name@company.co.za>`");
        }
        Mail {
            smtp_url: reader.text("SMTP_URL").map(SecretString::from),
            folder: data_dir.join("mail"),
            from,
        }
    }

    fn supplier(reader: &mut Reader<'_>) -> Supplier {
        let vat_number = reader.parse("SUPPLIER_VAT_NUMBER", |text| {
            common::validate::vat_number("SUPPLIER_VAT_NUMBER", text).map_err(|error| error.message)
        });
        let name = reader.text("SUPPLIER_NAME");
        let address = reader.text("SUPPLIER_ADDRESS");
        // A tax invoice must name its supplier (VAT Act section 20(4)).
        if vat_number.is_some() {
            for (variable, value) in [("SUPPLIER_NAME", &name), ("SUPPLIER_ADDRESS", &address)] {
                if value.is_none() {
                    reader.wrong(
                        variable,
                        "missing; a supplier with a VAT number must be named on tax invoices",
                    );
                }
            }
        }
        Supplier {
            name: name.unwrap_or_else(|| "CapeControl".to_owned()),
            address: address.unwrap_or_default(),
            vat_number: vat_number.flatten(),
            bank: reader.text("SUPPLIER_BANK"),
        }
    }
}

fn base_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && is_bare(&url) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        Ok(_) => Err("give scheme, host and port only".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Scheme, host and port, nothing else.
fn is_bare(url: &Url) -> bool {
    url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, String> {
        let key = ("SECRET_KEY", "0123456789abcdef0123456789abcdef");
        Config::read(&|name| {
            settings
                .iter()
                .chain([&key])
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .map_err(|errors| errors.to_string())
    }

    fn reason(settings: &[(&str, &str)]) -> String {
        read(settings).err().unwrap_or_default()
    }

    #[test]
    fn defaults_are_for_one_machine() {
        let config = read(&[]).unwrap();
        assert_eq!(config.http.bind, "127.0.0.1:8080");
        assert_eq!(config.payfast.mode, PayfastMode::Emulator);
        assert!(config.supplier.vat_number.is_none());
        assert!(config.http.is_own_origin("http://127.0.0.1:8080"));
        assert!(!config.http.is_own_origin("http://127.0.0.1:8081"));
    }

    #[test]
    fn each_wrong_setting_is_named() {
        assert!(reason(&[("DATABASE_URL", "mysql://x")]).starts_with("DATABASE_URL: "));
        assert!(reason(&[("METRICS_TOKEN", "short")]).starts_with("METRICS_TOKEN: "));
        assert!(reason(&[("TRUSTED_PROXIES", "10.0.0.0/8, x")]).contains("`x`"));
        assert!(reason(&[("DEV_ORIGIN", "https://evil.example")]).starts_with("DEV_ORIGIN: "));
        assert!(reason(&[("SUPPLIER_VAT_NUMBER", "123")]).starts_with("SUPPLIER_VAT_NUMBER: "));
        assert!(reason(&[("SUPPLIER_VAT_NUMBER", "4000000000")]).contains("SUPPLIER_ADDRESS: "));
        assert!(reason(&[("PAYFAST_MODE", "live")]).contains("PAYFAST_MERCHANT_KEY: "));
        assert!(reason(&[("PAYFAST_API_BASE", "api.payfast.co.za")]).starts_with("PAYFAST_API_BASE: "));
        assert!(reason(&[("SECRET_KEY", "short")]).starts_with("SECRET_KEY: "));
        assert!(reason(&[("PUBLIC_URL", "https://pay.example.co.za/app")]).starts_with("PUBLIC_URL: "));
    }

    #[test]
    fn the_api_is_where_the_mode_says_unless_it_is_off() {
        let base = |settings: &[(&str, &str)]| read(settings).unwrap().payfast.api_base;
        assert_eq!(base(&[]).as_deref(), Some("http://127.0.0.1:8090"));
        let sandbox = ("PAYFAST_MODE", "sandbox");
        assert_eq!(base(&[sandbox]).as_deref(), Some("https://api.payfast.co.za"));
        let emulator = ("PAYFAST_PROCESS_BASE", "http://127.0.0.1:9000");
        assert_eq!(base(&[emulator]).as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(base(&[emulator, ("PAYFAST_API_BASE", "off")]), None);
    }

    #[test]
    fn the_emulator_never_runs_in_public() {
        assert!(reason(&[("PUBLIC_URL", "https://pay.example.co.za")]).starts_with("PAYFAST_MODE: "));
    }
}
