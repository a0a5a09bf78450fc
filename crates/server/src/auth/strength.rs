//! How long a password would stand: zxcvbn's count of guesses, told in our words.
//!
//! What belongs to the person (address, names, company) adds nothing: a password that holds it is judged by the rest.

use common::{FieldError, passwords::PasswordStrength, validate::check_new_password};
use zxcvbn::feedback::{Suggestion, Warning};

use super::password;
use crate::error::ApiError;

/// Lowest score that a new password needs: more than a million guesses, which a stolen hash makes slow.
const LOWEST_SCORE: u8 = 2;
/// The work grows faster than the length; nothing that is judged well by its first characters is bad as a whole.
const JUDGED_CHARS: usize = 40;
/// Most words of context that are looked at, and the shortest that counts.
const CONTEXT_WORDS: usize = 24;
const CONTEXT_WORD_CHARS: std::ops::RangeInclusive<usize> = 3..=64;
/// Shorter words occur inside others.
const CUT_WORD_CHARS: usize = 4;

/// Refuses a new password that is too short, too long or too easy to guess for somebody who knows `context`.
pub async fn check_new(field: &str, password: &str, context: &[&str]) -> Result<(), ApiError> {
    check_new_password(field, password)?;
    let context = context.iter().map(|text| (*text).to_owned()).collect();
    let strength = judge(password.to_owned(), context).await?;
    if strength.is_acceptable {
        return Ok(());
    }
    let mut sentences = vec![
        strength
            .warning
            .unwrap_or_else(|| "This password is easy to guess.".to_owned()),
    ];
    sentences.extend(strength.suggestions);
    Err(FieldError::new(field, "too_common", sentences.join(" ")).into())
}

/// Judges a password in the blocking pool; nothing is kept. 503 when too many wait.
pub async fn judge(password: String, context: Vec<String>) -> Result<PasswordStrength, ApiError> {
    password::judge(move || judge_now(&password, &context)).await
}

fn judge_now(password: &str, context: &[String]) -> PasswordStrength {
    let words = words_of(context);
    let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
    let judged: String = password.chars().take(JUDGED_CHARS).collect();
    let whole = zxcvbn::zxcvbn(&judged, &inputs);
    let rest = without(&judged, &words).map(|rest| zxcvbn::zxcvbn(&rest, &inputs));
    let own = rest.filter(|rest| rest.score() < whole.score());
    let (judged_by, own_warning) = match &own {
        Some(rest) => (rest, Some("It holds your name, address or company, which others know.")),
        None => (&whole, None),
    };
    let score = u8::from(judged_by.score());
    let rule = check_new_password("password", password).err();
    let feedback = judged_by.feedback();
    let is_acceptable = score >= LOWEST_SCORE && rule.is_none();
    let warning = rule
        .map(|error| error.message)
        .or_else(|| own_warning.map(str::to_owned))
        .or_else(|| {
            feedback
                .and_then(|feedback| feedback.warning())
                .map(warn)
                .map(str::to_owned)
        });
    let suggestions = feedback.map_or(&[][..], |feedback| feedback.suggestions());
    PasswordStrength {
        score,
        is_acceptable,
        warning,
        suggestions: suggestions.iter().map(|one| suggest(*one).to_owned()).collect(),
    }
}

/// The context in single words, lower case, without repetition.
fn words_of(context: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in context {
        let text: String = text.chars().take(300).collect::<String>().to_lowercase();
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let is_new = !words.iter().any(|known| known == word);
            if words.len() < CONTEXT_WORDS && is_new && CONTEXT_WORD_CHARS.contains(&word.chars().count()) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

/// What is left of a password when the person's own words are cut out; `None` when it holds none.
fn without(password: &str, words: &[String]) -> Option<String> {
    let lower = password.to_lowercase();
    let mut rest = lower.clone();
    for word in words.iter().filter(|word| word.chars().count() >= CUT_WORD_CHARS) {
        rest = rest.replace(word.as_str(), "");
    }
    // An address without its words is only signs.
    (rest != lower).then(|| rest.chars().filter(|c| c.is_alphanumeric()).collect())
}

fn warn(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => "Rows of keys are tried early.",
        Warning::ShortKeyboardPatternsAreEasyToGuess => "Short patterns on the keyboard are tried early.",
        Warning::RepeatsLikeAaaAreEasyToGuess => "The same character again and again is easy to guess.",
        Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => "Repeating a part adds almost nothing.",
        Warning::ThisIsATop10Password | Warning::ThisIsATop100Password | Warning::ThisIsACommonPassword => {
            "Many people use this password, so it is tried first."
        }
        Warning::ThisIsSimilarToACommonlyUsedPassword => "This is close to a password that many people use.",
        Warning::SequencesLikeAbcAreEasyToGuess => "Sequences such as abc or 6543 are easy to guess.",
        Warning::RecentYearsAreEasyToGuess => "Years of our time are easy to guess.",
        Warning::AWordByItselfIsEasyToGuess => "A single word is easy to guess.",
        Warning::DatesAreOftenEasyToGuess => "Dates are easy to guess.",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            "Names are easy to guess."
        }
    }
}

