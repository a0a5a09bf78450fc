//! Pure rules of members: who may be the last.

use common::accounts::AccountRole;

/// Whether an account with `owners` would have none when one with `role` gets `becomes`, or leaves with `None`.
pub fn leaves_no_owner(owners: i64, role: AccountRole, becomes: Option<AccountRole>) -> bool {
    role == AccountRole::Owner && becomes != Some(AccountRole::Owner) && owners <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_owner_must_stay_one() {
        use AccountRole::{Member, Owner, Viewer};
        for (owners, role, becomes, is_refused) in [
            (1, Owner, None, true),
            (1, Owner, Some(Member), true),
            (1, Owner, Some(Owner), false),
            (2, Owner, None, false),
            (2, Owner, Some(Viewer), false),
            (1, Member, None, false),
            (1, Viewer, Some(Owner), false),
        ] {
            assert_eq!(
                leaves_no_owner(owners, role, becomes),
                is_refused,
                "{owners} {role} {becomes:?}"
            );
        }
    }
}
