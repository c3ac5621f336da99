//! Words for yes and no in the larger European languages, and what spreadsheets write for true and false.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A word for false and its opposite, in small letters without accents.
type Opposites = (&'static str, &'static str);

const OPPOSITES: [Opposites; 38] = [
    ("false", "true"),
    ("no", "yes"),
    ("f", "t"),
    ("n", "y"),
    ("0", "1"),
    // German, Swedish, Danish, Norwegian, Dutch
    ("nein", "ja"),
    ("nej", "ja"),
    ("nei", "ja"),
    ("nee", "ja"),
    // French; Italian and Spanish; Portuguese; Catalan; Romanian
    ("non", "oui"),
    ("no", "si"),
    ("nao", "sim"),
    ("nu", "da"),
    // Polish, Czech, Slovak, Slovene and others, Hungarian
    ("nie", "tak"),
    ("ne", "ano"),
    ("nie", "ano"),
    ("ne", "da"),
    ("nem", "igen"),
    // Finnish, Estonian, Latvian, Lithuanian
    ("ei", "kylla"),
    ("ei", "jah"),
    ("ne", "ja"),
    ("ne", "taip"),
    // Russian, Bulgarian, Ukrainian, Greek, Turkish
    ("нет", "да"),
    ("не", "да"),
    ("ні", "так"),
    ("οχι", "ναι"),
    ("hayir", "evet"),
    // True and false: German, French, Italian, Spanish, Portuguese, Dutch, Polish, Swedish and Danish, Finnish
    ("falsch", "wahr"),
    ("faux", "vrai"),
    ("falso", "vero"),
    ("falso", "verdadero"),
    ("falso", "verdadeiro"),
    ("onwaar", "waar"),
    ("falsz", "prawda"),
    ("falskt", "sant"),
    ("falsk", "sand"),
    ("epatosi", "tosi"),
    ("ложь", "истина"),
];

/// What each word means, in small letters, in capitals, and with a capital first; no word means both.
static TRUTHS: LazyLock<HashMap<String, bool>> = LazyLock::new(|| {
    let words = OPPOSITES.iter().flat_map(|&(no, yes)| [(no, false), (yes, true)]);
    let forms = |word: &str| {
        let capitals = word.to_uppercase();
        let mut chars = word.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        [word.to_owned(), first + chars.as_str(), capitals]
    };
    words.flat_map(|(word, is_true)| forms(word).map(|form| (form, is_true))).collect()
});

/// Whether a word means true or false; none if it means neither. Called for every cell of a column, most of which are
/// written in one of the forms that need no more work.
pub(crate) fn truth(word: &str) -> Option<bool> {
    TRUTHS.get(word).or_else(|| TRUTHS.get(&without_accents(word)?)).copied()
}

/// Whether all words are one of two opposites.
pub(crate) fn are_opposites<'w>(words: impl Iterator<Item = &'w str>) -> bool {
    let mut left: Vec<&Opposites> = OPPOSITES.iter().collect();
    for word in words {
        let Some(plain) = without_accents(word) else { return false };
        left.retain(|(no, yes)| *no == plain || *yes == plain);
        if left.is_empty() {
            return false;
        }
    }
    true
}

/// In small letters and without the accents of the words above, be they part of the letter or characters after it; none
/// of a word that is longer than all of them.
fn without_accents(word: &str) -> Option<String> {
    /// No word of the list is longer, with an accent after each letter.
    const MOST_CHARS: usize = 24;
    if word.chars().nth(MOST_CHARS).is_some() {
        return None;
    }
    let small = word.chars().flat_map(char::to_lowercase);
    let plain = small.filter(|char| !('\u{300}'..='\u{36f}').contains(char)).map(|char| match char {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'ā' => 'a',
        'é' | 'è' | 'ē' => 'e',
        'í' | 'ì' | 'ı' => 'i',
        'ł' => 'l',
        'ό' => 'ο',
        other => other,
    });
    Some(plain.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_many_languages_are_true_or_false() {
        for (no, yes) in [
            ("no", "YES"),
            ("Nein", "Ja"),
            ("NON", "Oui"),
            ("no", "sí"),
            ("No", "SÌ"),
            ("não", "sim"),
            ("NÃO", "SIM"),
            // The accent as a character after the letter.
            ("na\u{303}o", "sim"),
            ("no", "si\u{301}"),
            ("nie", "tak"),
            ("nej", "ja"),
            ("ei", "KYLLÄ"),
            ("nē", "jā"),
            ("нет", "Да"),
            ("Όχι", "ναι"),
            ("HAYIR", "Evet"),
            ("FALSCH", "WAHR"),
            ("FAUX", "VRAI"),
            ("FAŁSZ", "PRAWDA"),
        ] {
            assert_eq!((truth(no), truth(yes)), (Some(false), Some(true)), "{no} {yes}");
            assert!(are_opposites([no, yes, no].into_iter()), "{no} {yes}");
        }
        // Cut off, it would be a word of the list.
        let long = format!("no{}body", "\u{301}".repeat(23));
        for word in [&*long, "", "maybe", "jaa", "nein!", "yes no", "j", "oui oui"] {
            assert_eq!(truth(word), None, "{word}");
        }
    }

    #[test]
    fn no_word_means_both_and_words_of_two_languages_are_not_opposites() {
        for (no, yes) in OPPOSITES {
            assert!(
                OPPOSITES.iter().all(|(other_no, other_yes)| *other_no != yes && *other_yes != no),
                "{no} {yes}"
            );
            assert_eq!(
                (without_accents(no), without_accents(yes)),
                (Some(no.to_owned()), Some(yes.to_owned()))
            );
        }
        assert!(!are_opposites(["ja", "yes"].into_iter()));
        assert!(!are_opposites(["nein", "oui"].into_iter()));
        assert!(!are_opposites(["ja", "vielleicht"].into_iter()));
        assert!(are_opposites(["ja", "JA"].into_iter()));
    }
}
