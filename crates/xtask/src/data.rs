//! The data folder: what is made up once and kept, so that a warm start shows the same sign-ins.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::failure::{OrFail, Outcome};

const ADVICE: &str = "is the data folder writable? CAPECONTROL_DATA chooses another";

/// Without characters that look alike: people type these passwords.
const READABLE: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
const DIGITS: &[u8] = b"123456789";
/// RFC 4648 section 6; 32 of them are the 160 bits that RFC 4226 asks of a shared secret.
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8] = b"0123456789abcdef";

/// A folder with the database, the mails, and the secrets of the demo.
pub struct DataFolder {
    pub path: PathBuf,
    secrets: Vec<(String, String)>,
}

impl DataFolder {
    /// Opens or makes the folder; secrets that are missing are made up and kept, readable by the owner only.
    pub fn open(path: &Path) -> Outcome<Self> {
        let path = std::path::absolute(path).or_fail("the data folder", ADVICE)?;
        fs::create_dir_all(path.join("mail")).or_fail("the data folder", ADVICE)?;
        // Mails hold links that sign people in, so they are as private as the secrets.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).or_fail("the data folder", ADVICE)?;
        let file = path.join("demo.secrets");
        let mut secrets: Vec<(String, String)> = fs::read_to_string(&file)
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let wanted = [
            ("SECRET_KEY", HEX, 64),
            ("DEMO_OWNER_PASSWORD", READABLE, 20),
            ("DEMO_STAFF_PASSWORD", READABLE, 20),
            ("DEMO_STAFF_TOTP_SECRET", BASE32, 32),
            ("PAYFAST_MERCHANT_ID", DIGITS, 8),
            ("PAYFAST_MERCHANT_KEY", READABLE, 13),
            ("PAYFAST_PASSPHRASE", READABLE, 24),
        ];
        let known = secrets.len();
        for (name, alphabet, length) in wanted {
            if !secrets.iter().any(|(key, _)| key == name) {
                secrets.push((name.to_owned(), random(alphabet, length)?));
            }
        }
        if secrets.len() > known {
            let text: String = secrets
                .iter()
                .map(|(name, value)| format!("{name}={value}\n"))
                .collect();
            OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&file)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .or_fail("the secrets of the demo", ADVICE)?;
        }
        Ok(Self { path, secrets })
    }

    pub fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.secrets.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn mail(&self) -> PathBuf {
        self.path.join("mail")
    }
}

/// Evenly drawn characters of `alphabet` from the system's source of randomness.
fn random(alphabet: &[u8], length: usize) -> Outcome<String> {
    let advice = "this needs a system with /dev/urandom";
    let mut source = File::open("/dev/urandom").or_fail("randomness", advice)?;
    let even = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    let mut byte = [0];
    while text.len() < length {
        source.read_exact(&mut byte).or_fail("randomness", advice)?;
        let index = usize::from(byte[0]);
        if index < even {
            text.push(char::from(alphabet[index % alphabet.len()]));
        }
    }
    Ok(text)
}

/// A folder of our own below the system's temporary one, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("capecontrol-{name}-{}", random(READABLE, 10)?));
        fs::create_dir(&path).or_fail(
            "a temporary folder",
            "is the temporary folder writable? TMPDIR chooses another",
        )?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_kept_private() {
        let scratch = Scratch::new("data-test").unwrap();
        let first = DataFolder::open(scratch.path()).unwrap();
        let second = DataFolder::open(scratch.path()).unwrap();
        assert_eq!(first.secrets, second.secrets);
        assert_eq!(first.secrets.len(), 7);
        let mode = fs::metadata(scratch.path().join("demo.secrets"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
