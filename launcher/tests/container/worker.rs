//! The image as a worker's.

use crate::support::{Ended, Image};

const ARGUMENTS: [&str; 2] = ["--id=1-1", "--logging_endpoint=localhost:1234"];

#[test]
fn a_workers_arguments_reach_beams_entry_point_as_they_are() {
    let image = Image::new();
    image.executable("boot", "#!/bin/sh\necho boot \"$@\"\nexit 4\n");
    let script = "mount -t tmpfs tmpfs /opt; mkdir -p /opt/apache/beam; cp boot /opt/apache/beam/; exec $LAUNCHER \"$@\"";
    let mut command = image.unshare(&[], script);
    // A worker's image may have the variables of a launcher too.
    command.arg("sh").args(ARGUMENTS).env("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py");
    let ended = image.ended(command.spawn().unwrap());
    let stdout = format!("boot {}\n", ARGUMENTS.join(" "));
    assert_eq!(ended, Ended { code: 4, stdout, stderr: String::new() });
}

#[test]
fn an_image_without_beams_entry_point_says_so() {
    let image = Image::new();
    let mut command = image.unshare(&[], "mount -t tmpfs tmpfs /opt; exec $LAUNCHER \"$@\"");
    let ended = image.ended(command.arg("sh").args(ARGUMENTS).spawn().unwrap());
    let stderr = "error: this was started with the arguments of a Beam worker, and the image has no /opt/apache/beam/boot\n\
        hint: build the image on a Beam SDK image, or copy /opt/apache/beam into it, to use it for workers\n";
    assert_eq!(ended, Ended { code: 3, stdout: String::new(), stderr: stderr.to_owned() });
}