fn suggest(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases => "Use a few words that do not usually stand together.",
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters => "Symbols, digits and capitals are not needed.",
        Suggestion::AddAnotherWordOrTwo => "Add a word or two; rare ones are better.",
        Suggestion::CapitalizationDoesntHelpVeryMuch => "A capital at the start does not help much.",
        Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => "All capitals do not help much.",
        Suggestion::ReversedWordsArentMuchHarderToGuess => "Words written backwards do not help much.",
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => "Writing @ for a, or 0 for o, does not help much.",
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => "Use words in place of patterns on the keyboard.",
        Suggestion::AvoidRepeatedWordsAndCharacters => "Do not repeat words or characters.",
        Suggestion::AvoidSequences => "Leave sequences out.",
        Suggestion::AvoidRecentYears | Suggestion::AvoidYearsThatAreAssociatedWithYou => "Leave years out.",
        Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "Leave dates and years out.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Stopwatch;

    fn judged(password: &str) -> PasswordStrength {
        let context = ["nomsa.vanwyk@karookiln.co.za", "Nomsa", "van Wyk", "Karoo Kiln Studio"];
        judge_now(password, &context.map(str::to_owned))
    }

    #[test]
    fn what_many_people_use_is_refused_with_a_reason() {
        for password in [
            "password1234",
            "qwertyuiop",
            "1234567890",
            "aaaaaaaaaaaa",
            "P@ssw0rd123",
            "abcabcabcabc",
        ] {
            let strength = judged(password);
            assert!(
                !strength.is_acceptable && strength.warning.is_some(),
                "{password}: {strength:?}"
            );
            assert!(!strength.suggestions.is_empty(), "{password}");
        }
    }

    #[test]
    fn what_is_the_person_s_own_adds_nothing() {
        for password in [
            "nomsa.vanwyk@karookiln.co.za",
            "Karoo Kiln Studio",
            "karookiln1234",
            "NomsaKarooKiln1",
        ] {
            let strength = judged(password);
            assert!(!strength.is_acceptable, "{password}: {strength:?}");
        }
        assert!(judged("karoo thunder over seventeen lemons").is_acceptable);
    }

    #[test]
    fn sentences_and_random_text_are_strong() {
        for password in [
            "a long enough password",
            "koppie sunrise 42",
            "x7Kq2mVt9Lw4",
            "ĝĥĵŝŭĉĝĥĵŝ",
        ] {
            assert!(judged(password).is_acceptable, "{password}: {:?}", judged(password));
        }
        assert_eq!(judged("seventeen purple lemons over Hermanus").score, 4);
    }

    #[test]
    fn long_passwords_are_judged_in_time() {
        for part in [
            "4@8({[<369&#!1/|0$5+7%2",
            "a",
            "seventeen lemons ",
            "abc123",
            "21 10 1999 ",
        ] {
            let started = Stopwatch::start();
            let long: String = part.chars().cycle().take(1000).collect();
            let context = vec![part.repeat(40); 40];
            judge_now(&long, &context);
            assert!(started.elapsed().as_secs() < 10, "{part}: {:?}", started.elapsed());
        }
    }

    #[test]
    fn a_short_one_hears_the_rule() {
        let strength = judged("x7Kq2");
        assert!(!strength.is_acceptable);
        assert!(strength.warning.unwrap().contains("10 characters"));
    }
}
