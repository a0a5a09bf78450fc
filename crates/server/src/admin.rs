//! Tasks for operators: `capecontrol admin …`.

use clap::{Args, Subcommand, ValueEnum};
use common::{
    auth::StaffRole,
    books::BookFinding,
    validate::{Email, Name},
};

use crate::{
    app::App,
    auth::operators::{self, NewStaff},
    books, demo,
};

#[derive(Subcommand)]
pub enum Admin {
    /// Make the demo users, with passwords from DEMO_OWNER_PASSWORD and DEMO_STAFF_PASSWORD.
    SeedDemo,
    /// Give somebody a role of the staff; prints a link, once, that sets their password.
    CreateStaff(CreateStaff),
    /// Take the role of the staff from somebody.
    RemoveStaff(Person),
    /// Tell who has a role of the staff.
    ListStaff,
    /// Turn off the second factor of somebody who lost the app and the recovery codes.
    ResetSecondFactor(Person),
    /// Check every invariant of the books; ends with 1 when one does not hold.
    VerifyBooks,
}

/// What a task printed, and whether it found everything as it should be.
pub struct Told {
    pub text: String,
    pub is_good: bool,
}

/// Does the task and tells what to print.
pub async fn run(app: &App, task: Admin) -> Result<Told, Box<dyn std::error::Error>> {
    let text = match task {
        Admin::VerifyBooks => return verify_books(app).await,
        Admin::SeedDemo => {
            let sign_ins = demo::DemoSignIns::read(&|name| std::env::var(name).ok())?;
            demo::seed(app, &sign_ins).await?;
            format!(
                "owner@demo.test password={}\nstaff@demo.test password={} totp_secret={}",
                sign_ins.owner_password, sign_ins.staff_password, sign_ins.totp_secret
            )
        }
        Admin::CreateStaff(arguments) => create_staff(app, arguments).await?,
        Admin::RemoveStaff(person) => {
            let email = email(&person.email)?;
            if !operators::remove_staff(app, &email).await? {
                return Err(format!("{}: nobody of the staff has this address", email.as_str()).into());
            }
            format!("{} is no longer staff; their sessions ended", email.as_str())
        }
        Admin::ListStaff => list_staff(app).await?,
        Admin::ResetSecondFactor(person) => {
            let email = email(&person.email)?;
            if !operators::reset_second_factor(app, &email).await? {
                return Err(format!("{}: nobody with this address has two-step sign-in", email.as_str()).into());
            }
            format!("{}: two-step sign-in is off; their sessions ended", email.as_str())
        }
    };
    Ok(Told { text, is_good: true })
}

async fn list_staff(app: &App) -> Result<String, Box<dyn std::error::Error>> {
    let staff = operators::list_staff(app).await?;
    if staff.is_empty() {
        return Ok("nobody is staff; `capecontrol admin create-staff` makes somebody".to_owned());
    }
    let lines = staff.iter().map(|person| {
        let factor = if person.has_second_factor { "on" } else { "off" };
        format!("{} role={} second_factor={factor}", person.email, person.role)
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// A line for each invariant, and one for each row that breaks it.
async fn verify_books(app: &App) -> Result<Told, Box<dyn std::error::Error>> {
    let books = books::verify::verify(app).await?;
    let mut lines = Vec::new();
    for check in &books.checks {
        let holds = check.holds == Some(true);
        let (word, invariant) = (if holds { "holds" } else { "DOES NOT HOLD" }, check.invariant);
        lines.push(format!("{invariant} {word} rows={} {}", check.checked, check.sentence));
        let finding = |found: &BookFinding| format!("{invariant} {} {}: {}", found.kind, found.id, found.message);
        lines.extend(check.findings.iter().map(finding));
    }
    if let Some(end) = app.db.read(books::store::find_end).await? {
        lines.push(format!("entries={} hash={}", end.0, end.1));
    }
    let broken = books.checks.iter().filter(|check| check.holds != Some(true)).count();
    lines.push(match broken {
        0 => "the books hold".to_owned(),
        1 => "one invariant does not hold".to_owned(),
        more => format!("{more} invariants do not hold"),
    });
    Ok(Told {
        text: lines.join("\n"),
        is_good: broken == 0,
    })
}

#[derive(Args)]
pub struct Person {
    #[arg(long)]
    email: String,
}

#[derive(Args)]
pub struct CreateStaff {
    #[arg(long)]
    email: String,
    #[arg(long)]
    role: Role,
    #[arg(long)]
    first_name: Option<String>,
    #[arg(long)]
    last_name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Support,
    Billing,
    Admin,
}

impl From<Role> for StaffRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Support => StaffRole::Support,
            Role::Billing => StaffRole::Billing,
            Role::Admin => StaffRole::Admin,
        }
    }
}

async fn create_staff(app: &App, arguments: CreateStaff) -> Result<String, Box<dyn std::error::Error>> {
    let name = |flag: &str, text: Option<&str>| {
        let name = text.map(|text| Name::parse(flag, text, "a name")).transpose();
        name.map(|name| name.map(Name::into_string))
            .map_err(|error| format!("{flag}: {}", error.message))
    };
    let staff = NewStaff {
        email: email(&arguments.email)?,
        role: arguments.role.into(),
        first_name: name("--first-name", arguments.first_name.as_deref())?,
        last_name: name("--last-name", arguments.last_name.as_deref())?,
    };
    let (address, role) = (staff.email.as_str().to_owned(), staff.role);
    let url = operators::create_staff(app, staff).await?;
    Ok(format!(
        "{address} is staff with the role {role}. This link sets their password, once, for 24 hours:\n{url}\n\
         Two-step sign-in must be turned on before the role counts."
    ))
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse("--email", text).map_err(|error| format!("--email: {}", error.message))
}
