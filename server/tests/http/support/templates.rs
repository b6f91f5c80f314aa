//! Templates and cards, as they lie in a bucket.

use serde_json::json;
use tempfile::TempDir;
use tmpl_bucket::{Bucket, Submitter};
use tmpl_template::{Card, CardName};

/// A bucket with a template for everybody and one for some, and a card of each.
pub(crate) async fn published(folder: &TempDir, names: &[&str]) {
    let place = folder.path().join("bucket");
    let bucket = Bucket::open_or_create(&place.to_str().unwrap().parse().unwrap()).unwrap();
    std::fs::create_dir_all(place.join("templates")).unwrap();
    for name in names {
        let spec = json!({
            "image": "registry.example/wordcount:1",
            "sdkInfo": { "language": "PYTHON" },
            "metadata": {
                "name": format!("Template {name}"),
                "parameters": [{ "name": "input", "label": "Input", "helpText": "What is read." }],
            },
        });
        std::fs::write(place.join(format!("templates/{name}.json")), spec.to_string()).unwrap();
        let card: Card =
            serde_json::from_value(json!({ "title": format!("Card of {name}"), "template": name })).unwrap();
        let card_name: CardName = format!("card-{name}").parse().unwrap();
        let ann = Submitter { who: "ann".into(), host: "here".into() };
        assert!(bucket.save_card(&card_name, 0, &card, &ann).await.unwrap());
    }
}
