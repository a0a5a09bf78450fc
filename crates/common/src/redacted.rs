//! `Debug` without values, for types that carry passwords, tokens or codes: a log or a panic must not show them.

/// Writes `Debug` of the named types as their name alone.
#[macro_export]
macro_rules! redacted_debug {
    ($($name:ident),+ $(,)?) => { $(
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+ };
}

#[cfg(test)]
mod tests {
    use crate::{
        auth::{Credentials, EmailVerification},
        passwords::PasswordReset,
    };

    #[test]
    fn secrets_do_not_show_themselves() {
        let shown = [
            format!(
                "{:?}",
                Credentials {
                    email: "a@karoo.test".into(),
                    password: "hunter2-hunter2".into(),
                    totp: Some("123456".into())
                }
            ),
            format!("{:?}", EmailVerification { token: "0f0f0f".into() }),
            format!(
                "{:#?}",
                PasswordReset {
                    token: "0f0f0f".into(),
                    password: "hunter2-hunter2".into()
                }
            ),
        ];
        assert_eq!(shown[0], "Credentials { .. }");
        for shown in shown {
            assert!(
                !["hunter2", "123456", "0f0f0f"]
                    .iter()
                    .any(|secret| shown.contains(secret)),
                "{shown}"
            );
        }
    }
}
