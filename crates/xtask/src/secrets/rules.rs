//! What a secret looks like, one line at a time.

/// Characters that follow a known prefix, and how many there are at least.
struct Shape {
    rule: &'static str,
    prefix: &'static str,
    least: usize,
    is_part: fn(char) -> bool,
}

fn alphanumeric(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

fn upper(character: char) -> bool {
    character.is_ascii_uppercase() || character.is_ascii_digit()
}

fn url_safe(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_".contains(character)
}

fn dotted(character: char) -> bool {
    url_safe(character) || character == '.'
}

const fn shape(rule: &'static str, prefix: &'static str, least: usize, is_part: fn(char) -> bool) -> Shape {
    Shape {
        rule,
        prefix,
        least,
        is_part,
    }
}

/// Tokens that tell by their first characters what they open.
const SHAPES: [Shape; 26] = [
    shape("AWS access key", "AKIA", 16, upper),
    shape("AWS temporary key", "ASIA", 16, upper),
    shape("GitHub token", "ghp_", 36, alphanumeric),
    shape("GitHub token", "gho_", 36, alphanumeric),
    shape("GitHub token", "ghu_", 36, alphanumeric),
    shape("GitHub token", "ghs_", 36, alphanumeric),
    shape("GitHub token", "ghr_", 36, alphanumeric),
    shape("GitHub token", "github_pat_", 40, url_safe),
    shape("GitLab token", "glpat-", 20, url_safe),
    shape("Google API key", "AIza", 35, url_safe),
    shape("Google OAuth secret", "GOCSPX-", 24, url_safe),
    shape("Google OAuth token", "ya29.", 30, dotted),
    shape("Slack token", "xoxb-", 20, url_safe),
    shape("Slack token", "xoxp-", 20, url_safe),
    shape("Slack token", "xapp-", 20, url_safe),
    shape("Slack webhook", "hooks.slack.com/services/T", 20, |c| {
        url_safe(c) || c == '/'
    }),
    shape("Stripe key", "sk_live_", 16, alphanumeric),
    shape("Stripe key", "rk_live_", 16, alphanumeric),
    shape("Stripe key", "sk_test_", 16, alphanumeric),
    shape("Stripe webhook secret", "whsec_", 24, alphanumeric),
    shape("Figma token", "figd_", 30, url_safe),
    shape("npm token", "npm_", 36, alphanumeric),
    shape("Heroku token", "HRKU-", 30, url_safe),
    shape("crates.io token", "cio", 32, alphanumeric),
    shape("SendGrid key", "SG.", 40, dotted),
    shape("JSON web token", "eyJ", 40, dotted),
];

/// Words before a value that should not be in a file.
const NAMES: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "access_key",
];

/// Shortest value that may be a secret.
const LEAST_LENGTH: usize = 16;
/// Bits for each character; words and names have fewer.
const LEAST_BITS: f64 = 3.3;

/// The rule that a line breaks, if any; in tests people have made-up passwords, so names are not looked at there.
pub fn judge(line: &str, is_test: bool) -> Option<&'static str> {
    if has_private_key(line) {
        return Some("private key");
    }
    if let Some(found) = SHAPES.iter().find(|shape| shape.is_in(line)) {
        return Some(found.rule);
    }
    if !is_test && has_heroku_key(line) {
        return Some("Heroku API key");
    }
    if has_password_in_url(line) && !is_test {
        return Some("password in a URL");
    }
    (!is_test && is_named_secret(line)).then_some("value of high entropy under the name of a secret")
}

impl Shape {
    fn is_in(&self, line: &str) -> bool {
        line.match_indices(self.prefix).any(|(at, _)| {
            let begins = !line[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_');
            let rest = &line[at + self.prefix.len()..];
            let body: &str = rest
                .split(|character| !(self.is_part)(character))
                .next()
                .unwrap_or_default();
            let is_jwt = self.prefix != "eyJ" || body.matches('.').count() == 2;
            begins && is_jwt && body.len() >= self.least && bits_per_character(body) > 2.5
        })
    }
}

/// The first line of a key in PEM: five dashes, BEGIN, its kind, five dashes.
fn has_private_key(line: &str) -> bool {
    line.split("-----BEGIN ").skip(1).any(|rest| {
        let kind = rest.split("-----").next().unwrap_or_default();
        rest.len() > kind.len() && kind.contains("PRIVATE KEY")
    })
}

/// Heroku's keys are plain UUIDs, so only the name beside one tells.
fn has_heroku_key(line: &str) -> bool {
    let lower = line.to_lowercase();
    lower.contains("heroku") && lower.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).any(is_uuid)
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

/// `scheme://user:password@host` with a password that is no placeholder.
fn has_password_in_url(line: &str) -> bool {
    line.split("://").skip(1).any(|rest| {
        let authority: &str = rest
            .split(|character: char| character.is_whitespace() || "/\"'`<>".contains(character))
            .next()
            .unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else {
            return false;
        };
        let Some((_, password)) = user.split_once(':') else {
            return false;
        };
        let is_placeholder = password.is_empty()
            || password.contains(['{', '$', '…', '*'])
            || ["password", "secret", "postgres"].contains(&password.to_lowercase().as_str());
        !is_placeholder && password.len() >= 8
    })
}

/// `name = "value"`, `name: value` and `NAME=value`, where the value is a long mixture.
fn is_named_secret(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    NAMES.iter().any(|name| {
        lower.match_indices(name).any(|(at, _)| {
            let after = &line[at + name.len()..];
            // The rest of a longer name: `secret_key`, `PASSWORD_2`.
            let after =
                after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '"' || c == '\'');
            let Some(value) = after.trim_start().strip_prefix([':', '=', ',']) else {
                return false;
            };
            let value = value.trim_start_matches([':', '=', '>', ' ', '(', '&', '[']);
            let value: &str = match value.strip_prefix(['"', '\'', '`']) {
                Some(quoted) => quoted.split(['"', '\'', '`']).next().unwrap_or_default(),
                None => value.split([' ', ';', ',', ')']).next().unwrap_or_default(),
            };
            is_mixture(value)
        })
    })
}

/// Long, of letters and digits, without the shape of a sentence, a path or a piece of code.
fn is_mixture(value: &str) -> bool {
    let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "+/=-_.".contains(c));
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.len() >= LEAST_LENGTH && is_plain && has_digit && has_letter && bits_per_character(value) >= LEAST_BITS
}

/// Shannon's measure.
fn bits_per_character(text: &str) -> f64 {
    let length = text.len() as f64;
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}
