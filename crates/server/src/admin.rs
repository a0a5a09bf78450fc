//! Tasks for operators: `capecontrol admin …`.

use clap::{Args, Subcommand, ValueEnum};
use common::{
    auth::StaffRole,
    validate::{Email, Name},
};

use crate::{
    app::App,
    auth::operators::{self, NewStaff},
    demo,
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

/// Does the task and tells what to print.
pub async fn run(app: &App, task: Admin) -> Result<String, Box<dyn std::error::Error>> {
    match task {
        Admin::SeedDemo => {
            let sign_ins = demo::DemoSignIns::read(&|name| std::env::var(name).ok())?;
            demo::seed(app, &sign_ins).await?;
            Ok(format!(
                "owner@demo.test password={}\nstaff@demo.test password={} totp_secret={}",
                sign_ins.owner_password, sign_ins.staff_password, sign_ins.totp_secret
            ))
        }
        Admin::CreateStaff(arguments) => create_staff(app, arguments).await,
        Admin::RemoveStaff(person) => {
            let email = email(&person.email)?;
            if operators::remove_staff(app, &email).await? {
                Ok(format!("{} is no longer staff; their sessions ended", email.as_str()))
            } else {
                Err(format!("{}: nobody of the staff has this address", email.as_str()).into())
            }
        }
        Admin::ListStaff => {
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
        Admin::ResetSecondFactor(person) => {
            let email = email(&person.email)?;
            if operators::reset_second_factor(app, &email).await? {
                Ok(format!(
                    "{}: two-step sign-in is off; their sessions ended",
                    email.as_str()
                ))
            } else {
                Err(format!("{}: nobody with this address has two-step sign-in", email.as_str()).into())
            }
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
