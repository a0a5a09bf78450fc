//! Sending mail: to an SMTP server, or into a folder of `.eml` files.
//!
//! Features write mails as jobs in the transaction of the change; only the worker calls [`Mailer::send`].

use std::{path::PathBuf, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::config;

/// Longest time for handing one mail over; a server that says nothing must not hold the next ones up.
const TIMEOUT: Duration = Duration::from_secs(30);

common::redacted_debug!(Mail);

/// A mail as its job keeps it; its text may hold a link that signs people up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    /// Plain text, lines as people read them.
    pub text: String,
}

/// A file that goes with a mail; made when the mail is sent, and kept in no job.
pub struct Attachment {
    pub file_name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// A mail could not be sent; the text holds no body and no password.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MailError(String);

pub enum Mailer {
    Smtp {
        transport: Box<AsyncSmtpTransport<Tokio1Executor>>,
        from: Mailbox,
    },
    Folder {
        folder: PathBuf,
        from: Mailbox,
    },
}

impl Mailer {
    pub fn new(config: &config::Mail) -> Result<Self, MailError> {
        let from = config
            .from
            .parse()
            .map_err(|error| MailError(format!("MAIL_FROM: {error}")))?;
        match &config.smtp_url {
            Some(url) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
                    .map_err(|_| MailError("SMTP_URL: write it as smtps://user:password@host:465".to_owned()))?;
                Ok(Self::Smtp {
                    transport: Box::new(transport.build()),
                    from,
                })
            }
            None => {
                std::fs::create_dir_all(&config.folder)
                    .map_err(|error| MailError(format!("cannot create {}: {error}", config.folder.display())))?;
                Ok(Self::Folder {
                    folder: config.folder.clone(),
                    from,
                })
            }
        }
    }

    /// Sends `mail`; `id` makes the message id, so that a second try of the same job is the same message.
    pub async fn send(&self, id: &str, mail: &Mail) -> Result<(), MailError> {
        self.send_with(id, mail, None).await
    }

    /// The same with a file.
    pub async fn send_with(&self, id: &str, mail: &Mail, file: Option<Attachment>) -> Result<(), MailError> {
        let (Self::Smtp { from, .. } | Self::Folder { from, .. }) = self;
        let to = mail
            .to
            .parse::<Mailbox>()
            .map_err(|error| MailError(format!("cannot address the mail: {error}")))?;
        let builder = Message::builder()
            .from(from.clone())
            .to(to)
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", from.email.domain())));
        let message = match file {
            None => builder.header(ContentType::TEXT_PLAIN).body(mail.text.clone()),
            Some(file) => {
                let content_type =
                    ContentType::parse(file.content_type).map_err(|error| MailError(error.to_string()))?;
                builder.multipart(
                    MultiPart::mixed()
                        .singlepart(SinglePart::plain(mail.text.clone()))
                        .singlepart(lettre::message::Attachment::new(file.file_name).body(file.bytes, content_type)),
                )
            }
        }
        .map_err(|error| MailError(error.to_string()))?;
        match self {
            Self::Smtp { transport, .. } => match tokio::time::timeout(TIMEOUT, transport.send(message)).await {
                Ok(sent) => sent.map(drop).map_err(|error| MailError(error.to_string())),
                Err(_) => Err(MailError("the mail server did not answer in time".to_owned())),
            },
            Self::Folder { folder, .. } => {
                // Renamed into place, so that a reader never sees half a mail.
                let part = folder.join(format!("{id}.part"));
                let write = async {
                    tokio::fs::write(&part, message.formatted()).await?;
                    tokio::fs::rename(&part, folder.join(format!("{id}.eml"))).await
                };
                write
                    .await
                    .map_err(|error| MailError(format!("cannot write into {}: {error}", folder.display())))
            }
        }
    }
}

/// Longest name that a mail shows.
const SHOWN_MAX_CHARS: usize = 60;

/// A name as a mail to a stranger shows it: letters, digits and a few marks, nothing that a mail program turns into
/// a link, an address or another direction of writing. `None` when nothing is left.
pub fn plain_words(name: &str) -> Option<String> {
    let mut plain = String::new();
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        // A dot inside a word makes a link of it: `evil.example`.
        let ends_a_word = characters.peek().is_none_or(|next| next.is_whitespace());
        let stays = character.is_alphanumeric() || "-'&()+,".contains(character) || (character == '.' && ends_a_word);
        plain.push(if stays { character } else { ' ' });
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let shown: String = words.join(" ").chars().take(SHOWN_MAX_CHARS).collect();
    shown.chars().any(char::is_alphanumeric).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_show_names_and_never_links() {
        for (typed, shown) in [
            ("Karoo Kiln (Pty) Ltd.", "Karoo Kiln (Pty) Ltd."),
            ("D'Arcy & Søns, Kaapstad", "D'Arcy & Søns, Kaapstad"),
            (
                "Win at https://evil.example/x?y=1 now",
                "Win at https evil example x y 1 now",
            ),
            ("evil.example", "evil example"),
            ("write to a@b.co", "write to a b co"),
            ("<b>www.evil.co</b>", "b www evil co b"),
            ("evil。example．com", "evil example com"),
            ("\u{202e}elpmaxe.live", "elpmaxe live"),
        ] {
            assert_eq!(plain_words(typed).as_deref(), Some(shown), "{typed}");
        }
        assert_eq!(plain_words("://"), None);
        assert_eq!(plain_words(&"ab ".repeat(50)).unwrap().chars().count(), 60);
    }
}
