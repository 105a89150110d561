//! The language of a text by its small words: sure even on pages that are mostly names and numbers, where
//! statistics of letters are not.

use std::{collections::HashMap, sync::LazyLock};

/// How many small words a guess needs.
const MIN_WORDS: u32 = 4;

/// Languages in the Latin script with small words that are frequent, in lower case.
const WORDS: [(&str, &str); 22] = [
    (
        "en",
        "the of and to in is for our you your with we are from this that by on or as at be have can will us all more not",
    ),
    (
        "de",
        "der die das und ist für mit von den wir sie ihre unsere auf im zu eine ein nicht auch bei oder sind zum zur dem des aus über",
    ),
    (
        "fr",
        "le la les des et est pour une un vous nous dans sur avec du votre notre nos vos au aux qui que plus par ce sont en ou à",
    ),
    (
        "es",
        "el la los las de y en que para con una un por nuestro nuestra su sus más del al es se como todo lo o son nos",
    ),
    (
        "it",
        "il la le di e per con una un che del della dei nostro nostra sono alla al nel gli più anche è si da i lo dal",
    ),
    (
        "pt",
        "o a os as de e para com uma um que do da dos das em por no na você nosso nossa mais não seu sua ao são é",
    ),
    (
        "nl",
        "de het een van en in voor met op wij is zijn onze uw je te ook bij naar aan niet of dat die om ons wordt",
    ),
    (
        "sv",
        "och att det som för en ett på av med vi är till du har den inte om kan våra din från eller i oss",
    ),
    ("da", "og at det som for en et på af med vi er til du har den ikke om kan vores din fra eller i os"),
    ("nb", "og å det som for en et på av med vi er til du har den ikke om kan våre din fra eller i oss"),
    ("fi", "ja on ei että se ovat tai myös sekä kun niin meidän voit mukaan kaikki ole jos olemme joka"),
    ("pl", "i w na z do się nie jest to że dla oraz od po jak za przez są o ze lub nasze co nas"),
    ("cs", "a v na se je to že s do pro za od jsou nebo jako pod při ve které naše vás nás jsme k"),
    ("sk", "a v na sa je to že s do pre za od sú alebo ako pri vo ktoré naše vás nás sme k"),
    ("hu", "a az és hogy nem is egy van meg vagy ez csak már minden mint el de volt ha lesz"),
    ("ro", "și de la cu pentru în din pe este sunt care mai sau un o nu ce ne noastre prin"),
    ("tr", "ve bir bu için ile da de en olarak daha çok gibi olan her ne kadar biz sizin"),
    ("hr", "i u na je za se da od su s sa kao o ili iz koji nije biti može te vas naše"),
    ("sl", "in je na za v se da so z ki po pri kot bo tudi ali iz vas naše smo"),
    ("et", "ja on et ei see kui mis oma ka või meie teie ning kõik"),
    ("lt", "ir yra kad su iš į tai kaip bet ar jūsų mūsų už apie dėl"),
    ("id", "yang dan di untuk dengan dari ini dalam pada kami anda adalah atau tidak akan ke juga"),
];

/// The words with a bit for each language that has them.
static INDEX: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut index = HashMap::new();
    for (place, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split(' ') {
            *index.entry(word).or_insert(0) |= 1 << place;
        }
    }
    index
});

/// The language whose small words a text has, when it has clearly more of them than of any other's.
pub(super) fn language(text: &str) -> Option<&'static str> {
    if !is_latin(text) {
        return None;
    }
    let mut counts = [0_u32; WORDS.len()];
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphabetic()) {
        let languages = INDEX.get(word).copied().unwrap_or(0);
        for (place, count) in counts.iter_mut().enumerate() {
            *count += languages >> place & 1;
        }
    }
    let best = counts.iter().enumerate().max_by_key(|(place, count)| (**count, std::cmp::Reverse(*place)))?;
    let second =
        counts.iter().enumerate().filter(|(place, _)| *place != best.0).map(|(_, count)| *count).max();
    let is_clear = *best.1 >= MIN_WORDS && *best.1 * 4 >= second? * 5;
    is_clear.then_some(WORDS[best.0].0)
}

/// Whether nearly all letters are those of the Latin script.
fn is_latin(text: &str) -> bool {
    let is_latin = |c: char| c < '\u{250}' || ('\u{1e00}'..'\u{1f00}').contains(&c);
    let (mut latin, mut others) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        *(if is_latin(c) { &mut latin } else { &mut others }) += 1;
    }
    latin >= 8 * others
}

#[cfg(test)]
mod tests {
    use super::language;

    #[test]
    fn small_words_tell_the_language_among_names_and_numbers() {
        for (text, expected) in [
            (
                "Contact Acme Fittings Ltd for all your needs: we are at Unit 7, Hove, and on 01273 555 123",
                Some("en"),
            ),
            (
                "Müller Sanitär GmbH, Notdienst für Köln und Bonn, wir sind auch am Wochenende für Sie da",
                Some("de"),
            ),
            (
                "Le garage Dupont vous accueille du lundi au vendredi pour la réparation de votre auto",
                Some("fr"),
            ),
            ("Restaurante Casa Paco, en el centro de la ciudad, para comer con los amigos", Some("es")),
            ("Trattoria da Gino: la cucina della nonna, nel cuore di Trastevere, con il sole", Some("it")),
            ("Padaria Central: o melhor pão da cidade, com entrega para você em casa", Some("pt")),
            (
                "Fietsenmaker Jansen, voor al uw reparaties, en ook voor een nieuwe fiets van het merk Gazelle",
                Some("nl"),
            ),
            ("Home News Shop Login Warenkorb", None),
            ("日本の会社です。News for you of the day in our shop 東京都港区のサービス", None),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}
