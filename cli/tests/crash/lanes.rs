//! Work that is done by several threads, each of which does the next piece when it has done one.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Does the pieces 1, 2, 3, …, `lanes` at a time, until one says that it was the last. Pieces after the last one may be done too.
/// Returns the number of the last, and what the pieces before it gave. `begin` makes what a thread needs.
pub(crate) fn until_last<Lane, Done: Send>(
    lanes: usize,
    begin: impl Fn(usize) -> Lane + Sync,
    work: impl Fn(&mut Lane, usize) -> Option<Done> + Sync,
) -> (usize, Vec<Done>) {
    let (next, last) = (AtomicUsize::new(1), AtomicUsize::new(usize::MAX));
    let lane = &|number| {
        let mut lane = begin(number);
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::SeqCst);
            if piece >= last.load(Ordering::SeqCst) {
                return done;
            }
            match work(&mut lane, piece) {
                Some(one) => done.push(one),
                None => {
                    last.fetch_min(piece, Ordering::SeqCst);
                }
            }
        }
    };
    let done = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..lanes).map(|number| scope.spawn(move || lane(number))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (last.into_inner(), done)
}

/// Does the pieces 1 to `count`, `lanes` at a time.
pub(crate) fn each<Lane, Done: Send>(
    lanes: usize,
    count: usize,
    begin: impl Fn(usize) -> Lane + Sync,
    work: impl Fn(&mut Lane, usize) -> Done + Sync,
) -> Vec<Done> {
    let (_, done) = until_last(lanes, begin, |lane, piece| (piece <= count).then(|| work(lane, piece)));
    assert_eq!(done.len(), count);
    done
}

/// Numbers that look random, and are the same for the same seed (`SplitMix64`).
pub(crate) fn random(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
