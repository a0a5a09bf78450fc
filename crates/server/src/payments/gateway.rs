//! The only caller of PayFast over the network.

use std::time::Duration;

use payfast::hosts;
use reqwest::{Client, redirect::Policy};

/// Longest wait for an answer; the lease of a notification is longer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What PayFast says of a notification that claims to be its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    Valid,
    Invalid,
    /// No clear answer; ask again later.
    Unreachable(String),
}

pub struct Gateway {
    client: Client,
    validate_url: String,
}

impl Gateway {
    /// `process_base` is scheme, host and port of PayFast's checkout.
    pub fn new(process_base: &str) -> Result<Self, reqwest::Error> {
        let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build()?;
        Ok(Self {
            client,
            validate_url: format!("{process_base}{}", hosts::VALIDATE_PATH),
        })
    }

    /// Posts the notification back (PayFast step 4, "Confirm payment is successful"); only `VALID` counts.
    pub async fn confirm(&self, body: Vec<u8>) -> Confirmation {
        let request = self
            .client
            .post(&self.validate_url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = match request.send().await {
            Ok(response) if response.status().is_success() => response,
            Ok(response) => return Confirmation::Unreachable(format!("PayFast answered {}", response.status())),
            Err(error) => return Confirmation::Unreachable(format!("PayFast did not answer: {}", error.without_url())),
        };
        let answer = match response.text().await {
            Ok(answer) => answer,
            Err(error) => {
                return Confirmation::Unreachable(format!("PayFast's answer broke off: {}", error.without_url()));
            }
        };
        match answer.trim() {
            hosts::VALIDATE_VALID => Confirmation::Valid,
            hosts::VALIDATE_INVALID => Confirmation::Invalid,
            _ => Confirmation::Unreachable("PayFast answered neither VALID nor INVALID".to_owned()),
        }
    }
}
