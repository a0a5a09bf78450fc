//! Pure rules of members: who may be the last, and which words go into mails.

use common::accounts::AccountRole;

/// Longest name that a mail shows.
const SHOWN_MAX_CHARS: usize = 60;

/// Whether an account with `owners` would have none when one with `role` gets `becomes`, or leaves with `None`.
pub fn leaves_no_owner(owners: i64, role: AccountRole, becomes: Option<AccountRole>) -> bool {
    role == AccountRole::Owner && becomes != Some(AccountRole::Owner) && owners <= 1
}

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
