//! Demo data: one customer with an account and some invoices, and one administrator.

mod invoices;

use common::{
    accounts::{AccountChange, AccountRole, Address},
    auth::StaffRole,
    ids::{AccountId, UserId},
    validate::Email,
};

use crate::{
    accounts,
    app::App,
    audit::Origin,
    auth::service::{OperatorUser, new_totp_secret, upsert_user},
    error::ApiError,
    invoices::service,
};

/// Sign-ins of the demo data.
pub struct DemoSignIns {
    pub owner_password: String,
    pub staff_password: String,
    pub totp_secret: String,
}

impl DemoSignIns {
    /// Reads what the caller decides, by name of the variable; makes up a second factor when none is given.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let needed = |name: &str| get(name).ok_or_else(|| format!("{name}: missing; the demo users need passwords"));
        Ok(Self {
            owner_password: needed("DEMO_OWNER_PASSWORD")?,
            staff_password: needed("DEMO_STAFF_PASSWORD")?,
            totp_secret: get("DEMO_STAFF_TOTP_SECRET").unwrap_or_else(new_totp_secret),
        })
    }
}

/// Makes `owner@demo.test` and `staff@demo.test`; again, it only sets their sign-ins.
pub async fn seed(app: &App, sign_ins: &DemoSignIns) -> Result<(), ApiError> {
    let owner = demo_user("owner@demo.test", &sign_ins.owner_password, ("Thandi", "Mokoena"));
    let (owner_id, _) = upsert_user(app, owner).await?;
    let memberships = app
        .db
        .read(move |conn| accounts::service::memberships(conn, owner_id))
        .await?;
    let account_id = match memberships.first() {
        Some((account_id, _)) => *account_id,
        None => open_account(app, owner_id).await?,
    };
    let mut staff = demo_user("staff@demo.test", &sign_ins.staff_password, ("Sipho", "Adams"));
    staff.staff_role = Some(StaffRole::Admin);
    staff.totp_secret = Some(sign_ins.totp_secret.clone());
    let (staff_id, _) = upsert_user(app, staff).await?;
    let has_invoices = app.db.read(move |conn| service::has_any(conn, account_id)).await?;
    if !has_invoices {
        invoices::seed(app, account_id, staff_id).await?;
    }
    Ok(())
}

async fn open_account(app: &App, owner_id: UserId) -> Result<AccountId, ApiError> {
    let now = app.clock.now();
    let account_id = app
        .db
        .write(move |conn| {
            let origin = Origin::operator();
            accounts::service::open_for(
                conn,
                &origin,
                owner_id,
                "Rietvlei Robotics (Pty) Ltd",
                "owner@demo.test",
                now,
            )
        })
        .await?;
    let details = AccountChange {
        vat_number: Some(Some("4000000001".to_owned())),
        billing_address: Some(Some(Address {
            line1: "3 Lighthouse Road".to_owned(),
            line2: None,
            city: "Kommetjie".to_owned(),
            postal_code: "7975".to_owned(),
            country: "ZA".to_owned(),
        })),
        ..AccountChange::default()
    };
    accounts::service::change(app, account_id, AccountRole::Owner, details, Origin::operator()).await?;
    Ok(account_id)
}

fn demo_user(email: &str, password: &str, (first_name, last_name): (&str, &str)) -> OperatorUser {
    OperatorUser {
        email: Email::parse("email", email).expect("a constant address is valid"),
        password: password.to_owned(),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        staff_role: None,
        totp_secret: None,
    }
}
