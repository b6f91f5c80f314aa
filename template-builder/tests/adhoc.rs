//! ad hoc
mod support;
use tmpl_builder::*;
#[tokio::test]
async fn adhoc() {
    let var = |n: &str| std::env::var(n).unwrap();
    let url: tmpl_bucket::BucketUrl = var("B").parse().unwrap();
    let r = BuildRequest {
        project: var("P").into(),
        bucket: tmpl_bucket::Bucket::open_or_create(&url).unwrap(),
        locked: false,
        check: match std::env::var("K").as_deref() {
            Ok("full") => Check::Full,
            Ok("static") => Check::Static,
            _ => Check::Auto,
        },
        only: vec![],
        python: None,
        uv: None,
        cache: tmpl_launcher::cache::Cache::open(var("C").into()).unwrap(),
        facts: tmpl_bucket::BuildFacts {
            who: "x".into(),
            host: "h".into(),
            source_revision: None,
            tmpl_version: "0".into(),
        },
    };
    let n: usize = std::env::var("N").ok().map_or(1, |n| n.parse().unwrap());
    for _ in 0..n {
        let t = std::time::Instant::now();
        match tmpl_builder::build(&r, &Silent).await {
            Ok(x) => {
                println!("{:?}", t.elapsed());
                if n == 1 {
                    println!("{}", serde_json::to_string_pretty(&x).unwrap())
                } else {
                    println!("{:?}", x.timings)
                }
            }
            Err(e) => println!("{}", support::told(&e)),
        }
    }
}
