//! Both formats: what is written does not depend on the threads, and others read it.

use std::io::Read;

use super::*;
use crate::gzip::BLOCK;

fn compressed_as(compression: Compression, input: &[u8], threads: usize) -> Vec<u8> {
    let mut gzip = BlockCompressor::new(Vec::new(), threads, compression).unwrap();
    gzip.write_all(input).unwrap();
    gzip.finish().unwrap()
}

fn compressed(input: &[u8], threads: usize) -> Vec<u8> {
    compressed_as(Compression::GZIP, input, threads)
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24).to_le_bytes()[0]
        })
        .collect()
}

#[test]
fn one_member_that_every_reader_reads_whatever_the_threads() {
    for input in [Vec::new(), b"x".to_vec(), vec![7; BLOCK], vec![7; BLOCK + 1], noise(3 * BLOCK + 17)] {
        let bytes = compressed(&input, 1);
        assert_eq!(bytes, compressed(&input, 2));
        assert_eq!(bytes, compressed(&input, 8));
        let mut output = Vec::new();
        let mut rest = bytes.as_slice();
        flate2::bufread::GzDecoder::new(&mut rest).read_to_end(&mut output).unwrap();
        assert!(rest.is_empty(), "more than one member");
        assert!(output == input);
    }
}

#[test]
fn gzip_itself_agrees() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), compressed(&noise(2 * BLOCK + 5), 2)).unwrap();
    let status = std::process::Command::new("gzip").arg("-t").stdin(file.reopen().unwrap()).status().unwrap();
    assert!(status.success());
}

#[test]
fn python_agrees() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let input = noise(2 * BLOCK + 5);
    fs_err::write(file.path(), compressed(&input, 2)).unwrap();
    let script = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
    let read = std::process::Command::new("python3").args(["-c", script]).arg(file.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    assert!(read.stdout == input);
}

#[test]
fn neither_the_size_of_writes_nor_flushes_leave_a_trace() {
    let input = noise(2 * BLOCK + 5);
    let mut gzip = BlockCompressor::new(Vec::new(), 2, Compression::GZIP).unwrap();
    for part in input.chunks(777_777) {
        gzip.write_all(part).unwrap();
        gzip.flush().unwrap();
    }
    assert!(gzip.finish().unwrap() == compressed(&input, 2));
}

#[test]
fn what_is_held_is_bounded() {
    let mut gzip = BlockCompressor::new(Vec::new(), 2, Compression::Gzip { level: 1 }).unwrap();
    // Blocks of very different cost, so that later ones are done before earlier ones.
    for number in 0..24 {
        gzip.write_all(&if number % 6 == 0 { noise(BLOCK) } else { vec![0; BLOCK] }).unwrap();
        assert!(gzip.sent - gzip.written <= 4, "{} blocks", gzip.sent - gzip.written);
        assert!(gzip.done.len() <= 4);
    }
}

#[test]
fn a_failed_stream_does_not_end_well() {
    /// Fails once, and would take everything afterwards.
    struct Hiccup(usize);
    impl Write for Hiccup {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 3 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut gzip = BlockCompressor::new(Hiccup(0), 1, Compression::GZIP).unwrap();
    assert_eq!(gzip.write_all(&noise(12 * BLOCK)).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(gzip.write(b"more").is_err());
    assert!(gzip.finish().is_err());
}

#[test]
fn a_sink_that_fails_is_heard() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > 10 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut gzip = BlockCompressor::new(Full, 2, Compression::GZIP).unwrap();
    gzip.write_all(&noise(BLOCK)).unwrap();
    let error = gzip.finish().err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[cfg(feature = "zstd")]
mod zstd_frames {
    use super::*;
    use crate::zstd_frames::ZstdFrames;

    const FRAME: usize = 4 * 1024 * 1024;

    fn inputs() -> Vec<Vec<u8>> {
        let text = b"import apache_beam as beam\n".repeat(400_000);
        vec![Vec::new(), b"x".to_vec(), vec![7; FRAME], vec![7; FRAME + 1], noise(FRAME + 17), text]
    }

    #[test]
    fn the_bytes_are_the_same_whatever_the_threads_and_we_read_them() {
        for level in [1, 6, 19] {
            let compression = Compression::Zstd { level };
            for input in inputs().into_iter().take(match level {
                6 => 6,
                1 => 4,
                _ => 3,
            }) {
                let bytes = compressed_as(compression, &input, 1);
                assert!(bytes == compressed_as(compression, &input, 2));
                assert!(bytes == compressed_as(compression, &input, 8));
                let mut output = Vec::new();
                ZstdFrames::new(bytes.as_slice()).read_to_end(&mut output).unwrap();
                assert!(output == input, "{} bytes, level {level}", input.len());
            }
        }
    }

    #[test]
    fn a_thread_that_did_other_blocks_before_leaves_no_trace() {
        let input = [noise(FRAME), vec![7; FRAME], b"abc".repeat(FRAME / 3 + 1), noise(100)].concat();
        let whole = compressed_as(Compression::ZSTD, &input, 1);
        let single: Vec<u8> =
            input.chunks(FRAME).flat_map(|block| compressed_as(Compression::ZSTD, block, 1)).collect();
        assert!(whole == single);
    }

    #[test]
    fn zstd_itself_agrees() {
        for input in inputs() {
            let mut child = std::process::Command::new("zstd")
                .args(["-d", "-c", "-q"])
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .expect("zstd is needed: install the package zstd, or run `make setup`");
            let mut stdin = child.stdin.take().unwrap();
            let bytes = compressed_as(Compression::ZSTD, &input, 2);
            let writing = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
            let output = child.wait_with_output().unwrap();
            writing.join().unwrap();
            assert!(output.status.success() && output.stdout == input, "{} bytes", input.len());
        }
    }
}
