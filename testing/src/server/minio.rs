//! `MinIO`, and its client, which makes users and policies.

use std::process::{Command, Output, Stdio};

use super::{BUCKET, Credentials, Definition, Scheme, StoreServer, make, tool};

const ADMIN: Credentials = Credentials { key: "tests-admin", secret: "tests-admin-secret" };

pub(super) const DEFINITION: Definition = Definition {
    program: "bin/minio",
    scheme: Scheme::S3,
    credentials: Some(ADMIN),
    arguments: |command, port, data| {
        command
            .args(["server", "--address", &format!("127.0.0.1:{port}")])
            .arg(data)
            .env("MINIO_ROOT_USER", ADMIN.key)
            .env("MINIO_ROOT_PASSWORD", ADMIN.secret)
            // No page for people, and no look for a newer version.
            .env("MINIO_BROWSER", "off")
            .env("MINIO_UPDATE", "off");
    },
    make_bucket: |server| {
        // The client asks for minutes, the server says at once whether it is there.
        make(server, "GET", "/minio/health/ready", &[], "")?;
        server.try_mc(&["mb", "--ignore-existing", &format!("server/{BUCKET}")]).map(|_| ())
    },
};

impl StoreServer {
    /// Runs `MinIO`'s client as administrator; the server's alias is `server`, so the bucket is `server/tests`. Returns what it printed.
    ///
    /// ```no_run
    /// # let server = tmpl_testing::StoreServer::minio();
    /// server.mc(&["admin", "user", "add", "server", "reader", "reader-secret"]);
    /// server.mc(&["admin", "policy", "attach", "server", "readonly", "--user", "reader"]);
    /// ```
    pub fn mc(&self, arguments: &[&str]) -> String {
        self.try_mc(arguments).unwrap_or_else(|failure| panic!("{failure}\n{}", self.log()))
    }

    /// The same, where it may fail: then what it said is the error.
    pub fn try_mc(&self, arguments: &[&str]) -> Result<String, String> {
        self.try_mc_by(self.endpoint(), ADMIN, arguments)
    }

    /// The same by another endpoint (that of a proxy), or as another user.
    pub fn try_mc_by(
        &self,
        endpoint: &str,
        Credentials { key, secret }: Credentials,
        arguments: &[&str],
    ) -> Result<String, String> {
        let address = endpoint.trim_start_matches("http://");
        let Output { status, stdout, stderr } = Command::new(tool("bin/mc"))
            .arg("--config-dir")
            .arg(self.process.folder().join("mc"))
            .args(arguments)
            .env("MC_HOST_server", format!("http://{key}:{secret}@{address}"))
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("mc does not start: {error}\nhint: make components"));
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        if status.success() {
            Ok(stdout.into_owned())
        } else {
            Err(format!("mc {}: {status}\n{stdout}{stderr}", arguments.join(" ")))
        }
    }
}
