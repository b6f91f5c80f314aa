//! Searching: every word of the search is the beginning of one of an item's words; what is in a title counts more than what is in a
//! description.

use super::words::{asked, words};

/// Words of a search that are shorter are not looked for in the middle of words.
const SHORTEST_MIDDLE: usize = 3;

/// What is searched in an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Searched {
    /// Each word with its weight: a smaller one counts more.
    words: Vec<(Box<str>, u32)>,
}

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Title,
    Name,
    Description,
    Owner,
}

impl Searched {
    pub(super) fn add(&mut self, place: Place, text: &str) {
        let weight = match place {
            Place::Title => 0,
            Place::Name => 2,
            Place::Description => 20,
            Place::Owner => 30,
        };
        // What stands first says more.
        let placed = words(text).into_iter().zip(0_u32..);
        self.words.extend(placed.map(|(word, at)| (word.into_boxed_str(), weight + at.min(9))));
    }

    /// How well the item is what is asked for: less is better. Nothing where it is not.
    fn rank(&self, asked: &[String]) -> Option<u32> {
        asked.iter().map(|word| self.rank_of(word)).sum()
    }

    fn rank_of(&self, asked: &str) -> Option<u32> {
        let rank = |(word, weight): &(Box<str>, u32)| {
            if word.len() == asked.len() {
                return (**word == *asked).then_some(*weight);
            }
            if word.starts_with(asked) {
                return Some(weight + 5);
            }
            (asked.len() >= SHORTEST_MIDDLE && word.len() > asked.len() && word.contains(asked))
                .then_some(weight + 100)
        };
        self.words.iter().filter_map(rank).min()
    }
}

/// The items that are asked for, the best first; of equals, in their order. All of them where nothing is asked for.
pub(super) fn find<'a, T>(items: impl Iterator<Item = (&'a Searched, T)>, query: &str) -> Vec<T> {
    let asked = asked(query);
    let mut found: Vec<(u32, T)> =
        items.filter_map(|(searched, item)| Some((searched.rank(&asked)?, item))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn item(title: &str, name: &str, description: &str, owner: &str) -> Searched {
        let mut searched = Searched::default();
        searched.add(Place::Title, title);
        searched.add(Place::Name, name);
        searched.add(Place::Description, description);
        searched.add(Place::Owner, owner);
        searched
    }

    #[test]
    fn beginnings_of_words_are_found_and_titles_come_first() {
        let items = [
            ("a", item("Word count", "wordcount", "Counts the words of a report.", "Ann")),
            ("b", item("Monthly donor report", "donors", "What donors gave.", "Finance team")),
            ("c", item("Größe der Dateien", "sizes", "Wie groß sie sind.", "Zoë")),
        ];
        let found = |query: &str| find(items.iter().map(|(name, item)| (item, *name)), query).join("");
        for (query, expected) in [
            ("", "abc"),
            ("don", "b"),
            ("rep", "ba"),
            ("report mon", "b"),
            ("WORD", "a"),
            ("words report", "a"),
            ("gros", "c"),
            ("zoe", "c"),
            ("fin", "b"),
            ("onor", "b"),
            ("or", ""),
            ("nothing", ""),
            ("word nothing", ""),
        ] {
            assert_eq!(found(query), expected, "{query}");
        }
    }

    #[test]
    fn thousands_of_templates_are_searched_at_once() {
        let items: Vec<Searched> = (0..5000)
            .map(|n| {
                let description = "Reads what was sold in a month, adds it up by country, and writes a table for the people in accounting.";
                item(&format!("Report number {n} of the sales department"), &format!("sales-report.v{n}"), description, "Accounting")
            })
            .collect();
        let begun = Instant::now();
        let found = find(items.iter().zip(0..), "rep numb 4321 acc");
        assert_eq!(found.first(), Some(&4321));
        // Five milliseconds as it is released; tests are not.
        assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());
    }
}
