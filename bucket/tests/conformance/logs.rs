//! Logs: the same bytes at the same offsets, before and after the end.

use tmpl_bucket::layout;

use crate::support::jobs;
use crate::support::stores::Stored;

pub(crate) async fn a_log_is_the_same_before_and_after_it_is_compacted(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let id = jobs::begun(bucket, &jobs::job("wordcount-1")).await.id;
    assert_eq!(other.read_log(&id, 1, 0).await.unwrap(), b"");
    let mut whole = Vec::new();
    for number in 0..20 {
        // Two of them are too long to be joined with each other.
        let length = if number % 10 == 5 { 5_000_000 } else { 10 };
        let segment = format!("{{\"line\": {number}, \"x\": \"{}\"}}\n", "x".repeat(length)).into_bytes();
        bucket.write_log_segment(&id, 1, whole.len() as u64, segment.clone()).await.unwrap();
        // A segment that is there stays what it is.
        bucket.write_log_segment(&id, 1, whole.len() as u64, b"other".to_vec()).await.unwrap();
        let from = whole.len() as u64;
        whole.extend_from_slice(&segment);
        assert!(other.read_log(&id, 1, from).await.unwrap() == segment, "{number}");
    }
    read_in_turn(&store, &id, &whole).await;
    bucket.compact_log(&id, 1).await.unwrap();
    read_in_turn(&store, &id, &whole).await;
    let segments = bucket.objects_below(&layout::logs(&id, 1)).await.unwrap();
    assert_eq!(segments.len(), 2, "{segments:?}");
    assert_eq!(other.read_log(&id, 2, 0).await.unwrap(), b"", "another attempt has a log of its own");
}

/// Reads a log from several offsets on, as somebody does who follows it.
async fn read_in_turn(store: &Stored, id: &tmpl_template::JobId, whole: &[u8]) {
    let bucket = store.again();
    for start in [0, 17, 400, 5_000_100, whole.len()] {
        let mut read = whole[..start].to_vec();
        loop {
            let more = bucket.read_log(id, 1, read.len() as u64).await.unwrap();
            if more.is_empty() {
                break;
            }
            read.extend_from_slice(&more);
        }
        assert!(read == whole, "from {start} on");
    }
    assert_eq!(bucket.log_length(id, 1).await.unwrap(), whole.len() as u64);
    for (offset, most) in
        [(0, 17), (10, 400), (100, 5_000_100), (whole.len() - 7, 100), (whole.len(), 100), (5, 0)]
    {
        let part = bucket.read_log_part(id, 1, offset as u64, most as u64).await.unwrap();
        assert!(part == whole[offset..(offset + most).min(whole.len())], "{most} from {offset} on");
    }
}
