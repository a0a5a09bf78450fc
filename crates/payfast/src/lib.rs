//! The PayFast protocol as pure functions.
//!
//! This crate owns what is written on the wire between a merchant and PayFast ("Payfast by Network"): the checkout
//! form, the instant transaction notification (ITN), the signatures, the fields and their limits, and the published
//! addresses. It does no I/O, reads no clock, and knows nothing of orders, invoices or money models of its callers.
//!
//! "PayFast, step 2" and the like name steps of PayFast's developer documentation, "Custom integration".
//!
//! Everything is exact to the byte: values are arbitrary bytes, since a notification need not be UTF-8, and the
//! signature is taken over the bytes.
//!
//! ```
//! use payfast::{Itn, Passphrase, checkout};
//!
//! let passphrase = Passphrase::new("jt7NOE43FZPn");
//! let form = checkout::sign(
//!     &[
//!         ("merchant_id", "10000100"),
//!         ("merchant_key", "46f0cd694581a"),
//!         ("amount", "529.00"),
//!         ("item_name", "Pro, one month"),
//!     ],
//!     Some(&passphrase),
//! )?;
//! assert_eq!(form.fields().last().map(|(name, _)| name.as_str()), Some("signature"));
//!
//! let itn = Itn::parse(b"m_payment_id=7&payment_status=COMPLETE&signature=0123");
//! assert!(!itn.verify(Some(&passphrase)));
//! # Ok::<(), payfast::FieldErrors>(())
//! ```

pub mod amount;
pub mod api;
pub mod checkout;
pub mod doctor;
pub mod error;
pub mod fields;
pub mod form;
pub mod hosts;
pub mod itn;
pub mod signature;
pub mod status;

pub use amount::{Amount, amounts_match};
pub use error::{AmountError, FieldError, FieldErrors, Rejection};
pub use itn::Itn;
pub use signature::{ParamString, Passphrase};
pub use status::PaymentStatus;
