//! `direct` reaches for no network: a launch where every packet is dropped.

use std::time::{Duration, Instant};

use crate::beam::built_wordcount;
use crate::support::started_by;

/// With packets dropped, one attempt to connect or to look a name up takes a minute or more. A launch takes seconds.
const BOUND: Duration = Duration::from_secs(30);

/// In a network namespace of its own: a default route to a neighbour that is there for the kernel and swallows everything, so that
/// nothing is refused at once.
const DROPPING: &str = "ip link set lo up && ip link add void type veth peer name hole && \
    ip addr add 10.99.0.2/24 dev void && ip link set void up && ip link set hole up && \
    ip neigh add 10.99.0.1 lladdr 02:00:00:00:00:01 dev void && ip route add default via 10.99.0.1 && exec \"$@\"";

#[test]
fn a_launch_makes_no_connection_and_looks_no_name_up() {
    let place = built_wordcount();
    let trace = place.path("trace");
    let parameters =
        format!("input={},output={}", place.path("*.txt").display(), place.path("offline").display());
    place.write("text.txt", "to be or not to be\n");
    let run = place.command(&["run", "wordcount", "--parameters", &parameters]);
    let strace =
        ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", trace.to_str().unwrap()];
    let dropping = [&["--net", "sh", "-c", DROPPING, "sh"], &strace[..]].concat();
    let mut dropped = started_by("unshare", &dropping, &run);
    let begun = Instant::now();
    place
        .ended(dropped.spawn().expect("unshare, ip and strace are needed: `make test` installs them"))
        .expect(0);
    assert!(begun.elapsed() < BOUND, "it took {:?}", begun.elapsed());
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.lines().count() > 0, "nothing was traced");
    let outside: Vec<&str> = trace
        .lines()
        .filter(|line| line.contains("AF_INET"))
        .filter(|line| !line.contains("127.0.0.1") && !line.contains("\"::1\""))
        .collect();
    assert!(outside.is_empty(), "it reached for the network:\n{}", outside.join("\n"));
}
