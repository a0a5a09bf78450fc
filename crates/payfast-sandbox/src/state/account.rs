//! The merchant's account: agreements with buyers, what can be refunded, and the statement with its running balance.

use super::{Event, Inner, Outcome, Payment, State, push_bounded};
use crate::api_faults::{ApiFault, Struck};
use crate::faults::Fault;
use crate::notification;
use chrono::{DateTime, Utc};
use payfast::api::reply::SubscriptionStatus;
use payfast::form::{Pair, trim};
use payfast::{Amount, checkout};
use uuid::Uuid;

const MOST_AGREEMENTS: usize = 5_000;
const MOST_LINES: usize = 10_000;
const MOST_FAULTS: usize = 100;
/// Refunds of one payment; more are not available.
const MOST_REFUNDS: usize = 100;

/// A subscription or a stored card.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// What charges name.
    pub token: Uuid,
    /// Whether PayFast charges by itself (subscription) or only when asked (tokenization).
    pub is_subscription: bool,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// The first payment.
    pub payment: Uuid,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Cost of a cycle.
    pub amount: Amount,
    /// 0 for no end.
    pub cycles: i64,
    /// Cycles that are done.
    pub cycles_complete: i64,
    /// 1 daily to 6 annual; 0 for tokenization.
    pub frequency: i64,
    /// Day of the next charge, `YYYY-MM-DD`; empty for tokenization.
    pub run_date: String,
    /// How often its card was renewed.
    pub card_updates: u32,
    pub(crate) form: Vec<Pair>,
}

/// How a payment can be refunded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefundRoute {
    /// Back to the card.
    #[default]
    Source,
    /// To a bank account.
    Bank,
    /// Not at all.
    NotAvailable,
}

/// Money that went back.
#[derive(Clone, Copy, Debug)]
pub struct Refunded {
    /// When.
    pub at: DateTime<Utc>,
    /// How much.
    pub amount: Amount,
}

/// A line of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// `FUNDS_RECEIVED`, `REFUND`, `WITHDRAWAL` or `FEE`.
    pub kind: String,
    /// The buyer.
    pub party: String,
    /// The item.
    pub name: String,
    /// The item's description.
    pub description: String,
    /// Negative when money leaves.
    pub gross: Amount,
    /// Negative when PayFast takes it.
    pub fee: Amount,
    /// What the balance changes by.
    pub net: Amount,
    /// What the account holds afterwards.
    pub balance: Amount,
    /// The merchant's id.
    pub m_payment_id: String,
    /// PayFast's id.
    pub pf_payment_id: String,
    /// `custom_str1` to 5, then `custom_int1` to 5.
    pub custom: Vec<String>,
}

/// What a charge names beside its token; blank texts are those of the first payment.
#[derive(Clone, Debug)]
pub struct NewCharge {
    pub amount: Amount,
    pub item_name: String,
    pub item_description: String,
    pub m_payment_id: String,
}

/// Why an agreement cannot do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// No such token, or it is too old to be remembered.
    #[error("there is no such agreement")]
    Unknown,
    /// It is cancelled, paused, done or locked.
    #[error("the agreement is not active")]
    NotActive,
}

/// The account's part of the memory.
#[derive(Debug, Default)]
pub(super) struct Account {
    agreements: std::collections::VecDeque<Agreement>,
    lines: std::collections::VecDeque<Line>,
    faults: std::collections::VecDeque<ApiFault>,
    balance: i64,
}

impl Payment {
    /// What was refunded so far.
    pub fn refunded(&self) -> Amount {
        Amount::from_cents(self.refunds.iter().map(|refund| refund.amount.cents()).sum())
    }

    /// What can still be refunded; nothing of what was not paid.
    pub fn refundable(&self) -> Amount {
        if !self.is_paid() || self.refunds.len() >= MOST_REFUNDS {
            return Amount::default();
        }
        Amount::from_cents(notification::gross(self).cents() - self.refunded().cents())
    }

    /// Whether the buyer paid.
    pub fn is_paid(&self) -> bool {
        matches!(self.outcome, Outcome::Paid(_))
    }

    pub(crate) fn value(&self, name: &str) -> String {
        String::from_utf8_lossy(trim(checkout::value_of(&self.form, name))).into_owned()
    }
}

