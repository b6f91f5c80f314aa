//! Cards: numbered, so that nobody's change is lost; and the audit tells who made which.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value, json};
use tmpl_bucket::{SavedCards, layout};
use tmpl_template::{Card, CardName};

use crate::support::jobs::somebody;
use crate::support::stores::Stored;

fn card(title: &str) -> Card {
    let values = json!({ "input": { "value": "/data", "access": "locked" } });
    serde_json::from_value(json!({ "title": title, "template": "report", "values": values })).unwrap()
}

fn name(name: &str) -> CardName {
    name.parse().unwrap()
}

fn titles(cards: &SavedCards) -> Vec<(&str, u64, &str)> {
    cards.cards.iter().map(|card| (card.name.as_str(), card.number, card.card.title.as_str())).collect()
}

pub(crate) async fn cards_are_saved_listed_and_deleted(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let (ann, ben) = (somebody("ann"), somebody("ben"));
    let donors = name("donors");
    assert_eq!(bucket.card(&donors).await.unwrap(), None);
    assert_eq!(bucket.cards().await.unwrap(), SavedCards::default());
    assert!(!bucket.delete_card(&donors, &ann).await.unwrap());
    assert!(bucket.save_card(&donors, 0, &card("A"), &ann).await.unwrap());
    assert!(bucket.save_card(&name("a"), 0, &card("B"), &ann).await.unwrap());
    assert!(other.save_card(&donors, 1, &card("C"), &ben).await.unwrap());
    // Who has not seen that is told so.
    assert!(!bucket.save_card(&donors, 1, &card("D"), &ann).await.unwrap());
    let found = other.card(&donors).await.unwrap().unwrap();
    assert_eq!((found.number, found.card, found.submitter), (2, card("C"), ben.clone()));
    assert_eq!(titles(&bucket.cards().await.unwrap()), [("a", 1, "B"), ("donors", 2, "C")]);
    assert!(other.delete_card(&donors, &ben).await.unwrap());
    assert!(!bucket.delete_card(&donors, &ann).await.unwrap());
    assert_eq!(titles(&bucket.cards().await.unwrap()), [("a", 1, "B")]);
    let newest = bucket.newest_card_entries().await.unwrap();
    assert_eq!(newest.into_iter().collect::<Vec<_>>(), [(name("a"), 1), (donors.clone(), 3)]);
    // What was deleted can be saved anew, and its history stays.
    assert!(bucket.save_card(&donors, 3, &card("E"), &ann).await.unwrap());
    let history = other.card_history(&donors, 3).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|(number, entry)| {
            (*number, entry.submitter.who.as_str(), entry.card.as_ref().map(|card| card.title.as_str()))
        })
        .collect();
    assert_eq!(told, [(4, "ann", Some("E")), (3, "ben", None), (2, "ben", Some("C"))]);
}

pub(crate) async fn of_two_who_save_a_card_one_is_told_to_look_again(store: Stored) {
    let (bucket, other, donors) = (&store.bucket, store.again(), name("donors"));
    let (ann, ben) = (somebody("ann"), somebody("ben"));
    let (mine, theirs) = (card("mine"), card("theirs"));
    let (first, second) =
        tokio::join!(bucket.save_card(&donors, 0, &mine, &ann), other.save_card(&donors, 0, &theirs, &ben));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first != second, "{first} {second}");
    let holds = store.again().card(&donors).await.unwrap().unwrap();
    assert_eq!((holds.number, holds.card), (1, if first { mine } else { theirs }));
}

pub(crate) async fn a_damaged_card_is_named_and_the_others_are_listed(store: Stored) {
    let bucket = &store.bucket;
    let ann = somebody("ann");
    assert!(bucket.save_card(&name("well"), 0, &card("A"), &ann).await.unwrap());
    let who = r#""time":"2026-11-21T08:00:00Z","who":"ann","host":"h""#;
    for (card, text, said) in [
        ("cut", "{\"format\"".to_owned(), "can't be read"),
        ("newer", format!("{{\"format\":2,{who}}}"), "it has format 2, which a newer tmpl wrote"),
        ("odd", format!("{{\"format\":1,{who},\"card\":{{\"title\":\"x\"}}}}"), "missing field `template`"),
    ] {
        let object = layout::card_entry(&name(card), 1);
        bucket.write_object(&object, text).await.unwrap();
        let error = bucket.card(&name(card)).await.unwrap_err().to_string();
        assert!(error.contains(&object) && error.contains(said), "{error}");
    }
    // What is no card's is nobody's.
    bucket.write_object(&format!("{}/Not A Card/00000001.json", layout::CARDS), "{}").await.unwrap();
    let found = bucket.cards().await.unwrap();
    assert_eq!((found.cards.len(), found.warnings.len()), (1, 3), "{:?}", found.warnings);
    assert!(bucket.delete_card(&name("cut"), &ann).await.unwrap());
    assert_eq!(bucket.card(&name("cut")).await.unwrap(), None);
}

pub(crate) async fn the_audit_is_read_newest_first(store: Stored) {
    let bucket = &store.bucket;
    let (ann, ben) = (somebody("ann"), somebody("ben"));
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let (yesterday, tomorrow) = (today - 1.day(), today + 1.day());
    assert_eq!(bucket.audit_entries(yesterday, tomorrow, 10).await.unwrap().entries, []);
    let old = json!({"time": format!("{yesterday}T08:00:00Z"), "who": "eve", "host": "h", "action": "delete job", "subject": {}});
    let folder = format!("{}/{yesterday}", layout::AUDIT);
    bucket.write_object(&format!("{folder}/080000000000-0.json"), old.to_string()).await.unwrap();
    bucket.save_card(&name("donors"), 0, &card("A"), &ann).await.unwrap();
    bucket.delete_card(&name("donors"), &ben).await.unwrap();
    bucket.write_object(&format!("{folder}/070000000000-0.json"), "{".to_owned()).await.unwrap();
    let told = |list: &tmpl_bucket::AuditList| -> Vec<(String, String)> {
        let of = |entry: &tmpl_bucket::AuditEntry| (entry.submitter.who.clone(), entry.action.clone());
        list.entries.iter().map(of).collect()
    };
    let pair = |who: &str, action: &str| (who.to_owned(), action.to_owned());
    let all = bucket.audit_entries(yesterday, tomorrow, 10).await.unwrap();
    // Midnight may be between them.
    assert_eq!(told(&all), [pair("ben", "delete card"), pair("ann", "save card"), pair("eve", "delete job")]);
    assert_eq!((all.more, all.warnings.len()), (false, 1));
    assert_eq!(all.entries[1].subject, json!({"card": "donors", "entry": 1, "template": "report"}));
    assert_eq!(all.entries[2].subject, Value::Object(serde_json::Map::new()));
    let some = bucket.audit_entries(yesterday, tomorrow, 2).await.unwrap();
    assert_eq!((told(&some).len(), some.more), (2, true));
    let before = bucket.audit_entries(yesterday, yesterday, 10).await.unwrap();
    assert_eq!(told(&before), [pair("eve", "delete job")]);
    assert_eq!(bucket.audit_entries(tomorrow, yesterday, 10).await.unwrap().entries, []);
}
