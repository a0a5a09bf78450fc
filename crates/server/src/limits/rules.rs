//! What may be asked how often: the one table of quotas, and the arithmetic that every limiter obeys.
//!
//! The arithmetic is GCRA (ITU-T I.371, the "virtual scheduling" form): one instant per key says when the key's
//! budget is whole again. It needs no window, so nobody gets two budgets at the turn of an hour.

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// What is counted; each has a budget of its own per key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quota {
    /// All requests to the API, by address.
    Request,
    /// All requests of a signed-in person, by user.
    Person,
    /// All requests for an account, by account.
    Account,
    /// Sign-ins, by address.
    SignInAddress,
    /// Sign-ins, by mail address and address.
    SignInPair,
    /// Sign-ins, by mail address, from anywhere.
    SignInEmail,
    /// Wrong codes of a second factor, by user.
    SecondFactor,
    /// Requests that send mail to an address that somebody typed, by that mail address.
    MailTo,
    /// The same, by the address that asks.
    MailFrom,
    /// Tokens of mail links that are tried, by address.
    MailToken,
    /// Invitations, by account.
    Invitation,
    /// Passwords that are judged while they are typed, by address.
    Judging,
    /// The present password of somebody signed in, by user.
    PresentPassword,
    /// Notifications from addresses that are not PayFast's, by address.
    ForeignItn,
    /// Charges of saved cards, and cards that are saved, by account.
    Charge,
    /// Signatures that are explained, by user.
    Diagnosis,
}

/// A budget: `allowed` in `period`, of which `burst` may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable name, in keys of Redis and in logs.
    pub name: &'static str,
    pub allowed: i64,
    period_micros: i64,
    pub burst: i64,
    /// Whether `RATE_LIMIT_FACTOR` applies: many people may share one address, but nobody shares a mail address.
    is_by_address: bool,
}

const fn rule(name: &'static str, allowed: i64, period_micros: i64, burst: i64) -> Rule {
    Rule {
        name,
        allowed,
        period_micros,
        burst,
        is_by_address: false,
    }
}

const fn by_address(name: &'static str, allowed: i64, period_micros: i64, burst: i64) -> Rule {
    Rule {
        is_by_address: true,
        ..rule(name, allowed, period_micros, burst)
    }
}

/// A page asks for five things at most; ten a second for ever is no person, and a small server bears it.
const REQUEST: Rule = by_address("request", 600, MINUTE, 200);
/// As much as an address: a person with scripts behind several addresses counts once.
const PERSON: Rule = rule("person", 600, MINUTE, 200);
/// A company has several people; together they may do twice what one may.
const ACCOUNT: Rule = rule("account", 1200, MINUTE, 400);
/// An office of twenty people in the morning passes; a list of stolen passwords crawls.
const SIGN_IN_ADDRESS: Rule = by_address("sign-in-address", 60, 15 * MINUTE, 60);
/// More tries than anybody needs who knows their password; a right one gives the tries back.
const SIGN_IN_PAIR: Rule = rule("sign-in-pair", 10, 15 * MINUTE, 10);
/// Slows guessing from many addresses; loose, since it is what a stranger could lock an owner out with.
const SIGN_IN_EMAIL: Rule = rule("sign-in-email", 100, HOUR, 100);
/// Three codes are right at any time out of a million: 480 tries a day find one in 700 days on average.
const SECOND_FACTOR: Rule = rule("second-factor", 5, 15 * MINUTE, 5);
/// Enough for a mail that was lost twice; too few to fill a stranger's mailbox.
const MAIL_TO: Rule = rule("mail-to", 5, HOUR, 5);
/// A class that signs up together passes; a program that mails the world does not.
const MAIL_FROM: Rule = by_address("mail-from", 20, HOUR, 20);
/// Tokens have 256 bits, so this only keeps guessers from the database.
const MAIL_TOKEN: Rule = by_address("mail-token", 30, 15 * MINUTE, 30);
/// A company that grows by fifty people in a day writes to us.
const INVITATION: Rule = rule("invitation", 50, 24 * HOUR, 50);
/// One judgement for each pause in typing; each may cost a third of a second of a core.
const JUDGING: Rule = by_address("judging", 30, MINUTE, 20);
/// Like the second factor: whoever found an open browser does not guess on.
const PRESENT_PASSWORD: Rule = rule("present-password", 10, 15 * MINUTE, 10);
/// What is not PayFast's is stored for 30 days as evidence, so it must not fill the disk.
const FOREIGN_ITN: Rule = by_address("foreign-itn", 60, MINUTE, 60);
/// Trying again after each change of one's code; each may cost a tenth of a second of a core.
const DIAGNOSIS: Rule = rule("diagnosis", 30, MINUTE, 20);

/// A bookkeeper who pays a month's invoices one by one passes; stolen cards are not tried out here.
const CHARGE: Rule = rule("charge", 60, HOUR, 30);