impl State {
    /// Lets a fault strike the next call that it fits.
    pub fn add_api_fault(&self, fault: ApiFault) {
        push_bounded(&mut self.lock().account.faults, fault, MOST_FAULTS);
    }

    /// Faults that wait, the next one first.
    pub fn api_faults(&self) -> Vec<ApiFault> {
        self.lock().account.faults.iter().copied().collect()
    }

    /// Forgets all faults that wait.
    pub fn clear_api_faults(&self) {
        self.lock().account.faults.clear();
    }

    /// Takes the next fault that fits one of these kinds.
    pub fn take_api_fault(&self, kinds: &[Struck]) -> Option<ApiFault> {
        let faults = &mut self.lock().account.faults;
        let position = faults.iter().position(|fault| kinds.contains(&fault.strikes()))?;
        faults.remove(position)
    }

    /// All agreements, newest first.
    pub fn agreements(&self) -> Vec<Agreement> {
        self.lock().account.agreements.iter().rev().cloned().collect()
    }

    /// Finds an agreement.
    pub fn find_agreement(&self, token: Uuid) -> Option<Agreement> {
        let inner = self.lock();
        inner
            .account
            .agreements
            .iter()
            .rfind(|agreement| agreement.token == token)
            .cloned()
    }

    /// Changes an agreement and gives it back as it is then; `None` if there is none.
    pub fn change_agreement(&self, token: Uuid, change: impl FnOnce(&mut Agreement)) -> Option<Agreement> {
        let mut inner = self.lock();
        let agreement = inner.account.agreement_mut(token)?;
        change(agreement);
        let agreement = agreement.clone();
        inner.push_event(Event::AgreementChanged {
            token,
            status: agreement.status.code(),
        });
        Some(agreement)
    }

    /// Takes money by an active agreement; gives the new payment.
    pub fn charge(&self, token: Uuid, charge: &NewCharge) -> Result<Payment, AgreementError> {
        let mut inner = self.lock();
        let now = inner.now();
        let agreement = inner.account.agreement_mut(token).ok_or(AgreementError::Unknown)?;
        if agreement.status != SubscriptionStatus::Active {
            return Err(AgreementError::NotActive);
        }
        if agreement.is_subscription {
            agreement.cycles_complete += 1;
            if agreement.cycles > 0 && agreement.cycles_complete >= agreement.cycles {
                agreement.status = SubscriptionStatus::Complete;
            }
        }
        let mut form = agreement.form.clone();
        let amount = charge.amount.to_string();
        for (name, value) in [
            ("amount", amount.as_str()),
            ("item_name", &charge.item_name),
            ("item_description", &charge.item_description),
            ("m_payment_id", &charge.m_payment_id),
        ] {
            if !value.is_empty() {
                form.retain(|(known, _)| known != name.as_bytes());
                form.push((name.into(), value.into()));
            }
        }
        let mut payment = inner.new_payment(form, Vec::new());
        payment.at = now;
        payment.token = Some(token);
        payment.is_charge = true;
        payment.outcome = Outcome::Paid(Fault::None);
        inner.remember(payment.clone());
        inner.push_event(Event::Paid {
            payment: payment.id,
            pf_payment_id: payment.pf_payment_id.clone(),
            fault: Fault::None,
        });
        inner.book_paid(&payment);
        Ok(payment)
    }

    /// The paid payment of PayFast's id, or the newest one of a token.
    pub fn find_paid(&self, id: &str) -> Option<Payment> {
        let token = id.parse::<Uuid>().ok();
        let inner = self.lock();
        let fits = |payment: &&Payment| {
            payment.is_paid() && (payment.pf_payment_id == id || (token.is_some() && payment.token == token))
        };
        inner.payments.iter().rev().find(fits).cloned()
    }

    /// Changes how a payment can be refunded.
    pub fn set_refund_route(&self, pf_payment_id: &str, route: RefundRoute) {
        if let Some(payment) = self.lock().paid_mut(pf_payment_id) {
            payment.refund_route = route;
        }
    }

    /// Gives money back; `None` where less is available.
    pub fn refund(&self, pf_payment_id: &str, amount: Amount) -> Option<Payment> {
        let mut inner = self.lock();
        let at = inner.now();
        let payment = inner
            .paid_mut(pf_payment_id)
            .filter(|payment| payment.refundable() >= amount)?;
        payment.refunds.push(Refunded { at, amount });
        let payment = payment.clone();
        let gross = Amount::from_cents(-amount.cents());
        let line = Line {
            gross,
            net: gross,
            fee: Amount::default(),
            ..Line::of(&payment, at, "REFUND")
        };
        inner.account.book(line);
        Some(payment)
    }