impl Quota {
    pub const ALL: [Quota; 16] = [
        Quota::Request,
        Quota::Person,
        Quota::Account,
        Quota::SignInAddress,
        Quota::SignInPair,
        Quota::SignInEmail,
        Quota::SecondFactor,
        Quota::MailTo,
        Quota::MailFrom,
        Quota::MailToken,
        Quota::Invitation,
        Quota::Judging,
        Quota::PresentPassword,
        Quota::ForeignItn,
        Quota::Charge,
        Quota::Diagnosis,
    ];

    pub const fn rule(self) -> Rule {
        match self {
            Quota::Request => REQUEST,
            Quota::Person => PERSON,
            Quota::Account => ACCOUNT,
            Quota::SignInAddress => SIGN_IN_ADDRESS,
            Quota::SignInPair => SIGN_IN_PAIR,
            Quota::SignInEmail => SIGN_IN_EMAIL,
            Quota::SecondFactor => SECOND_FACTOR,
            Quota::MailTo => MAIL_TO,
            Quota::MailFrom => MAIL_FROM,
            Quota::MailToken => MAIL_TOKEN,
            Quota::Invitation => INVITATION,
            Quota::Judging => JUDGING,
            Quota::PresentPassword => PRESENT_PASSWORD,
            Quota::ForeignItn => FOREIGN_ITN,
            Quota::Charge => CHARGE,
            Quota::Diagnosis => DIAGNOSIS,
        }
    }
}

impl Rule {
    /// The budget of a network where `factor` times as many people share an address.
    pub fn scaled(self, factor: u32) -> Self {
        if !self.is_by_address {
            return self;
        }
        let factor = i64::from(factor);
        Self {
            allowed: self.allowed * factor,
            burst: self.burst * factor,
            ..self
        }
    }

    /// Microseconds that one request takes from the budget.
    pub fn interval(self) -> i64 {
        (self.period_micros / self.allowed).max(1)
    }

    /// Microseconds of budget that a key has when it was idle.
    pub fn tolerance(self) -> i64 {
        self.interval() * self.burst
    }
}

/// A request that came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Microseconds until the next one passes.
    pub wait_micros: i64,
}

/// Takes one request from the budget of a key: `whole_at` is when that budget is whole again, `None` for a new key.
///
/// Gives the key's next `whole_at`. A clock that was set back costs nobody more than one whole budget.
pub fn take(rule: Rule, whole_at: Option<i64>, now: i64) -> Result<i64, TooMany> {
    let limit = now + rule.tolerance();
    let next = whole_at.unwrap_or(now).clamp(now, limit) + rule.interval();
    if next > limit {
        return Err(TooMany {
            wait_micros: next - limit,
        });
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `tries` at the given pace pass.
    fn passed(rule: Rule, tries: usize, pace: i64) -> usize {
        let mut whole_at = None;
        (0..tries)
            .filter(|index| {
                let now = i64::try_from(*index).unwrap() * pace;
                match take(rule, whole_at, now) {
                    Ok(next) => {
                        whole_at = Some(next);
                        true
                    }
                    Err(_) => false,
                }
            })
            .count()
    }

    #[test]
    fn each_budget_gives_its_burst_and_then_its_rate() {
        for quota in Quota::ALL {
            let rule = quota.rule();
            let burst = usize::try_from(rule.burst).unwrap();
            assert_eq!(passed(rule, burst + 50, 0), burst, "{quota:?}");
            // Asked ten times as fast as allowed for ten periods: the rate, and the burst once.
            let allowed = usize::try_from(rule.allowed).unwrap();
            let got = passed(rule, allowed * 100, rule.interval() / 10);
            assert!(
                got <= allowed * 10 + burst && got + 1 >= allowed * 10,
                "{quota:?}: {got}"
            );
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_keeps_its_word() {
        let rule = SIGN_IN_PAIR;
        let mut whole_at = None;
        for _ in 0..rule.burst {
            whole_at = Some(take(rule, whole_at, 0).unwrap());
        }
        let refused = take(rule, whole_at, 0).unwrap_err();
        assert_eq!(refused.wait_micros, 90 * SECOND);
        assert!(take(rule, whole_at, refused.wait_micros - 1).is_err());
        assert!(take(rule, whole_at, refused.wait_micros).is_ok());
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let rule = SIGN_IN_PAIR;
        let far = take(rule, None, 1000 * HOUR).unwrap();
        let refused = take(rule, Some(far), 0).unwrap_err();
        assert_eq!(refused.wait_micros, rule.interval());
    }

    #[test]
    fn the_factor_is_for_addresses_only() {
        assert_eq!(SIGN_IN_ADDRESS.scaled(3).burst, 180);
        assert_eq!(SIGN_IN_ADDRESS.scaled(3).tolerance(), SIGN_IN_ADDRESS.tolerance());
        for own in [PERSON, ACCOUNT, SIGN_IN_PAIR, SIGN_IN_EMAIL, SECOND_FACTOR, MAIL_TO] {
            assert_eq!(own.scaled(3), own);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = Quota::ALL.iter().map(|quota| quota.rule().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Quota::ALL.len());
    }
}