    /// Writes a line that belongs to no payment, such as a withdrawal; gives it with its balance.
    pub fn book_other(&self, kind: &str, gross: Amount) -> Line {
        let mut inner = self.lock();
        let line = Line {
            at: inner.now(),
            kind: kind.to_owned(),
            party: String::new(),
            name: kind.to_owned(),
            description: String::new(),
            gross,
            fee: Amount::default(),
            net: gross,
            balance: Amount::default(),
            m_payment_id: String::new(),
            pf_payment_id: String::new(),
            custom: vec![String::new(); 10],
        };
        inner.account.book(line)
    }

    /// All lines of the statement, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        self.lock().account.lines.iter().cloned().collect()
    }

    /// Changes the lines and nothing else.
    pub fn edit_lines(&self, edit: impl FnOnce(&mut std::collections::VecDeque<Line>)) {
        edit(&mut self.lock().account.lines);
    }

    /// What the account holds.
    pub fn balance(&self) -> Amount {
        Amount::from_cents(self.lock().account.balance)
    }
}

impl Inner {
    fn paid_mut(&mut self, pf_payment_id: &str) -> Option<&mut Payment> {
        self.payments
            .iter_mut()
            .rfind(|payment| payment.is_paid() && payment.pf_payment_id == pf_payment_id)
    }

    /// Books a payment that was just made, and its agreement if it begins one.
    pub(super) fn book_paid(&mut self, payment: &Payment) {
        let now = self.now();
        if notification::gross(payment).cents() != 0 {
            self.account.book(Line::of(payment, now, "FUNDS_RECEIVED"));
        }
        let Some(token) = payment.token.filter(|_| !payment.is_charge) else {
            return;
        };
        let is_subscription = payment.value("subscription_type") == "1";
        let recurring = Amount::parse(payment.value("recurring_amount"));
        let billing_date = payment.value("billing_date");
        let run_date = if billing_date.is_empty() {
            notification::day(now)
        } else {
            billing_date
        };
        let agreement = Agreement {
            token,
            is_subscription,
            status: SubscriptionStatus::Active,
            payment: payment.id,
            at: now,
            amount: recurring.unwrap_or_else(|_| notification::gross(payment)),
            cycles: payment.value("cycles").parse().unwrap_or(0),
            cycles_complete: i64::from(notification::gross(payment).cents() != 0),
            frequency: payment.value("frequency").parse().unwrap_or(0),
            run_date: if is_subscription { run_date } else { String::new() },
            card_updates: 0,
            form: payment.form.clone(),
        };
        push_bounded(&mut self.account.agreements, agreement, MOST_AGREEMENTS);
    }
}

impl Account {
    fn agreement_mut(&mut self, token: Uuid) -> Option<&mut Agreement> {
        self.agreements.iter_mut().rfind(|agreement| agreement.token == token)
    }

    fn book(&mut self, mut line: Line) -> Line {
        self.balance += line.net.cents();
        line.balance = Amount::from_cents(self.balance);
        push_bounded(&mut self.lines, line.clone(), MOST_LINES);
        line
    }
}

impl Line {
    /// Whether money left the account.
    pub fn is_debit(&self) -> bool {
        self.net.cents() < 0
    }

    fn of(payment: &Payment, at: DateTime<Utc>, kind: &str) -> Self {
        let gross = notification::gross(payment);
        let fee = notification::fee(gross);
        let custom = ["custom_str", "custom_int"]
            .into_iter()
            .flat_map(|kind| (1..=5).map(move |n| format!("{kind}{n}")));
        Line {
            at,
            kind: kind.to_owned(),
            party: format!("{} {}", payment.value("name_first"), payment.value("name_last"))
                .trim()
                .to_owned(),
            name: payment.value("item_name"),
            description: payment.value("item_description"),
            gross,
            fee,
            net: Amount::from_cents(gross.cents() + fee.cents()),
            balance: Amount::default(),
            m_payment_id: payment.value("m_payment_id"),
            pf_payment_id: payment.pf_payment_id.clone(),
            custom: custom.map(|name| payment.value(&name)).collect(),
        }
    }
}
